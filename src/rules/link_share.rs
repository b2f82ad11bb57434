//! A comment that is little else than links.

use super::{Match, Rule, counted_links};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::normalize::LinkKind;
use crate::policy::Policy;

/// Share of what is seen, in percent, from which on the words are an ornament of the links.
const MIN_PERCENT: u32 = 60;

pub(super) struct LinkShare;

impl Rule for LinkShare {
    fn name(&self) -> &'static str {
        "link_share"
    }

    fn description(&self) -> &'static str {
        "Links and their words make up most of the text."
    }

    fn score(&self) -> f64 {
        0.4
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let links = counted_links(comment, policy);
        if links.is_empty() {
            return None;
        }
        let seen = comment.body.visible.origin.len() as u32;
        let linked: u32 = links
            .iter()
            .map(|link| match link.kind {
                LinkKind::Plain => link.span.end - link.span.start,
                _ if link.anchor.is_empty() => link.url.chars().count() as u32,
                _ => link.anchor.chars().count() as u32,
            })
            .sum();
        let percent = (100 * linked.min(seen)).checked_div(seen).unwrap_or(100);
        if percent < MIN_PERCENT {
            return None;
        }
        let spans = links.iter().map(|link| link.span).collect();
        Some(Match::new(format!("Links make up {percent} % of what is seen"), spans))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn a_bare_link_is_nothing_but_link() {
        assert!(hits(&LinkShare, "look https://shop.example/offers/today"));
        assert!(hits(&LinkShare, "<a href=\"http://shop.example\">cheap garden chairs</a>"));
    }

    #[test]
    fn a_source_in_a_text_is_not() {
        assert!(!hits(
            &LinkShare,
            "The figures are in the report of the ministry, page 12: https://gov.example/report.pdf"
        ));
        assert!(!hits(&LinkShare, "No link at all."));
    }
}
