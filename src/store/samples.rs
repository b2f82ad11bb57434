//! Which comments were made up, to look around with.

use super::{Result, Store};
use crate::id::{CommentId, SiteId};

impl Store {
    /// Notes that a comment was made up.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn mark_sample(&self, site: SiteId, comment: CommentId) -> Result<()> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query("INSERT INTO samples (site_id, comment_id) VALUES ($1, $2)")
                            .bind(site)
                            .bind(comment)
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// Forgets that a comment was made up.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn unmark_sample(&self, site: SiteId, comment: CommentId) -> Result<()> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query("DELETE FROM samples WHERE site_id = $1 AND comment_id = $2")
                            .bind(site)
                            .bind(comment)
                    )?;
                    Ok(())
                })
            })
            .await
    }

    /// All comments that were made up.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn samples(&self) -> Result<Vec<(SiteId, CommentId)>> {
        let rows: Vec<(i64, i64)> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT site_id, comment_id FROM samples ORDER BY site_id, comment_id"
        )
        .fetch_all(pool)
        .await)?;
        Ok(rows.into_iter().map(|(site, comment)| (SiteId(site), CommentId(comment))).collect())
    }
}
