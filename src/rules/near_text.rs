//! A text that was sent before in other words.

use super::{Match, Rule, same_text};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

pub(super) struct NearText;

impl Rule for NearText {
    fn name(&self) -> &'static str {
        "near_text"
    }

    fn description(&self) -> &'static str {
        "Nearly the same text was sent before; more so by others or if it was rejected."
    }

    fn score(&self) -> f64 {
        0.8
    }

    fn check(&self, comment: &Comment, facts: &Facts, _: &Policy) -> Option<Match> {
        let strength = same_text::strength(comment, &facts.near_text)?;
        Some(Match::new(same_text::describe(&facts.near_text, "nearly this text"), Vec::new()).times(strength))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::TextFacts;
    use crate::rules::testing::comment;

    #[test]
    fn near_texts_count_and_none_do_not() {
        let near_text = TextFacts { count: 4, other_authors: 3, rejected: 2 };
        let comment = comment("This product has changed my entire life, truly.");
        let seen = NearText.check(&comment, &Facts { near_text, ..Facts::default() }, &Policy::built_in());
        assert_eq!(seen.expect("a hit").detail, "4 recent comments with nearly this text: 3 by others, 2 rejected");
        assert_eq!(NearText.check(&comment, &Facts::default(), &Policy::built_in()), None);
    }
}
