//! What is on its way to the addresses of sites: claimed under a lease, settled, logged, sent again.

use std::time::Duration;

use jiff::Timestamp;

use super::history::{EVENT_COLUMNS, Event, EventRow};
use super::webhooks::switch_off;
use super::{Conn, Dialect, Result, Store, micros, time};
use crate::id::{CommentId, EventId, SiteId};

/// Events that are put into the outbox in one transaction when they are sent again.
const REPLAYED_AT_ONCE: i64 = 2_000;

/// Something on its way, claimed by this process.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Delivery {
    /// The site it is for.
    #[sqlx(rename = "site_id")]
    pub site: SiteId,
    /// The event it tells of.
    #[sqlx(rename = "event_id")]
    pub event: EventId,
    /// The comment it is about.
    #[sqlx(rename = "comment_id")]
    pub comment: CommentId,
    /// Empty for the site's webhook, else the address to call back.
    pub target: String,
    /// What is sent there; for the site's webhook it is made from the event.
    pub payload: Option<String>,
    /// Attempts, this one included.
    pub attempts: i64,
}

/// What came of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// It arrived.
    Delivered,
    /// It is tried again then.
    Again(Timestamp),
    /// It is given up.
    Dead,
}

/// One attempt to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// `delivered`, `failed`, `dead` or `test`.
    pub result: &'static str,
    /// The receiver's status, if it answered.
    pub status: Option<u16>,
    /// Why it was not delivered.
    pub error: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// When it ended.
    pub at: Timestamp,
}

/// A delivery with what came of it, to be settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// What was delivered.
    pub delivery: Delivery,
    /// The attempt.
    pub attempt: Attempt,
    /// What came of it.
    pub outcome: DeliveryOutcome,
    /// The receiver wants nothing more: the site's webhook is switched off.
    pub gone: bool,
}

/// An attempt as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedAttempt {
    /// The event.
    pub event: EventId,
    /// The comment.
    pub comment: CommentId,
    /// Empty for the site's webhook, else the address that was called back.
    pub target: String,
    /// Which attempt it was, from 1.
    pub attempt: i64,
    /// `delivered`, `failed`, `dead` or `test`.
    pub result: String,
    /// The receiver's status, if it answered.
    pub status: Option<i64>,
    /// Why it was not delivered.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// When it ended.
    pub at: Timestamp,
}

/// How much is on its way to a site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// Not delivered yet.
    pub pending: i64,
    /// Given up.
    pub dead: i64,
    /// The oldest event that is not delivered yet.
    pub oldest: Option<EventId>,
}

/// The sites that have something due; steps from site to site in the index instead of reading all rows.
const SITES_WITH_DUE: &str = "WITH RECURSIVE step (site) AS (
        SELECT MIN(site_id) FROM outbox WHERE dead_at IS NULL
        UNION ALL
        SELECT (SELECT MIN(site_id) FROM outbox WHERE dead_at IS NULL AND site_id > step.site) FROM step
        WHERE step.site IS NOT NULL
    )
    SELECT site FROM step WHERE site IS NOT NULL
        AND EXISTS (SELECT 1 FROM outbox WHERE site_id = step.site AND dead_at IS NULL AND due_at <= $1)";

/// Takes what is due, but of each comment only the oldest, and makes it due again when the lease ends.
macro_rules! claim {
    ($lock:literal) => {
        concat!(
            "UPDATE outbox SET due_at = $3, attempts = attempts + 1 WHERE site_id = $1 AND event_id IN (
                SELECT event_id FROM outbox o WHERE site_id = $1 AND dead_at IS NULL AND due_at <= $2
                    AND NOT EXISTS (SELECT 1 FROM outbox earlier WHERE earlier.site_id = o.site_id
                        AND earlier.comment_id = o.comment_id AND earlier.event_id < o.event_id
                        AND earlier.target = o.target AND earlier.dead_at IS NULL)
                ORDER BY due_at, event_id LIMIT $4",
            $lock,
            ") RETURNING site_id, event_id, comment_id, target, payload, attempts"
        )
    };
}

fn claim(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => claim!(""),
        Dialect::Postgres => claim!(" FOR UPDATE SKIP LOCKED"),
    }
}

const KEEP_ATTEMPT: &str =
    "INSERT INTO delivery_attempts (site_id, id, event_id, comment_id, target, attempt, result, status, error,
        took_ms, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// The last of the events that are sent again in one transaction.
const REPLAY_UNTIL: &str = "SELECT MAX(id) FROM
    (SELECT id FROM events WHERE site_id = $1 AND id >= $2 AND id < $3 ORDER BY id LIMIT $4) AS replayed";

/// What is on its way already stays as it is.
const REPLAY: &str = "INSERT INTO outbox (site_id, event_id, comment_id, due_at, attempts)
    SELECT site_id, id, comment_id, $4, 0 FROM events WHERE site_id = $1 AND id >= $2 AND id <= $3
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.site_id = events.site_id AND outbox.event_id = events.id)
    ON CONFLICT DO NOTHING";

