//! What moderators tell each other: notes, mentions, and comments that are handed over.

use jiff::Timestamp;

use super::{Conn, Result, Store, micros, time};
use crate::id::{CommentId, SiteId, UserId};

/// A note about a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whose comment it is about.
    pub site: SiteId,
    /// The comment it is about.
    pub comment: CommentId,
    /// Who wrote it.
    pub user: UserId,
    /// What it says; may be empty where it only hands over.
    pub text: String,
    /// Who is asked to decide.
    pub handed_to: Option<UserId>,
    /// When it was written.
    pub at: Timestamp,
}

type NoteRow = (i64, i64, i64, String, Option<i64>, i64);

fn note((site, comment, user, text, handed_to, at): NoteRow) -> Note {
    Note {
        site: SiteId(site),
        comment: CommentId(comment),
        user: UserId(user),
        text,
        handed_to: handed_to.map(UserId),
        at: time(at),
    }
}

impl Store {
    /// Keeps a note. Whoever is mentioned, or handed the comment, finds it among what waits for them.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn add_note(&self, note: Note, mentioned: Vec<UserId>) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let (note, mentioned) = (note.clone(), mentioned.clone());
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO notes (site_id, id, comment_id, user_id, text, handed_to, created_at)
                             VALUES ($1, $2, $3, $4, $5, $6, $7)",
                        )
                        .bind(note.site)
                        .bind(crate::id::fresh(note.at))
                        .bind(note.comment)
                        .bind(note.user)
                        .bind(note.text.clone())
                        .bind(note.handed_to)
                        .bind(micros(note.at))
                    )?;
                    for user in mentioned.into_iter().chain(note.handed_to) {
                        assign(conn, &note, user).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// The notes about a comment, oldest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn notes(&self, site: SiteId, comment: CommentId) -> Result<Vec<Note>> {
        let rows: Vec<NoteRow> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT site_id, comment_id, user_id, text, handed_to, created_at FROM notes
             WHERE site_id = $1 AND comment_id = $2 ORDER BY id LIMIT 200",
        )
        .bind(site)
        .bind(comment)
        .fetch_all(pool)
        .await)?;
        Ok(rows.into_iter().map(note).collect())
    }

    /// How many held comments wait for somebody by name.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn assigned(&self, user: UserId) -> Result<i64> {
        Ok(with_pool!(self, |pool| sqlx::query_scalar(
            "SELECT COUNT(*) FROM assignments a JOIN comments c ON c.site_id = a.site_id AND c.id = a.comment_id
             WHERE a.user_id = $1 AND c.status = 0",
        )
        .bind(user)
        .fetch_one(pool)
        .await)?)
    }
}

async fn assign(conn: &mut Conn, note: &Note, user: UserId) -> sqlx::Result<()> {
    execute!(
        conn,
        sqlx::query(
            "INSERT INTO assignments (site_id, user_id, comment_id, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (site_id, user_id, comment_id) DO NOTHING",
        )
        .bind(note.site)
        .bind(user)
        .bind(note.comment)
        .bind(micros(note.at))
    )?;
    Ok(())
}
