//! What somebody sets for themselves: language, time zone, looks, password, second factor, and where they are signed in.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use jiff::Timestamp;
use serde::Deserialize;

use super::detail::Moment;
use super::form::Fields;
use super::gate::Gate;
use super::problem::Failure;
use super::reader::{Choices, Theme};
use super::session::{self, SignedIn};
use super::sign_in::password_mistake;
use super::texts::{Text, t};
use super::{Frame, assets, page, reader, texts, two_step};
use crate::app::App;
use crate::secrets::MAX_PASSWORD;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    choices: Choices,
    zone: String,
    zones: Vec<String>,
    zone_mistake: Option<Text>,
    password_mistake: Option<Text>,
    factor: Factor,
    factor_mistake: Option<Text>,
    sessions: Vec<Browser>,
}

/// How far the second factor is.
enum Factor {
    /// There is none.
    Off,
    /// Its secret is shown and waits for the first code.
    Beginning { secret: String, picture: Option<(i32, String)> },
    /// It has just been put in use; its recovery codes are shown once.
    Begun(Vec<String>),
    /// It is in use; so many recovery codes are left.
    On(i64),
}

struct Browser {
    name: String,
    since: Moment,
    seen: Moment,
    is_this: bool,
}

impl AccountPage {
    async fn new(app: &App, signed_in: &SignedIn) -> Result<Self, Failure> {
        let now = Timestamp::now();
        let user = &signed_in.user;
        let factor = match app.store.second_factor(user.id).await? {
            Some(factor) if factor.is_confirmed => Factor::On(app.store.recovery_codes_left(user.id).await?),
            Some(factor) => Factor::Beginning {
                secret: two_step::secret_text(&factor.secret),
                picture: two_step::picture(&two_step::secret_address(&factor.secret, &user.email)),
            },
            None => Factor::Off,
        };
        let sessions = session::all_of(app, user.id, now).await?.into_iter().map(|session| Browser {
            is_this: session.digest == signed_in.digest,
            since: Moment::new(session.created_at, now),
            seen: Moment::new(session.last_seen_at, now),
            name: session.browser,
        });
        let choices = reader::choices();
        Ok(Self {
            frame: Frame::of_section(app, signed_in, "account", t("account-title")),
            zone: choices.zone.clone().unwrap_or_default(),
            choices,
            zones: jiff::tz::db().available().map(|name| name.to_string()).collect(),
            zone_mistake: None,
            password_mistake: None,
            factor,
            factor_mistake: None,
            sessions: sessions.collect(),
        })
    }

    fn chosen(&self, language: &texts::Language) -> bool {
        self.choices.language == Some(*language)
    }
}

/// `GET /account`
pub(super) async fn account(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, Failure> {
    page(StatusCode::OK, &AccountPage::new(&app, &signed_in).await?)
}

/// What somebody chose, as the form sends it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Chosen {
    language: String,
    zone: String,
    theme: String,
    veil: String,
}

/// `POST /account/choices`
pub(super) async fn choose(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    jar: CookieJar,
    Fields(chosen): Fields<Chosen>,
) -> Result<Response, Failure> {
    let zone = chosen.zone.trim();
    if !zone.is_empty() && reader::zone(zone).is_none() {
        let mut again = AccountPage::new(&app, &signed_in).await?;
        again.zone = chosen.zone;
        again.zone_mistake = Some(t("account-zone-unknown"));
        return page(StatusCode::UNPROCESSABLE_ENTITY, &again);
    }
    let choices = Choices {
        language: texts::language(&chosen.language),
        zone: Some(zone.to_owned()).filter(|zone| !zone.is_empty()),
        theme: Theme::parse(&chosen.theme).unwrap_or_default(),
        veil: chosen.veil == "on",
    };
    app.store.set_choices(signed_in.user.id, choices.written()).await?;
    let jar = jar.add(choices.cookie(!session::is_plain(&app.config)));
    Ok((jar, Redirect::to("/account")).into_response())
}

/// The password now and the one to be.
#[derive(Deserialize)]
pub(super) struct Passwords {
    current: String,
    new: String,
}

