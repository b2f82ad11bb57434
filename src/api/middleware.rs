//! Around every request: its id, its span in the log, its metric, its time limit, and problems in the right form.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tracing::{Instrument, error, info, info_span, warn};

use super::problem::{Problem, Raised};
use crate::app::App;
use crate::dashboard::error_page;
use crate::store::StoreError;

const REQUEST_ID: &str = "x-request-id";

/// Browsers that came by HTTPS once come by nothing else.
const ENCRYPTED_FOR_A_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");

/// Longest id of a request that is taken over from the caller.
const MAX_REQUEST_ID: usize = 128;

/// Puts everything that all requests need around the routes.
pub fn wrap(routes: Router<Arc<App>>, app: Arc<App>) -> Router {
    let panics = app.clone();
    // One layer: each costs a request a handful of allocations.
    let layers = ServiceBuilder::new()
        .layer(axum::middleware::from_fn_with_state(app.clone(), around))
        .layer(CatchPanicLayer::custom(move |cause| after_panic(&panics, cause)));
    routes
        .fallback(|| async { Problem::NotFound("there is nothing at this address") })
        .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
        .layer(layers)
        .with_state(app)
}

fn after_panic(app: &App, cause: Box<dyn std::any::Any + Send>) -> Response {
    let said = cause.downcast_ref::<String>().map(String::as_str).or(cause.downcast_ref::<&str>().copied());
    app.metrics.panicked();
    Problem::Internal(anyhow::anyhow!("panic: {}", said.unwrap_or("without a message"))).into_response()
}

/// A request that takes too long gets an answer all the same.
async fn within_time(app: &App, request: Request, next: Next) -> Response {
    match tokio::time::timeout(app.config.http.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::Timeout.into_response(),
    }
}

async fn around(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(request.headers());
    if let Ok(value) = HeaderValue::try_from(&id) {
        request.headers_mut().insert(REQUEST_ID, value);
    }
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none".to_owned(), |path| path.as_str().to_owned());
    let form = as_page(&method, request.uri().path(), request.headers());
    let span = info_span!("request", id = %id, method = %method, route = %route);
    #[cfg(feature = "otel")]
    crate::traces::begin(&span, &method, &route, request.headers());

    let response = within_time(&app, request, next).instrument(span.clone()).await;
    let response = span.in_scope(|| with_problem_written(response, &id, form));
    let response = with_headers(&app, response, &id);
    #[cfg(feature = "otel")]
    crate::traces::finish(&span, response.status());
    span.in_scope(|| log_request(&app, response.status(), started.elapsed()));
    app.metrics.request(&route, &method, response.status().as_u16(), started.elapsed(), &id);
    response
}

/// What every answer has in its head.
fn with_headers(app: &App, mut response: Response, id: &str) -> Response {
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::try_from(id) {
        headers.insert(REQUEST_ID, value);
    }
    if app.is_draining() {
        // Clients that keep connections go to another replica with their next request.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if app.config.public_url.as_ref().is_some_and(|url| url.scheme() == "https") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ENCRYPTED_FOR_A_YEAR);
    }
    response
}

/// The only address at which more arrives than can be answered.
const CROWDED: &str = "/v1/comments";

/// The refusal of a submission for which there is no place, before anything else of it is looked at: under overload most are
/// refused, and what that costs is taken from those that are not. Only programs are refused like this; the form of a visitor
/// gets a page from its handler.
pub fn refused_early<B>(app: &App, request: &axum::http::Request<B>) -> Option<Response> {
    let is_submission = request.method() == Method::POST && request.uri().path() == CROWDED;
    if !is_submission || !request.headers().contains_key(header::AUTHORIZATION) || !app.pipeline.is_full() {
        return None;
    }
    let started = Instant::now();
    let id = request_id(request.headers());
    let refusal = Problem::from(StoreError::Overloaded).into_response();
    let response = with_headers(app, with_problem_written(refusal, &id, Form::Json), &id);
    log_request(app, response.status(), started.elapsed());
    app.metrics.request(CROWDED, request.method(), response.status().as_u16(), started.elapsed(), &id);
    Some(response)
}

