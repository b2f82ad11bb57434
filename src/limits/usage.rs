//! What is left of the limits that a submission met, as values and as headers.

use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::LimitName;

/// How far a limit is used up, for the one key of it that was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitState {
    /// Which limit.
    pub name: LimitName,
    /// How many are allowed in `window`, see [`super::Rate::advertised`].
    pub quota: u32,
    /// Seconds, at least 1.
    pub window: u64,
    /// How many more would be allowed now; at most `quota`.
    pub remaining: u32,
    /// Seconds, rounded up, after which `remaining` has grown by one at the latest; at least 1.
    pub reset: u64,
}

/// What is left of each limit that a submission met, as headers tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    pub(super) policy: Option<Arc<str>>,
    pub(super) states: Vec<LimitState>,
}

impl Usage {
    /// The limits that were asked, in their order. One that is off, or had no key in this submission, or comes after
    /// the one that refused, is not among them.
    pub fn states(&self) -> &[LimitState] {
        &self.states
    }

    /// Value of `RateLimit-Policy`: all limits that are on, the same in every answer. `None` if there are none.
    ///
    /// `"site";q=600;w=60, "address";q=10;w=60`: 600 in 60 seconds per key, 10 in 60 seconds per address.
    pub fn rate_limit_policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// Value of `RateLimit`: [`Usage::states`]. `None` if it is empty.
    ///
    /// `"site";r=599;t=1, "address";r=9;t=6`: 599 more in the next second, 9 more in the next 6 seconds.
    pub fn rate_limit(&self) -> Option<String> {
        list(&self.states, |text, state| write!(text, "\"{}\";r={};t={}", state.name, state.remaining, state.reset))
    }
}

/// A list of structured fields (RFC 9651), which are left out where they would be empty.
pub(super) fn list<T>(
    items: impl IntoIterator<Item = T>,
    write: impl Fn(&mut String, T) -> fmt::Result,
) -> Option<String> {
    let mut text = String::new();
    for item in items {
        if !text.is_empty() {
            text.push_str(", ");
        }
        write(&mut text, item).expect("writing to a String cannot fail");
    }
    (!text.is_empty()).then_some(text)
}

/// No limit refuses the submission, and it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// What is left, this submission counted.
    pub usage: Usage,
}

/// A limit is used up, and the submission is not counted: 429.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the limit \"{limit}\" is used up: try again in {retry_after} s")]
pub struct Exceeded {
    /// The limit that refused.
    pub limit: LimitName,
    /// Value of `Retry-After`: seconds, rounded up, after which the limit lets one more through; at least 1.
    pub retry_after: u64,
    /// What is left, this submission not counted; the limit that refused comes last.
    pub usage: Usage,
}
