//! Who is signed in: a cookie with 256 random bits, of which the store keeps the digest.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use jiff::Timestamp;
use tracing::warn;

use super::gate::security;
use super::problem::{Failure, wants_json};
use super::reader::Choices;
use crate::app::App;
use crate::config::Config;
use crate::id::{SiteId, UserId};
use crate::secrets;
use crate::store::{Actor, Progress, QueueCounts, Role, SeenSession, ServiceNote, StoreError, StoredComment, User};

/// A session ends when nothing was heard for so long.
const IDLE: Duration = Duration::from_secs(12 * 60 * 60);
/// A session ends after so long, whatever happens.
const LONGEST: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// How long somebody may take to find the code of the second factor.
const HALF_WAY: Duration = Duration::from_secs(10 * 60);
/// Longest name of a browser, in characters.
const MAX_BROWSER: usize = 200;
/// How precisely it is known when a browser was last seen.
const SEEN_TO: Duration = Duration::from_secs(60);

/// What a fragment of a page is asked with.
pub(super) const FRAGMENT: &str = "x-fragment";

/// Somebody who is signed in. Without anybody, pages lead to `/login` and actions are refused.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    /// Who.
    pub user: User,
    /// What they may do on single sites, in place of what they may do on all.
    roles: HashMap<SiteId, Role>,
    /// SHA-256 of the session's token.
    pub digest: Vec<u8>,
}

impl SignedIn {
    /// What this person may do on a site.
    pub(super) fn role_on(&self, site: SiteId) -> Role {
        self.roles.get(&site).copied().unwrap_or(self.user.role)
    }

    /// The sites that this person may look at, with their names, in the order of these.
    pub(super) fn sites(&self, app: &App) -> Vec<(SiteId, String)> {
        let directory = app.directory();
        let visible = directory.sites.values().filter(|entry| self.role_on(entry.site.id).may_look());
        let mut sites: Vec<_> = visible.map(|entry| (entry.site.id, entry.site.name.clone())).collect();
        sites.sort_by(|a, b| a.1.cmp(&b.1));
        sites
    }

    /// Whether this person may look at every site that there is or will be.
    fn looks_everywhere(&self) -> bool {
        self.user.role.may_look() && self.roles.values().all(|role| role.may_look())
    }

    /// Leaves out the sites that this person may not look at.
    pub(super) fn narrow(&self, sites: &mut Vec<SiteId>) {
        sites.retain(|site| self.role_on(*site).may_look());
    }

    /// How many comments this person may look at, by status: those of a site, or of all.
    pub(super) async fn counts(&self, app: &App, site: Option<SiteId>) -> Result<QueueCounts, StoreError> {
        if site.is_none() && self.looks_everywhere() {
            return app.store.counts(None).await;
        }
        let mut counts = QueueCounts::default();
        for (id, _) in self.sites(app).into_iter().filter(|(id, _)| site.is_none_or(|site| site == *id)) {
            let of_site = app.store.counts(Some(id)).await?;
            counts.held += of_site.held;
            counts.approved += of_site.approved;
            counts.rejected += of_site.rejected;
        }
        Ok(counts)
    }

    /// Whether this person may decide about comments, wherever it is.
    pub(super) fn may_moderate(&self) -> bool {
        self.user.role.may_moderate() || self.roles.values().any(|role| role.may_moderate())
    }

    /// Whether this person may decide about comments of a site.
    pub(super) fn may_moderate_on(&self, site: SiteId) -> bool {
        self.role_on(site).may_moderate()
    }

    /// A comment, if this person may look at it.
    pub(super) fn see(&self, comment: StoredComment) -> Result<StoredComment, Failure> {
        if self.role_on(comment.site).may_look() { Ok(comment) } else { Err(Failure::NotFound("comment")) }
    }

    /// Whether this person may change a site's rules and keys.
    pub(super) fn administers(&self, site: SiteId) -> bool {
        self.role_on(site) == Role::Administrator
    }

    /// Whether this person may change the rules and keys of any site.
    pub(super) fn administers_any(&self) -> bool {
        self.is_administrator() || self.roles.values().any(|role| *role == Role::Administrator)
    }

    /// Whether this person may change the service: people and sites.
    pub(super) fn is_administrator(&self) -> bool {
        self.user.role == Role::Administrator
    }

    /// Notes what this person did to the service.
    pub(super) async fn note(
        &self,
        app: &App,
        site: Option<SiteId>,
        kind: &'static str,
        detail: String,
        at: Timestamp,
    ) -> Result<(), Failure> {
        let actor = Some(Actor::User(self.user.id));
        security(app, ServiceNote { site, kind, actor, detail, network: None, at }).await;
        Ok(())
    }
}

