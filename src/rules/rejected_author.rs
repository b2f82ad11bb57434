//! Authors whose earlier comments were rejected.

use super::{Match, Rule, plural};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

pub(super) struct RejectedAuthor;

impl Rule for RejectedAuthor {
    fn name(&self) -> &'static str {
        "rejected_author"
    }

    fn description(&self) -> &'static str {
        "Earlier comments of the author were rejected; counts by their share."
    }

    fn score(&self) -> f64 {
        1.5
    }

    fn check(&self, _: &Comment, facts: &Facts, _: &Policy) -> Option<Match> {
        let author = facts.author;
        if author.rejected == 0 {
            return None;
        }
        // One approval is added to all, so that a single rejection does not brand anybody.
        let share = f64::from(author.rejected) / f64::from(author.rejected + author.approved + 1);
        let detail = format!(
            "{} of the author rejected, {} approved",
            plural(author.rejected as usize, "earlier comment"),
            author.approved
        );
        Some(Match::new(detail, Vec::new()).times(share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::AuthorFacts;
    use crate::rules::testing::comment;

    fn strength(approved: u32, rejected: u32) -> Option<f64> {
        let facts = Facts { author: AuthorFacts { approved, held: 0, rejected }, ..Facts::default() };
        RejectedAuthor.check(&comment("x"), &facts, &Policy::built_in()).map(|seen| seen.strength)
    }

    #[test]
    fn the_share_counts() {
        assert_eq!(strength(0, 1), Some(0.5));
        assert!(strength(0, 9) > strength(0, 1) && strength(9, 1) < strength(0, 1));
        assert_eq!(strength(5, 0), None);
    }
}
