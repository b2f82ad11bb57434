//! A campaign: comments with nearly the same text, decided together after a look at the odd ones out, and, if wanted, those
//! that are still to come.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawForm, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::decide::{Picked, resolution, row_left_out, row_told};
use super::detail::{Moment, name, people, reason_word};
use super::evidence::{REASONS, signed};
use super::form::Fields;
use super::problem::{Failure, wants_json};
use super::queue::find;
use super::session::{Moderator, SignedIn};
use super::shown::{self, Piece};
use super::texts::t;
use super::view::View;
use super::{Frame, assets, page, reader, second_look, texts, when};
use crate::app::App;
use crate::comment::Comment;
use crate::recent::{distance, fingerprint};
use crate::store::{StandingDecision, StoredComment};
use crate::verdict::Status;

/// For how many hours a decision may go on to apply.
const HOURS: [i64; 4] = [1, 24, 168, 720];
/// Members that the page shows; all the others are decided with them.
const SHOWN: usize = 200;

#[derive(Template)]
#[template(path = "campaign.html")]
struct CampaignPage {
    frame: Frame,
    address: String,
    back: String,
    query: String,
    model: Vec<Piece>,
    members: Vec<Member>,
    odd: usize,
    /// Members that are not shown but decided too.
    more: Vec<String>,
    suggested: &'static str,
    hours: [i64; 4],
    may_moderate: bool,
}

/// One comment of a campaign.
struct Member {
    pick: String,
    address: String,
    name: Vec<Piece>,
    text: Vec<Piece>,
    received: Moment,
    score: String,
    /// What sets it apart from the first; empty when nothing does.
    odd: Vec<String>,
}

/// `GET /comments/{id}/alike`
pub(super) async fn campaign(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let comment = signed_in.see(find(&app, &id).await?)?;
    let view = View::parse(query.as_deref().unwrap_or_default());
    let held = app.store.campaign(comment.site, comment.campaign.unwrap_or(comment.id)).await?;
    let mut members: Vec<Member> = held.iter().map(|member| shown_member(&comment, member, now)).collect();
    // The odd ones out first: they are what the preview is for.
    members.sort_by_key(|member| std::cmp::Reverse(member.odd.len()));
    let more = members.split_off(members.len().min(SHOWN)).into_iter().map(|member| member.pick).collect();
    let title = t("campaign-title").with("n", held.len()).to_string();
    let shown = CampaignPage {
        frame: Frame::new(&app, &signed_in, title),
        address: format!("/comments/{id}/alike"),
        back: view.address_of(comment.id),
        query: view.query(),
        model: shown::plain(&shown::short(&comment.submission.text, 600)),
        odd: members.iter().filter(|member| !member.odd.is_empty()).count(),
        members,
        more,
        suggested: REASONS[0],
        hours: HOURS,
        may_moderate: signed_in.may_moderate_on(comment.site),
    };
    page(StatusCode::OK, &shown)
}

fn shown_member(first: &StoredComment, member: &StoredComment, now: Timestamp) -> Member {
    Member {
        pick: format!("{}@{}", member.id, member.revision),
        address: format!("/comments/{}", member.id),
        name: name(member.submission.name.as_deref()),
        text: shown::excerpt(&member.submission.text),
        received: Moment::new(member.created_at, now),
        score: signed(member.verdict.score),
        odd: oddities(first, member),
    }
}

/// What sets a comment apart from the one that the campaign was opened from.
fn oddities(first: &StoredComment, member: &StoredComment) -> Vec<String> {
    let (a, b) = (normal(first), normal(member));
    let mut odd = Vec::new();
    if a.text_hash() != b.text_hash() {
        odd.push(t("odd-text").with("n", i64::from(distance(fingerprint(&a), fingerprint(&b)))).to_string());
    }
    let hosts = |comment: &Comment| {
        let mut hosts: Vec<String> = comment.body.links.iter().map(|link| link.host.clone()).collect();
        hosts.sort();
        hosts.dedup();
        hosts
    };
    if hosts(&a) != hosts(&b) {
        odd.push(t("odd-links").to_string());
    }
    if member.facts.author.approved > 0 {
        odd.push(t("odd-trusted").with("n", i64::from(member.facts.author.approved)).to_string());
    }
    if (member.verdict.score - first.verdict.score).abs() > 3.0 {
        odd.push(t("odd-score").to_string());
    }
    odd
}

