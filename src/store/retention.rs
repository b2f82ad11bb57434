//! How long comments and addresses are kept.

use jiff::{SignedDuration, Timestamp};

use super::counts::Counts;
use super::erasure::{CHUNK, dependents, remove};
use super::partitions::{Month, TABLES};
use super::{Conn, Dialect, Result, Store};
use crate::id::{CommentId, SiteId, floor};
use crate::verdict::Status;

/// Days that things are kept, from a comment's arrival on; `None` is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Comments that nobody decided about.
    pub held: Option<u32>,
    /// Approved comments.
    pub approved: Option<u32>,
    /// Rejected comments.
    pub rejected: Option<u32>,
    /// Network addresses and browsers' names in comments that stay.
    pub addresses: Option<u32>,
}

impl Kept {
    fn of(&self, status: Status) -> Option<u32> {
        match status {
            Status::Held => self.held,
            Status::Approved => self.approved,
            Status::Rejected => self.rejected,
        }
    }

    /// After how many days no comment is left, whatever its status.
    fn longest(&self) -> Option<u32> {
        Some(self.held?.max(self.approved?).max(self.rejected?))
    }
}

/// What a run removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Comments.
    pub comments: u64,
    /// Comments that lost their addresses.
    pub addresses: u64,
    /// Months that were dropped as a whole.
    pub months: u64,
}

fn cutoff(now: Timestamp, days: u32) -> i64 {
    floor(now.saturating_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN))
}

impl Store {
    /// Removes what is older than `kept` says, a few hundred comments at a time, so that others can write in between.
    ///
    /// # Errors
    ///
    /// When the database fails; the next run goes on where this one ended.
    pub async fn retain(&self, kept: Kept, now: Timestamp) -> Result<Retention> {
        let mut done = Retention::default();
        if let (Dialect::Postgres, Some(days)) = (self.dialect(), kept.longest()) {
            let (months, comments) = self.drop_months(now, days).await?;
            done.months = months;
            done.comments = comments;
        }
        for site in self.sites().await? {
            for status in Status::ALL {
                let Some(days) = kept.of(status) else { continue };
                done.comments += self.remove_old(site.id, status, cutoff(now, days)).await?;
            }
        }
        if let Some(days) = kept.addresses {
            done.addresses = self.forget_addresses(cutoff(now, days)).await?;
        }
        Ok(done)
    }

    async fn remove_old(&self, site: SiteId, status: Status, before: i64) -> Result<u64> {
        let mut all = 0;
        loop {
            let removed = self
                .writer
                .transact(move |conn| Box::pin(async move { remove_some(conn, site, status, before).await }))
                .await?;
            all += removed as u64;
            if removed < CHUNK {
                return Ok(all);
            }
        }
    }

    async fn forget_addresses(&self, before: i64) -> Result<u64> {
        let mut all = 0;
        while let Some(changed) =
            self.writer.transact(move |conn| Box::pin(async move { forget_some_addresses(conn, before).await })).await?
        {
            all += changed;
        }
        Ok(all)
    }

    /// Drops the months that ended more than `days` ago; how many, and how many comments were in them.
    async fn drop_months(&self, now: Timestamp, days: u32) -> Result<(u64, u64)> {
        let before = cutoff(now, days);
        let (mut dropped, mut comments) = (0, 0);
        for month in self.months().await? {
            if month.plus(1).floor() <= before {
                comments +=
                    self.writer.transact(move |conn| Box::pin(async move { drop_month(conn, month).await })).await?;
                dropped += 1;
            }
        }
        Ok((dropped, comments))
    }
}

async fn remove_some(conn: &mut Conn, site: SiteId, status: Status, before: i64) -> sqlx::Result<usize> {
    // Locked, so that a comment that is decided about at this moment is not taken for what it was.
    let sql = match conn.dialect() {
        Dialect::Sqlite => {
            "SELECT id FROM comments WHERE site_id = $1 AND status = $2 AND id < $3 ORDER BY id LIMIT $4"
        }
        Dialect::Postgres => {
            "SELECT id FROM comments WHERE site_id = $1 AND status = $2 AND id < $3 ORDER BY id LIMIT $4 FOR UPDATE"
        }
    };
    let ids: Vec<CommentId> = with_conn!(conn, |c| {
        sqlx::query_scalar(sql).bind(site).bind(status).bind(before).bind(CHUNK as i64).fetch_all(c).await
    })?;
    remove(conn, site, &ids).await.map(|removed| removed.len())
}

/// `None` when all are done. How far it came is kept, so that no row is looked at twice.
async fn forget_some_addresses(conn: &mut Conn, before: i64) -> sqlx::Result<Option<u64>> {
    let from: Option<i64> = with_conn!(conn, |c| {
        sqlx::query_scalar("SELECT comment_id FROM progress WHERE task = 'addresses'").fetch_optional(c).await
    })?;
    let from = from.unwrap_or(0);
    let last: Option<i64> = with_conn!(conn, |c| {
        sqlx::query_scalar(
            "SELECT MAX(id) FROM (SELECT id FROM comments WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3) AS next",
        )
        .bind(from)
        .bind(before)
        .bind(CHUNK as i64)
        .fetch_one(c)
        .await
    })?;
    let Some(last) = last else { return Ok(None) };
    // Where there is no e-mail address, the hash of the author is one of the network address.
    let changed = execute!(
        conn,
        sqlx::query(
            "UPDATE comments SET ip = NULL, user_agent = NULL,
                author_hash = CASE WHEN COALESCE(email, '') = '' THEN NULL ELSE author_hash END
             WHERE id > $1 AND id <= $2 AND (ip IS NOT NULL OR user_agent IS NOT NULL)",
        )
        .bind(from)
        .bind(last)
    )?;
    execute!(
        conn,
        sqlx::query(
            "INSERT INTO progress (task, comment_id) VALUES ('addresses', $1)
             ON CONFLICT (task) DO UPDATE SET comment_id = excluded.comment_id",
        )
        .bind(last)
    )?;
    Ok(Some(changed))
}

/// Takes a month out of all tables; how many comments were in it.
async fn drop_month(conn: &mut Conn, month: Month) -> sqlx::Result<u64> {
    let mut counts = Counts::default();
    let mut comments = 0;
    let (from, to, suffix) = (month.floor(), month.plus(1).floor(), month.suffix());
    let dependents = dependents(conn).await?;
    let Conn::Postgres(c) = conn else { return Ok(0) };
    let lock = format!("LOCK TABLE {}_{suffix} IN ACCESS EXCLUSIVE MODE", TABLES[0]);
    sqlx::raw_sql(sqlx::AssertSqlSafe(lock)).execute(&mut *c).await?;
    let sql = format!("SELECT site_id, status, COUNT(*) FROM comments_{suffix} GROUP BY site_id, status");
    let rows: Vec<(SiteId, Status, i64)> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&mut *c).await?;
    for (site, status, n) in rows {
        comments += n.unsigned_abs();
        counts.add(site, status, -n);
    }
    for table in dependents {
        let sql = format!("DELETE FROM {table} WHERE comment_id >= $1 AND comment_id < $2");
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(from).bind(to).execute(&mut *c).await?;
    }
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP TABLE comments_{suffix}"))).execute(&mut *c).await?;
    let sql = format!("SELECT NOT EXISTS (SELECT 1 FROM events_{suffix})");
    if sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(&mut *c).await? {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("DROP TABLE events_{suffix}"))).execute(&mut *c).await?;
    }
    counts.apply(conn).await?;
    Ok(comments)
}
