//! Links that hide where they lead.

use super::{Match, Rule, counted_links};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::lists;
use crate::policy::Policy;

pub(super) struct ShortLink;

impl Rule for ShortLink {
    fn name(&self) -> &'static str {
        "short_link"
    }

    fn description(&self) -> &'static str {
        "A link through a service that shortens addresses."
    }

    fn score(&self) -> f64 {
        0.7
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let links = counted_links(comment, policy);
        let mut short = links.iter().filter(|link| lists::is_shortener(&link.host)).peekable();
        let first = short.peek()?;
        let detail = format!("A link through {}, which hides where it leads", first.host);
        Some(Match::new(detail, short.map(|link| link.span).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn shorteners_hide_where_they_lead() {
        assert!(hits(&ShortLink, "win here https://bit.ly/3xYz"));
        assert!(hits(&ShortLink, "tinyurl.com/abc"));
    }

    #[test]
    fn ordinary_short_hosts_do_not() {
        assert!(!hits(&ShortLink, "see https://x.example/1 and https://habit.ly.example/"));
    }
}
