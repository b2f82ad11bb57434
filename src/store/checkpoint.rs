//! SQLite's write-ahead log is moved into the file beside the commits.
//!
//! By itself SQLite does it in the commit with which the log is full: all who wait for that one would wait for 64 MiB. So a
//! connection of its own moves what was committed since the last time, which stops nobody (`PASSIVE`), and leaves little
//! for that commit to do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// How often.
const EVERY: Duration = Duration::from_millis(250);

/// What is shared with whoever writes.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    /// Transactions committed so far.
    pub(super) commits: Arc<AtomicU64>,
    /// Held by whoever moves the log: SQLite refuses a second one.
    pub(super) turn: Arc<Mutex<()>>,
}

/// The task that moves the log.
#[derive(Clone, Debug)]
pub(super) struct Checkpointer {
    end: CancellationToken,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Checkpointer {
    pub(super) fn start(options: SqliteConnectOptions, log: Log) -> Self {
        let end = CancellationToken::new();
        let task = tokio::spawn(run(options, log, end.clone()));
        Self { end, task: Arc::new(Mutex::new(Some(task))) }
    }

    /// Ends the task and closes its connection.
    pub(super) async fn close(&self) {
        self.end.cancel();
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            warn!("moving the write-ahead log ended badly: {error}");
        }
    }
}

async fn run(options: SqliteConnectOptions, log: Log, end: CancellationToken) {
    let (mut conn, mut moved) = (None, 0);
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = end.cancelled() => break,
        }
        let commits = log.commits.load(Ordering::Relaxed);
        if commits == moved {
            continue;
        }
        let _turn = log.turn.lock().await;
        match checkpoint(&options, &mut conn).await {
            Ok(()) => moved = commits,
            Err(error) => {
                warn!("the write-ahead log cannot be moved now, it is tried again: {error:?}");
                conn = None;
            }
        }
    }
    if let Some(conn) = conn
        && let Err(error) = conn.close().await
    {
        warn!("closing the connection that moves the write-ahead log: {error}");
    }
}

async fn checkpoint(options: &SqliteConnectOptions, conn: &mut Option<SqliteConnection>) -> sqlx::Result<()> {
    let conn = match conn {
        Some(conn) => conn,
        None => conn.insert(options.connect().await?),
    };
    sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(conn).await.map(drop)
}
