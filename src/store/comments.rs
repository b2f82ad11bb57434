//! Reading comments: one, and a page of many.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;

use super::filter::{CommentFilter, Reach, add_conditions, fetch};
use super::{Result, Store, StoreError, time};
use crate::comment::Submission;
use crate::facts::Facts;
use crate::id::{CommentId, SiteId};
use crate::verdict::{Decision, Reason, Scores, Status, Verdict};

/// A comment as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredComment {
    /// The site it belongs to.
    pub site: SiteId,
    /// Its id.
    pub id: CommentId,
    /// When it arrived.
    pub created_at: Timestamp,
    /// Where it stands.
    pub status: Status,
    /// Counts its changes, from 1.
    pub revision: i64,
    /// What was sent.
    pub submission: Submission,
    /// What the pipeline answered.
    pub verdict: Verdict,
    /// What the pipeline knew.
    pub facts: Facts,
    /// Code of the language it is written in, where that can be told.
    pub lang: Option<String>,
    /// Its place among the held ones: see [`crate::worth`].
    pub worth: f64,
    /// The first comment with nearly this text; `None` for a text that was new.
    pub campaign: Option<CommentId>,
}

/// Where the next page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub CommentId);

/// Part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// How many comments have which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueCounts {
    /// Waiting for a moderator.
    pub held: i64,
    /// Approved.
    pub approved: i64,
    /// Rejected.
    pub rejected: i64,
}

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    site_id: i64,
    id: i64,
    created_at: i64,
    status: Status,
    revision: i64,
    name: Option<String>,
    email: Option<String>,
    text: String,
    url: Option<String>,
    page: Option<String>,
    page_title: Option<String>,
    ip: Option<String>,
    user_agent: Option<String>,
    referrer: Option<String>,
    locale: Option<String>,
    external_id: Option<String>,
    parent_id: Option<i64>,
    author_role: Option<String>,
    honeypot: Option<String>,
    elapsed_ms: Option<i64>,
    submitted_at: Option<i64>,
    decision: String,
    score: f64,
    spam: Option<f64>,
    toxic: Option<f64>,
    reasons: String,
    facts: String,
    policy: i64,
    model: Option<String>,
    lang: Option<String>,
    worth: f64,
    campaign: Option<i64>,
}

/// Site, id, author, text, fingerprint, status, campaign and address.
type TextRow = (i64, i64, Option<i64>, i64, i64, Status, Option<i64>, Option<String>);

impl TryFrom<Row> for StoredComment {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self> {
        let decode = |error: serde_json::Error| StoreError::Database(sqlx::Error::Decode(error.into()));
        let decision = Decision::ALL
            .into_iter()
            .find(|decision| decision.as_str() == row.decision)
            .ok_or_else(|| StoreError::Database(sqlx::Error::Decode(format!("decision {}", row.decision).into())))?;
        let reasons: Vec<Reason> = serde_json::from_str(&row.reasons).map_err(decode)?;
        let verdict = Verdict {
            decision,
            score: row.score,
            scores: Scores { spam: row.spam, toxic: row.toxic },
            reasons,
            policy: row.policy,
            model: row.model,
        };
        let submission = Submission {
            name: row.name,
            email: row.email,
            text: row.text,
            url: row.url,
            page: row.page,
            page_title: row.page_title,
            ip: row.ip.and_then(|ip| ip.parse::<IpAddr>().ok()),
            user_agent: row.user_agent,
            referrer: row.referrer,
            locale: row.locale,
            external_id: row.external_id,
            parent_id: row.parent_id.map(CommentId),
            author_role: row.author_role,
            honeypot: row.honeypot,
            elapsed_ms: row.elapsed_ms.and_then(|ms| u64::try_from(ms).ok()),
            submitted_at: row.submitted_at.map(time),
        };
        Ok(Self {
            site: SiteId(row.site_id),
            id: CommentId(row.id),
            created_at: time(row.created_at),
            status: row.status,
            revision: row.revision,
            submission,
            verdict,
            facts: serde_json::from_str(&row.facts).map_err(decode)?,
            lang: row.lang,
            worth: row.worth,
            campaign: row.campaign.map(CommentId),
        })
    }
}

