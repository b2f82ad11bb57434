//! Taking submissions: the hot path of the API.

use axum::Json;
use axum::body::{Body, Bytes};
use std::net::SocketAddr;

use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use xxhash_rust::xxh3::xxh3_64;

use super::auth::{Caller, caller, caller_by_public_key};
use super::comments::CommentBody;
use super::openapi::{self, BodyRefused, NotTaken, Refused, SubmissionBody};
use super::submission::{self, Encoding};
use super::{AppState, Problem, Result, form};
use crate::app::App;
use crate::client_address::client_address;
use crate::comment::Submission;
use crate::id::CommentId;
use crate::limits::Usage;
use crate::pipeline::{IdempotencyKey, Judged, NotModerated};
use crate::store::{Idempotency, IdempotentAnswer, Scope, StoreError};

/// How long an idempotency key is remembered.
pub(crate) const IDEMPOTENCY_HOURS: i64 = 24;
/// Longest idempotency key, in bytes.
const MAX_IDEMPOTENCY_KEY: usize = 255;

/// Judges and stores a submission.
///
/// The decision is made and the comment is durable before the answer. A plain HTML form is taken as well
/// (`application/x-www-form-urlencoded`), with WordPress' field names or these, and with a key of the scope `submit` alone
/// in its field `key`; a browser is sent back to its page.
#[utoipa::path(post, path = "/v1/comments", operation_id = "submit_comment", tag = "submitting", security(("key" = ["submit"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes sending again safe, for 24 hours", max_length = 255, pattern = "^[!-~]+$")),
    request_body = SubmissionBody,
    responses(
        (status = 201, description = "stored, with the decision and every reason for it", body = Judged, links(
            ("comment" = (operation_id = "show_comment", parameters(("id" = "$response.body#/id")))),
            ("history" = (operation_id = "show_history", parameters(("id" = "$response.body#/id")))),
            ("decision" = (operation_id = "decide_comment", parameters(("id" = "$response.body#/id")))),
            ("feedback" = (operation_id = "send_feedback", parameters(("id" = "$response.body#/id")))),
            ("erasure" = (operation_id = "erase_comment", parameters(("id" = "$response.body#/id")))),
        )),
        (status = 200, description = "the site's `external_id` was known: the stored comment, or the new decision if its content is new", body = openapi::Again),
        Refused, BodyRefused, NotTaken,
    ))]
pub(super) async fn submit(
    State(app): AppState,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    let encoding = submission::encoding(&headers)?;
    if encoding == Encoding::Form {
        let address = client_address(peer.ip(), &headers, &app.config.trusted_proxies);
        return form::submit(&app, address, query.as_deref(), &headers, body).await;
    }
    let caller = caller(&app, &headers, Scope::Submit).await?;
    let body = submission::read(&headers, body, app.config.http.max_body).await?;
    let submission = submission::from_json(&body)?;
    let outcome = take(&app, &caller, submission, idempotency_key(&headers, &body)?).await?;
    Ok(with_receipt(&app, outcome))
}

/// The answer, with a link under which the author sees what becomes of the comment.
pub(super) fn with_receipt(app: &App, outcome: Outcome) -> Response {
    let link = outcome.decision().map(|(id, _)| format!("</status/{}>; rel=\"status\"", app.receipts.of(id)));
    let mut response = outcome.into_response();
    if let Some(link) = link.and_then(|link| HeaderValue::try_from(link).ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// Judges a submission and stores nothing; counts against no limit of its author.
#[utoipa::path(post, path = "/v1/check", operation_id = "check_comment", tag = "submitting", security(("key" = ["submit"])),
    request_body = SubmissionBody,
    responses((status = 200, description = "the decision and every reason for it", body = Judged), Refused, BodyRefused, NotTaken))]
