//! Words that had to be undone: `v1agra`, `v i a g r a`, `𝓿𝓲𝓪𝓰𝓻𝓪`, letters under piles of marks.

use super::{Match, Rule, plural};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// More places than this make it no worse.
const ENOUGH: usize = 4;

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
        let kinds = |disguise: &crate::normalize::Disguise| {
            [
                ("with digits or signs for letters", disguise.leet.clone()),
                ("with letters set apart", disguise.spaced.clone()),
                ("in styled letters", disguise.styled.clone()),
                ("under piles of marks", disguise.stacked_marks.clone()),
            ]
        };
        let in_text = kinds(&comment.body.disguise);
        let in_name = kinds(&comment.name.disguise);
        let mut parts = Vec::new();
        let mut count = 0;
        for ((what, text), (_, name)) in in_text.iter().zip(&in_name) {
            let places = text.len() + name.len();
            count += places;
            if places > 0 {
                parts.push(format!("{} {what}", plural(places, "place")));
            }
        }
        if count == 0 {
            return None;
        }
        let mut spans: Vec<_> = in_text.into_iter().flat_map(|(_, spans)| spans).collect();
        spans.sort_unstable();
        Some(Match::new(parts.join(", "), spans).times(0.5 + 0.5 * count.min(ENOUGH) as f64 / 2.0))
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
