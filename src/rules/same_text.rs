//! A text that was sent before.

use super::{Match, Rule, plural};
use crate::comment::Comment;
use crate::facts::{Facts, TextFacts};
use crate::letters;
use crate::policy::Policy;

/// Shorter texts (“Thank you!”) are the same by chance.
const MIN_LETTERS: usize = 25;

/// Most that repetition multiplies the score by.
const MAX_STRENGTH: f64 = 3.0;

pub(super) struct SameText;

impl Rule for SameText {
    fn name(&self) -> &'static str {
        "same_text"
    }

    fn description(&self) -> &'static str {
        "The same text was sent before; more so by others or if it was rejected."
    }

    fn score(&self) -> f64 {
        1.0
    }

    fn check(&self, comment: &Comment, facts: &Facts, _: &Policy) -> Option<Match> {
        let strength = strength(comment, &facts.same_text)?;
        Some(Match::new(describe(&facts.same_text, "this very text"), Vec::new()).times(strength))
    }
}

/// How much it says that a text came before; `None` where it did not, or is too short to say anything.
pub(super) fn strength(comment: &Comment, seen: &TextFacts) -> Option<f64> {
    if seen.count == 0 {
        return None;
    }
    let letters = comment.body.plain.text.chars().filter(|c| letters::is_alphanumeric(*c)).take(MIN_LETTERS).count();
    // A syllable of Chinese or Korean says as much as three letters.
    let dense = comment
        .body
        .plain
        .text
        .chars()
        .filter(|c| *c as u32 >= 0x2E80 && letters::is_alphabetic(*c))
        .take(MIN_LETTERS)
        .count();
    if letters + 2 * dense < MIN_LETTERS && seen.rejected == 0 {
        return None;
    }
    // Somebody who sends a comment twice has lost patience with a form.
    let again = if seen.other_authors == 0 { 0.4 } else { 1.0 };
    let often = 1.0 + f64::from(seen.count).log2() / 3.0;
    let rejected = 1.0 + f64::from(seen.rejected) / f64::from(seen.count.max(seen.rejected));
    Some((again * often * rejected).min(MAX_STRENGTH))
}

pub(super) fn describe(seen: &TextFacts, what: &str) -> String {
    let comments = plural(seen.count as usize, "recent comment");
    format!("{comments} with {what}: {} by others, {} rejected", seen.other_authors, seen.rejected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::comment;

    const TEXT: &str = "This product has changed my whole life, truly.";

    fn strength_of(text: &str, count: u32, other_authors: u32, rejected: u32) -> Option<f64> {
        let facts = Facts { same_text: TextFacts { count, other_authors, rejected }, ..Facts::default() };
        SameText.check(&comment(text), &facts, &Policy::built_in()).map(|seen| seen.strength)
    }

    #[test]
    fn repetition_counts_by_others_and_if_rejected() {
        let once_more = strength_of(TEXT, 1, 0, 0).expect("a hit");
        let by_another = strength_of(TEXT, 1, 1, 0).expect("a hit");
        let rejected = strength_of(TEXT, 1, 1, 1).expect("a hit");
        assert!(once_more < by_another && by_another < rejected);
        assert!(strength_of("ok", 3, 3, 3).is_some());
    }

    #[test]
    fn short_and_new_texts_do_not() {
        assert_eq!(strength_of(TEXT, 0, 0, 0), None);
        assert_eq!(strength_of("Thank you so much!", 9, 9, 0), None);
    }
}
