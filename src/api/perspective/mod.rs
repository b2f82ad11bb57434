//! The Perspective-compatible API, for newsrooms whose clients speak it: `comments:analyze` gives our calibrated
//! probabilities, `comments:suggestscore` is feedback. An attribute that no head of ours knows is refused, not guessed.

mod discovery;
mod error;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::error::Refusal;
use super::akismet::{Guesses, Head, SiteKey, site_by_key};
use super::submission;
use crate::app::App;
use crate::client_address::client_address;
use crate::comment::{Submission, network_of};
use crate::language::language;
use crate::pipeline::NotModerated;
use crate::store::{Outcome, Resolution};
use crate::verdict::{Scores, Status};

/// Longest text, in bytes, as the original has it.
const MAX_TEXT: usize = 20_480;
/// Longest body, in bytes: every byte of the longest text escaped, and room for the rest.
const MAX_BODY: usize = 256 * 1024;

/// An answer or a refusal.
type Answer = Result<Json<Value>, Refusal>;

/// All calls.
pub(super) fn routes(guesses: Arc<Guesses>) -> Router<Arc<App>> {
    Router::new()
        .route("/v1alpha1/comments:analyze", post(analyze))
        .route("/v1alpha1/comments:suggestscore", post(suggest))
        .route("/$discovery/rest", get(discovery::document))
        .layer(Extension(guesses))
}

/// What our heads can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attribute {
    Toxicity,
    Spam,
}

impl Attribute {
    fn parse(name: &str) -> Result<Self, Refusal> {
        match name {
            "TOXICITY" => Ok(Self::Toxicity),
            "SPAM" => Ok(Self::Spam),
            _ => {
                let name: String = name.chars().take(100).collect();
                Err(Refusal::invalid("INVALID_REQUEST", format!("Unknown requested attribute: {name}")))
            }
        }
    }

