//! Finding a comment again by what was written, for clients that keep no id of ours.

use jiff::Timestamp;

use super::{Actor, Result, Store, micros};
use crate::comment::{Comment, Submission};
use crate::id::{CommentId, SiteId};

const BY_AUTHOR: &str = "SELECT id FROM comments WHERE site_id = $1 AND author_hash = $2 AND text_hash = $3
    AND (page_hash = $4 OR page_hash IS NULL OR $4 IS NULL) ORDER BY id DESC LIMIT 1";
const BY_PAGE: &str = "SELECT id FROM comments WHERE site_id = $1 AND page_hash = $2 AND text_hash = $3
    AND author_hash IS NULL ORDER BY id DESC LIMIT 1";
const LABEL_ONCE: &str = "INSERT INTO labels (site_id, id, comment_id, label, actor, created_at)
    SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS (
        SELECT 1 FROM labels WHERE site_id = $1 AND comment_id = $3 AND label = $4
            AND id = (SELECT MAX(id) FROM labels WHERE site_id = $1 AND comment_id = $3))";

impl Store {
    /// The latest comment of a site with the same author, text and page; case, spacing and disguise do not matter.
    /// `None` as well when neither author nor page is known, because that would look through everything.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn comment_like(&self, site: SiteId, submission: &Submission) -> Result<Option<CommentId>> {
        let comment = Comment::from_submission(site, submission.clone(), Timestamp::UNIX_EPOCH);
        let (author, page, text) = (comment.author_hash(), comment.page_hash(), comment.text_hash());
        let id: Option<i64> = match (author, page) {
            (Some(author), page) => with_pool!(self, |pool| sqlx::query_scalar(BY_AUTHOR)
                .bind(site)
                .bind(author)
                .bind(text)
                .bind(page)
                .fetch_optional(pool)
                .await)?,
            (None, Some(page)) => with_pool!(self, |pool| sqlx::query_scalar(BY_PAGE)
                .bind(site)
                .bind(page)
                .bind(text)
                .fetch_optional(pool)
                .await)?,
            (None, None) => None,
        };
        Ok(id.map(CommentId))
    }

    /// Keeps a label that the website gave a comment, unless that was its last word already.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn label_once(
        &self,
        site: SiteId,
        comment: CommentId,
        label: &'static str,
        actor: Actor,
        at: Timestamp,
    ) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let actor = actor.to_string();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(LABEL_ONCE)
                            .bind(site)
                            .bind(crate::id::fresh(at))
                            .bind(comment)
                            .bind(label)
                            .bind(actor)
                            .bind(micros(at))
                    )?;
                    Ok(())
                })
            })
            .await
    }
}
