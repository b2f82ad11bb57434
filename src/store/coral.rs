//! The secrets that a site's Coral signs its requests with.

use jiff::Timestamp;

use super::{Result, Store, micros};
use crate::id::SiteId;

impl Store {
    /// The secrets in force, newest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn coral_secrets(&self, site: SiteId) -> Result<Vec<String>> {
        Ok(with_pool!(self, |pool| sqlx::query_scalar(
            "SELECT secret FROM coral_secrets WHERE site_id = $1 ORDER BY created_at DESC",
        )
        .bind(site)
        .fetch_all(pool)
        .await)?)
    }

    /// Adds a secret; with `is_only` the earlier ones end.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn add_coral_secret(&self, site: SiteId, secret: String, is_only: bool, at: Timestamp) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let secret = secret.clone();
                Box::pin(async move {
                    if is_only {
                        execute!(conn, sqlx::query("DELETE FROM coral_secrets WHERE site_id = $1").bind(site))?;
                    }
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO coral_secrets (site_id, secret, created_at) VALUES ($1, $2, $3)
                             ON CONFLICT DO NOTHING",
                        )
                        .bind(site)
                        .bind(secret)
                        .bind(micros(at))
                    )?;
                    Ok(())
                })
            })
            .await
    }
}
