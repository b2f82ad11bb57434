//! Letters of one script in the words of another.

use super::{Match, Rule, plural};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// More places than this make it no worse.
const ENOUGH: usize = 8;

pub(super) struct MixedScripts;

impl Rule for MixedScripts {
    fn name(&self) -> &'static str {
        "mixed_scripts"
    }

    fn description(&self) -> &'static str {
        "Look-alike letters of another script within words, in the text or the name."
    }

    fn score(&self) -> f64 {
        1.5
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        let spans = comment.body.disguise.look_alike.clone();
        let count = spans.len() + comment.name.disguise.look_alike.len();
        if count == 0 {
            return None;
        }
        let detail = format!("{} of another script inside words", plural(count, "look-alike"));
        Some(Match::new(detail, spans).times((0.25 * count.min(ENOUGH) as f64).max(0.4)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn look_alikes_inside_words_are_seen() {
        assert!(hits(&MixedScripts, "your pаypаl account"));
        assert!(hits(&MixedScripts, "нa этом сайте зaрaботок"));
    }

    #[test]
    fn words_of_two_languages_pass() {
        for text in ["I love борщ", "мой iPhone и VPN", "Δt is 5 μs", "我的iPhone", "IT-специалист"]
        {
            assert!(!hits(&MixedScripts, text), "{text}");
        }
    }
}
