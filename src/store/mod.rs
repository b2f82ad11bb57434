//! All SQL. What must happen together is one method and one transaction; every write goes through one [`Writer`].
//!
//! The store is SQLite or PostgreSQL, by `database_url`. Each query stands once, in SQL that both understand, and a macro
//! compiles it for each. Where they differ, a `match` on the [`Dialect`] picks the text and nothing else.
//!
//! A read:
//!
//! ```ignore
//! pub async fn comment_status(&self, site: SiteId, id: CommentId) -> Result<Option<Status>> {
//!     Ok(with_pool!(self, |pool| {
//!         sqlx::query_scalar("SELECT status FROM comments WHERE site_id = $1 AND id = $2")
//!             .bind(site)
//!             .bind(id)
//!             .fetch_optional(pool)
//!             .await
//!     })?)
//! }
//! ```
//!
//! A transaction; `execute!` gives the number of rows, `with_conn!` reads:
//!
//! ```ignore
//! pub async fn rename_site(&self, site: SiteId, name: String) -> Result<bool> {
//!     self.writer
//!         .transact(move |conn| {
//!             let name = name.clone();
//!             Box::pin(async move {
//!                 let old: Option<String> = with_conn!(conn, |c| {
//!                     sqlx::query_scalar("SELECT name FROM sites WHERE id = $1").bind(site).fetch_optional(c).await
//!                 })?;
//!                 let rows = execute!(conn, sqlx::query("UPDATE sites SET name = $2 WHERE id = $1").bind(site).bind(name))?;
//!                 Ok(old.is_some() && rows == 1)
//!             })
//!         })
//!         .await
//! }
//! ```
//!
//! What both understand: `$1`, `RETURNING`, `ON CONFLICT … DO UPDATE SET n = table.n + excluded.n` (the table named),
//! times and hashes as `BIGINT`, `COALESCE(SUM(score), 0.0)`, `CAST(SUM(n) AS BIGINT)`, an alias for every subquery in
//! `FROM`. What they do not: `json_each`, `FOR UPDATE`, `rowid`, `LIKE` without regard to case. A row type
//! derives [`sqlx::FromRow`], a number of a status is an `i16`, a flag a `bool`. A migration is a pair of files of one
//! name in `migrations/sqlite` and `migrations/postgres`; there every key leads with `site_id`.
//!
//! PostgreSQL may have many replicas: what is read to be changed is locked first (`resolve::lock`), rows in the order
//! of their keys, counters last.

#[macro_use]
mod backend;

mod access;
mod answers;
mod appeals;
mod audit;
mod author;
mod author_facts;
mod batch;
mod callbacks;
mod checkpoint;
mod comments;
mod coral;
mod counts;
#[cfg(test)]
mod desk_tests;
mod directory;
mod dump;
mod erasure;
mod factors;
mod filter;
mod happened;
mod history;
mod imports;
mod indexing;
mod leases;
mod lessons;
mod likeness;
mod link;
mod listen;
mod notes;
mod outbox;
mod partitions;
mod policies;
mod postgres;
mod queue;
mod record;
mod resolve;
mod retention;
mod samples;
mod search;
mod sqlite;
mod standing;
mod stats;
mod tallies;
mod thread;
mod usage;
mod users;
mod views;
mod webhooks;
mod writer;

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tracing::warn;

pub use access::Invitation;
pub use appeals::Appealed;
pub use audit::{AuditEntry, AuditFilter, ServiceEvent, ServiceNote};
pub use author::Author;
pub use backend::{Conn, Database, Dialect};
use backend::{Connector, Readers};
pub use callbacks::NewCallback;
pub use comments::{Cursor, Page, QueueCounts, StoredComment};
pub use directory::{ApiKey, Directory, Scope, Scopes, Site, SiteEntry};
pub use dump::DumpedRow;
pub use erasure::Person;
pub use factors::{SecondFactor, SeenSession};
pub use filter::CommentFilter;
pub use history::{Actor, Event, EventKind};
pub use imports::LabelledComment;
pub use indexing::Indexing;
pub use leases::LEASE;
pub use lessons::NewLabels;
pub use notes::Note;
pub use outbox::{Attempt, Delivery, DeliveryOutcome, LoggedAttempt, OutboxCounts, Settlement};
pub use policies::PolicyVersion;
pub use queue::{CAMPAIGN, Listed, Place, QueueOrder};
pub use record::{Idempotency, IdempotentAnswer, Recording};
pub use resolve::{Outcome, Resolution, Resolved};
pub use retention::{Kept, Retention};
pub use standing::StandingDecision;
pub use stats::{Decisions, ModeratorStats, Override, Point, QueueStats, ReasonStats, Stats, Times};
pub use thread::PublishedComment;
pub use usage::UsageCounts;
pub use users::{Progress, Role, Session, User};
pub use views::SavedView;
pub use webhooks::Webhook;
pub use writer::Writer;

/// Bytes of a write probe: on a disk that is nearly full, a smaller write would succeed where a comment does not.
const PROBE_BYTES: usize = 32 * 1024;

