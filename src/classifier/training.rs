//! From labelled rows to a model.
//!
//! A row counts as much as its source and class allow, so that no source speaks for all. In every pass a row is
//! seen a little differently: fields of the author are dropped, because which fields there are depends on the site;
//! some texts are disguised, because spammers do that and others do not. Calibration rests on sources that were left
//! out: that a model is too sure of itself shows only there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use super::calibration::Calibration;
use super::dice::Dice;
pub use super::examples::label;
use super::examples::{Example, Examples, Folds};
use super::features::{BIAS, Features, Sparse};
use super::learner::Learner;
use super::obfuscation::Disguise;
pub use super::settings::Settings;
use super::{Head, HeadKind, Model};
use crate::dataset::Row;

/// Fewest rows of each class.
pub const MIN_ROWS: usize = 10;

/// Why no model could be trained.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// There is nothing to learn from.
    #[error("there are no rows to learn from")]
    NoRows,
    /// No row carries a label.
    #[error("no row has a label: `label_spam` or `label_toxic` must be 0 or 1")]
    NoLabels,
    /// A head cannot tell what it has seen only one side of.
    #[error("all {rows} rows labelled for {head} are {class}: both classes are needed")]
    OneClass {
        /// The head.
        head: &'static str,
        /// How many there are.
        rows: usize,
        /// What they all are.
        class: &'static str,
    },
    /// What could be learned would be chance.
    #[error("only {rows} rows are labelled {class} for {head}: at least {MIN_ROWS} are needed")]
    TooFew {
        /// The head.
        head: &'static str,
        /// How many there are.
        rows: usize,
        /// Which class.
        class: &'static str,
    },
    /// The scores of rows left out follow no line.
    #[error("{head} could not be calibrated: {detail}")]
    Calibration {
        /// The head.
        head: &'static str,
        /// What linfa says.
        detail: String,
    },
}

/// A trained model, with what its card tells of it.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// The heads' calibrations, in the order of [`HeadKind::ALL`].
    pub calibrations: [Option<Calibration>; 2],
}

/// Trains the heads that the labels allow; the heads side by side. `done` counts rows learned from, of
/// [`steps`] in all.
///
/// # Errors
///
/// When the rows do not allow a sound model.
pub fn train(rows: &[Row], seed: u64, settings: [Settings; 2], done: &AtomicU64) -> Result<Trained, TrainError> {
    if rows.is_empty() {
        return Err(TrainError::NoRows);
    }
    let labelled = HeadKind::ALL.map(|kind| rows.iter().any(|row| label(row, kind).is_some()));
    if labelled == [false, false] {
        return Err(TrainError::NoLabels);
    }
    let one = |kind: HeadKind| {
        let settings = settings[kind as usize];
        labelled[kind as usize].then(|| train_head(rows, kind, seed, settings, done)).transpose()
    };
    let (spam, toxic) = std::thread::scope(|scope| {
        let spam = scope.spawn(|| one(HeadKind::Spam));
        let toxic = one(HeadKind::Toxic);
        (spam.join().expect("training does not panic"), toxic)
    });
    let (spam, toxic) = (spam?, toxic?);
    let calibrations = [spam.as_ref().map(|head| head.1), toxic.as_ref().map(|head| head.1)];
    let heads = [spam.map(|head| head.0), toxic.map(|head| head.0)];
    Ok(Trained { model: Model { version: "untitled".to_owned(), heads }, calibrations })
}

/// How many rows [`train`] will learn from, all passes together.
pub fn steps(rows: &[Row], settings: [Settings; 2]) -> u64 {
    let of = |kind| steps_of(rows, kind, settings[kind as usize]);
    HeadKind::ALL.into_iter().filter(|kind| rows.iter().any(|row| label(row, *kind).is_some())).map(of).sum()
}

/// How many rows a head learns from when it learns once, all passes together.
pub(super) fn steps_of(rows: &[Row], kind: HeadKind, settings: Settings) -> u64 {
    (Examples::of(rows, kind, settings).in_a_pass() * settings.passes) as u64
}

pub(super) fn train_head(
    rows: &[Row],
    kind: HeadKind,
    seed: u64,
    settings: Settings,
    done: &AtomicU64,
) -> Result<(Head, Calibration), TrainError> {
    check(rows, kind)?;
    let folds = &Folds::of(rows, kind, settings.folds);
    let without: Vec<_> = (0..folds.count).map(|fold| move |row: &Row| folds.of_row(row) != fold).collect();
    let everything = |_: &Row| true;
    let mut keeps: Vec<Keep<'_>> = without.iter().map(|keep| keep as Keep<'_>).collect();
    keeps.push(&everything);
    let mut heads = RawHead::learn_each(rows, kind, seed, settings, &keeps, done);
    let raw = heads.pop().expect("a head for everything");
    let sample = |(fold, head): (usize, RawHead)| head.sample(rows, kind, seed, &|row| folds.of_row(row) == fold);
    let held_out: Vec<(f64, bool)> = heads.into_iter().enumerate().flat_map(sample).collect();
    let calibration = Calibration::fit(&held_out)
        .map_err(|error| TrainError::Calibration { head: kind.as_str(), detail: error.to_string() })?;
    Ok((raw.calibrated(calibration), calibration))
}

