//! Sites and their keys: making them, showing a key once, revoking it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use super::detail::Moment;
use super::form::Fields;
use super::problem::Failure;
use super::session::{Administrator, SignedIn};
use super::texts::{Text, t};
use super::{Frame, assets, page, reader, texts};
use crate::app::App;
use crate::id::{KeyId, SiteId};
use crate::store::{ApiKey, Scope, Scopes, Site, StoreError};

/// Longest name of a site, in characters.
const MAX_NAME: usize = 100;

#[derive(Template)]
#[template(path = "sites.html")]
struct SitesPage {
    frame: Frame,
    sites: Vec<SiteRow>,
    /// A key that was just made; it is not shown again.
    key: Option<NewKey>,
    name: String,
    url: String,
    mistake: Option<Text>,
    is_administrator: bool,
}

impl SitesPage {
    fn scopes(&self) -> [&'static str; 4] {
        Scope::ALL.map(Scope::as_str)
    }
}

struct SiteRow {
    id: String,
    name: String,
    url: String,
    keys: Vec<KeyRow>,
    may_change: bool,
}

struct KeyRow {
    id: String,
    scopes: String,
    hint: String,
    made: Moment,
    revoked: Option<Moment>,
}

/// A key on the only page that ever shows it.
pub(super) struct NewKey {
    /// The site it belongs to.
    pub site: String,
    /// The key.
    pub text: String,
    /// Where to post a comment with it.
    pub submit_to: String,
}

impl SitesPage {
    fn new(app: &App, signed_in: &SignedIn) -> Self {
        let now = Timestamp::now();
        let directory = app.directory();
        let key = |key: &ApiKey| KeyRow {
            id: key.id.to_string(),
            scopes: key.scopes.to_string().replace(',', ", "),
            hint: key.hint.clone(),
            made: Moment::new(key.created_at, now),
            revoked: key.revoked_at.map(|at| Moment::new(at, now)),
        };
        let row = |(id, name): (SiteId, String)| {
            let mut keys: Vec<&ApiKey> = directory.keys.values().filter(|key| key.site == id).collect();
            keys.sort_by_key(|key| (key.revoked_at.is_some(), std::cmp::Reverse(key.id)));
            SiteRow {
                id: id.to_string(),
                url: directory.sites.get(&id).and_then(|entry| entry.site.url.clone()).unwrap_or_default(),
                may_change: signed_in.administers(id),
                keys: if signed_in.administers(id) { keys.into_iter().map(key).collect() } else { Vec::new() },
                name,
            }
        };
        Self {
            frame: Frame::of_section(app, signed_in, "sites", t("sites-title")),
            sites: signed_in.sites(app).into_iter().map(row).collect(),
            key: None,
            name: String::new(),
            url: String::new(),
            mistake: None,
            is_administrator: signed_in.is_administrator(),
        }
    }
}

/// `GET /sites`
pub(super) async fn sites(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, Failure> {
    page(StatusCode::OK, &SitesPage::new(&app, &signed_in))
}

/// A site to be made.
#[derive(Deserialize)]
pub(super) struct NewSite {
    name: String,
    url: String,
}

/// `POST /sites`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    who: Administrator,
    Fields(new): Fields<NewSite>,
) -> Result<Response, Failure> {
    let again = |new: NewSite, mistake| {
        let mut form = SitesPage::new(&app, &who.signed_in);
        (form.name, form.url, form.mistake) = (new.name, new.url, Some(mistake));
        page(StatusCode::UNPROCESSABLE_ENTITY, &form)
    };
    let now = Timestamp::now();
    let name = new.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > MAX_NAME {
        return again(new, t("sites-name-wrong").with("n", MAX_NAME));
    }
    let Some(url) = web_address(&new.url) else { return again(new, t("sites-url-wrong")) };
    let site = Site { id: SiteId::fresh(now), name: name.clone(), url: Some(url), webhook_url: None, created_at: now };
    match app.store.create_site(site).await {
        Ok(()) => {}
        Err(StoreError::Exists) => return again(new, t("sites-name-taken")),
        Err(error) => return Err(error.into()),
    }
    app.reload_directory().await?;
    who.note(&app, "site_created", name, now).await?;
    Ok(Redirect::to("/sites").into_response())
}

/// A web address in its normal form.
pub(super) fn web_address(typed: &str) -> Option<String> {
    let url = Url::parse(typed.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| url.to_string())
}

/// `POST /sites/keys`: fields `site` and one `scope` for each thing the key may do.
pub(super) async fn create_key(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let field = |name: &'static str| fields.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str());
    let site: SiteId = field("site").next().and_then(|id| id.parse().ok()).ok_or(Failure::NotFound("site"))?;
    if !signed_in.administers(site) {
        return Err(Failure::Forbidden);
    }
    let scopes: Vec<&str> = field("scope").collect();
    if scopes.is_empty() {
        let mut form = SitesPage::new(&app, &signed_in);
        form.mistake = Some(t("sites-scope-missing"));
        return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
    }
    let scopes: Scopes = scopes.join(",").parse().map_err(Failure::BadForm)?;
    let key = make_key(&app, &signed_in, &headers, site, scopes).await?;
    let mut form = SitesPage::new(&app, &signed_in);
    form.key = Some(key);
    page(StatusCode::CREATED, &form)
}

/// Makes a key and puts it in force.
pub(super) async fn make_key(
    app: &App,
    signed_in: &SignedIn,
    headers: &HeaderMap,
    site: SiteId,
    scopes: Scopes,
) -> Result<NewKey, Failure> {
    let now = Timestamp::now();
    let detail = scopes.to_string();
    let (text, key) = ApiKey::fresh(site, scopes, now);
    app.store.create_key(key).await?;
    app.reload_directory().await?;
    signed_in.note(app, Some(site), "key_created", detail, now).await?;
    let name = app.directory().sites.get(&site).map(|entry| entry.site.name.clone()).unwrap_or_default();
    Ok(NewKey { site: name, text, submit_to: format!("{}/v1/comments", app.config.base_address(headers)) })
}

/// The key to be revoked.
#[derive(Deserialize)]
pub(super) struct Revoke {
    key: String,
}

/// `POST /sites/keys/revoke`
pub(super) async fn revoke_key(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Fields(revoke): Fields<Revoke>,
) -> Result<Response, Failure> {
    let missing = || Failure::NotFound("key");
    let id: KeyId = revoke.key.parse().map_err(|_| missing())?;
    let site = app.directory().keys.get(&id).map(|key| key.site).ok_or_else(missing)?;
    if !signed_in.administers(site) {
        return Err(Failure::Forbidden);
    }
    let now = Timestamp::now();
    app.store.revoke_key(id, now).await?;
    app.reload_directory().await?;
    signed_in.note(&app, Some(site), "key_revoked", revoke.key, now).await?;
    Ok(Redirect::to("/sites").into_response())
}
