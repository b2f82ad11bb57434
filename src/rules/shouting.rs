//! TEXT LIKE THIS.

use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::letters;
use crate::policy::Policy;

/// Shorter comments are mostly acronyms and interjections.
const MIN_LETTERS: usize = 12;

pub(super) struct Shouting;

impl Rule for Shouting {
    fn name(&self) -> &'static str {
        "shouting"
    }

    fn description(&self) -> &'static str {
        "Most letters are capitals. Rude at worst, so it counts little."
    }

    fn score(&self) -> f64 {
        0.3
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        // Scripts without case (Chinese, Arabic) have neither kind of letter.
        let (mut upper, mut lower) = (0, 0);
        for c in comment.body.visible.text.chars() {
            upper += usize::from(letters::is_uppercase(c));
            lower += usize::from(letters::is_lowercase(c));
        }
        let percent = (100_usize * upper).checked_div(upper + lower)?;
        (upper + lower >= MIN_LETTERS && percent > 70)
            .then(|| Match::new(format!("{percent} % of the letters are capitals"), Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn capitals_throughout_are_shouting() {
        assert!(hits(&Shouting, "THIS IS THE BEST SHOP ever"));
        assert!(hits(&Shouting, "ЗАХОДИТЕ КО МНЕ НА КАНАЛ"));
    }

    #[test]
    fn ordinary_text_passes() {
        assert!(!hits(&Shouting, "I work at NASA and the IEEE."));
        assert!(!hits(&Shouting, "LOL OMG"));
        assert!(!hits(&Shouting, "这是一个普通的评论而已没有别的意思"));
    }
}
