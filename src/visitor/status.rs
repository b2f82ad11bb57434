//! What became of a comment, for its author: received, waiting, published, or not published and why; and one appeal.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::page;
use crate::api::Problem;
use crate::app::App;
use crate::store::{Appealed, Event, StoredComment};
use crate::verdict::Status;

/// Longest words of an appeal, in characters; longer ones are cut.
const MAX_WORDS: usize = 1_000;

const UNKNOWN: Problem = Problem::NotFound("this link belongs to no comment, or the comment was erased");

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage<'a> {
    receipt: &'a str,
    status: Status,
    headline: &'static str,
    explanation: String,
    steps: Vec<Step>,
    text: &'a str,
    /// The commented page, when it has a web address.
    back: Option<&'a str>,
    may_appeal: bool,
}

/// Something that happened.
struct Step {
    what: &'static str,
    at: String,
}

/// The form of an appeal.
#[derive(Deserialize)]
pub(super) struct Appeal {
    #[serde(default)]
    words: String,
}

/// `GET /status/{receipt}`
pub(super) async fn show(State(app): State<Arc<App>>, Path(receipt): Path<String>) -> Result<Response, Problem> {
    let comment = find(&app, &receipt).await?;
    let events = app.store.history(comment.site, comment.id).await?;
    let appealed = app.store.appealed_at(comment.site, comment.id).await?;
    let tells = app.directory().sites.get(&comment.site).is_none_or(|entry| !entry.policy.document.withhold_reasons);
    let page_of = StatusPage {
        receipt: &receipt,
        status: comment.status,
        headline: headline(comment.status),
        explanation: explanation(&comment, events.last(), appealed, tells),
        steps: steps(&comment, &events),
        text: &comment.submission.text,
        back: comment.submission.page.as_deref().filter(|page| is_web(page)),
        may_appeal: comment.status == Status::Rejected && appealed.is_none(),
    };
    page(StatusCode::OK, &page_of)
}

/// `POST /status/{receipt}/appeal`
pub(super) async fn appeal(
    State(app): State<Arc<App>>,
    Path(receipt): Path<String>,
    form: Result<Form<Appeal>, FormRejection>,
) -> Result<Response, Problem> {
    let comment = find(&app, &receipt).await?;
    let Form(appeal) = form.map_err(|error| Problem::Malformed(error.body_text()))?;
    let words: String = appeal.words.trim().replace('\0', "").chars().take(MAX_WORDS).collect();
    let words = Some(words).filter(|words| !words.is_empty());
    match app.appeal(comment.site, comment.id, words, crate::clock::now()).await? {
        Appealed::Held | Appealed::Before => {
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, format!("/status/{receipt}"))]).into_response())
        }
        Appealed::Pointless => {
            Err(Problem::Conflict("the comment is not rejected, so there is nothing to appeal against"))
        }
    }
}

async fn find(app: &App, receipt: &str) -> Result<StoredComment, Problem> {
    let id = app.receipts.read(receipt).ok_or(UNKNOWN)?;
    app.store.comment(None, id).await?.ok_or(UNKNOWN)
}

fn is_web(page: &str) -> bool {
    url::Url::parse(page).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn headline(status: Status) -> &'static str {
    match status {
        Status::Approved => "Your comment is published",
        Status::Held => "Your comment waits for a moderator",
        Status::Rejected => "Your comment is not published",
    }
}

fn explanation(comment: &StoredComment, last: Option<&Event>, appealed: Option<Timestamp>, tells: bool) -> String {
    match comment.status {
        Status::Approved => "Everybody can read it on its page.".to_owned(),
        Status::Held if appealed.is_some() => {
            "You asked for a second look. A person will read it; nothing more needs to be done.".to_owned()
        }
        Status::Held => "A person reads it before it appears. Nothing more needs to be done.".to_owned(),
        Status::Rejected if !tells => "This site does not say why.".to_owned(),
        Status::Rejected => format!(
            "{}{}",
            why(comment, last),
            if appealed.is_some() { " It was looked at a second time, as you asked." } else { "" }
        ),
    }
}

/// Why a comment is not published: a moderator's reason, or in general words what the service took it for. Rules and scores are
/// not told: they would teach spammers.
fn why(comment: &StoredComment, last: Option<&Event>) -> &'static str {
    let by_person = last.filter(|event| event.actor != "pipeline");
    match by_person.map(|event| event.reason.as_deref()) {
        Some(Some("spam")) => "A moderator took it for advertising.",
        Some(Some("toxic" | "abuse")) => "A moderator found that it attacks somebody.",
        Some(Some("off-topic")) => "A moderator found that it does not belong to the subject of the page.",
        Some(_) => "A moderator decided so.",
        None if comment.verdict.scores.spam >= comment.verdict.scores.toxic => {
            "It was taken for advertising, without a person having read it."
        }
        None => "It was taken for an attack on somebody, without a person having read it.",
    }
}

/// What happened, without who did it.
fn steps(comment: &StoredComment, events: &[Event]) -> Vec<Step> {
    let shown = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let mut steps = vec![Step { what: "Received", at: shown(comment.created_at) }];
    for event in events {
        let what = match (event.kind.as_str(), event.to) {
            ("appealed", _) => "You asked for a second look",
            (_, Status::Approved) => "Published",
            (_, Status::Rejected) => "Not published",
            (_, Status::Held) => "Waiting for a moderator",
        };
        steps.push(Step { what, at: shown(event.at) });
    }
    steps
}
