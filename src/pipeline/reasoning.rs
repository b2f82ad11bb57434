//! A verdict's reasons in words.

use std::borrow::Cow;
use std::fmt::Write;

use crate::classifier::HeadScore;
use crate::facts::{Facts, StandingFact};
use crate::rules;
use crate::verdict::{Reason, Term};

pub(super) fn from_rule(hit: rules::Hit) -> Reason {
    Reason {
        code: Cow::Borrowed(hit.code),
        score: rounded(hit.score),
        detail: hit.seen.detail,
        spans: hit.seen.spans,
        terms: Vec::new(),
    }
}

/// The spam head counts in full: what looks like an ordinary comment speaks for it.
pub(super) fn from_spam_head(head: HeadScore) -> Reason {
    let told = telling(&["The classifier gives spam a probability of "], &head);
    from_head("spam.classifier", told, head.log_odds, head)
}

/// The toxic head counts only where it finds toxicity: that a comment is friendly says nothing about its being spam.
pub(super) fn from_toxic_head(head: HeadScore) -> Reason {
    let told = telling(&["The classifier gives toxicity a probability of "], &head);
    from_head("toxic.classifier", told, head.log_odds.max(0.0), head)
}

/// What the site's moderators have taught about spam counts in full, like what they taught it to.
pub(super) fn from_spam_lesson(taught: HeadScore) -> Reason {
    from_lesson("spam.learned", "spam", taught.log_odds, taught)
}

/// Of what was taught about toxicity counts what it changes in the score of the toxic head, whose log-odds are `known`.
pub(super) fn from_toxic_lesson(known: f64, taught: HeadScore) -> Reason {
    let score = (known + taught.log_odds).max(0.0) - known.max(0.0);
    from_lesson("toxic.learned", "toxicity", score, taught)
}

fn from_lesson(code: &'static str, what: &str, score: f64, taught: HeadScore) -> Reason {
    let turned = if taught.log_odds > 0.0 { " more likely: " } else { " less likely: " };
    let told = telling(&["What this site's moderators decided makes ", what, turned], &taught);
    from_head(code, told, score, taught)
}

/// A sentence that ends with a head's probability.
fn telling(words: &[&str], head: &HeadScore) -> String {
    let mut detail = String::with_capacity(96 + head.terms.iter().map(|term| term.term.len() + 8).sum::<usize>());
    detail.extend(words.iter().copied());
    push_decimal(&mut detail, 100.0 * head.probability, 1);
    detail.push_str(" %.");
    detail
}

fn from_head(code: &'static str, mut detail: String, score: f64, head: HeadScore) -> Reason {
    for (i, term) in head.terms.iter().enumerate() {
        detail.extend([if i == 0 { " Strongest: " } else { ", " }, term.term.as_str(), " "]);
        if term.score.is_sign_positive() {
            detail.push('+');
        }
        push_decimal(&mut detail, term.score, 2);
    }
    if !head.terms.is_empty() {
        detail.push('.');
    }
    let mut spans: Vec<_> = head.terms.iter().filter(|t| t.score > 0.0).flat_map(|t| t.spans.iter().copied()).collect();
    spans.sort_unstable();
    spans.dedup();
    let terms = head.terms.into_iter().map(|term| Term { score: rounded(term.score), ..term }).collect();
    Reason { code: Cow::Borrowed(code), score: rounded(score), detail, spans, terms }
}

/// To four decimal places: what a ten-thousandth more of log-odds says is noise, and every reason is sent and stored.
pub(super) fn rounded(score: f64) -> f64 {
    (score * 1e4).round() / 1e4
}

/// Writes a number with one or two decimal places, as `{:.1}` and `{:.2}` do. A verdict has a dozen of them, and the standard
/// library, which is made for any number of places, would take a tenth of the decision.
fn push_decimal(text: &mut String, number: f64, places: u32) {
    let scale = 10_u64.pow(places);
    match scaled(number.abs(), scale) {
        Some(scaled) => {
            if number.is_sign_negative() {
                text.push('-');
            }
            push_digits(text, scaled / scale, 1);
            text.push('.');
            push_digits(text, scaled % scale, places as usize);
        }
        // Writing to a string cannot fail.
        None => {
            let _ = write!(text, "{number:.*}", places as usize);
        }
    }
}

/// `number` times `scale`, rounded; `None` where that is not plain: halves, great numbers, none at all.
fn scaled(number: f64, scale: u64) -> Option<u64> {
    const FRACTION: u32 = f64::MANTISSA_DIGITS - 1;
    if !(1e-9..1e9).contains(&number) {
        return None;
    }
    // number = whole / 2^places, exactly.
    let bits = number.to_bits();
    let whole = bits & ((1 << FRACTION) - 1) | 1 << FRACTION;
    let places = 1_075 - (bits >> FRACTION);
    let product = u128::from(whole * scale);
    let (rest, half) = (product & ((1 << places) - 1), 1 << (places - 1));
    (rest != half).then(|| (product >> places) as u64 + u64::from(rest > half))
}

/// Writes the digits of a number, at least `least` of them.
fn push_digits(text: &mut String, number: u64, least: usize) {
    let mut digits = [b'0'; 20];
    let (mut start, mut rest) = (digits.len(), number);
    while rest > 0 {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let start = start.min(digits.len() - least);
    text.extend(digits[start..].iter().map(|digit| char::from(*digit)));
}

/// What a moderator decided about the same text.
pub(super) fn from_standing(standing: &StandingFact) -> Reason {
    let what = if standing.is_same { "this text" } else { "nearly this text" };
    let why = standing.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    let done = standing.decision.status();
    let (at, until) = (standing.at.strftime("%Y-%m-%d %H:%M"), standing.until.strftime("%Y-%m-%d %H:%M"));
    let detail = format!("A moderator decided on {at} UTC that {what} is {done}{why} until {until} UTC.");
    Reason { code: Cow::Borrowed("standing.decision"), score: 0.0, detail, spans: Vec::new(), terms: Vec::new() }
}

pub(super) fn what_is_missing(facts: &Facts, has_model: bool) -> Vec<Reason> {
    let reason = |code, detail: String| Reason { code, score: 0.0, detail, spans: Vec::new(), terms: Vec::new() };
    let mut reasons = Vec::new();
    if !has_model {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(number: f64) {
        for places in [1, 2] {
            let mut text = String::new();
            push_decimal(&mut text, number, places);
            assert_eq!(text, format!("{number:.*}", places as usize), "{number:e}");
        }
    }

    #[test]
    fn special_numbers_are_written_as_the_standard_library_writes_them() {
        for number in [0.0, 0.005, 0.125, 0.25, 0.05, 0.15, 0.995, 9.995, 99.95, 1e-9, 1e9, 1e300, f64::INFINITY] {
            check(number);
            check(-number);
        }
        check(f64::NAN);
    }

    proptest! {
        #[test]
        fn any_number_is_written_as_the_standard_library_writes_it(number in any::<f64>(), small in -200.0..200.0, n in 0..400_000) {
            check(number);
            check(small);
            check(f64::from(n) / 1_000.0);
        }
    }
}
