//! One comment with all its evidence, ready to be shown: why it is here, what speaks for and against it, who wrote it, and
//! what happened to it.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::Timestamp;

use super::problem::Failure;
use super::shown::{self, Layer, Link, Piece};
use super::view::View;
use super::when;
use crate::app::App;
use crate::facts::Facts;
use crate::normalize;
use crate::policy::{Policy, Thresholds};
use crate::store::{Actor, Event, StoredComment};
use crate::verdict::{Decision, Reason, Status, Verdict};

/// Reasons that a moderator can give for a rejection, with the word on the button.
pub(super) const REASONS: [(&str, &str); 4] =
    [("spam", "Spam"), ("toxic", "Toxic"), ("off-topic", "Off-topic"), ("other", "Other")];

/// Links of a text that are listed.
const LISTED_LINKS: usize = 20;

/// Terms of a classifier that are listed.
const LISTED_TERMS: usize = 8;

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
    pub links: Vec<(Vec<Piece>, String)>,
    pub why: String,
    pub score: String,
    pub gauges: Vec<Gauge>,
    pub reasons: Vec<Evidence>,
    pub facts: Facts,
    pub versions: String,
    pub history: Vec<Past>,
    /// The hidden field of its forms; `None` when whoever looks may not decide.
    pub decides_in: Option<String>,
    /// The reason that a plain rejection gives, with the word on the button.
    pub suggested: (&'static str, &'static str),
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

/// A value and how far it is from the thresholds, on a scale from 0 to 100.
pub(super) struct Gauge {
    pub name: &'static str,
    /// The value in words, or why there is none.
    pub value: String,
    pub at: Option<f64>,
    /// Where zero is.
    pub zero: f64,
    /// Each threshold: what it does, its value in words, its place.
    pub thresholds: Vec<(&'static str, String, f64)>,
}

impl Gauge {
    /// The bar from zero to the value: its begin and its length.
    pub(super) fn bar(&self) -> (f64, f64) {
        let at = self.at.unwrap_or(self.zero);
        (at.min(self.zero), (at - self.zero).abs())
    }
}

/// A reason, numbered as in the text.
pub(super) struct Evidence {
    pub number: usize,
    pub code: String,
    pub score: String,
    /// `for` the comment, `against` it, or `neither`.
    pub side: &'static str,
    /// Length of its bar, 0 to 100.
    pub weight: f64,
    pub detail: Vec<Piece>,
    pub terms: Vec<(Vec<Piece>, String, &'static str)>,
    pub in_text: bool,
}

/// An entry of the history.
pub(super) struct Past {
    pub at: Moment,
    pub who: String,
    pub what: String,
    pub note: Option<String>,
    pub versions: String,
}

impl Detail {
    /// Gathers what is to be shown of a comment. `decides` is the view to go on in, for somebody who may decide.
    pub(super) async fn load(
        app: &App,
        comment: StoredComment,
        decides: Option<&View>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let events = app.store.history(comment.site, comment.id).await?;
        let names = names(app, &events).await?;
        let directory = app.directory();
        let entry = directory.sites.get(&comment.site);
        let built_in = Policy::built_in();
        let policy = entry.map_or(&built_in, |entry| &*entry.policy);
        let limits = policy.document.thresholds;
        let site = entry.map_or_else(|| "(unknown site)".to_owned(), |entry| entry.site.name.clone());
        let StoredComment { id, submission, verdict, facts, .. } = comment;
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let found = normalize::normalize(&submission.text).links;
        let link_spans: Vec<_> = found.iter().map(|link| link.span).collect();
        let links = found
            .iter()
            .take(LISTED_LINKS)
            .map(|link| (shown::plain(&shown::short(&link.url, 200)), link.host.clone()))
            .collect();
        let other = [
            ("Browser", filled(submission.user_agent)),
            ("Came from", filled(submission.referrer)),
            ("Language", submission.locale.clone()),
            ("Role on the site", filled(submission.author_role)),
            ("Hidden field", filled(submission.honeypot)),
            ("Took", submission.elapsed_ms.map(|ms| format!("{:.1} s to write", ms as f64 / 1000.0))),
            ("The site calls it", filled(submission.external_id)),
            ("Answers", submission.parent_id.map(|parent| parent.to_string())),
        ];
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
            network: submission.ip.map(prefix),
            other: other
                .into_iter()
                .filter_map(|(name, value)| Some((name, shown::plain(&shown::short(&value?, 300)))))
                .collect(),
            page: filled(submission.page).map(|page| shown::link(&page)),
            page_title: filled(submission.page_title).map(|title| shown::plain(&shown::short(&title, 200))),
            lang: submission.locale.filter(|tag| is_language(tag)),
            text: shown::marked(&submission.text, &layers(&verdict.reasons, &link_spans)),
            links,
            why: why(&verdict, &facts, &limits),
            score: signed(verdict.score),
            gauges: gauges(&verdict, &limits),
            reasons: evidence(&verdict.reasons),
            facts,
            versions: versions(verdict.policy, verdict.model.as_deref(), policy.version),
            history: events.into_iter().map(|event| past(event, &names, now)).collect(),
            decides_in: decides.map(View::query),
            suggested: suggested(&verdict, &limits),
        })
    }
}

