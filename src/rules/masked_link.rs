//! Links that show one address and lead to another.

use super::{Match, Rule, counted_links};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

pub(super) struct MaskedLink;

impl Rule for MaskedLink {
    fn name(&self) -> &'static str {
        "masked_link"
    }

    fn description(&self) -> &'static str {
        "A link that shows the address of one site and leads to another."
    }

    fn score(&self) -> f64 {
        2.5
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        counted_links(comment, policy).into_iter().find_map(|link| {
            let shown = link.false_front()?;
            Some(Match::new(format!("A link shows {shown} and leads to {}", link.host), vec![link.span]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn a_false_front_is_seen() {
        assert!(hits(&MaskedLink, "<a href=\"http://evil.example.net/\">www.paypal.com</a>"));
    }

    #[test]
    fn honest_links_pass() {
        for text in [
            "<a href=\"http://www.example.com/\">example.com</a>",
            "<a href=\"http://shop.example.com/\">www.example.com</a>",
            "<a href=\"http://example.com/\">this page</a>",
            "<a href=\"http://microsoft.example.com/\">ASP and so on. Really</a>",
        ] {
            assert!(!hits(&MaskedLink, text), "{text}");
        }
    }
}
