//! What was decided in some time, and what moderators made of it.

use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};

use super::auth::caller;
use super::openapi::Refused;
use super::{AppState, FieldError, Problem, Result};
use crate::store::{Scope, Stats};

/// What is counted when the caller does not say since when.
const DEFAULT_TIME: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Numbers of the site: decisions, reasons, what moderators overruled, the queue with its age.
#[utoipa::path(get, path = "/v1/stats", operation_id = "show_stats", tag = "reading", security(("key" = ["read"])),
    params(
        ("from" = Option<String>, Query, description = "from this time on; 30 days before `to` when it is left out", format = DateTime),
        ("to" = Option<String>, Query, description = "before this time; now when it is left out", format = DateTime),
    ),
    responses((status = 200, description = "the numbers", body = Stats), Refused))]
pub(super) async fn show(State(app): AppState, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Read).await?;
    let now = crate::clock::now();
    let (from, to) = read(query.as_deref().unwrap_or_default(), now)?;
    let stats = app.store.stats(&[caller.site.site.id], from, to, now).await?;
    Ok(Json(stats).into_response())
}

fn read(query: &str, now: Timestamp) -> Result<(Timestamp, Timestamp)> {
    let (mut from, mut to, mut errors) = (None, None, Vec::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let time = value.parse::<Timestamp>().map_err(|_| "a time such as 2026-11-22T10:00:00Z is expected");
        let read = match name.as_ref() {
            "from" => time.map(|time| from = Some(time)),
            "to" => time.map(|time| to = Some(time)),
            _ => Err("there is no such parameter"),
        };
        if let Err(detail) = read {
            errors.push(FieldError::new(&name, detail));
        }
    }
    let first = crate::id::first_time();
    let to = to.unwrap_or(now).clamp(first, now.max(first));
    let from = from.unwrap_or_else(|| to.checked_sub(DEFAULT_TIME).unwrap_or(first)).max(first);
    if errors.is_empty() { Ok((from.min(to), to)) } else { Err(Problem::Invalid(errors)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_times_the_last_thirty_days_are_meant() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().expect("a time");
        let (from, to) = read("", now).expect("valid");
        assert_eq!((from.to_string().as_str(), to), ("2026-10-23T10:00:00Z", now));
        let (from, to) = read("to=2026-11-01T00:00:00Z&from=2027-01-01T00:00:00Z", now).expect("valid");
        assert_eq!(from, to);
        assert!(read("since=x&from=y", now).is_err());
    }
}
