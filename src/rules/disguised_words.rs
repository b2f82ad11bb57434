//! Words that had to be undone: `v1agra`, `v i a g r a`, `𝓿𝓲𝓪𝓰𝓻𝓪`, letters under piles of marks.

use super::{Match, Rule, plural};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// More than this makes it no worse.
const MAX_STRENGTH: f64 = 2.5;

pub(super) struct DisguisedWords;

impl Rule for DisguisedWords {
    fn name(&self) -> &'static str {
        "disguised_words"
    }

    fn description(&self) -> &'static str {
        "Digits for letters, letters set apart, styled letters or piles of marks, in the text or the name."
    }

    fn score(&self) -> f64 {
        1.0
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        let (text, name) = (&comment.body.disguise, &comment.name.disguise);
        // Digits in names are what is left when a name is taken; in texts they are also a joke.
        let kinds = [
            ("with digits or signs for letters", 0.4, &text.leet, 0),
            ("with letters set apart", 0.8, &text.spaced, name.spaced.len()),
            ("in styled letters", 1.0, &text.styled, name.styled.len()),
            ("under piles of marks", 1.0, &text.stacked_marks, name.stacked_marks.len()),
        ];
        let mut parts = Vec::new();
        let mut strength: f64 = 0.0;
        for (what, each, spans, in_name) in kinds {
            let places = spans.len() + in_name;
            strength += each * places as f64;
            if places > 0 {
                parts.push(format!("{} {what}", plural(places, "place")));
            }
        }
        if parts.is_empty() {
            return None;
        }
        let mut spans: Vec<_> = kinds.into_iter().flat_map(|(_, _, spans, _)| spans.iter().copied()).collect();
        spans.sort_unstable();
        Some(Match::new(parts.join(", "), spans).times(strength.min(MAX_STRENGTH)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{detail, hits};

    #[test]
    fn disguise_is_counted_by_kind() {
        assert_eq!(
            detail(&DisguisedWords, "V1agra and c a s i n o at 𝐒𝐆𝐈𝟖𝟖").as_deref(),
            Some("1 place with digits or signs for letters, 1 place with letters set apart, 1 place in styled letters")
        );
    }

    #[test]
    fn names_initials_and_formulas_pass() {
        for text in ["my mp3 and b2b", "J. R. R. Tolkien", "x² = ℝ", "A B C D E F", "$100 at 5pm, U.S.A."] {
            assert!(!hits(&DisguisedWords, text), "{text}");
        }
    }
}
