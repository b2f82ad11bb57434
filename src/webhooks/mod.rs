//! Telling websites what was decided: Standard Webhooks, at least once and in order for one comment.
//!
//! The outbox row is written in the decision's transaction (`store/history.rs`). [`deliver`] takes rows whose time has
//! come under a lease, [`Courier`] posts them to an address that [`target`] has checked, and what came of it is settled in
//! one transaction: gone, due again by [`schedule`], or a dead letter.

mod courier;
mod delivery;
mod message;
pub mod schedule;
pub mod signature;
pub mod target;

pub use courier::{Answer, Courier, Parcel};
pub use delivery::{deliver, test};
pub use message::{Message, webhook_id};
pub use signature::Secret;