/// What can go wrong with the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// More writes wait than the queue holds.
    #[error("too many writes are waiting")]
    Overloaded,
    /// Something else took the place: a unique value exists already.
    #[error("it exists already")]
    Exists,
    /// A search took too long and was stopped.
    #[error("the search took too long")]
    TooSlow,
    /// The database failed.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// A text has the character U+0000, which PostgreSQL does not store.
    #[error("a text with the character U+0000 cannot be stored")]
    NullCharacter,
    /// Only a SQLite file can do that.
    #[error("only a SQLite file can be moved")]
    OnlySqlite,
    /// The schema could not be brought up to date.
    #[error("the schema could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl StoreError {
    fn from_write(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(e) if e.is_unique_violation() => Self::Exists,
            // `invalid byte sequence`: Rust's texts are UTF-8, so it can only be this one.
            sqlx::Error::Database(e) if e.code().as_deref() == Some("22021") => Self::NullCharacter,
            _ => Self::Database(error),
        }
    }

    /// Whether one row is to blame, and the others of its batch could be stored.
    fn is_about_a_row(&self) -> bool {
        match self {
            Self::Exists | Self::NullCharacter => true,
            // Class 22 of PostgreSQL: data that does not fit; class 23: a constraint.
            Self::Database(sqlx::Error::Database(e)) => {
                e.code().is_some_and(|code| code.starts_with("22") || code.starts_with("23"))
            }
            _ => false,
        }
    }
}

/// Result of a call to the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The database.
#[derive(Clone, Debug)]
pub struct Store {
    readers: Readers,
    writer: Writer,
    authors: author_facts::AuthorReader,
    /// On SQLite.
    checkpointer: Option<checkpoint::Checkpointer>,
    /// Woken when another replica has changed the directory.
    changed: Arc<Notify>,
    /// End with the last clone.
    _watchers: Arc<[Watcher]>,
}

/// A task that ends when this is dropped.
#[derive(Debug)]
struct Watcher(JoinHandle<()>);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Store {
    /// Opens the database, makes it if it is a file that is missing, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// When the database cannot be reached, or a migration fails or was changed after it was applied.
    pub async fn connect(database: &Database) -> Result<Self> {
        let (mut watchers, changed) = (Vec::new(), Arc::new(Notify::new()));
        let (connector, first, readers) = match database {
            Database::Sqlite(path) => {
                let (options, first, readers) = sqlite::open(path).await?;
                (Connector::Sqlite(Box::new(options)), Conn::Sqlite(first), Readers::Sqlite(readers))
            }
            Database::Postgres(url) => {
                let (link, first) = postgres::open(url).await?;
                watchers.push(Watcher(link.clone().watch()));
                watchers.push(Watcher(tokio::spawn(listen::listen(link.options(), changed.clone()))));
                (Connector::Postgres(link.clone()), Conn::Postgres(first), Readers::Postgres(link))
            }
        };
        let authors = author_facts::AuthorReader::start(readers.clone());
        let writer = Writer::start(connector, first);
        let checkpointer = match writer.connector() {
            Connector::Sqlite(options) => Some(checkpoint::Checkpointer::start(options.as_ref().clone(), writer.log())),
            Connector::Postgres(_) => None,
        };
        let store = Self { readers, writer, authors, checkpointer, changed, _watchers: watchers.into() };
        if let Err(error) = store.make_partitions(crate::clock::now()).await {
            warn!("the partitions of the next months are missing, comments go to the default one: {error:?}");
        }
        Ok(store)
    }

    /// The same for the SQLite database at `path`.
    ///
    /// # Errors
    ///
    /// As [`Store::connect`].
    pub async fn open(path: &Path) -> Result<Self> {
        Self::connect(&Database::Sqlite(path.to_owned())).await
    }

    /// Waits until another replica tells that it has changed sites, keys, policies or lessons. On SQLite nobody does.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// What the database speaks.
    pub fn dialect(&self) -> Dialect {
        self.readers.dialect()
    }

    /// For `with_pool!`.
    fn readers(&self) -> &Readers {
        &self.readers
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
                    execute!(
                        conn,
                        sqlx::query("UPDATE write_probe SET written_at = $1, payload = $2 WHERE id = 1")
                            .bind(micros(now))
                            .bind(vec![0u8; PROBE_BYTES])
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// Migrations that a database lacks, by number; nothing is changed.
    ///
    /// # Errors
    ///
    /// When the database cannot be reached or read.
    pub async fn pending_migrations(database: &Database) -> Result<Vec<i64>> {
        match database {
            Database::Sqlite(path) => sqlite::pending(path).await,
            Database::Postgres(url) => postgres::pending(url).await,
        }
    }

    /// Copies the SQLite database at `path` to a new file while services use it; its schema stays as it is.
    ///
    /// # Errors
    ///
    /// When there is no database, or the file exists already or cannot be written.
    pub async fn backup(path: &Path, target: &Path) -> Result<()> {
        sqlite::backup(path, target).await
    }

    /// The faults in the structure of a copy that nobody writes, none for a sound one; nothing is written.
    ///
    /// # Errors
    ///
    /// When the file cannot be read as a database.
    pub async fn faults_of_copy(path: &Path) -> Result<Vec<String>> {
        sqlite::faults_of_copy(path).await
    }

    /// Reads a whole SQLite file and checks its structure: the faults found, none for a sound one. PostgreSQL checks
    /// its pages itself.
    ///
    /// # Errors
    ///
    /// When the check itself cannot run.
    pub async fn faults(&self) -> Result<Vec<String>> {
        match &self.readers {
            Readers::Sqlite(readers) => sqlite::faults(readers).await,
            Readers::Postgres(_) => Ok(Vec::new()),
        }
    }

    /// Finishes what is queued and closes all connections.
    pub async fn close(&self) {
        self.authors.close().await;
        if let Some(checkpointer) = &self.checkpointer {
            checkpointer.close().await;
        }
        self.writer.close().await;
        self.readers.close().await;
    }
}

/// A time as it is stored: microseconds since the Unix epoch.
fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// A stored time. What lies outside the calendar becomes its end.
fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}
