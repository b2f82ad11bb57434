//! Passes over the rows, which several pupils hear side by side.
//!
//! Making the features of a row takes about as long as learning from it, so heads that differ only in what they may see
//! or in how fast they learn share one course.

use std::sync::atomic::{AtomicU64, Ordering};

use super::HeadKind;
use super::dice::Dice;
use super::examples::{Example, Examples};
use super::features::{Features, Sparse};
use super::learner::{Learner, Rates};
use super::obfuscation::Disguise;
use super::settings::Settings;
use crate::dataset::Row;

/// Which rows a pupil may see.
pub(super) type Keep<'a> = &'a (dyn Fn(&Row) -> bool + Sync);

/// How many rows are made ready at a time.
const BATCH: usize = 1_024;

/// The rows of one head, in the order and the variations that they are learned in.
pub(super) struct Course<'a> {
    examples: Examples<'a>,
    settings: Settings,
    dice: Dice,
    passes: usize,
}

impl<'a> Course<'a> {
    /// A course that begins.
    pub(super) fn new(rows: &'a [Row], kind: HeadKind, seed: u64, settings: Settings) -> Self {
        let examples = Examples::of(rows, kind, settings);
        Self { examples, settings, dice: Dice::new(seed, kind as u64), passes: 0 }
    }

    /// A pupil that knows nothing and sees the rows that `keep` keeps.
    pub(super) fn pupil<'k>(&self, rates: Rates, keep: Keep<'k>) -> Pupil<'k> {
        Pupil { keep, weights: self.examples.weights(keep), learner: Learner::new(rates) }
    }

    /// One pass for all `pupils`; where `average` is set, what they know afterwards is the mean over this pass. `done`
    /// counts rows, not pupils.
    pub(super) fn pass(&mut self, pupils: &mut [&mut Pupil<'_>], average: bool, done: &AtomicU64) {
        if average {
            pupils.iter_mut().for_each(|pupil| pupil.learner.start_averaging());
        }
        let doubt = if self.passes == 0 { 1.0 } else { self.settings.doubt };
        self.passes += 1;
        for batch in self.examples.pass(&mut self.dice).chunks(BATCH) {
            let start = self.dice.clone();
            let lessons = in_parallel(batch, |i, example| {
                let mut dice = start.fork(i as u64);
                lesson(example, self.settings, &mut dice)
            });
            self.dice.skip();
            let lessons: Vec<(&Example<'_>, Sparse)> = batch.iter().zip(lessons).collect();
            each_in_parallel(pupils, |pupil| pupil.attend(&lessons, doubt));
            done.fetch_add(batch.len() as u64, Ordering::Relaxed);
        }
    }
}

/// A head that learns, with the rows that it may see.
pub(super) struct Pupil<'a> {
    keep: Keep<'a>,
    weights: Vec<f32>,
    learner: Learner,
}

impl Pupil<'_> {
    /// What it knows: a weight for each bucket.
    pub(super) fn weights(&self) -> Vec<f32> {
        self.learner.weights()
    }

    fn attend(&mut self, lessons: &[(&Example<'_>, Sparse)], doubt: f32) {
        for (example, features) in lessons {
            if (self.keep)(example.row) {
                self.learner.learn(features, example.positive, self.weights[example.group], doubt);
            }
        }
    }
}

fn lesson(example: &Example<'_>, settings: Settings, dice: &mut Dice) -> Sparse {
    let disguise = match (example.planted, example.positive) {
        // What is planted is disguised itself.
        (Some(_), _) => 0.0,
        (None, true) => settings.disguise_positive,
        (None, false) => settings.disguise_negative,
    };
    let mut varied = varied(example.row, settings.drop_field, disguise, dice);
    if let Some(planted) = example.planted {
        varied.text = planted.in_text(&varied.text, dice);
    }
    let mut features = Features::of(&varied.comment());
    if dice.chance(settings.forget_words) {
        features.forget_words();
    }
    features.sparse()
}

/// A row as another site or another spammer might have sent it.
pub(super) fn varied(row: &Row, drop_field: f64, disguise: f64, dice: &mut Dice) -> Row {
    let mut varied = row.clone();
    for field in [&mut varied.name, &mut varied.email, &mut varied.url] {
        if dice.chance(drop_field) {
            *field = None;
        }
    }
    if dice.chance(disguise) {
        let kind = dice.pick(&Disguise::ALL);
        varied.text = kind.apply_for_training(&varied.text, dice);
    }
    varied
}

/// What `work` makes of each item, in order; on all processors.
pub(super) fn in_parallel<T: Sync, U: Send>(items: &[T], work: impl Fn(usize, &T) -> U + Sync) -> Vec<U> {
    let part = items.len().div_ceil(threads()).max(1);
    let work = |(number, items): (usize, &[T])| {
        items.iter().enumerate().map(|(i, item)| work(number * part + i, item)).collect::<Vec<_>>()
    };
    let work = &work;
    std::thread::scope(|scope| {
        let parts: Vec<_> = items.chunks(part).enumerate().map(|part| scope.spawn(move || work(part))).collect();
        parts.into_iter().flat_map(|part| part.join().expect("training does not panic")).collect()
    })
}

/// Does `work` with each item; on all processors.
fn each_in_parallel<T: Send>(items: &mut [T], work: impl Fn(&mut T) + Sync) {
    let part = items.len().div_ceil(threads()).max(1);
    std::thread::scope(|scope| {
        let work = &work;
        for items in items.chunks_mut(part) {
            scope.spawn(move || items.iter_mut().for_each(work));
        }
    });
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
