//! Operation: schema, copies, health, configuration.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use jiff::Timestamp;

use super::{loaded, open, print_line};
use crate::classifier::Model;
use crate::config::{self, Config, Loaded, Mistakes};
use crate::lists::{Kind, List};
use crate::store::{Database, Store};

#[derive(Debug, clap::Subcommand)]
pub(super) enum ConfigCommand {
    /// Say whether the configuration can be used
    Check,
    /// Every setting with its value and where that comes from
    Explain,
    /// A file with every setting at its default
    Example,
}

pub(super) async fn migrate(config: Config) -> anyhow::Result<()> {
    let store = open(&config).await?;
    store.close().await;
    eprintln!("the schema of {} is up to date", config.database());
    Ok(())
}

pub(super) async fn backup(config: Config, file: PathBuf) -> anyhow::Result<()> {
    anyhow::ensure!(!file.exists(), "{} exists already; a backup never overwrites", file.display());
    let database = config.database();
    anyhow::ensure!(
        database.file().is_some(),
        "a backup of PostgreSQL is made by pg_dump: pg_dump --format=custom {database}"
    );
    let store = existing(&config).await?;
    store.backup(&file).await.with_context(|| format!("writing {}", file.display()))?;
    store.close().await;
    check_sound(&file).await?;
    eprintln!("wrote {}, and read it back without a fault", file.display());
    Ok(())
}

pub(super) async fn restore(config: Config, file: PathBuf) -> anyhow::Result<()> {
    let Database::Sqlite(target) = config.database() else {
        anyhow::bail!("a backup of PostgreSQL is made by pg_dump and put back by pg_restore");
    };
    check_sound(&file).await?;
    anyhow::ensure!(
        !target.exists(),
        "{} exists already: stop the service and move that file (and those ending in -wal and -shm) away first",
        target.display()
    );
    if let Some(dir) = target.parent() {
        std::fs::create_dir_all(dir)?;
    }
    // Aside, synced, renamed: a restore that is interrupted leaves no half database.
    let aside = target.with_extension("restoring");
    std::fs::copy(&file, &aside).with_context(|| format!("copying to {}", aside.display()))?;
    std::fs::File::open(&aside)?.sync_all()?;
    std::fs::rename(&aside, &target)?;
    eprintln!("restored {} from {}", target.display(), file.display());
    Ok(())
}

/// Opens a database that must exist.
pub(super) async fn existing(config: &Config) -> anyhow::Result<Store> {
    let database = config.database();
    anyhow::ensure!(database.file().is_none_or(Path::exists), "there is no database {database}");
    open(config).await
}

/// Makes sure that a file is a database of ours without faults, by a copy, because opening may change it.
async fn check_sound(file: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(file.is_file(), "there is no file {}", file.display());
    let copy = file.with_extension("checking");
    std::fs::copy(file, &copy).with_context(|| format!("copying {}", file.display()))?;
    let faults = async {
        let store = Store::open(&copy).await?;
        let faults = store.faults().await?;
        store.close().await;
        Ok::<_, crate::store::StoreError>(faults)
    }
    .await;
    for end in ["checking", "checking-wal", "checking-shm"] {
        let _ = std::fs::remove_file(file.with_extension(end));
    }
    let faults = faults.with_context(|| format!("{} is no database of this service", file.display()))?;
    anyhow::ensure!(faults.is_empty(), "{} is damaged: {}", file.display(), faults.join("; "));
    Ok(())
}

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    outcome: Result<String, String>,
}

pub(super) fn doctor(configuration: Result<Loaded, Mistakes>) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    match configuration {
        Err(mistakes) => {
            let first = mistakes.0.first().map(ToString::to_string).unwrap_or_default();
            findings.push(Finding {
                what: "configuration",
                outcome: Err(format!("{first} ({} in all)", mistakes.0.len())),
            });
        }
        Ok(loaded) => {
            let source = loaded.file.map_or("defaults".to_owned(), |file| file.display().to_string());
            findings.push(Finding { what: "configuration", outcome: Ok(source) });
            findings.extend(examine(&loaded.config)?);
        }
    }
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

fn examine(config: &Config) -> anyhow::Result<Vec<Finding>> {
    let model = match &config.models {
        Some(dir) => Model::load(dir),
        None => Model::embedded(),
    };
    let model = Finding { what: "model", outcome: model.map(|m| m.version).map_err(|e| e.to_string()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut findings = runtime.block_on(examine_store(config));
    findings.push(model);
    findings.push(examine_lists(config));
    let earliest: Timestamp = "2025-01-01T00:00:00Z".parse()?;
    let now = crate::clock::now();
    let clock = if now > earliest { Ok(format!("{now:.0}")) } else { Err(format!("{now:.0} cannot be right")) };
    findings.push(Finding { what: "clock", outcome: clock });
    Ok(findings)
}

fn examine_lists(config: &Config) -> Finding {
    let dir = config.lists_dir();
    let found: Result<Vec<_>, _> = Kind::ALL.into_iter().map(|kind| List::imported(kind, &dir)).collect();
    let outcome = found.map_err(|error| error.to_string()).map(|lists| match lists.iter().flatten().count() {
        0 => "those that come with the service".to_owned(),
        n => format!("{n} of {} imported", lists.len()),
    });
    Finding { what: "lists", outcome }
}

async fn examine_store(config: &Config) -> Vec<Finding> {
    let database = config.database();
    if database.file().is_some_and(|path| !path.exists()) {
        let outcome = Ok(format!("{database} does not exist yet: `moderato serve` makes it"));
        return vec![Finding { what: "database", outcome }];
    }
    let store = match open(config).await {
        Ok(store) => store,
        Err(error) => return vec![Finding { what: "database", outcome: Err(format!("{error:#}")) }],
    };
    let schema = Finding { what: "database", outcome: Ok(format!("{database}, schema up to date")) };
    let integrity = match store.faults().await {
        Ok(faults) if faults.is_empty() => Ok("no fault".to_owned()),
        Ok(faults) => Err(faults.join("; ")),
        Err(error) => Err(error.to_string()),
    };
    let writes = store.probe(crate::clock::now()).await.map(|()| "works".to_owned()).map_err(|error| error.to_string());
    store.close().await;
    vec![schema, Finding { what: "integrity", outcome: integrity }, Finding { what: "writing", outcome: writes }]
}

pub(super) fn config(configuration: Result<Loaded, Mistakes>, command: ConfigCommand) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Example => print!("{}", config::example()),
        ConfigCommand::Check => {
            let loaded = loaded(configuration)?;
            eprintln!("{} can be used", loaded.file.map_or("the defaults".to_owned(), |f| f.display().to_string()));
        }
        ConfigCommand::Explain => {
            for config::Explained { key, value, source } in loaded(configuration)?.explained {
                print_line(&format!("{key:<22} {value:<24} {source}"))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
