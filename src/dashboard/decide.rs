//! Deciding about comments, one or many, and taking it back.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, RawForm, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::form::Fields;
use super::problem::{Failure, wants_json};
use super::queue::{find, next_after};
use super::session::{Moderator, SignedIn};
use super::texts::t;
use super::view::View;
use super::{Frame, assets, detail, page, reader, second_look, shown, texts};
use crate::app::App;
use crate::id::{ActionId, CommentId, SiteId, UserId};
use crate::store::{Actor, CAMPAIGN, Outcome, Resolution, StoredComment};
use crate::verdict::Status;

/// Longest reason of a decision, in characters; longer ones are cut.
const MAX_REASON: usize = 100;
/// How far back an action without a name is looked for.
const UNDO_BACK: SignedDuration = SignedDuration::from_hours(24);

/// A decision as a form sends it.
#[derive(Deserialize)]
pub(super) struct Decided {
    status: String,
    #[serde(default)]
    reason: String,
    /// The revision that was looked at.
    revision: i64,
    /// The view to go on in.
    #[serde(default)]
    view: String,
    /// Milliseconds that it was looked at, as our script counts them while the page is visible.
    #[serde(default)]
    looked_ms: Option<i64>,
}

/// A look of more than an hour was a break.
const LONGEST_LOOK_MS: i64 = 60 * 60 * 1_000;

impl Decided {
    /// When the comment came on the screen, if our script counted.
    fn shown(&self, now: Timestamp) -> Option<Timestamp> {
        let looked = self.looked_ms.filter(|ms| (0..=LONGEST_LOOK_MS).contains(ms))?;
        now.checked_sub(SignedDuration::from_millis(looked)).ok()
    }
}

#[derive(Template)]
#[template(path = "conflict.html")]
struct ConflictPage {
    frame: Frame,
    said: String,
    excerpt: Vec<shown::Piece>,
    address: String,
    /// What this person wanted, as the form that does it all the same.
    again: Again,
    /// Whether that would still change anything.
    differs: bool,
}

/// The decision that was refused.
struct Again {
    action: String,
    status: Status,
    reason: String,
    revision: i64,
    view: String,
}

/// What a decision says, whoever it is about.
pub(super) fn resolution(status: &str, reason: &str, user: UserId, now: Timestamp) -> Result<Resolution, Failure> {
    let status = Status::parse(status).ok_or_else(|| Failure::BadForm(t("form-status").to_string()))?;
    let reason: String = reason.trim().chars().take(MAX_REASON).collect();
    let reason = Some(reason).filter(|reason| !reason.is_empty() && status == Status::Rejected);
    Ok(Resolution { status, reason, note: None, actor: Actor::User(user), shown_at: None, at: now })
}

/// `POST /comments/{id}/decision`
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    moderator: Moderator,
    headers: HeaderMap,
    Path(id): Path<String>,
    Fields(decided): Fields<Decided>,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let comment = moderator.signed_in.see(find(&app, &id).await?)?;
    moderator.decides_on(comment.site)?;
    if second_look::is_anothers(&app, comment.site, comment.id, moderator.user.id).await? {
        return Err(Failure::BadForm(t("second-own").to_string()));
    }
    let resolution = Resolution {
        shown_at: decided.shown(now),
        ..resolution(&decided.status, &decided.reason, moderator.user.id, now)?
    };
    let status = resolution.status;
    let reason = resolution.reason.clone().unwrap_or_default();
    let resolved = app.resolve(comment.site, vec![(comment.id, Some(decided.revision))], resolution).await?;
    let view = View::parse(&decided.view);
    let json = wants_json(&headers);
    match resolved.outcomes.first() {
        Some(&(_, Outcome::Changed { to, revision, .. })) => {
            let action = Some(resolved.action);
            if json {
                Ok(told(&comment, to, revision, action))
            } else {
                go_on(&app, &view, &comment, action, &moderator.signed_in, now).await
            }
        }
        Some(&(_, Outcome::Unchanged { revision })) => {
            if json {
                Ok(told(&comment, status, revision, None))
            } else {
                go_on(&app, &view, &comment, None, &moderator.signed_in, now).await
            }
        }
        Some(&(_, Outcome::Conflict { .. })) => {
            let now_is = find(&app, &id).await?;
            let said = detail::last_change(&app, &now_is, now).await?;
            if json {
                return Ok(refused(&now_is, said));
            }
            let again = Again {
                action: format!("/comments/{id}/decision"),
                status,
                reason,
                revision: now_is.revision,
                view: view.query(),
            };
            let frame = frame(&app, &moderator.signed_in, &t("conflict-title").to_string());
            let excerpt = shown::excerpt(&now_is.submission.text);
            let address = view.address_of(now_is.id);
            page(
                StatusCode::CONFLICT,
                &ConflictPage { frame, said, excerpt, address, again, differs: now_is.status != status },
            )
        }
        Some((_, Outcome::Missing)) | None => Err(Failure::NotFound("comment")),
    }
}

