//! What is PostgreSQL's own: many replicas on one server, and tables in partitions.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};

use super::Result;
use super::link::Link;

/// Connections of a replica that only read; one more writes.
const READERS: u32 = 8;
/// How long a read waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);
/// A connection that was not used for so long is asked whether it is alive before it is used again.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// No read of a page takes so long; one that does is ended, so that it cannot keep the server busy.
const READER_SETTINGS: &str = "SET default_transaction_read_only = on; SET statement_timeout = '10s'";
/// A table that somebody else holds, or a replica that froze in the middle of a transaction, stops nobody for ever.
const WRITER_SETTINGS: &str = "SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '5s';
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";

/// The migrations of `migrations/postgres`, run under an advisory lock of sqlx.
fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!("migrations/postgres");
    // A newer replica may have added tables; migrations only add, so this version still works.
    migrations.set_ignore_missing(true);
    migrations
}

/// Connects, and brings the schema up to date.
pub(super) async fn open(url: &str) -> Result<(Arc<Link>, PgConnection)> {
    let options = PgConnectOptions::from_str(url)?.application_name("moderato").disable_statement_logging();
    let mut first = options.connect().await?;
    migrations().run(&mut first).await?;
    prepare_writer(&mut first).await?;
    Ok((Arc::new(Link::new(options, readers)), first))
}

/// A pool whose connections are made when they are needed.
fn readers(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .after_connect(|conn, _| Box::pin(async move { sqlx::raw_sql(READER_SETTINGS).execute(conn).await.map(drop) }))
        .before_acquire(|conn, meta| {
            Box::pin(async move {
                if meta.idle_for > TRUSTED_IDLE {
                    sqlx::Connection::ping(conn).await?;
                }
                Ok(true)
            })
        })
        .connect_lazy_with(options)
}

/// The settings of a connection that writes. A commit is on disk when it is acknowledged, whatever the server's default is; stricter settings stay.
pub(super) async fn prepare_writer(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query(
        "SELECT set_config('synchronous_commit', 'on', false)
         WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')",
    )
    .execute(&mut *conn)
    .await?;
    sqlx::raw_sql(WRITER_SETTINGS).execute(conn).await?;
    Ok(())
}

/// Migrations that the database lacks, by number.
pub(super) async fn pending(url: &str) -> Result<Vec<i64>> {
    let mut conn = PgConnectOptions::from_str(url)?.application_name("moderato").connect().await?;
    let known = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let applied: Vec<i64> = if sqlx::query_scalar(known).fetch_one(&mut conn).await? {
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success").fetch_all(&mut conn).await?
    } else {
        Vec::new()
    };
    sqlx::Connection::close(conn).await?;
    Ok(migrations().iter().map(|migration| migration.version).filter(|version| !applied.contains(version)).collect())
}
