//! Answers to submissions that were known by their `external_id`, kept for when the same request comes again. Those to new comments
//! are stored with them by the writer.

use jiff::Timestamp;

use super::{Conn, Idempotency, Result, Store, micros};
use crate::id::{CommentId, SiteId};

/// The status of these answers.
const OK: i64 = 200;

/// Keeps an answer. Where the key has one already it stays, because that is what the client was told first.
pub(super) async fn keep(
    conn: &mut Conn,
    site: SiteId,
    answer: &Idempotency,
    comment: CommentId,
    now: Timestamp,
) -> sqlx::Result<()> {
    execute!(
        conn,
        sqlx::query(
            "INSERT INTO idempotent_answers (site_id, key, body_hash, comment_id, answer, created_at, status)
             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (site_id, key) DO NOTHING",
        )
        .bind(site)
        .bind(&answer.key)
        .bind(answer.body_hash)
        .bind(comment)
        .bind(&answer.answer)
        .bind(micros(now))
        .bind(OK)
    )?;
    Ok(())
}

impl Store {
    /// Keeps the answer to a submission whose comment was there already.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn keep_answer(
        &self,
        site: SiteId,
        answer: Idempotency,
        comment: CommentId,
        now: Timestamp,
    ) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let answer = answer.clone();
                Box::pin(async move { keep(conn, site, &answer, comment, now).await })
            })
            .await
    }
}
