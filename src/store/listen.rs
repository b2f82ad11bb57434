//! Hears at once that another replica changed sites, keys, policies or lessons: PostgreSQL's `LISTEN` and `NOTIFY`.
//!
//! It is a hint and nothing rests on it: whoever serves looks at the directory's version a few times a second anyway, so a
//! lost connection costs a fraction of a second. SQLite has no such thing, and one process.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use tokio::sync::Notify;
use tracing::warn;

use super::Conn;

/// What is listened to.
const CHANNEL: &str = "moderato_directory";
/// How long to wait before a lost connection is made anew.
const AGAIN: Duration = Duration::from_secs(1);

/// Tells all replicas, when the transaction is committed, that the directory has changed.
pub(super) async fn tell(conn: &mut Conn) -> sqlx::Result<()> {
    if let Conn::Postgres(c) = conn {
        sqlx::query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(c).await?;
    }
    Ok(())
}

/// Wakes `changed` whenever somebody tells of a change; never ends.
pub(super) async fn listen(options: PgConnectOptions, changed: Arc<Notify>) {
    let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).connect_lazy_with(options);
    let mut is_away = false;
    loop {
        let heard = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            is_away = false;
            // What was told while nobody listened.
            changed.notify_one();
            while listener.try_recv().await?.is_some() {
                changed.notify_one();
            }
            Ok::<_, sqlx::Error>(())
        };
        if let Err(error) = heard.await
            && !std::mem::replace(&mut is_away, true)
        {
            warn!("changes of other replicas are looked for, and not heard, until PostgreSQL answers: {error}");
        }
        tokio::time::sleep(AGAIN).await;
    }
}
