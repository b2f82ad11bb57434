//! Which pages may talk to us from a browser: those of a registered site.

use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

use crate::app::App;

/// How long a browser may remember the answer.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Lets pages of registered sites read threads and send comments. No cookie is involved, so this opens nothing that a key
/// would not open.
pub(super) fn layer(app: Arc<App>) -> CorsLayer {
    let named = |name| HeaderName::from_static(name);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, request| is_allowed(&app, origin, request)))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::ACCEPT, header::CONTENT_TYPE, header::IF_NONE_MATCH, named("idempotency-key")])
        .expose_headers([
            header::ETAG,
            header::LINK,
            header::LOCATION,
            header::RETRY_AFTER,
            named("ratelimit"),
            named("ratelimit-policy"),
            named("idempotency-replayed"),
            named("x-request-id"),
        ])
        .max_age(REMEMBERED)
}

/// The layer answers instead of this; without a route it would not be asked.
pub(super) async fn preflight() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// A site's origin is allowed, and that of the page whose thread is asked for.
fn is_allowed(app: &App, origin: &HeaderValue, request: &Parts) -> bool {
    let Some(origin) = origin.to_str().ok().and_then(|origin| Url::parse(origin).ok()).map(|url| url.origin()) else {
        return false;
    };
    let is_that = |url: &str| Url::parse(url).is_ok_and(|url| url.origin() == origin);
    let query = request.uri.query().unwrap_or_default().as_bytes();
    let of_page = || url::form_urlencoded::parse(query).any(|(name, value)| name == "page" && is_that(&value));
    let of_site = || app.directory().sites.values().any(|entry| entry.site.url.as_deref().is_some_and(is_that));
    origin.is_tuple() && (of_page() || of_site())
}
