//! The first administrator, signing in and signing out.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use askama::Template;
use axum::Extension;
use axum::extract::{ConnectInfo, FromRequestParts, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::{OnceCell, Semaphore};

use super::form::Fields;
use super::problem::Failure;
use super::texts::{Text, t};
use super::throttle::Throttle;
use super::{assets, page, reader, session, texts};
use crate::app::App;
use crate::client_address::client_address;
use crate::comment::{MAX_EMAIL, MAX_NAME, network_of};
use crate::id::UserId;
use crate::secrets::{self, MAX_PASSWORD, MIN_PASSWORD};
use crate::store::{Role, User};

/// Passwords that are hashed at once: each takes a core and 19 MiB.
const HASHING: usize = 2;

/// What stands between the network and the password hash.
#[derive(Debug)]
pub(super) struct Gate {
    accounts: Throttle,
    addresses: Throttle,
    setup: Throttle,
    hashing: Semaphore,
    /// What the password of an unknown account is compared with, so that it takes as long.
    nobodys_hash: OnceCell<String>,
}

impl Gate {
    /// A gate that nobody has knocked at.
    pub(super) fn new() -> Self {
        Self {
            accounts: Throttle::new(10, Duration::from_secs(30)),
            addresses: Throttle::new(20, Duration::from_secs(6)),
            setup: Throttle::new(10, Duration::from_secs(6)),
            hashing: Semaphore::new(HASHING),
            nobodys_hash: OnceCell::new(),
        }
    }

    /// Runs something that takes a core for tens of milliseconds.
    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
        let _turn = self.hashing.acquire().await.context("waiting for a turn to hash")?;
        Ok(tokio::task::spawn_blocking(work).await.context("hashing a password")?)
    }

    async fn hash(&self, password: String) -> Result<String, Failure> {
        Ok(self.hashing(move || secrets::hash_password(&password)).await??)
    }

    /// Whether the password is this account's; takes as long when there is no account.
    async fn verify(&self, user: Option<&User>, password: String) -> Result<bool, Failure> {
        let hash = match user {
            Some(user) => user.password_hash.clone(),
            None => self.nobodys_hash.get_or_try_init(|| self.hash(secrets::token())).await?.clone(),
        };
        let right = self.hashing(move || secrets::verify_password(&password, &hash)).await?;
        Ok(right && user.is_some_and(|user| user.disabled_at.is_none()))
    }
}

/// The network that a request came from: an IPv4 address, or the /64 of an IPv6 address.
pub(super) struct ClientNetwork(String);

impl FromRequestParts<Arc<App>> for ClientNetwork {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        Ok(Self(network_of(client_address(peer, &parts.headers, &app.config.trusted_proxies))))
    }
}

/// What was typed wrong, each at its field.
#[derive(Default)]
struct Mistakes {
    code: Option<Text>,
    name: Option<Text>,
    email: Option<Text>,
    password: Option<Text>,
}

#[derive(Template, Default)]
#[template(path = "setup.html")]
struct SetupPage {
    code: String,
    name: String,
    email: String,
    mistakes: Mistakes,
}

#[derive(Template, Default)]
#[template(path = "login.html")]
struct LoginPage {
    email: String,
    next: String,
    mistake: Option<Text>,
    signed_out: bool,
}

/// What the first administrator types.
#[derive(Deserialize)]
pub(super) struct Setup {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

impl Setup {
    fn mistakes(&self) -> Option<Mistakes> {
        let mut mistakes = Mistakes::default();
        if self.code.trim().is_empty() {
            mistakes.code = Some(t("setup-code-missing"));
        }
        if self.name.trim().is_empty() || self.name.chars().count() > MAX_NAME {
            mistakes.name = Some(t("field-name-missing"));
        }
        let email = self.email.trim();
        let halves = email.split_once('@').is_some_and(|(left, right)| !left.is_empty() && right.len() > 2);
        if !halves || email.chars().count() > MAX_EMAIL || email.contains(char::is_whitespace) {
            mistakes.email = Some(t("field-email-wrong"));
        }
        match self.password.chars().count() {
            ..MIN_PASSWORD => {
                mistakes.password = Some(t("field-password-hint").with("n", MIN_PASSWORD));
            }
            length if length > MAX_PASSWORD => {
                mistakes.password = Some(t("field-password-long").with("n", MAX_PASSWORD));
            }
            _ => {}
        }
        let Mistakes { code, name, email, password } = &mistakes;
        let any = [code, name, email, password].into_iter().any(Option::is_some);
        any.then_some(mistakes)
    }

