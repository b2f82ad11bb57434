//! Rules and thresholds of a site: trying a change, seeing what it would have decided, saving it as a version, going back.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::detail::Moment;
use super::evidence;
use super::form::Fields;
use super::policy_form::{Draft, LISTS, Mistake, THRESHOLDS, difference};
use super::problem::Failure;
use super::session::{FRAGMENT, SignedIn};
use super::shown::{self, Piece};
use super::texts::{Text, of, t};
use super::{Frame, assets, page, reader, texts};
use crate::app::App;
use crate::comment::{Comment, MAX_TEXT, Submission};
use crate::facts::Facts;
use crate::id::SiteId;
use crate::pipeline::assess;
use crate::policy::{Policy, PolicyDocument};
use crate::replaying::{self, MAX_REPLAYED, Replay};
use crate::rules::RULES;
use crate::store::{Actor, CommentFilter, PolicyVersion, ServiceNote, SiteEntry};
use crate::verdict::Decision;

/// Versions that are listed.
const LISTED_VERSIONS: usize = 50;
/// Changes of a replay that are listed.
const LISTED_CHANGES: usize = 50;
/// Longest reason of a version, in characters.
const MAX_REASON: usize = 300;

#[derive(Template)]
#[template(path = "policy.html")]
struct PolicyPage {
    frame: Frame,
    site: String,
    sites: Vec<(String, String)>,
    version: i64,
    draft: Draft,
    mistakes: Vec<Mistake>,
    reason: String,
    reason_mistake: Option<Text>,
    try_text: String,
    tried: Option<Tried>,
    replay: Option<Replayed>,
    versions: Vec<Version>,
    difference: Option<Difference>,
    may_save: bool,
    notice: Option<Text>,
}

/// Only what a typed text would get, for our script.
#[derive(Template)]
#[template(path = "tried.html")]
struct TriedFragment {
    tried: Option<Tried>,
}

/// What a typed text would get.
struct Tried {
    decision: Decision,
    score: String,
    spam: String,
    toxic: String,
    reasons: Vec<(String, String, Vec<Piece>)>,
}

/// What would have been decided differently, ready to be shown.
struct Replayed {
    replay: Replay,
    /// The differences by kind: from, to, how many.
    moves: Vec<(Decision, Decision, usize)>,
    against: usize,
    changes: Vec<ChangeRow>,
    no_model: bool,
}

struct ChangeRow {
    id: String,
    excerpt: Vec<Piece>,
    status: String,
    from: String,
    to: String,
    scores: String,
    is_against: bool,
}

struct Version {
    number: i64,
    at: Moment,
    author: String,
    reason: String,
    in_force: bool,
}

struct Difference {
    from: i64,
    to: i64,
    gone: Vec<String>,
    new: Vec<String>,
}

impl PolicyPage {
    fn thresholds(&self) -> [&'static str; 5] {
        THRESHOLDS
    }

    fn lists(&self) -> [&'static str; 5] {
        LISTS
    }

    /// The rules: name, what each looks for, its own score.
    fn rules(&self) -> Vec<(&'static str, texts::Text, f64)> {
        RULES.iter().map(|rule| (rule.name(), of("rule", rule.name()), rule.score())).collect()
    }

    fn value(&self, family: &str, name: &str) -> &str {
        self.draft.field(&format!("{family}.{name}"))
    }

    fn mistakes_of(&self, field: &str) -> Vec<&Mistake> {
        self.mistakes.iter().filter(|mistake| mistake.field == field).collect()
    }

    fn mistakes_in(&self, family: &str, name: &str) -> Vec<&Mistake> {
        self.mistakes_of(&format!("{family}.{name}"))
    }
}

/// What is asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    site: String,
    /// A version to be compared with the one in force.
    diff: Option<i64>,
    /// A version that was just put in force.
    saved: Option<i64>,
}

/// `GET /policy`
pub(super) async fn policy(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let entry = entry(&app, &signed_in, &asked.site)?;
    let mut form = PolicyPage::new(&app, &signed_in, &entry).await?;
    if let Some(version) = asked.diff {
        form.difference = Some(Difference::new(&app, &entry, version).await?);
    }
    form.notice = asked.saved.map(|version| t("policy-saved").with("version", version));
    page(StatusCode::OK, &form)
}

