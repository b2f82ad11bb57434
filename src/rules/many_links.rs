//! More links than a comment needs.

use std::collections::BTreeSet;

use super::{Match, Rule, counted_links, plural};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// People who back up what they say give up to this many.
const USUAL: usize = 2;

/// More than this many make it no worse.
const MAX_STRENGTH: f64 = 8.0;

pub(super) struct ManyLinks;

impl Rule for ManyLinks {
    fn name(&self) -> &'static str {
        "many_links"
    }

    fn description(&self) -> &'static str {
        "Three or more links to sites that the policy does not trust; each further one counts again."
    }

    fn score(&self) -> f64 {
        0.3
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let links = counted_links(comment, policy);
        if links.len() <= USUAL {
            return None;
        }
        let sites: BTreeSet<&str> = links.iter().map(|link| link.domain.as_str()).collect();
        let detail = format!("{} links to {}", links.len(), plural(sites.len(), "different site"));
        let spans = links.iter().map(|link| link.span).collect();
        Some(Match::new(detail, spans).times(((links.len() - USUAL) as f64).min(MAX_STRENGTH)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{detail, hits, hits_with};

    #[test]
    fn three_links_are_many() {
        let text = "http://a.example/1 and http://a.example/2 and <a href='http://b.example'>b</a>";
        assert_eq!(detail(&ManyLinks, text).as_deref(), Some("3 links to 2 different sites"));
    }

    #[test]
    fn one_or_two_and_trusted_ones_are_not() {
        assert!(!hits(&ManyLinks, "see https://a.example/x and https://b.example/y"));
        let links = "https://a.example/x https://b.example/y https://docs.friend.example/z";
        assert!(hits(&ManyLinks, links));
        assert!(!hits_with(&ManyLinks, links, r#"{"lists": {"trusted_domains": ["friend.example"]}}"#));
    }
}
