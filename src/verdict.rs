//! What the pipeline answers: a decision, and every reason for it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::span::Span;

/// What a verdict says should happen to a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Publish it.
    Approve,
    /// A moderator has to look.
    Hold,
    /// Do not publish it.
    Reject,
}

impl Decision {
    /// All decisions.
    pub const ALL: [Decision; 3] = [Self::Approve, Self::Hold, Self::Reject];

    /// Its name in JSON, metrics and command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Hold => "hold",
            Self::Reject => "reject",
        }
    }

    /// The status of a comment after this decision.
    pub fn status(self) -> Status {
        match self {
            Self::Approve => Status::Approved,
            Self::Hold => Status::Held,
            Self::Reject => Status::Rejected,
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[repr(i16)]
pub enum Status {
    /// Waits for a moderator.
    Held = 0,
    /// May be shown.
    Approved = 1,
    /// Must not be shown.
    Rejected = 2,
}

impl Status {
    /// All statuses.
    pub const ALL: [Status; 3] = [Self::Held, Self::Approved, Self::Rejected];

    /// Its name in JSON, metrics and addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The outcome of judging one comment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Verdict {
    /// What should happen.
    pub decision: Decision,
    /// Sum of the scores of all reasons; the greater, the worse.
    pub score: f64,
    /// The classifier's calibrated probabilities.
    pub scores: Scores,
    /// Every reason, largest contribution first; complete, so that their scores add up to `score`.
    pub reasons: Vec<Reason>,
    /// Version of the policy that was applied.
    pub policy: i64,
    /// Version of the model that was asked; `None` when there was none.
    pub model: Option<String>,
}

/// Calibrated probabilities, 0 to 1; `None` where no model could tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scores {
    /// That the comment is spam.
    pub spam: Option<f64>,
    /// That the comment is toxic: abuse of a person or group.
    pub toxic: Option<f64>,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// A stable name: a rule's, `spam.classifier`, `toxic.classifier`, or `missing.…`.
    #[schema(value_type = String)]
    pub code: Cow<'static, str>,
    /// What it adds to the verdict's score, in log-odds; negative speaks for the comment.
    pub score: f64,
    /// What was seen, in a sentence.
    pub detail: String,
    /// Where it was seen in the text.
    pub spans: Vec<Span>,
    /// For the classifier: its strongest terms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub terms: Vec<Term>,
}

/// What one word or feature contributes to a head of the classifier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Term {
    /// The word, or the name of the feature.
    pub term: String,
    /// What it adds, in log-odds.
    pub score: f64,
    /// Where it stands in the text; empty for features of the whole comment.
    pub spans: Vec<Span>,
}
