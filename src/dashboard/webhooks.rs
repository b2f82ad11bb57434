//! Where sites are told what was decided: address, secrets, what is on its way, and what came of each attempt.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::form::Fields;
use super::problem::Failure;
use super::session::SignedIn;
use super::texts::{Text, t};
use super::{Frame, assets, page, reader, texts};
use crate::app::App;
use crate::cli::webhooks::{MAX_HOLD, OLD_SECRET_LIVES, event_named};
use crate::id::{EventId, SiteId};
use crate::store::{LoggedAttempt, OutboxCounts, Site, Webhook};
use crate::webhooks::{self, Secret};

/// Attempts that are listed for each site.
const LISTED: usize = 50;
/// Seconds that a decision waits unless somebody says otherwise.
const HOLD: i64 = 5;

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage {
    frame: Frame,
    sites: Vec<Shown>,
    /// What was just done.
    said: Option<Text>,
}

/// A site with its webhook.
struct Shown {
    site: Site,
    webhook: Option<Webhook>,
    /// The address as it was typed, or as it is set.
    url: String,
    hold: i64,
    counts: OutboxCounts,
    log: Vec<LoggedAttempt>,
    /// A secret that was just made and is not shown again.
    secret: Option<String>,
    mistake: Option<String>,
}

impl Shown {
    async fn of(app: &App, site: Site) -> Result<Self, Failure> {
        let webhook = app.store.webhook(site.id).await?;
        Ok(Self {
            url: webhook.as_ref().map(|webhook| webhook.url.clone()).unwrap_or_default(),
            hold: webhook.as_ref().map_or(HOLD, |webhook| webhook.hold.as_secs()),
            counts: app.store.outbox_counts(Some(site.id)).await?,
            log: app.store.delivery_log(site.id, LISTED).await?,
            webhook,
            site,
            secret: None,
            mistake: None,
        })
    }

    /// When and why the webhook was switched off.
    fn off(&self) -> Option<(String, String)> {
        let (at, why) = self.webhook.as_ref()?.off.as_ref()?;
        Some((shown_time(at), why.clone()))
    }

    /// Until when the secret before this one signs too.
    fn old_until(&self) -> Option<String> {
        let (_, until) = self.webhook.as_ref()?.old_secret.as_ref()?;
        (*until > crate::clock::now()).then(|| shown_time(until))
    }
}

fn shown_time(at: &Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn message_id(event: &EventId) -> String {
    webhooks::webhook_id(*event)
}

async fn all(app: &App, signed_in: &SignedIn) -> Result<WebhooksPage, Failure> {
    let mut sites = Vec::new();
    for site in app.store.sites().await?.into_iter().filter(|site| signed_in.administers(site.id)) {
        sites.push(Shown::of(app, site).await?);
    }
    let frame = Frame::of_section(app, signed_in, "webhooks", t("webhooks-title"));
    Ok(WebhooksPage { frame, sites, said: None })
}

/// `GET /webhooks`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    if !signed_in.administers_any() {
        return Err(Failure::NotAdministrator);
    }
    let mut shown = all(&app, &signed_in).await?;
    let query = query.unwrap_or_default();
    let asked: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let asked = |name: &str| asked.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    shown.said = match asked("done") {
        Some("saved") => Some(t("webhooks-said-saved")),
        Some("removed") => Some(t("webhooks-said-removed")),
        Some("delivered") => Some(t("webhooks-said-delivered")),
        Some("failed") => Some(t("webhooks-said-failed")),
        Some("replayed") => {
            let events = asked("events").and_then(|events| events.parse::<u32>().ok()).unwrap_or_default();
            Some(t("webhooks-said-replayed").with("events", events))
        }
        _ => None,
    };
    page(StatusCode::OK, &shown)
}

/// What a form of the page sends.
#[derive(Deserialize)]
pub(super) struct Sent {
    site: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    hold: String,
    #[serde(default)]
    since: String,
}

