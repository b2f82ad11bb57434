//! Authors whose earlier comments were approved.

use super::{Match, Rule, plural};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// Further approvals make nobody more trusted.
const ENOUGH: u32 = 8;

pub(super) struct KnownAuthor;

impl Rule for KnownAuthor {
    fn name(&self) -> &'static str {
        "known_author"
    }

    fn description(&self) -> &'static str {
        "Earlier comments of the author were approved and none was rejected: speaks for the comment, the more the better."
    }

    fn score(&self) -> f64 {
        -2.0
    }

    fn check(&self, comment: &Comment, facts: &Facts, _: &Policy) -> Option<Match> {
        let author = facts.author;
        if author.approved == 0 || author.rejected > 0 || comment.author_hash().is_none() {
            return None;
        }
        let strength = f64::from(1 + author.approved.min(ENOUGH)).log2() / f64::from(1 + ENOUGH).log2();
        let detail =
            format!("{} of the author approved, none rejected", plural(author.approved as usize, "earlier comment"));
        Some(Match::new(detail, Vec::new()).times(strength))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Submission;
    use crate::facts::AuthorFacts;
    use crate::rules::testing::from_submission;

    fn strength(approved: u32, rejected: u32) -> Option<f64> {
        let comment = from_submission(Submission { email: Some("a@b.example".to_owned()), ..Submission::default() });
        let facts = Facts { author: AuthorFacts { approved, held: 0, rejected }, ..Facts::default() };
        KnownAuthor.check(&comment, &facts, &Policy::built_in()).map(|seen| seen.strength)
    }

    #[test]
    fn trust_grows_with_approvals_up_to_a_point() {
        assert!(strength(1, 0) < strength(4, 0));
        assert_eq!(strength(8, 0), Some(1.0));
        assert_eq!(strength(8, 0), strength(50, 0));
    }

    #[test]
    fn strangers_and_the_rejected_are_not_known() {
        assert_eq!(strength(0, 0), None);
        assert_eq!(strength(20, 1), None);
    }
}
