//! The published comments of a page, for everybody: what a site shows under its article.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use url::Url;
use utoipa::ToSchema;
use xxhash_rust::xxh3::xxh3_64;

use super::comments::{DEFAULT_LIMIT, List, is_known, limit};
use super::{AppState, FieldError, Problem, Result};
use crate::app::App;
use crate::comment::MAX_URL;
use crate::id::{CommentId, SiteId};
use crate::store::{Cursor, PublishedComment};

/// How long a browser may show what it has before it asks again. A comment that was taken down must not stay longer.
const CACHE: &str = "public, max-age=10";

/// A published comment: nothing that its author did not mean to publish.
#[derive(Serialize, ToSchema)]
pub(super) struct Published {
    id: CommentId,
    parent_id: Option<CommentId>,
    name: Option<String>,
    /// The author's website; only web addresses are shown.
    url: Option<String>,
    text: String,
    #[serde(serialize_with = "crate::clock::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: jiff::Timestamp,
}

impl From<PublishedComment> for Published {
    fn from(c: PublishedComment) -> Self {
        let is_web = |url: &String| Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        let (id, parent_id, created_at) = (c.id, c.parent_id, c.created_at);
        Self { id, parent_id, name: c.name, url: c.url.filter(is_web), text: c.text, created_at }
    }
}

/// The published comments of a page, oldest first.
///
/// Needs no key. Pages on the site's origin, and the page itself, may read it from a browser (CORS).
#[utoipa::path(get, path = "/v1/thread", operation_id = "show_thread", tag = "reading", security(()),
    params(
        ("page" = String, Query, description = "address of the page, as it was sent with the comments", min_length = 1, max_length = 2_048),
        ("limit" = Option<u32>, Query, description = "comments of one answer; 50 when it is left out", minimum = 1, maximum = 200),
        ("cursor" = Option<CommentId>, Query, description = "`next` of the answer before"),
        ("If-None-Match" = Option<String>, Header, description = "the `ETag` of the answer before"),
    ),
    responses(
        (status = 200, description = "the comments; `next` is the cursor of those that follow", body = List<Published>),
        (status = 304, description = "nothing has changed"),
        (status = 422, description = "a parameter that cannot be used", content_type = "application/problem+json", body = super::problem::Body),
        (status = 503, description = "the store is down", content_type = "application/problem+json", body = super::problem::Body),
    ))]
pub(super) async fn show(State(app): AppState, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response> {
    let Asked { page, after, limit } = read(query.as_deref().unwrap_or_default())?;
    let mut items = Vec::new();
    for site in sites_of(&app, &page) {
        items = app.store.thread(site, &page, after, limit + 1).await?;
        if !items.is_empty() {
            break;
        }
    }
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| last.id.to_string());
    let items: Vec<Published> = items.into_iter().map(Published::from).collect();
    let body = serde_json::to_string(&List { items, next }).map_err(|error| Problem::Internal(error.into()))?;
    let etag = format!("\"{:016x}\"", xxh3_64(body.as_bytes()));
    let known = is_known(&headers, &etag);
    let headers: [(HeaderName, &str); 3] =
        [(header::ETAG, &etag), (header::CACHE_CONTROL, CACHE), (header::CONTENT_TYPE, "application/json")];
    Ok(if known { (StatusCode::NOT_MODIFIED, headers).into_response() } else { (headers, body).into_response() })
}

/// The sites that the page can belong to: those on its origin, or else those that have not said where they are.
fn sites_of(app: &App, page: &str) -> Vec<SiteId> {
    let directory = app.directory();
    let origin = Url::parse(page).ok().map(|url| url.origin());
    let of = |wanted: &dyn Fn(Option<&str>) -> bool| -> Vec<SiteId> {
        let sites = directory.sites.values().map(|entry| &entry.site);
        let mut ids: Vec<SiteId> = sites.filter(|site| wanted(site.url.as_deref())).map(|site| site.id).collect();
        ids.sort_unstable();
        ids
    };
    let on_origin = of(&|url| url.and_then(|url| Url::parse(url).ok()).is_some_and(|url| Some(url.origin()) == origin));
    if on_origin.is_empty() { of(&|url| url.is_none()) } else { on_origin }
}

struct Asked {
    page: String,
    after: Option<Cursor>,
    limit: usize,
}

fn read(query: &str) -> Result<Asked> {
    let (mut page, mut after, mut most, mut errors) = (None, None, DEFAULT_LIMIT, Vec::new());
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let read = match name.as_ref() {
            "page" if (1..=MAX_URL).contains(&value.chars().count()) => {
                page = Some(value.into_owned());
                Ok(())
            }
            "page" => Err("1 to 2048 characters are expected"),
            "cursor" => value.parse().map(|id| after = Some(Cursor(id))).map_err(|_| "this is no cursor of this list"),
            "limit" => limit(&value).map(|n| most = n),
            _ => Err("there is no such parameter"),
        };
        if let Err(detail) = read {
            errors.push(FieldError::new(&name, detail));
        }
    }
    if page.is_none() && errors.is_empty() {
        errors.push(FieldError::new("page", "the address of a page is needed"));
    }
    match page {
        Some(page) if errors.is_empty() => Ok(Asked { page, after, limit: most }),
        _ => Err(Problem::Invalid(errors)),
    }
}