/// An author's name, or that there is none.
pub(super) fn name(name: Option<&str>) -> Vec<Piece> {
    match name.map(str::trim).filter(|name| !name.is_empty()) {
        Some(name) => shown::plain(&shown::short(name, 245)),
        None => vec![Piece { text: "no name".to_owned(), class: "none".to_owned(), ..Piece::default() }],
    }
}

/// The network of an address, which tells neighbours apart and nobody's home: a /24 of IPv4, a /48 of IPv6.
fn prefix(ip: IpAddr) -> String {
    let ip = ip.to_canonical();
    let length = if ip.is_ipv4() { 24 } else { 48 };
    IpNet::new(ip, length).map_or_else(|_| "unknown".to_owned(), |network| network.trunc().to_string())
}

/// The names of those who did something to a comment, by actor.
async fn names(app: &App, events: &[Event]) -> Result<HashMap<String, String>, Failure> {
    if !events.iter().any(|event| Actor::user(&event.actor).is_some()) {
        return Ok(HashMap::new());
    }
    let users = app.store.users().await?;
    Ok(users.into_iter().map(|user| (Actor::User(user.id).to_string(), user.name)).collect())
}

/// Who did something, in words.
fn who(actor: &str, names: &HashMap<String, String>) -> String {
    match (names.get(actor), actor) {
        (Some(name), _) => name.clone(),
        (None, "pipeline") => "Moderato".to_owned(),
        (None, actor) if actor.starts_with("key:") => "The website".to_owned(),
        (None, _) => "Somebody whose account is gone".to_owned(),
    }
}

fn past(event: Event, names: &HashMap<String, String>, now: Timestamp) -> Past {
    let to = event.to;
    let what = match (event.kind.as_str(), event.reason.as_deref()) {
        ("created", _) => format!("received it: {to}"),
        ("edited", _) => format!("received a new version of it: {to}"),
        ("undone", _) => format!("took a decision back: {to} again"),
        (_, Some(reason)) => format!("{to} it: {reason}"),
        (_, None) => format!("{to} it"),
    };
    Past {
        at: Moment::new(event.at, now),
        who: who(&event.actor, names),
        what,
        note: event.note,
        versions: versions(event.policy, event.model.as_deref(), event.policy),
    }
}

/// Who changed a comment last, and how, in a sentence: `Ana approved this 3 min ago.`
pub(super) async fn last_change(app: &App, comment: &StoredComment, now: Timestamp) -> Result<String, Failure> {
    let events = app.store.history(comment.site, comment.id).await?;
    let names = names(app, &events).await?;
    let Some(last) = events.last() else { return Ok(format!("It is {} now.", comment.status)) };
    let ago = match when::ago(last.at, now).as_str() {
        "now" => "just now".to_owned(),
        ago => format!("{ago} ago"),
    };
    let who = who(&last.actor, &names);
    Ok(if last.kind == "undone" {
        format!("{who} took a decision back {ago}, so it is {} now.", last.to)
    } else {
        format!("{who} {} this {ago}.", last.to)
    })
}

fn versions(policy: i64, model: Option<&str>, in_force: i64) -> String {
    let policy = match policy {
        0 => "built-in policy".to_owned(),
        version => format!("policy {version}"),
    };
    let since = if policy_changed(&policy, in_force) { format!(", now {in_force}") } else { String::new() };
    match model {
        Some(model) => format!("{policy}{since}, model {model}"),
        None => format!("{policy}{since}, no model"),
    }
}

fn policy_changed(policy: &str, in_force: i64) -> bool {
    in_force != 0 && policy != format!("policy {in_force}")
}

