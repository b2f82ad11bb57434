//! A site's policy: reading it, and putting a new version in force.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::caller;
use super::decisions::if_match;
use super::openapi::{self, BodyRefused, PolicyChange, Refused};
use super::submission::{self, Encoding};
use super::{AppState, FieldError, Problem, Result};
use crate::policy::{Policy, PolicyDocument};
use crate::replaying::{MAX_REPLAYED, Replay, replay};
use crate::store::{CommentFilter, Scope};

/// Longest reason for a change, in characters.
const MAX_REASON: usize = 500;

/// A policy with its version.
#[derive(Serialize, ToSchema)]
#[schema(as = VersionedPolicy)]
pub(super) struct PolicyBody {
    version: i64,
    policy: PolicyDocument,
}

impl IntoResponse for PolicyBody {
    fn into_response(self) -> Response {
        let tag = HeaderValue::try_from(format!("\"{}\"", self.version)).ok();
        let tag: HeaderMap = tag.map(|tag| (header::ETAG, tag)).into_iter().collect();
        (tag, Json(self)).into_response()
    }
}

/// The policy in force; version 0 is the built-in one.
#[utoipa::path(get, path = "/v1/policy", operation_id = "show_policy", tag = "moderating", security(("key" = ["admin"])),
    responses((status = 200, description = "the policy", body = PolicyBody), Refused))]
pub(super) async fn show(State(app): AppState, headers: HeaderMap) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Admin).await?;
    let policy = &caller.site.policy;
    Ok(PolicyBody { version: policy.version, policy: policy.document.clone() }.into_response())
}

/// Puts a new version in force, at once.
///
/// The body is the document itself, or `{"policy", "reason", "version"}`: the reason stands in the list of versions beside
/// the key that made it, and with a version the change is refused if another one is in force by now. What the
/// document does not name has its default.
#[utoipa::path(put, path = "/v1/policy", operation_id = "put_policy", tag = "moderating", security(("key" = ["admin"])),
    params(("If-Match" = Option<String>, Header, description = "the `ETag` of the policy that was changed")),
    request_body = PolicyChange,
    responses(
        (status = 200, description = "the policy with its new version", body = PolicyBody),
        (status = 409, description = "another version is in force by now", content_type = "application/problem+json", body = super::problem::Body),
        (status = 412, description = "`If-Match` names another version than the one in force", content_type = "application/problem+json", body = super::problem::Body),
        Refused, BodyRefused,
    ))]
pub(super) async fn put(State(app): AppState, headers: HeaderMap, body: Body) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Admin).await?;
    if submission::encoding(&headers)? != Encoding::Json {
        return Err(Problem::Unsupported("send Content-Type: application/json"));
    }
    let body = submission::read(&headers, body, app.config.http.max_body).await?;
    let Change { document, reason, version } = change(&body)?;
    let in_force = caller.site.policy.version;
    if if_match(&headers).is_some_and(|version| version != in_force) {
        return Err(Problem::OutdatedPolicy(in_force));
    }
    if version.is_some_and(|version| version != in_force) {
        return Err(Problem::Conflict("another version of the policy is in force by now; read it, then change it"));
    }
    let policy = compile("", document)?;
    let text = serde_json::to_string(&policy.document).map_err(|error| Problem::Internal(error.into()))?;
    let (site, author) = (caller.site.site.id, caller.actor().to_string());
    let version = app.store.put_policy(site, text, author, reason, crate::clock::now()).await?;
    app.reload_directory().await?;
    Ok(PolicyBody { version, policy: policy.document }.into_response())
}

/// What another policy would have decided about the newest comments; nothing is changed.
#[utoipa::path(post, path = "/v1/policy/replay", operation_id = "replay_policy", tag = "moderating", security(("key" = ["admin"])),
    request_body = openapi::Replay,
    responses((status = 200, description = "what would be different", body = Replay), Refused, BodyRefused))]
