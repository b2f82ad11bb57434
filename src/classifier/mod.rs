//! The classifier: two linear heads, spam and toxic, over hashed features, trained with linfa.

use crate::comment::Comment;
use crate::verdict::Term;

/// What one head says of a comment.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadScore {
    /// Calibrated log-odds: the sum of what all features contribute.
    pub log_odds: f64,
    /// Calibrated probability, 0 to 1.
    pub probability: f64,
    /// The strongest terms, strongest first; at most [`SHOWN_TERMS`].
    pub terms: Vec<Term>,
}

/// How many terms an explanation shows.
pub const SHOWN_TERMS: usize = 8;

/// A trained model.
#[derive(Debug)]
pub struct Model {
    /// Names the model: date of training and start of its checksum, such as `2026-11-22-a1b2c3`.
    pub version: String,
}

impl Model {
    /// The model in the binary.
    pub fn embedded() -> Result<Self, String> {
        Err("not trained yet".to_owned())
    }

    /// The model in a directory.
    pub fn load(_dir: &std::path::Path) -> Result<Self, String> {
        Err("not trained yet".to_owned())
    }

    /// The log-odds and the strongest terms for spam.
    pub fn spam(&self, _comment: &Comment) -> HeadScore {
        HeadScore { log_odds: 0.0, probability: 0.5, terms: Vec::new() }
    }

    /// The log-odds and the strongest terms for toxicity.
    pub fn toxic(&self, _comment: &Comment) -> HeadScore {
        HeadScore { log_odds: 0.0, probability: 0.5, terms: Vec::new() }
    }
}
