//! What happens on a site that the model has never seen: each source in turn is left out of training, and measured.
//!
//! The head is trained and calibrated as the shipped one is, on what is left. The other head is that of a given model.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use serde::Serialize;

use super::Metrics;
use super::curves::Curve;
use super::judging::{Counts, Decisions, Outcome, outcome};
use super::measure::scores;
use crate::classifier::leave_one_out::{self, Failed};
use crate::classifier::training::Settings;
use crate::classifier::{HeadKind, Model};
use crate::dataset::Row;

/// What was found by leaving sources out.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    /// The head that was trained.
    pub head: &'static str,
    /// By source that was left out.
    pub sources: BTreeMap<String, OfSource>,
    /// The mean over sources.
    pub mean: Metrics,
    /// What the whole pipeline decided on all rows of the sources that were left out.
    pub decisions: Decisions,
}

/// A source that was left out.
#[derive(Clone, Debug, Serialize)]
pub struct OfSource {
    /// The head that has not seen it.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Recall at false-positive rates, as pairs: the start of its curve.
    pub recalls: Vec<(f64, f64)>,
    /// What the whole pipeline decided on its own rows.
    pub decisions: Decisions,
    /// What it decided on ham that was lent to it, and was left out as well.
    pub lent_ham: Counts,
    /// The rows in the order of the data, with what was decided, for choosing thresholds.
    #[serde(skip)]
    pub outcomes: Vec<(Row, Outcome)>,
}

/// Trains without each source in turn and measures on it; `with` gives the other head.
///
/// # Errors
///
/// When what is left does not allow a sound head.
pub fn measure(
    rows: &[Row],
    kind: HeadKind,
    with: &Model,
    seed: u64,
    settings: Settings,
    done: &AtomicU64,
) -> Result<LeftOut, Failed> {
    let of_source = |source: &str, left_out: Vec<Row>, model: &Model| {
        let outcomes: Vec<(Row, Outcome)> = left_out
            .into_iter()
            .map(|row| {
                let outcome = outcome(&row, model);
                (row, outcome)
            })
            .collect();
        let (mut decisions, mut lent_ham) = (Decisions::default(), Counts::default());
        for (row, outcome) in &outcomes {
            if *row.source == *source {
                decisions.add(row, outcome.decision);
            } else {
                lent_ham.add(outcome.decision);
            }
        }
        let scores = scores(outcomes.iter().map(|(row, outcome)| (row, outcome)), kind);
        let (metrics, recalls) = (Metrics::of(&scores), Curve::of(&scores).recalls());
        OfSource { metrics, recalls, decisions, lent_ham, outcomes }
    };
    let sources = leave_one_out::run(rows, kind, with, seed, settings, done, &of_source)?;
    let mut decisions = Decisions::default();
    for source in sources.values() {
        decisions.add_all(&source.decisions);
    }
    let mean = Metrics::mean(sources.values().map(|source| &source.metrics));
    Ok(LeftOut { head: kind.as_str(), sources, mean, decisions })
}
