//! Everything from one database into another: as JSON lines, or at once.

use std::io::{BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};

use super::open;
use super::operate::existing;
use crate::config::Config;
use crate::store::{Database, DumpedRow, Store};

/// Bytes at the beginning of a file that tell it from others.
const BEGINNING: u64 = 1 << 20;

/// Writes every row of every table as a JSON line.
pub(super) async fn dump(config: Config) -> anyhow::Result<()> {
    let store = existing(&config).await?;
    let bar = ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{pos} rows  {elapsed}  {per_sec}")?);
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut rows = 0u64;
    store
        .dump(|row| {
            rows += 1;
            bar.inc(1);
            serde_json::to_writer(&mut out, &row)?;
            out.write_all(b"\n")
        })
        .await?;
    out.flush()?;
    drop(out);
    bar.finish_and_clear();
    store.close().await;
    eprintln!("wrote {rows} rows");
    Ok(())
}

/// Reads such lines. What is there already becomes as the file has it; a run that broke off is repeated and goes on where it was.
pub(super) async fn load(config: Config, file: PathBuf) -> anyhow::Result<()> {
    let mut opened = std::fs::File::open(&file).with_context(|| format!("opening {}", file.display()))?;
    let name = fingerprint(&mut opened).with_context(|| format!("reading {}", file.display()))?;
    let bar = ProgressBar::new(opened.metadata()?.len())
        .with_style(ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes}  {eta} left")?);
    let store = open(&config).await?;
    let lines = BufReader::new(bar.wrap_read(opened)).lines();
    let rows = lines.enumerate().map(|(n, line)| {
        let row: Result<DumpedRow, _> = serde_json::from_str(&line?);
        row.map_err(|error| std::io::Error::other(format!("line {}: {error}", n + 1)))
    });
    let loaded = store.load(&name, rows).await.with_context(|| format!("reading {}", file.display()))?;
    bar.finish_and_clear();
    store.close().await;
    eprintln!("wrote {loaded} rows to {}", config.database());
    Ok(())
}

/// Tells a file from others: its length and a hash of its beginning.
fn fingerprint(file: &mut std::fs::File) -> std::io::Result<String> {
    let mut beginning = Vec::new();
    Read::by_ref(file).take(BEGINNING).read_to_end(&mut beginning)?;
    file.rewind()?;
    Ok(format!("{:016x}-{}", xxhash_rust::xxh3::xxh3_64(&beginning), file.metadata()?.len()))
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
