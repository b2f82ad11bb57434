//! HTML for moderators: server-rendered, works without JavaScript, every action a real form or link.
//!
//! [`routes`] is all that the server needs. Pages are askama templates in `templates/`; script and style lie in `assets/`.

mod about;
mod account;
mod assets;
mod audit;
mod campaign;
#[cfg(test)]
mod console_looks_tests;
mod decide;
mod detail;
mod evidence;
mod form;
mod gate;
mod keys;
mod live;
#[cfg(test)]
mod looks_tests;
mod matching;
mod notes;
#[cfg(test)]
mod page_tests;
mod people;
mod plots;
mod policy;
mod policy_form;
mod problem;
mod queue;
mod reader;
mod samples;
mod second_look;
mod session;
mod setup;
mod shown;
mod sign_in;
mod sites;
mod stats;
#[cfg(test)]
mod tests;
mod texts;
mod two_step;
mod view;
mod webhooks;
mod when;

use std::fmt;
use std::sync::Arc;

use askama::Template;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use tower_http::csrf::CsrfLayer;
use tracing::warn;

use self::gate::Gate;
use self::problem::Failure;
pub use self::problem::error_page;
use self::session::SignedIn;
use crate::app::App;
use crate::config::Config;

/// No form of the dashboard is anywhere near as large.
const MAX_FORM: usize = 64 * 1024;
/// A policy with its lists.
const MAX_POLICY: usize = 2 * 1024 * 1024;

/// All addresses of the dashboard, with protection against forged requests and the security headers of its pages.
pub fn routes(app: &App) -> Router<Arc<App>> {
    let config = &app.config;
    let gate = Arc::new(Gate::new());
    Router::new()
        .route("/", get(|| async { Redirect::to("/queue") }))
        .route("/setup", get(setup::setup_form).post(setup::setup))
        .route("/setup/site", get(setup::site_form).post(setup::name_site))
        .route("/setup/received", get(setup::received))
        .route("/samples", post(setup::change_samples))
        .route("/setup/strictness", get(setup::strictness_form).post(setup::set_strictness))
        .route("/login", get(sign_in::login_form).post(sign_in::login))
        .route("/logout", post(sign_in::logout))
        .route("/queue", get(queue::queue))
        .route("/comments/{id}", get(queue::comment))
        .route("/comments/{id}/decision", post(decide::decide))
        .route("/comments/{id}/alike", get(campaign::campaign).post(campaign::decide))
        .route("/comments/{id}/notes", post(notes::add))
        .route("/matching", get(matching::matching))
        .route("/standing", get(campaign::standing))
        .route("/standing/end", post(campaign::end_standing))
        .route("/decisions", post(decide::decide_many))
        .route("/undo", post(decide::undo))
        .route("/live", get(live::live))
        .route("/leases", post(live::lease))
        .route("/leases/release", post(live::release))
        .route("/views", post(notes::save_view))
        .route("/views/{id}/remove", post(notes::remove_view))
        .route("/keys", get(keys::keys).post(keys::save))
        .route("/account", get(account::account))
        .route("/account/choices", post(account::choose))
        .route("/webhooks", get(webhooks::show).post(webhooks::act))
        .route("/account/password", post(account::change_password))
        .route("/account/factor", post(account::begin_factor))
        .route("/account/factor/confirm", post(account::confirm_factor))
        .route("/account/factor/remove", post(account::remove_factor))
        .route("/account/sessions", post(account::end_others))
        .route("/audit", get(audit::audit))
        .route("/audit/export/{format}", get(audit::export))
        .route("/stats", get(stats::stats))
        .route("/policy", get(policy::policy).post(policy::edit).layer(DefaultBodyLimit::max(MAX_POLICY)))
        .route("/policy/rollback", post(policy::roll_back))
        .route("/sites", get(sites::sites).post(sites::create))
        .route("/sites/keys", post(sites::create_key))
        .route("/sites/keys/revoke", post(sites::revoke_key))
        .route("/users", get(people::users))
        .route("/users/invite", post(people::invite))
        .route("/users/withdraw", post(people::withdraw))
        .route("/users/{id}/roles", post(people::set_roles))
        .route("/users/{id}/able", post(people::set_able))
        .route("/invite/{token}", get(people::invited).post(people::accept))
        .route("/assets/{name}", get(assets::asset))
        .layer(Extension(gate))
        .layer(csrf(config))
        .layer(DefaultBodyLimit::max(MAX_FORM))
        .layer(from_fn(problem::finish))
        .layer(from_fn(reader::for_reader))
}

/// Requests that change something have to come from our own pages: browsers say so in `Sec-Fetch-Site` and `Origin`.
fn csrf(config: &Config) -> CsrfLayer {
    let Some(url) = &config.public_url else { return CsrfLayer::new() };
    // A proxy that changes `Host` would make our own pages look foreign; the configured origin is ours in any case.
    CsrfLayer::new().add_trusted_origin(url.origin().ascii_serialization()).unwrap_or_else(|error| {
        warn!("public_url is no origin that a browser can send: {error}");
        CsrfLayer::new()
    })
}

/// A page as an answer.
fn page(status: StatusCode, template: &impl Template) -> Result<Response, Failure> {
    Ok((status, Html(template.render()?)).into_response())
}

/// The entries of the navigation: name and address.
const SECTIONS: [(&str, &str); 7] = [
    ("queue", "/queue"),
    ("stats", "/stats"),
    ("policy", "/policy"),
    ("audit", "/audit"),
    ("sites", "/sites"),
    ("users", "/users"),
    ("webhooks", "/webhooks"),
];

/// What surrounds every page of somebody who is signed in.
struct Frame {
    title: String,
    /// Which entry of the navigation it belongs to.
    section: &'static str,
    user: String,
    role: &'static str,
    /// Entries of the navigation that this person has.
    sections: Vec<(&'static str, &'static str)>,
    /// Why there is no model, if there is none.
    no_model: Option<String>,
}

/// Whether there is anything in a section for this person.
fn is_open(section: &str, signed_in: &SignedIn) -> bool {
    match section {
        "users" => signed_in.is_administrator(),
        "webhooks" => signed_in.administers_any(),
        _ => true,
    }
}

impl Frame {
    fn new(app: &App, signed_in: &SignedIn, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            section: "queue",
            user: signed_in.user.name.clone(),
            role: signed_in.user.role.as_str(),
            sections: SECTIONS.into_iter().filter(|(name, _)| is_open(name, signed_in)).collect(),
            no_model: app.pipeline.model().as_ref().as_ref().err().cloned(),
        }
    }

    /// The frame of a page of another section than the queue.
    fn of_section(app: &App, signed_in: &SignedIn, section: &'static str, title: impl fmt::Display) -> Self {
        Self { section, ..Self::new(app, signed_in, title.to_string()) }
    }
}
