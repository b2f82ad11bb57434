//! Whether PostgreSQL answers, and the connections to it.
//!
//! A server that hangs is worse than one that is gone: a request would wait for a time limit that has to be longer
//! than the slowest query. So one connection asks four times a second whether anybody answers. When nobody does, all that
//! waits is told at once and all that comes is refused at once, until somebody answers again; then all connections are
//! made anew, because the old ones may never wake up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::{info, warn};

/// How often it is asked.
const EVERY: Duration = Duration::from_millis(250);
/// How long an answer may take, if nothing else is answered meanwhile.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long making a connection may take.
const CONNECTING: Duration = Duration::from_secs(3);
/// How long old connections may take to close.
const CLOSING: Duration = Duration::from_secs(5);

/// Makes a pool of connections that only read.
type MakePool = fn(PgConnectOptions) -> PgPool;

/// The connections to a PostgreSQL server.
#[derive(Debug)]
pub(super) struct Link {
    options: PgConnectOptions,
    make_pool: MakePool,
    pool: ArcSwap<PgPool>,
    answers: watch::Sender<bool>,
    started: Instant,
    /// When something was answered last, in microseconds since `started`.
    answered: AtomicU64,
}

/// What everybody is told while nobody answers.
fn away() -> sqlx::Error {
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "PostgreSQL does not answer"))
}

impl Link {
    pub(super) fn new(options: PgConnectOptions, make_pool: MakePool) -> Self {
        let pool = make_pool(options.clone());
        Self {
            options,
            make_pool,
            pool: ArcSwap::from_pointee(pool),
            answers: watch::Sender::new(true),
            started: Instant::now(),
            answered: AtomicU64::new(0),
        }
    }

    /// How a connection is made.
    pub(super) fn options(&self) -> PgConnectOptions {
        self.options.clone()
    }

    /// The connections that read.
    pub(super) fn pool(&self) -> Arc<PgPool> {
        self.pool.load_full()
    }

    /// Does `work`, as long as the server answers.
    pub(super) async fn guard<T>(&self, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        let mut answers = self.answers.subscribe();
        if !*answers.borrow() {
            return Err(away());
        }
        let outcome = tokio::select! {
            outcome = work => outcome,
            _ = answers.wait_for(|answers| !answers) => Err(away()),
        };
        if outcome.is_ok() {
            self.note_answer();
        }
        outcome
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> sqlx::Result<PgConnection> {
        self.guard(async { timeout(CONNECTING, self.options.connect()).await.unwrap_or_else(|_| Err(away())) }).await
    }

    fn note_answer(&self) {
        let now = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.answered.fetch_max(now, Ordering::Relaxed);
    }

    fn answered_since(&self, time: Instant) -> bool {
        let time = time.duration_since(self.started).as_micros();
        u128::from(self.answered.load(Ordering::Relaxed)) >= time
    }

    /// Asks until the task is ended.
    pub(super) fn watch(self: Arc<Self>) -> JoinHandle<()> {
        tokio::spawn(async move {
            let mut conn = None;
            loop {
                tokio::time::sleep(EVERY).await;
                let asked = Instant::now();
                match timeout(PATIENCE, self.ask(&mut conn)).await {
                    Ok(Ok(())) => self.answers_again(),
                    Ok(Err(error)) => {
                        conn = None;
                        self.lost(&error.to_string());
                    }
                    Err(_) if self.answered_since(asked) => conn = None,
                    Err(_) => {
                        conn = None;
                        self.lost("no answer in time");
                    }
                }
            }
        })
    }

    async fn ask(&self, conn: &mut Option<PgConnection>) -> sqlx::Result<()> {
        // Whoever ended this one connection need not have ended the server.
        if let Some(old) = conn
            && old.ping().await.is_ok()
        {
            return Ok(());
        }
        let mut new = self.options.connect().await?;
        new.ping().await?;
        *conn = Some(new);
        Ok(())
    }

    fn lost(&self, why: &str) {
        if self.answers.send_replace(false) {
            warn!("PostgreSQL does not answer, requests are refused until it does: {why}");
        }
    }

    fn answers_again(&self) {
        self.note_answer();
        if !*self.answers.borrow() {
            let old = self.pool.swap(Arc::new((self.make_pool)(self.options.clone())));
            tokio::spawn(async move { timeout(CLOSING, old.close()).await });
            self.answers.send_replace(true);
            info!("PostgreSQL answers again");
        }
    }
}

/// Whether an error says that the connection is gone, and nothing about the statement.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => true,
        // Class 57P: shut down by an administrator, by a crash, or not yet up.
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08"))
        }
        _ => false,
    }
}

/// Whether the server took a transaction back because of another one, so that it may be tried again.
pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("40001" | "40P01"))
}
