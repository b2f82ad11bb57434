//! First run, three short pages: the first administrator, the website with its key, how strict it shall be.

use std::sync::Arc;
use std::time::Instant;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use jiff::Timestamp;
use serde::Deserialize;

use super::form::Fields;
use super::gate::Gate;
use super::problem::Failure;
use super::session::{self, Administrator};
use super::sign_in::{Person, PersonMistakes};
use super::sites::{NewKey, make_key, web_address};
use super::texts::{Text, t};
use super::{assets, page, reader, samples, texts};
use crate::app::App;
use crate::id::UserId;
use crate::policy::{HOLD_EVERYTHING, PolicyDocument, Thresholds};
use crate::secrets;
use crate::store::{Actor, Role, Scope, Scopes, SiteEntry, StoreError, User};

/// How strict a site can be asked to be, from the first run on.
const STRICTNESS: [&str; 3] = ["careful", "balanced", "hands-off"];

#[derive(Template, Default)]
#[template(path = "setup.html")]
struct SetupPage {
    code: String,
    person: Person,
    code_mistake: Option<Text>,
    mistakes: PersonMistakes,
}

/// What the first administrator types.
#[derive(Deserialize)]
pub(super) struct Setup {
    #[serde(default)]
    code: String,
    #[serde(flatten)]
    person: Person,
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
    headers: HeaderMap,
    jar: CookieJar,
    Fields(typed): Fields<Setup>,
) -> Result<Response, Failure> {
    if !app.store.needs_setup().await? {
        return Ok(Redirect::to("/login").into_response());
    }
    let again = |typed: Setup, code_mistake, mistakes| {
        let form = SetupPage { code: typed.code, person: typed.person, code_mistake, mistakes };
        page(StatusCode::UNPROCESSABLE_ENTITY, &form)
    };
    let code_mistake = typed.code.trim().is_empty().then(|| t("setup-code-missing"));
    let mistakes = typed.person.mistakes();
    if code_mistake.is_some() || mistakes.is_some() {
        return again(typed, code_mistake, mistakes.unwrap_or_default());
    }
    gate.setup.attempt("setup", Instant::now()).map_err(Failure::TooMany)?;
    let now = Timestamp::now();
    let user = User {
        id: UserId::fresh(now),
        email: typed.person.email.trim().to_lowercase(),
        name: typed.person.name.trim().to_owned(),
        role: Role::Administrator,
        password_hash: gate.hash(typed.person.password.clone()).await?,
        created_at: now,
        disabled_at: None,
    };
    let id = user.id;
    let code = secrets::digest(&secrets::normal_setup_code(&typed.code));
    if !app.store.create_first_administrator(code, user).await? {
        return again(typed, Some(t("setup-code-wrong")), PersonMistakes::default());
    }
    let jar = session::begin(&app, jar, id, &headers, now).await?;
    Ok((jar, Redirect::to("/setup/site")).into_response())
}

#[derive(Template)]
#[template(path = "setup-site.html")]
struct SitePage {
    name: String,
    url: String,
    mistake: Option<Text>,
    key: Option<NewKey>,
    received: Received,
}

/// Whether the first comment has come, for the page and for our script.
#[derive(Template)]
#[template(path = "first-comment.html")]
struct Received {
    excerpt: Option<String>,
}

impl Received {
    async fn look(app: &App) -> Result<Self, Failure> {
        let newest = app.store.comments(&crate::store::CommentFilter::default(), None, 1).await?;
        let excerpt = newest.items.first().map(|comment| super::shown::short(&comment.submission.text, 60));
        Ok(Self { excerpt })
    }
}

/// The site of the first run: the only one, or the oldest.
fn first_site(app: &App) -> Result<Arc<SiteEntry>, Failure> {
    let directory = app.directory();
    directory.sites.values().min_by_key(|entry| entry.site.id).cloned().ok_or(Failure::NotFound("site"))
}

/// `GET /setup/site`
pub(super) async fn site_form(State(app): State<Arc<App>>, _who: Administrator) -> Result<Response, Failure> {
    let site = first_site(&app)?.site.clone();
    let form = SitePage {
        name: site.name,
        url: site.url.unwrap_or_default(),
        mistake: None,
        key: None,
        received: Received::look(&app).await?,
    };
    page(StatusCode::OK, &form)
}

/// The website as it is typed.
#[derive(Deserialize)]
pub(super) struct TypedSite {
    name: String,
    url: String,
}

