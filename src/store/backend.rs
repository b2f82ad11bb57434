//! Which database it is, and the macros by which each query stands once for both.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool};
use sqlx::{ConnectOptions, Connection};

use super::link::Link;

/// Reads: `with_pool!(self, |pool| sqlx::query_as("…").bind(x).fetch_all(pool).await)?`.
///
/// The body is compiled for each database and gives an [`sqlx::Result`].
macro_rules! with_pool {
    ($store:expr, |$pool:ident| $body:expr) => {
        match $store.readers() {
            $crate::store::backend::Readers::Sqlite($pool) => async { $body }.await,
            $crate::store::backend::Readers::Postgres(link) => {
                let pool = link.pool();
                let $pool = &*pool;
                link.guard(async { $body }).await
            }
        }
    };
}

/// Reads in a transaction: `with_conn!(conn, |c| sqlx::query_as("…").bind(x).fetch_one(c).await)?`.
macro_rules! with_conn {
    ($conn:expr, |$c:ident| $body:expr) => {
        match *$conn {
            $crate::store::Conn::Sqlite(ref mut $c) => $body,
            $crate::store::Conn::Postgres(ref mut $c) => $body,
        }
    };
}

/// Writes in a transaction: `let rows = execute!(conn, sqlx::query("…").bind(x))?;`, the number of rows it touched.
macro_rules! execute {
    ($conn:expr, $query:expr) => {
        match *$conn {
            $crate::store::Conn::Sqlite(ref mut c) => $query.execute(c).await.map(|done| done.rows_affected()),
            $crate::store::Conn::Postgres(ref mut c) => $query.execute(c).await.map(|done| done.rows_affected()),
        }
    };
}

/// Where the data is.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, as `postgres://user:password@host/name`.
    Postgres(String),
}

impl Database {
    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            Self::Postgres(_) => None,
        }
    }
}

impl fmt::Display for Database {
    /// For people, so without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(url) => match url::Url::parse(url) {
                Ok(url) => write!(f, "{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path()),
                Err(_) => f.write_str("PostgreSQL"),
            },
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What the databases say differently: texts only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// A comment's reasons as a table with the column `value`.
    pub(super) fn each_reason(self) -> &'static str {
        match self {
            Self::Sqlite => "json_each(reasons)",
            Self::Postgres => "jsonb_array_elements(CAST(reasons AS JSONB)) AS each_reason (value)",
        }
    }
}

/// Connections that only read.
#[derive(Clone, Debug)]
pub(super) enum Readers {
    Sqlite(SqlitePool),
    Postgres(Arc<Link>),
}

impl Readers {
    pub(super) fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// A connection that reads and belongs to nobody else.
    pub(super) async fn own_connection(&self) -> sqlx::Result<Conn> {
        match self {
            Self::Sqlite(pool) => Ok(Conn::Sqlite(pool.acquire().await?.detach())),
            Self::Postgres(link) => {
                let pool = link.pool();
                Ok(Conn::Postgres(link.guard(pool.acquire()).await?.detach()))
            }
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(link) => link.pool().close().await,
        }
    }
}

/// The writer's connection; inside [`super::Writer::transact`], in a transaction.
#[derive(Debug)]
pub enum Conn {
    /// To SQLite.
    Sqlite(SqliteConnection),
    /// To PostgreSQL.
    Postgres(PgConnection),
}

impl Conn {
    /// The dialect it understands.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// On SQLite a transaction takes the right to write at once: one that reads first might be refused it later.
    pub(super) async fn begin(&mut self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(c) => sqlx::query("BEGIN IMMEDIATE").execute(c).await.map(drop),
            Self::Postgres(c) => sqlx::query("BEGIN").execute(c).await.map(drop),
        }
    }

    pub(super) async fn commit(&mut self) -> sqlx::Result<()> {
        execute!(self, sqlx::query("COMMIT")).map(drop)
    }

    /// Whether it can be used on after `error`. sqlx loses count of SQLite's transactions when one fails to commit, so
    /// that connection never can; PostgreSQL's can, when the server itself said what was wrong.
    pub(super) async fn survives(&mut self, error: &sqlx::Error) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(c) => {
                let said = matches!(error, sqlx::Error::Database(_)) && !super::link::is_lost(error);
                said && sqlx::query("ROLLBACK").execute(c).await.is_ok()
            }
        }
    }

    pub(super) async fn close(self) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(c) => c.close().await,
            Self::Postgres(c) => c.close().await,
        }
    }
}

/// How the writer gets a connection.
#[derive(Clone, Debug)]
pub(super) enum Connector {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Arc<Link>),
}

impl Connector {
    pub(super) async fn connect(&self) -> sqlx::Result<Conn> {
        match self {
            Self::Sqlite(options) => Ok(Conn::Sqlite(options.connect().await?)),
            Self::Postgres(link) => {
                let mut c = link.connect().await?;
                link.guard(super::postgres::prepare_writer(&mut c)).await?;
                Ok(Conn::Postgres(c))
            }
        }
    }

    /// Does `work`, as long as the database answers; a file always does.
    pub(super) async fn guard<T>(&self, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        match self {
            Self::Sqlite(_) => work.await,
            Self::Postgres(link) => link.guard(work).await,
        }
    }
}
