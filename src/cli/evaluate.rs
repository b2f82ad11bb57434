//! `moderato evaluate`: how good the model and the whole pipeline are on labelled comments.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;

use anyhow::Context;
use serde::Serialize;

use crate::classifier::file::write_whole;
use crate::classifier::leave_one_out::{self, LeftOut};
use crate::classifier::training::Settings;
use crate::classifier::{HeadKind, Model};
use crate::dataset::{self, Row};
use crate::evaluation::Metrics;
use crate::facts::Facts;
use crate::pipeline;
use crate::policy::Policy;
use crate::verdict::{Decision, Scores};

use super::train::with_progress;

/// Measure the classifier and the whole pipeline on labelled comments
#[derive(Debug, clap::Args)]
pub(super) struct Evaluate {
    /// Labelled comments as JSON lines; `.gz` and `.zst` are unpacked
    #[arg(long, num_args = 1.., required = true, value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Directory of another model than the built-in one
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Write the figures here as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Train without each source of comment spam in turn, and measure on it
    #[arg(long)]
    leave_one_source_out: bool,
    /// Start of all random choices when sources are left out
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Another setting for the spam head when sources are left out, such as `alpha=0.2`
    #[arg(long, value_name = "NAME=VALUE", hide = true)]
    set: Vec<String>,
}

/// What is measured, overall and for each source.
#[derive(Debug, Serialize)]
struct Report {
    overall: Measured,
    sources: BTreeMap<String, Measured>,
}

#[derive(Debug, Serialize)]
struct Measured {
    spam: Metrics,
    toxic: Metrics,
    decisions: Decisions,
}

/// What the whole pipeline decided, by label.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Decisions {
    spam: Counts,
    ham: Counts,
    toxic: Counts,
    clean: Counts,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Counts {
    approve: usize,
    hold: usize,
    reject: usize,
}

impl Counts {
    fn add(&mut self, decision: Decision) {
        *match decision {
            Decision::Approve => &mut self.approve,
            Decision::Hold => &mut self.hold,
            Decision::Reject => &mut self.reject,
        } += 1;
    }
}

/// Measures and prints what was found.
///
/// # Errors
///
/// When data or model cannot be read, or the figures cannot be written.
pub(super) fn run(args: Evaluate) -> anyhow::Result<()> {
    let rows = dataset::read(&args.data)?;
    anyhow::ensure!(!rows.is_empty(), "there are no rows to measure on");
    let json = if args.leave_one_source_out {
        let mut settings = Settings::of(HeadKind::Spam);
        for change in &args.set {
            settings.change(change).map_err(anyhow::Error::msg)?;
        }
        let done = AtomicU64::new(0);
        let steps = leave_one_out::steps(&rows, settings);
        let found =
            with_progress("leaving out", steps, &done, || leave_one_out::run(&rows, args.seed, settings, &done));
        print_left_out(&found);
        serde_json::to_vec_pretty(&found)?
    } else {
        let model = match &args.models {
            Some(dir) => Model::load(dir).with_context(|| format!("loading the model in {}", dir.display()))?,
            None => Model::embedded().context("loading the built-in model")?,
        };
        let report = measure(&rows, &model);
        print(&report);
        serde_json::to_vec_pretty(&report)?
    };
    if let Some(path) = &args.json {
        write_whole(path, &json)?;
    }
    Ok(())
}

fn measure(rows: &[Row], model: &Model) -> Report {
    let judged = judge(rows, model);
    let mut by_source: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, row) in rows.iter().enumerate() {
        by_source.entry(&row.source).or_default().push(i);
    }
    let of = |places: &[usize]| {
        let scores = |label: fn(&Row) -> Option<bool>, score: fn(&Scores) -> Option<f64>| {
            places.iter().filter_map(|&i| Some((score(&judged[i].1)?, label(&rows[i])?))).collect::<Vec<_>>()
        };
        let mut decisions = Decisions::default();
        for &i in places {
            let (row, decision) = (&rows[i], judged[i].0);
            if let Some(spam) = row.spam {
                if spam { &mut decisions.spam } else { &mut decisions.ham }.add(decision);
            }
            if let Some(toxic) = row.toxic {
                if toxic { &mut decisions.toxic } else { &mut decisions.clean }.add(decision);
            }
        }
        Measured {
            spam: Metrics::of(&scores(|row| row.spam, |scores| scores.spam)),
            toxic: Metrics::of(&scores(|row| row.toxic, |scores| scores.toxic)),
            decisions,
        }
    };
    let sources = by_source.iter().map(|(source, places)| ((*source).to_owned(), of(places))).collect();
    Report { overall: of(&(0..rows.len()).collect::<Vec<_>>()), sources }
}

/// The decision of the whole pipeline on each row, with nothing known about author or site.
fn judge(rows: &[Row], model: &Model) -> Vec<(Decision, Scores)> {
    let (policy, facts) = (Policy::built_in(), Facts::default());
    let judge = |row: &Row| {
        let verdict = pipeline::assess(&row.comment(), &facts, &policy, Some(model));
        (verdict.decision, verdict.scores)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let parts: Vec<_> = rows
            .chunks(rows.len().div_ceil(threads))
            .map(|part| scope.spawn(move || part.iter().map(judge).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("judging does not panic")).collect()
    })
}

fn print(report: &Report) {
    println!("{:<26}{:>7}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}", "", "n", "+", "AUC", "PR", "R@1%", "R@0.1%", "ECE");
    for (head, of) in [("spam", 0), ("toxic", 1)] {
        for (source, measured) in named(report) {
            let metrics = if of == 0 { measured.spam } else { measured.toxic };
            if metrics.n > 0 {
                println!("{}", table_row(&format!("{head} {source}"), &metrics));
            }
        }
    }
    println!("\n{:<34}{:>9}{:>9}{:>9}", "decisions, in per cent", "approve", "hold", "reject");
    for (source, measured) in named(report) {
        let Decisions { spam, ham, toxic, clean } = measured.decisions;
        for (label, counts) in [("spam", spam), ("ham", ham), ("toxic", toxic), ("clean", clean)] {
            let all = counts.approve + counts.hold + counts.reject;
            if all > 0 {
                let share = |count| 100.0 * f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / all as f64;
                let [approve, hold, reject] = [counts.approve, counts.hold, counts.reject].map(share);
                println!("{:<34}{approve:>9.2}{hold:>9.2}{reject:>9.2}", format!("{label} {source}"));
            }
        }
    }
}

fn named(report: &Report) -> impl Iterator<Item = (&str, &Measured)> {
    let sources = report.sources.iter().map(|(source, measured)| (source.as_str(), measured));
    sources.chain([("overall", &report.overall)])
}

fn print_left_out(found: &LeftOut) {
    println!("{:<26}{:>7}{:>8}{:>8}{:>8}{:>8}{:>8}{:>8}", "left out", "n", "+", "AUC", "PR", "R@1%", "R@0.1%", "ECE");
    for (source, metrics) in &found.sources {
        println!("{}", table_row(source, metrics));
    }
    println!("{}", table_row("mean", &found.mean));
}

fn table_row(name: &str, m: &Metrics) -> String {
    let shown = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.4}"));
    let [auc, pr, one, tenth, ece] =
        [m.roc_auc, m.pr_auc, m.recall_at_fpr_1pct, m.recall_at_fpr_0_1pct, m.ece].map(shown);
    format!("{name:<26}{:>7}{:>8}{auc:>8}{pr:>8}{one:>8}{tenth:>8}{ece:>8}", m.n, m.positives)
}
