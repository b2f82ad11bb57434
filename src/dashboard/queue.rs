//! The queue, and one comment under its own address.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::Timestamp;

use super::detail::{self, Detail, Moment};
use super::problem::Failure;
use super::session::{FRAGMENT, SignedIn};
use super::shown::{self, Piece};
use super::view::{QueueQuery, View};
use super::{Frame, assets, page, reader, texts};
use crate::app::App;
use crate::id::CommentId;
use crate::store::{QueueCounts, StoredComment};
use crate::verdict::Status;

/// Comments on one page of the queue.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage {
    frame: Frame,
    view: View,
    tabs: Vec<Tab>,
    sites: Vec<SiteOption>,
    rows: Vec<Row>,
    detail: Option<Detail>,
    newest: Option<String>,
    older: Option<String>,
    notice: Notice,
    counts: QueueCounts,
    /// Where submissions go, for the example of a first comment.
    submit_to: String,
    may_moderate: bool,
}

#[derive(Template)]
#[template(path = "comment.html")]
struct CommentPage {
    frame: Frame,
    detail: Option<Detail>,
}

/// Only what stands in the detail pane, for our script.
#[derive(Template)]
#[template(path = "detail.html")]
struct DetailFragment {
    detail: Option<Detail>,
}

struct Tab {
    status: Status,
    label: &'static str,
    count: i64,
    address: String,
    current: bool,
}

struct SiteOption {
    id: String,
    name: String,
    selected: bool,
}

/// One comment in the list.
struct Row {
    id: String,
    address: String,
    selected: bool,
    status: Status,
    revision: i64,
    received: Moment,
    name: Vec<Piece>,
    excerpt: Vec<Piece>,
    score: String,
    reason: String,
    /// The site, when the list holds those of several.
    site: Option<String>,
}

/// What was just done, with the way back.
#[derive(Default)]
struct Notice {
    text: String,
    /// Action and its site; empty when there is nothing to undo.
    action: String,
    site: String,
}

