//! Fills the full-text index behind the commit, so that no submission waits for it.
//!
//! Ids are given before the commit, so a comment may come after others with a greater id. Usually only what is newer than the
//! last one is read; from time to time everything that is not known to be indexed is looked at again.

use jiff::{SignedDuration, Timestamp};

use super::search::{Indexed, Row};
use super::{Dialect, Result, Store};
use crate::id::{self, CommentId};

/// Comments that are indexed in one transaction, for which submissions wait: keeps it under about 10 ms.
const AT_ONCE: usize = 64;
/// How often everything that is not known to be indexed is looked at.
const SWEEP_EVERY: SignedDuration = SignedDuration::from_secs(5);
/// How long a comment may take from its id to its commit.
const LATE: SignedDuration = SignedDuration::from_secs(10);

/// How far the index has come, from one call of [`Store::index_comments`] to the next.
#[derive(Debug)]
pub struct Indexing {
    /// Everything up to here was looked at.
    after: CommentId,
    /// When everything was looked at last.
    swept: Option<Timestamp>,
    /// Whether that still goes on.
    is_sweeping: bool,
}

impl Default for Indexing {
    fn default() -> Self {
        Self { after: CommentId(0), swept: None, is_sweeping: false }
    }
}

impl Indexing {
    fn sweep_if_due(&mut self, now: Timestamp) {
        let is_due = self.swept.is_none_or(|swept| now.duration_since(swept) >= SWEEP_EVERY);
        if is_due && !self.is_sweeping {
            *self = Self { after: CommentId(0), swept: Some(now), is_sweeping: true };
        }
    }

    /// Up to where everything is in the index when these rows are, if that can be told. Later ones than `safe` may still come.
    fn complete_with(&self, rows: &[Row], safe: i64) -> Option<i64> {
        match rows.last() {
            _ if !self.is_sweeping => None,
            Some(last) if rows.len() == AT_ONCE => Some(last.id.min(safe)),
            _ => Some(safe),
        }
    }
}

impl Store {
    /// Indexes a portion of the comments that came since the last call; returns whether there may be more.
    ///
    /// # Errors
    ///
    /// When the database fails; the next call tries again.
    pub async fn index_comments(&self, now: Timestamp, indexing: &mut Indexing) -> Result<bool> {
        indexing.sweep_if_due(now);
        let rows = self.not_indexed(indexing.after).await?;
        let safe = id::floor(now - LATE);
        let mut complete = indexing.complete_with(&rows, safe);
        if rows.is_empty() && complete.is_some() && !self.has_comments_since_progress(safe).await? {
            complete = None;
        }
        let is_portion = rows.len() == AT_ONCE;
        if rows.is_empty() && complete.is_none() || self.add_to_index(&rows, complete).await? {
            indexing.after = rows.last().map_or(indexing.after, |row| CommentId(row.id));
            indexing.is_sweeping &= is_portion;
        } else {
            // What was changed meanwhile is to be read again.
            *indexing = Indexing::default();
        }
        Ok(is_portion)
    }

    async fn not_indexed(&self, after: CommentId) -> Result<Vec<Row>> {
        let known = match self.dialect() {
            Dialect::Sqlite => "SELECT 1 FROM comment_search_docsize s WHERE s.id = c.id",
            Dialect::Postgres => "SELECT 1 FROM comment_search s WHERE s.site_id = c.site_id AND s.comment_id = c.id",
        };
        let columns = Row::COLUMNS;
        let sql = format!(
            "SELECT {columns} FROM comments c WHERE id > (SELECT comment_id FROM search_progress) AND id > $1
               AND NOT EXISTS ({known}) ORDER BY id LIMIT {AT_ONCE}"
        );
        Ok(with_pool!(self, |pool| sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(after).fetch_all(pool).await)?)
    }

    /// Adds these, and notes that all up to `complete` are in the index. Returns whether all were as they were read.
    async fn add_to_index(&self, rows: &[Row], complete: Option<i64>) -> Result<bool> {
        let indexed = Indexed::new(rows);
        let work = self.writer.transact(move |conn| {
            let indexed = indexed.clone();
            Box::pin(async move {
                let is_complete = indexed.add(conn).await?;
                if let Some(complete) = complete.filter(|_| is_complete) {
                    let sql = "UPDATE search_progress SET comment_id = $1 WHERE comment_id < $1";
                    execute!(conn, sqlx::query(sql).bind(complete))?;
                }
                Ok(is_complete)
            })
        });
        work.await
    }

    /// Whether the progress has to be written down, so that a quiet service writes nothing.
    async fn has_comments_since_progress(&self, safe: i64) -> Result<bool> {
        Ok(with_pool!(self, |pool| sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM comments WHERE id > (SELECT comment_id FROM search_progress) AND id <= $1)",
        )
        .bind(safe)
        .fetch_one(pool)
        .await)?)
    }
}
