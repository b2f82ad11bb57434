//! The report on disguised spam.

use askama::Template;

use super::super::attacks::{Attacked, Attacks};
use super::super::plots;
use super::{percent, share};

#[derive(Template)]
#[template(path = "evaluation_attacks.html")]
struct Page<'a> {
    found: &'a Attacks,
    date: &'a str,
    disguises: Vec<&'static str>,
    /// What is flagged, by disguise.
    recalls: String,
    /// What is published, by disguise.
    approvals: String,
    lost: Vec<Line<'a>>,
    approved: Vec<Line<'a>>,
}

/// A source in a table: undisguised, then in each disguise.
struct Line<'a> {
    source: &'a str,
    n: usize,
    plain: String,
    disguised: Vec<String>,
}

/// Writes the report.
///
/// # Errors
///
/// When the page cannot be put together; a defect.
pub fn write(found: &Attacks, date: &str) -> Result<String, askama::Error> {
    let mean = &found.mean;
    let names: Vec<&str> = std::iter::once("undisguised").chain(mean.disguises.keys().copied()).collect();
    let percents = |plain: f64, disguised: &dyn Fn(&str) -> f64| {
        let disguised = mean.disguises.keys().map(|name| 100.0 * disguised(name));
        std::iter::once(100.0 * plain).chain(disguised).collect::<Vec<f64>>()
    };
    let recalls = percents(mean.recall, &|name| mean.disguises[name].recall);
    let approvals = percents(mean.approved, &|name| mean.disguises[name].approved);
    Page {
        found,
        date,
        disguises: mean.disguises.keys().copied().collect(),
        recalls: plots::bars(&names, &[("flagged", recalls)]),
        approvals: plots::bars(&names, &[("published", approvals)]),
        lost: lines(found, |of| of.recall, |of, name| of.disguises[name].lost),
        approved: lines(found, |of| of.approved, |of, name| of.disguises[name].approved),
    }
    .render()
}

fn lines(found: &Attacks, plain: fn(&Attacked) -> f64, disguised: fn(&Attacked, &str) -> f64) -> Vec<Line<'_>> {
    let sources = found.sources.iter().map(|(source, of)| (source.as_str(), of));
    let line = |(source, of): (_, &Attacked)| Line {
        source,
        n: of.n,
        plain: percent(&plain(of)),
        disguised: of.disguises.keys().map(|name| percent(&disguised(of, name))).collect(),
    };
    sources.chain([("mean over sources", &found.mean)]).map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::super::attacks::Disguised;
    use super::*;
    use crate::classifier::obfuscation::Disguise;

    #[test]
    fn the_page_has_every_disguise_with_pictures_and_tables() {
        let disguised = Disguised { recall: 0.7, lost: 0.2, approved: 0.1 };
        let disguises: BTreeMap<_, _> = Disguise::ALL.map(|disguise| (disguise.as_str(), disguised)).into();
        let of = Attacked { n: 30, recall: 0.9, approved: 0.05, disguises };
        let sources = BTreeMap::from([("<blog>".to_owned(), of.clone())]);
        let page = write(&Attacks { threshold: Some(0.5), sources, mean: of }, "2026-01-02").expect("is put together");
        assert!(!page.contains("<blog>") && page.matches("<svg").count() == 2);
        for said in ["look-alike", "20.0 %", "90.0 %", "mean over sources"] {
            assert!(page.contains(said), "{said}");
        }
    }
}
