//! Everything from one database into another: as JSON lines, or at once.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use super::open;
use super::operate::existing;
use crate::config::Config;
use crate::store::{Database, DumpedRow, Store};

/// Writes every row of every table as a JSON line.
pub(super) async fn dump(config: Config) -> anyhow::Result<()> {
    let store = existing(&config).await?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut rows = 0u64;
    store
        .dump(|row| {
            rows += 1;
            serde_json::to_writer(&mut out, &row)?;
            out.write_all(b"\n")
        })
        .await?;
    out.flush()?;
    drop(out);
    store.close().await;
    eprintln!("wrote {rows} rows");
    Ok(())
}

/// Reads such lines. What is there already becomes as the file has it, so a run that broke off is simply repeated.
pub(super) async fn load(config: Config, file: PathBuf) -> anyhow::Result<()> {
    let opened = std::fs::File::open(&file).with_context(|| format!("opening {}", file.display()))?;
    let bar = ProgressBar::new(opened.metadata()?.len())
        .with_style(ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {eta} left")?);
    let store = open(&config).await?;
    let lines = BufReader::new(bar.wrap_read(opened)).lines();
    let rows = lines.enumerate().map(|(n, line)| {
        let row: Result<DumpedRow, _> = serde_json::from_str(&line?);
        row.map_err(|error| std::io::Error::other(format!("line {}: {error}", n + 1)))
    });
    let loaded = store.load(rows, |_| ()).await.with_context(|| format!("reading {}", file.display()))?;
    bar.finish_and_clear();
    store.close().await;
    eprintln!("wrote {loaded} rows to {}", config.database());
    Ok(())
}

/// Moves a SQLite site to another database while its service runs.
pub(super) async fn move_to(config: Config, target: String) -> anyhow::Result<()> {
    let to = Database::Postgres(target);
    let from = existing(&config).await?;
    let store = Store::connect(&to).await.with_context(|| format!("opening the database {to}"))?;
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{pos} rows  {elapsed}  {per_sec}")?);
    let moved = store.take_over(&from, |rows| bar.set_position(rows)).await;
    bar.finish_and_clear();
    let moved = moved.with_context(|| format!("moving {} to {to}", config.database()))?;
    store.close().await;
    from.close().await;
    eprintln!(
        "moved {moved} rows; {} takes no comments any more. Now start the service with the new database_url.",
        config.database()
    );
    Ok(())
}
