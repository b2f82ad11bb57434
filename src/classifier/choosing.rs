//! How fast to learn and when to stop, chosen on sources that were left out.
//!
//! Each candidate has a pupil for every group of sources, which learns without it, and one that learns from everything.
//! After a pass the candidates are measured on what their pupils have not seen, and the worse half goes (successive
//! halving: Jamieson and Talwalkar, 2016). Training ends when a pass has made nothing better; what was best is kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::HeadKind;
use super::calibration::HeldOutScore;
use super::course::{Course, Keep, Pupil, in_parallel, varied};
use super::dice::Dice;
use super::examples::{Folds, label};
use super::features::{Features, Sparse};
use super::leave_one_out::{self, LeftOut};
use super::settings::{Choices, Settings};
use crate::dataset::Row;
use crate::evaluation::curves::Curve;

/// Most rows of a source and class that are held out for measuring.
const MOST_HELD_OUT: usize = 500;
/// Probability that an author's field is dropped there: as on a site that sends less than the source has.
const DROP_FIELD: f64 = 0.5;
/// The false-positive rate at which recall is told.
const FALSE_POSITIVES: f64 = 0.01;

/// How good a candidate was after a pass: means over the sources that were left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trial {
    /// The settings, with the rates and the passes of the candidate.
    pub settings: Settings,
    /// Area under the receiver operating characteristic.
    pub roc_auc: f64,
    /// Recall where 1 % of the negative rows are flagged.
    pub recall: f64,
}

impl Trial {
    fn worth(&self) -> f64 {
        self.roc_auc + self.recall
    }
}

/// What came out best.
pub(super) struct Chosen {
    /// How good it was, with its settings.
    pub(super) trial: Trial,
    /// Weights of the head that has seen everything.
    pub(super) weights: Vec<f32>,
    /// Scores of rows that the heads beside it have not seen.
    pub(super) held_out: Vec<HeldOutScore>,
}

