//! What is said when something cannot be done, as a page or, to our own script, as JSON; and the headers of every answer.

use askama::Template;
use axum::Json;
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;
use tower_http::csrf::ProtectionError;
use tracing::error;

use super::texts::{Text, of, t};
use super::{assets, reader, texts};
use crate::store::StoreError;

const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types app",
);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Why a page cannot be shown or an action not be done.
#[derive(Debug)]
pub(super) enum Failure {
    /// There is no such thing.
    NotFound(&'static str),
    /// Nobody is signed in.
    SignedOut,
    /// Whoever is signed in may only look.
    Forbidden,
    /// Only an administrator may do this.
    NotAdministrator,
    /// What was sent is no form of ours.
    BadForm(String),
    /// Somebody was faster; the sentence says what it is now.
    Conflict(String),
    /// Too many attempts; seconds until the next.
    TooMany(u64),
    /// The store did not do it.
    Store(StoreError),
    /// A defect.
    Internal(anyhow::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        Self::Internal(error.into())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

/// A failure in words, on its way to [`finish`], which knows whether a person or our script asked.
#[derive(Clone, Debug)]
struct Problem {
    title: Text,
    detail: String,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut retry_after = None;
        let (status, title, detail) = match self {
            Self::NotFound(what) => (
                StatusCode::NOT_FOUND,
                t("problem-not-found"),
                t("problem-not-found-detail").with("what", of("thing", what)).to_string(),
            ),
            Self::SignedOut => {
                (StatusCode::UNAUTHORIZED, t("problem-signed-out"), t("problem-signed-out-detail").to_string())
            }
            Self::Forbidden => {
                (StatusCode::FORBIDDEN, t("problem-forbidden"), t("problem-forbidden-detail").to_string())
            }
            Self::NotAdministrator => (
                StatusCode::FORBIDDEN,
                t("problem-not-administrator"),
                t("problem-not-administrator-detail").to_string(),
            ),
            Self::BadForm(detail) => (StatusCode::UNPROCESSABLE_ENTITY, t("problem-bad-form"), detail),
            Self::Conflict(detail) => (StatusCode::CONFLICT, t("problem-conflict"), detail),
            Self::TooMany(seconds) => {
                retry_after = Some(seconds);
                let detail = t("problem-too-many-detail").with("seconds", seconds).to_string();
                (StatusCode::TOO_MANY_REQUESTS, t("problem-too-many"), detail)
            }
            Self::Store(StoreError::TooSlow) => {
                (StatusCode::SERVICE_UNAVAILABLE, t("problem-too-slow"), t("problem-too-slow-detail").to_string())
            }
            Self::Store(error) => {
                error!("the dashboard could not use the store: {error:?}");
                retry_after = Some(1);
                (StatusCode::SERVICE_UNAVAILABLE, t("problem-store"), t("problem-store-detail").to_string())
            }
            Self::Internal(error) => {
                error!("the dashboard failed: {error:?}");
                (StatusCode::INTERNAL_SERVER_ERROR, t("problem-internal"), t("problem-internal-detail").to_string())
            }
        };
        let mut response = status.into_response();
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response.extensions_mut().insert(Problem { title, detail });
        response
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    status: u16,
    title: &'a str,
    detail: &'a str,
    request_id: Option<&'a str>,
}

/// An error as a page of the dashboard, with its security headers.
pub fn error_page(status: StatusCode, title: &str, detail: &str, request_id: Option<&str>) -> Response {
    let page = ErrorPage { status: status.as_u16(), title, detail, request_id };
    let body = page.render().unwrap_or_else(|_| title.to_owned());
    let mut response = (status, Html(body)).into_response();
    add_headers(response.headers_mut());
    response
}

fn add_headers(headers: &mut HeaderMap) {
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// Whether our own script asks.
pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes() == b"application/json")
}

/// Puts failures into words for whoever asked, and adds the headers of every answer.
pub(super) async fn finish(request: Request, next: Next) -> Response<Body> {
    let json = wants_json(request.headers());
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let mut response = next.run(request).await;
    let problem = match response.extensions().get::<ProtectionError>() {
        Some(_) => Some(Problem { title: t("problem-foreign"), detail: t("problem-foreign-detail").to_string() }),
        None => response.extensions().get::<Problem>().cloned(),
    };
    if let Some(Problem { title, detail }) = problem {
        let status = response.status();
        let title = title.to_string();
        let said = if json {
            (status, Json(json!({ "status": status.as_u16(), "title": title, "detail": detail }))).into_response()
        } else {
            error_page(status, &title, &detail, id.as_deref())
        };
        let retry_after = response.headers().get(RETRY_AFTER).cloned();
        response = said;
        response.headers_mut().extend(retry_after.map(|value| (RETRY_AFTER, value)));
    }
    add_headers(response.headers_mut());
    response
}
