//! `moderato doctor`: everything that has to be right, one line each. It changes nothing.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::ExitCode;

use jiff::Timestamp;

use super::{open, print_line};
use crate::classifier::Model;
use crate::config::{Config, Loaded, Mistakes, Source};
use crate::lists::{Kind, List};
use crate::store::Store;

/// Less free space than this share of a disk is a fault.
const FREE_SHARE: f64 = 0.05;

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    outcome: Result<String, String>,
}

impl Finding {
    fn new(what: &'static str, outcome: Result<String, String>) -> Self {
        Self { what, outcome }
    }
}

pub(super) fn doctor(configuration: Result<Loaded, Mistakes>) -> anyhow::Result<ExitCode> {
    let findings = match configuration {
        Err(Mistakes(mistakes)) => {
            let first = mistakes.first().map(ToString::to_string).unwrap_or_default();
            vec![Finding::new("configuration", Err(format!("{first} ({} in all)", mistakes.len())))]
        }
        Ok(loaded) => examine(&loaded)?,
    };
    for Finding { what, outcome } in &findings {
        let (mark, detail) = match outcome {
            Ok(detail) => ("ok", detail),
            Err(detail) => ("FAULT", detail),
        };
        print_line(&format!("{mark:<6}{what:<15}{detail}"))?;
    }
    let sound = findings.iter().all(|finding| finding.outcome.is_ok());
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn examine(loaded: &Loaded) -> anyhow::Result<Vec<Finding>> {
    let config = &loaded.config;
    let source = loaded.file.as_ref().map_or("defaults".to_owned(), |file| file.display().to_string());
    let mut findings = vec![Finding::new("configuration", Ok(source))];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    findings.extend(runtime.block_on(examine_store(config)));
    findings.push(Finding::new("model", model(config)));
    findings.push(Finding::new("lists", lists(config)));
    findings.push(Finding::new("permissions", permissions(loaded)));
    findings.push(Finding::new("disk", disk(&config.data_dir)));
    findings.push(Finding::new("clock", clock(config, crate::clock::now())));
    Ok(findings)
}

async fn examine_store(config: &Config) -> Vec<Finding> {
    let database = config.database();
    if database.file().is_some_and(|path| !path.exists()) {
        let made = format!("{database} does not exist yet: `moderato serve` makes it");
        return vec![Finding::new("schema", Ok(made))];
    }
    match Store::pending_migrations(&database).await {
        Ok(pending) if pending.is_empty() => {}
        Ok(pending) => {
            let behind =
                format!("{database} lacks {} migrations: `moderato migrate`, or a start, adds them", pending.len());
            return vec![Finding::new("schema", Err(behind))];
        }
        Err(error) => return vec![Finding::new("schema", Err(format!("{database}: {:#}", anyhow::Error::new(error))))],
    }
    let schema = Finding::new("schema", Ok(format!("{database} is up to date")));
    let store = match open(config).await {
        Ok(store) => store,
        Err(error) => return vec![schema, Finding::new("writing", Err(format!("{error:#}")))],
    };
    let integrity = match store.faults().await {
        Ok(faults) if faults.is_empty() => Ok("no fault".to_owned()),
        Ok(faults) => Err(faults.join("; ")),
        Err(error) => Err(error.to_string()),
    };
    let writes = store.probe(crate::clock::now()).await.map(|()| "works".to_owned()).map_err(|error| error.to_string());
    store.close().await;
    vec![schema, Finding::new("integrity", integrity), Finding::new("writing", writes)]
}

fn model(config: &Config) -> Result<String, String> {
    let model = match &config.models {
        Some(dir) => Model::load(dir),
        None => Model::embedded(),
    };
    model.map(|model| model.version).map_err(|error| error.to_string())
}

fn lists(config: &Config) -> Result<String, String> {
    let dir = config.lists_dir();
    let found: Result<Vec<_>, _> = Kind::ALL.into_iter().map(|kind| List::imported(kind, &dir)).collect();
    let lists = found.map_err(|error| error.to_string())?;
    Ok(match lists.iter().flatten().count() {
        0 => "those that come with the service".to_owned(),
        n => format!("{n} of {} imported", lists.len()),
    })
}

/// What holds comments and secrets is for the service alone.
fn permissions(loaded: &Loaded) -> Result<String, String> {
    let config = &loaded.config;
    let database = config.database();
    let secrets = loaded.explained.iter().filter_map(|explained| match &explained.source {
        Source::SecretFile { path, .. } => Some(path.as_path()),
        _ => None,
    });
    let private: Vec<&Path> = database.file().into_iter().chain(secrets).filter(|path| path.exists()).collect();
    for path in &private {
        let file = std::fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
        // The directory may be what keeps others away.
        let passable = path.ancestors().skip(1).all(|dir| {
            let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
            std::fs::metadata(dir).is_ok_and(|dir| dir.mode() & 0o001 != 0)
        });
        if file.permissions().mode() & 0o004 != 0 && passable {
            return Err(format!("everybody on this machine can read {0}: chmod o-rwx {0}", path.display()));
        }
    }
    Ok(format!("{} private files", private.len()))
}

fn disk(dir: &Path) -> Result<String, String> {
    // The directory is made at the first start; until then its parent tells.
    let dir = dir.ancestors().find(|dir| dir.exists()).unwrap_or(Path::new("."));
    let disk = rustix::fs::statvfs(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    let gib = |blocks: u64| (blocks.saturating_mul(disk.f_frsize)) as f64 / (1u64 << 30) as f64;
    let (free, size) = (gib(disk.f_bavail), gib(disk.f_blocks));
    let said = format!("{free:.1} of {size:.1} GiB free");
    if free < size * FREE_SHARE { Err(said) } else { Ok(said) }
}

/// A clock that is behind what it wrote earlier would give new comments the ids of old ones.
fn clock(config: &Config, now: Timestamp) -> Result<String, String> {
    let written = config.database().file().and_then(|path| std::fs::metadata(path).ok()?.modified().ok());
    let written = written.and_then(|time| Timestamp::try_from(time).ok());
    let earliest = written.unwrap_or(Timestamp::UNIX_EPOCH) - jiff::SignedDuration::from_mins(1);
    let released: Timestamp = "2025-01-01T00:00:00Z".parse().unwrap_or(Timestamp::UNIX_EPOCH);
    if now >= earliest.max(released) { Ok(format!("{now:.0}")) } else { Err(format!("{now:.0} cannot be right")) }
}
