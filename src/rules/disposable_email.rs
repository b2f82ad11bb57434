//! E-mail addresses that are thrown away after use.

use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::lists;
use crate::policy::Policy;

pub(super) struct DisposableEmail;

impl Rule for DisposableEmail {
    fn name(&self) -> &'static str {
        "disposable_email"
    }

    fn description(&self) -> &'static str {
        "The e-mail address belongs to a service of throw-away addresses."
    }

    fn score(&self) -> f64 {
        1.2
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        let (_, domain) = comment.submission.email.as_deref()?.rsplit_once('@')?;
        let domain = domain.trim().to_lowercase();
        lists::is_disposable(&domain)
            .then(|| Match::new(format!("{domain} gives out throw-away addresses"), Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Submission;
    use crate::rules::testing::hits_submission;

    #[test]
    fn throw_away_addresses_are_known() {
        let with = |email: &str| Submission { email: Some(email.to_owned()), ..Submission::default() };
        assert!(hits_submission(&DisposableEmail, with("ann@Mailinator.com")));
        assert!(hits_submission(&DisposableEmail, with("ann@x.mailinator.com")));
        for email in ["ann@gmail.com", "ann@example.org", "ann", "", "@"] {
            assert!(!hits_submission(&DisposableEmail, with(email)), "{email}");
        }
    }
}
