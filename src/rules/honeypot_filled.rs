//! A form field that people cannot see was filled.

use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

pub(super) struct HoneypotFilled;

impl Rule for HoneypotFilled {
    fn name(&self) -> &'static str {
        "honeypot_filled"
    }

    fn description(&self) -> &'static str {
        "The form field that people cannot see was filled. Password managers and screen readers do that too, so it is evidence only."
    }

    fn score(&self) -> f64 {
        3.0
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        let value = comment.submission.honeypot.as_deref()?;
        (!value.trim().is_empty()).then(|| Match::new("The field that people cannot see was filled", Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Submission;
    use crate::rules::testing::hits_submission;

    #[test]
    fn only_a_filled_one_counts() {
        let with =
            |honeypot: Option<&str>| Submission { honeypot: honeypot.map(str::to_owned), ..Submission::default() };
        assert!(hits_submission(&HoneypotFilled, with(Some("http://x.example"))));
        assert!(!hits_submission(&HoneypotFilled, with(Some(" "))));
        assert!(!hits_submission(&HoneypotFilled, with(None)));
    }
}
