//! Why a comment is where it is: the sentence, the distance to the thresholds, and every reason with its place in the text.

use super::shown::{self, Layer, Piece};
use super::texts::{Text, of, t};
use super::{reader, texts};
use crate::facts::Facts;
use crate::policy::{HOLD_EVERYTHING, Thresholds};
use crate::span::Span;
use crate::verdict::{Decision, Reason, Verdict};

/// Reasons that a moderator can give for a rejection; their words are texts.
pub(super) const REASONS: [&str; 6] = ["spam", "toxic", "off-topic", "illegal", "personal-data", "other"];

/// Terms of a classifier that are listed.
const LISTED_TERMS: usize = 8;

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
    /// What its rule looks for, where the detail is not in the reader's language.
    pub looks_for: Option<Text>,
    pub detail: Vec<Piece>,
    pub terms: Vec<(Vec<Piece>, String, &'static str)>,
    pub in_text: bool,
}

/// What is marked in the text: links, letters of another script, and the evidence.
pub(super) fn layers<'a>(reasons: &'a [Reason], links: &'a [Span], twins: &'a [Span]) -> Vec<Layer<'a>> {
    let mut layers = vec![
        Layer { class: "link", title: t("mark-link").to_string(), number: None, spans: links },
        Layer { class: "twin", title: t("mark-twin").to_string(), number: None, spans: twins },
    ];
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

pub(super) fn evidence(reasons: &[Reason]) -> Vec<Evidence> {
    let most = reasons.iter().map(|reason| reason.score.abs()).fold(1.0, f64::max);
    let row = |(i, reason): (usize, &Reason)| Evidence {
        number: i + 1,
        code: reason.code.to_string(),
        score: signed(reason.score),
        side: side(reason.score),
        weight: 100.0 * reason.score.abs() / most,
        looks_for: texts::rule(&reason.code).filter(|_| reader::language() != texts::fallback()),
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
    match percent {
        // Never rounded to certainty: what is rejected lies up here.
        99.9..100.0 => format!("{:.2} %", percent.min(99.99)),
        _ if (percent - percent.round()).abs() < 0.05 => format!("{percent:.0} %"),
        _ => format!("{percent:.1} %"),
    }
}

pub(super) fn gauges(verdict: &Verdict, limits: &Thresholds) -> Vec<Gauge> {
    // Limits that no score reaches are no places on a scale.
    let is_reached = |limit: &f64| limit.abs() < HOLD_EVERYTHING.abs();
    let low = verdict.score.min(-4.0);
    let high = verdict.score.max(Some(limits.reject_score).filter(is_reached).unwrap_or(7.0) + 3.0);
    let on_scale = |score: f64| (100.0 * (score - low) / (high - low)).clamp(0.0, 100.0);
    let score = Gauge {
        name: "score",
        value: signed(verdict.score),
        at: Some(on_scale(verdict.score)),
        zero: on_scale(0.0),
        thresholds: [("hold", limits.hold_score), ("reject", limits.reject_score)]
            .into_iter()
            .filter(|(_, limit)| is_reached(limit))
            .map(|(what, limit)| (what, signed(limit), on_scale(limit)))
            .collect(),
    };
    let head = |name, value: Option<f64>, thresholds: Vec<(&'static str, f64)>| Gauge {
        name,
        value: value.map_or_else(|| t("gauge-not-judged").to_string(), percent),
        at: value.map(|value| 100.0 * value),
        zero: 0.0,
        thresholds: thresholds.into_iter().map(|(what, limit)| (what, percent(limit), 100.0 * limit)).collect(),
    };
    vec![
        score,
        head("spam", verdict.scores.spam, vec![("hold", limits.hold_spam), ("reject", limits.reject_spam)]),
        head("toxic", verdict.scores.toxic, vec![("hold", limits.hold_toxic)]),
    ]
}

/// Why a comment is where the pipeline put it, in one sentence.
pub(super) fn why(verdict: &Verdict, facts: &Facts, limits: &Thresholds) -> Text {
    if facts.standing.is_some() && facts.missing.is_empty() {
        return t("why-standing").with("status", of("status", verdict.decision.status()));
    }
    if verdict.model.is_none() {
        return t("why-no-model");
    }
    if !facts.missing.is_empty() {
        return t("why-missing").with("stages", facts.missing.join(", "));
    }
    let score = signed(verdict.score);
    let (spam, toxic) = (verdict.scores.spam.unwrap_or(0.0), verdict.scores.toxic.unwrap_or(0.0));
    match verdict.decision {
        Decision::Reject => t("why-rejected")
            .with("score", score)
            .with("spam", percent(spam))
            .with("limit", signed(limits.reject_score))
            .with("sure", percent(limits.reject_spam)),
        Decision::Approve => t("why-approved").with("score", score),
        Decision::Hold if limits.hold_score <= HOLD_EVERYTHING => t("why-everything"),
        Decision::Hold if verdict.score >= limits.hold_score && verdict.score >= limits.reject_score => {
            t("why-unsure").with("score", score).with("spam", percent(spam))
        }
        Decision::Hold if verdict.score >= limits.hold_score => {
            t("why-score").with("score", score).with("limit", signed(limits.hold_score))
        }
        Decision::Hold if toxic >= limits.hold_toxic => {
            t("why-toxic").with("toxic", percent(toxic)).with("limit", percent(limits.hold_toxic))
        }
        Decision::Hold if spam >= limits.hold_spam => {
            t("why-spam").with("spam", percent(spam)).with("limit", percent(limits.hold_spam))
        }
        Decision::Hold => t("why-earlier"),
    }
}

/// What a rejection is most likely for.
pub(super) fn suggested(verdict: &Verdict, limits: &Thresholds) -> &'static str {
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
        let said = |verdict: Verdict| why(&verdict, &Facts::default(), &limits).to_string();
        assert!(said(verdict(Decision::Hold, 2.0, 0.1, 0.1)).contains("+2.00 reaches +1.00"));
        assert!(said(verdict(Decision::Hold, 0.0, 0.71, 0.1)).contains("spam 71 %"));
        assert!(said(verdict(Decision::Hold, 0.0, 0.999_99, 0.1)).contains("spam 99.99 %"));
        assert!(said(verdict(Decision::Hold, 0.0, 0.1, 0.98)).contains("toxicity 98 %"));
        assert!(said(verdict(Decision::Hold, 9.0, 0.9, 0.1)).contains("only 90 % sure"));
        assert!(said(verdict(Decision::Reject, 9.0, 0.991, 0.1)).contains("99.1 %"));
        let unjudged = Verdict { model: None, ..verdict(Decision::Hold, 0.0, 0.0, 0.0) };
        assert!(said(unjudged).contains("no model"));
    }

    #[test]
    fn a_limit_that_no_score_reaches_is_not_on_the_scale() {
        let score = |limits: &Thresholds| gauges(&verdict(Decision::Hold, 2.0, 0.1, 0.1), limits).swap_remove(0);
        assert_eq!(score(&Thresholds::default()).thresholds.len(), 2);
        let everything = Thresholds { hold_score: HOLD_EVERYTHING, reject_score: 1_000.0, ..Thresholds::default() };
        let gauge = score(&everything);
        assert!(gauge.thresholds.is_empty() && gauge.bar().1 > 10.0, "{:?}", gauge.bar());
    }

    #[test]
    fn scores_have_a_sign_and_two_digits() {
        assert_eq!([1.4, -0.321, 0.001, -0.001, 12.0].map(signed), ["+1.40", "−0.32", "0", "0", "+12.00"]);
    }
}
