//! Deciding: a moderator changes the status of comments, and may take it back.

use jiff::Timestamp;

use super::counts::Counts;
use super::history::{EVENT_COLUMNS, Event, EventKind, EventRow, NewEvent, append};
use super::outbox::withdraw;
use super::tallies::Ruling;
use super::{Actor, Conn, Result, Store, micros};
use crate::id::{ActionId, CommentId, EventId, SiteId};
use crate::verdict::Status;

/// What somebody decided about comments of one site.
#[derive(Clone, Debug)]
pub struct Resolution {
    /// The status they are to have.
    pub status: Status,
    /// Why, in a word or two.
    pub reason: Option<String>,
    /// Why, at length.
    pub note: Option<String>,
    /// Who decided.
    pub actor: Actor,
    /// When the comments came on that person's screen; `None` when nobody looked. One of many has its share of the time.
    pub shown_at: Option<Timestamp>,
    /// When.
    pub at: Timestamp,
}

/// What became of one comment of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its status changed.
    Changed {
        /// The status before.
        from: Status,
        /// The status now.
        to: Status,
        /// Its revision now.
        revision: i64,
    },
    /// It had that status already; nothing was written.
    Unchanged {
        /// Its revision.
        revision: i64,
    },
    /// Somebody was faster: it is no longer in the revision that was decided about.
    Conflict {
        /// Its status now.
        status: Status,
        /// Its revision now.
        revision: i64,
    },
    /// The site has no such comment.
    Missing,
}

/// What an action did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The handle for undoing it.
    pub action: ActionId,
    /// What became of each comment, in the order they were named.
    pub outcomes: Vec<(CommentId, Outcome)>,
}

