//! Links whose words or address are search terms.

use super::{Match, Rule, counted_links, keywords};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

pub(super) struct KeywordLink;

/// More links of the kind make it no worse.
const ENOUGH: usize = 3;

impl Rule for KeywordLink {
    fn name(&self) -> &'static str {
        "keyword_link"
    }

    fn description(&self) -> &'static str {
        "A link, the author's own included, whose words or address advertise: casinos, pills, replicas, loans."
    }

    fn score(&self) -> f64 {
        2.0
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let links = counted_links(comment, policy);
        let mut word = None;
        let mut spans: Vec<_> = links
            .iter()
            .filter(|link| {
                let found =
                    keywords::telling_in_address(&link.url).or_else(|| keywords::telling(&link.anchor.to_lowercase()));
                let is_found = found.is_some();
                word = word.take().or(found);
                is_found
            })
            .map(|link| link.span)
            .collect();
        let mut count = spans.len();
        let is_trusted = comment.website.as_deref().is_some_and(|host| policy.trusts(host));
        if let Some(url) = comment.submission.url.as_deref().filter(|_| !is_trusted) {
            let found = keywords::telling_in_address(url);
            count += usize::from(found.is_some());
            word = word.or(found);
        }
        spans.dedup();
        let detail = format!("A link that advertises “{}”", word?);
        Some(Match::new(detail, spans).times(0.75 + 0.25 * count.min(ENOUGH) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Submission;
    use crate::rules::testing::{hits, hits_submission};

    #[test]
    fn advertising_links_are_seen() {
        assert!(hits(&KeywordLink, "http://best-payday-loans.example/"));
        assert!(hits(&KeywordLink, "<a href='http://e.example'>Online Casino bonus</a>"));
        for anchor in
            ["онлайн займы без отказа", "bahis siteleri", "kupić prawo jazdy", "acheter un diplôme", "娱乐城开户"]
        {
            assert!(hits(&KeywordLink, &format!("<a href='http://e.example'>{anchor}</a>")), "{anchor}");
        }
        let url = Some("http://cheap-viagra.example".to_owned());
        assert!(hits_submission(&KeywordLink, Submission { url, ..Submission::default() }));
    }

    #[test]
    fn words_in_the_text_and_other_links_pass() {
        assert!(!hits(&KeywordLink, "The casino in our town will close, see https://news.example/town"));
        assert!(!hits(&KeywordLink, "no link, only viagra"));
        for anchor in ["mein Beitrag vom Mai", "статья в газете", "la documentación", "这篇文章"] {
            assert!(!hits(&KeywordLink, &format!("<a href='http://e.example'>{anchor}</a>")), "{anchor}");
        }
    }
}
