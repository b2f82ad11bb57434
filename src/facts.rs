//! What the service already knows when it judges a comment.
//!
//! Facts are gathered before deciding and stored with the verdict, so that the verdict can be computed again exactly.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::verdict::Decision;

/// Everything outside the comment itself that a verdict may rest on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Facts {
    /// The author's earlier comments on this site.
    pub author: AuthorFacts,
    /// Recent comments on this site with the same text, by anybody.
    pub same_text: TextFacts,
    /// Recent comments on this site with nearly the same text, the equal ones not counted.
    pub near_text: TextFacts,
    /// What a moderator decided about texts like this one, for those still to come.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<StandingFact>,
    /// Stages that could not tell, by name; any of them holds the comment.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
}

/// A moderator's decision that goes on to apply to texts like one that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingFact {
    /// What was decided.
    pub decision: Decision,
    /// Whether this text is the one that was decided about, not only nearly so.
    pub is_same: bool,
    /// Why, in a word or two.
    pub reason: Option<String>,
    /// When it was decided.
    pub at: Timestamp,
    /// Until when it applies.
    pub until: Timestamp,
}

/// The latest comments of one author, by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthorFacts {
    /// Approved, among the latest 50.
    pub approved: u32,
    /// Held, among the latest 50.
    pub held: u32,
    /// Rejected, among the latest 50.
    pub rejected: u32,
}

/// Earlier comments with a text like this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextFacts {
    /// How many there are.
    pub count: u32,
    /// How many of them came from other authors.
    pub other_authors: u32,
    /// How many of them were rejected.
    pub rejected: u32,
}