pub(super) async fn try_out(State(app): AppState, headers: HeaderMap, body: Body) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Admin).await?;
    if submission::encoding(&headers)? != Encoding::Json {
        return Err(Problem::Unsupported("send Content-Type: application/json"));
    }
    let body = submission::read(&headers, body, app.config.http.max_body).await?;
    let Trial { document, last } = trial(&body, &caller.site.policy.document)?;
    let other = compile("/policy", document)?;
    let filter = CommentFilter { site: Some(caller.site.site.id), ..CommentFilter::default() };
    let comments = app.store.comments(&filter, None, last).await?.items;
    // Some hundred milliseconds of computing: not on a thread that serves others.
    let judged = tokio::task::spawn_blocking(move || {
        let model = app.pipeline.model();
        replay(&comments, &caller.site.policy, &other, caller.site.classifier(&model))
    });
    let replay = judged.await.map_err(|error| Problem::Internal(error.into()))?;
    Ok(Json(replay).into_response())
}

/// A policy to try, and on how many comments.
struct Trial {
    document: PolicyDocument,
    last: usize,
}

fn trial(body: &Bytes, current: &PolicyDocument) -> Result<Trial> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| Problem::Malformed(format!("the body is not JSON: {error}")))?;
    let Value::Object(mut fields) = value else { return Err(Problem::field("", "a JSON object is expected")) };
    let document = match fields.remove("policy").unwrap_or_default() {
        Value::Null => current.clone(),
        value => document("/policy", value)?,
    };
    let last = match fields.remove("last").unwrap_or_default() {
        Value::Null => MAX_REPLAYED,
        value => {
            let last = value.as_u64().and_then(|n| usize::try_from(n).ok()).filter(|n| (1..=MAX_REPLAYED).contains(n));
            last.ok_or_else(|| Problem::field("last", format!("a whole number from 1 to {MAX_REPLAYED} is expected")))?
        }
    };
    match fields.keys().next() {
        Some(name) => Err(Problem::field(name, "there is no such field; there are policy and last")),
        None => Ok(Trial { document, last }),
    }
}

/// What somebody wants to be in force.
struct Change {
    document: PolicyDocument,
    reason: String,
    /// The version that was changed, if the caller says so.
    version: Option<i64>,
}

fn change(body: &Bytes) -> Result<Change> {
    let value: Value =
        serde_json::from_slice(body).map_err(|error| Problem::Malformed(format!("the body is not JSON: {error}")))?;
    let Value::Object(mut fields) = value else { return Err(Problem::field("", "a policy is a JSON object")) };
    let Some(policy) = fields.remove("policy") else {
        let document = document("", Value::Object(fields))?;
        return Ok(Change { document, reason: String::new(), version: None });
    };
    let reason = match fields.remove("reason").unwrap_or_default() {
        Value::Null => String::new(),
        Value::String(reason) if reason.chars().count() <= MAX_REASON && !reason.contains('\0') => reason,
        _ => return Err(Problem::field("reason", format!("a text of at most {MAX_REASON} characters is expected"))),
    };
    let version = match fields.remove("version").unwrap_or_default() {
        Value::Null => None,
        version => Some(version.as_i64().ok_or_else(|| Problem::field("version", "a whole number is expected"))?),
    };
    if let Some((name, _)) = fields.iter().next() {
        return Err(Problem::field(name, "there is no such field; beside policy there are reason and version"));
    }
    Ok(Change { document: document("/policy", policy)?, reason, version })
}

/// The document in a JSON value, which stands at `place` of the body.
pub(super) fn document(place: &str, value: Value) -> Result<PolicyDocument> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let pointer = format!("{place}{}", pointer(error.path()));
        let detail = format!("this is no policy: {}", error.inner());
        Problem::Invalid(vec![FieldError { pointer, detail }])
    })
}

/// A path as a JSON pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => key.replace('~', "~0").replace('/', "~1"),
            Segment::Enum { variant } => variant.clone(),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    pointer
}

/// The document ready to be applied, or every value in it that cannot be used.
pub(super) fn compile(place: &str, document: PolicyDocument) -> Result<Policy> {
    Policy::compile(0, document).map_err(|errors| {
        let error =
            |e: crate::policy::PolicyError| FieldError { pointer: format!("{place}{}", e.pointer), detail: e.detail };
        Problem::Invalid(errors.into_iter().map(error).collect())
    })
}
