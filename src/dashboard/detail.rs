//! One comment with all its evidence, ready to be shown: why it is here, what speaks for and against it, who wrote it, and
//! what happened to it.

use std::collections::HashMap;

use jiff::Timestamp;

use super::about::{self, Ancestor, AuthorPanel, NoteLine};
use super::evidence::{self, Evidence, Gauge, signed};
use super::keys::Keys;
use super::problem::Failure;
use super::shown::{self, Link, Piece};
use super::texts::{Text, of, t};
use super::view::View;
use super::{reader, second_look, when};
use crate::app::App;
use crate::facts::Facts;
use crate::id::{CommentId, UserId};
use crate::normalize;
use crate::policy::Policy;
use crate::store::{Actor, Event, StoredComment};
use crate::verdict::{Status, Verdict};

/// Probability of toxicity from which a text counts as strong language.
const VEILED_FROM: f64 = 0.5;
/// Links of a text that are listed.
const LISTED_LINKS: usize = 20;

/// One comment with all its evidence.
pub(super) struct Detail {
    pub id: String,
    pub address: String,
    pub site: String,
    pub status: Status,
    pub revision: i64,
    pub received: Moment,
    pub name: Vec<Piece>,
    pub email: Option<Vec<Piece>>,
    pub url: Option<Link>,
    pub network: Option<String>,
    pub other: Vec<(&'static str, Vec<Piece>)>,
    pub page: Option<Link>,
    pub page_title: Option<Vec<Piece>>,
    pub lang: Option<String>,
    pub text: Vec<Piece>,
    /// Whether it is veiled until it is asked for, as the reader wishes.
    pub veiled: bool,
    pub links: Vec<(Vec<Piece>, String)>,
    pub why: Text,
    pub score: String,
    pub gauges: Vec<Gauge>,
    pub reasons: Vec<Evidence>,
    pub facts: Facts,
    pub thread: Vec<Ancestor>,
    pub author: AuthorPanel,
    /// How many held comments have nearly this text, this one included.
    pub alike: i64,
    pub notes: Vec<NoteLine>,
    /// Colleagues to hand it over to: id and name.
    pub colleagues: Vec<(String, String)>,
    /// Who has it on the screen, other than the reader.
    pub leased_by: Option<String>,
    pub versions: String,
    pub history: Vec<Past>,
    /// What has to be said of an appeal that still waits.
    pub second: Option<Text>,
    /// The hidden field of its forms; `None` when whoever looks may not decide.
    pub decides_in: Option<String>,
    /// The reason that a plain rejection gives.
    pub suggested: &'static str,
    pub keys: Keys,
}

/// Who looks, and where from.
pub(super) struct Onlooker<'a> {
    pub user: UserId,
    pub may_moderate: bool,
    pub view: &'a View,
    pub keys: &'a Keys,
}

/// A time, for people and machines.
pub(super) struct Moment {
    pub ago: String,
    pub full: String,
    pub machine: String,
}

impl Moment {
    pub(super) fn new(at: Timestamp, now: Timestamp) -> Self {
        Self { ago: when::ago(at, now), full: when::full(at), machine: when::machine(at) }
    }
}

/// An entry of the history.
pub(super) struct Past {
    pub at: Moment,
    pub who: String,
    pub what: Text,
    pub note: Option<String>,
    pub versions: String,
}

