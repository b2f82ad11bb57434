//! What is looked for in a comment. One file per rule; [`RULES`] is the only list.
//!
//! A rule states an observation, never a conclusion. All rules run, and every hit is kept.

use serde::Serialize;

use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;
use crate::span::Span;

/// Looks for one thing in a comment. Knows nothing of database, HTTP or clock.
pub trait Rule: Sync {
    /// Its stable name: the reason code in verdicts, policies and metrics.
    fn name(&self) -> &'static str;

    /// What it looks for, in a sentence for the reference table.
    fn description(&self) -> &'static str;

    /// What a hit adds to the score unless the policy says otherwise, in log-odds of spam.
    fn score(&self) -> f64;

    /// The observation, if it can be made.
    fn check(&self, comment: &Comment, facts: &Facts, policy: &Policy) -> Option<Match>;
}

/// What a rule saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// A sentence for moderators.
    pub detail: String,
    /// Where, in the original text; empty where it is not in the text.
    pub spans: Vec<Span>,
    /// How strongly, as a factor on the rule's score; 1 for most rules.
    pub strength: f64,
}

impl Match {
    /// A match of ordinary strength.
    pub fn new(detail: impl Into<String>, spans: Vec<Span>) -> Self {
        Self { detail: detail.into(), spans, strength: 1.0 }
    }

    /// The same match, `strength` times as strong.
    pub fn times(self, strength: f64) -> Self {
        Self { strength, ..self }
    }
}

/// A rule's match with the score that the policy gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The rule's name.
    pub code: &'static str,
    /// What it adds to the verdict's score.
    pub score: f64,
    /// What was seen.
    pub seen: Match,
}

/// Every rule there is, in the order of the reference table.
pub static RULES: &[&dyn Rule] = &[];

/// One row of the reference table.
#[derive(Clone, Debug, Serialize)]
pub struct RuleInfo {
    /// The rule's name.
    pub name: &'static str,
    /// What it looks for.
    pub description: &'static str,
    /// Its score unless the policy says otherwise.
    pub score: f64,
}

/// Runs all rules that the policy has not switched off.
pub fn run(comment: &Comment, facts: &Facts, policy: &Policy) -> Vec<Hit> {
    RULES
        .iter()
        .filter_map(|rule| {
            let weight = policy.rule_score(rule.name()).unwrap_or_else(|| rule.score());
            if weight == 0.0 {
                return None;
            }
            let seen = rule.check(comment, facts, policy)?;
            Some(Hit { code: rule.name(), score: weight * seen.strength, seen })
        })
        .collect()
}
