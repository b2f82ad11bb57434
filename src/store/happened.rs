//! The history of all comments, as it grows.

use super::history::{EVENT_COLUMNS, Event, EventRow};
use super::{Result, Store};
use crate::events::Happened;
use crate::id::{EventId, SiteId};

#[derive(sqlx::FromRow)]
struct HappenedRow {
    site_id: i64,
    #[sqlx(flatten)]
    event: EventRow,
}

impl Store {
    /// What happened after the event `after`, oldest first; on one site, or on all when `site` is `None`. At most `limit`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn events_after(&self, site: Option<SiteId>, after: EventId, limit: usize) -> Result<Vec<Happened>> {
        let sql = format!(
            "SELECT site_id, {EVENT_COLUMNS} FROM events WHERE id > $1 AND ($2 IS NULL OR site_id = $2) ORDER BY id LIMIT $3"
        );
        let rows: Vec<HappenedRow> = with_pool!(self, |pool| sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(after)
            .bind(site)
            .bind(limit as i64)
            .fetch_all(pool)
            .await)?;
        Ok(rows.into_iter().map(|row| Happened { site: SiteId(row.site_id), event: Event::from(row.event) }).collect())
    }
}
