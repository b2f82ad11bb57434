//! What somebody sets for themselves: language, time zone, looks.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::form::Fields;
use super::problem::Failure;
use super::reader::{Choices, Theme};
use super::session::{self, SignedIn};
use super::texts::{Text, t};
use super::{Frame, assets, page, reader, texts};
use crate::app::App;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    frame: Frame,
    choices: Choices,
    zone: String,
    zones: Vec<String>,
    zone_mistake: Option<Text>,
}

impl AccountPage {
    fn new(app: &App, signed_in: &SignedIn) -> Self {
        let choices = reader::choices();
        Self {
            frame: Frame::of_section(app, signed_in, "account", t("account-title")),
            zone: choices.zone.clone().unwrap_or_default(),
            choices,
            zones: jiff::tz::db().available().map(|name| name.to_string()).collect(),
            zone_mistake: None,
        }
    }

    fn chosen(&self, language: &texts::Language) -> bool {
        self.choices.language == Some(*language)
    }
}

/// `GET /account`
pub(super) async fn account(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, Failure> {
    page(StatusCode::OK, &AccountPage::new(&app, &signed_in))
}

/// What somebody chose, as the form sends it.
#[derive(Deserialize)]
pub(super) struct Chosen {
    #[serde(default)]
    language: String,
    #[serde(default)]
    zone: String,
    #[serde(default)]
    theme: String,
    #[serde(default)]
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
        let mut again = AccountPage::new(&app, &signed_in);
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
    let jar = jar.add(choices.cookie(!session::is_plain(&app.config)));
    Ok((jar, Redirect::to("/account")).into_response())
}
