//! Decisions that go on to apply: to texts like those of a campaign, for a stated time.

use jiff::Timestamp;

use super::directory::bump;
use super::{Conn, Result, Store, micros, time};
use crate::id::{ActionId, SiteId, UserId};
use crate::verdict::Status;

/// A decision about texts that are still to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingDecision {
    /// The action it was part of; taking that back ends it.
    pub action: ActionId,
    /// Hash of the text that was decided about.
    pub text_hash: i64,
    /// Its fingerprint; 0 when it is too short to have one.
    pub fingerprint: u64,
    /// What comments with such a text become: approved or rejected.
    pub status: Status,
    /// Why, in a word or two.
    pub reason: Option<String>,
    /// Who decided.
    pub user: UserId,
    /// When.
    pub at: Timestamp,
    /// Until when it applies.
    pub until: Timestamp,
}

#[derive(sqlx::FromRow)]
pub(super) struct StandingRow {
    pub site_id: i64,
    action_id: i64,
    text_hash: i64,
    fingerprint: i64,
    status: Status,
    reason: Option<String>,
    user_id: i64,
    created_at: i64,
    until: i64,
}

impl From<StandingRow> for StandingDecision {
    fn from(row: StandingRow) -> Self {
        Self {
            action: ActionId(row.action_id),
            text_hash: row.text_hash,
            fingerprint: row.fingerprint as u64,
            status: row.status,
            reason: row.reason,
            user: UserId(row.user_id),
            at: time(row.created_at),
            until: time(row.until),
        }
    }
}

impl Store {
    /// Lets a decision go on to apply. Every process notices as it notices a new policy.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn let_stand(&self, site: SiteId, standing: StandingDecision) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let standing = standing.clone();
                Box::pin(async move {
                    // What has ended is of no more use: the comments it decided say so themselves.
                    execute!(
                        conn,
                        sqlx::query("DELETE FROM standing_decisions WHERE until < $1").bind(micros(standing.at))
                    )?;
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO standing_decisions (site_id, id, action_id, text_hash, fingerprint, status, reason,
                                user_id, created_at, until)
                             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                        )
                        .bind(site)
                        .bind(crate::id::fresh(standing.at))
                        .bind(standing.action)
                        .bind(standing.text_hash)
                        .bind(standing.fingerprint as i64)
                        .bind(standing.status)
                        .bind(standing.reason)
                        .bind(standing.user)
                        .bind(micros(standing.at))
                        .bind(micros(standing.until))
                    )?;
                    bump(conn).await
                })
            })
            .await
    }

    /// Ends what an action let stand. What it decided stays decided.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn end_standing(&self, site: SiteId, action: ActionId) -> Result<()> {
        self.writer.transact(move |conn| Box::pin(async move { end(conn, site, action).await })).await
    }

    /// The decisions that may still apply, newest first.
    pub(super) async fn standing_decisions(&self) -> Result<Vec<StandingRow>> {
        Ok(with_pool!(self, |pool| sqlx::query_as(
            "SELECT site_id, action_id, text_hash, fingerprint, status, reason, user_id, created_at, until
             FROM standing_decisions ORDER BY id DESC LIMIT 1000",
        )
        .fetch_all(pool)
        .await)?)
    }
}

/// Ends what an action let stand, because the action is taken back.
pub(super) async fn end(conn: &mut Conn, site: SiteId, action: ActionId) -> sqlx::Result<()> {
    let sql = "DELETE FROM standing_decisions WHERE site_id = $1 AND action_id = $2";
    if execute!(conn, sqlx::query(sql).bind(site).bind(action))? > 0 {
        bump(conn).await?;
    }
    Ok(())
}