impl Detail {
    /// Gathers what is to be shown of a comment.
    pub(super) async fn load(
        app: &App,
        comment: StoredComment,
        onlooker: &Onlooker<'_>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let events = app.store.history(comment.site, comment.id).await?;
        let people = people(app).await?;
        let deciders = app.store.deciders(comment.site).await?;
        let appeal = second_look::open(&events);
        let is_anothers = appeal.is_some_and(|appeal| appeal.rejected_by == Some(onlooker.user)) && deciders.len() > 1;
        let may_decide = onlooker.may_moderate && !is_anothers;
        let second = appeal.map(|_| if is_anothers { t("second-own") } else { t("second-other") });
        // What somebody said first is no hint for the second.
        let hidden_before = appeal.filter(|_| !is_anothers && onlooker.may_moderate).map_or(0, |appeal| appeal.place);
        let thread = about::thread(app, &comment).await?;
        let author = about::author(app, &comment, now).await?;
        let notes = about::notes(app.store.notes(comment.site, comment.id).await?, &people, now);
        let campaign = comment.campaign.unwrap_or(comment.id);
        let sizes = app.store.campaign_sizes(comment.site, &[campaign]).await?;
        let leased_by = leased_by(app, comment.id, onlooker.user, &people, now).await?;
        let directory = app.directory();
        let entry = directory.sites.get(&comment.site);
        let built_in = Policy::built_in();
        let policy = entry.map_or(&built_in, |entry| &*entry.policy);
        let limits = policy.document.thresholds;
        let site = entry.map_or_else(|| "?".to_owned(), |entry| entry.site.name.clone());
        let StoredComment { id, submission, verdict, facts, .. } = comment;
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let normal = normalize::normalize(&submission.text);
        let link_spans: Vec<_> = normal.links.iter().map(|link| link.span).collect();
        let links = normal
            .links
            .iter()
            .take(LISTED_LINKS)
            .map(|link| (shown::plain(&shown::short(&link.url, 200)), link.host.clone()))
            .collect();
        let other = [
            ("browser", filled(submission.user_agent)),
            ("referrer", filled(submission.referrer)),
            ("locale", submission.locale.clone()),
            ("role", filled(submission.author_role)),
            ("honeypot", filled(submission.honeypot)),
            ("elapsed", submission.elapsed_ms.map(|ms| format!("{:.1} s", ms as f64 / 1000.0))),
            ("external-id", filled(submission.external_id)),
            ("parent", submission.parent_id.map(|parent| parent.to_string())),
        ];
        let written_in = comment.lang.or(submission.locale.filter(|tag| is_language(tag)));
        let colleagues = deciders.into_iter().filter(|(id, _)| *id != onlooker.user);
        let mut colleagues: Vec<_> = colleagues.map(|(id, name)| (id.to_string(), name)).collect();
        colleagues.sort_by(|a, b| a.1.cmp(&b.1));
        Ok(Self {
            id: id.to_string(),
            address: format!("/comments/{id}"),
            site,
            status: comment.status,
            revision: comment.revision,
            received: Moment::new(comment.created_at, now),
            name: name(submission.name.as_deref()),
            email: filled(submission.email).map(|email| shown::plain(&email)),
            url: filled(submission.url).map(|url| shown::link(&url)),
            network: submission.ip.map(about::prefix),
            other: other
                .into_iter()
                .filter_map(|(name, value)| Some((name, shown::plain(&shown::short(&value?, 300)))))
                .collect(),
            page: filled(submission.page).map(|page| shown::link(&page)),
            page_title: filled(submission.page_title).map(|title| shown::plain(&shown::short(&title, 200))),
            lang: written_in,
            text: shown::marked(
                &submission.text,
                &evidence::layers(&verdict.reasons, &link_spans, &normal.disguise.look_alike),
            ),
            veiled: is_veiled(&verdict),
            links,
            why: evidence::why(&verdict, &facts, &limits),
            score: signed(verdict.score),
            gauges: evidence::gauges(&verdict, &limits),
            reasons: evidence::evidence(&verdict.reasons),
            facts,
            thread,
            author,
            alike: sizes.get(&campaign).copied().unwrap_or_default(),
            notes,
            colleagues,
            leased_by,
            versions: versions(verdict.policy, verdict.model.as_deref(), policy.version),
            history: events
                .into_iter()
                .enumerate()
                .map(|(place, event)| {
                    let is_first_look = place < hidden_before && Actor::user(&event.actor).is_some();
                    if is_first_look { hidden_past(&event, now) } else { past(event, &people, now) }
                })
                .collect(),
            second,
            decides_in: may_decide.then(|| onlooker.view.query()),
            suggested: evidence::suggested(&verdict, &limits),
            keys: onlooker.keys.clone(),
        })
    }
}

/// Whether a text is to be veiled for the reader.
pub(super) fn is_veiled(verdict: &Verdict) -> bool {
    reader::choices().veil && verdict.scores.toxic.is_some_and(|toxic| toxic >= VEILED_FROM)
}

/// An author's name, or that there is none.
pub(super) fn name(name: Option<&str>) -> Vec<Piece> {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => shown::plain(&shown::short(name, 245)),
        None => vec![Piece { text: t("no-name").to_string(), class: "none".to_owned(), ..Piece::default() }],
    }
}

