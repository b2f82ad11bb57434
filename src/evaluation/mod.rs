//! How good the model and the whole pipeline are on labelled comments, and which thresholds follow from that.
//!
//! [`measure`] is the start: every row is judged once, and everything that can be said without training is said.
//! [`attacks`] disguises the spam first, [`left_out`] trains without a source and measures on it, [`cost`] chooses
//! thresholds, [`page`] writes the report that people read.

pub mod attacks;
pub mod cost;
pub mod curves;
pub mod judging;
pub mod left_out;
pub mod measure;
pub mod metrics;
pub mod mistakes;
pub mod page;
pub mod plots;
pub mod slices;

pub use metrics::Metrics;
