//! Deciding about comments by program, taking it back, and feedback from the website.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::caller;
use super::comments::{CommentBody, NO_COMMENT};
use super::fields::Fields;
use super::openapi::{self, BodyRefused, NotFound, Refused};
use super::{AppState, Problem, Result, submission};
use crate::app::App;
use crate::id::{ActionId, CommentId};
use crate::store::{Outcome, Resolution, Resolved, Scope};
use crate::verdict::Status;

/// Most comments of one call.
const MAX_IDS: usize = 1_000;
/// Longest reason, in characters.
const MAX_REASON: usize = 100;
/// Longest note, in characters.
const MAX_NOTE: usize = 2_000;

/// What became of the comments of one call.
#[derive(Serialize, ToSchema)]
pub(super) struct Decided {
    /// The handle for `POST /v1/decisions/{undo}/undo`.
    undo: ActionId,
    results: Vec<DecidedOne>,
}

#[derive(Serialize, ToSchema)]
struct DecidedOne {
    id: CommentId,
    /// `changed`, `unchanged`, `conflict` or `missing`.
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Status>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<i64>,
}

impl From<Resolved> for Decided {
    fn from(resolved: Resolved) -> Self {
        let one = |(id, outcome)| match outcome {
            Outcome::Changed { to, revision, .. } => {
                DecidedOne { id, result: "changed", status: Some(to), revision: Some(revision) }
            }
            Outcome::Unchanged { revision } => {
                DecidedOne { id, result: "unchanged", status: None, revision: Some(revision) }
            }
            Outcome::Conflict { status, revision } => {
                DecidedOne { id, result: "conflict", status: Some(status), revision: Some(revision) }
            }
            Outcome::Missing => DecidedOne { id, result: "missing", status: None, revision: None },
        };
        Self { undo: resolved.action, results: resolved.outcomes.into_iter().map(one).collect() }
    }
}

/// The fields of a JSON body.
pub(super) async fn fields(app: &App, headers: &HeaderMap, body: Body) -> Result<Fields> {
    if submission::encoding(headers)? != submission::Encoding::Json {
        return Err(Problem::Unsupported("send Content-Type: application/json"));
    }
    Fields::from_json(&submission::read(headers, body, app.config.http.max_body).await?)
}

fn status(fields: &mut Fields) -> Option<Status> {
    let status = fields.parsed("status", 20, Status::parse, "held, approved or rejected");
    if status.is_none() && !fields.refused("status") {
        fields.refuse("status", "held, approved or rejected is needed");
    }
    status
}

/// Gives one comment a status; `If-Match` makes sure that nobody was faster.
#[utoipa::path(patch, path = "/v1/comments/{id}", operation_id = "decide_comment", tag = "moderating", security(("key" = ["moderate"])),
    params(
        ("id" = CommentId, Path, description = "the comment"),
        ("If-Match" = Option<String>, Header, description = "the `ETag` of the comment that was seen"),
    ),
    request_body = openapi::Patch,
    responses(
        (status = 200, description = "the comment as it is now", body = CommentBody),
        (status = 412, description = "somebody was faster; `current` says what the comment is now", content_type = "application/problem+json", body = super::problem::Body),
        Refused, BodyRefused, NotFound,
    ))]
pub(super) async fn patch(
    State(app): AppState,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Moderate).await?;
    let id: CommentId = id.parse().map_err(|_| NO_COMMENT)?;
    let mut fields = fields(&app, &headers, body).await?;
    let read = (status(&mut fields), fields.text("reason", MAX_REASON), fields.text("note", MAX_NOTE));
    let (status, reason, note) = fields.finish(read)?;
    let status = status.unwrap_or(Status::Held);
    let site = caller.site.site.id;
    let resolution =
        Resolution { status, reason, note, actor: caller.actor(), shown_at: None, at: crate::clock::now() };
    let resolved = app.resolve(site, vec![(id, if_match(&headers))], resolution).await?;
    match resolved.outcomes.first() {
        Some((_, Outcome::Changed { .. } | Outcome::Unchanged { .. })) => {
            let body = CommentBody::from(app.store.comment(Some(site), id).await?.ok_or(NO_COMMENT)?);
            Ok((body.etag(), Json(body)).into_response())
        }
        Some(&(_, Outcome::Conflict { status, revision })) => Err(Problem::Outdated { status, revision }),
        Some((_, Outcome::Missing)) | None => Err(NO_COMMENT),
    }
}