/// `POST /account/password`
pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    Extension(gate): Extension<Arc<Gate>>,
    signed_in: SignedIn,
    Fields(typed): Fields<Passwords>,
) -> Result<Response, Failure> {
    gate.accounts.attempt(&signed_in.user.email, Instant::now()).map_err(Failure::TooMany)?;
    let current: String = typed.current.chars().take(MAX_PASSWORD + 1).collect();
    let right = gate.verify(Some(&signed_in.user), current).await?;
    let mistake = if right { password_mistake(&typed.new) } else { Some(t("account-password-wrong")) };
    if mistake.is_some() {
        let mut again = AccountPage::new(&app, &signed_in).await?;
        again.password_mistake = mistake;
        return page(StatusCode::UNPROCESSABLE_ENTITY, &again);
    }
    gate.accounts.forgive(&signed_in.user.email);
    let hash = gate.hash(typed.new).await?;
    app.store.set_password(signed_in.user.id, hash, signed_in.digest.clone()).await?;
    signed_in.note(&app, None, "password_changed", String::new(), Timestamp::now()).await?;
    Ok(Redirect::to("/account").into_response())
}

/// `POST /account/factor`: makes a secret, to be shown until its first code is right.
pub(super) async fn begin_factor(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, Failure> {
    app.store.begin_second_factor(signed_in.user.id, two_step::new_secret(), Timestamp::now()).await?;
    Ok(Redirect::to("/account#factor").into_response())
}

/// A code of the second factor.
#[derive(Deserialize)]
pub(super) struct Code {
    code: String,
}

/// `POST /account/factor/confirm`
pub(super) async fn confirm_factor(
    State(app): State<Arc<App>>,
    Extension(gate): Extension<Arc<Gate>>,
    signed_in: SignedIn,
    Fields(typed): Fields<Code>,
) -> Result<Response, Failure> {
    let (user, now) = (signed_in.user.id, Timestamp::now());
    gate.accounts.attempt(("code", user), Instant::now()).map_err(Failure::TooMany)?;
    let factor = app.store.second_factor(user).await?.filter(|factor| !factor.is_confirmed);
    let step = factor.and_then(|factor| two_step::step_of(&factor.secret, &typed.code, now));
    let Some(step) = step else {
        let mut again = AccountPage::new(&app, &signed_in).await?;
        again.factor_mistake = Some(t("login-code-wrong"));
        return page(StatusCode::UNPROCESSABLE_ENTITY, &again);
    };
    let codes = two_step::recovery_codes();
    let digests = codes.iter().map(|code| two_step::recovery_digest(code)).collect();
    app.store.confirm_second_factor(user, step, digests, now).await?;
    signed_in.note(&app, None, "second_factor_begun", String::new(), now).await?;
    let mut account = AccountPage::new(&app, &signed_in).await?;
    account.factor = Factor::Begun(codes);
    page(StatusCode::OK, &account)
}

/// The password, for what somebody at an open screen must not do.
#[derive(Deserialize)]
pub(super) struct Password {
    current: String,
}

/// `POST /account/factor/remove`
pub(super) async fn remove_factor(
    State(app): State<Arc<App>>,
    Extension(gate): Extension<Arc<Gate>>,
    signed_in: SignedIn,
    Fields(typed): Fields<Password>,
) -> Result<Response, Failure> {
    gate.accounts.attempt(&signed_in.user.email, Instant::now()).map_err(Failure::TooMany)?;
    let current: String = typed.current.chars().take(MAX_PASSWORD + 1).collect();
    if !gate.verify(Some(&signed_in.user), current).await? {
        let mut again = AccountPage::new(&app, &signed_in).await?;
        again.factor_mistake = Some(t("account-password-wrong"));
        return page(StatusCode::UNPROCESSABLE_ENTITY, &again);
    }
    app.store.remove_second_factor(signed_in.user.id).await?;
    signed_in.note(&app, None, "second_factor_removed", String::new(), Timestamp::now()).await?;
    Ok(Redirect::to("/account#factor").into_response())
}

/// `POST /account/sessions`: ends all sessions but this one.
pub(super) async fn end_others(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, Failure> {
    let ended = app.store.end_other_sessions(signed_in.user.id, signed_in.digest.clone()).await?;
    signed_in.note(&app, None, "sessions_ended", ended.to_string(), Timestamp::now()).await?;
    Ok(Redirect::to("/account#sessions").into_response())
}