/// Several comments as a form names them: `pick` is a comment and the revision that was looked at, `<id>@<revision>`.
#[derive(Debug, Default)]
pub(super) struct Picked {
    pub status: String,
    pub reason: String,
    pub view: String,
    pub comments: Vec<(CommentId, Option<i64>)>,
    /// Other fields.
    pub others: BTreeMap<String, String>,
}

impl Picked {
    pub(super) fn parse(form: &[u8]) -> Self {
        let mut picked = Self::default();
        for (name, value) in url::form_urlencoded::parse(form) {
            match &*name {
                "status" => picked.status = value.into_owned(),
                "reason" => picked.reason = value.into_owned(),
                "view" => picked.view = value.into_owned(),
                "pick" if picked.comments.len() < CAMPAIGN => {
                    let (id, revision) = value.split_once('@').unwrap_or((&value, ""));
                    if let Ok(id) = id.parse() {
                        picked.comments.push((id, revision.parse().ok()));
                    }
                }
                _ => {
                    picked.others.insert(name.into_owned(), value.into_owned());
                }
            }
        }
        // A button that rejects for a reason says both in one value.
        if let Some((status, reason)) = picked.status.clone().split_once(':') {
            (picked.status, picked.reason) = (status.to_owned(), reason.to_owned());
        }
        picked
    }
}

