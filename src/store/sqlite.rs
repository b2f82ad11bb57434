//! What is SQLite's own: a file, one process that writes it.

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};

use super::Result;

/// Pages in the write-ahead log before SQLite moves them into the file by itself: 64 MiB. Random index pages are then
/// written once for many commits.
const CHECKPOINT_PAGES: u32 = 16_000;
/// Page cache of a connection, in KiB.
const CACHE_KIB: i32 = 16 * 1024;
/// Connections that only read.
const READERS: u32 = 4;
/// How long a connection waits for another process that holds the database.
const BUSY: Duration = Duration::from_secs(5);

/// The migrations of `migrations/sqlite`.
fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!("migrations/sqlite");
    // A newer version of the program may have added tables; migrations only add, so this version still works.
    migrations.set_ignore_missing(true);
    migrations
}

/// Opens the file, makes it if it is missing, and brings its schema up to date.
pub(super) async fn open(path: &Path) -> Result<(SqliteConnectOptions, SqliteConnection, SqlitePool)> {
    let options = options(path);
    let mut first = options.connect().await?;
    migrations().run(&mut first).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false)
        .connect_with(options.clone().pragma("query_only", "on"))
        .await?;
    Ok((options, first, readers))
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

/// Copies the whole database to a new file at `path` while the service goes on.
pub(super) async fn backup(readers: &SqlitePool, path: &Path) -> Result<()> {
    let target = path.to_string_lossy().into_owned();
    let mut conn = readers.acquire().await?;
    sqlx::query("PRAGMA query_only = off").execute(&mut *conn).await?;
    // A connection that may write must not go back among the readers.
    conn.close_on_drop();
    sqlx::query("VACUUM INTO $1").bind(target).execute(&mut *conn).await?;
    Ok(())
}

/// Reads the whole file and checks its structure: the faults found.
pub(super) async fn faults(readers: &SqlitePool) -> Result<Vec<String>> {
    let rows: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(readers).await?;
    Ok(rows.into_iter().filter(|row| row != "ok").collect())
}