/// `POST /policy`: tries a draft, or puts it in force.
pub(super) async fn edit(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Fields(fields): Fields<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let field = |name: &str| fields.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str());
    let entry = entry(&app, &signed_in, field("site"))?;
    let draft = Draft::from_fields(&fields);
    let compiled = draft.compile(entry.policy.version, &entry.policy.document);
    let try_text: String = field("try_text").chars().take(MAX_TEXT).collect();
    if headers.contains_key(FRAGMENT) {
        let tried = compiled.ok().and_then(|policy| Tried::new(&app, &entry, &policy, &try_text));
        return page(StatusCode::OK, &TriedFragment { tried });
    }
    let mut form = PolicyPage::new(&app, &signed_in, &entry).await?;
    form.draft = draft;
    form.try_text = try_text;
    form.reason = field("reason").trim().chars().take(MAX_REASON).collect();
    let policy = match compiled {
        Ok(policy) => policy,
        Err(mistakes) => {
            form.mistakes = mistakes;
            return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
        }
    };
    if field("do") != "save" {
        form.tried = Tried::new(&app, &entry, &policy, &form.try_text);
        form.difference = Some(Difference::between(&entry, &policy));
        form.replay = Some(Replayed::new(app, entry, policy).await?);
        return page(StatusCode::OK, &form);
    }
    if !form.may_save {
        return Err(Failure::Forbidden);
    }
    if field("version") != form.version.to_string() {
        form.reason_mistake = Some(t("policy-changed").with("version", form.version));
        form.difference = Some(Difference::between(&entry, &policy));
        return page(StatusCode::CONFLICT, &form);
    }
    if form.reason.is_empty() {
        form.reason_mistake = Some(t("policy-reason-missing"));
        return page(StatusCode::UNPROCESSABLE_ENTITY, &form);
    }
    save(&app, &signed_in, &entry, &policy.document, form.reason).await
}

/// The version to go back to.
#[derive(Deserialize)]
pub(super) struct Back {
    site: String,
    version: i64,
}

/// `POST /policy/rollback`: puts an earlier version in force again, as a new one.
pub(super) async fn roll_back(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Fields(back): Fields<Back>,
) -> Result<Response, Failure> {
    let entry = entry(&app, &signed_in, &back.site)?;
    if !signed_in.administers(entry.site.id) {
        return Err(Failure::Forbidden);
    }
    let document = document_of(&app, entry.site.id, back.version).await?;
    let reason = t("policy-rolled-back").with("version", back.version).to_string();
    save(&app, &signed_in, &entry, &document, reason).await
}

async fn save(
    app: &App,
    signed_in: &SignedIn,
    entry: &SiteEntry,
    document: &PolicyDocument,
    reason: String,
) -> Result<Response, Failure> {
    let (site, now) = (entry.site.id, Timestamp::now());
    let text = serde_json::to_string(document).map_err(anyhow::Error::from)?;
    let actor = Actor::User(signed_in.user.id);
    let version = app.store.put_policy(site, text, actor.to_string(), reason.clone(), now).await?;
    app.reload_directory().await?;
    let note = ServiceNote {
        site: Some(site),
        kind: "policy_saved",
        actor: Some(actor),
        detail: format!("{version}: {reason}"),
        network: None,
        at: now,
    };
    app.store.note_service_event(note).await?;
    Ok(Redirect::to(&format!("/policy?site={site}&saved={version}")).into_response())
}

/// The site that is asked for, or the first one that this person sees.
fn entry(app: &App, signed_in: &SignedIn, site: &str) -> Result<Arc<SiteEntry>, Failure> {
    let visible = signed_in.sites(app);
    let id = match site.parse::<SiteId>() {
        Ok(id) => visible.iter().map(|(site, _)| *site).find(|site| *site == id),
        Err(_) => visible.first().map(|(site, _)| *site),
    };
    let directory = app.directory();
    id.and_then(|id| directory.sites.get(&id).cloned()).ok_or(Failure::NotFound("site"))
}

async fn document_of(app: &App, site: SiteId, version: i64) -> Result<PolicyDocument, Failure> {
    if version == 0 {
        return Ok(PolicyDocument::default());
    }
    let found = app.store.policy_version(site, version).await?.ok_or(Failure::NotFound("version"))?;
    Ok(serde_json::from_str(&found.document).map_err(anyhow::Error::from)?)
}

