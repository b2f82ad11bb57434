//! Who is signed in: a cookie with 256 random bits, of which the store keeps the digest.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use jiff::Timestamp;
use tracing::warn;

use super::problem::{Failure, wants_json};
use crate::app::App;
use crate::config::Config;
use crate::id::UserId;
use crate::secrets;
use crate::store::{StoreError, User};

/// A session ends when nothing was heard for so long.
const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// A session ends after so long, whatever happens.
const LONGEST: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// How precisely it is known when a browser was last seen.
const SEEN_TO: Duration = Duration::from_secs(60);

/// What a fragment of a page is asked with.
pub(super) const FRAGMENT: &str = "x-fragment";

/// Somebody who is signed in. Without anybody, pages lead to `/login` and actions are refused.
#[derive(Debug)]
pub(super) struct SignedIn {
    /// Who.
    pub user: User,
}

impl SignedIn {
    /// Whether this person may decide about comments.
    pub(super) fn may_moderate(&self) -> bool {
        self.user.role.may_moderate()
    }
}

/// Somebody who is signed in and may decide about comments.
#[derive(Debug)]
pub(super) struct Moderator {
    /// Who.
    pub user: User,
}

/// Why a request with a missing or unfit session is not served.
pub(super) enum Refused {
    /// A page: the browser is led to the form.
    SignInFor(String),
    /// Anything else.
    Failure(Failure),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::SignInFor(path) => {
                let next = url::form_urlencoded::byte_serialize(path.as_bytes()).collect::<String>();
                Redirect::to(&format!("/login?next={next}")).into_response()
            }
            Self::Failure(failure) => failure.into_response(),
        }
    }
}

impl FromRequestParts<Arc<App>> for SignedIn {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let jar = CookieJar::from_headers(&parts.headers);
        match current(app, &jar, Timestamp::now()).await {
            Ok(Some(user)) => Ok(Self { user }),
            Ok(None) => {
                let script = wants_json(&parts.headers) || parts.headers.contains_key(FRAGMENT);
                let path = parts.uri.path_and_query().map_or("/queue", |path| path.as_str());
                if parts.method == Method::GET && !script {
                    Err(Refused::SignInFor(path.to_owned()))
                } else {
                    Err(Refused::Failure(Failure::SignedOut))
                }
            }
            Err(error) => Err(Refused::Failure(error.into())),
        }
    }
}

impl FromRequestParts<Arc<App>> for Moderator {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let signed_in = SignedIn::from_request_parts(parts, app).await?;
        if signed_in.may_moderate() {
            Ok(Self { user: signed_in.user })
        } else {
            Err(Refused::Failure(Failure::Forbidden))
        }
    }
}

/// Whoever is signed in with this browser.
pub(super) async fn current(app: &Arc<App>, jar: &CookieJar, now: Timestamp) -> Result<Option<User>, StoreError> {
    let Some(cookie) = jar.get(cookie_name(&app.config)) else { return Ok(None) };
    let digest = secrets::digest(cookie.value());
    let Some(session) = app.store.session(&digest, now, before(now, IDLE)).await? else { return Ok(None) };
    if session.last_seen_at < before(now, SEEN_TO) {
        // Reading goes on when the store takes no writes, so nobody waits for this one.
        let store = app.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.touch_session(digest, now).await {
                warn!("a session could not be noted as seen: {error:?}");
            }
        });
    }
    Ok(Some(session.user))
}

/// Begins a session under a fresh token and ends the browser's earlier one.
pub(super) async fn begin(app: &App, jar: CookieJar, user: UserId, now: Timestamp) -> Result<CookieJar, StoreError> {
    let jar = end(app, jar).await?;
    let token = secrets::token();
    let ends = now.saturating_add(LONGEST).unwrap_or(Timestamp::MAX);
    app.store.begin_session(secrets::digest(&token), user, now, ends).await?;
    let cookie = cookie(&app.config, token);
    Ok(jar.add(cookie))
}

/// Ends the browser's session, if it has one.
pub(super) async fn end(app: &App, jar: CookieJar) -> Result<CookieJar, StoreError> {
    let Some(held) = jar.get(cookie_name(&app.config)) else { return Ok(jar) };
    app.store.end_session(secrets::digest(held.value())).await?;
    let mut gone = cookie(&app.config, String::new());
    gone.make_removal();
    Ok(jar.add(gone))
}

/// Whether browsers reach us without encryption, on purpose.
pub(super) fn is_plain(config: &Config) -> bool {
    config.public_url.as_ref().is_some_and(|url| url.scheme() == "http")
}

/// With `__Host-`, no other host and no unencrypted page can set or overwrite the cookie.
fn cookie_name(config: &Config) -> &'static str {
    if is_plain(config) { "sid" } else { "__Host-sid" }
}

fn cookie(config: &Config, token: String) -> Cookie<'static> {
    Cookie::build((cookie_name(config), token))
        .path("/")
        .http_only(true)
        .secure(!is_plain(config))
        .same_site(SameSite::Lax)
        .build()
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    now.saturating_sub(by).unwrap_or(Timestamp::MIN)
}
