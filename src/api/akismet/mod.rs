//! The Akismet-compatible API: what the clients of that service, and the plugin for WordPress, send and expect.
//!
//! Every answer has status 200 and a body of one word without an end of line, because clients compare it letter by
//! letter. What is sent is read with patience: any content type, any charset, hundreds of fields that nobody asked for.

mod account;
mod answer;
mod call;
mod check;
mod feedback;
mod sender;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Extension, Router};

use self::answer::Answer;
use self::call::Call;
pub(super) use self::sender::{Guesses, SiteKey, site_by_key};
use super::{AppState, submission};
use crate::app::App;
use crate::client_address::client_address;
use crate::comment::network_of;

/// Bytes of one call: the longest comment and a hundred fields beside it, every letter percent-encoded.
const MAX_BODY: usize = 1024 * 1024;

/// All calls.
pub(super) fn routes(guesses: Arc<Guesses>) -> Router<Arc<App>> {
    Router::new()
        .route("/1.1/{call}", any(first))
        .route("/1.2/{call}", any(second))
        // A stray slash at the end is what some settings make of an address.
        .route("/1.1/{call}/", any(first))
        .route("/1.2/{call}/", any(second))
        .layer(Extension(guesses))
}

/// What is read of a request before its body, here and by the Perspective-compatible API.
pub(super) type Head = (AppState, Extension<Arc<Guesses>>, ConnectInfo<SocketAddr>, RawQuery, HeaderMap);

/// One request: everything that a call is read from.
struct Request {
    app: Arc<App>,
    guesses: Arc<Guesses>,
    network: String,
    call: Call,
}

impl FromRequest<Arc<App>> for Request {
    type Rejection = Response;

    async fn from_request(request: axum::extract::Request, app: &Arc<App>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let head = Head::from_request_parts(&mut parts, app).await;
        let (State(app), Extension(guesses), ConnectInfo(peer), RawQuery(query), headers) =
            head.map_err(IntoResponse::into_response)?;
        let body = submission::read(&headers, body, MAX_BODY).await;
        let body = body.map_err(|problem| Answer::invalid(&problem.to_string()).into_response())?;
        let network = network_of(client_address(peer.ip(), &headers, &app.config.trusted_proxies));
        let call = Call::read(&headers, query.as_deref().unwrap_or_default(), &body);
        Ok(Self { app, guesses, network, call })
    }
}

/// Version 1.1.
async fn first(Path(name): Path<String>, request: Request) -> Answer {
    match name.as_str() {
        "test" => Answer::text("connected"),
        "verify-key" => account::verify_key(&request).await,
        "comment-check" => check::check(&request).await,
        "submit-spam" => feedback::submit(&request, feedback::Said::Spam).await,
        "submit-ham" => feedback::submit(&request, feedback::Said::Ham).await,
        "get-subscription" => account::subscription(&request).await,
        "get-stats" | "get-key-stats" => account::stats(&request).await,
        "token" => account::token(&request).await,
        "deactivate" => account::deactivate(&request).await,
        _ => Answer::invalid("there is no such call"),
    }
}

/// Version 1.2.
async fn second(Path(name): Path<String>, request: Request) -> Answer {
    match name.as_str() {
        "usage-limit" => account::usage(&request).await,
        "key-sites" => account::key_sites(&request).await,
        _ => Answer::invalid("there is no such call"),
    }
}
