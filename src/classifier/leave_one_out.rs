//! Leaving sources out: the only honest measure of what the spam head does on a site that it has never seen.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use serde::Serialize;

use super::calibration::Calibration;
use super::training::{RawHead, Settings, steps_of};
use super::{HeadKind, probability};
use crate::dataset::Row;
use crate::evaluation::Metrics;

/// Sources of spam that is not comment spam: learned from, but not what is measured.
const OTHER_SPAM: &[&str] = &["sms", "enron", "spamassassin"];
/// Fewest ham rows that a false-positive rate can be told from.
const MIN_HAM: usize = 200;
/// Ham that is left out too, and lent to sources that have hardly any of their own.
const LENT_HAM: &str = "blog_haacked";
/// Fewest spam rows of a source that is worth leaving out.
const MIN_SPAM: usize = 50;

/// What was found by leaving sources out.
#[derive(Debug, Serialize)]
pub struct LeftOut {
    /// By source that was left out.
    pub sources: BTreeMap<String, Metrics>,
    /// The mean over sources.
    pub mean: Metrics,
}

/// The sources that are left out in turn.
fn sources(rows: &[Row]) -> Vec<&str> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in rows {
        let count = counts.entry(&row.source).or_default();
        count.0 += usize::from(row.spam == Some(true));
        count.1 += usize::from(row.spam == Some(false));
    }
    let worth =
        |(source, (spam, ham)): &(&str, (usize, usize))| *spam >= MIN_SPAM && *ham > 0 && !OTHER_SPAM.contains(source);
    counts.into_iter().filter(worth).map(|(source, _)| source).collect()
}

/// How many rows [`run`] learns from, about.
pub fn steps(rows: &[Row], settings: Settings) -> u64 {
    sources(rows).len() as u64 * steps_of(rows, HeadKind::Spam, settings)
}

/// Trains without each source in turn and measures on it; as many at a time as there are processors.
pub fn run(rows: &[Row], seed: u64, settings: Settings, done: &AtomicU64) -> LeftOut {
    let sources = sources(rows);
    let next = AtomicUsize::new(0);
    let scores = Mutex::new(BTreeMap::new());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(source) = sources.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = leave_out(rows, source, seed, settings, done);
                    scores.lock().expect("no thread panics").insert((*source).to_owned(), found);
                }
            });
        }
    });
    let scores = scores.into_inner().expect("no thread panics");
    let sources: BTreeMap<String, Metrics> = scores
        .keys()
        .map(|source| {
            let calibration = calibration_without(&scores, source);
            let calibrated = |(score, spam): &(f64, bool)| (probability(calibration.apply(*score)), *spam);
            (source.clone(), Metrics::of(&scores[source].iter().map(calibrated).collect::<Vec<_>>()))
        })
        .collect();
    let mean = mean(sources.values());
    LeftOut { sources, mean }
}

fn leave_out(rows: &[Row], source: &str, seed: u64, settings: Settings, done: &AtomicU64) -> Vec<(f64, bool)> {
    let is_ham_of = |row: &Row, source: &str| row.spam == Some(false) && *row.source == *source;
    let borrows = rows.iter().filter(|row| is_ham_of(row, source)).count() < MIN_HAM && source.starts_with("blog");
    let left_out = |row: &Row| *row.source == *source || (borrows && *row.source == *LENT_HAM);
    let head = RawHead::learn(rows, HeadKind::Spam, seed, settings, &|row: &Row| !left_out(row), done);
    let measured = rows.iter().filter(|row| left_out(row));
    measured.filter_map(|row| Some((head.score(row), row.spam?))).collect()
}

/// Fitted to the other sources: the one that is measured has no say in it.
fn calibration_without(scores: &BTreeMap<String, Vec<(f64, bool)>>, source: &str) -> Calibration {
    const MOST: usize = 1_000;
    let mut others = Vec::new();
    for (_, scores) in scores.iter().filter(|(other, _)| *other != source) {
        for class in [false, true] {
            let of_class: Vec<_> = scores.iter().filter(|(_, spam)| *spam == class).collect();
            others.extend(of_class.iter().step_by(of_class.len().div_ceil(MOST).max(1)).map(|score| **score));
        }
    }
    Calibration::fit(&others).unwrap_or(Calibration::NONE)
}

fn mean<'a>(all: impl ExactSizeIterator<Item = &'a Metrics> + Clone) -> Metrics {
    let mean = |of: fn(&Metrics) -> Option<f64>| {
        let values: Vec<f64> = all.clone().filter_map(of).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    Metrics {
        n: all.clone().map(|metrics| metrics.n).sum(),
        positives: all.clone().map(|metrics| metrics.positives).sum(),
        roc_auc: mean(|m| m.roc_auc),
        pr_auc: mean(|m| m.pr_auc),
        recall_at_fpr_1pct: mean(|m| m.recall_at_fpr_1pct),
        recall_at_fpr_0_1pct: mean(|m| m.recall_at_fpr_0_1pct),
        log_loss: mean(|m| m.log_loss),
        ece: mean(|m| m.ece),
    }
}
