//! All SQL. What must happen together is one method and one transaction; every write goes through one [`Writer`].

mod comments;
mod directory;
mod history;
mod record;
mod resolve;
mod users;
mod writer;

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

pub use comments::{CommentFilter, Cursor, Page, QueueCounts, StoredComment};
pub use directory::{ApiKey, Directory, Scope, Scopes, Site, SiteEntry};
pub use history::{Actor, Event, EventKind};
pub use record::{Idempotency, IdempotentAnswer, Recording};
pub use resolve::{Outcome, Resolution, Resolved};
pub use users::{Role, Session, User};
pub use writer::Writer;

/// The migrations of `migrations/sqlite`.
fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!("migrations/sqlite");
    // A newer version of the program may have added tables; migrations only add, so this version still works.
    migrations.set_ignore_missing(true);
    migrations
}

/// Pages in the write-ahead log before SQLite moves them into the file by itself: 64 MiB. Random index pages are then
/// written once for many commits.
const CHECKPOINT_PAGES: u32 = 16_000;
/// Page cache of a connection, in KiB.
const CACHE_KIB: i32 = 16 * 1024;
/// Connections that only read.
const READERS: u32 = 4;
/// Bytes of a write probe: on a disk that is nearly full, a smaller write would succeed where a comment does not.
const PROBE_BYTES: i64 = 32 * 1024;
/// How long a connection waits for another process that holds the database.
const BUSY: Duration = Duration::from_secs(5);

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// More writes wait than the queue holds.
    #[error("too many writes are waiting")]
    Overloaded,
    /// Something else took the place: a unique value exists already.
    #[error("it exists already")]
    Exists,
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the schema could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl StoreError {
    fn from_write(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(e) if e.is_unique_violation() => Self::Exists,
            _ => Self::Database(error),
        }
    }
}

/// Result of a call to the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The database.
#[derive(Clone, Debug)]
pub struct Store {
    /// Connections that cannot write.
    readers: SqlitePool,
    writer: Writer,
}

impl Store {
    /// Opens the SQLite database at `path`, makes it if it is missing, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// When the file cannot be opened, or a migration fails or was changed after it was applied.
    pub async fn open(path: &Path) -> Result<Self> {
        let options = options(path);
        let mut first = options.connect().await?;
        migrations().run(&mut first).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .test_before_acquire(false)
            .connect_with(options.clone().pragma("query_only", "on"))
            .await?;
        Ok(Self { readers, writer: Writer::start(options, first) })
    }

    /// Everything that writes.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// Writes for real, and so tells whether the store can.
    ///
    /// # Errors
    ///
    /// When the write fails.
    pub async fn probe(&self, now: Timestamp) -> Result<()> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    sqlx::query("UPDATE write_probe SET written_at = $1, payload = zeroblob($2) WHERE id = 1")
                        .bind(now.as_microsecond())
                        .bind(PROBE_BYTES)
                        .execute(conn)
                        .await?;
                    Ok(())
                })
            })
            .await
    }

    /// Copies the whole database to a new file at `path` while the service goes on.
    ///
    /// # Errors
    ///
    /// When the file exists already or cannot be written.
    pub async fn backup(&self, path: &Path) -> Result<()> {
        let target = path.to_string_lossy().into_owned();
        let mut conn = self.readers.acquire().await?;
        sqlx::query("PRAGMA query_only = off").execute(&mut *conn).await?;
        // A connection that may write must not go back among the readers.
        conn.close_on_drop();
        sqlx::query("VACUUM INTO $1").bind(target).execute(&mut *conn).await?;
        Ok(())
    }

    /// Reads the whole file and checks its structure: the faults found, none for a sound one.
    ///
    /// # Errors
    ///
    /// When the check itself cannot run.
    pub async fn faults(&self) -> Result<Vec<String>> {
        let rows: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&self.readers).await?;
        Ok(rows.into_iter().filter(|row| row != "ok").collect())
    }

    /// Finishes what is queued and closes all connections.
    pub async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("cache_size", format!("-{CACHE_KIB}"))
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
        .pragma("journal_size_limit", (64 * 1024 * 1024).to_string())
        .pragma("secure_delete", "on")
        .disable_statement_logging()
}

/// A time as it is stored: microseconds since the Unix epoch.
fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// A stored time. What lies outside the calendar becomes its end.
fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}
