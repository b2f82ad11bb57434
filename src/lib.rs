//! Moderato: the comment moderation service that a website runs itself.
//!
//! [`pipeline`] is the way of a comment; start there.

pub mod api;
pub mod app;
mod certificates;
pub mod classifier;
pub mod cli;
pub mod client_address;
pub mod clock;
pub mod comment;
pub mod concepts;
pub mod config;
pub mod dashboard;
pub mod dataset;
pub mod evaluation;
pub mod events;
pub mod facts;
pub mod id;
pub mod import;
pub mod language;
pub mod lessons;
pub mod letters;
pub mod limits;
pub mod lists;
pub mod metrics;
pub mod normalize;
pub mod pipeline;
pub mod policy;
mod private_file;
pub mod recent;
pub mod reload;
pub mod replaying;
pub mod rules;
pub mod search;
pub mod secrets;
pub mod server;
pub mod span;
pub mod store;
pub mod throttle;
#[cfg(feature = "otel")]
mod traces;
pub mod verdict;
pub mod visitor;
pub mod webhooks;
pub mod worker;
pub mod worth;
