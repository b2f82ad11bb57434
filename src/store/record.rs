//! New and edited comments, with all that is committed with them.

use std::sync::Arc;

use jiff::Timestamp;

use super::counts::Counts;
use super::history::{EventKind, NewEvent, append};
use super::{Conn, Result, Store, micros, time};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::id::{ActionId, CommentId, EventId, SiteId};
use crate::language::{Language, language};
use crate::verdict::{Status, Verdict};
use crate::worth::worth;

/// A judged comment on its way into the store: everything that is committed together.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The comment's row.
    pub(super) row: Row,
    /// The entry in its history.
    pub(super) event: EventId,
    /// Whether somebody waits to be told by webhook.
    pub(super) tell: bool,
    /// The answer to give again to the same request.
    pub(super) idempotency: Option<Idempotency>,
}

/// An answer that is given again when the same request comes again.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// The client's key, unique per site.
    pub key: String,
    /// Hash of the request's body.
    pub body_hash: i64,
    /// The answer.
    pub answer: String,
}

/// An earlier answer to a request with an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotentAnswer {
    /// Hash of the request's body.
    pub body_hash: i64,
    /// The comment that was stored.
    pub comment: CommentId,
    /// The answer that was given.
    pub answer: String,
    /// Its status.
    pub status: u16,
    /// When it was given.
    pub created_at: Timestamp,
}

/// A row of `comments`.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) comment: Comment,
    pub(super) reasons: String,
    pub(super) facts: String,
    pub(super) fingerprint: i64,
    pub(super) verdict: Arc<Verdict>,
    /// Where it stands: what the verdict decided, unless it was imported.
    pub(super) status: Status,
    /// Code of the language it is written in.
    pub(super) lang: Option<&'static str>,
    /// Its place among the held ones.
    pub(super) worth: f64,
    /// The first comment with nearly this text.
    pub(super) campaign: Option<CommentId>,
}

impl Recording {
    /// Puts a comment, the facts it was judged by and its verdict together. `fingerprint` finds texts that are nearly
    /// the same; `tell` says whether the site has a webhook.
    pub fn new(
        comment: Comment,
        fingerprint: i64,
        facts: &Facts,
        verdict: impl Into<Arc<Verdict>>,
        tell: bool,
        idempotency: Option<Idempotency>,
    ) -> serde_json::Result<Self> {
        let verdict = verdict.into();
        let event = EventId::fresh(comment.created_at);
        let reasons = serde_json::to_string(&verdict.reasons)?;
        let is_repeated = facts.same_text.count + facts.near_text.count > 0;
        let facts = serde_json::to_string(facts)?;
        let status = verdict.decision.status();
        let lang = language(comment.body.reading()).map(Language::code);
        let worth = worth(verdict.scores, is_repeated, comment.created_at);
        let row = Row { comment, reasons, facts, fingerprint, verdict, status, lang, worth, campaign: None };
        Ok(Self { row, event, tell, idempotency })
    }

    /// The same for a comment whose text came before, first in `campaign`.
    pub fn with_campaign(mut self, campaign: Option<CommentId>) -> Self {
        self.row.campaign = campaign;
        self
    }

    /// The same for a comment that moderators have given a status already.
    pub fn with_status(mut self, status: Status) -> Self {
        self.row.status = status;
        self
    }
}