pub(super) async fn check(State(app): AppState, headers: HeaderMap, body: Body) -> Result<Response> {
    let encoding = submission::encoding(&headers)?;
    let caller = caller(&app, &headers, Scope::Submit).await?;
    let body = submission::read(&headers, body, app.config.http.max_body).await?;
    let submission = match encoding {
        Encoding::Json => submission::from_json(&body)?,
        Encoding::Form => submission::from_form(&body)?.1?,
    };
    let (judged, _, allowance) = app.pipeline.check(&caller.site, caller.key, submission, crate::clock::now()).await?;
    Ok((headers_of(&allowance.usage), Json(judged)).into_response())
}

/// What became of a submission.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is stored: 201.
    Created(Box<Judged>, Usage),
    /// The same request came before: its answer again.
    Replayed(IdempotentAnswer),
    /// The site sent it before, with the same content: 200.
    Known(Box<CommentBody>),
    /// The site sent it before, with other content, and it was judged again: 200.
    Edited(Box<Judged>, Usage),
}

impl Outcome {
    /// The comment and its decision, for the query of a redirect.
    pub(super) fn decision(&self) -> Option<(CommentId, String)> {
        match self {
            Self::Created(judged, _) | Self::Edited(judged, _) => {
                Some((judged.id?, judged.verdict.decision.to_string()))
            }
            Self::Known(comment) => Some((comment.id(), comment.decision().to_string())),
            Self::Replayed(earlier) => {
                let answer: serde_json::Value = serde_json::from_str(&earlier.answer).ok()?;
                Some((earlier.comment, answer.get("decision")?.as_str()?.to_owned()))
            }
        }
    }
}

impl Outcome {
    /// What a single submission is answered with, as one line.
    pub(super) fn into_json(self) -> serde_json::Result<String> {
        match self {
            Self::Created(judged, _) | Self::Edited(judged, _) => serde_json::to_string(&judged),
            Self::Replayed(earlier) => Ok(earlier.answer),
            Self::Known(comment) => serde_json::to_string(&comment),
        }
    }
}

impl IntoResponse for Outcome {
    fn into_response(self) -> Response {
        let location = |id: CommentId| [(header::LOCATION, format!("/v1/comments/{id}"))];
        match self {
            Self::Created(judged, usage) => {
                let location = judged.id.map(location);
                let headers = location.map(headers_from).unwrap_or_default();
                (StatusCode::CREATED, headers, headers_of(&usage), Json(judged)).into_response()
            }
            Self::Replayed(IdempotentAnswer { comment, answer, status, .. }) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CREATED);
                let location = (status == StatusCode::CREATED).then(|| headers_from(location(comment)));
                let replayed = [(HeaderName::from_static("idempotency-replayed"), "true")];
                let json = [(header::CONTENT_TYPE, "application/json")];
                (status, location.unwrap_or_default(), replayed, json, answer).into_response()
            }
            Self::Known(comment) => (comment.etag(), Json(comment)).into_response(),
            Self::Edited(judged, usage) => (headers_of(&usage), Json(judged)).into_response(),
        }
    }
}

/// Takes a submission, unless it was taken before.
pub(super) async fn take(
    app: &App,
    caller: &Caller,
    submission: Submission,
    idempotency: Option<IdempotencyKey>,
) -> Result<Outcome> {
    let site = caller.site.site.id;
    const RUNNING: Problem = Problem::Conflict("the same submission is being judged right now; ask again in a moment");
    let claim = |what: String| app.claim(site, what).ok_or(RUNNING);
    // Held until the answer is made, so that of two equal requests at once only one is judged.
    let _same_key = idempotency.as_ref().map(|i| claim(format!("key {}", i.key))).transpose()?;
    let _same_comment = submission.external_id.as_ref().map(|id| claim(format!("external {id}"))).transpose()?;

    if let Some(outcome) = taken_before(app, caller, &submission, idempotency.as_ref()).await? {
        return Ok(outcome);
    }
    // Only one that has a name of its own can exist already.
    let may_exist = submission.external_id.is_some() || idempotency.is_some();
    let again = may_exist.then(|| submission.clone());
    let now = crate::clock::now();
    match app.pipeline.moderate(&caller.site, caller.key, submission, idempotency.clone(), now).await {
        Ok((judged, allowance)) => Ok(Outcome::Created(Box::new(judged), allowance.usage)),
        // Another replica was faster.
        Err(NotModerated::Store(StoreError::Exists)) => {
            let again = again.ok_or(RUNNING)?;
            taken_before(app, caller, &again, idempotency.as_ref()).await?.ok_or(RUNNING)
        }
        Err(error) => Err(error.into()),
    }
}