fn check(rows: &[Row], kind: HeadKind) -> Result<(), TrainError> {
    let names = match kind {
        HeadKind::Spam => ["ham", "spam"],
        HeadKind::Toxic => ["not toxic", "toxic"],
    };
    let count = |class| rows.iter().filter(|row| label(row, kind) == Some(class)).count();
    let counts = [count(false), count(true)];
    let head = kind.as_str();
    for class in [0, 1] {
        if counts[class] == 0 {
            return Err(TrainError::OneClass { head, rows: counts[1 - class], class: names[1 - class] });
        }
    }
    for class in [0, 1] {
        if counts[class] < MIN_ROWS {
            return Err(TrainError::TooFew { head, rows: counts[class], class: names[class] });
        }
    }
    Ok(())
}

/// A head before calibration.
pub struct RawHead {
    weights: Vec<f32>,
}

/// Which rows a head learns from.
pub type Keep<'a> = &'a (dyn Fn(&Row) -> bool + Sync);

/// How many rows are made ready at a time.
const BATCH: usize = 1_024;

impl RawHead {
    /// Learns a head for each of `keeps`, all from the same rows in the same order, side by side: making the features
    /// of a row takes longer than learning from it. `done` counts rows, not heads.
    pub fn learn_each(
        rows: &[Row],
        kind: HeadKind,
        seed: u64,
        settings: Settings,
        keeps: &[Keep<'_>],
        done: &AtomicU64,
    ) -> Vec<Self> {
        let examples = Examples::of(rows, kind, settings);
        let mut pupils: Vec<Pupil<'_>> = keeps
            .iter()
            .map(|keep| Pupil { keep, weights: examples.weights(*keep), learner: Learner::new(settings.rates) })
            .collect();
        let mut dice = Dice::new(seed, kind as u64);
        for pass in 0..settings.passes {
            if pass + 1 == settings.passes {
                pupils.iter_mut().for_each(|pupil| pupil.learner.start_averaging());
            }
            for batch in examples.pass(&mut dice).chunks(BATCH) {
                let start = dice.clone();
                let lessons = in_parallel(batch, |i, example| {
                    let mut dice = start.fork(i as u64);
                    lesson(example, settings, &mut dice)
                });
                dice.skip();
                let lessons: Vec<(&Example<'_>, Sparse)> = batch.iter().zip(lessons).collect();
                let doubt = if pass == 0 { 1.0 } else { settings.doubt };
                each_in_parallel(&mut pupils, |pupil| pupil.attend(&lessons, doubt));
                done.fetch_add(batch.len() as u64, Ordering::Relaxed);
            }
        }
        pupils.into_iter().map(|pupil| Self { weights: pupil.learner.weights() }).collect()
    }

    /// What it gives a row, uncalibrated.
    pub fn score(&self, row: &Row) -> f64 {
        let Sparse { buckets, values } = Features::of(&row.comment()).sparse();
        buckets.iter().zip(values).map(|(bucket, value)| f64::from(self.weights[*bucket as usize] * value)).sum()
    }

    /// Scores of labelled rows that `keep` keeps, at most some hundred of each source and class.
    pub fn sample(&self, rows: &[Row], kind: HeadKind, seed: u64, keep: &dyn Fn(&Row) -> bool) -> Vec<(f64, bool)> {
        const MOST: usize = 500;
        let mut by_group: BTreeMap<(&str, bool), Vec<&Row>> = BTreeMap::new();
        for row in rows.iter().filter(|row| keep(row)) {
            if let Some(positive) = label(row, kind) {
                by_group.entry((&row.source, positive)).or_default().push(row);
            }
        }
        let mut dice = Dice::new(seed, 100 + kind as u64);
        let mut scores = Vec::new();
        for ((_, positive), mut group) in by_group {
            dice.shuffle(&mut group);
            for row in group.into_iter().take(MOST) {
                // As on a site that sends less than the source has.
                let row = varied(row, 0.5, 0.0, &mut dice);
                scores.push((self.score(&row), positive));
            }
        }
        scores
    }

    fn calibrated(self, calibration: Calibration) -> Head {
        let bias = calibration.apply(f64::from(self.weights[BIAS as usize]));
        let weight = |(bucket, weight): (usize, &f32)| {
            if bucket == BIAS as usize { 0.0 } else { calibration.slope * f64::from(*weight) }
        };
        Head::pack(bias, self.weights.iter().enumerate().map(weight))
    }
}

/// A head that learns, with the rows that it may see.
struct Pupil<'a> {
    keep: Keep<'a>,
    weights: Vec<f32>,
    learner: Learner,
}

impl Pupil<'_> {
    fn attend(&mut self, lessons: &[(&Example<'_>, Sparse)], doubt: f32) {
        for (example, features) in lessons {
            if (self.keep)(example.row) {
                self.learner.learn(features, example.positive, self.weights[example.group], doubt);
            }
        }
    }
}

fn lesson(example: &Example<'_>, settings: Settings, dice: &mut Dice) -> Sparse {
    let disguise = if example.positive { settings.disguise_positive } else { settings.disguise_negative };
    let varied = varied(example.row, settings.drop_field, disguise, dice);
    let mut features = Features::of(&varied.comment());
    if dice.chance(settings.forget_words) {
        features.forget_words();
    }
    features.sparse()
}

/// What `work` makes of each item, in order; on all processors.
fn in_parallel<T: Sync, U: Send>(items: &[T], work: impl Fn(usize, &T) -> U + Sync) -> Vec<U> {
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

/// A row as another site or another spammer might have sent it.
fn varied(row: &Row, drop_field: f64, disguise: f64, dice: &mut Dice) -> Row {
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