/// `POST /setup/site`: names the site and makes its key, which only this page shows.
pub(super) async fn name_site(
    State(app): State<Arc<App>>,
    who: Administrator,
    headers: HeaderMap,
    Fields(typed): Fields<TypedSite>,
) -> Result<Response, Failure> {
    let id = first_site(&app)?.site.id;
    let received = Received::look(&app).await?;
    let (name, url) = (typed.name.trim().to_owned(), web_address(&typed.url));
    let mut form = SitePage { name: typed.name, url: typed.url, mistake: None, key: None, received };
    form.mistake = match (&url, name.is_empty() || name.chars().count() > 100) {
        (None, _) => Some(t("sites-url-wrong")),
        (Some(_), true) => Some(t("sites-name-wrong").with("n", 100)),
        (Some(_), false) => None,
    };
    if let (Some(url), None) = (url, &form.mistake) {
        match app.store.rename_site(id, name, url).await {
            Ok(()) => {}
            Err(StoreError::Exists) => form.mistake = Some(t("sites-name-taken")),
            Err(error) => return Err(error.into()),
        }
    }
    if form.mistake.is_some() {
        return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
    }
    app.reload_directory().await?;
    form.key = Some(make_key(&app, &who.signed_in, &headers, id, Scopes::new(vec![Scope::Submit])).await?);
    page(StatusCode::CREATED, &form)
}

/// `GET /setup/received`: whether the first comment has come.
pub(super) async fn received(State(app): State<Arc<App>>, _who: Administrator) -> Result<Response, Failure> {
    page(StatusCode::OK, &Received::look(&app).await?)
}

#[derive(Template)]
#[template(path = "setup-strictness.html")]
struct StrictnessPage {
    chosen: &'static str,
    received: Received,
}

impl StrictnessPage {
    fn choices(&self) -> [&'static str; 3] {
        STRICTNESS
    }
}

/// `GET /setup/strictness`
pub(super) async fn strictness_form(State(app): State<Arc<App>>, _who: Administrator) -> Result<Response, Failure> {
    page(StatusCode::OK, &StrictnessPage { chosen: "balanced", received: Received::look(&app).await? })
}

/// How strict it shall be, and whether to begin with made-up comments.
#[derive(Deserialize)]
pub(super) struct Chosen {
    strictness: String,
    #[serde(default)]
    samples: String,
}

/// `POST /setup/strictness`
pub(super) async fn set_strictness(
    State(app): State<Arc<App>>,
    who: Administrator,
    Fields(chosen): Fields<Chosen>,
) -> Result<Response, Failure> {
    let entry = first_site(&app)?;
    let now = Timestamp::now();
    if let Some(thresholds) = thresholds(&chosen.strictness) {
        let document = PolicyDocument { thresholds, ..entry.policy.document.clone() };
        let text = serde_json::to_string(&document).map_err(anyhow::Error::from)?;
        let actor = Actor::User(who.signed_in.user.id).to_string();
        let reason = texts::of("strictness", &chosen.strictness).to_string();
        app.store.put_policy(entry.site.id, text, actor, reason, now).await?;
        app.reload_directory().await?;
    }
    if chosen.samples == "on" {
        samples::load(&app, entry.site.id, now).await?;
    }
    Ok(Redirect::to("/queue").into_response())
}

/// The thresholds of a word; `None` for those that hold anyway.
fn thresholds(strictness: &str) -> Option<Thresholds> {
    let usual = Thresholds::default();
    match strictness {
        // Scores lie far inside of these: people decide everything.
        "careful" => Some(Thresholds { hold_score: HOLD_EVERYTHING, reject_score: 1_000.0, ..usual }),
        "hands-off" => Some(Thresholds { hold_score: 3.0, hold_spam: 0.9, hold_toxic: 0.97, ..usual }),
        _ => None,
    }
}

/// `POST /samples`: loads made-up comments, or removes them.
pub(super) async fn change_samples(
    State(app): State<Arc<App>>,
    who: Administrator,
    Fields(change): Fields<Samples>,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    if change.load {
        samples::load(&app, first_site(&app)?.site.id, now).await?;
    } else {
        samples::remove(&app, Actor::User(who.signed_in.user.id), now).await?;
    }
    Ok(Redirect::to("/queue").into_response())
}

/// Whether made-up comments shall be there.
#[derive(Deserialize)]
pub(super) struct Samples {
    load: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Policy;

    #[test]
    fn every_strictness_is_a_sound_policy() {
        for word in STRICTNESS {
            let thresholds = thresholds(word).unwrap_or_default();
            let document = PolicyDocument { thresholds, ..PolicyDocument::default() };
            assert!(Policy::compile(1, document).is_ok(), "{word}");
        }
    }
}
