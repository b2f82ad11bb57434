//! What all requests share.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use arc_swap::ArcSwap;
use jiff::Timestamp;
use tracing::warn;

use crate::classifier::Model;
use crate::config::Config;
use crate::events::EventSource;
use crate::id::{ActionId, CommentId, SiteId};
use crate::limits::{Limits, SharedLimits};
use crate::lists;
use crate::metrics::Metrics;
use crate::pipeline::Pipeline;
use crate::store::{Actor, Appealed, Dialect, Directory, Resolution, Resolved, Store, StoreError};
use crate::verdict::Status;
use crate::visitor::Receipts;
use crate::webhooks::Courier;

/// How long the outcome of a write probe counts.
const PROBE_AGE: Duration = Duration::from_secs(1);

/// The running service.
#[derive(Debug)]
pub struct App {
    /// Its settings.
    pub config: Config,
    /// Its database.
    pub store: Store,
    /// The way of a comment.
    pub pipeline: Pipeline,
    /// Makes and reads the links that commenters get.
    pub receipts: Receipts,
    /// Who carries webhooks.
    pub courier: Courier,
    /// Its metrics.
    pub metrics: Arc<Metrics>,
    /// What happens to comments, as it happens.
    pub events: EventSource,
    directory: ArcSwap<Directory>,
    /// The directory is read by one at a time: what was read earlier must not take the place of what was read later.
    directory_turn: tokio::sync::Mutex<()>,
    draining: AtomicBool,
    probe: tokio::sync::Mutex<Option<(Instant, bool)>>,
    in_flight: Mutex<HashSet<(SiteId, String)>>,
}

/// Keeps others from doing the same thing at the same time, until it is dropped.
#[derive(Debug)]
pub struct Claim<'a> {
    app: &'a App,
    what: (SiteId, String),
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.app.in_flight.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.what);
    }
}

impl App {
    /// Opens the store, loads the model and begins.
    ///
    /// # Errors
    ///
    /// When the data directory or database cannot be used. A model that cannot be used is no error: comments are held then.
    pub async fn start(config: Config) -> anyhow::Result<Arc<Self>> {
        // Before anything else: memory that was used before would have to be emptied for the tables, and so occupied.
        let limits = limits(&config).await?;
        let database = config.database();
        if let Some(dir) = database.file().and_then(std::path::Path::parent) {
            std::fs::create_dir_all(dir).with_context(|| format!("making the directory {}", dir.display()))?;
        }
        let store = Store::connect(&database).await.with_context(|| format!("opening the database {database}"))?;
        let metrics = Arc::new(Metrics::new());
        let committed = metrics.clone();
        store.writer().observe(Arc::new(move |comments, took| committed.committed(comments, took)));

        let model = load_model(&config);
        if let Err(why) = &model {
            warn!("there is no usable model, every comment will be held: {why}");
        }
        for error in lists::use_directory(&config.lists_dir()) {
            warn!("a list cannot be used, the one that comes with the service is: {error}");
        }
        let pipeline = Pipeline::start(store.clone(), limits, model, metrics.clone()).await?;
        let secret = store.server_secret(rand::random::<[u8; 32]>().to_vec()).await?;
        let courier = Courier::new(&config.webhook_networks).context("preparing to send webhooks")?;
        let app = Self {
            config,
            store,
            pipeline,
            receipts: Receipts::new(secret),
            courier,
            metrics,
            events: EventSource::default(),
            directory: ArcSwap::default(),
            directory_turn: tokio::sync::Mutex::new(()),
            draining: AtomicBool::new(false),
            probe: tokio::sync::Mutex::default(),
            in_flight: Mutex::default(),
        };
        app.reload_directory().await?;
        Ok(Arc::new(app))
    }

    /// Sites, keys and policies as of now.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// Reads sites, keys and policies anew.
    ///
    /// # Errors
    ///
    /// When the database fails; the old ones stay in force.
    pub async fn reload_directory(&self) -> Result<(), StoreError> {
        let _turn = self.directory_turn.lock().await;
        self.read_directory().await
    }

    /// Reads sites, keys and policies anew if somebody changed them.
    ///
    /// # Errors
    ///
    /// As [`App::reload_directory`].
    pub async fn refresh_directory(&self) -> Result<(), StoreError> {
        let _turn = self.directory_turn.lock().await;
        if self.store.directory_version().await? != self.directory.load().version {
            self.read_directory().await?;
        }
        Ok(())
    }