impl Notice {
    fn saying(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

/// `GET /queue`
pub(super) async fn queue(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let QueueQuery { view, comment, told } = QueueQuery::parse(query.as_deref().unwrap_or_default());
    let listed = app.store.comments(&view.filter(), view.cursor(), PAGE).await?;
    let counts = app.store.counts(view.site).await?;
    let selected = match comment {
        Some(id) => app.store.comment(None, id).await?,
        None => None,
    };
    let selected = selected.or_else(|| listed.items.first().cloned());
    let notice = match told {
        Some((comment, action)) => told_about(&app, comment, action.as_deref()).await?,
        None => None,
    };
    let selected_id = selected.as_ref().map(|comment| comment.id);
    let decides = signed_in.may_moderate().then_some(&view);
    let detail = match selected {
        Some(comment) => Some(Detail::load(&app, comment, decides, now).await?),
        None => None,
    };
    let queue = QueuePage {
        frame: Frame::new(&app, &signed_in, format!("{} · Queue", label(view.status))),
        tabs: tabs(&view, counts),
        sites: sites(&app, &view),
        rows: rows(&app, &view, listed.items, selected_id, now),
        detail,
        newest: view.after.map(|_| View { after: None, ..view.clone() }.address()),
        older: listed.next.map(|next| View { after: Some(next.0), ..view.clone() }.address()),
        notice: notice.filter(|_| signed_in.may_moderate()).unwrap_or_default(),
        counts,
        submit_to: submit_to(&app, &headers),
        may_moderate: signed_in.may_moderate(),
        view,
    };
    page(StatusCode::OK, &queue)
}

/// `GET /comments/{id}`
pub(super) async fn comment(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let comment = find(&app, &id).await?;
    let view = View::parse(query.as_deref().unwrap_or_default());
    let decides = signed_in.may_moderate().then_some(&view);
    let title = format!(
        "{} on {}",
        shown::short(comment.submission.name.as_deref().unwrap_or("Comment"), 40),
        site_name(&app, &comment)
    );
    let detail = Some(Detail::load(&app, comment, decides, Timestamp::now()).await?);
    if headers.contains_key(FRAGMENT) {
        page(StatusCode::OK, &DetailFragment { detail })
    } else {
        page(StatusCode::OK, &CommentPage { frame: Frame::new(&app, &signed_in, title), detail })
    }
}

/// The comment of an address.
pub(super) async fn find(app: &App, id: &str) -> Result<StoredComment, Failure> {
    let id: CommentId = id.parse().map_err(|_| Failure::NotFound("comment"))?;
    app.store.comment(None, id).await?.ok_or(Failure::NotFound("comment"))
}

/// The comment to look at after `id` was decided: the next older one of the view, or else its newest.
pub(super) async fn next_after(app: &App, view: &View, id: CommentId) -> Result<Option<CommentId>, Failure> {
    let filter = view.filter();
    let older = app.store.comments(&filter, Some(crate::store::Cursor(id)), 1).await?;
    if let Some(next) = older.items.first() {
        return Ok(Some(next.id));
    }
    let newest = app.store.comments(&filter, None, 2).await?;
    Ok(newest.items.iter().map(|comment| comment.id).find(|&other| other != id))
}

fn label(status: Status) -> &'static str {
    match status {
        Status::Held => "Held",
        Status::Approved => "Approved",
        Status::Rejected => "Rejected",
    }
}

fn tabs(view: &View, counts: QueueCounts) -> Vec<Tab> {
    let tab = |(status, count)| Tab {
        status,
        label: label(status),
        count,
        address: View { status, after: None, ..view.clone() }.address(),
        current: status == view.status,
    };
    [(Status::Held, counts.held), (Status::Approved, counts.approved), (Status::Rejected, counts.rejected)]
        .map(tab)
        .into()
}

fn sites(app: &App, view: &View) -> Vec<SiteOption> {
    let directory = app.directory();
    let mut sites: Vec<_> = directory
        .sites
        .values()
        .map(|entry| SiteOption {
            id: entry.site.id.to_string(),
            name: entry.site.name.clone(),
            selected: view.site == Some(entry.site.id),
        })
        .collect();
    sites.sort_by(|a, b| a.name.cmp(&b.name));
    sites
}

fn site_name(app: &App, comment: &StoredComment) -> String {
    app.directory().sites.get(&comment.site).map_or_else(String::new, |entry| entry.site.name.clone())
}

fn rows(app: &App, view: &View, comments: Vec<StoredComment>, selected: Option<CommentId>, now: Timestamp) -> Vec<Row> {
    let several = view.site.is_none() && app.directory().sites.len() > 1;
    let row = |comment: StoredComment| Row {
        id: comment.id.to_string(),
        address: view.address_of(comment.id),
        selected: selected == Some(comment.id),
        status: comment.status,
        revision: comment.revision,
        received: Moment::new(comment.created_at, now),
        name: detail::name(comment.submission.name.as_deref()),
        excerpt: shown::excerpt(&comment.submission.text),
        score: detail::signed(comment.verdict.score),
        reason: strongest(&comment),
        site: several.then(|| site_name(app, &comment)),
    };
    comments.into_iter().map(row).collect()
}

/// The reason that did most to bring a comment here.
fn strongest(comment: &StoredComment) -> String {
    let reasons = &comment.verdict.reasons;
    let against = reasons.iter().find(|reason| reason.score > 0.0);
    against.or(reasons.first()).map_or_else(|| "no reason".to_owned(), |reason| reason.code.to_string())
}

/// What an action did to a comment. It is read from the history, so that an address cannot claim what never happened.
async fn told_about(app: &App, comment: CommentId, action: Option<&str>) -> Result<Option<Notice>, Failure> {
    let Some(comment) = app.store.comment(None, comment).await? else { return Ok(None) };
    let what = shown::short(&comment.submission.text, 60);
    let Some(action) = action else {
        return Ok(Some(Notice::saying(format!("“{what}” stays {}.", comment.status))));
    };
    let events = app.store.history(comment.site, comment.id).await?;
    let Some(event) = events.into_iter().find(|event| event.action_id.to_string() == action) else { return Ok(None) };
    Ok(Some(match (event.kind.as_str(), event.reason.as_deref()) {
        ("undone", _) => Notice::saying(format!("Taken back: “{what}” is {} again.", event.to)),
        (_, reason) => {
            let why = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            let notice = Notice::saying(format!("{} “{what}”{why}.", label(event.to)));
            if event.revision == comment.revision {
                Notice { action: action.to_owned(), site: comment.site.to_string(), ..notice }
            } else {
                notice
            }
        }
    }))
}

/// The address that a website sends its comments to.
fn submit_to(app: &App, headers: &HeaderMap) -> String {
    let base = match &app.config.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => {
            let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:8080");
            format!("http://{host}")
        }
    };
    format!("{base}/v1/comments")
}
