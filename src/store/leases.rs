//! Who has a comment on the screen: leases that end by themselves.

use jiff::{SignedDuration, Timestamp};

use super::{Result, Store, micros};
use crate::id::{CommentId, SiteId, UserId};

/// How long a comment stays with whoever has it on the screen, from the last renewal on.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);

impl Store {
    /// Takes or renews leases for somebody. What somebody else has stays with them.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn lease(&self, user: UserId, comments: Vec<(SiteId, CommentId)>, now: Timestamp) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let comments = comments.clone();
                Box::pin(async move {
                    execute!(conn, sqlx::query("DELETE FROM leases WHERE until < $1").bind(micros(now)))?;
                    for (site, comment) in comments {
                        execute!(
                            conn,
                            sqlx::query(
                                "INSERT INTO leases (site_id, comment_id, user_id, until) VALUES ($1, $2, $3, $4)
                                 ON CONFLICT (site_id, comment_id) DO UPDATE SET until = excluded.until
                                 WHERE leases.user_id = excluded.user_id",
                            )
                            .bind(site)
                            .bind(comment)
                            .bind(user)
                            .bind(micros(now + LEASE))
                        )?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Gives all leases of somebody back.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn release(&self, user: UserId) -> Result<()> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    execute!(conn, sqlx::query("DELETE FROM leases WHERE user_id = $1").bind(user))?;
                    Ok(())
                })
            })
            .await
    }

    /// The comments that others than `user` have on the screen now, and who.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn leased_by_others(&self, user: UserId, now: Timestamp) -> Result<Vec<(SiteId, CommentId, UserId)>> {
        let rows: Vec<(i64, i64, i64)> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT site_id, comment_id, user_id FROM leases WHERE user_id <> $1 AND until >= $2 LIMIT 1000",
        )
        .bind(user)
        .bind(micros(now))
        .fetch_all(pool)
        .await)?;
        let lease = |(site, comment, user)| (SiteId(site), CommentId(comment), UserId(user));
        Ok(rows.into_iter().map(lease).collect())
    }
}
