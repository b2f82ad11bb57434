//! The versions of a site's policy.

use jiff::Timestamp;
use serde::Serialize;

use super::{Result, Store, time};
use crate::id::SiteId;

/// One version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyVersion {
    /// Its number, from 1.
    pub version: i64,
    /// The document as JSON.
    #[serde(skip)]
    pub document: String,
    /// Who put it in force, as in the history.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    #[serde(serialize_with = "crate::clock::rfc3339")]
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    version: i64,
    document: String,
    author: String,
    reason: String,
    created_at: i64,
}

impl From<Row> for PolicyVersion {
    fn from(row: Row) -> Self {
        Self {
            version: row.version,
            document: row.document,
            author: row.author,
            reason: row.reason,
            at: time(row.created_at),
        }
    }
}

impl Store {
    /// The latest versions of a site's policy, newest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn policy_versions(&self, site: SiteId, limit: usize) -> Result<Vec<PolicyVersion>> {
        let rows: Vec<Row> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT version, document, author, reason, created_at FROM policies WHERE site_id = $1
             ORDER BY version DESC LIMIT $2",
        )
        .bind(site)
        .bind(limit as i64)
        .fetch_all(pool)
        .await)?;
        Ok(rows.into_iter().map(PolicyVersion::from).collect())
    }

    /// One version of a site's policy.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn policy_version(&self, site: SiteId, version: i64) -> Result<Option<PolicyVersion>> {
        let row: Option<Row> = with_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT version, document, author, reason, created_at FROM policies WHERE site_id = $1 AND version = $2",
        )
        .bind(site)
        .bind(version)
        .fetch_optional(pool)
        .await
        })?;
        Ok(row.map(PolicyVersion::from))
    }
}
