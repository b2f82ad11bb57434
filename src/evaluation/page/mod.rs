//! The reports as HTML files that load nothing from elsewhere.
//!
//! What strangers wrote is escaped by askama; the only thing that is not escaped are pictures of our own numbers.

mod attacks;
mod left_out;

use std::collections::BTreeMap;

use askama::Template;

use super::Metrics;
use super::curves::{Bar, Bin, Curve, histogram, reliability};
use super::judging::{Counts, Outcome};
use super::measure::{Measured, Report, scores};
use super::mistakes::Kind;
use super::plots::Plots;
use super::slices::{HardHam, KindFound};
use crate::classifier::HeadKind;
use crate::dataset::Row;

pub use attacks::write as write_attacks;
pub use left_out::write as write_left_out;

/// Recalls that the table beside the other curve tells the precision of.
const RECALLS: [f64; 6] = [0.5, 0.7, 0.8, 0.9, 0.95, 0.99];

#[derive(Template)]
#[template(path = "evaluation_measured.html")]
struct Page<'a> {
    report: &'a Report,
    rows: usize,
    date: &'a str,
    heads: Vec<Head<'a>>,
    decisions: Vec<DecisionRow<'a>>,
    hard: Vec<(HardHam, KindFound)>,
    mistakes: &'a [Kind],
}

/// A head's section.
struct Head<'a> {
    name: &'static str,
    about: &'static str,
    positive: &'static str,
    sources: Vec<(&'a str, &'a Metrics)>,
    languages: Vec<(&'a str, &'a Metrics)>,
    overall: &'a Metrics,
    /// What `overall` is.
    together: &'static str,
    plots: Plots,
    recalls: Vec<(String, String)>,
    precisions: Vec<(String, String)>,
    bins: Vec<Bin>,
    bars: Vec<Bar>,
}

/// What was decided on rows of one source and label.
struct DecisionRow<'a> {
    source: &'a str,
    label: &'static str,
    counts: Counts,
}

/// Writes the report of `rows`, whose `outcomes` stand in the same order.
///
/// # Errors
///
/// When the page cannot be put together; a defect.
pub fn write(
    report: &Report,
    rows: &[Row],
    outcomes: &[Outcome],
    mistakes: &[Kind],
    date: &str,
) -> Result<String, askama::Error> {
    let heads = HeadKind::ALL.into_iter().filter(|kind| report.overall.head(*kind).n > 0);
    let heads = heads.map(|kind| Head {
        about: "By source, then by language where it is known.",
        sources: by_name(&report.sources, kind),
        languages: by_name(&report.languages, kind),
        ..Head::of(kind, report.overall.head(kind), &scores(rows.iter().zip(outcomes), kind))
    });
    let named = report.sources.iter().map(|(name, measured)| (name.as_str(), measured));
    let decisions = named.chain([("all", &report.overall)]).flat_map(|(source, measured)| {
        let labels = measured.decisions.named().into_iter().filter(|(_, counts)| counts.all() > 0);
        labels.map(move |(label, counts)| DecisionRow { source, label, counts })
    });
    let hard = report.hard_ham.kinds.iter().map(|(kind, found)| (*kind, *found)).collect();
    Page { report, rows: rows.len(), date, heads: heads.collect(), decisions: decisions.collect(), hard, mistakes }
        .render()
}

/// The figures of a head by source or language, where there are any.
fn by_name(group: &BTreeMap<String, Measured>, kind: HeadKind) -> Vec<(&str, &Metrics)> {
    let metrics = group.iter().map(|(name, measured)| (name.as_str(), measured.head(kind)));
    metrics.filter(|(_, metrics)| metrics.n > 0).collect()
}

impl<'a> Head<'a> {
    /// The section of a head with these figures and scores, without its sources.
    fn of(kind: HeadKind, overall: &'a Metrics, scores: &[(f64, bool)]) -> Self {
        let (curve, bins, bars) = (Curve::of(scores), reliability(scores), histogram(scores));
        let names = match kind {
            HeadKind::Spam => ["ham", "spam"],
            HeadKind::Toxic => ["not toxic", "toxic"],
        };
        Self {
            name: kind.as_str(),
            about: "",
            positive: names[1],
            sources: Vec::new(),
            languages: Vec::new(),
            overall,
            together: "all sources",
            plots: Plots::of(&curve, &bins, &bars, names),
            recalls: curve.recalls().iter().map(|(rate, recall)| (percent(rate), share(&Some(*recall)))).collect(),
            precisions: RECALLS.map(|recall| (percent(&recall), share(&curve.precision_at(recall)))).to_vec(),
            bins,
            bars,
        }
    }
}

/// A share with three digits, or a dash.
fn share(value: &Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.3}"))
}

/// A share in per cent.
fn percent(value: &f64) -> String {
    format!("{:.1} %", 100.0 * value)
}

/// Shares of approved, held and rejected in per cent.
fn percents(counts: &Counts) -> [String; 3] {
    counts.shares().map_or_else(|| ["–", "–", "–"].map(str::to_owned), |shares| shares.map(|share| percent(&share)))
}

#[cfg(test)]
mod tests {
    use super::super::judging::judge;
    use super::super::{measure, mistakes};
    use super::*;
    use crate::classifier::Model;

    fn page() -> String {
        let model = Model::embedded().expect("the embedded model is sound");
        let row = |text: String, spam| Row {
            text,
            spam: Some(spam),
            toxic: Some(false),
            source: "<own>".into(),
            lang: Some("en".into()),
            ..Row::default()
        };
        let spam = (0..20).map(|i| row(format!("My cat number {i} sleeps <script>alert({i})</script> all day."), true));
        let ham = (0..20)
            .map(|i| row(format!("FREE CASINO {i}!!! http://c{i}.example/x [url=http://c.example]win[/url]"), false));
        let rows: Vec<Row> = spam.chain(ham).collect();
        let outcomes = judge(&rows, &model);
        let report = measure::measure(&rows, &outcomes, "<model>");
        write(&report, &rows, &outcomes, &mistakes::find(&rows, &outcomes, &model), "2026-01-02")
            .expect("is put together")
    }

    #[test]
    fn what_strangers_wrote_is_escaped() {
        let page = page();
        assert!(!page.contains("<script") && !page.contains("<own>") && !page.contains("<model>"));
        assert!(page.contains("&#60;script&#62;alert(") || page.contains("&lt;script&gt;alert("), "{page}");
    }

    #[test]
    fn the_page_loads_nothing_and_has_every_section() {
        let page = page();
        for loading in ["<link", "src=", "@import", "url(", "<iframe"] {
            assert!(!page.contains(loading), "{loading}");
        }
        for section in
            ["ROC", "Reliability", "Histogram", "Whole pipeline", "Hard ham", "Ham that the pipeline", "<svg"]
        {
            assert!(page.contains(section), "{section}");
        }
    }
}
