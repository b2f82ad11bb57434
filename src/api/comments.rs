//! Reading comments.

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::caller;
use super::openapi::{NotFound, Refused};
use super::{AppState, FieldError, Problem, Result};
use crate::comment::Submission;
use crate::id::CommentId;
use crate::search::Search;
use crate::store::{CommentFilter, Cursor, Event, Scope, StoredComment};
use crate::verdict::{Decision, Status, Verdict};

/// Items of a list when the caller does not say.
pub(super) const DEFAULT_LIMIT: usize = 50;
/// Most items of a list.
const MAX_LIMIT: usize = 200;

/// Nothing of that id, or nothing that this key may see.
pub(super) const NO_COMMENT: Problem = Problem::NotFound("this site has no comment of that id");

/// A stored comment, as sites and tools see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Comment)]
pub(crate) struct CommentBody {
    id: CommentId,
    status: Status,
    revision: i64,
    #[serde(flatten)]
    verdict: Verdict,
    #[serde(flatten)]
    submission: Submission,
    #[serde(serialize_with = "crate::clock::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<StoredComment> for CommentBody {
    fn from(stored: StoredComment) -> Self {
        Self {
            id: stored.id,
            status: stored.status,
            revision: stored.revision,
            verdict: stored.verdict,
            submission: stored.submission,
            created_at: stored.created_at,
        }
    }
}

impl CommentBody {
    /// Its id.
    pub(super) fn id(&self) -> CommentId {
        self.id
    }

    /// What the pipeline decided.
    pub(super) fn decision(&self) -> Decision {
        self.verdict.decision
    }

    /// Its revision as an `ETag`.
    pub(super) fn etag(&self) -> HeaderMap {
        let tag = HeaderValue::try_from(format!("\"{}\"", self.revision)).ok();
        tag.map(|tag| (header::ETAG, tag)).into_iter().collect()
    }
}

/// Part of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    /// The cursor of what follows; null at the end.
    pub(super) next: Option<String>,
}

/// Comments of the site, newest first.
#[utoipa::path(get, path = "/v1/comments", operation_id = "list_comments", tag = "reading", security(("key" = ["read"])),
    params(
        ("status" = Option<Status>, Query, description = "only with this status"),
        ("page" = Option<String>, Query, description = "only on this page"),
        ("author" = Option<String>, Query, description = "only by the author with this e-mail address"),
        ("reason" = Option<String>, Query, description = "only with a reason of this code"),
        ("q" = Option<String>, Query, description = "full-text search: words, “phrases”, and filters such as reason:many_links, score:>0.8 or lang:de"),
        ("since" = Option<String>, Query, description = "only those that arrived at this time or later", format = DateTime),
        ("until" = Option<String>, Query, description = "only those that arrived before this time", format = DateTime),
        ("limit" = Option<u32>, Query, description = "items of one answer; 50 when it is left out", minimum = 1, maximum = 200),
        ("cursor" = Option<CommentId>, Query, description = "`next` of the answer before"),
    ),
    responses((status = 200, description = "the comments; `next` is the cursor of those that follow", body = List<CommentBody>), Refused))]
pub(super) async fn list(State(app): AppState, RawQuery(query): RawQuery, headers: HeaderMap) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Read).await?;
    let Query { mut filter, after, limit } = read_query(query.as_deref().unwrap_or_default())?;
    filter.site = Some(caller.site.site.id);
    let page = app.store.comments(&filter, after, limit).await?;
    let items = page.items.into_iter().map(CommentBody::from).collect();
    Ok(Json(List { items, next: page.next.map(|Cursor(id)| id.to_string()) }).into_response())
}

/// One comment, with its scores and reasons; `ETag` is its revision.
#[utoipa::path(get, path = "/v1/comments/{id}", operation_id = "show_comment", tag = "reading", security(("key" = ["read"])),
    params(
        ("id" = CommentId, Path, description = "the comment"),
        ("If-None-Match" = Option<String>, Header, description = "the `ETag` of the answer before"),
    ),
    responses(
        (status = 200, description = "the comment", body = CommentBody),
        (status = 304, description = "nothing has changed"),
        Refused, NotFound,
    ))]