/// Requests that were answered well, for sampling.
static ANSWERED: AtomicU64 = AtomicU64::new(0);

/// Most failures that are logged in one second: an overload makes thousands, which would cost more than the rest of their
/// answers. The metrics count all.
const FAILURES_LOGGED: u64 = 100;
/// The current second, and how many failures it had, in the lower half.
static FAILURES: AtomicU64 = AtomicU64::new(0);

/// Whether this failure is one of the first of its second.
fn is_logged(second: u64) -> bool {
    let counted = |last: u64| if last >> 32 == second { last + 1 } else { (second << 32) + 1 };
    let last = FAILURES.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(counted(last)));
    let (Ok(last) | Err(last)) = last;
    counted(last) & u64::from(u32::MAX) <= FAILURES_LOGGED
}

/// What concerns security has a name of its own; failures of ours are logged, successes one in so many.
fn log_request(app: &App, status: StatusCode, took: Duration) {
    let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    let code = status.as_u16();
    let refused = match status {
        StatusCode::UNAUTHORIZED => Some("authentication_failed"),
        StatusCode::FORBIDDEN => Some("access_denied"),
        StatusCode::TOO_MANY_REQUESTS => Some("rate_limited"),
        _ => None,
    };
    let every = app.config.log.requests;
    if let Some(event) = refused {
        info!(event, status = code, took_us, "answered with {status}");
    } else if status.is_server_error() {
        let second = u64::try_from(crate::clock::now().as_second()).unwrap_or(0) & u64::from(u32::MAX);
        if !is_logged(second) {
            return;
        }
        warn!(event = "request_failed", status = code, took_us, "answered with {status}");
    } else if every > 0 && ANSWERED.fetch_add(1, Ordering::Relaxed).is_multiple_of(every) {
        info!(event = "request", status = code, took_us, sampled = every, "answered with {status}");
    }
}

/// The caller's id of the request if it is well-formed, else a fresh one.
fn request_id(headers: &HeaderMap) -> String {
    let well_formed = |id: &&str| {
        (1..=MAX_REQUEST_ID).contains(&id.len())
            && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte))
    };
    headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(well_formed)
        .map_or_else(|| format!("{:032x}", rand::random::<u128>()), str::to_owned)
}

/// How a problem is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// As problem+json, to a program.
    Json,
    /// As a page of the dashboard.
    Page,
    /// As a plain page, to somebody who sent a comment from another site.
    PlainPage,
}

fn as_page(method: &Method, path: &str, headers: &HeaderMap) -> Form {
    match (super::form::wants_html(headers), path.starts_with("/v1/")) {
        (true, false) => Form::Page,
        (true, true) if method == Method::POST && path == "/v1/comments" => Form::PlainPage,
        _ => Form::Json,
    }
}

/// Writes down the problem that a handler raised, or that axum or hyper answered with a bare status.
fn with_problem_written(response: Response, id: &str, form: Form) -> Response {
    let (mut parts, body) = response.into_parts();
    let raised = parts.extensions.remove::<Raised>().map(|Raised(problem)| problem);
    let problem = match raised {
        Some(problem) => problem,
        None if parts.status == StatusCode::METHOD_NOT_ALLOWED => Arc::new(Problem::MethodNotAllowed),
        None => return Response::from_parts(parts, body),
    };
    parts.headers.remove(header::CONTENT_LENGTH);
    let page = match form {
        Form::Json => None,
        Form::Page => Some(error_page(problem.status(), problem.title(), &problem.to_string(), Some(id))),
        Form::PlainPage => Some(super::form::problem_page(&problem, id)),
    };
    if let Some(page) = page {
        parts.headers.extend(page.headers().clone());
        return Response::from_parts(parts, page.into_body());
    }
    let body = serde_json::to_string(&problem.body(id)).unwrap_or_else(|error| {
        error!("a problem could not be written: {error}");
        "{}".to_owned()
    });
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    Response::from_parts(parts, Body::from(body))
}
