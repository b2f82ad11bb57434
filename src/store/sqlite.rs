//! What is SQLite's own: a file, one process that writes it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use tracing::info;

use super::Result;
use crate::private_file;

/// Pages in the write-ahead log before SQLite moves them into the file by itself: 64 MiB. Random index pages are then
/// written once for many commits.
const CHECKPOINT_PAGES: u32 = 16_000;
/// Page cache of the connection that writes, in KiB.
const CACHE_KIB: i32 = 16 * 1024;
/// Connections that only read.
const READERS: u32 = 4;
/// Their page cache, in KiB. Every commit empties it, and the pages stay in that of the operating system.
const READER_CACHE_KIB: i32 = 2 * 1024;
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
    private_file::create_as_data_if_missing(path).map_err(sqlx::Error::Io)?;
    let options = options(path);
    let mut first = options.connect().await?;
    keep_copy_before_migration(&mut first, path).await?;
    migrations().run(&mut first).await?;
    let readers = SqlitePoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false)
        .connect_with(options.clone().pragma("query_only", "on").pragma("cache_size", format!("-{READER_CACHE_KIB}")))
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

/// Migrations that the file lacks, by number. All of them where there is no schema yet.
pub(super) async fn pending(path: &Path) -> Result<Vec<i64>> {
    let mut conn = options(path).create_if_missing(false).connect().await?;
    let pending = missing(&mut conn).await;
    conn.close().await?;
    pending
}

async fn missing(conn: &mut SqliteConnection) -> Result<Vec<i64>> {
    let applied: Vec<i64> = if has_migrations(conn).await? {
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(conn).await?
    } else {
        Vec::new()
    };
    Ok(migrations().iter().map(|migration| migration.version).filter(|version| !applied.contains(version)).collect())
}

async fn has_migrations(conn: &mut SqliteConnection) -> Result<bool> {
    let table = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'";
    Ok(sqlx::query_scalar::<_, i64>(table).fetch_one(conn).await? > 0)
}

/// Before a schema is changed, the file is copied beside itself, under a name with the newest migration's number.
async fn keep_copy_before_migration(conn: &mut SqliteConnection, path: &Path) -> Result<()> {
    let missing = missing(conn).await?;
    let Some(newest) = missing.last().filter(|_| missing.len() < migrations().iter().count()) else { return Ok(()) };
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".before-{newest:04}{end}"));
        PathBuf::from(name)
    };
    let copy = beside("");
    if copy.exists() {
        return Ok(());
    }
    let part = beside(".part");
    // Left by a process that was killed while it wrote.
    let _ = std::fs::remove_file(&part);
    copy_into(conn, &part).await?;
    std::fs::rename(&part, &copy).map_err(sqlx::Error::Io)?;
    info!("the schema is brought up to date; a copy of the database as it was is {}", copy.display());
    Ok(())
}

/// Copies the database at `path` to a new file while other processes use it; its schema stays as it is.
pub(super) async fn backup(path: &Path, target: &Path) -> Result<()> {
    let mut conn = options(path).create_if_missing(false).connect().await?;
    let outcome = copy_into(&mut conn, target).await;
    conn.close().await?;
    outcome
}

async fn copy_into(conn: &mut SqliteConnection, target: &Path) -> Result<()> {
    private_file::create(target).map_err(sqlx::Error::Io)?;
    sqlx::query("VACUUM INTO $1").bind(target.to_string_lossy().into_owned()).execute(conn).await?;
    std::fs::File::open(target).and_then(|file| file.sync_all()).map_err(sqlx::Error::Io)?;
    Ok(())
}

/// Reads a whole file that nobody writes and checks its structure: the faults found. Nothing is written beside it.
pub(super) async fn faults_of_copy(path: &Path) -> Result<Vec<String>> {
    let mut conn = SqliteConnectOptions::new().filename(path).read_only(true).immutable(true).connect().await?;
    let mut faults = integrity(&mut conn).await?;
    if !has_migrations(&mut conn).await? {
        faults.push("it has no schema of this service".to_owned());
    }
    conn.close().await?;
    Ok(faults)
}

async fn integrity(conn: &mut SqliteConnection) -> Result<Vec<String>> {
    let rows: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(conn).await?;
    Ok(rows.into_iter().filter(|row| row != "ok").collect())
}

/// The same for the file that is in use.
pub(super) async fn faults(readers: &SqlitePool) -> Result<Vec<String>> {
    integrity(&mut *readers.acquire().await?).await
}
