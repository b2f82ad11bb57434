//! Links to sites that the site does not want.

use super::{Match, Rule, listing};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::normalize::host_of;
use crate::policy::Policy;

pub(super) struct ListedDomain;

impl Rule for ListedDomain {
    fn name(&self) -> &'static str {
        "listed_domain"
    }

    fn description(&self) -> &'static str {
        "A link, the author's own included, to a domain from the policy's list `domains` or below it."
    }

    fn score(&self) -> f64 {
        4.0
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let listed = |host: &str| policy.is_unwanted(host);
        let links: Vec<_> = comment.body.links.iter().filter(|link| listed(&link.host)).collect();
        let own = comment.submission.url.as_deref().map(host_of).filter(|host| listed(host));
        if links.is_empty() && own.is_none() {
            return None;
        }
        let mut hosts: Vec<&str> = links.iter().map(|link| link.host.as_str()).chain(own.as_deref()).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let detail = format!("On the site's list of domains: {}", listing(hosts.into_iter()));
        Some(Match::new(detail, links.iter().map(|link| link.span).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits_with;

    const POLICY: &str = r#"{"lists": {"domains": ["bad.example"]}}"#;

    #[test]
    fn listed_domains_and_those_below_are_found() {
        assert!(hits_with(&ListedDomain, "at http://www.BAD.example/x", POLICY));
        assert!(hits_with(&ListedDomain, "[url=http://shop.bad.example]x[/url]", POLICY));
    }

    #[test]
    fn others_are_not() {
        assert!(!hits_with(&ListedDomain, "at http://notbad.example/bad.example", POLICY));
        assert!(!hits_with(&ListedDomain, "bad example", POLICY));
    }
}