/// `POST /decisions`: one decision about many comments; each site's part is one step.
pub(super) async fn decide_many(
    State(app): State<Arc<App>>,
    moderator: Moderator,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let picked = Picked::parse(&form);
    if picked.comments.is_empty() {
        return Err(Failure::BadForm(t("form-nothing-picked").to_string()));
    }
    let mut by_site: BTreeMap<SiteId, Vec<(CommentId, Option<i64>)>> = BTreeMap::new();
    for &(id, revision) in &picked.comments {
        if let Some(comment) = app.store.comment(None, id).await? {
            by_site.entry(comment.site).or_default().push((id, revision));
        }
    }
    let mut steps = Vec::new();
    let mut rows = Vec::new();
    by_site.keys().try_for_each(|site| moderator.decides_on(*site))?;
    for (site, comments) in by_site {
        let resolution = resolution(&picked.status, &picked.reason, moderator.user.id, now)?;
        let status = resolution.status;
        let (comments, left_out) = second_look::leave_out(&app, site, comments, moderator.user.id).await?;
        rows.extend(left_out.iter().map(row_left_out));
        let resolved = app.resolve(site, comments, resolution).await?;
        steps.push((resolved.action, site));
        rows.extend(resolved.outcomes.iter().map(|(id, outcome)| row_told(*id, *outcome, status)));
    }
    let actions = joined(steps.iter().map(|(action, _)| action.to_string()));
    let sites = joined(steps.iter().map(|(_, site)| site.to_string()));
    if wants_json(&headers) {
        return Ok(Json(json!({ "action": actions, "site": sites, "comments": rows })).into_response());
    }
    let view = View::parse(&picked.view);
    let first = picked.comments.first().map(|(id, _)| *id);
    let told = first.map(|id| format!("&of={id}&done={actions}")).unwrap_or_default();
    Ok(Redirect::to(&format!("{}{told}", view.address())).into_response())
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

/// What became of one of many.
pub(super) fn row_told(id: CommentId, outcome: Outcome, wanted: Status) -> serde_json::Value {
    match outcome {
        Outcome::Changed { to, revision, .. } => json!({ "id": id, "status": to, "revision": revision }),
        Outcome::Unchanged { revision } => json!({ "id": id, "status": wanted, "revision": revision }),
        Outcome::Conflict { status, revision } => {
            json!({ "id": id, "status": status, "revision": revision, "conflict": true })
        }
        Outcome::Missing => json!({ "id": id, "missing": true }),
    }
}

/// What became of one that somebody else has to decide: nothing.
pub(super) fn row_left_out(comment: &StoredComment) -> serde_json::Value {
    json!({ "id": comment.id, "status": comment.status, "revision": comment.revision, "conflict": true })
}

/// An action to be taken back; several, separated by commas, each with its site. Without any, the last one of whoever asks.
#[derive(Deserialize)]
pub(super) struct Undo {
    #[serde(default)]
    action: String,
    #[serde(default)]
    site: String,
    #[serde(default)]
    view: String,
}

/// `POST /undo`
pub(super) async fn undo(
    State(app): State<Arc<App>>,
    moderator: Moderator,
    headers: HeaderMap,
    Fields(undo): Fields<Undo>,
) -> Result<Response, Failure> {
    let missing = || Failure::NotFound("action");
    let now = Timestamp::now();
    let actor = Actor::User(moderator.user.id);
    let steps = steps(&app, &undo, &actor, now).await?;
    if steps.is_empty() && wants_json(&headers) {
        return Ok(Json(json!({ "nothing": true })).into_response());
    }
    let mut rows = Vec::new();
    let mut last = None;
    for (action, site) in steps {
        moderator.decides_on(site)?;
        let undone = app.undo(site, action, actor.clone(), now).await?.ok_or_else(missing)?;
        let &(first, outcome) = undone.outcomes.first().ok_or_else(missing)?;
        for &(id, outcome) in &undone.outcomes {
            let status = app.store.comment(Some(site), id).await?.map_or(Status::Held, |comment| comment.status);
            rows.push(row_told(id, outcome, status));
        }
        last = Some((first, outcome, undone.action));
    }
    let (id, outcome, action) = last.ok_or_else(missing)?;
    let comment = find(&app, &id.to_string()).await?;
    match outcome {
        Outcome::Changed { to, revision, .. } if wants_json(&headers) => Ok(Json(json!({
            "id": comment.id, "site": comment.site, "status": to, "revision": revision, "comments": rows, "undo": action,
        }))
        .into_response()),
        Outcome::Changed { .. } => {
            let view = View::parse(&undo.view);
            Ok(Redirect::to(&format!("{}&done={action}&of={id}", view.address_of(id))).into_response())
        }
        _ => {
            let change = detail::last_change(&app, &comment, now).await?;
            let said = t("undo-changed-since").with("change", change).to_string();
            if wants_json(&headers) { Ok(refused(&comment, said)) } else { Err(Failure::Conflict(said)) }
        }
    }
}

/// The actions that are to be taken back, with their sites.
async fn steps(app: &App, undo: &Undo, actor: &Actor, now: Timestamp) -> Result<Vec<(ActionId, SiteId)>, Failure> {
    let missing = || Failure::NotFound("action");
    if !undo.action.is_empty() {
        let (actions, sites) = (undo.action.split(','), undo.site.split(','));
        return actions
            .zip(sites)
            .map(|(action, site)| Ok((action.parse().map_err(|_| missing())?, site.parse().map_err(|_| missing())?)))
            .collect();
    }
    let since = now.saturating_sub(UNDO_BACK).unwrap_or(Timestamp::MIN);
    let mut latest: Option<(ActionId, SiteId)> = None;
    let sites: Vec<SiteId> = app.directory().sites.keys().copied().collect();
    for site in sites {
        if let Some(action) = app.store.last_action(site, actor, since).await? {
            latest = latest.max(Some((action, site)));
        }
    }
    Ok(latest.into_iter().collect())
}

fn frame(app: &App, signed_in: &SignedIn, title: &str) -> Frame {
    Frame::new(app, signed_in, title)
}

/// What our script is told of a comment that it changed.
fn told(comment: &StoredComment, status: Status, revision: i64, action: Option<ActionId>) -> Response {
    Json(json!({
        "id": comment.id,
        "site": comment.site,
        "status": status,
        "revision": revision,
        "action": action,
    }))
    .into_response()
}

/// What our script is told of a comment that somebody else changed.
fn refused(comment: &StoredComment, said: String) -> Response {
    let body = json!({ "id": comment.id, "status": comment.status, "revision": comment.revision, "detail": said });
    (StatusCode::CONFLICT, Json(body)).into_response()
}

/// Leads to the next comment of the view, with word of what was done.
async fn go_on(
    app: &App,
    view: &View,
    comment: &StoredComment,
    action: Option<ActionId>,
    signed_in: &SignedIn,
    now: Timestamp,
) -> Result<Response, Failure> {
    let mut to = match next_after(app, view, comment, signed_in, now).await? {
        Some(next) => view.address_of(next),
        None => view.address(),
    };
    to.push_str(&format!("&of={}", comment.id));
    if let Some(action) = action {
        to.push_str(&format!("&done={action}"));
    }
    Ok(Redirect::to(&to).into_response())
}
