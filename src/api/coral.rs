//! Coral's external moderation phase: Coral asks before it publishes, and signs what it asks.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{AppState, Problem, Result, submission};
use crate::comment::{MAX_OTHER, MAX_TEXT, MAX_URL, Submission};
use crate::id::{KeyId, SiteId};
use crate::verdict::{Status, Verdict};

/// What Coral sends; what else stands there is not needed.
#[derive(Deserialize)]
struct Asked {
    comment: Comment,
    #[serde(default)]
    author: Author,
    #[serde(default)]
    story: Story,
}

#[derive(Deserialize)]
struct Comment {
    #[serde(default)]
    body: String,
}

#[derive(Default, Deserialize)]
struct Author {
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    role: Option<String>,
}

#[derive(Default, Deserialize)]
struct Story {
    #[serde(default)]
    url: Option<String>,
}

/// What Coral is to do.
#[derive(Debug, PartialEq, Serialize)]
struct Phase {
    status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Flag>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'static str>,
}

/// A flag, for Coral's moderators.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Flag {
    action_type: &'static str,
    reason: &'static str,
}

/// `POST /integrations/coral/{site}`: judges and stores a comment; an approved one goes on to be published.
pub(super) async fn moderate(
    State(app): AppState,
    Path(site): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response> {
    const UNSIGNED: Problem = Problem::Unauthorized(
        "the signature does not fit: `moderato site coral` takes the signing secret that Coral shows for this phase",
    );
    let site: SiteId = site.parse().map_err(|_| UNSIGNED)?;
    let body = submission::read(&headers, body, app.config.http.max_body.saturating_mul(4)).await?;
    let signature = headers.get("x-coral-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let secrets = app.store.coral_secrets(site).await?;
    if !secrets.iter().any(|secret| is_signed(secret, &body, signature)) {
        return Err(UNSIGNED);
    }
    let entry = app.directory().sites.get(&site).cloned().ok_or(UNSIGNED)?;
    let asked: Asked = serde_json::from_slice(&body)
        .map_err(|error| Problem::Malformed(format!("this is no request of Coral: {error}")))?;
    let judged = app.pipeline.moderate(&entry, KeyId(site.0), submission_of(asked), None, crate::clock::now()).await;
    // Coral publishes when a phase fails, so what could not be judged is withheld.
    let (judged, _) = match judged {
        Ok(judged) => judged,
        Err(error) => {
            tracing::warn!("a comment of Coral is withheld because it could not be judged: {error:?}");
            return Ok(Json(withheld(Vec::new())).into_response());
        }
    };
    Ok(match phase(judged.status, &judged.verdict) {
        Some(phase) => Json(phase).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}

fn submission_of(asked: Asked) -> Submission {
    let cut = |text: Option<String>, most: usize| text.map(|t| t.chars().filter(|&c| c != '\0').take(most).collect());
    Submission {
        text: cut(Some(asked.comment.body), MAX_TEXT).unwrap_or_default(),
        name: cut(asked.author.username, crate::comment::MAX_NAME),
        email: cut(asked.author.email, crate::comment::MAX_EMAIL),
        page: cut(asked.story.url, MAX_URL),
        author_role: cut(asked.author.role, MAX_OTHER.min(100)),
        ..Submission::default()
    }
}

/// What Coral is to do with a comment; nothing when it is approved, so that Coral's own rules count.
fn phase(status: Status, verdict: &Verdict) -> Option<Phase> {
    let is_toxic = verdict.scores.toxic > verdict.scores.spam;
    let reason = if is_toxic { "COMMENT_DETECTED_TOXIC" } else { "COMMENT_DETECTED_SPAM" };
    let flags = vec![Flag { action_type: "FLAG", reason }];
    match status {
        Status::Approved => None,
        Status::Held => Some(withheld(flags)),
        Status::Rejected => Some(Phase { status: "REJECTED", actions: flags, tags: Vec::new() }),
    }
}

/// Withheld until a moderator has looked.
fn withheld(actions: Vec<Flag>) -> Phase {
    Phase { status: "SYSTEM_WITHHELD", actions, tags: Vec::new() }
}

/// Whether one of the signatures (`sha256=…,sha256=…`, one for each secret that Coral has) was made with `secret`.
fn is_signed(secret: &str, body: &[u8], signatures: &str) -> bool {
    signatures.split(',').filter_map(|part| part.trim().strip_prefix("sha256=")).filter_map(from_hex).any(|signature| {
        Hmac::<Sha256>::new_from_slice(secret.as_bytes())
            .is_ok_and(|mac| mac.chain_update(body).verify_slice(&signature).is_ok())
    })
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_good_signature_among_others_is_enough() {
        // HMAC-SHA-256 of RFC 4231, test case 2.
        let good = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let body = b"what do ya want for nothing?";
        assert!(is_signed("Jefe", body, &format!("sha256={}, sha256={good}", "0".repeat(64))));
        for bad in ["", good, "sha256=", "sha256=5b", "sha256=zz", &format!("sha1={good}")] {
            assert!(!is_signed("Jefe", body, bad), "{bad}");
        }
        assert!(!is_signed("other", body, &format!("sha256={good}")));
    }
}
