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

use axum::body::Body;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::HeaderMap;
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
        .layer(Extension(guesses))
}

/// One request: everything that a call is read from.
struct Request {
    app: Arc<App>,
    guesses: Arc<Guesses>,
    network: String,
    call: Call,
}

impl Request {
    async fn read(
        State(app): AppState,
        guesses: Arc<Guesses>,
        peer: SocketAddr,
        query: Option<String>,
        headers: HeaderMap,
        body: Body,
    ) -> Result<Self, Answer> {
        let body = submission::read(&headers, body, MAX_BODY)
            .await
            .map_err(|problem| Answer::invalid(&problem.to_string()))?;
        let network = network_of(client_address(peer.ip(), &headers, &app.config.trusted_proxies));
        let call = Call::read(&headers, query.as_deref().unwrap_or_default(), &body);
        Ok(Self { app, guesses, network, call })
    }
}

/// Version 1.1.
async fn first(
    state: AppState,
    Extension(guesses): Extension<Arc<Guesses>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let request = match Request::read(state, guesses, peer, query, headers, body).await {
        Ok(request) => request,
        Err(answer) => return answer,
    };
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
async fn second(
    state: AppState,
    Extension(guesses): Extension<Arc<Guesses>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let request = match Request::read(state, guesses, peer, query, headers, body).await {
        Ok(request) => request,
        Err(answer) => return answer,
    };
    match name.as_str() {
        "usage-limit" => account::usage(&request).await,
        "key-sites" => account::key_sites(&request).await,
        _ => Answer::invalid("there is no such call"),
    }
}
