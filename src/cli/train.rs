//! `moderato train`: from labelled files to a model with its card.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::classifier::file::{self, FILE_NAME, write_whole};
use crate::classifier::training::{self, Choices};
use crate::classifier::{HeadKind, Model, card, identity};
use crate::dataset::{self, Duplicates};

/// Train the classifier from labelled comments
#[derive(Debug, clap::Args)]
pub(super) struct Train {
    /// Labelled comments as JSON lines; `.gz` and `.zst` are unpacked
    #[arg(long, num_args = 1.., required = true, value_name = "FILE")]
    data: Vec<PathBuf>,
    /// More labelled comments, for the card only: the model is measured on them and learns nothing from them
    #[arg(long, num_args = 1.., value_name = "FILE")]
    test: Vec<PathBuf>,
    /// Directory for the model and its card
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Start of all random choices: the same seed gives the same bytes
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Date in the model's name; today unless given
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<Date>,
}

/// Trains a model and writes it with its card.
///
/// # Errors
///
/// When the data cannot be read or learned from, or the model cannot be written; then no file was changed.
pub(super) fn run(args: Train) -> anyhow::Result<()> {
    let date = args.date.unwrap_or_else(|| Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()).to_string();
    let mut rows = dataset::read(&args.data)?;
    say_duplicates(dataset::drop_duplicates(&mut rows));
    // Our own sentences are harmless ones: they help to tell both classes apart, and never stand in for one.
    if [true, false].iter().all(|class| rows.iter().any(|row| row.toxic == Some(*class))) {
        rows.extend(identity::rows());
    }
    let test = dataset::read(&args.test)?;
    let choices = HeadKind::ALL.map(Choices::of);

    let done = AtomicU64::new(0);
    let trained = with_progress("learning", training::steps(&rows, &choices), &done, || {
        training::train(&rows, args.seed, &choices, &done)
    })?;
    let bytes = trained.model.to_bytes(&date)?;
    // What is measured and named is what was written: weights in bytes, not in the numbers that they were made from.
    let model = Model::from_bytes(&bytes)?;
    let card = card::write(&card::Facts {
        version: &model.version,
        size: bytes.len(),
        sha256: &file::sha256(&bytes),
        seed: args.seed,
        date: &date,
        heads: &trained.heads,
        rows: &rows,
        results: &card::results(&model, &test),
        command: &command(&args, &date),
    });

    std::fs::create_dir_all(&args.out).with_context(|| format!("making the directory {}", args.out.display()))?;
    write_whole(&args.out.join(FILE_NAME), &bytes)?;
    write_whole(&args.out.join("README.md"), card.as_bytes())?;
    eprintln!("trained {} from {} rows: {} bytes in {}", model.version, rows.len(), bytes.len(), args.out.display());
    Ok(())
}

/// Says what was left out, where anything was.
fn say_duplicates(Duplicates { repeated, contradicting }: Duplicates) {
    if repeated > 0 {
        eprintln!("left out: {repeated} rows that repeat the text of an earlier one");
    }
    if contradicting > 0 {
        eprintln!("left out: {contradicting} rows whose text is labelled both ways");
    }
}

/// The command that makes the same model again. Files of one folder are named by a pattern where that says the same.
fn command(args: &Train, date: &str) -> String {
    let files = |paths: &[PathBuf]| paths.iter().map(|path| format!(" \\\n    {}", path.display())).collect::<String>();
    let test = if args.test.is_empty() { String::new() } else { format!(" \\\n  --test{}", files(&args.test)) };
    format!(
        "moderato train --seed {} --date {date} --out {} \\\n  --data{}{test}",
        args.seed,
        args.out.display(),
        files(&args.data)
    )
}

/// Does `work` while a bar follows `done`, on a terminal.
pub(super) fn with_progress<T>(what: &'static str, steps: u64, done: &AtomicU64, work: impl FnOnce() -> T) -> T {
    let bar = ProgressBar::new(steps).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} % {per_sec} {eta}") {
        bar.set_style(style);
    }
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !finished.load(Ordering::Relaxed) {
                bar.set_position(done.load(Ordering::Relaxed));
                std::thread::park_timeout(Duration::from_millis(100));
            }
        });
        let result = work();
        finished.store(true, Ordering::Relaxed);
        bar.finish_and_clear();
        result
    })
}