/// Only what looks like a language tag becomes an attribute that screen readers act on.
fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len())
        && tag.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn layers<'a>(reasons: &'a [Reason], links: &'a [crate::span::Span]) -> Vec<Layer<'a>> {
    let mut layers = vec![Layer { class: "link", title: "link".to_owned(), number: None, spans: links }];
    for (i, reason) in reasons.iter().enumerate() {
        if reason.terms.is_empty() {
            let title = format!("{}: {}", reason.code, shown::short(&reason.detail, 120));
            layers.push(Layer { class: "rule", title, number: Some(i + 1), spans: &reason.spans });
        }
        for term in reason.terms.iter().take(LISTED_TERMS) {
            let class = match (term.score > 0.0, reason.code.starts_with("toxic")) {
                (true, true) => "toxic",
                (true, false) => "spam",
                (false, _) => "ham",
            };
            let title = format!("{} {}", reason.code, signed(term.score));
            layers.push(Layer { class, title, number: None, spans: &term.spans });
        }
    }
    layers
}

fn evidence(reasons: &[Reason]) -> Vec<Evidence> {
    let most = reasons.iter().map(|reason| reason.score.abs()).fold(1.0, f64::max);
    let row = |(i, reason): (usize, &Reason)| Evidence {
        number: i + 1,
        code: reason.code.to_string(),
        score: signed(reason.score),
        side: side(reason.score),
        weight: 100.0 * reason.score.abs() / most,
        detail: shown::plain(without_terms(reason)),
        terms: reason
            .terms
            .iter()
            .take(LISTED_TERMS)
            .map(|term| (shown::plain(&shown::short(&term.term, 60)), signed(term.score), side(term.score)))
            .collect(),
        in_text: reason.terms.is_empty() && !reason.spans.is_empty(),
    };
    reasons.iter().enumerate().map(row).collect()
}

/// The detail without the list of terms, which stands beside it.
fn without_terms(reason: &Reason) -> &str {
    let end = if reason.terms.is_empty() { None } else { reason.detail.find(" Strongest: ") };
    &reason.detail[..end.unwrap_or(reason.detail.len())]
}

fn side(score: f64) -> &'static str {
    if score > 0.0 {
        "against"
    } else if score < 0.0 {
        "for"
    } else {
        "neither"
    }
}

/// With its sign and two digits: `+1.40`, `−0.32`, `0`.
pub(super) fn signed(score: f64) -> String {
    let rounded = (score * 100.0).round() / 100.0;
    if rounded == 0.0 {
        "0".to_owned()
    } else if rounded < 0.0 {
        format!("−{:.2}", -rounded)
    } else {
        format!("+{rounded:.2}")
    }
}

