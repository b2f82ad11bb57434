//! Databases for tests: SQLite files, and PostgreSQL servers that are started when they are needed.

#![allow(dead_code, reason = "not every test program needs all of it")]

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use sqlx::ConnectOptions;
use tempfile::TempDir;

fn script(args: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres");
    let output = Command::new(script).args(args).output().expect("the script starts");
    assert!(output.status.success(), "tests/postgres {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// Where the server lives that all tests of this checkout share, for as long as one of their processes does.
fn shared_dir() -> &'static Path {
    static SHARED: OnceLock<(PathBuf, File)> = OnceLock::new();
    let (dir, _) = SHARED.get_or_init(|| {
        let mut hasher = DefaultHasher::new();
        env!("CARGO_MANIFEST_DIR").hash(&mut hasher);
        let dir = std::env::temp_dir().join(format!("moderato-postgres-{:016x}", hasher.finish()));
        std::fs::create_dir_all(&dir).expect("a directory");
        let users = File::create(dir.join("users")).expect("a lock file");
        users.lock_shared().expect("a lock");
        (dir, users)
    });
    dir
}

/// A database that is removed at the end.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(TempDir),
    Postgres { name: String, url: String },
}

impl Database {
    /// A new SQLite file.
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("a temporary directory"))
    }

    /// A new database on the shared PostgreSQL server.
    pub(crate) fn postgres() -> Self {
        let name = format!("test_{:016x}", rand::random::<u64>());
        let url = script(&["shared", shared_dir().to_str().expect("UTF-8"), &name]);
        Self::Postgres { name, url }
    }

    /// As `database_url` has it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(dir) => format!("sqlite:{}", dir.path().join("moderato.db").display()),
            Self::Postgres { url, .. } => url.clone(),
        }
    }

    /// As the store has it.
    pub(crate) fn location(&self) -> moderato::store::Database {
        location(&self.url())
    }
}

/// What a `database_url` means to the store.
pub(crate) fn location(url: &str) -> moderato::store::Database {
    match url.strip_prefix("sqlite:") {
        Some(path) => moderato::store::Database::Sqlite(PathBuf::from(path)),
        None => moderato::store::Database::Postgres(url.to_owned()),
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Self::Postgres { name, .. } = self {
            script(&["drop", shared_dir().to_str().expect("UTF-8"), name]);
        }
    }
}

/// A PostgreSQL server of one's own, which writes everything through to the disk.
#[derive(Debug)]
pub(crate) struct Server {
    dir: TempDir,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start_new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let url = script(&["own", dir.path().to_str().expect("UTF-8")]);
        Self { dir, url }
    }

    /// `start`, `stop`, `crash`, `freeze` or `thaw`.
    pub(crate) fn tell(&self, what: &str) {
        script(&[what, self.dir.path().to_str().expect("UTF-8")]);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/postgres");
        for what in ["thaw", "stop"] {
            let _ = Command::new(&script).arg(what).arg(self.dir.path()).output();
        }
    }
}

/// The single number that a query gives, asked past the service.
pub(crate) async fn number(url: &str, sql: &str) -> i64 {
    let sql = sqlx::AssertSqlSafe(sql.to_owned());
    match location(url) {
        moderato::store::Database::Sqlite(path) => {
            let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.expect("it opens");
            sqlx::query_scalar(sql).fetch_one(&mut conn).await.expect("a number")
        }
        moderato::store::Database::Postgres(url) => {
            let options: sqlx::postgres::PgConnectOptions = url.parse().expect("an address");
            let mut conn = options.connect().await.expect("it answers");
            sqlx::query_scalar(sql).fetch_one(&mut conn).await.expect("a number")
        }
    }
}

/// Runs statements, past the service.
pub(crate) async fn execute(url: &str, sql: &str) {
    match location(url) {
        moderato::store::Database::Sqlite(path) => {
            let mut conn = sqlx::sqlite::SqliteConnectOptions::new().filename(path).connect().await.expect("it opens");
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.expect("done");
        }
        moderato::store::Database::Postgres(url) => {
            let options: sqlx::postgres::PgConnectOptions = url.parse().expect("an address");
            let mut conn = options.connect().await.expect("it answers");
            while let Err(error) = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned())).execute(&mut conn).await {
                // What runs past the service may stand in its way; then PostgreSQL ends one of both.
                let code = error.as_database_error().and_then(|error| error.code());
                assert_eq!(code.as_deref(), Some("40P01"), "{error}");
            }
        }
    }
}
