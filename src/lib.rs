//! Moderato: the comment moderation service that a website runs itself.
//!
//! [`pipeline`] is the way of a comment; start there.

pub mod classifier;
pub mod client_address;
pub mod comment;
pub mod facts;
pub mod id;
pub mod limits;
pub mod lists;
pub mod normalize;
pub mod pipeline;
pub mod policy;
pub mod rules;
pub mod span;
pub mod verdict;