/// Learns from `rows` in every way that `choices` allow. Tells the best way and all that was tried; neither depends on
/// the machine.
pub(super) fn choose(
    rows: &[Row],
    kind: HeadKind,
    seed: u64,
    choices: &Choices,
    done: &AtomicU64,
) -> (Chosen, Vec<Trial>) {
    let settings = choices.settings;
    let folds = &Folds::of(rows, kind, settings.folds);
    let without: Vec<_> = (0..folds.count).map(|fold| move |row: &Row| folds.of_row(row) != fold).collect();
    let everything = |_: &Row| true;
    let keeps: Vec<Keep<'_>> = without.iter().map(|keep| keep as Keep<'_>).chain([&everything as Keep<'_>]).collect();
    let held_out = HeldOut::of(rows, kind, seed, folds);

    let mut course = Course::new(rows, kind, seed, settings);
    let candidate = |rates| Candidate {
        settings: Settings { rates, ..settings },
        pupils: keeps.iter().map(|keep| course.pupil(rates, *keep)).collect(),
        last: None,
    };
    let mut candidates: Vec<Candidate<'_>> = choices.rates.iter().copied().map(candidate).collect();
    let (mut best, mut trials): (Option<Chosen>, Vec<Trial>) = (None, Vec::new());
    for pass in 1..=*choices.passes.end() {
        let looks = pass >= *choices.passes.start();
        let mut pupils: Vec<_> = candidates.iter_mut().flat_map(|candidate| &mut candidate.pupils).collect();
        course.pass(&mut pupils, looks, done);
        if looks {
            for candidate in &mut candidates {
                candidate.look(pass, &held_out);
            }
            candidates.sort_by(|a, b| b.worth().total_cmp(&a.worth()));
            trials.extend(candidates.iter().filter_map(|candidate| candidate.last.as_ref()).map(|look| look.trial));
            let first = candidates.first().and_then(Candidate::chosen);
            if best.as_ref().zip(first.as_ref()).is_some_and(|(best, first)| first.trial.worth() <= best.trial.worth())
            {
                break;
            }
            best = first;
            candidates.truncate(candidates.len().div_ceil(2));
        }
    }
    (best.expect("there is a candidate, and a pass that is looked at"), trials)
}

/// Learns without each of `left_out` in turn, in the one way of `settings`. All learn side by side from one reading of the
/// rows: making the features of a row takes as long as learning from it.
pub(super) fn without_each(
    rows: &[Row],
    kind: HeadKind,
    seed: u64,
    settings: Settings,
    left_out: &[LeftOut<'_>],
    done: &AtomicU64,
) -> Vec<Chosen> {
    let folds = &Folds::of(rows, kind, settings.folds);
    let held_out = HeldOut::of(rows, kind, seed, folds);
    // No row is of the last group: who learns without that one sees everything that is not left out.
    let keeps: Vec<Vec<_>> = left_out
        .iter()
        .map(|left_out| {
            let without = |fold| move |row: &Row| !left_out.has(&row.source) && folds.of_row(row) != fold;
            (0..=folds.count).map(without).collect()
        })
        .collect();
    let mut course = Course::new(rows, kind, seed, settings);
    let mut candidates: Vec<Candidate<'_>> = keeps
        .iter()
        .map(|keeps| {
            let pupils = keeps.iter().map(|keep| course.pupil(settings.rates, keep as Keep<'_>)).collect();
            Candidate { settings, pupils, last: None }
        })
        .collect();
    let passes = settings.passes.max(1);
    for pass in 1..=passes {
        let mut pupils: Vec<_> = candidates.iter_mut().flat_map(|candidate| &mut candidate.pupils).collect();
        course.pass(&mut pupils, pass == passes, done);
    }
    let finish = |(mut candidate, left_out): (Candidate<'_>, &LeftOut<'_>)| {
        candidate.look(passes, &held_out.without(*left_out));
        candidate.chosen().expect("the candidate was looked at")
    };
    candidates.into_iter().zip(left_out).map(finish).collect()
}

/// A way to learn, with its pupils: one without each group of sources, then the one that sees everything.
struct Candidate<'a> {
    settings: Settings,
    pupils: Vec<Pupil<'a>>,
    last: Option<Look>,
}

/// What was seen of a candidate after its last pass.
struct Look {
    trial: Trial,
    held_out: Vec<HeldOutScore>,
}

impl Candidate<'_> {
    fn look(&mut self, passes: usize, held_out: &HeldOut<'_>) {
        let heads = in_parallel(&self.pupils, |_, pupil| pupil.weights());
        let scores = in_parallel(&held_out.rows, |_, row| score(&row.features, &heads[row.fold]));
        let trial = held_out.trial(Settings { passes, ..self.settings }, &scores);
        let told = |(score, row): (f64, &Arc<Held<'_>>)| HeldOutScore {
            source: row.source.into(),
            score,
            positive: row.positive,
        };
        let held_out = scores.into_iter().zip(&held_out.rows).map(told).collect();
        self.last = Some(Look { trial, held_out });
    }

    fn worth(&self) -> f64 {
        self.last.as_ref().map_or(f64::NEG_INFINITY, |look| look.trial.worth())
    }

    fn chosen(&self) -> Option<Chosen> {
        let Look { trial, held_out } = self.last.as_ref()?;
        Some(Chosen { trial: *trial, weights: self.pupils.last()?.weights(), held_out: held_out.clone() })
    }
}

fn score(features: &Sparse, weights: &[f32]) -> f64 {
    let pairs = features.buckets.iter().zip(&features.values);
    pairs.map(|(bucket, value)| f64::from(weights[*bucket as usize] * value)).sum()
}

/// Rows to measure on, at most some hundred of each source and class.
struct HeldOut<'a> {
    rows: Vec<Arc<Held<'a>>>,
    /// The groups of sources and the sources in them whose positive rows are measured.
    measured: Vec<(usize, &'a str)>,
}

struct Held<'a> {
    fold: usize,
    source: &'a str,
    positive: bool,
    features: Sparse,
}

impl<'a> HeldOut<'a> {
    fn of(all: &'a [Row], kind: HeadKind, seed: u64, folds: &Folds) -> Self {
        let mut by_group: BTreeMap<(&str, bool), Vec<&Row>> = BTreeMap::new();
        for row in all.iter().filter(|row| folds.of_row(row) < folds.count) {
            if let Some(positive) = label(row, kind) {
                by_group.entry((&row.source, positive)).or_default().push(row);
            }
        }
        let mut dice = Dice::new(seed, 100 + kind as u64);
        let mut picked = Vec::new();
        for ((source, positive), mut group) in by_group {
            dice.shuffle(&mut group);
            let group = group.into_iter().take(MOST_HELD_OUT);
            picked.extend(
                group.map(|row| (source, positive, folds.of_row(row), varied(row, DROP_FIELD, 0.0, &mut dice))),
            );
        }
        let rows = in_parallel(&picked, |_, (source, positive, fold, row)| {
            let features = Features::of(&row.comment()).sparse();
            Arc::new(Held { fold: *fold, source, positive: *positive, features })
        });
        // Where some sources are worth leaving out alone, those decide.
        let worth = leave_one_out::sources(all, kind);
        let positive = rows.iter().filter(|row| row.positive);
        let mut measured: Vec<(usize, &str)> = positive.map(|row| (row.fold, row.source)).collect();
        measured.sort_unstable();
        measured.dedup();
        if measured.iter().any(|(_, source)| worth.contains(source)) {
            measured.retain(|(_, source)| worth.contains(source));
        }
        Self { rows, measured }
    }

    /// What is left of them without some sources.
    fn without(&self, left_out: LeftOut<'_>) -> Self {
        let rows = self.rows.iter().filter(|row| !left_out.has(row.source)).cloned().collect();
        let measured = self.measured.iter().filter(|(_, source)| !left_out.has(source)).copied().collect();
        Self { rows, measured }
    }

    /// The positive rows of each source against all negative ones that were left out together with it.
    fn trial(&self, settings: Settings, scores: &[f64]) -> Trial {
        let (mut roc_auc, mut recall, mut n) = (0.0, 0.0, 0.0);
        for (fold, source) in &self.measured {
            let rows = self.rows.iter().zip(scores);
            let of_source = rows.filter(|(row, _)| row.fold == *fold && (!row.positive || row.source == *source));
            let curve = Curve::of(&of_source.map(|(row, score)| (*score, row.positive)).collect::<Vec<_>>());
            if let Some((auc, found)) = curve.roc_auc().zip(curve.recall_at(FALSE_POSITIVES)) {
                (roc_auc, recall, n) = (roc_auc + auc, recall + found, n + 1.0);
            }
        }
        Trial { settings, roc_auc: roc_auc / f64::max(n, 1.0), recall: recall / f64::max(n, 1.0) }
    }
}