/// Somebody who is signed in and may change the service.
#[derive(Debug)]
pub(super) struct Administrator {
    /// Who.
    pub signed_in: SignedIn,
}

impl Administrator {
    /// Notes what this person did to the service.
    pub(super) async fn note(
        &self,
        app: &App,
        kind: &'static str,
        detail: String,
        at: Timestamp,
    ) -> Result<(), Failure> {
        self.signed_in.note(app, None, kind, detail, at).await
    }
}

/// Somebody who is signed in and may decide about comments.
#[derive(Debug)]
pub(super) struct Moderator {
    /// Who.
    pub user: User,
    /// The same with what they may do where.
    pub signed_in: SignedIn,
}

impl Moderator {
    /// Refuses who may not decide about comments of a site.
    pub(super) fn decides_on(&self, site: SiteId) -> Result<(), Failure> {
        if self.signed_in.may_moderate_on(site) { Ok(()) } else { Err(Failure::Forbidden) }
    }
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
            Ok(Some(signed_in)) => Ok(signed_in),
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
            Ok(Self { user: signed_in.user.clone(), signed_in })
        } else {
            Err(Refused::Failure(Failure::Forbidden))
        }
    }
}

impl FromRequestParts<Arc<App>> for Administrator {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        let signed_in = SignedIn::from_request_parts(parts, app).await?;
        if signed_in.is_administrator() {
            Ok(Self { signed_in })
        } else {
            Err(Refused::Failure(Failure::NotAdministrator))
        }
    }
}

/// Whoever is signed in with this browser.
pub(super) async fn current(app: &Arc<App>, jar: &CookieJar, now: Timestamp) -> Result<Option<SignedIn>, StoreError> {
    let Some(cookie) = jar.get(cookie_name(&app.config)) else { return Ok(None) };
    let digest = secrets::digest(cookie.value());
    let Some(session) = app.store.session(&digest, now, before(now, IDLE)).await? else { return Ok(None) };
    if session.last_seen_at < before(now, SEEN_TO) {
        // Reading goes on when the store takes no writes, so nobody waits for this one.
        let store = app.store.clone();
        let digest = digest.clone();
        tokio::spawn(async move {
            if let Err(error) = store.touch_session(digest, now).await {
                warn!("a session could not be noted as seen: {error:?}");
            }
        });
    }
    let roles = app.store.site_roles(session.user.id).await?;
    Ok(Some(SignedIn { user: session.user, roles, digest }))
}

/// Whoever has given the right password in this browser and now has to give a code.
pub(super) async fn half_way(app: &App, jar: &CookieJar, now: Timestamp) -> Result<Option<User>, StoreError> {
    let Some(cookie) = jar.get(cookie_name(&app.config)) else { return Ok(None) };
    let digest = secrets::digest(cookie.value());
    Ok(app.store.half_session(&digest, now, before(now, IDLE)).await?.map(|session| session.user))
}

/// The browsers in which a person is signed in.
pub(super) async fn all_of(app: &App, user: UserId, now: Timestamp) -> Result<Vec<SeenSession>, StoreError> {
    app.store.sessions_of(user, now, before(now, IDLE)).await
}

/// What a person chose of language, time zone and looks, for this browser too.
pub(super) async fn with_choices(app: &App, jar: CookieJar, user: UserId) -> Result<CookieJar, StoreError> {
    let chosen = app.store.choices(user).await?;
    if chosen.is_empty() {
        return Ok(jar);
    }
    Ok(jar.add(Choices::parse(&chosen).cookie(!is_plain(&app.config))))
}

/// Begins a session under a fresh token and ends the browser's earlier one.
pub(super) async fn begin(
    app: &App,
    jar: CookieJar,
    user: UserId,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<CookieJar, StoreError> {
    begin_as(app, jar, user, Progress::Whole, headers, now).await
}

/// The same, for a session that may still wait for the second factor.
pub(super) async fn begin_as(
    app: &App,
    jar: CookieJar,
    user: UserId,
    progress: Progress,
    headers: &HeaderMap,
    now: Timestamp,
) -> Result<CookieJar, StoreError> {
    let jar = end(app, jar).await?;
    let token = secrets::token();
    let lasts = if progress == Progress::Whole { LONGEST } else { HALF_WAY };
    let ends = now.saturating_add(lasts).unwrap_or(Timestamp::MAX);
    app.store.begin_session(secrets::digest(&token), user, browser(headers), progress, now, ends).await?;
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

/// What a browser calls itself.
fn browser(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.chars().take(MAX_BROWSER).collect()
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    now.saturating_sub(by).unwrap_or(Timestamp::MIN)
}
