//! Everything that can be said of a model without training: by source, by language, and of ham that is easily lost.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Metrics;
use super::judging::{Decisions, Outcome};
use super::slices::{self, HardHamFound};
use crate::classifier::HeadKind;
use crate::classifier::training::label;
use crate::dataset::Row;
use crate::policy::{Policy, Thresholds};

/// What was measured. Its JSON is for programs: fields are added, never renamed.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// All rows.
    pub overall: Measured,
    /// By source.
    pub sources: BTreeMap<String, Measured>,
    /// By language, of the rows that name theirs.
    pub languages: BTreeMap<String, Measured>,
    /// Ham that looks like spam at first sight.
    pub hard_ham: HardHamFound,
    /// The model's name.
    pub model: String,
    /// The thresholds of the policy that decided.
    pub thresholds: Thresholds,
}

/// Heads and decisions on some rows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Measured {
    /// The spam head, on rows labelled for it.
    pub spam: Metrics,
    /// The toxic head, on rows labelled for it.
    pub toxic: Metrics,
    /// The whole pipeline.
    pub decisions: Decisions,
}

impl Measured {
    /// The figures of a head.
    pub fn head(&self, kind: HeadKind) -> &Metrics {
        match kind {
            HeadKind::Spam => &self.spam,
            HeadKind::Toxic => &self.toxic,
        }
    }

    /// Measures rows with their outcomes.
    pub fn of<'a>(rows: impl Iterator<Item = (&'a Row, &'a Outcome)> + Clone) -> Self {
        let mut decisions = Decisions::default();
        for (row, outcome) in rows.clone() {
            decisions.add(row, outcome.decision);
        }
        let of = |kind| Metrics::of(&scores(rows.clone(), kind));
        Self { spam: of(HeadKind::Spam), toxic: of(HeadKind::Toxic), decisions }
    }
}

/// The probability that a head gives each row labelled for it, and the label.
pub fn scores<'a>(rows: impl Iterator<Item = (&'a Row, &'a Outcome)>, kind: HeadKind) -> Vec<(f64, bool)> {
    let probability = |outcome: &Outcome| match kind {
        HeadKind::Spam => outcome.scores.spam,
        HeadKind::Toxic => outcome.scores.toxic,
    };
    rows.filter_map(|(row, outcome)| Some((probability(outcome)?, label(row, kind)?))).collect()
}

/// Measures all rows, whose outcomes stand in the same order.
pub fn measure(rows: &[Row], outcomes: &[Outcome], model: &str) -> Report {
    let all = || rows.iter().zip(outcomes);
    let mut sources: BTreeMap<&str, Vec<(&Row, &Outcome)>> = BTreeMap::new();
    let mut languages: BTreeMap<&str, Vec<(&Row, &Outcome)>> = BTreeMap::new();
    for (row, outcome) in all() {
        sources.entry(&row.source).or_default().push((row, outcome));
        if let Some(language) = &row.lang {
            languages.entry(language).or_default().push((row, outcome));
        }
    }
    let each = |groups: BTreeMap<&str, Vec<(&Row, &Outcome)>>| -> BTreeMap<String, Measured> {
        groups.into_iter().map(|(name, rows)| (name.to_owned(), Measured::of(rows.iter().copied()))).collect()
    };
    Report {
        overall: Measured::of(all()),
        sources: each(sources),
        languages: each(languages),
        hard_ham: slices::measure(rows, outcomes),
        model: model.to_owned(),
        thresholds: Policy::built_in().document.thresholds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Decision, Scores};

    #[test]
    fn rows_count_for_their_source_and_their_language() {
        let row = |source: &str, lang: Option<&str>, spam| Row {
            text: "text".to_owned(),
            source: source.into(),
            lang: lang.map(Into::into),
            spam: Some(spam),
            ..Row::default()
        };
        let rows = [row("a", Some("en"), true), row("a", None, false), row("b", Some("en"), false)];
        let outcome =
            |spam, decision| Outcome { decision, score: 0.0, scores: Scores { spam: Some(spam), toxic: None } };
        let outcomes = [outcome(0.9, Decision::Reject), outcome(0.1, Decision::Approve), outcome(0.8, Decision::Hold)];
        let report = measure(&rows, &outcomes, "test");
        assert_eq!((report.sources["a"].spam.n, report.sources["b"].spam.positives), (2, 0));
        assert_eq!((report.languages.len(), report.languages["en"].spam.roc_auc), (1, Some(1.0)));
        assert_eq!(report.overall.decisions.ham.hold, 1);
        assert_eq!((report.overall.toxic.n, report.overall.toxic.ece), (0, None));
        let json = serde_json::to_value(&report).expect("serialises");
        assert_eq!(json["overall"]["decisions"]["spam"]["reject"], 1);
        assert!(json["sources"]["a"]["spam"]["recall_at_fpr_0_1pct"].is_number());
    }
}
