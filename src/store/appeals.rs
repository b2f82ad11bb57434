//! What commenters may do: ask once for a second look.

use jiff::Timestamp;

use super::counts::Counts;
use super::history::{EventKind, NewEvent};
use super::resolve::{change, current, lock};
use super::{Result, Store, micros, time};
use crate::id::{ActionId, CommentId, SiteId};
use crate::verdict::Status;

/// Who appeals, in the history.
const AUTHOR: &str = "author";

/// What came of an appeal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appealed {
    /// The comment waits for a moderator again.
    Held,
    /// There was an appeal before.
    Before,
    /// There is nothing to appeal against: the comment is not rejected, or is gone.
    Pointless,
}

impl Store {
    /// The secret of this installation; `fresh` becomes it when there is none yet.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn server_secret(&self, fresh: Vec<u8>) -> Result<Vec<u8>> {
        self.writer
            .transact(move |conn| {
                let fresh = fresh.clone();
                Box::pin(async move {
                    let insert = "INSERT INTO server_secret (id, secret) VALUES (1, $1) ON CONFLICT DO NOTHING";
                    execute!(conn, sqlx::query(insert).bind(fresh))?;
                    with_conn!(conn, |c| sqlx::query_scalar("SELECT secret FROM server_secret WHERE id = 1")
                        .fetch_one(c)
                        .await)
                })
            })
            .await
    }

    /// When a comment's author asked for a second look.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn appealed_at(&self, site: SiteId, comment: CommentId) -> Result<Option<Timestamp>> {
        let at: Option<i64> = with_pool!(self, |pool| sqlx::query_scalar(
            "SELECT created_at FROM appeals WHERE site_id = $1 AND comment_id = $2"
        )
        .bind(site)
        .bind(comment)
        .fetch_optional(pool)
        .await)?;
        Ok(at.map(time))
    }

    /// Puts a rejected comment back into the queue because its author asks for a second look; `words` are theirs.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn appeal(
        &self,
        site: SiteId,
        comment: CommentId,
        words: Option<String>,
        at: Timestamp,
    ) -> Result<Appealed> {
        self.writer
            .transact(move |conn| {
                let words = words.clone();
                Box::pin(async move {
                    lock(conn, site, [comment]).await?;
                    let Some(now) = current(conn, site, comment).await? else { return Ok(Appealed::Pointless) };
                    let insert = "INSERT INTO appeals (site_id, comment_id, created_at) VALUES ($1, $2, $3)
                        ON CONFLICT DO NOTHING";
                    if now.status != Status::Rejected {
                        return Ok(Appealed::Pointless);
                    }
                    if execute!(conn, sqlx::query(insert).bind(site).bind(comment).bind(micros(at)))? == 0 {
                        return Ok(Appealed::Before);
                    }
                    let event = NewEvent {
                        site,
                        comment,
                        action: ActionId::fresh(at),
                        kind: EventKind::Appealed,
                        actor: AUTHOR,
                        from: Some(now.status),
                        to: Status::Held,
                        revision: now.revision + 1,
                        reason: Some("appeal"),
                        note: words.as_deref(),
                        policy: now.policy,
                        model: now.model.as_deref(),
                        shown_at: None,
                        at,
                    };
                    change(conn, event).await?;
                    let mut counts = Counts::default();
                    counts.moved(site, now.status, Status::Held);
                    counts.apply(conn).await?;
                    Ok(Appealed::Held)
                })
            })
            .await
    }
}