impl PolicyPage {
    async fn new(app: &App, signed_in: &SignedIn, entry: &SiteEntry) -> Result<Self, Failure> {
        let (site, now) = (entry.site.id, Timestamp::now());
        let in_force = entry.policy.version;
        let names: HashMap<String, String> =
            app.store.users().await?.into_iter().map(|user| (Actor::User(user.id).to_string(), user.name)).collect();
        let version = |found: PolicyVersion| Version {
            number: found.version,
            at: Moment::new(found.at, now),
            author: names.get(&found.author).cloned().unwrap_or(found.author),
            reason: found.reason,
            in_force: found.version == in_force,
        };
        let versions = app.store.policy_versions(site, LISTED_VERSIONS).await?;
        Ok(Self {
            frame: Frame::of_section(app, signed_in, "policy", t("policy-title").with("site", &entry.site.name)),
            site: site.to_string(),
            sites: signed_in.sites(app).into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
            version: in_force,
            draft: Draft::of(&entry.policy.document),
            mistakes: Vec::new(),
            reason: String::new(),
            reason_mistake: None,
            try_text: String::new(),
            tried: None,
            replay: None,
            versions: versions.into_iter().map(version).collect(),
            difference: None,
            may_save: signed_in.administers(site),
            notice: None,
        })
    }
}

impl Difference {
    /// Between an earlier version and the one in force.
    async fn new(app: &App, entry: &SiteEntry, version: i64) -> Result<Self, Failure> {
        let earlier = document_of(app, entry.site.id, version).await?;
        let (gone, new) = difference(&earlier, &entry.policy.document);
        Ok(Self { from: version, to: entry.policy.version, gone, new })
    }

    /// Between the policy in force and a draft on top of it.
    fn between(entry: &SiteEntry, draft: &Policy) -> Self {
        let (gone, new) = difference(&entry.policy.document, &draft.document);
        Self { from: entry.policy.version, to: entry.policy.version + 1, gone, new }
    }
}

impl Tried {
    fn new(app: &App, entry: &SiteEntry, policy: &Policy, text: &str) -> Option<Self> {
        if text.trim().is_empty() {
            return None;
        }
        let submission = Submission { text: text.to_owned(), ..Submission::default() };
        let comment = Comment::from_submission(entry.site.id, submission, Timestamp::now());
        let model = app.pipeline.model();
        let verdict = assess(&comment, &Facts::default(), policy, entry.classifier(&model));
        let probability = |p: Option<f64>| p.map_or_else(|| "–".to_owned(), |p| format!("{:.1} %", 100.0 * p));
        let reason = |reason: crate::verdict::Reason| {
            (reason.code.to_string(), evidence::signed(reason.score), shown::plain(&reason.detail))
        };
        Some(Self {
            decision: verdict.decision,
            score: evidence::signed(verdict.score),
            spam: probability(verdict.scores.spam),
            toxic: probability(verdict.scores.toxic),
            reasons: verdict.reasons.into_iter().map(reason).collect(),
        })
    }
}

impl Replayed {
    async fn new(app: Arc<App>, entry: Arc<SiteEntry>, policy: Policy) -> Result<Self, Failure> {
        let filter = CommentFilter { site: Some(entry.site.id), ..CommentFilter::default() };
        let comments = app.store.comments(&filter, None, MAX_REPLAYED).await?.items;
        let no_model = app.pipeline.model().is_err();
        // A thousand comments take some tenths of a second.
        let judge = move || {
            let model = app.pipeline.model();
            let replay = replaying::replay(&comments, &entry.policy, &policy, entry.classifier(&model));
            (replay, comments)
        };
        let (replay, comments) = tokio::task::spawn_blocking(judge).await.map_err(anyhow::Error::from)?;
        let excerpts: HashMap<_, _> = comments.iter().map(|comment| (comment.id, &comment.submission.text)).collect();
        let row = |change: &replaying::Change| ChangeRow {
            id: change.id.to_string(),
            excerpt: excerpts.get(&change.id).map(|text| shown::excerpt(text)).unwrap_or_default(),
            status: of("status", change.status).to_string(),
            from: of("decision", change.from).to_string(),
            to: of("decision", change.to).to_string(),
            scores: format!("{} → {}", evidence::signed(change.score_from), evidence::signed(change.score_to)),
            is_against: change.is_against_status(),
        };
        let mut moves = Vec::new();
        for from in Decision::ALL {
            for to in Decision::ALL {
                let n = replay.moved(from, to);
                if n > 0 {
                    moves.push((from, to, n));
                }
            }
        }
        // Those that would go against what stands now come first.
        let mut changes: Vec<_> = replay.changes.iter().collect();
        changes.sort_by_key(|change| !change.is_against_status());
        let changes = changes.into_iter().take(LISTED_CHANGES).map(row).collect();
        Ok(Self { against: replay.against_status().count(), moves, changes, replay, no_model })
    }
}