fn percent(probability: f64) -> String {
    let percent = 100.0 * probability;
    if (percent - percent.round()).abs() < 0.05 { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

fn gauges(verdict: &Verdict, limits: &Thresholds) -> Vec<Gauge> {
    let low = verdict.score.min(-4.0);
    let high = verdict.score.max(limits.reject_score + 3.0);
    let on_scale = |score: f64| (100.0 * (score - low) / (high - low)).clamp(0.0, 100.0);
    let score = Gauge {
        name: "Score",
        value: signed(verdict.score),
        at: Some(on_scale(verdict.score)),
        zero: on_scale(0.0),
        thresholds: vec![
            ("hold", signed(limits.hold_score), on_scale(limits.hold_score)),
            ("reject", signed(limits.reject_score), on_scale(limits.reject_score)),
        ],
    };
    let head = |name, value: Option<f64>, thresholds: Vec<(&'static str, f64)>| Gauge {
        name,
        value: value.map_or_else(|| "not judged".to_owned(), percent),
        at: value.map(|value| 100.0 * value),
        zero: 0.0,
        thresholds: thresholds.into_iter().map(|(what, limit)| (what, percent(limit), 100.0 * limit)).collect(),
    };
    vec![
        score,
        head("Spam", verdict.scores.spam, vec![("hold", limits.hold_spam), ("reject", limits.reject_spam)]),
        head("Toxic", verdict.scores.toxic, vec![("hold", limits.hold_toxic)]),
    ]
}

/// Why a comment is where the pipeline put it, in one sentence.
fn why(verdict: &Verdict, facts: &Facts, limits: &Thresholds) -> String {
    if verdict.model.is_none() {
        return "Held because no model was loaded: rules alone neither approve nor reject, so a person decides."
            .to_owned();
    }
    if !facts.missing.is_empty() {
        return format!("Held because this could not be looked up in time: {}.", facts.missing.join(", "));
    }
    let score = signed(verdict.score);
    let (spam, toxic) = (verdict.scores.spam.unwrap_or(0.0), verdict.scores.toxic.unwrap_or(0.0));
    match verdict.decision {
        Decision::Reject => format!(
            "Rejected because the score of {score} and a spam probability of {} reach this site's limits of {} and {}.",
            percent(spam),
            signed(limits.reject_score),
            percent(limits.reject_spam)
        ),
        Decision::Approve => {
            format!("Approved because the score of {score} and both probabilities stay below what this site holds.")
        }
        Decision::Hold if verdict.score >= limits.hold_score && verdict.score >= limits.reject_score => format!(
            "Held because the score of {score} would reject it, but the classifier is only {} sure that it is spam.",
            percent(spam)
        ),
        Decision::Hold if verdict.score >= limits.hold_score => {
            format!(
                "Held because its score of {score} reaches {}, from which this site holds.",
                signed(limits.hold_score)
            )
        }
        Decision::Hold if toxic >= limits.hold_toxic => format!(
            "Held because the classifier gives toxicity {}, and this site holds from {}.",
            percent(toxic),
            percent(limits.hold_toxic)
        ),
        Decision::Hold if spam >= limits.hold_spam => format!(
            "Held because the classifier gives spam {}, and this site holds from {}.",
            percent(spam),
            percent(limits.hold_spam)
        ),
        Decision::Hold => "Held under an earlier policy of this site; by the one in force it would pass.".to_owned(),
    }
}

/// What a rejection is most likely for.
fn suggested(verdict: &Verdict, limits: &Thresholds) -> (&'static str, &'static str) {
    let (spam, toxic) = (verdict.scores.spam.unwrap_or(0.0), verdict.scores.toxic.unwrap_or(0.0));
    let is_toxic = toxic >= limits.hold_toxic && spam < limits.reject_spam || toxic > 0.5 && toxic > spam;
    if is_toxic { REASONS[1] } else { REASONS[0] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Scores;

    fn verdict(decision: Decision, score: f64, spam: f64, toxic: f64) -> Verdict {
        let scores = Scores { spam: Some(spam), toxic: Some(toxic) };
        Verdict { decision, score, scores, reasons: Vec::new(), policy: 0, model: Some("m".to_owned()) }
    }

    #[test]
    fn the_sentence_names_the_limit_that_was_reached() {
        let limits = Thresholds::default();
        let said = |verdict: Verdict| why(&verdict, &Facts::default(), &limits);
        assert!(said(verdict(Decision::Hold, 2.0, 0.1, 0.1)).contains("+2.00 reaches +1.00"));
        assert!(said(verdict(Decision::Hold, 0.0, 0.71, 0.1)).contains("spam 71 %"));
        assert!(said(verdict(Decision::Hold, 0.0, 0.1, 0.93)).contains("toxicity 93 %"));
        assert!(said(verdict(Decision::Hold, 9.0, 0.9, 0.1)).contains("only 90 % sure"));
        assert!(said(verdict(Decision::Reject, 9.0, 0.991, 0.1)).contains("99.1 %"));
        let unjudged = Verdict { model: None, ..verdict(Decision::Hold, 0.0, 0.0, 0.0) };
        assert!(said(unjudged).contains("no model"));
    }

    #[test]
    fn scores_have_a_sign_and_two_digits() {
        assert_eq!([1.4, -0.321, 0.001, -0.001, 12.0].map(signed), ["+1.40", "−0.32", "0", "0", "+12.00"]);
    }

    #[test]
    fn addresses_are_cut_to_their_network() {
        let cut = |ip: &str| prefix(ip.parse().expect("an address"));
        assert_eq!(cut("203.0.113.9"), "203.0.113.0/24");
        assert_eq!(cut("::ffff:203.0.113.9"), "203.0.113.0/24");
        assert_eq!(cut("2001:db8:1:2::7"), "2001:db8:1::/48");
    }

    #[test]
    fn a_language_is_a_tag() {
        assert!(is_language("de") && is_language("zh-Hant-TW"));
        assert!(!is_language("\" onload") && !is_language("e") && !is_language("de_DE"));
    }
}
