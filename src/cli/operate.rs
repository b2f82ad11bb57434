//! Operation: schema and configuration.

use std::path::Path;
use std::process::ExitCode;

use super::{loaded, open, print_line};
use crate::config::{self, Config, Loaded, Mistakes};
use crate::store::Store;

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

/// Opens a database that must exist.
pub(super) async fn existing(config: &Config) -> anyhow::Result<Store> {
    let database = config.database();
    anyhow::ensure!(database.file().is_none_or(Path::exists), "there is no database {database}");
    open(config).await
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
