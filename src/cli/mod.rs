//! The command line. Output for programs goes to standard output, everything for people to standard error.

mod accounts;
mod backup;
mod check;
mod doctor;
mod evaluate;
mod imports;
mod lists;
mod moving;
mod operate;
mod replay;
mod serve;
mod sites;
mod train;
mod transfer;
mod tune;
pub(crate) mod webhooks;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::config::{self, Config, Loaded};
use crate::import::Source;

/// Exit status of a wrong configuration, `EX_CONFIG` of sysexits.h.
const WRONG_CONFIGURATION: u8 = 78;

/// The comment moderation service that a website runs itself
#[derive(Debug, Parser)]
#[command(name = "moderato", version, max_term_width = 100)]
struct Cli {
    /// The configuration file [default: moderato.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "MODERATO_CONFIG")]
    config: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Where the data is.
#[derive(Debug, clap::Args)]
struct StoreArgs {
    /// Where the SQLite database lies [default: ./data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// A database in place of the one in the data directory: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service (what happens without a command, too)
    Serve(serve::Args),
    /// Keys of sites
    #[command(subcommand)]
    Key(sites::KeyCommand),
    /// Sites
    #[command(subcommand)]
    Site(sites::SiteCommand),
    /// Where sites are told what was decided
    #[command(subcommand)]
    Webhook(webhooks::WebhookCommand),
    /// Accounts for the dashboard
    #[command(subcommand)]
    User(accounts::UserCommand),
    /// Judge submissions: JSON lines on standard input, a verdict a line on standard output; stores nothing
    Check(check::Args),
    /// Post a labelled file through a running service and say what came of it
    Replay(replay::Args),
    /// Train a model from labelled files
    Train(train::Train),
    /// Measure a model on labelled files
    Evaluate(evaluate::Evaluate),
    /// Choose the thresholds of a policy by cost, from labelled files
    Tune(tune::Tune),
    /// Bring the schema of the database up to date
    Migrate,
    /// Copy the SQLite database to a new file while the service runs, and read the copy back
    Backup(backup::Backup),
    /// Put a backup in place of a database that is not in use
    Restore {
        /// The file to read
        file: PathBuf,
    },
    /// Read a site's comments from another system, or from an export; what is there already is left as it is
    Import {
        /// What the file is
        format: Source,
        /// The file to read
        file: PathBuf,
        /// The site they are to belong to
        #[arg(long)]
        site: String,
        /// Write the report about the site's history here, with plots, as one HTML file
        #[arg(long, value_name = "FILE.html")]
        report: Option<PathBuf>,
    },
    /// Move a SQLite site to PostgreSQL while the service runs; then start it with the new database_url
    Move {
        /// The database to move to: postgres://USER:PASSWORD@HOST/NAME
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// Read everything that `export --everything` wrote; what is there already becomes as the file has it
    Load {
        /// The file to read
        file: PathBuf,
    },
    /// Write all comments as JSON lines
    Export {
        /// Only those of this site
        #[arg(long)]
        site: Option<String>,
        /// Every row of every table, accounts and settings too, for `moderato load`
        #[arg(long, conflicts_with = "site")]
        everything: bool,
    },
    /// The lists of domains in use: name, entries, date, licence, source, file
    Lists {
        #[command(subcommand)]
        command: Option<lists::ListsCommand>,
    },
    /// Check configuration, schema, integrity, model, permissions, disk and clock; changes nothing
    Doctor,
    /// The configuration
    #[command(subcommand)]
    Config(operate::ConfigCommand),
    /// A completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// The manual page
    Man,
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    match execute(cli) {
        Ok(code) => code,
        Err(error) if error.is::<config::Mistakes>() => {
            eprint!("{error}");
            ExitCode::from(WRONG_CONFIGURATION)
        }
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("moderato: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether the reader of our output has gone away, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn execute(cli: Cli) -> anyhow::Result<ExitCode> {
    let mut options = cli.store.options();
    let command = cli.command.unwrap_or(Command::Serve(serve::Args::default()));
    if let Command::Serve(args) = &command {
        options.extend(args.options());
    }
    let file = cli.config;
    let load = move || config::load(file.as_deref(), std::env::vars(), &options);
    match command {
        Command::Serve(_) => serve::run(load()?, Box::new(load)),
        Command::Key(command) => with_runtime(sites::key(load()?.config, command)),
        Command::Site(command) => with_runtime(sites::site(load()?.config, command)),
        Command::Webhook(command) => with_runtime(webhooks::run(load()?.config, command)),
        Command::User(command) => with_runtime(accounts::user(load()?.config, command)),
        Command::Check(args) => check::run(&load()?.config, &args),
        Command::Replay(args) => with_runtime(replay::run(args)),
        Command::Train(args) => train::run(args).map(|()| ExitCode::SUCCESS),
        Command::Evaluate(args) => evaluate::run(args).map(|()| ExitCode::SUCCESS),
        Command::Tune(args) => tune::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Migrate => with_runtime(operate::migrate(load()?.config)),
        Command::Backup(args) => with_runtime(backup::backup(load()?.config, args)),
        Command::Restore { file } => with_runtime(backup::restore(load()?.config, file)),
        Command::Export { everything: true, .. } => with_runtime(moving::dump(load()?.config)),
        Command::Export { site, .. } => with_runtime(transfer::export(load()?.config, site)),
        Command::Move { to } => with_runtime(moving::move_to(load()?.config, to)),
        Command::Load { file } => with_runtime(moving::load(load()?.config, file)),
        Command::Import { format: Source::Jsonl, file, site, .. } if transfer::is_export(&file) => {
            with_runtime(transfer::import(load()?.config, file, site))
        }
        Command::Import { format, file, site, report } => {
            with_runtime(imports::import(load()?.config, format, file, site, report))
        }
        Command::Lists { command } => lists::run(&load()?.config, command).map(|()| ExitCode::SUCCESS),
        Command::Doctor => doctor::doctor(load()),
        Command::Config(command) => operate::config(load(), command),
        Command::Man => {
            clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "moderato", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl StoreArgs {
    fn options(&self) -> Vec<(&'static str, String)> {
        let dir = self.data_dir.as_ref().map(|dir| ("data_dir", dir.to_string_lossy().into_owned()));
        let url = self.database_url.as_ref().map(|url| ("database_url", url.clone()));
        dir.into_iter().chain(url).collect()
    }
}

/// Runs a command that awaits.
fn with_runtime(command: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(command)?;
    Ok(ExitCode::SUCCESS)
}

/// Opens the store of the configuration.
async fn open(config: &Config) -> anyhow::Result<crate::store::Store> {
    let database = config.database();
    if let Some(dir) = database.file().and_then(std::path::Path::parent) {
        std::fs::create_dir_all(dir)?;
    }
    crate::store::Store::connect(&database)
        .await
        .map_err(|error| anyhow::Error::new(error).context(format!("opening the database {database}")))
}

/// Writes a line for programs.
fn print_line(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// Shows a configuration's mistakes as an error of ours.
fn loaded(loaded: Result<Loaded, config::Mistakes>) -> anyhow::Result<Loaded> {
    Ok(loaded?)
}
