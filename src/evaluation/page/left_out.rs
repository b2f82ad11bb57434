//! The report on sources that were left out of training.

use askama::Template;

use super::super::curves::RATES;
use super::super::left_out::LeftOut;
use super::super::measure::scores;
use super::super::plots;
use super::{DecisionRow, Head, percent, percents, share};
use crate::classifier::HeadKind;

#[derive(Template)]
#[template(path = "evaluation_left_out.html")]
struct Page<'a> {
    found: &'a LeftOut,
    head: Head<'a>,
    date: &'a str,
    /// Recall by source at 1 % and 0.1 % false positives.
    by_source: String,
    /// The mean recall over the sources by false-positive rate.
    by_rate: String,
    rates: Vec<String>,
    recalls: Vec<(&'a str, Vec<String>)>,
    decisions: Vec<DecisionRow<'a>>,
}

/// Writes the report.
///
/// # Errors
///
/// When the page cannot be put together; a defect.
pub fn write(found: &LeftOut, kind: HeadKind, date: &str) -> Result<String, askama::Error> {
    let outcomes = found.sources.values().flat_map(|source| &source.outcomes);
    let scores = scores(outcomes.map(|(row, outcome)| (row, outcome)), kind);
    let head = Head {
        about: "Each source is judged by a head that was trained and calibrated without it.",
        sources: found.sources.iter().map(|(name, source)| (name.as_str(), &source.metrics)).collect(),
        together: "mean over sources",
        ..Head::of(kind, &found.mean, &scores)
    };
    let names: Vec<&str> = found.sources.keys().map(String::as_str).collect();
    let recall =
        |at: usize| found.sources.values().map(move |source| source.recalls.get(at).map_or(0.0, |pair| pair.1));
    let place = |rate: f64| RATES.iter().position(|known| *known == rate).unwrap_or_default();
    let percents = |rate| recall(place(rate)).map(|recall| 100.0 * recall).collect::<Vec<_>>();
    let mean = |at| recall(at).sum::<f64>() / names.len().max(1) as f64;
    Page {
        found,
        head,
        date,
        by_source: plots::bars(&names, &[("at 1 %", percents(0.01)), ("at 0.1 %", percents(0.001))]),
        by_rate: plots::shares("false-positive rate", RATES.iter().enumerate().map(|(at, rate)| (*rate, mean(at)))),
        rates: RATES.iter().map(percent).collect(),
        recalls: found
            .sources
            .iter()
            .map(|(name, source)| (name.as_str(), source.recalls.iter().map(|pair| share(&Some(pair.1))).collect()))
            .collect(),
        decisions: decisions(found),
    }
    .render()
}

/// What was decided on each source, on ham that was lent to it, and on all of them.
fn decisions(found: &LeftOut) -> Vec<DecisionRow<'_>> {
    let mut rows = Vec::new();
    let sources = found.sources.iter().map(|(name, source)| (name.as_str(), &source.decisions, source.lent_ham));
    for (source, decisions, lent) in sources.chain([("all", &found.decisions, Default::default())]) {
        let labels = decisions.named().into_iter().chain([("lent ham", lent)]);
        let labels = labels.filter(|(_, counts)| counts.all() > 0);
        rows.extend(labels.map(|(label, counts)| DecisionRow { source, label, counts }));
    }
    rows
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::super::judging::{Decisions, Outcome};
    use super::super::super::left_out::OfSource;
    use super::super::super::{Metrics, curves::Curve};
    use super::*;
    use crate::dataset::Row;
    use crate::verdict::{Decision, Scores};

    #[test]
    fn the_page_names_every_source_with_pictures_and_tables() {
        let outcome = |spam: f64| Outcome {
            decision: Decision::Hold,
            score: 1.0,
            scores: Scores { spam: Some(spam), toxic: None },
        };
        let row = |spam| Row { text: "text".to_owned(), source: "<blog>".into(), spam: Some(spam), ..Row::default() };
        let outcomes: Vec<(Row, Outcome)> =
            (0..40).map(|i| (row(i % 2 == 0), outcome(f64::from(i % 2) / 2.0 + f64::from(i) / 100.0))).collect();
        let scores = scores(outcomes.iter().map(|(row, outcome)| (row, outcome)), HeadKind::Spam);
        let mut decisions = Decisions::default();
        outcomes.iter().for_each(|(row, outcome)| decisions.add(row, outcome.decision));
        let metrics = Metrics::of(&scores);
        let source = OfSource {
            metrics,
            recalls: Curve::of(&scores).recalls(),
            decisions,
            lent_ham: Default::default(),
            outcomes,
        };
        let found = LeftOut {
            head: "spam",
            sources: BTreeMap::from([("<blog>".to_owned(), source)]),
            mean: metrics,
            decisions,
        };
        let page = write(&found, HeadKind::Spam, "2026-01-02").expect("is put together");
        assert!(!page.contains("<blog>") && !page.contains("<script"));
        assert_eq!(page.matches("<svg").count(), 6, "{page}");
        assert!(page.contains("mean over sources") && page.contains("Whole pipeline"));
    }
}
