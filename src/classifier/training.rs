//! From labelled rows to a model.
//!
//! A row counts as much as its source and class allow, so that no source speaks for all. In every pass a row is
//! seen a little differently: fields of the author are dropped, because which fields there are depends on the site;
//! some texts are disguised, because spammers do that and others do not. Calibration rests on sources that were left
//! out: that a model is too sure of itself shows only there.

use std::sync::atomic::AtomicU64;

use super::calibration::Calibration;
pub use super::choosing::Trial;
use super::choosing::{Chosen, choose};
use super::examples::Examples;
pub use super::examples::label;
use super::features::BIAS;
pub use super::settings::{Choices, Settings};
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
    /// How its heads came about, in the order of [`HeadKind::ALL`].
    pub heads: [Option<Learned>; 2],
}

/// How a head came about.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The settings, chosen ones included.
    pub settings: Settings,
    /// What turns its scores into log-odds.
    pub calibration: Calibration,
    /// All that was tried on sources that were left out.
    pub trials: Vec<Trial>,
}

/// Trains the heads that the labels allow, one after the other: each takes all processors. `done` counts rows learned
/// from, at most [`steps`] in all.
///
/// # Errors
///
/// When the rows do not allow a sound model.
pub fn train(rows: &[Row], seed: u64, choices: &[Choices; 2], done: &AtomicU64) -> Result<Trained, TrainError> {
    if rows.is_empty() {
        return Err(TrainError::NoRows);
    }
    let labelled: Vec<HeadKind> = HeadKind::ALL.into_iter().filter(|kind| has_labels(rows, *kind)).collect();
    if labelled.is_empty() {
        return Err(TrainError::NoLabels);
    }
    // What cannot be learned is said before the rest takes its time.
    labelled.iter().try_for_each(|kind| check(rows, *kind))?;
    let (mut heads, mut learned) = ([None, None], [None, None]);
    for kind in labelled {
        let (head, how) = train_head(rows, kind, seed, &choices[kind as usize], done)?;
        (heads[kind as usize], learned[kind as usize]) = (Some(head), Some(how));
    }
    Ok(Trained { model: Model { version: "untitled".to_owned(), heads }, heads: learned })
}

fn has_labels(rows: &[Row], kind: HeadKind) -> bool {
    rows.iter().any(|row| label(row, kind).is_some())
}

/// How many rows [`train`] will learn from, all passes together, if no pass is left out.
pub fn steps(rows: &[Row], choices: &[Choices; 2]) -> u64 {
    let labelled = HeadKind::ALL.into_iter().filter(|kind| has_labels(rows, *kind));
    labelled.map(|kind| steps_of(rows, kind, &choices[kind as usize])).sum()
}

/// How many rows a head learns from when it learns once, all passes together.
pub(super) fn steps_of(rows: &[Row], kind: HeadKind, choices: &Choices) -> u64 {
    (Examples::of(rows, kind, choices.settings).in_a_pass() * choices.passes.end()) as u64
}

fn train_head(
    rows: &[Row],
    kind: HeadKind,
    seed: u64,
    choices: &Choices,
    done: &AtomicU64,
) -> Result<(Head, Learned), TrainError> {
    check(rows, kind)?;
    let (chosen, trials) = choose(rows, kind, seed, choices, done);
    let (head, calibration) = finished(&chosen, kind)?;
    Ok((head, Learned { settings: chosen.trial.settings, calibration, trials }))
}

/// The head that was chosen, calibrated on what those beside it have not seen.
pub(super) fn finished(chosen: &Chosen, kind: HeadKind) -> Result<(Head, Calibration), TrainError> {
    let scores = &chosen.held_out;
    let fitted = match kind {
        HeadKind::Spam => Calibration::fit_each(scores),
        // What raters call toxic differs from set to set, so that no set's own line holds on another.
        HeadKind::Toxic => Calibration::fit(&scores.iter().map(|row| (row.score, row.positive)).collect::<Vec<_>>()),
    };
    let calibration =
        fitted.map_err(|error| TrainError::Calibration { head: kind.as_str(), detail: error.to_string() })?;
    Ok((calibrated(&chosen.weights, calibration), calibration))
}

fn calibrated(weights: &[f32], calibration: Calibration) -> Head {
    let bias = calibration.apply(f64::from(weights[BIAS as usize]));
    let weight = |(bucket, weight): (usize, &f32)| {
        if bucket == BIAS as usize { 0.0 } else { calibration.slope * f64::from(*weight) }
    };
    Head::pack(bias, weights.iter().enumerate().map(weight))
}

/// Whether a head can be learned from these rows.
pub(super) fn check<'a>(
    rows: impl IntoIterator<Item = &'a Row, IntoIter: Clone>,
    kind: HeadKind,
) -> Result<(), TrainError> {
    let rows = rows.into_iter();
    let names = match kind {
        HeadKind::Spam => ["ham", "spam"],
        HeadKind::Toxic => ["not toxic", "toxic"],
    };
    let count = |class| rows.clone().filter(|row| label(row, kind) == Some(class)).count();
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
