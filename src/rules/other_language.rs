//! Texts in a language that the site does not expect.

use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::language::language;
use crate::policy::Policy;

pub(super) struct OtherLanguage;

impl Rule for OtherLanguage {
    fn name(&self) -> &'static str {
        "other_language"
    }

    fn description(&self) -> &'static str {
        "Written in none of the policy's `languages`, where it has any. Visitors write in their own language, so it counts little."
    }

    fn score(&self) -> f64 {
        0.3
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        if policy.languages.is_empty() {
            return None;
        }
        let found = language(comment.body.reading())?;
        let expected = policy.languages.contains(&found);
        (!expected)
            .then(|| Match::new(format!("Written in another language than the site's: {}", found.code()), Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{hits, hits_with};

    const GERMAN: &str = "Ich sehe das ganz anders als der Autor, und die Zahlen sind auch nicht von heute.";
    const RUSSIAN: &str = "Я читал эту статью вчера, спорная мысль, но написано хорошо.";

    #[test]
    fn a_language_that_the_site_does_not_have_is_seen() {
        assert!(hits_with(&OtherLanguage, GERMAN, r#"{"languages": ["en", "fr"]}"#));
        assert!(hits_with(&OtherLanguage, RUSSIAN, r#"{"languages": ["uk"]}"#));
    }

    #[test]
    fn its_own_languages_unsure_texts_and_sites_that_expect_none_pass() {
        assert!(!hits_with(&OtherLanguage, GERMAN, r#"{"languages": ["de"]}"#));
        assert!(!hits_with(&OtherLanguage, RUSSIAN, r#"{"languages": ["de", "ru"]}"#));
        assert!(!hits_with(&OtherLanguage, "lol 👍 100 %", r#"{"languages": ["de"]}"#));
        assert!(!hits(&OtherLanguage, GERMAN) && !hits(&OtherLanguage, RUSSIAN));
    }
}
