//! A form that was sent sooner than anybody types.

use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// Nobody finds and fills a form in less.
const MIN_MS: u64 = 2_000;

/// Nobody types a character in less, for long.
const MIN_MS_PER_CHARACTER: u64 = 25;

/// Longer texts may have been pasted.
const MAX_TYPED: u64 = 400;

pub(super) struct FilledTooFast;

impl Rule for FilledTooFast {
    fn name(&self) -> &'static str {
        "filled_too_fast"
    }

    fn description(&self) -> &'static str {
        "The form was sent within two seconds, or faster than the text can be typed."
    }

    fn score(&self) -> f64 {
        1.5
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        let elapsed = comment.submission.elapsed_ms?;
        let typed = u64::from(comment.body.original_len);
        let at_once = elapsed < MIN_MS;
        let too_fast = elapsed < typed.min(MAX_TYPED) * MIN_MS_PER_CHARACTER;
        if !at_once && !too_fast {
            return None;
        }
        let detail = format!("{typed} characters sent {:.1} s after the form was shown", elapsed as f64 / 1_000.0);
        // Pasting is fast too.
        Some(Match::new(detail, Vec::new()).times(if at_once { 1.0 } else { 0.4 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Submission;
    use crate::rules::testing::hits_submission;

    fn sent_after(ms: u64, text: &str) -> bool {
        let submission = Submission { text: text.to_owned(), elapsed_ms: Some(ms), ..Submission::default() };
        hits_submission(&FilledTooFast, submission)
    }

    #[test]
    fn nobody_types_that_fast() {
        assert!(sent_after(300, "Nice!"));
        assert!(sent_after(5_000, &"word ".repeat(60)));
    }

    #[test]
    fn people_pass() {
        assert!(!sent_after(2_500, "Thanks a lot!"));
        assert!(!sent_after(60_000, &"word ".repeat(1_000)));
        assert!(!hits_submission(&FilledTooFast, Submission::default()));
    }
}