/// What became of this submission when it came before; `None` when it did not.
async fn taken_before(
    app: &App,
    caller: &Caller,
    submission: &Submission,
    idempotency: Option<&IdempotencyKey>,
) -> Result<Option<Outcome>> {
    let site = caller.site.site.id;
    let now = crate::clock::now();
    if let Some(request) = idempotency
        && let Some(earlier) = app.store.idempotent_answer(site, &request.key).await?
        && now.duration_since(earlier.created_at) < SignedDuration::from_hours(IDEMPOTENCY_HOURS)
    {
        if earlier.body_hash != request.body_hash {
            let detail = "this Idempotency-Key came with another body before; take a fresh key for another submission";
            return Err(Problem::field("Idempotency-Key", detail));
        }
        return Ok(Some(Outcome::Replayed(earlier)));
    }
    let Some(external_id) = &submission.external_id else { return Ok(None) };
    let Some(stored) = app.store.comment_by_external_id(site, external_id).await? else { return Ok(None) };
    if stored.submission.same_content(submission) {
        let known = Box::new(CommentBody::from(stored));
        if let Some(IdempotencyKey { key, body_hash }) = idempotency.cloned() {
            let answer = serde_json::to_string(&known).map_err(NotModerated::Answer)?;
            let answer = Idempotency { key, body_hash, answer };
            app.store.keep_answer(site, answer, known.id(), now).await?;
        }
        return Ok(Some(Outcome::Known(known)));
    }
    let edit = app.pipeline.edit(&caller.site, caller.key, &stored, submission.clone(), idempotency.cloned(), now);
    let (judged, allowance) = edit.await?;
    Ok(Some(Outcome::Edited(Box::new(judged), allowance.usage)))
}

/// The client's idempotency key with what identifies the body, if it sent one.
pub(super) fn idempotency_key(headers: &HeaderMap, body: &Bytes) -> Result<Option<IdempotencyKey>> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().map(str::trim).filter(|key| (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()));
    let key = key.ok_or_else(|| Problem::field("Idempotency-Key", "1 to 255 visible ASCII characters are expected"))?;
    Ok(Some(IdempotencyKey { key: key.to_owned(), body_hash: xxh3_64(body) as i64 }))
}

/// The headers that tell how far the limits are used up.
pub(super) fn limit_headers(usage: &Usage) -> Vec<(HeaderName, String)> {
    let policy = usage.rate_limit_policy().map(|v| (HeaderName::from_static("ratelimit-policy"), v.to_owned()));
    let limit = usage.rate_limit().map(|v| (HeaderName::from_static("ratelimit"), v));
    policy.into_iter().chain(limit).collect()
}

/// The same as a map.
pub(super) fn headers_of(usage: &Usage) -> HeaderMap {
    headers_from(limit_headers(usage))
}

fn headers_from(headers: impl IntoIterator<Item = (HeaderName, String)>) -> HeaderMap {
    headers.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?))).collect()
}

/// The caller of a form: by header, or by the public key in the form or its address.
pub(super) async fn form_caller(app: &App, headers: &HeaderMap, key: Option<&str>) -> Result<Caller> {
    match key {
        Some(key) if !headers.contains_key(header::AUTHORIZATION) => caller_by_public_key(app, key).await,
        _ => caller(app, headers, Scope::Submit).await,
    }
}
