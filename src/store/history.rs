//! What happened to comments: an append-only list of events.

use std::fmt;

use jiff::Timestamp;
use serde::Serialize;

use super::{Conn, Result, Store, micros, time};
use crate::id::{ActionId, CommentId, EventId, SiteId, UserId};
use crate::verdict::Status;

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The pipeline.
    Pipeline,
    /// A signed-in moderator.
    User(UserId),
    /// The website, with one of its keys.
    Site(String),
    /// Whoever has a key that may stand in a public form.
    Form(String),
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pipeline => f.write_str("pipeline"),
            Self::User(id) => write!(f, "user:{id}"),
            Self::Site(key) => write!(f, "key:{key}"),
            Self::Form(key) => write!(f, "form:{key}"),
        }
    }
}

impl Actor {
    /// The signed-in person, if it was one.
    pub fn user(text: &str) -> Option<UserId> {
        text.strip_prefix("user:").and_then(|id| id.parse().ok())
    }
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// It was received and judged.
    Created,
    /// The site sent it again with another content, and it was judged again.
    Edited,
    /// A moderator decided.
    Decided,
    /// An earlier decision was taken back.
    Undone,
    /// Its author asked for a second look.
    Appealed,
}

impl EventKind {
    /// Its name in the history.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Edited => "edited",
            Self::Decided => "decided",
            Self::Undone => "undone",
            Self::Appealed => "appealed",
        }
    }
}

/// One entry of the history.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// The comment it is about.
    pub comment_id: CommentId,
    /// The action it was part of.
    pub action_id: ActionId,
    /// `created`, `edited`, `decided`, `undone` or `appealed`.
    pub kind: String,
    /// Who did it: `pipeline`, `user:<id>`, `key:<id>` or `author`.
    pub actor: String,
    /// The status before; `None` when it was created.
    pub from: Option<Status>,
    /// The status after.
    pub to: Status,
    /// The comment's revision after it.
    pub revision: i64,
    /// Why, in a word or two.
    pub reason: Option<String>,
    /// Why, at length.
    pub note: Option<String>,
    /// Version of the policy then.
    pub policy: i64,
    /// Version of the model then.
    pub model: Option<String>,
    /// When the comment came on the screen of whoever decided.
    #[serde(serialize_with = "crate::clock::optional_rfc3339")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub shown_at: Option<Timestamp>,
    /// When.
    #[serde(serialize_with = "crate::clock::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
pub(super) struct EventRow {
    id: i64,
    comment_id: i64,
    action_id: i64,
    kind: String,
    actor: String,
    from_status: Option<Status>,
    to_status: Status,
    revision: i64,
    reason: Option<String>,
    note: Option<String>,
    policy: i64,
    model: Option<String>,
    shown_at: Option<i64>,
    created_at: i64,
}

impl EventRow {
    /// The comment it is about.
    pub(super) fn comment(&self) -> CommentId {
        CommentId(self.comment_id)
    }
}

pub(super) const EVENT_COLUMNS: &str =
    "id, comment_id, action_id, kind, actor, from_status, to_status, revision, reason, note,
    policy, model, shown_at, created_at";

impl From<EventRow> for Event {
    fn from(row: EventRow) -> Self {
        Self {
            id: EventId(row.id),
            comment_id: CommentId(row.comment_id),
            action_id: ActionId(row.action_id),
            kind: row.kind,
            actor: row.actor,
            from: row.from_status,
            to: row.to_status,
            revision: row.revision,
            reason: row.reason,
            note: row.note,
            policy: row.policy,
            model: row.model,
            shown_at: row.shown_at.map(time),
            at: time(row.created_at),
        }
    }
}

/// A change of a comment's status, to be written with it.
pub(super) struct NewEvent<'a> {
    pub site: SiteId,
    pub comment: CommentId,
    pub action: ActionId,
    pub kind: EventKind,
    pub actor: &'a str,
    pub from: Option<Status>,
    pub to: Status,
    pub revision: i64,
    pub reason: Option<&'a str>,
    pub note: Option<&'a str>,
    pub policy: i64,
    pub model: Option<&'a str>,
    pub shown_at: Option<Timestamp>,
    pub at: Timestamp,
}

/// Appends an event, and an outbox row if the site has a webhook.
pub(super) async fn append(conn: &mut Conn, event: NewEvent<'_>) -> sqlx::Result<EventId> {
    let id = EventId::fresh(event.at);
    execute!(conn, sqlx::query(
        "INSERT INTO events (site_id, id, comment_id, action_id, kind, actor, from_status, to_status, revision, reason,
            note, policy, model, shown_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(event.site)
    .bind(id)
    .bind(event.comment)
    .bind(event.action)
    .bind(event.kind.as_str())
    .bind(event.actor)
    .bind(event.from)
    .bind(event.to)
    .bind(event.revision)
    .bind(event.reason)
    .bind(event.note)
    .bind(event.policy)
    .bind(event.model)
    .bind(event.shown_at.map(micros))
    .bind(micros(event.at)))?;
    execute!(
        conn,
        sqlx::query(super::outbox::ENQUEUE)
            .bind(event.site)
            .bind(id)
            .bind(event.comment)
            .bind(micros(event.at))
            .bind(event.kind.as_str())
    )?;
    super::callbacks::tell(conn, &event).await?;
    Ok(id)
}

impl Store {
    /// Everything that happened to a comment, oldest first; empty when the site has no such comment.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn history(&self, site: SiteId, comment: CommentId) -> Result<Vec<Event>> {
        let sql =
            format!("SELECT {EVENT_COLUMNS} FROM events WHERE site_id = $1 AND comment_id = $2 ORDER BY id LIMIT 1000");
        let rows: Vec<EventRow> = with_pool!(self, |pool| sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(site)
            .bind(comment)
            .fetch_all(pool)
            .await)?;
        Ok(rows.into_iter().map(Event::from).collect())
    }
}
