//! Characters that nobody sees, where nothing needs them.

use super::{Match, Rule, plural};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// This few may come from copying.
const FEW: usize = 2;

pub(super) struct InvisibleCharacters;

impl Rule for InvisibleCharacters {
    fn name(&self) -> &'static str {
        "invisible_characters"
    }

    fn description(&self) -> &'static str {
        "Zero-width characters inside words, or controls that turn the direction of text round."
    }

    fn score(&self) -> f64 {
        1.5
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        let disguise = &comment.body.disguise;
        let count = disguise.invisible.len() + disguise.bidi.len();
        if count == 0 {
            return None;
        }
        let mut spans: Vec<_> = disguise.invisible.iter().chain(&disguise.bidi).copied().collect();
        spans.sort_unstable();
        let detail = format!("{} with characters that nobody sees", plural(count, "place"));
        Some(Match::new(detail, spans).times(if count <= FEW { 0.4 } else { 1.0 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn broken_up_words_are_seen() {
        assert!(hits(&InvisibleCharacters, "ca\u{200B}si\u{200B}no"));
        assert!(hits(&InvisibleCharacters, "\u{202E}moc.elpmaxe"));
    }

    #[test]
    fn emoji_and_other_scripts_pass() {
        for text in ["👩\u{200D}💻 ❤\u{FE0F}", "می\u{200C}خواهم", "\u{FEFF}hello", "hello\u{200B} there"] {
            assert!(!hits(&InvisibleCharacters, text), "{text}");
        }
    }
}
