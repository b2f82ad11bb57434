//! The published comments of a page.

use jiff::Timestamp;

use super::{Cursor, Result, Store, time};
use crate::id::{CommentId, SiteId};
use crate::verdict::Status;

/// What everybody may see of a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedComment {
    /// Its id.
    pub id: CommentId,
    /// The comment that it answers.
    pub parent_id: Option<CommentId>,
    /// The author's name.
    pub name: Option<String>,
    /// The author's website.
    pub url: Option<String>,
    /// The comment itself.
    pub text: String,
    /// When it arrived.
    pub created_at: Timestamp,
}

type Row = (i64, Option<i64>, Option<String>, Option<String>, String, i64);

impl Store {
    /// Approved comments of a page, oldest first; at most `limit` of them, from `after` on.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn thread(
        &self,
        site: SiteId,
        page: &str,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<PublishedComment>> {
        let after = after.map_or(0, |Cursor(id)| id.0);
        let rows: Vec<Row> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT id, parent_id, name, url, text, created_at FROM comments
             WHERE site_id = $1 AND page_hash = $2 AND page = $3 AND status = $4 AND id > $5 ORDER BY id LIMIT $6",
        )
        .bind(site)
        .bind(crate::comment::page_hash(page))
        .bind(page)
        .bind(Status::Approved)
        .bind(after)
        .bind(limit as i64)
        .fetch_all(pool)
        .await)?;
        let comment = |(id, parent, name, url, text, created_at): Row| PublishedComment {
            id: CommentId(id),
            parent_id: parent.map(CommentId),
            name,
            url,
            text,
            created_at: time(created_at),
        };
        Ok(rows.into_iter().map(comment).collect())
    }
}
