//! Telling the sender of a comment that its verdict has changed, where it asked for that.

use jiff::Timestamp;
use serde_json::json;

use super::history::{EventKind, NewEvent};
use super::outbox::enqueue_callback;
use super::{Conn, Result, Store, micros};
use crate::id::{CommentId, SiteId};
use crate::verdict::Status;

/// What the sender of a comment wants to be told, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCallback {
    /// Where.
    pub url: String,
    /// The key that the call shows.
    pub key: String,
    /// Who asked: what it does itself need not be told.
    pub actor: String,
    /// The sender's number of the commented page.
    pub post: String,
    /// The sender's number of the comment that this one answers.
    pub parent: String,
    /// The author's e-mail address.
    pub email: String,
}

type Row = (String, String, String, String, String);

impl Store {
    /// Notes where changes of a comment's verdict are to be told.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn ask_for_callback(
        &self,
        site: SiteId,
        comment: CommentId,
        callback: NewCallback,
        at: Timestamp,
    ) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let c = callback.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO callbacks (site_id, comment_id, url, site_key, actor, post, parent, email, created_at)
                             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
                        )
                        .bind(site)
                        .bind(comment)
                        .bind(c.url)
                        .bind(c.key)
                        .bind(c.actor)
                        .bind(c.post)
                        .bind(c.parent)
                        .bind(c.email)
                        .bind(micros(at))
                    )?;
                    Ok(())
                })
            })
            .await
    }
}

/// Puts what a change means for the sender into the outbox, in the transaction of the change.
pub(super) async fn tell(conn: &mut Conn, event: &NewEvent<'_>) -> sqlx::Result<()> {
    if matches!(event.kind, EventKind::Created) || event.from == Some(event.to) || event.to == Status::Held {
        return Ok(());
    }
    let row: Option<Row> = with_conn!(conn, |c| {
        sqlx::query_as(
        "SELECT url, site_key, post, parent, email FROM callbacks WHERE site_id = $1 AND comment_id = $2 AND actor <> $3",
    )
    .bind(event.site)
    .bind(event.comment)
    .bind(event.actor)
    .fetch_optional(c)
    .await
    })?;
    let Some((url, key, post, parent, email)) = row else { return Ok(()) };
    let result = if event.to == Status::Rejected { "true" } else { "false" };
    let payload = json!({ "key": key, "endpoint": "comment-check", "comments": [{
        "guid": event.comment, "result": result, "comment_post_ID": post, "comment_parent": parent,
        "comment_author_email": email,
    }] })
    .to_string();
    // What arrived as spam is only put back into the site's queue by the first call, and approved by the second.
    let calls = if (event.from, event.to) == (Some(Status::Rejected), Status::Approved) { 2 } else { 1 };
    for _ in 0..calls {
        enqueue_callback(conn, event.site, event.comment, &url, &payload, event.at).await?;
    }
    Ok(())
}