/// `POST /webhooks`
pub(super) async fn act(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Fields(sent): Fields<Sent>,
) -> Result<Response, Failure> {
    let site: SiteId = sent.site.parse().map_err(|_| Failure::NotFound("site"))?;
    if !app.store.sites().await?.iter().any(|known| known.id == site) {
        return Err(Failure::NotFound("site"));
    }
    if !signed_in.administers(site) {
        return Err(Failure::Forbidden);
    }
    let now = crate::clock::now();
    match sent.action.as_str() {
        "save" => return save(&app, &signed_in, site, sent).await,
        "rotate" => return rotate(&app, &signed_in, site, now).await,
        "remove" => {
            app.store.remove_webhook(site).await?;
            app.reload_directory().await?;
            signed_in.note(&app, Some(site), "webhook_removed", String::new(), now).await?;
            Ok(done("removed"))
        }
        "test" => {
            let webhook = app.store.webhook(site).await?.ok_or(Failure::NotFound("webhook"))?;
            let answer = webhooks::test(&app.store, &app.courier, &webhook, now).await?;
            Ok(done(if answer.is_delivered() { "delivered" } else { "failed" }))
        }
        "replay" => match begin(&sent.since) {
            Ok(since) => {
                let events = app.store.replay_deliveries(site, since, now).await?;
                signed_in.note(&app, Some(site), "webhook_replayed", events.to_string(), now).await?;
                Ok(Redirect::to(&format!("/webhooks?done=replayed&events={events}")).into_response())
            }
            Err(mistake) => refuse(&app, &signed_in, site, sent, mistake).await,
        },
        _ => Err(Failure::BadForm("action is save, rotate, remove, test or replay".to_owned())),
    }
}

fn done(what: &str) -> Response {
    Redirect::to(&format!("/webhooks?done={what}")).into_response()
}

/// A time, a `webhook-id`, or the id of an event.
fn begin(text: &str) -> Result<EventId, String> {
    let text = text.trim();
    let with_zone = || format!("{text}:00Z").parse::<Timestamp>();
    match text.parse::<Timestamp>().or_else(|_| with_zone()).or_else(|_| format!("{text}Z").parse()) {
        Ok(since) => Ok(EventId(crate::id::floor(since))),
        Err(_) => event_named(text).map_err(|_| t("webhooks-since-wrong").to_string()),
    }
}

async fn save(app: &App, signed_in: &SignedIn, site: SiteId, sent: Sent) -> Result<Response, Failure> {
    let target = match app.courier.target(&sent.url) {
        Ok(target) => target,
        Err(mistake) => return refuse(app, signed_in, site, sent, mistake).await,
    };
    let Some(hold) = sent.hold.trim().parse().ok().filter(|hold| (0..=MAX_HOLD).contains(hold)) else {
        let mistake = t("webhooks-hold-wrong").with("most", MAX_HOLD as u32).to_string();
        return refuse(app, signed_in, site, sent, mistake).await;
    };
    let has_secret = app.store.webhook(site).await?.is_some_and(|webhook| webhook.secret.is_some());
    let secret = (!has_secret).then(Secret::fresh);
    let url: String = target.url.into();
    app.store.set_webhook(site, url.clone(), secret.clone(), SignedDuration::from_secs(hold)).await?;
    app.reload_directory().await?;
    signed_in.note(app, Some(site), "webhook_set", url, crate::clock::now()).await?;
    match secret {
        Some(secret) => reveal(app, signed_in, site, &secret).await,
        None => Ok(done("saved")),
    }
}

async fn rotate(app: &App, signed_in: &SignedIn, site: SiteId, now: Timestamp) -> Result<Response, Failure> {
    let secret = Secret::fresh();
    app.store.webhook(site).await?.ok_or(Failure::NotFound("webhook"))?;
    app.store.rotate_webhook_secret(site, secret.clone(), now + OLD_SECRET_LIVES).await?;
    signed_in.note(app, Some(site), "webhook_secret_made", String::new(), now).await?;
    reveal(app, signed_in, site, &secret).await
}

/// Shows a new secret, once.
async fn reveal(app: &App, signed_in: &SignedIn, site: SiteId, secret: &Secret) -> Result<Response, Failure> {
    let mut shown = all(app, signed_in).await?;
    for of_site in shown.sites.iter_mut().filter(|shown| shown.site.id == site) {
        of_site.secret = Some(secret.reveal());
    }
    shown.said = Some(t("webhooks-said-secret"));
    page(StatusCode::OK, &shown)
}

/// Shows the form again, with what was typed and what is wrong with it.
async fn refuse(
    app: &App,
    signed_in: &SignedIn,
    site: SiteId,
    sent: Sent,
    mistake: String,
) -> Result<Response, Failure> {
    let mut shown = all(app, signed_in).await?;
    if let Some(of_site) = shown.sites.iter_mut().find(|shown| shown.site.id == site) {
        if sent.action == "save" {
            of_site.url = sent.url;
            of_site.hold = sent.hold.trim().parse().unwrap_or(of_site.hold);
        }
        of_site.mistake = Some(mistake);
    }
    page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}
