//! `moderato evaluate`: how good the model and the whole pipeline are on labelled comments.

mod print;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use anyhow::Context;
use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::json;

use crate::classifier::file::write_whole;
use crate::classifier::obfuscation::Disguise;
use crate::classifier::training::Settings;
use crate::classifier::{HeadKind, Model, identity, leave_one_out};
use crate::dataset::{self, Row};
use crate::evaluation::slices::HardHam;
use crate::evaluation::{attacks, judging, left_out, measure, mistakes, page};

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
    /// Write the figures here as JSON [default: beside the report]
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write a report with curves, tables and mistakes here, as one HTML file
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
    /// Train without each source in turn, and measure on it
    #[arg(long)]
    leave_one_source_out: bool,
    /// The head that is trained when sources are left out
    #[arg(long, value_enum, default_value_t = HeadName::Spam, value_name = "HEAD")]
    head: HeadName,
    /// Disguise the spam in eight ways, and measure what is still found of it
    #[arg(long, conflicts_with = "leave_one_source_out")]
    attacks: bool,
    /// Start of all random choices when sources are left out or texts disguised
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Another setting for the head when sources are left out, such as `alpha=0.2`
    #[arg(long, value_name = "NAME=VALUE", hide = true)]
    set: Vec<String>,
    /// Write the disguised spam and the hard ham into this directory, for measuring something else on the same texts
    #[arg(long, value_name = "DIR", hide = true, requires = "attacks")]
    write_texts: Option<PathBuf>,
}

/// The heads by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum HeadName {
    /// Advertising and fraud
    Spam,
    /// Abuse of a person or group
    Toxic,
}

impl HeadName {
    fn kind(self) -> HeadKind {
        match self {
            Self::Spam => HeadKind::Spam,
            Self::Toxic => HeadKind::Toxic,
        }
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
    let model = model(args.models.as_deref())?;
    let json = if args.leave_one_source_out {
        leave_sources_out(rows, &model, &args)?
    } else if args.attacks {
        let found = attacks::measure(&rows, &model, args.seed);
        print::attacks(&found);
        report(args.report.as_deref(), |date| page::write_attacks(&found, date))?;
        if let Some(dir) = &args.write_texts {
            write_texts(dir, &rows, args.seed).with_context(|| format!("writing texts into {}", dir.display()))?;
        }
        serde_json::to_vec_pretty(&found)?
    } else {
        everything(&rows, &model, args.report.as_deref())?
    };
    let beside = args.report.map(|report| report.with_extension("json"));
    if let Some(path) = args.json.or(beside) {
        write_whole(&path, &json)?;
    }
    Ok(())
}

/// The built-in model or that of a directory.
pub(super) fn model(dir: Option<&Path>) -> anyhow::Result<Model> {
    match dir {
        Some(dir) => Model::load(dir).with_context(|| format!("loading the model in {}", dir.display())),
        None => Model::embedded().context("loading the built-in model"),
    }
}

fn everything(rows: &[Row], model: &Model, report: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    let outcomes = judging::judge(rows, model);
    let found = measure::measure(rows, &outcomes, &model.version);
    print::measured(&found);
    self::report(report, |date| page::write(&found, rows, &outcomes, &mistakes::find(rows, &outcomes, model), date))?;
    Ok(serde_json::to_vec_pretty(&found)?)
}

/// Writes the page that `page` puts together for today, where a report is wanted.
fn report(path: Option<&Path>, page: impl FnOnce(&str) -> Result<String, askama::Error>) -> anyhow::Result<()> {
    let Some(path) = path else { return Ok(()) };
    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    write_whole(path, page(&today).context("putting the report together")?.as_bytes())?;
    Ok(())
}

fn leave_sources_out(rows: Vec<Row>, model: &Model, args: &Evaluate) -> anyhow::Result<Vec<u8>> {
    let kind = args.head.kind();
    let mut settings = Settings::of(kind);
    for change in &args.set {
        settings.change(change).map_err(anyhow::Error::msg)?;
    }
    let found = train_without(rows, kind, model, args.seed, settings)?;
    print::left_out(&found);
    report(args.report.as_deref(), |date| page::write_left_out(&found, kind, date))?;
    Ok(serde_json::to_vec_pretty(&found)?)
}

/// Trains without each source in turn, from the same rows as `moderato train`, while a bar shows how far it is.
pub(super) fn train_without(
    mut rows: Vec<Row>,
    kind: HeadKind,
    model: &Model,
    seed: u64,
    settings: Settings,
) -> anyhow::Result<left_out::LeftOut> {
    dataset::drop_duplicates(&mut rows);
    if kind == HeadKind::Toxic {
        rows.extend(identity::rows());
    }
    anyhow::ensure!(
        !leave_one_out::sources(&rows, kind).is_empty(),
        "no source has enough rows of both classes for {} to be left out",
        kind.as_str()
    );
    let done = AtomicU64::new(0);
    let steps = leave_one_out::steps(&rows, kind, settings);
    let work = || left_out::measure(&rows, kind, model, seed, settings, &done);
    Ok(with_progress("leaving out", steps, &done, work)?)
}

/// Writes `attacked.jsonl` and `hard_ham.jsonl`: what our figures rest on, for others to be measured on the same.
fn write_texts(dir: &Path, rows: &[Row], seed: u64) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut attacked = BufWriter::new(File::create(dir.join("attacked.jsonl"))?);
    for row in rows.iter().filter(|row| row.spam == Some(true)) {
        for disguise in Disguise::ALL {
            let text = attacks::disguised(row, disguise, seed).text;
            writeln!(attacked, "{}", json!({ "source": row.source, "disguise": disguise.as_str(), "text": text }))?;
        }
    }
    attacked.flush()?;
    let mut hard = BufWriter::new(File::create(dir.join("hard_ham.jsonl"))?);
    for row in rows.iter().filter(|row| row.spam == Some(false)) {
        let kinds: Vec<HardHam> = HardHam::ALL.into_iter().filter(|kind| kind.holds(&row.text)).collect();
        if !kinds.is_empty() {
            writeln!(hard, "{}", json!({ "source": row.source, "kinds": kinds, "text": row.text }))?;
        }
    }
    hard.flush()?;
    Ok(())
}