    async fn read_directory(&self) -> Result<(), StoreError> {
        let directory = self.store.directory(&self.directory.load()).await?;
        let directory = if self.config.learning { directory } else { directory.untaught() };
        for entry in directory.sites.values() {
            self.metrics.site(&entry.site.name);
        }
        self.directory.store(Arc::new(directory));
        Ok(())
    }

    /// Gives comments of a site a status.
    ///
    /// # Errors
    ///
    /// As [`Store::resolve`].
    pub async fn resolve(
        &self,
        site: SiteId,
        comments: Vec<(CommentId, Option<i64>)>,
        resolution: Resolution,
    ) -> Result<Resolved, StoreError> {
        let resolved = self.store.resolve(site, comments, resolution).await?;
        self.pipeline.decided(resolved.changed());
        Ok(resolved)
    }

    /// Puts a comment that is not published back into the queue, because its author asks for a second look.
    ///
    /// # Errors
    ///
    /// As [`Store::appeal`].
    pub async fn appeal(
        &self,
        site: SiteId,
        comment: CommentId,
        words: Option<String>,
        now: Timestamp,
    ) -> Result<Appealed, StoreError> {
        let outcome = self.store.appeal(site, comment, words, now).await?;
        if outcome == Appealed::Held {
            self.pipeline.decided(std::iter::once((comment, Status::Rejected, Status::Held)));
        }
        Ok(outcome)
    }

    /// Takes an action back; `None` when the site has none of that id.
    ///
    /// # Errors
    ///
    /// As [`Store::undo`].
    pub async fn undo(
        &self,
        site: SiteId,
        action: ActionId,
        actor: Actor,
        now: Timestamp,
    ) -> Result<Option<Resolved>, StoreError> {
        let undone = self.store.undo(site, action, actor, now).await?;
        if let Some(undone) = &undone {
            self.pipeline.decided(undone.changed());
        }
        Ok(undone)
    }

    /// Claims `what` of a site for one request; `None` while another request has it.
    pub fn claim(&self, site: SiteId, what: String) -> Option<Claim<'_>> {
        let what = (site, what);
        let is_first = self.in_flight.lock().unwrap_or_else(PoisonError::into_inner).insert(what.clone());
        // Not `then_some`: the claim that it would make and drop for the second one would end the first one's.
        is_first.then(|| Claim { app: self, what })
    }

    /// Whether the store takes writes, by a real write that is at most a second old.
    pub async fn store_writes(&self, now: Timestamp) -> bool {
        let mut probe = self.probe.lock().await;
        if let Some((at, outcome)) = *probe
            && at.elapsed() < PROBE_AGE
        {
            return outcome;
        }
        let outcome = self.store.probe(now).await.inspect_err(|e| warn!("the store takes no writes: {e:?}")).is_ok();
        *probe = Some((Instant::now(), outcome));
        outcome
    }

    /// Whether this process can serve now: its own file takes writes, and it is not about to end.
    ///
    /// A PostgreSQL that is away is away for all replicas: were all of them not ready, websites would get the balancer's
    /// error in place of our 503 with `Retry-After`.
    pub async fn is_ready(&self, now: Timestamp) -> bool {
        let writes = self.store_writes(now).await || self.store.dialect() == Dialect::Postgres;
        let ready = writes && !self.is_draining();
        self.metrics.ready(ready);
        ready
    }

    /// Stops being ready, because the service is about to end.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether the service is about to end.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// The limits of all replicas together, or this one's share of them.
pub(crate) async fn limits(config: &Config) -> anyhow::Result<Limits> {
    let limits = Limits::new(&config.limits.share_of(config.replicas));
    let Some(url) = &config.shared_limits else { return Ok(limits) };
    let shared = SharedLimits::new(url).map_err(anyhow::Error::msg).context("limits.shared")?;
    shared.connect_now().await;
    Ok(Limits::new(&config.limits).shared_by(shared))
}

/// The model, or a sentence that says why there is none.
pub(crate) fn load_model(config: &Config) -> Result<Model, String> {
    let loaded = match &config.models {
        Some(dir) => Model::load(dir),
        None => Model::embedded(),
    };
    loaded.map_err(|error| error.to_string())
}