impl Resolved {
    /// The comments whose status changed, with their status now.
    pub fn changed(&self) -> impl Iterator<Item = (CommentId, Status, Status)> {
        self.outcomes.iter().filter_map(|&(id, outcome)| match outcome {
            Outcome::Changed { from, to, .. } => Some((id, from, to)),
            _ => None,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(super) struct Current {
    pub(super) status: Status,
    pub(super) revision: i64,
    pub(super) policy: i64,
    pub(super) model: Option<String>,
    pub(super) decision: String,
    pub(super) reasons: String,
}

impl Store {
    /// Gives comments of a site a status, each with its event and webhook, in one transaction. Where a revision is
    /// named, a comment that has another one by now is left alone.
    ///
    /// # Errors
    ///
    /// When the database fails; then nothing was changed.
    pub async fn resolve(
        &self,
        site: SiteId,
        comments: Vec<(CommentId, Option<i64>)>,
        resolution: Resolution,
    ) -> Result<Resolved> {
        self.writer
            .transact(move |conn| {
                let (comments, resolution) = (comments.clone(), resolution.clone());
                Box::pin(async move { resolve_all(conn, site, &comments, &resolution).await })
            })
            .await
    }

    /// Puts every comment of an action back to the status it had before. A comment that was changed since stays as
    /// it is. `None` when the site has no such action.
    ///
    /// # Errors
    ///
    /// When the database fails; then nothing was changed.
    pub async fn undo(&self, site: SiteId, action: ActionId, actor: Actor, at: Timestamp) -> Result<Option<Resolved>> {
        self.writer
            .transact(move |conn| {
                let actor = actor.to_string();
                Box::pin(async move { undo_all(conn, site, action, &actor, at).await })
            })
            .await
    }

    /// The latest action of somebody on a site that can still be undone, because nothing was done to its comments since.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn last_action(&self, site: SiteId, actor: &Actor, since: Timestamp) -> Result<Option<ActionId>> {
        let id: Option<i64> = with_pool!(self, |pool| sqlx::query_scalar(
            "SELECT e.action_id FROM events e JOIN comments c ON c.id = e.comment_id AND c.site_id = e.site_id
             WHERE e.site_id = $1 AND e.id >= $2 AND e.actor = $3 AND e.kind = 'decided' AND c.revision = e.revision
             ORDER BY e.id DESC LIMIT 1",
        )
        .bind(site)
        .bind(crate::id::floor(since))
        .bind(actor.to_string())
        .fetch_optional(pool)
        .await)?;
        Ok(id.map(ActionId))
    }
}

async fn resolve_all(
    conn: &mut Conn,
    site: SiteId,
    comments: &[(CommentId, Option<i64>)],
    resolution: &Resolution,
) -> sqlx::Result<Resolved> {
    let action = ActionId::fresh(resolution.at);
    lock(conn, site, comments.iter().map(|&(comment, _)| comment)).await?;
    let mut counts = Counts::default();
    let mut outcomes = Vec::with_capacity(comments.len());
    let resolution = &Resolution { shown_at: share_of_time(resolution, comments.len()), ..resolution.clone() };
    for &(comment, expected) in comments {
        let outcome = resolve_one(conn, &mut counts, site, action, comment, expected, resolution).await?;
        outcomes.push((comment, outcome));
    }
    counts.apply(conn).await?;
    Ok(Resolved { action, outcomes })
}

/// When a comment would have come on the screen, had it been decided alone.
fn share_of_time(resolution: &Resolution, comments: usize) -> Option<Timestamp> {
    let (shown, at) = (resolution.shown_at?.as_microsecond(), resolution.at.as_microsecond());
    let share = (at - shown).max(0) / i64::try_from(comments.max(1)).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(at - share).ok()
}

async fn resolve_one(
    conn: &mut Conn,
    counts: &mut Counts,
    site: SiteId,
    action: ActionId,
    comment: CommentId,
    expected: Option<i64>,
    resolution: &Resolution,
) -> sqlx::Result<Outcome> {
    let Some(current) = current(conn, site, comment).await? else { return Ok(Outcome::Missing) };
    if expected.is_some_and(|revision| revision != current.revision) {
        return Ok(Outcome::Conflict { status: current.status, revision: current.revision });
    }
    if current.status == resolution.status {
        return Ok(Outcome::Unchanged { revision: current.revision });
    }
    let actor = resolution.actor.to_string();
    let event = NewEvent {
        site,
        comment,
        action,
        kind: EventKind::Decided,
        actor: &actor,
        from: Some(current.status),
        to: resolution.status,
        revision: current.revision + 1,
        reason: resolution.reason.as_deref(),
        note: resolution.note.as_deref(),
        policy: current.policy,
        model: current.model.as_deref(),
        shown_at: resolution.shown_at,
        at: resolution.at,
    };
    counts.moved(site, current.status, resolution.status);
    let before = last_decider(conn, site, comment, None).await?;
    counts.tallies.ruled(
        1,
        &Ruling {
            site,
            actor: &actor,
            from: current.status,
            to: resolution.status,
            reason: resolution.reason.as_deref(),
            shown_at: resolution.shown_at,
            at: resolution.at,
            decision: &current.decision,
            reasons: &current.reasons,
            before: before.as_deref(),
        },
    );
    change(conn, event).await?;
    if let Some(label) = label_of(resolution) {
        insert_label(conn, site, comment, label, &actor, resolution.at).await?;
    }
    Ok(Outcome::Changed { from: current.status, to: resolution.status, revision: current.revision + 1 })
}

/// What the classifier may learn from a decision: approved is ham, rejected as spam or as toxic is that, and a rejection for
/// any other reason (off topic, say) teaches nothing.
fn label_of(resolution: &Resolution) -> Option<&'static str> {
    match (resolution.status, resolution.reason.as_deref()) {
        (Status::Approved, _) => Some("ham"),
        (Status::Rejected, Some("spam")) => Some("spam"),
        (Status::Rejected, Some("toxic" | "abuse")) => Some("toxic"),
        _ => None,
    }
}

async fn undo_all(
    conn: &mut Conn,
    site: SiteId,
    action: ActionId,
    actor: &str,
    at: Timestamp,
) -> sqlx::Result<Option<Resolved>> {
    let sql = format!(
        "SELECT {EVENT_COLUMNS} FROM events WHERE site_id = $1 AND action_id = $2 AND kind = 'decided' ORDER BY id"
    );
    let rows: Vec<EventRow> =
        with_conn!(conn, |c| sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(site).bind(action).fetch_all(c).await)?;
    if rows.is_empty() {
        return Ok(None);
    }
    lock(conn, site, rows.iter().map(EventRow::comment)).await?;
    let undo = ActionId::fresh(at);
    let mut counts = Counts::default();
    let mut outcomes = Vec::with_capacity(rows.len());
    for event in rows.into_iter().map(Event::from) {
        outcomes.push((event.comment_id, undo_one(conn, &mut counts, undo, site, &event, actor, at).await?));
    }
    counts.apply(conn).await?;
    super::standing::end(conn, site, action).await?;
    Ok(Some(Resolved { action: undo, outcomes }))
}

async fn undo_one(
    conn: &mut Conn,
    counts: &mut Counts,
    undo: ActionId,
    site: SiteId,
    event: &Event,
    actor: &str,
    at: Timestamp,
) -> sqlx::Result<Outcome> {
    let Some(current) = current(conn, site, event.comment_id).await? else { return Ok(Outcome::Missing) };
    let (Some(before), true) = (event.from, current.revision == event.revision) else {
        return Ok(Outcome::Conflict { status: current.status, revision: current.revision });
    };
    let undone = NewEvent {
        site,
        comment: event.comment_id,
        action: undo,
        kind: EventKind::Undone,
        actor,
        from: Some(current.status),
        to: before,
        revision: current.revision + 1,
        reason: None,
        note: None,
        policy: current.policy,
        model: current.model.as_deref(),
        shown_at: None,
        at,
    };
    counts.moved(site, current.status, before);
    let decider_before = last_decider(conn, site, event.comment_id, Some(event.id)).await?;
    counts.tallies.ruled(
        -1,
        &Ruling {
            site,
            actor: &event.actor,
            from: before,
            to: event.to,
            reason: event.reason.as_deref(),
            shown_at: event.shown_at,
            at: event.at,
            decision: &current.decision,
            reasons: &current.reasons,
            before: decider_before.as_deref(),
        },
    );
    // What the site has not been told need not be taken back.
    let untold = withdraw(conn, site, event.id).await?;
    let undone = change(conn, undone).await?;
    if untold {
        withdraw(conn, site, undone).await?;
    }
    execute!(
        conn,
        sqlx::query("DELETE FROM labels WHERE site_id = $1 AND comment_id = $2 AND actor = $3 AND created_at = $4")
            .bind(site)
            .bind(event.comment_id)
            .bind(&event.actor)
            .bind(micros(event.at))
    )?;
    Ok(Outcome::Changed { from: current.status, to: before, revision: current.revision + 1 })
}

/// Keeps other replicas away from comments until the end of the transaction; in the order of ids, so that two bulk
/// decisions wait for each other instead of blocking each other. On SQLite the transaction has the database already.
pub(super) async fn lock(
    conn: &mut Conn,
    site: SiteId,
    comments: impl IntoIterator<Item = CommentId>,
) -> sqlx::Result<()> {
    if let Conn::Postgres(c) = conn {
        let ids: Vec<i64> = comments.into_iter().map(|comment| comment.0).collect();
        sqlx::query("SELECT id FROM comments WHERE site_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE")
            .bind(site)
            .bind(ids)
            .execute(c)
            .await?;
    }
    Ok(())
}

pub(super) async fn current(conn: &mut Conn, site: SiteId, comment: CommentId) -> sqlx::Result<Option<Current>> {
    with_conn!(conn, |c| sqlx::query_as(
        "SELECT status, revision, policy, model, decision, reasons FROM comments WHERE site_id = $1 AND id = $2"
    )
    .bind(site)
    .bind(comment)
    .fetch_optional(c)
    .await)
}

/// Who decided about a comment last, before an event or until now.
async fn last_decider(
    conn: &mut Conn,
    site: SiteId,
    comment: CommentId,
    before: Option<EventId>,
) -> sqlx::Result<Option<String>> {
    with_conn!(conn, |c| sqlx::query_scalar(
        "SELECT actor FROM events WHERE site_id = $1 AND comment_id = $2 AND id < $3 AND kind = 'decided'
         ORDER BY id DESC LIMIT 1"
    )
    .bind(site)
    .bind(comment)
    .bind(before.map_or(i64::MAX, |event| event.0))
    .fetch_optional(c)
    .await)
}

/// Writes a change of status: comment, event, outbox.
pub(super) async fn change(conn: &mut Conn, event: NewEvent<'_>) -> sqlx::Result<EventId> {
    execute!(
        conn,
        sqlx::query("UPDATE comments SET status = $3, revision = $4 WHERE site_id = $1 AND id = $2")
            .bind(event.site)
            .bind(event.comment)
            .bind(event.to)
            .bind(event.revision)
    )?;
    append(conn, event).await
}

async fn insert_label(
    conn: &mut Conn,
    site: SiteId,
    comment: CommentId,
    label: &str,
    actor: &str,
    at: Timestamp,
) -> sqlx::Result<()> {
    execute!(
        conn,
        sqlx::query(
            "INSERT INTO labels (site_id, id, comment_id, label, actor, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(site)
        .bind(crate::id::fresh(at))
        .bind(comment)
        .bind(label)
        .bind(actor)
        .bind(micros(at))
    )?;
    Ok(())
}
