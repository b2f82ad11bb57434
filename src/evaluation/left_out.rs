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
        let outcomes: Vec<Outcome> = left_out.iter().map(|row| outcome(row, model)).collect();
        OfSource::of(source, left_out.into_iter().zip(outcomes).collect(), kind)
    };
    let sources = leave_one_out::run(rows, kind, with, seed, settings, done, &of_source)?;
    let mut decisions = Decisions::default();
    for source in sources.values() {
        decisions.add_all(&source.decisions);
    }
    let mean = Metrics::mean(sources.values().map(|source| &source.metrics));
    Ok(LeftOut { head: kind.as_str(), sources, mean, decisions })
}

impl OfSource {
    /// Measures a source; of `outcomes`, what belongs to another one was lent to it.
    fn of(source: &str, outcomes: Vec<(Row, Outcome)>, kind: HeadKind) -> Self {
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
        Self { metrics, recalls, decisions, lent_ham, outcomes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Decision, Scores};

    #[test]
    fn lent_ham_counts_for_the_curve_and_not_among_the_own_decisions() {
        let one = |source: &str, spam, probability, decision| {
            let row = Row { text: "text".to_owned(), source: source.into(), spam: Some(spam), ..Row::default() };
            (row, Outcome { decision, score: 0.0, scores: Scores { spam: Some(probability), toxic: None } })
        };
        let outcomes = vec![
            one("blog", true, 0.9, Decision::Reject),
            one("blog", true, 0.3, Decision::Approve),
            one("blog", false, 0.1, Decision::Approve),
            one("lender", false, 0.5, Decision::Hold),
        ];
        let found = OfSource::of("blog", outcomes, HeadKind::Spam);
        assert_eq!((found.metrics.n, found.metrics.recall_at_fpr_1pct), (4, Some(0.5)));
        assert_eq!((found.decisions.ham.all(), found.decisions.spam.approve, found.lent_ham.hold), (1, 1, 1));
        assert_eq!(found.recalls.len(), 7);
        let json = serde_json::to_value(&found).expect("serialises");
        assert!(json["roc_auc"].is_number() && json["outcomes"].is_null());
    }
}