fn normal(comment: &StoredComment) -> Comment {
    Comment::from_submission(comment.site, comment.submission.clone(), comment.created_at)
}

/// `POST /comments/{id}/alike`: decides what is picked as one step, and for `hours` what comes.
pub(super) async fn decide(
    State(app): State<Arc<App>>,
    moderator: Moderator,
    headers: HeaderMap,
    Path(id): Path<String>,
    RawForm(form): RawForm,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let comment = moderator.signed_in.see(find(&app, &id).await?)?;
    moderator.decides_on(comment.site)?;
    let picked = Picked::parse(&form);
    if picked.comments.is_empty() {
        return Err(Failure::BadForm(t("form-nothing-picked").to_string()));
    }
    let resolution = resolution(&picked.status, &picked.reason, moderator.user.id, now)?;
    let status = resolution.status;
    let reason = resolution.reason.clone();
    let (comments, left_out) = second_look::leave_out(&app, comment.site, picked.comments, moderator.user.id).await?;
    let resolved = app.resolve(comment.site, comments, resolution).await?;
    let hours = picked.others.get("hours").and_then(|hours| hours.parse().ok()).filter(|hours| HOURS.contains(hours));
    if let Some(hours) = hours.filter(|_| status != Status::Held) {
        let model = normal(&comment);
        let standing = StandingDecision {
            action: resolved.action,
            text_hash: model.text_hash(),
            fingerprint: fingerprint(&model),
            status,
            reason,
            user: moderator.user.id,
            at: now,
            until: now.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX),
        };
        app.store.let_stand(comment.site, standing).await?;
        app.refresh_directory().await?;
    }
    if wants_json(&headers) {
        let rows = resolved.outcomes.iter().map(|(id, outcome)| row_told(*id, *outcome, status));
        let rows: Vec<_> = rows.chain(left_out.iter().map(row_left_out)).collect();
        let body = json!({ "action": resolved.action, "site": comment.site, "comments": rows });
        return Ok(axum::Json(body).into_response());
    }
    let view = View { after: None, ..View::parse(&picked.view) };
    let told = resolved.changed().next().map(|(id, _, _)| format!("&of={id}&done={}", resolved.action));
    Ok(Redirect::to(&format!("{}{}", view.address(), told.unwrap_or_default())).into_response())
}

#[derive(Template)]
#[template(path = "standing.html")]
struct StandingPage {
    frame: Frame,
    rows: Vec<Standing>,
}

/// A decision that goes on to apply.
struct Standing {
    site: String,
    site_id: String,
    action: String,
    may_end: bool,
    status: Status,
    reason: Option<String>,
    who: String,
    since: Moment,
    until: String,
}

/// `GET /standing`: all decisions that go on to apply.
pub(super) async fn standing(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let people = people(&app).await?;
    let directory = app.directory();
    let mut rows = Vec::new();
    for entry in directory.sites.values().filter(|entry| signed_in.role_on(entry.site.id).may_look()) {
        rows.extend(entry.standing.iter().filter(|standing| now < standing.until).map(|standing| Standing {
            site: entry.site.name.clone(),
            site_id: entry.site.id.to_string(),
            action: standing.action.to_string(),
            may_end: signed_in.may_moderate_on(entry.site.id),
            status: standing.status,
            reason: standing.reason.as_deref().map(reason_word),
            who: people.get(&standing.user).cloned().unwrap_or_else(|| t("who-gone").to_string()),
            since: Moment::new(standing.at, now),
            until: when::full(standing.until),
        }));
    }
    rows.sort_by(|a, b| b.action.cmp(&a.action));
    let frame = Frame::of_section(&app, &signed_in, "queue", t("standing-title"));
    page(StatusCode::OK, &StandingPage { frame, rows })
}

/// `POST /standing/end`: what was decided stays decided, what comes is judged as usual.
pub(super) async fn end_standing(
    State(app): State<Arc<App>>,
    moderator: Moderator,
    Fields(ended): Fields<Ended>,
) -> Result<Response, Failure> {
    let missing = || Failure::NotFound("action");
    let site = ended.site.parse().map_err(|_| missing())?;
    let action = ended.action.parse().map_err(|_| missing())?;
    moderator.decides_on(site)?;
    app.store.end_standing(site, action).await?;
    app.refresh_directory().await?;
    Ok(Redirect::to("/standing").into_response())
}

/// The decision that is to end.
#[derive(Deserialize)]
pub(super) struct Ended {
    site: String,
    action: String,
}
