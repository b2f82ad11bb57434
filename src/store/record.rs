//! Storing new comments: many at once, in one transaction.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;

use super::history::{EventKind, NewEvent, append};
use super::resolve::move_count;
use super::{Result, Store, micros, time};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::id::{ActionId, CommentId, EventId, SiteId};
use crate::verdict::{Status, Verdict};

/// A judged comment on its way into the store: everything that is committed together.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The comment's row.
    row: Row,
    /// The entry in its history.
    event: EventId,
    /// Whether somebody waits to be told by webhook.
    tell: bool,
    /// The answer to give again to the same request.
    idempotency: Option<Idempotency>,
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
    /// When it was given.
    pub created_at: Timestamp,
}

/// A row of `comments`.
#[derive(Clone, Debug)]
struct Row {
    comment: Comment,
    reasons: String,
    facts: String,
    fingerprint: i64,
    verdict: Verdict,
    /// Where it stands: what the verdict decided, unless it was imported.
    status: Status,
}

impl Recording {
    /// Puts a comment, the facts it was judged by and its verdict together. `fingerprint` finds texts that are nearly
    /// the same; `tell` says whether the site has a webhook.
    pub fn new(
        comment: Comment,
        fingerprint: i64,
        facts: &Facts,
        verdict: Verdict,
        tell: bool,
        idempotency: Option<Idempotency>,
    ) -> serde_json::Result<Self> {
        let event = EventId::fresh(comment.created_at);
        let reasons = serde_json::to_string(&verdict.reasons)?;
        let facts = serde_json::to_string(facts)?;
        let status = verdict.decision.status();
        Ok(Self { row: Row { comment, reasons, facts, fingerprint, verdict, status }, event, tell, idempotency })
    }

    /// The same for a comment that moderators have given a status already.
    pub fn with_status(mut self, status: Status) -> Self {
        self.row.status = status;
        self
    }
}

/// Stands for a site's own name of a comment in its unique index.
pub(super) fn external_hash(external_id: &str) -> i64 {
    xxhash_rust::xxh3::xxh3_64(external_id.as_bytes()) as i64
}

const INSERT_COMMENTS: &str = "INSERT INTO comments (site_id, id, created_at, status, revision, name, email, text, url, page,
    page_title, ip, user_agent, referrer, locale, external_id, parent_id, author_role, honeypot, elapsed_ms, submitted_at,
    author_hash, page_hash, external_hash, text_hash, fingerprint, decision, score, spam, toxic, reasons, facts, policy, model)
  SELECT value->>0, value->>1, value->>2, value->>3, 1, value->>4, value->>5, value->>6, value->>7, value->>8,
    value->>9, value->>10, value->>11, value->>12, value->>13, value->>14, value->>15, value->>16, value->>17, value->>18, value->>19,
    value->>20, value->>21, value->>22, value->>23, value->>24, value->>25, value->>26, value->>27, value->>28, value->>29,
    value->>30, value->>31, value->>32
  FROM json_each($1)";

const INSERT_EVENTS: &str = "INSERT INTO events (site_id, id, comment_id, action_id, kind, actor, to_status, revision, policy,
    model, created_at)
  SELECT value->>0, value->>1, value->>2, value->>1, 'created', 'pipeline', value->>3, 1, value->>4, value->>5, value->>6
  FROM json_each($1)";

const INSERT_OUTBOX: &str = "INSERT INTO outbox (site_id, event_id, comment_id, due_at, attempts)
  SELECT value->>0, value->>1, value->>2, value->>3, 0 FROM json_each($1)";

const ADD_COUNTS: &str = "INSERT INTO comment_counts (site_id, status, comments)
  SELECT value->>0, value->>1, value->>2 FROM json_each($1) WHERE true
  ON CONFLICT (site_id, status) DO UPDATE SET comments = comments + excluded.comments";

const INSERT_ANSWERS: &str = "INSERT INTO idempotent_answers (site_id, key, body_hash, comment_id, answer, created_at)
  SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each($1)";

/// Commits `rows` in one transaction.
pub(super) async fn insert(conn: &mut SqliteConnection, rows: &[&Recording]) -> sqlx::Result<()> {
    let comments = json(rows.iter().map(|r| &r.row))?;
    let events = json(rows.iter().map(|r| r.event_columns()))?;
    let outbox: Vec<_> = rows.iter().filter(|r| r.tell).map(|r| r.outbox_columns()).collect();
    let answers: Vec<_> = rows.iter().filter_map(|r| r.answer_columns()).collect();

    let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::query(INSERT_COMMENTS).bind(comments).execute(&mut *transaction).await?;
    sqlx::query(INSERT_EVENTS).bind(events).execute(&mut *transaction).await?;
    sqlx::query(ADD_COUNTS).bind(json(counts(rows).into_iter())?).execute(&mut *transaction).await?;
    if !outbox.is_empty() {
        sqlx::query(INSERT_OUTBOX).bind(json(outbox.into_iter())?).execute(&mut *transaction).await?;
    }
    if !answers.is_empty() {
        sqlx::query(INSERT_ANSWERS).bind(json(answers.into_iter())?).execute(&mut *transaction).await?;
    }
    transaction.commit().await
}

