//! A changed configuration while the service runs: read, checked as a whole, then put in force; or refused as a whole.
//!
//! In force at once: the model, the lists, the rate limits and the log filter. Everything else needs a restart, and a
//! change of it is named in the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::app::App;
use crate::config::{Config, Explained, Loaded, Mistakes};
use crate::lists::{Kind, List};

/// How often files are looked at. A change counts when two looks in a row have seen the same.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// Settings that a reload puts in force.
const RELOADED: [&str; 6] = ["models", "limits.site", "limits.address", "limits.email", "limits.text", "log.filter"];

/// Reads the configuration again, as it was read at the start.
pub type Read = Box<dyn Fn() -> Result<Loaded, Mistakes> + Send + Sync>;
/// Puts another log filter in force.
pub type FilterLog = Box<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// How a process reads its configuration again, and changes what is not the service's own.
pub struct Source {
    /// For file and environment.
    pub read: Read,
    /// For the log.
    pub filter_log: FilterLog,
}

/// What was in force last.
struct InForce {
    explained: Vec<Explained>,
    file: Option<PathBuf>,
    config: Config,
}

/// Reloads on SIGHUP and when a file has changed, until `stop`.
pub async fn run(app: Arc<App>, loaded: Loaded, source: Source, stop: CancellationToken) {
    let mut hangups = match signal(SignalKind::hangup()) {
        Ok(hangups) => hangups,
        Err(error) => return warn!("SIGHUP cannot be watched, configuration stays as it is: {error}"),
    };
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut in_force = InForce { explained: loaded.explained, file: loaded.file, config: loaded.config };
    let mut applied = look(&in_force);
    let mut before = applied.clone();
    loop {
        let asked = tokio::select! {
            _ = looks.tick() => false,
            hangup = hangups.recv() => hangup.is_some(),
            () = stop.cancelled() => return,
        };
        let now = look(&in_force);
        let settled = now == before && now != applied;
        before = now.clone();
        if asked || settled {
            applied = now;
            let outcome = reload(&app, &mut in_force, &source).await;
            app.metrics.reloaded(outcome.is_ok());
            if let Err(why) = outcome {
                error!(event = "reload_refused", "the new configuration is refused, the old one stays in force: {why}");
            }
        }
    }
}

/// Everything is read and checked before anything is changed.
async fn reload(app: &App, in_force: &mut InForce, source: &Source) -> Result<(), String> {
    let loaded = (source.read)().map_err(|mistakes| mistakes.to_string())?;
    let lists = Kind::ALL.map(|kind| List::imported(kind, &loaded.config.lists_dir()));
    if let Some(error) = lists.iter().find_map(|list| list.as_ref().err()) {
        return Err(error.to_string());
    }
    let model = crate::app::load_model(&loaded.config)?;
    let limits = crate::app::limits(&loaded.config).await.map_err(|error| format!("{error:#}"))?;

    (source.filter_log)(&loaded.config.log.filter)?;
    for error in crate::lists::use_directory(&loaded.config.lists_dir()) {
        // It was sound a moment ago.
        warn!("a list cannot be used, the one before stays: {error}");
    }
    let version = model.version.clone();
    app.pipeline.use_model(model);
    if loaded.config.limits != in_force.config.limits {
        app.pipeline.use_limits(limits);
    }
    for (new, old) in loaded.explained.iter().zip(&in_force.explained) {
        if new.value != old.value && !RELOADED.contains(&new.key) {
            warn!("{} has changed, which a restart puts in force", new.key);
        }
    }
    info!(event = "reloaded", "the configuration is in force, with the model {version}");
    *in_force = InForce { explained: loaded.explained, file: loaded.file, config: loaded.config };
    Ok(())
}

/// A file with what tells that it has changed.
type Look = (PathBuf, Option<(SystemTime, u64)>);

/// The files that a reload reads, as they are.
fn look(in_force: &InForce) -> Vec<Look> {
    let config = &in_force.config;
    let named = Path::new(crate::config::DEFAULT_FILE);
    let file = in_force.file.as_deref().unwrap_or(named).to_owned();
    let lists = Kind::ALL.map(|kind| crate::lists::path(kind, &config.lists_dir()));
    let models = config.models.iter().filter_map(|dir| std::fs::read_dir(dir).ok()).flatten();
    let models = models.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = [file].into_iter().chain(lists).chain(models).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), state(&path))).collect()
}

fn state(path: &Path) -> Option<(SystemTime, u64)> {
    let file = std::fs::metadata(path).ok()?;
    Some((file.modified().ok()?, file.len()))
}
