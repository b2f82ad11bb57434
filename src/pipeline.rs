//! The way of a comment: normalise → limit → facts → assess (rules, classifier, policy) → record → reply.
//!
//! Awaiting happens here; deciding is [`assess`], a pure function, which replays and tests call too.

use std::borrow::Cow;

use crate::classifier::{HeadScore, Judgement, Model};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;
use crate::rules;
use crate::verdict::{Decision, Reason, Scores, Verdict};

/// Judges a comment: a pure function of what it is given, without database, clock or network.
///
/// A comment that could not be judged completely (no model, a fact that is missing) is held, whatever else was found.
pub fn assess(comment: &Comment, facts: &Facts, policy: &Policy, model: Option<&Model>) -> Verdict {
    let Judgement { spam, toxic } = model.map(|model| model.judge(comment)).unwrap_or_default();
    let scores =
        Scores { spam: spam.as_ref().map(|head| head.probability), toxic: toxic.as_ref().map(|head| head.probability) };

    let mut reasons: Vec<Reason> = rules::run(comment, facts, policy).into_iter().map(from_rule).collect();
    reasons.extend(spam.map(from_spam_head));
    reasons.extend(toxic.map(from_toxic_head));
    reasons.extend(what_is_missing(facts, model));
    reasons.sort_by(|a, b| b.score.abs().total_cmp(&a.score.abs()).then_with(|| a.code.cmp(&b.code)));

    let score = reasons.iter().map(|reason| reason.score).sum();
    let complete = model.is_some() && facts.missing.is_empty();
    let decision = if complete { policy.decide(score, scores) } else { Decision::Hold };
    Verdict { decision, score, scores, reasons, policy: policy.version, model: model.map(|m| m.version.clone()) }
}

fn from_rule(hit: rules::Hit) -> Reason {
    Reason {
        code: Cow::Borrowed(hit.code),
        score: hit.score,
        detail: hit.seen.detail,
        spans: hit.seen.spans,
        terms: Vec::new(),
    }
}

/// The spam head counts in full: what looks like an ordinary comment speaks for it.
fn from_spam_head(head: HeadScore) -> Reason {
    from_head("spam.classifier", "spam", head.log_odds, head)
}

/// The toxic head counts only where it finds toxicity: that a comment is friendly says nothing about its being spam.
fn from_toxic_head(head: HeadScore) -> Reason {
    from_head("toxic.classifier", "toxicity", head.log_odds.max(0.0), head)
}

fn from_head(code: &'static str, what: &str, score: f64, head: HeadScore) -> Reason {
    let mut detail = format!("The classifier gives {what} a probability of {:.1} %.", 100.0 * head.probability);
    if !head.terms.is_empty() {
        let terms: Vec<String> = head.terms.iter().map(|term| format!("{} {:+.2}", term.term, term.score)).collect();
        detail.push_str(&format!(" Strongest: {}.", terms.join(", ")));
    }
    let mut spans: Vec<_> = head.terms.iter().filter(|t| t.score > 0.0).flat_map(|t| t.spans.iter().copied()).collect();
    spans.sort_unstable();
    spans.dedup();
    Reason { code: Cow::Borrowed(code), score, detail, spans, terms: head.terms }
}

fn what_is_missing(facts: &Facts, model: Option<&Model>) -> Vec<Reason> {
    let reason = |code, detail: String| Reason { code, score: 0.0, detail, spans: Vec::new(), terms: Vec::new() };
    let mut reasons = Vec::new();
    if model.is_none() {
        let detail = "There is no usable model: rules alone cannot approve or reject, so a person decides.";
        reasons.push(reason(Cow::Borrowed("missing.model"), detail.to_owned()));
    }
    if !facts.missing.is_empty() {
        let stages = facts.missing.join(", ");
        let detail = format!("Not known in time: {stages}. A person decides.");
        reasons.push(reason(Cow::Borrowed("missing.facts"), detail));
    }
    reasons
}
