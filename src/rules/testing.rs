//! Shortcuts for the tests of rules.

use jiff::Timestamp;

use super::{Match, Rule};
use crate::comment::{Comment, Submission};
use crate::facts::Facts;
use crate::id::SiteId;
use crate::policy::Policy;

pub(super) fn from_submission(submission: Submission) -> Comment {
    Comment::from_submission(SiteId(1), submission, Timestamp::UNIX_EPOCH)
}

pub(super) fn comment(text: &str) -> Comment {
    from_submission(Submission { text: text.to_owned(), ..Submission::default() })
}

fn check(rule: &dyn Rule, text: &str, policy: &str) -> Option<Match> {
    let document = serde_json::from_str(policy).expect("a policy document");
    let policy = Policy::compile(1, document).expect("a sound policy");
    rule.check(&comment(text), &Facts::default(), &policy)
}

pub(super) fn hits(rule: &dyn Rule, text: &str) -> bool {
    check(rule, text, "{}").is_some()
}

pub(super) fn hits_with(rule: &dyn Rule, text: &str, policy: &str) -> bool {
    check(rule, text, policy).is_some()
}

pub(super) fn strength_with(rule: &dyn Rule, text: &str, policy: &str) -> Option<f64> {
    check(rule, text, policy).map(|seen| seen.strength)
}

pub(super) fn detail(rule: &dyn Rule, text: &str) -> Option<String> {
    check(rule, text, "{}").map(|seen| seen.detail)
}

pub(super) fn hits_submission(rule: &dyn Rule, submission: Submission) -> bool {
    rule.check(&from_submission(submission), &Facts::default(), &Policy::built_in()).is_some()
}