const REVIVE: &str = "UPDATE outbox SET dead_at = NULL, attempts = 0, due_at = $4
    WHERE site_id = $1 AND event_id >= $2 AND event_id <= $3 AND dead_at IS NOT NULL";

/// The webhook's outbox row of an event, if the site has one that is switched on. A moderator's decision waits.
pub(super) const ENQUEUE: &str = "INSERT INTO outbox (site_id, event_id, comment_id, due_at, attempts)
    SELECT id, $2, $3, $4 + CASE WHEN $5 = 'decided' THEN webhook_hold ELSE 0 END, 0
    FROM sites WHERE id = $1 AND webhook_url IS NOT NULL AND webhook_off_at IS NULL";

/// Takes an event that nobody has tried to deliver out of the outbox; `false` when it is on its way already.
pub(super) async fn withdraw(conn: &mut Conn, site: SiteId, event: EventId) -> sqlx::Result<bool> {
    let rows = execute!(
        conn,
        sqlx::query("DELETE FROM outbox WHERE site_id = $1 AND event_id = $2 AND attempts = 0 AND dead_at IS NULL")
            .bind(site)
            .bind(event)
    )?;
    Ok(rows == 1)
}

/// Puts a call to an address of a comment's sender into the outbox, for one that asked to be called back.
pub(super) async fn enqueue_callback(
    conn: &mut Conn,
    site: SiteId,
    comment: CommentId,
    target: &str,
    payload: &str,
    at: Timestamp,
) -> sqlx::Result<EventId> {
    let id = EventId::fresh(at);
    execute!(
        conn,
        sqlx::query(
            "INSERT INTO outbox (site_id, event_id, comment_id, due_at, attempts, target, payload)
         VALUES ($1, $2, $3, $4, 0, $5, $6)",
        )
        .bind(site)
        .bind(id)
        .bind(comment)
        .bind(micros(at))
        .bind(target)
        .bind(payload)
    )?;
    Ok(id)
}

