//! Deciding about a comment, and taking it back.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::form::Fields;
use super::problem::{Failure, wants_json};
use super::queue::{find, next_after};
use super::session::Moderator;
use super::view::View;
use super::{Frame, assets, detail, page, reader, shown, texts};
use crate::app::App;
use crate::id::{ActionId, CommentId, SiteId};
use crate::store::{Actor, Outcome, Resolution, StoredComment, User};
use crate::verdict::Status;

/// Longest reason of a decision, in characters; longer ones are cut.
const MAX_REASON: usize = 100;

/// A decision as a form sends it.
#[derive(Deserialize)]
pub(super) struct Decided {
    status: String,
    #[serde(default)]
    reason: String,
    /// The revision that was looked at.
    revision: i64,
    /// The view to go on in.
    #[serde(default)]
    view: String,
    /// Milliseconds that it was looked at, as our script counts them while the page is visible.
    #[serde(default)]
    looked_ms: Option<i64>,
}

/// A look of more than an hour was a break.
const LONGEST_LOOK_MS: i64 = 60 * 60 * 1_000;

impl Decided {
    /// When the comment came on the screen, if our script counted.
    fn shown(&self, now: Timestamp) -> Option<Timestamp> {
        let looked = self.looked_ms.filter(|ms| (0..=LONGEST_LOOK_MS).contains(ms))?;
        now.checked_sub(SignedDuration::from_millis(looked)).ok()
    }
}

#[derive(Template)]
#[template(path = "conflict.html")]
struct ConflictPage {
    frame: Frame,
    said: String,
    excerpt: Vec<shown::Piece>,
    address: String,
    /// What this person wanted, as the form that does it all the same.
    again: Again,
    /// Whether that would still change anything.
    differs: bool,
}

/// The decision that was refused.
struct Again {
    action: String,
    status: Status,
    reason: String,
    revision: i64,
    view: String,
}

/// `POST /comments/{id}/decision`
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    moderator: Moderator,
    headers: HeaderMap,
    Path(id): Path<String>,
    Fields(decided): Fields<Decided>,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let status = Status::parse(&decided.status)
        .ok_or_else(|| Failure::BadForm("status is approved, rejected or held".to_owned()))?;
    let comment = find(&app, &id).await?;
    let reason: String = decided.reason.trim().chars().take(MAX_REASON).collect();
    let resolution = Resolution {
        status,
        reason: Some(reason.clone()).filter(|reason| !reason.is_empty()),
        note: None,
        actor: Actor::User(moderator.user.id),
        shown_at: decided.shown(now),
        at: now,
    };
    let resolved = app.resolve(comment.site, vec![(comment.id, Some(decided.revision))], resolution).await?;
    let view = View::parse(&decided.view);
    let json = wants_json(&headers);
    match resolved.outcomes.first() {
        Some(&(_, Outcome::Changed { to, revision, .. })) => {
            let action = Some(resolved.action);
            if json { Ok(told(&comment, to, revision, action)) } else { go_on(&app, &view, comment.id, action).await }
        }
        Some(&(_, Outcome::Unchanged { revision })) => {
            if json {
                Ok(told(&comment, status, revision, None))
            } else {
                go_on(&app, &view, comment.id, None).await
            }
        }
        Some(&(_, Outcome::Conflict { .. })) => {
            let now_is = find(&app, &id).await?;
            let said = detail::last_change(&app, &now_is, now).await?;
            if json {
                return Ok(refused(&now_is, said));
            }
            let again = Again {
                action: format!("/comments/{id}/decision"),
                status,
                reason,
                revision: now_is.revision,
                view: view.query(),
            };
            let frame = frame(&app, moderator.user, "Somebody was faster");
            let excerpt = shown::excerpt(&now_is.submission.text);
            let address = view.address_of(now_is.id);
            page(
                StatusCode::CONFLICT,
                &ConflictPage { frame, said, excerpt, address, again, differs: now_is.status != status },
            )
        }
        Some((_, Outcome::Missing)) | None => Err(Failure::NotFound("comment")),
    }
}

/// An action to be taken back.
#[derive(Deserialize)]
pub(super) struct Undo {
    action: String,
    site: String,
    #[serde(default)]
    view: String,
}

/// `POST /undo`
pub(super) async fn undo(
    State(app): State<Arc<App>>,
    moderator: Moderator,
    headers: HeaderMap,
    Fields(undo): Fields<Undo>,
) -> Result<Response, Failure> {
    let missing = || Failure::NotFound("action");
    let site: SiteId = undo.site.parse().map_err(|_| missing())?;
    let action: ActionId = undo.action.parse().map_err(|_| missing())?;
    let now = Timestamp::now();
    let undone = app.undo(site, action, Actor::User(moderator.user.id), now).await?.ok_or_else(missing)?;
    let &(id, outcome) = undone.outcomes.first().ok_or_else(missing)?;
    let comment = find(&app, &id.to_string()).await?;
    match outcome {
        Outcome::Changed { to, revision, .. } if wants_json(&headers) => Ok(told(&comment, to, revision, None)),
        Outcome::Changed { .. } => {
            let view = View::parse(&undo.view);
            Ok(Redirect::to(&format!("{}&done={}&of={id}", view.address_of(id), undone.action)).into_response())
        }
        _ => {
            let said = format!(
                "{} It was changed since, so it stays as it is.",
                detail::last_change(&app, &comment, now).await?
            );
            if wants_json(&headers) { Ok(refused(&comment, said)) } else { Err(Failure::Conflict(said)) }
        }
    }
}

fn frame(app: &App, user: User, title: &str) -> Frame {
    Frame::new(app, &super::session::SignedIn { user }, title)
}

/// What our script is told of a comment that it changed.
fn told(comment: &StoredComment, status: Status, revision: i64, action: Option<ActionId>) -> Response {
    Json(json!({
        "id": comment.id,
        "site": comment.site,
        "status": status,
        "revision": revision,
        "action": action,
    }))
    .into_response()
}

/// What our script is told of a comment that somebody else changed.
fn refused(comment: &StoredComment, said: String) -> Response {
    let body = json!({ "id": comment.id, "status": comment.status, "revision": comment.revision, "detail": said });
    (StatusCode::CONFLICT, Json(body)).into_response()
}

/// Leads to the next comment of the view, with word of what was done.
async fn go_on(app: &App, view: &View, id: CommentId, action: Option<ActionId>) -> Result<Response, Failure> {
    let mut to = match next_after(app, view, id).await? {
        Some(next) => view.address_of(next),
        None => view.address(),
    };
    to.push_str(&format!("&of={id}"));
    if let Some(action) = action {
        to.push_str(&format!("&done={action}"));
    }
    Ok(Redirect::to(&to).into_response())
}
