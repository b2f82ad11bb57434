//! Websites of authors that are no home pages.

use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// Hosts on which everybody's home page lies deep.
const SHARED: &[&str] = &[
    "about.me",
    "bsky.app",
    "facebook.com",
    "flickr.com",
    "github.com",
    "gitlab.com",
    "google.com",
    "instagram.com",
    "linkedin.com",
    "medium.com",
    "myspace.com",
    "stackoverflow.com",
    "substack.com",
    "t.me",
    "tiktok.com",
    "twitter.com",
    "vk.com",
    "x.com",
    "xing.com",
    "youtube.com",
];

/// A path in more steps than this is a page, not a home.
const MAX_STEPS: usize = 2;

/// More hyphens than this make a host a search term.
const MAX_HYPHENS: usize = 1;

pub(super) struct DeepAuthorUrl;

impl Rule for DeepAuthorUrl {
    fn name(&self) -> &'static str {
        "deep_author_url"
    }

    fn description(&self) -> &'static str {
        "The author's website is a single page deep in a site, or a domain made of search terms."
    }

    fn score(&self) -> f64 {
        0.8
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let url = comment.submission.url.as_deref()?.trim();
        let host = comment.website.as_deref()?;
        if host.is_empty() || policy.trusts(host) || SHARED.iter().any(|shared| crate::policy::is_within(host, shared))
        {
            return None;
        }
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = rest.split_once('/').map_or("", |(_, path)| path);
        let steps = path.split('/').filter(|step| !step.is_empty()).count();
        let is_page =
            [".html", ".htm", ".php", ".aspx"].iter().any(|end| path.ends_with(end)) && !path.starts_with("index");
        let hyphens = host.bytes().filter(|b| *b == b'-').count() - 2 * host.matches("xn--").count();
        if steps > MAX_STEPS || is_page || path.contains('?') {
            Some(Match::new(format!("The author's website is a page deep in {host}"), Vec::new()))
        } else if hyphens > MAX_HYPHENS {
            Some(Match::new(format!("The author's website, {host}, is named like a search"), Vec::new()))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Submission;
    use crate::rules::testing::hits_submission;

    #[test]
    fn home_pages_are_told_from_others() {
        let with = |url: &str| Submission { url: Some(url.to_owned()), ..Submission::default() };
        for url in
            ["http://e.example/a/b/c", "http://e.example/x.html", "http://best-garden-chairs.example", "e.example/?p=3"]
        {
            assert!(hits_submission(&DeepAuthorUrl, with(url)), "{url}");
        }
        for url in [
            "http://ann.example",
            "https://ann.example/blog/",
            "https://github.com/a/b/c",
            "http://ann-lee.example",
            "",
            "x",
        ] {
            assert!(!hits_submission(&DeepAuthorUrl, with(url)), "{url}");
        }
    }
}
