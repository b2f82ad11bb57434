//! Erasing: one comment, or all that one author wrote.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::caller;
use super::comments::NO_COMMENT;
use super::decisions::fields;
use super::openapi::{self, BodyRefused, NotFound, Refused};
use super::{AppState, Problem, Result};
use crate::comment::MAX_EMAIL;
use crate::id::CommentId;
use crate::store::{Person, Scope};

/// What was erased.
#[derive(Serialize, ToSchema)]
pub(super) struct Erased {
    /// How many comments.
    erased: usize,
    ids: Vec<CommentId>,
}

/// Erases one comment for good: text, history, labels, what was on its way to a webhook.
#[utoipa::path(delete, path = "/v1/comments/{id}", operation_id = "erase_comment", tag = "moderating", security(("key" = ["admin"])),
    params(("id" = CommentId, Path, description = "the comment")),
    responses((status = 204, description = "erased"), Refused, NotFound))]
pub(super) async fn delete(State(app): AppState, Path(id): Path<String>, headers: HeaderMap) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Admin).await?;
    let id: CommentId = id.parse().map_err(|_| NO_COMMENT)?;
    let site = caller.site.site.id;
    match app.store.erase_comment(site, id, &caller.actor(), crate::clock::now()).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(NO_COMMENT),
    }
}

/// Erases everything that one author wrote on the site, named by e-mail address or by network address.
#[utoipa::path(post, path = "/v1/erasure", operation_id = "erase_author", tag = "moderating", security(("key" = ["admin"])),
    request_body = openapi::Erasure,
    responses((status = 200, description = "what was erased", body = Erased), Refused, BodyRefused))]
pub(super) async fn erase(State(app): AppState, headers: HeaderMap, body: Body) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Admin).await?;
    let mut fields = fields(&app, &headers, body).await?;
    let email = fields.text("email", MAX_EMAIL).filter(|email| !email.is_empty());
    let ip = fields.parsed("ip", 45, |text| text.parse().ok(), "an IPv4 or IPv6 address");
    let (email, ip) = fields.finish((email, ip))?;
    let person = match (email, ip) {
        (Some(email), None) => Person::Email(email),
        (None, Some(ip)) => Person::Address(ip),
        _ => return Err(Problem::field("email", "either email or ip says whose comments are to be erased")),
    };
    let ids = app.store.erase(caller.site.site.id, &person, &caller.actor(), crate::clock::now()).await?;
    Ok(Json(Erased { erased: ids.len(), ids }).into_response())
}