/// The names of all who have an account.
pub(super) async fn people(app: &App) -> Result<HashMap<UserId, String>, Failure> {
    Ok(app.store.users().await?.into_iter().map(|user| (user.id, user.name)).collect())
}

async fn leased_by(
    app: &App,
    comment: CommentId,
    user: UserId,
    people: &HashMap<UserId, String>,
    now: Timestamp,
) -> Result<Option<String>, Failure> {
    let leases = app.store.leased_by_others(user, now).await?;
    let holder = leases.into_iter().find(|(_, leased, _)| *leased == comment).map(|(.., holder)| holder);
    Ok(holder.and_then(|holder| people.get(&holder).cloned()))
}

/// Who did something, in words.
fn who(actor: &str, people: &HashMap<UserId, String>) -> String {
    match (Actor::user(actor).and_then(|id| people.get(&id)), actor) {
        (Some(name), _) => name.clone(),
        (None, "pipeline") => "Moderato".to_owned(),
        (None, "author") => t("who-author").to_string(),
        (None, actor) if actor.starts_with("key:") => t("who-website").to_string(),
        (None, _) => t("who-gone").to_string(),
    }
}

fn past(event: Event, people: &HashMap<UserId, String>, now: Timestamp) -> Past {
    let to = of("status", event.to);
    let what = match (event.kind.as_str(), event.reason.as_deref()) {
        ("created", _) => t("past-created").with("status", to),
        ("edited", _) => t("past-edited").with("status", to),
        ("undone", _) => t("past-undone").with("status", to),
        ("appealed", _) => t("past-appealed").with("status", to),
        (_, Some(reason)) => t("past-decided-because").with("status", to).with("reason", reason_word(reason)),
        (_, None) => t("past-decided").with("status", to),
    };
    Past {
        at: Moment::new(event.at, now),
        who: who(&event.actor, people),
        what,
        note: event.note,
        versions: versions(event.policy, event.model.as_deref(), event.policy),
    }
}

/// What somebody decided before an appeal, for whoever decides after it.
fn hidden_past(event: &Event, now: Timestamp) -> Past {
    Past {
        at: Moment::new(event.at, now),
        who: t("who-colleague").to_string(),
        what: t("past-hidden"),
        note: None,
        versions: versions(event.policy, event.model.as_deref(), event.policy),
    }
}

/// A reason in the reader's words; one that is not ours as it was given.
pub(super) fn reason_word(reason: &str) -> String {
    if evidence::REASONS.contains(&reason) { of("reason", reason).to_string() } else { reason.to_owned() }
}

/// Who changed a comment last, and how, in a sentence: `Ana approved this 3 min ago.`
pub(super) async fn last_change(app: &App, comment: &StoredComment, now: Timestamp) -> Result<String, Failure> {
    let events = app.store.history(comment.site, comment.id).await?;
    let people = people(app).await?;
    let Some(last) = events.last() else {
        return Ok(t("change-unknown").with("status", of("status", comment.status)).to_string());
    };
    let seconds = now.as_second() - last.at.as_second();
    let ago = match seconds {
        ..60 => t("ago-seconds").with("n", seconds.max(0)),
        _ => t("ago-long").with("time", when::ago(last.at, now)),
    };
    let who = who(&last.actor, &people);
    let key = match last.kind.as_str() {
        "undone" => t("change-undone"),
        "appealed" => t("change-appealed"),
        _ => t("change-decided"),
    };
    Ok(key.with("who", who).with("status", of("status", last.to)).with("ago", ago).to_string())
}

fn versions(policy: i64, model: Option<&str>, in_force: i64) -> String {
    let mut said = match policy {
        0 => t("version-built-in").to_string(),
        version => t("version-policy").with("version", version.to_string()).to_string(),
    };
    if in_force != 0 && in_force != policy {
        said.push_str(&t("version-now").with("version", in_force.to_string()).to_string());
    }
    match model {
        Some(model) => said.push_str(&t("version-model").with("version", model).to_string()),
        None => said.push_str(&t("version-no-model").to_string()),
    }
    said
}

/// Only what looks like a language tag becomes an attribute that screen readers act on.
fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len())
        && tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_tag() {
        assert!(is_language("de") && is_language("zh-Hant-TW"));
        assert!(!is_language("\" onload") && !is_language("e") && !is_language("de_DE"));
    }
}