/// Changes of the counters: site, status, how many more.
fn counts(rows: &[&Recording]) -> Vec<(i64, i16, i64)> {
    let mut counts = BTreeMap::new();
    for r in rows {
        *counts.entry((r.row.comment.site.0, r.row.status as i16)).or_insert(0) += 1;
    }
    counts.into_iter().map(|((site, status), n)| (site, status, n)).collect()
}

fn json<T: Serialize>(rows: impl Iterator<Item = T>) -> sqlx::Result<String> {
    let rows: Vec<T> = rows.collect();
    serde_json::to_string(&rows).map_err(|error| sqlx::Error::Encode(error.into()))
}

impl Recording {
    fn event_columns(&self) -> impl Serialize {
        let Row { comment, verdict, status, .. } = &self.row;
        (
            comment.site.0,
            self.event.0,
            comment.id.0,
            *status as i16,
            verdict.policy,
            verdict.model.clone(),
            micros(comment.created_at),
        )
    }

    fn outbox_columns(&self) -> impl Serialize + use<> {
        let comment = &self.row.comment;
        (comment.site.0, self.event.0, comment.id.0, micros(comment.created_at))
    }

    fn answer_columns(&self) -> Option<impl Serialize + '_> {
        let comment = &self.row.comment;
        let made = micros(comment.created_at);
        self.idempotency.as_ref().map(|i| (comment.site.0, &i.key, i.body_hash, comment.id.0, &i.answer, made))
    }
}

/// The values of [`INSERT_COMMENTS`], in its order, as one JSON array.
impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let (c, s, v) = (&self.comment, &self.comment.submission, &self.verdict);
        let mut row = serializer.serialize_seq(None)?;
        macro_rules! put {
            ($($value:expr),* $(,)?) => { $(row.serialize_element(&$value)?;)* };
        }
        put!(c.site.0, c.id.0, micros(c.created_at), self.status as i16);
        put!(s.name, s.email, s.text, s.url, s.page, s.page_title, s.ip, s.user_agent, s.referrer, s.locale);
        put!(s.external_id, s.parent_id.map(|id| id.0), s.author_role, s.honeypot, s.elapsed_ms);
        put!(s.submitted_at.map(micros), c.author_hash(), c.page_hash());
        put!(s.external_id.as_deref().map(external_hash), c.text_hash(), self.fingerprint);
        put!(v.decision.as_str(), v.score, v.scores.spam, v.scores.toxic, self.reasons, self.facts, v.policy, v.model);
        row.end()
    }
}

async fn replace(conn: &mut SqliteConnection, recording: &Recording, now: Timestamp) -> sqlx::Result<()> {
    let Row { comment, reasons, facts, fingerprint, verdict, .. } = &recording.row;
    let s = &comment.submission;
    let (from, revision): (Status, i64) =
        sqlx::query_as("SELECT status, revision FROM comments WHERE site_id = $1 AND id = $2")
            .bind(comment.site)
            .bind(comment.id)
            .fetch_one(&mut *conn)
            .await?;
    let to = verdict.decision.status();
    sqlx::query(
        "UPDATE comments SET status = $3, revision = $4, name = $5, email = $6, text = $7, url = $8, page = $9,
            page_title = $10, parent_id = $11, author_hash = $12, page_hash = $13, text_hash = $14, fingerprint = $15,
            decision = $16, score = $17, spam = $18, toxic = $19, reasons = $20, facts = $21, policy = $22, model = $23
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
    .execute(&mut *conn)
    .await?;
    move_count(conn, comment.site, from, to).await?;
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
        at: now,
    };
    append(conn, event).await?;
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

    /// Replaces content and verdict of a stored comment, with its event, in one transaction.
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
        let row: Option<(i64, i64, String, i64)> = sqlx::query_as(
            "SELECT body_hash, comment_id, answer, created_at FROM idempotent_answers WHERE site_id = $1 AND key = $2",
        )
        .bind(site)
        .bind(key)
        .fetch_optional(&self.readers)
        .await?;
        Ok(row.map(|(body_hash, comment, answer, created_at)| IdempotentAnswer {
            body_hash,
            comment: CommentId(comment),
            answer,
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
                    let done = sqlx::query("DELETE FROM idempotent_answers WHERE created_at < $1")
                        .bind(micros(before))
                        .execute(conn)
                        .await?;
                    Ok(done.rows_affected())
                })
            })
            .await
    }
}
