//! What is known of a comment's author, for whoever decides about it.

use jiff::Timestamp;

use super::{Result, Store, time};
use crate::id::{CommentId, SiteId};
use crate::verdict::Status;

/// Latest comments of an author that are looked at.
const LATEST: i64 = 200;

/// An author on one site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// The latest comments, newest first: which, where it stands, when it came. At most 200.
    pub latest: Vec<(CommentId, Status, Timestamp)>,
    /// When the first one came.
    pub first: Option<Timestamp>,
}

impl Store {
    /// What an author has written on a site so far, the comment in question included.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn author(&self, site: SiteId, author_hash: i64) -> Result<Author> {
        let rows: Vec<(i64, Status, i64)> = with_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT id, status, created_at FROM comments WHERE site_id = $1 AND author_hash = $2 ORDER BY id DESC LIMIT $3",
        )
        .bind(site)
        .bind(author_hash)
        .bind(LATEST)
        .fetch_all(pool)
        .await
        })?;
        let first: Option<i64> = with_pool!(self, |pool| sqlx::query_scalar(
            "SELECT created_at FROM comments WHERE site_id = $1 AND author_hash = $2 ORDER BY id LIMIT 1",
        )
        .bind(site)
        .bind(author_hash)
        .fetch_optional(pool)
        .await)?;
        let latest = rows.into_iter().map(|(id, status, at)| (CommentId(id), status, time(at))).collect();
        Ok(Author { latest, first: first.map(time) })
    }
}