impl Store {
    /// One comment of a site; of any site when `site` is `None`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn comment(&self, site: Option<SiteId>, id: CommentId) -> Result<Option<StoredComment>> {
        let row: Option<Row> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT * FROM comments WHERE id = $1 AND ($2 IS NULL OR site_id = $2)"
        )
        .bind(id)
        .bind(site)
        .fetch_optional(pool)
        .await)?;
        row.map(StoredComment::try_from).transpose()
    }

    /// The comment that the site calls `external_id`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn comment_by_external_id(&self, site: SiteId, external_id: &str) -> Result<Option<StoredComment>> {
        let row: Option<Row> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT c.* FROM external_ids e JOIN comments c ON c.site_id = e.site_id AND c.id = e.comment_id
             WHERE e.site_id = $1 AND e.external_hash = $2 AND c.external_id = $3"
        )
        .bind(site)
        .bind(super::batch::external_hash(external_id))
        .bind(external_id)
        .fetch_optional(pool)
        .await)?;
        row.map(StoredComment::try_from).transpose()
    }

    /// Comments that pass `filter`, newest first; at most `limit` of them, from `after` on.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn comments(
        &self,
        filter: &CommentFilter,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Page<StoredComment>> {
        let dialect = self.dialect();
        let mut rows: Vec<Row> = Vec::new();
        for reach in Reach::for_newest(filter, after.map(|Cursor(id)| id.0)) {
            rows = fetch!(self, |query| {
                query.push("SELECT * FROM comments WHERE true");
                add_conditions(&mut query, filter, dialect, reach);
                if let Some(Cursor(id)) = after {
                    query.push(" AND id < ").push_bind(id.0);
                }
                query.push(" ORDER BY id DESC LIMIT ").push_bind(limit as i64 + 1)
            })?;
            if rows.len() > limit {
                break;
            }
        }
        let mut items = rows.into_iter().map(StoredComment::try_from).collect::<Result<Vec<_>>>()?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| Cursor(last.id));
        Ok(Page { items, next })
    }

    /// How many comments of a site, or of all sites, have which status; read from counters.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn counts(&self, site: Option<SiteId>) -> Result<QueueCounts> {
        let rows: Vec<(Status, i64)> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT status, CAST(SUM(comments) AS BIGINT) FROM comment_counts
             WHERE $1 IS NULL OR site_id = $1 GROUP BY status",
        )
        .bind(site)
        .fetch_all(pool)
        .await)?;
        let mut counts = QueueCounts::default();
        for (status, n) in rows {
            match status {
                Status::Held => counts.held = n,
                Status::Approved => counts.approved = n,
                Status::Rejected => counts.rejected = n,
            }
        }
        Ok(counts)
    }

    /// When the oldest held comment of a site arrived.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn oldest_held(&self, site: SiteId) -> Result<Option<Timestamp>> {
        let oldest: Option<i64> = with_pool!(self, |pool| sqlx::query_scalar(
            "SELECT created_at FROM comments WHERE site_id = $1 AND status = $2 ORDER BY id LIMIT 1",
        )
        .bind(site)
        .bind(Status::Held)
        .fetch_optional(pool)
        .await)?;
        Ok(oldest.map(time))
    }

    /// What is remembered of the newest comments of all sites, oldest first: site, id, author, text, fingerprint, status.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn newest_texts(&self, limit: usize) -> Result<Vec<crate::recent::Text>> {
        let rows: Vec<TextRow> = with_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT site_id, id, author_hash, text_hash, fingerprint, status, campaign, ip FROM comments ORDER BY id DESC LIMIT $1",
        )
        .bind(limit as i64).fetch_all(pool).await
        })?;
        let text = |(site, id, author, text_hash, fingerprint, status, campaign, ip): TextRow| crate::recent::Text {
            site: SiteId(site),
            id: CommentId(id),
            author,
            text_hash,
            fingerprint: fingerprint as u64,
            status,
            campaign: campaign.map(CommentId),
            address: ip.and_then(|ip| ip.parse().ok()).map(crate::comment::address_hash),
        };
        Ok(rows.into_iter().rev().map(text).collect())
    }
}
