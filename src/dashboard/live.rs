//! What colleagues do meanwhile: events as they happen, and who has what on the screen.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{RawForm, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::future::ready;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::detail::people;
use super::problem::Failure;
use super::session::{Moderator, SignedIn};
use crate::app::App;
use crate::id::CommentId;

/// Comments that one screen may ask for at once.
const ON_SCREEN: usize = 20;
/// How long one connection listens: for so long at most somebody hears of sites that are not theirs any more.
const LISTENS: Duration = Duration::from_secs(5 * 60);

/// `GET /live`: server-sent events named `comment`, of all sites that this person sees; those after the event `after` first, if it is named.
pub(super) async fn live(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let heard = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let last = heard.or(query.as_deref().and_then(|query| query.strip_prefix("after="))).and_then(|id| id.parse().ok());
    let people = people(&app).await?;
    let events = app.events.listen(app.store.clone(), None, last, Timestamp::now());
    let visible = events.filter(move |happened| ready(signed_in.role_on(happened.site).may_look()));
    // The browser connects anew, and whoever was signed out or has another role by then is asked again.
    let visible = visible.take_until(tokio::time::sleep(LISTENS));
    let events = visible.map(move |happened| {
        let event = &happened.event;
        let who = crate::store::Actor::user(&event.actor).and_then(|id| people.get(&id)).cloned();
        let told = json!({
            "id": event.comment_id,
            "site": happened.site,
            "kind": event.kind,
            "from": event.from,
            "status": event.to,
            "revision": event.revision,
            "who": who,
            "actor": event.actor,
        });
        Ok::<_, Infallible>(Event::default().event("comment").id(event.id.to_string()).data(told.to_string()))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()).into_response())
}

/// `POST /leases` with `comment` fields: what is on the screen now. Answers what others have on theirs.
pub(super) async fn lease(
    State(app): State<Arc<App>>,
    moderator: Moderator,
    RawForm(form): RawForm,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let user = moderator.user.id;
    let mut wanted = Vec::new();
    for (name, value) in url::form_urlencoded::parse(&form).take(ON_SCREEN) {
        if name == "comment"
            && let Ok(id) = value.parse::<CommentId>()
            && let Some(comment) = app.store.comment(None, id).await?
            && moderator.decides_on(comment.site).is_ok()
        {
            wanted.push((comment.site, id));
        }
    }
    app.store.release(user).await?;
    app.store.lease(user, wanted, now).await?;
    let people = people(&app).await?;
    let mut theirs = Map::new();
    for (site, comment, holder) in app.store.leased_by_others(user, now).await? {
        if moderator.signed_in.role_on(site).may_look()
            && let Some(name) = people.get(&holder)
        {
            theirs.insert(comment.to_string(), Value::String(name.clone()));
        }
    }
    Ok(Json(theirs).into_response())
}

/// `POST /leases/release`: the screen is closed.
pub(super) async fn release(State(app): State<Arc<App>>, moderator: Moderator) -> Result<Response, Failure> {
    app.store.release(moderator.user.id).await?;
    Ok(axum::http::StatusCode::NO_CONTENT.into_response())
}
