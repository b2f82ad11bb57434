//! Texts in which the author's name is the advertisement.

use super::{Match, Rule, counted_links};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// Shorter names are words of every text.
const MIN_NAME: usize = 5;

pub(super) struct RepeatedName;

impl Rule for RepeatedName {
    fn name(&self) -> &'static str {
        "repeated_name"
    }

    fn description(&self) -> &'static str {
        "The text links its author's name, or says it twice or more."
    }

    fn score(&self) -> f64 {
        1.2
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let name = comment.name.plain.text.trim();
        if name.chars().count() < MIN_NAME {
            return None;
        }
        let links = counted_links(comment, policy);
        if let Some(link) = links.iter().find(|link| link.anchor.to_lowercase().trim() == name) {
            return Some(Match::new("A link whose words are the author's name", vec![link.span]));
        }
        let plain = &comment.body.plain;
        let mut places = plain.places();
        let spans: Vec<_> = plain.text.match_indices(name).map(|(at, _)| places.span(at..at + name.len())).collect();
        let count = spans.len();
        (count >= 2 && name.contains(' '))
            .then(|| Match::new(format!("The author's name stands {count} times in the text"), spans))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Submission;
    use crate::rules::testing::hits_submission;

    fn by(name: &str, text: &str) -> bool {
        let submission = Submission { name: Some(name.to_owned()), text: text.to_owned(), ..Submission::default() };
        hits_submission(&RepeatedName, submission)
    }

    #[test]
    fn advertised_names_are_seen() {
        assert!(by("Garden Chairs", "I like <a href='http://e.example'>garden chairs</a>."));
        assert!(by("Garden Chairs", "Garden chairs are good, so buy garden chairs."));
    }

    #[test]
    fn signatures_pass() {
        assert!(!by("Ann Miller", "I agree. Regards, Ann Miller"));
        assert!(!by("Ann", "<a href='http://e.example'>Ann</a>"));
    }
}
