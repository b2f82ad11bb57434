//! Copies of the SQLite database: made while the service runs, verified, put back.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use jiff::Timestamp;

use crate::config::Config;
use crate::private_file;
use crate::store::{Database, Store};

/// What `moderato backup` writes into a directory: `moderato-20260131T021700Z.db`.
const PREFIX: &str = "moderato-";
const SUFFIX: &str = ".db";

#[derive(Debug, clap::Args)]
pub(super) struct Backup {
    /// The file to write, which must not exist; a directory, in which its name tells the time; or - for standard output
    file: PathBuf,
    /// In a directory: remove all but the newest so many copies afterwards
    #[arg(long, value_name = "COPIES", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
}

pub(super) async fn backup(config: Config, args: Backup) -> anyhow::Result<()> {
    let database = config.database();
    let Database::Sqlite(source) = &database else {
        anyhow::bail!("a backup of PostgreSQL is made by pg_dump: pg_dump --format=custom {database}");
    };
    anyhow::ensure!(source.exists(), "there is no database {database}");
    let to_stdout = args.file == Path::new("-");
    let into = args.file.is_dir().then_some(args.file.as_path());
    anyhow::ensure!(args.keep.is_none() || into.is_some(), "--keep is for a directory that exists");
    let target = match into {
        Some(dir) => dir.join(named_by_time(crate::clock::now())),
        // Beside the data, because a copy of it may be too large for a directory in memory.
        None if to_stdout => source.with_file_name(format!(".backup-{}", std::process::id())),
        None => args.file.clone(),
    };
    anyhow::ensure!(!target.exists(), "{} exists already; a backup never overwrites", target.display());
    let written = write(source, &target).await;
    if to_stdout {
        let sent = written.and_then(|()| send(&target));
        let _ = std::fs::remove_file(&target);
        sent?;
    } else {
        written?;
        eprintln!("wrote {}, and read it back without a fault", target.display());
    }
    if let (Some(dir), Some(keep)) = (into, args.keep) {
        prune(dir, keep as usize)?;
    }
    stamp(&config)
}

/// Copies and verifies. What is not sound does not stay under the name of a backup.
async fn write(source: &Path, target: &Path) -> anyhow::Result<()> {
    let mut part = target.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    let _ = std::fs::remove_file(&part);
    let outcome = async {
        Store::backup(source, &part).await.with_context(|| format!("writing {}", part.display()))?;
        check_sound(&part).await
    }
    .await;
    if outcome.is_err() {
        let _ = std::fs::remove_file(&part);
        return outcome;
    }
    std::fs::rename(&part, target).with_context(|| format!("naming {}", target.display()))?;
    Ok(())
}

fn send(file: &Path) -> anyhow::Result<()> {
    let mut file = std::fs::File::open(file)?;
    std::io::copy(&mut file, &mut std::io::stdout().lock())?;
    Ok(())
}

fn named_by_time(now: Timestamp) -> String {
    format!("{PREFIX}{}{SUFFIX}", now.strftime("%Y%m%dT%H%M%SZ"))
}

/// Removes all copies in `dir` but the newest; files of other names are left alone.
fn prune(dir: &Path, keep: usize) -> anyhow::Result<()> {
    let ours = |name: &str| {
        let time = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
        time.is_some_and(|time| time.len() == 16 && time.bytes().all(|b| b.is_ascii_digit() || b"TZ".contains(&b)))
    };
    let mut names: Vec<String> = std::fs::read_dir(dir)?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| ours(name))
        .collect();
    names.sort_unstable();
    for name in names.iter().rev().skip(keep) {
        let old = dir.join(name);
        std::fs::remove_file(&old).with_context(|| format!("removing {}", old.display()))?;
        eprintln!("removed {}", old.display());
    }
    Ok(())
}

/// Notes the time for `moderato_backup_timestamp_seconds`.
fn stamp(config: &Config) -> anyhow::Result<()> {
    let Some(path) = config.backup_stamp() else { return Ok(()) };
    let file = std::fs::File::create(&path).with_context(|| format!("writing {}", path.display()))?;
    file.set_modified(SystemTime::now())?;
    Ok(())
}

pub(super) async fn restore(config: Config, file: PathBuf) -> anyhow::Result<()> {
    let Database::Sqlite(target) = config.database() else {
        anyhow::bail!("a backup of PostgreSQL is made by pg_dump and put back by pg_restore");
    };
    check_sound(&file).await?;
    let beside = |end: &str| {
        let mut name = target.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    };
    for path in ["", "-wal", "-shm"].map(beside) {
        anyhow::ensure!(
            !path.exists(),
            "{} exists already: stop the service and move that file (and those ending in -wal and -shm) away first",
            path.display()
        );
    }
    if let Some(dir) = target.parent() {
        std::fs::create_dir_all(dir)?;
    }
    // Aside, synced, renamed: a restore that is interrupted leaves no half database.
    let aside = beside(".restoring");
    let _ = std::fs::remove_file(&aside);
    copy_privately(&file, &aside).with_context(|| format!("copying to {}", aside.display()))?;
    std::fs::rename(&aside, &target)?;
    if let Some(dir) = target.parent() {
        std::fs::File::open(dir)?.sync_all()?;
    }
    eprintln!("restored {} from {}", target.display(), file.display());
    Ok(())
}

fn copy_privately(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut copy = private_file::create_as_data(to)?;
    std::io::copy(&mut std::fs::File::open(from)?, &mut copy)?;
    copy.sync_all()
}

/// Makes sure that a copy is a database of ours without faults.
async fn check_sound(file: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(file.is_file(), "there is no file {}", file.display());
    let mut log = file.as_os_str().to_owned();
    log.push("-wal");
    let log = PathBuf::from(log);
    anyhow::ensure!(
        std::fs::metadata(&log).map_or(0, |log| log.len()) == 0,
        "{} is no backup, but the file of a service: {} belongs to it; `moderato backup` makes one",
        file.display(),
        log.display()
    );
    let faults = Store::faults_of_copy(file).await;
    let faults = faults.with_context(|| format!("{} is no database of this service", file.display()))?;
    anyhow::ensure!(faults.is_empty(), "{} is damaged: {}", file.display(), faults.join("; "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_copies_of_ours_are_removed() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let now: Timestamp = "2026-01-31T02:17:00Z".parse().expect("a time");
        let all = [now, now + jiff::SignedDuration::from_hours(24), now + jiff::SignedDuration::from_hours(48)]
            .map(named_by_time);
        assert_eq!(all[0], "moderato-20260131T021700Z.db");
        for name in all.iter().map(String::as_str).chain(["moderato-before-the-move.db", "moderato.db"]) {
            std::fs::write(dir.path().join(name), "").expect("written");
        }
        prune(dir.path(), 2).expect("removed");
        let mut left: Vec<_> =
            std::fs::read_dir(dir.path()).expect("read").map(|e| e.expect("one").file_name()).collect();
        left.sort();
        assert_eq!(left, [all[1].as_str(), &all[2], "moderato-before-the-move.db", "moderato.db"]);
    }
}
