//! A site's policy: reading it, and putting a new version in force.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::auth::caller;
use super::submission::{self, Encoding};
use super::{AppState, FieldError, Problem, Result};
use crate::policy::{Policy, PolicyDocument};
use crate::store::Scope;

#[derive(Serialize)]
struct PolicyBody<'a> {
    version: i64,
    policy: &'a PolicyDocument,
}

/// `GET /v1/policy`: the policy in force; version 0 is the built-in one.
pub(super) async fn show(State(app): AppState, headers: HeaderMap) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Admin).await?;
    let policy = &caller.site.policy;
    Ok(Json(PolicyBody { version: policy.version, policy: &policy.document }).into_response())
}

/// `PUT /v1/policy`: a new version, in force at once. What is not named has its default.
pub(super) async fn put(State(app): AppState, headers: HeaderMap, body: Body) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Admin).await?;
    if submission::encoding(&headers)? != Encoding::Json {
        return Err(Problem::Unsupported("send Content-Type: application/json"));
    }
    let body = submission::read(&headers, body, app.config.http.max_body).await?;
    let document: PolicyDocument = serde_json::from_slice(&body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::field("", format!("this is no policy: {error}")),
        _ => Problem::Malformed(format!("the body is not JSON: {error}")),
    })?;
    let policy = Policy::compile(0, document).map_err(|errors| {
        let error = |e: crate::policy::PolicyError| FieldError { pointer: e.pointer, detail: e.detail };
        Problem::Invalid(errors.into_iter().map(error).collect())
    })?;
    let text = serde_json::to_string(&policy.document).map_err(|error| Problem::Internal(error.into()))?;
    let (site, author) = (caller.site.site.id, caller.actor().to_string());
    let version = app.store.put_policy(site, text, author, String::new(), crate::clock::now()).await?;
    app.reload_directory().await?;
    Ok(Json(PolicyBody { version, policy: &policy.document }).into_response())
}
