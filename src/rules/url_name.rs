//! Names that are addresses.

use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

pub(super) struct UrlName;

impl Rule for UrlName {
    fn name(&self) -> &'static str {
        "url_name"
    }

    fn description(&self) -> &'static str {
        "The name is or contains the address of a site."
    }

    fn score(&self) -> f64 {
        0.8
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let link = comment.name.links.iter().find(|link| !link.host.is_empty() && !policy.trusts(&link.host))?;
        Some(Match::new(format!("The name contains the address of {}", link.host), Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Submission;
    use crate::rules::testing::hits_submission;

    #[test]
    fn addresses_are_no_names() {
        let with = |name: &str| Submission { name: Some(name.to_owned()), ..Submission::default() };
        for name in ["http://shop.example/x", "best-shoes.com", "www.shop.example"] {
            assert!(hits_submission(&UrlName, with(name)), "{name}");
        }
        for name in ["Ann B.", "J.R. Smith", "ann@example.com", "Dr.No", ""] {
            assert!(!hits_submission(&UrlName, with(name)), "{name}");
        }
    }
}