/// A revision that nothing has.
const NO_REVISION: i64 = -1;

/// The revision that the caller has seen, if it says so. A tag that is none of ours is one that nothing has.
pub(super) fn if_match(headers: &HeaderMap) -> Option<i64> {
    let tag = headers.get(header::IF_MATCH)?.to_str().unwrap_or_default().trim();
    let revision = || tag.trim_start_matches("W/").trim_matches('"').parse().unwrap_or(NO_REVISION);
    (tag != "*").then(revision)
}

/// Gives many comments a status, as one action.
#[utoipa::path(post, path = "/v1/decisions", operation_id = "decide_comments", tag = "moderating", security(("key" = ["moderate"])),
    request_body = openapi::Decisions,
    responses(
        (status = 200, description = "what became of each, and the handle for undoing it", body = Decided, links(
            ("undo" = (operation_id = "undo_decisions", parameters(("undo" = "$response.body#/undo")))),
        )),
        Refused, BodyRefused,
    ))]
pub(super) async fn decide(State(app): AppState, headers: HeaderMap, body: Body) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Moderate).await?;
    let mut fields = fields(&app, &headers, body).await?;
    let id = |value: &serde_json::Value| value.as_str()?.parse::<CommentId>().ok();
    let ids = fields.list("ids", MAX_IDS, id, "the id of a comment").unwrap_or_default();
    if ids.is_empty() && !fields.refused("ids") {
        fields.refuse("ids", "at least one id is needed");
    }
    let read = (status(&mut fields), fields.text("reason", MAX_REASON), fields.text("note", MAX_NOTE));
    let (status, reason, note) = fields.finish(read)?;
    let status = status.unwrap_or(Status::Held);
    let resolution =
        Resolution { status, reason, note, actor: caller.actor(), shown_at: None, at: crate::clock::now() };
    let comments = ids.into_iter().map(|id| (id, None)).collect();
    let resolved = app.resolve(caller.site.site.id, comments, resolution).await?;
    Ok(Json(Decided::from(resolved)).into_response())
}

/// Puts every comment of an action back to its earlier status.
#[utoipa::path(post, path = "/v1/decisions/{undo}/undo", operation_id = "undo_decisions", tag = "moderating", security(("key" = ["moderate"])),
    params(("undo" = ActionId, Path, description = "the handle that the decision was answered with")),
    responses((status = 200, description = "what became of each", body = Decided), Refused, NotFound))]
pub(super) async fn undo(State(app): AppState, Path(undo): Path<String>, headers: HeaderMap) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Moderate).await?;
    const NO_ACTION: Problem = Problem::NotFound("this site has no action of that id");
    let action: ActionId = undo.parse().map_err(|_| NO_ACTION)?;
    let undone = app.undo(caller.site.site.id, action, caller.actor(), crate::clock::now()).await?.ok_or(NO_ACTION)?;
    Ok(Json(Decided::from(undone)).into_response())
}

/// The website says what a comment was; the classifier can learn from it.
#[utoipa::path(post, path = "/v1/comments/{id}/feedback", operation_id = "send_feedback", tag = "submitting", security(("key" = ["submit"])),
    params(("id" = CommentId, Path, description = "the comment")),
    request_body = openapi::Feedback,
    responses((status = 204, description = "noted"), Refused, BodyRefused, NotFound))]
pub(super) async fn feedback(
    State(app): AppState,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode> {
    let caller = caller(&app, &headers, Scope::Submit).await?;
    let id: CommentId = id.parse().map_err(|_| NO_COMMENT)?;
    let mut fields = fields(&app, &headers, body).await?;
    let known = |text: &str| ["spam", "ham", "toxic", "clean"].into_iter().find(|label| *label == text);
    let label = fields.parsed("label", 10, known, "spam, ham, toxic or clean");
    if label.is_none() && !fields.refused("label") {
        fields.refuse("label", "spam, ham, toxic or clean is needed");
    }
    let label = fields.finish(label)?.unwrap_or("ham");
    let site = caller.site.site.id;
    app.store.comment(Some(site), id).await?.ok_or(NO_COMMENT)?;
    app.store.label_once(site, id, label, caller.actor(), crate::clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