    /// The form again, with everything that was typed but the password.
    fn again(self, mistakes: Mistakes) -> Result<Response, Failure> {
        let form = SetupPage { code: self.code, name: self.name, email: self.email, mistakes };
        page(StatusCode::UNPROCESSABLE_ENTITY, &form)
    }
}

/// `GET /setup`
pub(super) async fn setup_form(State(app): State<Arc<App>>) -> Result<Response, Failure> {
    if app.store.needs_setup().await? {
        page(StatusCode::OK, &SetupPage::default())
    } else {
        Ok(Redirect::to("/login").into_response())
    }
}

/// `POST /setup`
pub(super) async fn setup(
    State(app): State<Arc<App>>,
    Extension(gate): Extension<Arc<Gate>>,
    jar: CookieJar,
    Fields(typed): Fields<Setup>,
) -> Result<Response, Failure> {
    if !app.store.needs_setup().await? {
        return Ok(Redirect::to("/login").into_response());
    }
    if let Some(mistakes) = typed.mistakes() {
        return typed.again(mistakes);
    }
    gate.setup.attempt("setup", Instant::now()).map_err(Failure::TooMany)?;
    let now = Timestamp::now();
    let user = User {
        id: UserId::fresh(now),
        email: typed.email.trim().to_lowercase(),
        name: typed.name.trim().to_owned(),
        role: Role::Administrator,
        password_hash: gate.hash(typed.password.clone()).await?,
        created_at: now,
        disabled_at: None,
    };
    let id = user.id;
    let code = secrets::digest(&secrets::normal_setup_code(&typed.code));
    if !app.store.create_first_administrator(code, user).await? {
        let code = Some(t("setup-code-wrong"));
        return typed.again(Mistakes { code, ..Mistakes::default() });
    }
    let jar = session::begin(&app, jar, id, now).await?;
    Ok((jar, Redirect::to("/queue")).into_response())
}

/// Where to go after signing in.
#[derive(Deserialize)]
pub(super) struct Onward {
    #[serde(default)]
    next: String,
    #[serde(default)]
    bye: Option<String>,
}

/// `GET /login`
pub(super) async fn login_form(
    State(app): State<Arc<App>>,
    jar: CookieJar,
    Query(onward): Query<Onward>,
) -> Result<Response, Failure> {
    if app.store.needs_setup().await? {
        return Ok(Redirect::to("/setup").into_response());
    }
    if session::current(&app, &jar, Timestamp::now()).await?.is_some() {
        return Ok(Redirect::to(own_path(&onward.next)).into_response());
    }
    let form = LoginPage { next: onward.next, signed_out: onward.bye.is_some(), ..LoginPage::default() };
    page(StatusCode::OK, &form)
}

/// Who wants to sign in.
#[derive(Deserialize)]
pub(super) struct Login {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /login`
pub(super) async fn login(
    State(app): State<Arc<App>>,
    Extension(gate): Extension<Arc<Gate>>,
    ClientNetwork(network): ClientNetwork,
    jar: CookieJar,
    Fields(typed): Fields<Login>,
) -> Result<Response, Failure> {
    let email = typed.email.trim().to_lowercase();
    let tried = Instant::now();
    gate.addresses.attempt(&network, tried).map_err(Failure::TooMany)?;
    gate.accounts.attempt(&email, tried).map_err(Failure::TooMany)?;
    // Longer ones cannot have been set; hashing them would be work for nothing.
    let password: String = typed.password.chars().take(MAX_PASSWORD + 1).collect();
    let user = app.store.user_by_email(&email).await?;
    let right = gate.verify(user.as_ref(), password).await?;
    let Some(user) = user.filter(|_| right) else {
        let mistake = Some(t("login-wrong"));
        let form = LoginPage { email: typed.email, next: typed.next, mistake, signed_out: false };
        return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
    };
    gate.accounts.forgive(&email);
    let jar = session::begin(&app, jar, user.id, Timestamp::now()).await?;
    Ok((jar, Redirect::to(own_path(&typed.next))).into_response())
}

/// `POST /logout`
pub(super) async fn logout(State(app): State<Arc<App>>, jar: CookieJar) -> Result<Response, Failure> {
    let jar = session::end(&app, jar).await?;
    Ok((jar, Redirect::to("/login?bye=1")).into_response())
}

/// `next` if it is a path on this service, the queue otherwise: a sign-in must not lead to another website.
fn own_path(next: &str) -> &str {
    let mut letters = next.chars();
    let own = letters.next() == Some('/') && !matches!(letters.next(), Some('/' | '\\'));
    if own && next.bytes().all(|byte| byte.is_ascii_graphic()) { next } else { "/queue" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_in_leads_to_no_other_website() {
        for next in [
            "",
            "queue",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil.example",
            "/ü",
            "/a\r\nb",
        ] {
            assert_eq!(own_path(next), "/queue", "{next:?}");
        }
        assert_eq!(own_path("/comments/06c1x?a=b#c"), "/comments/06c1x?a=b#c");
    }
}
