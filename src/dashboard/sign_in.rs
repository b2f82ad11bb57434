//! Signing in, with a second factor where there is one, and signing out.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::Extension;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use jiff::Timestamp;
use serde::Deserialize;

use super::form::Fields;
use super::gate::{ClientNetwork, Gate, security};
use super::problem::Failure;
use super::texts::{Text, t};
use super::two_step;
use super::{assets, page, reader, session, texts};
use crate::app::App;
use crate::comment::{MAX_EMAIL, MAX_NAME};
use crate::secrets::{MAX_PASSWORD, MIN_PASSWORD};
use crate::store::{Actor, Progress, ServiceNote, User};

/// Somebody who makes an account.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Person {
    /// What colleagues call them.
    pub name: String,
    /// What they sign in with.
    pub email: String,
    /// Never shown again.
    pub password: String,
}

/// What was typed wrong, each at its field.
#[derive(Debug, Default)]
pub(super) struct PersonMistakes {
    pub name: Option<Text>,
    pub email: Option<Text>,
    pub password: Option<Text>,
}

impl Person {
    /// What was typed wrong; `None` when nothing was.
    pub(super) fn mistakes(&self) -> Option<PersonMistakes> {
        let mut mistakes = PersonMistakes { password: password_mistake(&self.password), ..PersonMistakes::default() };
        if self.name.trim().is_empty() || self.name.chars().count() > MAX_NAME {
            mistakes.name = Some(t("field-name-missing"));
        }
        let email = self.email.trim();
        let halves = email.split_once('@').is_some_and(|(left, right)| !left.is_empty() && right.len() > 2);
        if !halves || email.chars().count() > MAX_EMAIL || email.contains(char::is_whitespace) {
            mistakes.email = Some(t("field-email-wrong"));
        }
        let PersonMistakes { name, email, password } = &mistakes;
        let any = [name, email, password].into_iter().any(Option::is_some);
        any.then_some(mistakes)
    }
}

/// Why a password cannot be set.
pub(super) fn password_mistake(password: &str) -> Option<Text> {
    match password.chars().count() {
        ..MIN_PASSWORD => Some(t("field-password-hint").with("n", MIN_PASSWORD)),
        length if length > MAX_PASSWORD => Some(t("field-password-long").with("n", MAX_PASSWORD)),
        _ => None,
    }
}

#[derive(Template, Default)]
#[template(path = "login.html")]
struct LoginPage {
    email: String,
    next: String,
    mistake: Option<Text>,
    signed_out: bool,
    /// Whether the code is asked for, because the password was right.
    wants_code: bool,
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

/// Who wants to sign in. The second step sends the code alone.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Login {
    email: String,
    password: String,
    code: String,
    next: String,
}

/// `POST /login`
pub(super) async fn login(
    State(app): State<Arc<App>>,
    Extension(gate): Extension<Arc<Gate>>,
    ClientNetwork(network): ClientNetwork,
    headers: HeaderMap,
    jar: CookieJar,
    Fields(typed): Fields<Login>,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let attempt = Attempt { app: &app, gate: &gate, network: &network };
    gate.addresses.attempt(&network, Instant::now()).map_err(Failure::TooMany)?;
    let by_password = !typed.email.is_empty() || !typed.password.is_empty();
    let user = if by_password {
        match attempt.password(&typed).await? {
            Some(user) => user,
            None => {
                let mistake = Some(t("login-wrong"));
                let form = LoginPage { email: typed.email, next: typed.next, mistake, ..LoginPage::default() };
                return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
            }
        }
    } else {
        match session::half_way(&app, &jar, now).await? {
            Some(user) => user,
            None => return Err(Failure::SignedOut),
        }
    };
    let factor = app.store.second_factor(user.id).await?.filter(|factor| factor.is_confirmed);
    if let Some(factor) = factor {
        let code = typed.code.trim();
        if code.is_empty() || !attempt.code(&user, &factor.secret, code, now).await? {
            let mistake = (!code.is_empty()).then(|| t("login-code-wrong"));
            let form = LoginPage { next: typed.next, mistake, wants_code: true, ..LoginPage::default() };
            let status = if code.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
            let answer = page(status, &form)?;
            if !by_password {
                return Ok(answer);
            }
            let jar = session::begin_as(&app, jar, user.id, Progress::Half, &headers, now).await?;
            return Ok((jar, answer).into_response());
        }
    }
    gate.accounts.forgive(&user.email);
    attempt.note("signed_in", Some(&user), String::new(), now).await;
    let jar = session::begin(&app, jar, user.id, &headers, now).await?;
    let jar = session::with_choices(&app, jar, user.id).await?;
    Ok((jar, Redirect::to(own_path(&typed.next))).into_response())
}

/// Somebody at the door.
struct Attempt<'a> {
    app: &'a App,
    gate: &'a Gate,
    network: &'a str,
}

impl Attempt<'_> {
    /// Whose password it is.
    async fn password(&self, typed: &Login) -> Result<Option<User>, Failure> {
        let email = typed.email.trim().to_lowercase();
        self.gate.accounts.attempt(&email, Instant::now()).map_err(Failure::TooMany)?;
        // Longer ones cannot have been set; hashing them would be work for nothing.
        let password: String = typed.password.chars().take(MAX_PASSWORD + 1).collect();
        let user = self.app.store.user_by_email(&email).await?;
        let right = self.gate.verify(user.as_ref(), password).await?;
        if !right {
            self.note("sign_in_failed", user.as_ref(), String::new(), Timestamp::now()).await;
        }
        Ok(user.filter(|_| right))
    }

    /// Whether it is a code of the second factor, or one that stands in for it, and was not used before.
    async fn code(&self, user: &User, secret: &[u8], code: &str, now: Timestamp) -> Result<bool, Failure> {
        self.gate.accounts.attempt(("code", user.id), Instant::now()).map_err(Failure::TooMany)?;
        let right = match two_step::step_of(secret, code, now) {
            Some(step) => self.app.store.use_step(user.id, step).await?,
            None => self.app.store.use_recovery_code(user.id, two_step::recovery_digest(code)).await?,
        };
        if right {
            self.gate.accounts.forgive(("code", user.id));
        } else {
            self.note("second_factor_failed", Some(user), String::new(), now).await;
        }
        Ok(right)
    }

    async fn note(&self, kind: &'static str, user: Option<&User>, detail: String, at: Timestamp) {
        let actor = user.map(|user| Actor::User(user.id));
        let network = Some(self.network.to_owned());
        security(self.app, ServiceNote { site: None, kind, actor, detail, network, at }).await;
    }
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
