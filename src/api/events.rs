//! What happens, as it happens: server-sent events.

use std::convert::Infallible;

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Serialize;

use super::auth::caller;
use super::comments::CommentBody;
use super::openapi::Refused;
use super::{AppState, Problem, Result};
use crate::app::App;
use crate::events::Happened;
use crate::id::{CommentId, EventId};
use crate::store::Scope;
use crate::verdict::Status;

/// One event, in the form that webhooks have too.
#[derive(Serialize)]
struct Told {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(serialize_with = "crate::clock::rfc3339")]
    timestamp: jiff::Timestamp,
    data: Data,
}

#[derive(Serialize)]
struct Data {
    comment_id: CommentId,
    /// As it is now; null when it was erased since.
    comment: Option<CommentBody>,
    previous_status: Option<Status>,
    status: Status,
    actor: String,
    reason: Option<String>,
}

/// Everything that happens to comments of the site, as server-sent events.
///
/// `comment.created` for a comment that was received, `comment.decided` for every change of its status. Each has an id:
/// `Last-Event-ID` resumes after it, so that nothing is missed. Without it the stream begins now.
#[utoipa::path(get, path = "/v1/events", operation_id = "stream_events", tag = "reading", security(("key" = ["read"])),
    params(("Last-Event-ID" = Option<EventId>, Header, description = "the last event that was heard")),
    responses((status = 200, description = "events without end", content_type = "text/event-stream", body = String), Refused))]
pub(super) async fn stream(State(app): AppState, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Read).await?;
    if query.is_some_and(|query| !query.is_empty()) {
        return Err(Problem::field(
            "",
            "this address takes no parameters; the header Last-Event-ID says where to begin",
        ));
    }
    let after = match headers.get("last-event-id").map(|id| id.to_str().unwrap_or_default()) {
        None | Some("") => None,
        Some(id) => {
            Some(id.parse::<EventId>().map_err(|_| Problem::field("Last-Event-ID", "this is no id of an event"))?)
        }
    };
    let happened = app.events.listen(app.store.clone(), Some(caller.site.site.id), after, crate::clock::now());
    let told = happened.then(move |happened| {
        let app = app.clone();
        async move { Ok::<_, Infallible>(tell(&app, &happened).await) }
    });
    Ok(Sse::new(told).keep_alive(KeepAlive::default()).into_response())
}

async fn tell(app: &App, happened: &Happened) -> Event {
    let event = &happened.event;
    let comment = app.store.comment(Some(happened.site), event.comment_id).await.unwrap_or_else(|error| {
        tracing::warn!("an event is told without its comment: {error:?}");
        None
    });
    let kind = if event.kind == "created" { "comment.created" } else { "comment.decided" };
    let data = Data {
        comment_id: event.comment_id,
        comment: comment.map(CommentBody::from),
        previous_status: event.from,
        status: event.to,
        actor: event.actor.clone(),
        reason: event.reason.clone(),
    };
    let sse = Event::default().id(event.id.to_string()).event(kind);
    let told = Told { kind, timestamp: event.at, data };
    sse.json_data(&told).unwrap_or_else(|error| {
        tracing::error!("an event cannot be written: {error}");
        Event::default().comment("an event cannot be written")
    })
}