    fn of(self, scores: Scores) -> Option<f64> {
        match self {
            Self::Toxicity => scores.toxic,
            Self::Spam => scores.spam,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Analyze {
    #[serde(default)]
    comment: Text,
    #[serde(default)]
    requested_attributes: Map<String, Value>,
    #[serde(default)]
    languages: Vec<String>,
    #[serde(default)]
    client_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Suggest {
    #[serde(default)]
    comment: Text,
    #[serde(default)]
    attribute_scores: Map<String, Value>,
    #[serde(default)]
    client_token: Option<String>,
}

#[derive(Default, Deserialize)]
struct Text {
    #[serde(default)]
    text: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

/// Who calls, and what with.
struct Caller {
    app: Arc<App>,
    sender: SiteKey,
    body: Bytes,
}

impl FromRequest<Arc<App>> for Caller {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let head = Head::from_request_parts(&mut parts, app).await.map_err(IntoResponse::into_response)?;
        Self::read(head, body).await.map_err(IntoResponse::into_response)
    }
}

impl Caller {
    async fn read(head: Head, body: Body) -> Result<Self, Refusal> {
        let (State(app), Extension(guesses), ConnectInfo(peer), RawQuery(query), headers) = head;
        let in_query = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .find(|(name, _)| name == "key")
            .map(|(_, key)| key.into_owned());
        let in_header = || headers.get("x-goog-api-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
        let key = in_query.or_else(in_header).filter(|key| !key.is_empty()).ok_or_else(Refusal::no_key)?;
        let network = network_of(client_address(peer.ip(), &headers, &app.config.trusted_proxies));
        let sender = site_by_key(&app, &guesses, &network, &key).await.map_err(|_| Refusal::unknown_key())?;
        let body = submission::read(&headers, body, MAX_BODY).await;
        let body = body.map_err(|problem| Refusal::invalid("INVALID_REQUEST", problem.to_string()))?;
        Ok(Self { app, sender, body })
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a Bytes) -> Result<T, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::invalid("INVALID_REQUEST", format!("Invalid JSON payload received. {error}")))
}

fn submission_of(text: Text) -> Result<Submission, Refusal> {
    match text.kind.as_deref() {
        None | Some("PLAIN_TEXT" | "TEXT_TYPE_UNSPECIFIED" | "HTML") => {}
        Some(_) => return Err(Refusal::invalid("INVALID_REQUEST", "Unknown text type")),
    }
    if text.text.trim().is_empty() {
        return Err(Refusal::invalid("COMMENT_EMPTY", "Comment must be non-empty."));
    }
    if text.text.len() > MAX_TEXT {
        return Err(Refusal::invalid("COMMENT_TOO_LONG", format!("Comment text too long: at most {MAX_TEXT} bytes.")));
    }
    Ok(Submission { text: text.text.replace('\0', ""), ..Submission::default() })
}

/// Scores a text; nothing is stored, whatever `doNotStore` says.
async fn analyze(Caller { app, sender, body }: Caller) -> Answer {
    let asked: Analyze = read(&body)?;
    if asked.requested_attributes.is_empty() {
        return Err(Refusal::invalid("NO_REQUESTED_ATTRIBUTES", "No requested attributes were specified."));
    }
    let attributes =
        asked.requested_attributes.iter().map(|(name, options)| Ok((name, Attribute::parse(name)?, options)));
    let attributes = attributes.collect::<Result<Vec<_>, Refusal>>()?;
    let submission = submission_of(asked.comment)?;
    let length = submission.text.chars().count();
    let judged = app.pipeline.check(&sender.site, sender.limited_as(), submission, crate::clock::now()).await;
    let (judged, comment, _) = judged.map_err(|error| match error {
        NotModerated::Limited(exceeded) => Refusal::limited(exceeded.to_string()),
        _ => Refusal::unavailable("The service cannot judge at the moment."),
    })?;
    let detected: Vec<&str> = language(comment.body.reading()).map(|language| language.code()).into_iter().collect();
    let mut scores = Map::new();
    for (name, attribute, options) in attributes {
        let value = attribute.of(judged.verdict.scores);
        let value = value.ok_or_else(|| Refusal::unavailable("There is no usable model at the moment."))?;
        let threshold = options.get("scoreThreshold").and_then(Value::as_f64).unwrap_or_default();
        if value >= threshold {
            let score = json!({ "value": value, "type": "PROBABILITY" });
            let span = json!({ "begin": 0, "end": length, "score": score });
            scores.insert(name.clone(), json!({ "spanScores": [span], "summaryScore": score }));
        }
    }
    let mut answer = json!({ "detectedLanguages": detected });
    answer["languages"] = if asked.languages.is_empty() { json!(detected) } else { json!(asked.languages) };
    if !scores.is_empty() {
        answer["attributeScores"] = Value::Object(scores);
    }
    if let Some(token) = asked.client_token {
        answer["clientToken"] = json!(token);
    }
    Ok(Json(answer))
}

/// What the newsroom decided about a text: it is stored with that status, and taught.
async fn suggest(Caller { app, sender, body }: Caller) -> Answer {
    let said: Suggest = read(&body)?;
    if said.attribute_scores.is_empty() {
        return Err(Refusal::invalid("NO_REQUESTED_ATTRIBUTES", "No attribute scores were specified."));
    }
    let mut label = "clean";
    for (name, score) in &said.attribute_scores {
        let attribute = Attribute::parse(name)?;
        let value = score["summaryScore"]["value"].as_f64();
        let value = value.filter(|value| (0.0..=1.0).contains(value));
        let value = value.ok_or_else(|| {
            Refusal::invalid("INVALID_REQUEST", format!("{name}: summaryScore.value must lie between 0 and 1."))
        })?;
        label = match (attribute, value >= 0.5) {
            (Attribute::Toxicity, true) => "toxic",
            (Attribute::Spam, true) => "spam",
            (Attribute::Spam, false) if label == "clean" => "ham",
            (_, false) => label,
        };
    }
    let submission = submission_of(said.comment)?;
    note(&app, &sender, submission, label).await.map_err(|error| {
        tracing::warn!("feedback could not be noted: {error:?}");
        Refusal::unavailable("The service cannot note it at the moment; send it again.")
    })?;
    let mut answer = json!({ "detectedLanguages": [] });
    if let Some(token) = said.client_token {
        answer["clientToken"] = json!(token);
    }
    Ok(Json(answer))
}

async fn note(app: &App, sender: &SiteKey, submission: Submission, label: &'static str) -> Result<(), NotModerated> {
    if !sender.is_trusted {
        return Ok(());
    }
    let (site, now) = (sender.site.site.id, crate::clock::now());
    let judged = app.pipeline.adopt(&sender.site, submission, now).await?;
    let Some(id) = judged.id else { return Ok(()) };
    let is_bad = matches!(label, "spam" | "toxic");
    let status = if is_bad { Status::Rejected } else { Status::Approved };
    let reason = is_bad.then(|| label.to_owned());
    let resolution = Resolution { status, reason, note: None, actor: sender.actor(), at: now, shown_at: None };
    let resolved = app.resolve(site, vec![(id, None)], resolution).await?;
    if let Some((_, Outcome::Unchanged { .. })) = resolved.outcomes.first() {
        app.store.label_once(site, id, label, sender.actor(), now).await?;
    }
    Ok(())
}