async fn replace(conn: &mut Conn, recording: &Recording, now: Timestamp) -> sqlx::Result<()> {
    let Row { comment, reasons, facts, fingerprint, verdict, .. } = &recording.row;
    let s = &comment.submission;
    super::resolve::lock(conn, comment.site, [comment.id]).await?;
    let (from, revision): (Status, i64) = with_conn!(conn, |c| {
        sqlx::query_as("SELECT status, revision FROM comments WHERE site_id = $1 AND id = $2")
            .bind(comment.site)
            .bind(comment.id)
            .fetch_one(c)
            .await
    })?;
    let to = verdict.decision.status();
    let is_indexed = super::search::forget(conn, comment.site, comment.id).await?;
    execute!(
        conn,
        sqlx::query(
            "UPDATE comments SET status = $3, revision = $4, name = $5, email = $6, text = $7, url = $8, page = $9,
            page_title = $10, parent_id = $11, author_hash = $12, page_hash = $13, text_hash = $14, fingerprint = $15,
            decision = $16, score = $17, spam = $18, toxic = $19, reasons = $20, facts = $21, policy = $22, model = $23,
            lang = $24, worth = $25, campaign = $26
         WHERE site_id = $1 AND id = $2",
        )
        .bind(comment.site)
        .bind(comment.id)
        .bind(to)
        .bind(revision + 1)
        .bind(&s.name)
        .bind(&s.email)
        .bind(&s.text)
        .bind(&s.url)
        .bind(&s.page)
        .bind(&s.page_title)
        .bind(s.parent_id)
        .bind(comment.author_hash())
        .bind(comment.page_hash())
        .bind(comment.text_hash())
        .bind(fingerprint)
        .bind(verdict.decision.as_str())
        .bind(verdict.score)
        .bind(verdict.scores.spam)
        .bind(verdict.scores.toxic)
        .bind(reasons)
        .bind(facts)
        .bind(verdict.policy)
        .bind(&verdict.model)
        .bind(recording.row.lang)
        .bind(recording.row.worth)
        .bind(recording.row.campaign)
    )?;
    if is_indexed {
        super::search::remember(conn, comment.site, comment.id).await?;
    }
    let mut counts = Counts::default();
    counts.moved(comment.site, from, to);
    counts.apply(conn).await?;
    let event = NewEvent {
        site: comment.site,
        comment: comment.id,
        action: ActionId::fresh(now),
        kind: EventKind::Edited,
        actor: "pipeline",
        from: Some(from),
        to,
        revision: revision + 1,
        reason: None,
        note: None,
        policy: verdict.policy,
        model: verdict.model.as_deref(),
        shown_at: None,
        at: now,
    };
    append(conn, event).await?;
    if let Some(answer) = &recording.idempotency {
        super::answers::keep(conn, comment.site, answer, comment.id, now).await?;
    }
    Ok(())
}

impl Store {
    /// Stores a judged comment; returns after the commit.
    ///
    /// # Errors
    ///
    /// As [`super::Writer::record`].
    pub async fn record(&self, recording: Recording) -> Result<()> {
        self.writer.record(recording).await
    }

    /// Replaces content and verdict of a stored comment, with its event and idempotent answer, in one transaction.
    ///
    /// # Errors
    ///
    /// When the database fails, or the comment is gone.
    pub async fn edit(&self, recording: Recording, now: Timestamp) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let recording = recording.clone();
                Box::pin(async move { replace(conn, &recording, now).await })
            })
            .await
    }

    /// The answer that was given to a request with this idempotency key.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn idempotent_answer(&self, site: SiteId, key: &str) -> Result<Option<IdempotentAnswer>> {
        let row: Option<(i64, i64, String, i64, i64)> = with_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT body_hash, comment_id, answer, created_at, status FROM idempotent_answers WHERE site_id = $1 AND key = $2",
        )
        .bind(site)
        .bind(key).fetch_optional(pool).await
        })?;
        Ok(row.map(|(body_hash, comment, answer, created_at, status)| IdempotentAnswer {
            body_hash,
            comment: CommentId(comment),
            answer,
            status: u16::try_from(status).unwrap_or(201),
            created_at: time(created_at),
        }))
    }

    /// Forgets idempotent answers given before `before`; returns how many.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn forget_answers(&self, before: Timestamp) -> Result<u64> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    let done = execute!(
                        conn,
                        sqlx::query("DELETE FROM idempotent_answers WHERE created_at < $1").bind(micros(before))
                    )?;
                    Ok(done)
                })
            })
            .await
    }
}