impl Store {
    /// The sites that have something to be delivered at `now`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn sites_with_due_deliveries(&self, now: Timestamp) -> Result<Vec<SiteId>> {
        let sites: Vec<i64> =
            with_pool!(self, |pool| sqlx::query_scalar(SITES_WITH_DUE).bind(micros(now)).fetch_all(pool).await)?;
        Ok(sites.into_iter().map(SiteId).collect())
    }

    /// Takes at most `limit` deliveries of a site that are due, for this process alone until `lease` ends. Of each comment
    /// only the oldest is taken, so they arrive in order.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn claim_deliveries(
        &self,
        site: SiteId,
        now: Timestamp,
        lease: Timestamp,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    let sql = claim(conn.dialect());
                    let mut claimed: Vec<Delivery> = with_conn!(conn, |c| sqlx::query_as(sql)
                        .bind(site)
                        .bind(micros(now))
                        .bind(micros(lease))
                        .bind(limit as i64)
                        .fetch_all(c)
                        .await)?;
                    claimed.sort_by_key(|delivery| delivery.event);
                    Ok(claimed)
                })
            })
            .await
    }

    /// Keeps what came of deliveries.
    ///
    /// # Errors
    ///
    /// When the database fails; then all of them are sent again when their lease ends.
    pub async fn settle_deliveries(&self, settlements: Vec<Settlement>) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let settlements = settlements.clone();
                Box::pin(async move {
                    for settlement in &settlements {
                        settle(conn, settlement).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Keeps an attempt that belongs to no delivery.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn keep_attempt(&self, site: SiteId, event: EventId, attempt: Attempt) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let attempt = attempt.clone();
                let delivery =
                    Delivery { site, event, comment: CommentId(0), target: String::new(), payload: None, attempts: 1 };
                Box::pin(async move { keep_attempt(conn, &delivery, &attempt).await })
            })
            .await
    }

    /// Puts a site's events from `since` on into the outbox again, and calls back to life what was given up. Returns how
    /// many are to be delivered; none when the site has no webhook that is switched on.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn replay_deliveries(&self, site: SiteId, since: EventId, now: Timestamp) -> Result<u64> {
        if self.webhook(site).await?.is_none_or(|webhook| webhook.off.is_some()) {
            return Ok(0);
        }
        let (mut from, mut replayed) = (since, 0);
        while let Some((last, events)) = self.replay_some(site, from, now).await? {
            replayed += events;
            from = EventId(last.0 + 1);
        }
        Ok(replayed)
    }

    async fn replay_some(&self, site: SiteId, from: EventId, now: Timestamp) -> Result<Option<(EventId, u64)>> {
        let before = crate::id::floor(now);
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    let last: Option<i64> = with_conn!(conn, |c| sqlx::query_scalar(REPLAY_UNTIL)
                        .bind(site)
                        .bind(from)
                        .bind(before)
                        .bind(REPLAYED_AT_ONCE)
                        .fetch_one(c)
                        .await)?;
                    let Some(last) = last else { return Ok(None) };
                    let mut events = 0;
                    for sql in [REVIVE, REPLAY] {
                        events += execute!(conn, sqlx::query(sql).bind(site).bind(from).bind(last).bind(micros(now)))?;
                    }
                    Ok(Some((EventId(last), events)))
                })
            })
            .await
    }

    /// The latest attempts of a site, newest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn delivery_log(&self, site: SiteId, limit: usize) -> Result<Vec<LoggedAttempt>> {
        type Row = (i64, i64, String, i64, String, Option<i64>, Option<String>, i64, i64);
        let rows: Vec<Row> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT event_id, comment_id, target, attempt, result, status, error, took_ms, created_at
             FROM delivery_attempts WHERE site_id = $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(site)
        .bind(limit as i64)
        .fetch_all(pool)
        .await)?;
        let attempt = |(event, comment, target, attempt, result, status, error, took_ms, at): Row| LoggedAttempt {
            event: EventId(event),
            comment: CommentId(comment),
            target,
            attempt,
            result,
            status,
            error,
            took_ms,
            at: time(at),
        };
        Ok(rows.into_iter().map(attempt).collect())
    }

    /// How much is on its way to a site, or to all, and how much was given up.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn outbox_counts(&self, site: Option<SiteId>) -> Result<OutboxCounts> {
        let (pending, dead, oldest): (i64, i64, Option<EventId>) = with_pool!(self, |pool| sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM outbox WHERE dead_at IS NULL AND ($1 IS NULL OR site_id = $1)),
                    (SELECT COUNT(*) FROM outbox WHERE dead_at IS NOT NULL AND ($1 IS NULL OR site_id = $1)),
                    (SELECT MIN(event_id) FROM outbox WHERE dead_at IS NULL AND ($1 IS NULL OR site_id = $1))",
        )
        .bind(site)
        .fetch_one(pool)
        .await)?;
        Ok(OutboxCounts { pending, dead, oldest })
    }

    /// An event of a site.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn event(&self, site: SiteId, id: EventId) -> Result<Option<Event>> {
        let sql = format!("SELECT {EVENT_COLUMNS} FROM events WHERE site_id = $1 AND id = $2");
        let row: Option<EventRow> = with_pool!(self, |pool| sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(site)
            .bind(id)
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(Event::from))
    }

    /// Forgets attempts that ended before `before`; returns how many.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn forget_attempts(&self, before: Timestamp) -> Result<u64> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    let rows = execute!(
                        conn,
                        sqlx::query("DELETE FROM delivery_attempts WHERE id < $1").bind(crate::id::floor(before))
                    )?;
                    Ok(rows)
                })
            })
            .await
    }
}

async fn settle(conn: &mut Conn, settlement: &Settlement) -> sqlx::Result<()> {
    let Settlement { delivery, attempt, outcome, gone } = settlement;
    let (dead_at, due_at) = match outcome {
        DeliveryOutcome::Delivered => {
            execute!(
                conn,
                sqlx::query("DELETE FROM outbox WHERE site_id = $1 AND event_id = $2")
                    .bind(delivery.site)
                    .bind(delivery.event)
            )?;
            return keep_attempt(conn, delivery, attempt).await;
        }
        DeliveryOutcome::Again(at) => (None, micros(*at)),
        DeliveryOutcome::Dead => (Some(micros(attempt.at)), micros(attempt.at)),
    };
    // Somebody else's attempt, after this one's lease had ended, is not disturbed.
    execute!(conn, sqlx::query("UPDATE outbox SET due_at = $4, dead_at = $5, last_error = $6 WHERE site_id = $1 AND event_id = $2 AND attempts = $3")
        .bind(delivery.site)
        .bind(delivery.event)
        .bind(delivery.attempts)
        .bind(due_at)
        .bind(dead_at)
        .bind(&attempt.error))?;
    if *gone {
        switch_off(conn, delivery.site, attempt).await?;
    }
    keep_attempt(conn, delivery, attempt).await
}

async fn keep_attempt(conn: &mut Conn, delivery: &Delivery, attempt: &Attempt) -> sqlx::Result<()> {
    execute!(
        conn,
        sqlx::query(KEEP_ATTEMPT)
            .bind(delivery.site)
            .bind(crate::id::fresh(attempt.at))
            .bind(delivery.event)
            .bind(delivery.comment)
            .bind(&delivery.target)
            .bind(delivery.attempts)
            .bind(attempt.result)
            .bind(attempt.status.map(i64::from))
            .bind(&attempt.error)
            .bind(i64::try_from(attempt.took.as_millis()).unwrap_or(i64::MAX))
            .bind(micros(attempt.at))
    )?;
    Ok(())
}