pub(super) async fn show(State(app): AppState, Path(id): Path<String>, headers: HeaderMap) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Read).await?;
    let id = id.parse().map_err(|_| NO_COMMENT)?;
    let comment = app.store.comment(Some(caller.site.site.id), id).await?.ok_or(NO_COMMENT)?;
    let body = CommentBody::from(comment);
    let tag = body.etag();
    let is_known = tag.get(header::ETAG).and_then(|tag| tag.to_str().ok()).is_some_and(|tag| is_known(&headers, tag));
    Ok(if is_known { (StatusCode::NOT_MODIFIED, tag).into_response() } else { (tag, Json(body)).into_response() })
}

/// Whether the caller has what this `ETag` stands for, by its `If-None-Match`.
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    tags.flat_map(|tags| tags.split(',')).map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// Everything that happened to a comment, oldest first: who, when, from what to what, why.
#[utoipa::path(get, path = "/v1/comments/{id}/history", operation_id = "show_history", tag = "reading", security(("key" = ["read"])),
    params(("id" = CommentId, Path, description = "the comment")),
    responses((status = 200, description = "its history", body = List<Event>), Refused, NotFound))]
pub(super) async fn history(State(app): AppState, Path(id): Path<String>, headers: HeaderMap) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Read).await?;
    let id = id.parse().map_err(|_| NO_COMMENT)?;
    let items: Vec<Event> = app.store.history(caller.site.site.id, id).await?;
    if items.is_empty() {
        return Err(NO_COMMENT);
    }
    Ok(Json(List { items, next: None }).into_response())
}

/// The value of the parameter `limit`.
pub(super) fn limit(value: &str) -> std::result::Result<usize, &'static str> {
    let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or("a whole number from 1 to 200 is expected")
}

#[derive(Debug, PartialEq)]
struct Query {
    filter: CommentFilter,
    after: Option<Cursor>,
    limit: usize,
}

fn read_query(text: &str) -> Result<Query> {
    let mut query = Query { filter: CommentFilter::default(), after: None, limit: DEFAULT_LIMIT };
    let mut errors = Vec::new();
    for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
        let value = value.into_owned();
        let time =
            |text: &str| text.parse::<Timestamp>().map_err(|_| "a time such as 2026-11-22T10:00:00Z is expected");
        let read = match name.as_ref() {
            "status" => Status::parse(&value)
                .map(|status| query.filter.status = Some(status))
                .ok_or("held, approved or rejected is expected"),
            "page" => {
                query.filter.page = Some(value);
                Ok(())
            }
            "author" => {
                query.filter.author = Some(value);
                Ok(())
            }
            "q" => read_search(&value, &mut query.filter),
            "reason" => {
                query.filter.reason = Some(value);
                Ok(())
            }
            "since" => time(&value).map(|at| query.filter.since = Some(at)),
            "until" => time(&value).map(|at| query.filter.until = Some(at)),
            "cursor" => {
                value.parse().map(|id| query.after = Some(Cursor(id))).map_err(|_| "this is no cursor of this list")
            }
            "limit" => limit(&value).map(|limit| query.limit = limit),
            _ => Err("there is no such parameter"),
        };
        if let Err(detail) = read {
            errors.push(FieldError::new(&name, detail));
        }
    }
    if errors.is_empty() { Ok(query) } else { Err(Problem::Invalid(errors)) }
}

/// `q`: words, phrases and the filters of [`crate::search`]. The key says which site.
fn read_search(text: &str, filter: &mut CommentFilter) -> std::result::Result<(), &'static str> {
    let search = Search::parse(text, crate::clock::now());
    if !search.mistakes.is_empty() || search.site.is_some() || search.for_me {
        return Err("words, “phrases” and filters such as reason:many_links, score:>0.8 or lang:de are expected");
    }
    let asked = std::mem::replace(filter, search.filter);
    filter.status = asked.status.or(filter.status);
    filter.page = asked.page.or(filter.page.take());
    filter.author = asked.author.or(filter.author.take());
    filter.reason = asked.reason.or(filter.reason.take());
    filter.since = asked.since.or(filter.since);
    filter.until = asked.until.or(filter.until);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_names_all_its_mistakes() {
        match read_query("status=spam&limit=0&since=yesterday&sort=up") {
            Err(Problem::Invalid(errors)) => {
                let pointers: Vec<_> = errors.iter().map(|e| e.pointer.as_str()).collect();
                assert_eq!(pointers, ["/status", "/limit", "/since", "/sort"]);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_empty_query_lists_the_newest_fifty() {
        let query = read_query("").expect("valid");
        assert_eq!((query.filter, query.after, query.limit), (CommentFilter::default(), None, 50));
    }
}
