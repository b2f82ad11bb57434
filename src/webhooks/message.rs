//! What a webhook says: the kind of event, when it happened, and the comment as the API shows it.

use jiff::Timestamp;
use serde::Serialize;

use crate::api::CommentBody;
use crate::id::EventId;
use crate::store::{Event, EventKind, StoredComment};
use crate::verdict::Status;

/// The body of a webhook.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(serialize_with = "crate::clock::rfc3339")]
    timestamp: Timestamp,
    data: Data,
}

#[derive(Clone, Debug, Serialize)]
struct Data {
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<CommentBody>,
    previous_status: Option<Status>,
    actor: String,
    reason: Option<String>,
}

/// The `webhook-id` of an event: the same on every attempt and every replay.
pub fn webhook_id(event: EventId) -> String {
    format!("msg_{event}")
}

impl Message {
    /// Tells of an event. The comment is shown with the status and revision that it had after it.
    pub fn of(event: &Event, mut comment: StoredComment) -> Self {
        comment.status = event.to;
        comment.revision = event.revision;
        let kind = if event.kind == EventKind::Created.as_str() { "comment.created" } else { "comment.decided" };
        let data = Data {
            comment: Some(comment.into()),
            previous_status: event.from,
            actor: event.actor.clone(),
            reason: event.reason.clone(),
        };
        Self { kind, timestamp: event.at, data }
    }

    /// Tells of nothing; for trying whether a receiver is there.
    pub fn test(now: Timestamp) -> Self {
        let data = Data { comment: None, previous_status: None, actor: "pipeline".to_owned(), reason: None };
        Self { kind: "webhook.test", timestamp: now, data }
    }

    /// As JSON.
    ///
    /// # Errors
    ///
    /// Never in practice: everything in it can be written.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}
