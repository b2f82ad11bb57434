//! The site's own regular expressions.

use super::{Match, Rule, listing};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// Most places of one pattern that are shown.
const MAX_PLACES: usize = 20;

pub(super) struct Pattern;

impl Rule for Pattern {
    fn name(&self) -> &'static str {
        "pattern"
    }

    fn description(&self) -> &'static str {
        "A regular expression from the policy matches the visible text; each has a score of its own, which this one scales."
    }

    fn score(&self) -> f64 {
        1.0
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let visible = &comment.body.visible;
        let mut notes = Vec::new();
        let mut spans = Vec::new();
        let mut sum = 0.0;
        for (regex, pattern) in policy.patterns.iter().zip(&policy.document.patterns) {
            let before = spans.len();
            let mut places = visible.places();
            let found = regex.find_iter(&visible.text).filter(|found| !found.is_empty());
            spans.extend(found.take(MAX_PLACES).map(|found| places.span(found.range())));
            if spans.len() > before {
                sum += pattern.score;
                notes.push(if pattern.note.is_empty() { pattern.regex.as_str() } else { pattern.note.as_str() });
            }
        }
        if notes.is_empty() {
            return None;
        }
        spans.sort_unstable();
        Some(
            Match::new(format!("Matches the site's pattern: {}", listing(notes.into_iter())), spans)
                .times(sum / self.score()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{hits_with, strength_with};

    const POLICY: &str =
        r#"{"patterns": [{"regex": "gn[o0]me\\b", "score": 2.5, "note": "gnomes"}, {"regex": "^hi", "score": -1.0}]}"#;

    #[test]
    fn patterns_match_in_any_case_with_their_own_score() {
        assert_eq!(strength_with(&Pattern, "my GN0ME", POLICY), Some(2.5));
        assert_eq!(strength_with(&Pattern, "Hi gnome", POLICY), Some(1.5));
    }

    #[test]
    fn other_text_does_not() {
        assert!(!hits_with(&Pattern, "gnomes", POLICY));
    }
}
