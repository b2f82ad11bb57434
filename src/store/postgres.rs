//! What is PostgreSQL's own: many replicas on one server, and tables in partitions.

use std::str::FromStr;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};

use super::Result;

/// Connections of a replica that only read; one more writes.
const READERS: u32 = 8;
/// How long a read waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);
/// A connection that was not used for so long is asked whether it is alive before it is used again.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// The migrations of `migrations/postgres`, run under an advisory lock of sqlx.
fn migrations() -> Migrator {
    let mut migrations = sqlx::migrate!("migrations/postgres");
    // A newer replica may have added tables; migrations only add, so this version still works.
    migrations.set_ignore_missing(true);
    migrations
}

/// Connects, and brings the schema up to date.
pub(super) async fn open(url: &str) -> Result<(PgConnectOptions, PgConnection, PgPool)> {
    let options = PgConnectOptions::from_str(url)?.application_name("moderato").disable_statement_logging();
    let mut first = options.connect().await?;
    migrations().run(&mut first).await?;
    make_durable(&mut first).await?;
    Ok((options.clone(), first, readers(options)))
}

/// A pool whose connections are made when they are needed.
fn readers(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
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

/// A commit is on disk when it is acknowledged, whatever the server's default is; stricter settings stay.
pub(super) async fn make_durable(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query(
        "SELECT set_config('synchronous_commit', 'on', false)
         WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')",
    )
    .execute(conn)
    .await?;
    Ok(())
}
