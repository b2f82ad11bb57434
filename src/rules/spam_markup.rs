//! Markup of a program that does not know what the form understands.

use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::normalize::{Link, LinkKind};
use crate::policy::Policy;

pub(super) struct SpamMarkup;

impl Rule for SpamMarkup {
    fn name(&self) -> &'static str {
        "spam_markup"
    }

    fn description(&self) -> &'static str {
        "Links in BBCode, or in several kinds of markup at once; HTML alone counts little."
    }

    fn score(&self) -> f64 {
        2.0
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        let links = &comment.body.links;
        let of = |kind| links.iter().filter(|link| link.kind == kind && !link.host.is_empty()).collect::<Vec<&Link>>();
        let (bbcode, html) = (of(LinkKind::BbCode), of(LinkKind::Html));
        let (detail, strength) = match (bbcode.is_empty(), html.is_empty()) {
            (false, false) => ("Links in HTML and in BBCode side by side", 2.0),
            (false, true) => ("Links in BBCode, as forums use", 1.0),
            (true, _) if has_remains(&comment.body.plain.text) => ("What is left of links in BBCode", 1.0),
            (true, false) => ("Links in HTML", 0.15),
            (true, true) => return None,
        };
        Some(Match::new(detail, bbcode.iter().chain(&html).map(|link| link.span).collect()).times(strength))
    }
}

/// Tags of links in BBCode that are in plain sight, because a program has put them together wrongly.
fn has_remains(text: &str) -> bool {
    text.contains('[') && ["[/url", "[url=", "[url -"].iter().any(|tag| text.contains(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{hits, strength_with};

    #[test]
    fn the_more_kinds_the_worse() {
        let strength = |text| strength_with(&SpamMarkup, text, "{}").expect("a hit");
        let html = strength("<a href=\"http://e.example\">here</a>");
        let bbcode = strength("[url=http://e.example]here[/url]");
        let both = strength("<a href=\"http://e.example\">here</a> [url=http://e.example]here[/url]");
        assert!(html < bbcode && bbcode < both);
    }

    #[test]
    fn what_is_left_of_a_link_is_seen() {
        for text in ["buy [URL=http://e.example/ - shoes[/URL - now", "shoes [url - http://e.example/ today"] {
            assert!(hits(&SpamMarkup, text), "{text}");
        }
        assert!(!hits(&SpamMarkup, "forums want [url] around it, [urls] is a variable"));
    }

    #[test]
    fn plain_links_and_brackets_pass() {
        for text in ["see http://e.example", "[b]bold[/b] a[i]", "[docs](https://e.example/x)", "<a name='x'>"] {
            assert!(!hits(&SpamMarkup, text), "{text}");
        }
    }
}
