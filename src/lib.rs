//! Moderato: the comment moderation service that a website runs itself.
//!
//! [`pipeline`] is the way of a comment; start there.

pub mod classifier;
pub mod cli;
pub mod comment;
pub mod dataset;
pub mod evaluation;
pub mod facts;
pub mod id;
pub mod lists;
pub mod normalize;
pub mod pipeline;
pub mod policy;
pub mod rules;
pub mod span;
pub mod verdict;
