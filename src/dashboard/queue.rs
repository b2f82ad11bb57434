//! The queue, and one comment under its own address.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use super::detail::{self, Detail, Moment, Onlooker};
use super::keys::{ACTIONS, Keys};
use super::problem::Failure;
use super::session::{FRAGMENT, SignedIn};
use super::shown::{self, Piece};
use super::texts::{Text, of, t};
use super::view::{QueueQuery, View, order_name};
use super::{Frame, assets, evidence, page, reader, texts};
use crate::app::App;
use crate::id::{CommentId, SiteId, UserId};
use crate::language::Language;
use crate::store::{Place, QueueCounts, QueueOrder, SavedView, StoredComment};
use crate::verdict::Status;

/// Comments on one page of the queue.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "queue.html")]
struct QueuePage {
    frame: Frame,
    view: View,
    status: &'static str,
    tabs: Vec<Tab>,
    orders: Vec<(&'static str, bool)>,
    sites: Vec<SiteOption>,
    views: Vec<ViewLink>,
    mistakes: Vec<Text>,
    rows: Vec<Row>,
    detail: Option<Detail>,
    newest: Option<String>,
    older: Option<String>,
    notice: Notice,
    counts: QueueCounts,
    /// Held comments that wait for the reader by name.
    mine: i64,
    /// Where submissions go, for the example of a first comment.
    submit_to: String,
    may_moderate: bool,
    keys: Keys,
    /// The view from its beginning on, as a query.
    whole: String,
    /// Who signs in again when the session has ended.
    email: String,
}

#[derive(Template)]
#[template(path = "comment.html")]
struct CommentPage {
    frame: Frame,
    detail: Option<Detail>,
    keys: Keys,
}

/// Only what stands in the detail pane, for our script.
#[derive(Template)]
#[template(path = "detail.html")]
struct DetailFragment {
    detail: Option<Detail>,
}

struct Tab {
    name: &'static str,
    count: i64,
    address: String,
    current: bool,
}

struct SiteOption {
    id: String,
    name: String,
    selected: bool,
}

/// A saved view, as a link.
struct ViewLink {
    id: i64,
    name: String,
    address: String,
    is_own: bool,
    current: bool,
}

/// One comment in the list, or a campaign of several.
struct Row {
    id: String,
    address: String,
    selected: bool,
    status: Status,
    revision: i64,
    received: Moment,
    name: Vec<Piece>,
    excerpt: Vec<Piece>,
    lang: Option<String>,
    veiled: bool,
    score: String,
    reason: String,
    /// The site, when the list holds those of several.
    site: Option<String>,
    /// How many held comments have nearly this text.
    alike: i64,
    /// Who else has it on the screen: initials and name.
    leased_by: Option<(String, String)>,
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
    fn saying(text: &Text) -> Self {
        Self { text: text.to_string(), ..Self::default() }
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
    let user = signed_in.user.id;
    let QueueQuery { view, comment, told, is_form } = QueueQuery::parse(query.as_deref().unwrap_or_default());
    if is_form {
        return Ok(Redirect::to(&view.address()).into_response());
    }
    let mut asked = view.asked(&app, user, now);
    signed_in.narrow(&mut asked.sites);
    let listed =
        app.store.queue(&asked.sites, &asked.filter, view.order(), view.after, PAGE, asked.as_campaigns).await?;
    let selected = match comment {
        Some(id) => app.store.comment(None, id).await?,
        None => None,
    };
    let selected = selected.filter(|comment| signed_in.role_on(comment.site).may_look());
    let selected = selected.or_else(|| listed.comments.first().cloned());
    let selected_id = selected.as_ref().map(|comment| comment.id);
    let notice = match told {
        Some((comment, action)) => told_about(&app, &signed_in, comment, action.as_deref()).await?,
        None => None,
    };
    let keys = Keys::of_user(&app, user).await?;
    let onlooker = Onlooker { user, may_moderate: signed_in.may_moderate(), view: &view, keys: &keys };
    let detail = match selected {
        Some(comment) => Some(Detail::load(&app, comment, &onlooker, now).await?),
        None => None,
    };
    let counts = signed_in.counts(&app, view.site).await?;
    let title = t("queue-title").with("status", of("tab", view.status_name()));
    let queue = QueuePage {
        frame: Frame::new(&app, &signed_in, title.to_string()),
        status: view.status_name(),
        tabs: tabs(&view, counts),
        orders: orders(&view),
        sites: sites(&app, &signed_in, &view),
        views: views(app.store.views(user).await?, &view, user),
        mistakes: asked.mistakes,
        rows: rows(&app, &view, listed.comments, selected_id, user, now).await?,
        detail,
        newest: view.after.map(|_| View { after: None, ..view.clone() }.address()),
        older: listed.next.map(|next| View { after: Some(next), ..view.clone() }.address()),
        notice: notice.filter(|_| signed_in.may_moderate()).unwrap_or_default(),
        counts,
        mine: app.store.assigned(user).await?,
        submit_to: submit_to(&app, &headers),
        may_moderate: signed_in.may_moderate(),
        keys: keys.clone(),
        whole: View { after: None, ..view.clone() }.query(),
        email: signed_in.user.email.clone(),
        view: view.clone(),
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
    let comment = signed_in.see(find(&app, &id).await?)?;
    let may_moderate = signed_in.may_moderate_on(comment.site);
    let view = View::parse(query.as_deref().unwrap_or_default());
    let title = t("comment-title")
        .with("name", shown::short(comment.submission.name.as_deref().unwrap_or("?"), 40))
        .with("site", site_name(&app, &comment))
        .to_string();
    let keys = Keys::of_user(&app, signed_in.user.id).await?;
    let onlooker = Onlooker { user: signed_in.user.id, may_moderate, view: &view, keys: &keys };
    let detail = Some(Detail::load(&app, comment, &onlooker, Timestamp::now()).await?);
    if headers.contains_key(FRAGMENT) {
        page(StatusCode::OK, &DetailFragment { detail })
    } else {
        page(StatusCode::OK, &CommentPage { frame: Frame::new(&app, &signed_in, title), detail, keys: keys.clone() })
    }
}

/// The comment of an address.
pub(super) async fn find(app: &App, id: &str) -> Result<StoredComment, Failure> {
    let id: CommentId = id.parse().map_err(|_| Failure::NotFound("comment"))?;
    app.store.comment(None, id).await?.ok_or(Failure::NotFound("comment"))
}

/// The comment to look at after `decided`: the next of the view, or else its first.
pub(super) async fn next_after(
    app: &App,
    view: &View,
    decided: &StoredComment,
    signed_in: &SignedIn,
    now: Timestamp,
) -> Result<Option<CommentId>, Failure> {
    let mut asked = view.asked(app, signed_in.user.id, now);
    signed_in.narrow(&mut asked.sites);
    let place = Place { worth: decided.worth, id: decided.id };
    for after in [Some(place), None] {
        let listed = app.store.queue(&asked.sites, &asked.filter, view.order(), after, 2, asked.as_campaigns).await?;
        if let Some(next) = listed.comments.iter().map(|comment| comment.id).find(|&other| other != decided.id) {
            return Ok(Some(next));
        }
    }
    Ok(None)
}

fn tabs(view: &View, counts: QueueCounts) -> Vec<Tab> {
    let all = counts.held + counts.approved + counts.rejected;
    let tab = |(status, count): (Option<Status>, i64)| {
        let other = View { status, after: None, order: None, ..view.clone() };
        Tab { name: other.status_name(), count, address: other.address(), current: status == view.status }
    };
    [
        (Some(Status::Held), counts.held),
        (Some(Status::Approved), counts.approved),
        (Some(Status::Rejected), counts.rejected),
        (None, all),
    ]
    .map(tab)
    .into()
}

fn orders(view: &View) -> Vec<(&'static str, bool)> {
    let fits = |order: &QueueOrder| *order != QueueOrder::Worth || view.status == Some(Status::Held);
    let orders = [QueueOrder::Worth, QueueOrder::Newest, QueueOrder::Oldest];
    orders.into_iter().filter(fits).map(|order| (order_name(order), order == view.order())).collect()
}

fn views(saved: Vec<SavedView>, view: &View, user: UserId) -> Vec<ViewLink> {
    let here = View { after: None, ..view.clone() }.query();
    let link = |saved: SavedView| ViewLink {
        id: saved.id,
        name: saved.name,
        address: format!("/queue?{}", saved.query),
        is_own: saved.user == user,
        current: saved.query == here,
    };
    saved.into_iter().map(link).collect()
}

fn sites(app: &App, signed_in: &SignedIn, view: &View) -> Vec<SiteOption> {
    let option =
        |(id, name): (SiteId, String)| SiteOption { id: id.to_string(), name, selected: view.site == Some(id) };
    signed_in.sites(app).into_iter().map(option).collect()
}

fn site_name(app: &App, comment: &StoredComment) -> String {
    app.directory().sites.get(&comment.site).map_or_else(String::new, |entry| entry.site.name.clone())
}

async fn rows(
    app: &App,
    view: &View,
    comments: Vec<StoredComment>,
    selected: Option<CommentId>,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Row>, Failure> {
    let several = view.site.is_none() && app.directory().sites.len() > 1;
    let alike = sizes(app, &comments).await?;
    let people = detail::people(app).await?;
    let leases = app.store.leased_by_others(user, now).await?;
    let leases: HashMap<CommentId, UserId> = leases.into_iter().map(|(_, comment, holder)| (comment, holder)).collect();
    let row = |comment: StoredComment| Row {
        id: comment.id.to_string(),
        address: view.address_of(comment.id),
        selected: selected == Some(comment.id),
        status: comment.status,
        revision: comment.revision,
        received: Moment::new(comment.created_at, now),
        name: detail::name(comment.submission.name.as_deref()),
        excerpt: shown::excerpt(&comment.submission.text),
        lang: comment.lang.clone(),
        veiled: detail::is_veiled(&comment.verdict),
        score: evidence::signed(comment.verdict.score),
        reason: strongest(&comment),
        site: several.then(|| site_name(app, &comment)),
        alike: alike.get(&comment.campaign.unwrap_or(comment.id)).copied().unwrap_or_default(),
        leased_by: leases
            .get(&comment.id)
            .and_then(|holder| people.get(holder))
            .map(|name| (initials(name), name.clone())),
    };
    Ok(comments.into_iter().map(row).collect())
}

/// How many held comments belong to the campaigns of these.
async fn sizes(app: &App, comments: &[StoredComment]) -> Result<HashMap<CommentId, i64>, Failure> {
    let mut by_site: HashMap<SiteId, Vec<CommentId>> = HashMap::new();
    for comment in comments {
        by_site.entry(comment.site).or_default().push(comment.campaign.unwrap_or(comment.id));
    }
    let mut sizes = HashMap::new();
    for (site, campaigns) in by_site {
        sizes.extend(app.store.campaign_sizes(site, &campaigns).await?);
    }
    Ok(sizes)
}

fn initials(name: &str) -> String {
    name.split_whitespace().filter_map(|word| word.chars().next()).take(2).flat_map(char::to_uppercase).collect()
}

/// The reason that did most to bring a comment here.
fn strongest(comment: &StoredComment) -> String {
    let reasons = &comment.verdict.reasons;
    let against = reasons.iter().find(|reason| reason.score > 0.0);
    against.or(reasons.first()).map_or_else(|| t("no-reason").to_string(), |reason| reason.code.to_string())
}

/// What an action did to a comment. It is read from the history, so that an address cannot claim what never happened.
async fn told_about(
    app: &App,
    signed_in: &SignedIn,
    comment: CommentId,
    action: Option<&str>,
) -> Result<Option<Notice>, Failure> {
    let found = app.store.comment(None, comment).await?;
    let Some(comment) = found.and_then(|comment| signed_in.see(comment).ok()) else { return Ok(None) };
    let what = shown::short(&comment.submission.text, 60);
    let Some(action) = action else {
        let stays = t("said-stays").with("text", what).with("status", of("status", comment.status));
        return Ok(Some(Notice::saying(&stays)));
    };
    let events = app.store.history(comment.site, comment.id).await?;
    let Some(event) = events.into_iter().find(|event| event.action_id.to_string() == action) else { return Ok(None) };
    if event.kind == "undone" {
        let undone = t("said-undone").with("text", what).with("status", of("status", event.to));
        return Ok(Some(Notice::saying(&undone)));
    }
    let why = event.reason.as_deref().map(|reason| format!(" ({})", detail::reason_word(reason))).unwrap_or_default();
    let notice =
        Notice::saying(&t("said-decided").with("text", what).with("done", of("tab", event.to)).with("why", why));
    Ok(Some(if event.revision == comment.revision {
        Notice { action: action.to_owned(), site: comment.site.to_string(), ..notice }
    } else {
        notice
    }))
}

/// The address that a website sends its comments to.
fn submit_to(app: &App, headers: &HeaderMap) -> String {
    format!("{}/v1/comments", app.config.base_address(headers))
}
