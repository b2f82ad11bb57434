//! Rate limits, in front of the expensive work: per site key, author's address, e-mail address and identical text.
//!
//! [`Limits::check`] asks governor for all four, or for none: a submission that one of them refuses is not counted
//! by any. Memory is bounded whatever comes in; `table.rs` says how.

mod quota;
mod shared;
mod table;
#[cfg(test)]
mod tests;
mod usage;

use std::fmt::{self, Write as _};
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use governor::RateLimiter;
use governor::clock::{Clock, MonotonicClock, Reference as _};
use governor::middleware::StateInformationMiddleware;
use serde::{Deserialize, Serialize};

use self::quota::seconds_rounded_up;
pub use self::quota::{InvalidQuota, MAX_COUNT, MAX_REFILL, Quota, Rate};
pub use self::shared::SharedLimits;
use self::table::Table;
use self::usage::list;
pub use self::usage::{Allowance, Exceeded, LimitState, Usage};
use crate::comment::Submission;
use crate::id::{KeyId, SiteId};

/// 50 comments a second for as long as one likes is more than any one website's readers write, and a small part of
/// what the service can judge, so that one key that runs wild leaves room for the others. A batch holds at most
/// 1,000 lines: six may come at once. Spam from many addresses counts here as well, which is why the limit is generous:
/// were it tight, a flood would keep the site's honest readers out.
const SITE: &str = "3000/min burst 6000";

/// One every six seconds is faster than a person writes, but an office or a mobile operator puts many people behind one
/// address: 20 of them may press the button in the same moment.
const ADDRESS: &str = "10/min burst 20";

/// An e-mail address is one person, but costs a flooder nothing either: the same as for a network address.
const EMAIL: &str = "10/min burst 20";

/// Under a popular article, many people write "Congratulations!" in the same minute. A campaign sends hundreds.
const TEXT: &str = "10/min burst 20";

/// Keys of the site limit that are told apart: operators make them, so they are few.
const SITE_KEYS: usize = 1 << 14;

/// Keys of each other limit that are told apart, 8.3 MiB each. A key is in use for the six seconds (by default) that
/// one comment counts, so the table fills only at 87,000 new authors a second.
const AUTHOR_KEYS: usize = 1 << 19;

/// The quotas of the four limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsConfig {
    /// For each API key of a site.
    pub site: Quota,
    /// For each author's address on a site: an IPv4 address, or the /64 of an IPv6 address.
    pub address: Quota,
    /// For each author's e-mail address on a site.
    pub email: Quota,
    /// For each text on a site, whatever its case.
    pub text: Quota,
}

impl LimitsConfig {
    /// No limits at all, as for a load test.
    pub const OFF: Self = Self { site: Quota::OFF, address: Quota::OFF, email: Quota::OFF, text: Quota::OFF };

    /// One replica's part of these quotas, if there are `replicas` that get equal shares of the requests.
    pub fn share_of(self, replicas: NonZeroU32) -> Self {
        let share = |quota: Quota| quota.share_of(replicas);
        Self { site: share(self.site), address: share(self.address), email: share(self.email), text: share(self.text) }
    }
}

impl Default for LimitsConfig {
    fn default() -> Self {
        let quota = |text: &str| text.parse().expect("the default quotas are well-formed, as a test shows");
        Self { site: quota(SITE), address: quota(ADDRESS), email: quota(EMAIL), text: quota(TEXT) }
    }
}

/// Which of the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitName {
    /// Per API key of a site.
    Site,
    /// Per author's address.
    Address,
    /// Per author's e-mail address.
    Email,
    /// Per identical text.
    Text,
}

impl LimitName {
    /// All of them, in the order in which they are checked.
    pub const ALL: [Self; 4] = [Self::Site, Self::Address, Self::Email, Self::Text];

    /// The name in the configuration, in headers and in metrics: `site`, `address`, `email` or `text`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Site => "site",
            Self::Address => "address",
            Self::Email => "email",
            Self::Text => "text",
        }
    }
}

impl fmt::Display for LimitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rate limits of this process.
#[derive(Debug)]
pub struct Limits<C: Clock = MonotonicClock> {
    /// In the order of [`LimitName::ALL`]; `None` where the limit is off.
    limits: [Option<Limit<C>>; 4],
    /// Drawn for this process, so that nobody outside can choose keys that fall into one set of the table.
    hasher: RandomState,
    policy: Option<Arc<str>>,
    /// Where all replicas count together.
    shared: Option<SharedLimits>,
}

#[derive(Debug)]
struct Limit<C: Clock> {
    name: LimitName,
    rate: Rate,
    limiter: RateLimiter<u64, Table, C, StateInformationMiddleware>,
    /// The limiter's own, for what it has no function for.
    table: Table,
    /// When the limiter's time began.
    start: C::Instant,
}

impl Limits {
    /// Limits with nothing used up. Reserves their memory, at most 32 MiB; pages that no key came to stay unoccupied.
    pub fn new(config: &LimitsConfig) -> Self {
        // Not quanta's clock, which spends up to 200 ms at its first use to calibrate itself.
        Self::with_clock(config, MonotonicClock)
    }

    /// The same limits, counted together with other replicas.
    pub fn shared_by(mut self, shared: SharedLimits) -> Self {
        self.shared = Some(shared);
        self
    }
}

impl<C: Clock + Clone> Limits<C> {
    /// The same by another clock.
    pub fn with_clock(config: &LimitsConfig, clock: C) -> Self {
        let limit = |name, quota: Quota, capacity| {
            quota.rate().map(|rate| {
                let (table, start) = (Table::with_capacity(capacity), clock.now());
                let limiter = RateLimiter::new(rate.for_governor(), table.clone(), clock.clone());
                Limit { name, rate, limiter, table, start }
            })
        };
        let limits = [
            limit(LimitName::Site, config.site, SITE_KEYS),
            limit(LimitName::Address, config.address, AUTHOR_KEYS),
            limit(LimitName::Email, config.email, AUTHOR_KEYS),
            limit(LimitName::Text, config.text, AUTHOR_KEYS),
        ];
        let policy = list(limits.iter().flatten(), |text, limit| {
            let (quota, window) = limit.rate.advertised();
            write!(text, "\"{}\";q={quota};w={window}", limit.name)
        });
        Self { limits, hasher: RandomState::new(), policy: policy.map(Arc::from), shared: None }
    }
}

impl<C: Clock> Limits<C> {
    /// Counts a submission, if no limit refuses it: per `key`, then on the `site` per address (if it has one), per
    /// e-mail address (if it has one), and per text as it was sent, trimmed and in lower case. Needs nothing
    /// normalised.
    ///
    /// # Errors
    ///
    /// The first limit that is used up. The submission is then not counted by any limit: what an author sends beyond
    /// one limit uses up neither the site's quota nor that of others who write the same text.
    pub fn check(&self, site: SiteId, key: KeyId, submission: &Submission) -> Result<Allowance, Exceeded> {
        let mut count = Count::new(self);
        count.by(LimitName::Site, || Some(self.hash(key)))?;
        count.by(LimitName::Address, || submission.ip.map(|ip| self.hash((site, network_of(ip)))))?;
        count.by(LimitName::Email, || {
            let email = submission.email.as_deref()?.trim();
            (!email.is_empty()).then(|| self.hash((site, email.to_lowercase())))
        })?;
        count.by(LimitName::Text, || Some(self.hash((site, submission.text.trim().to_lowercase()))))?;
        Ok(count.allowance())
    }

    /// Counts a request by the limit per key alone: for calls that concern no author, such as `/v1/check`.
    ///
    /// # Errors
    ///
    /// The key's quota is used up.
    pub fn check_key(&self, key: KeyId) -> Result<Allowance, Exceeded> {
        let mut count = Count::new(self);
        count.by(LimitName::Site, || Some(self.hash(key)))?;
        Ok(count.allowance())
    }

    /// What is told to a request that no limit has counted: how much is allowed, nothing of what is left.
    pub fn uncounted(&self) -> Usage {
        Usage { policy: self.policy.clone(), states: Vec::new() }
    }

    /// Keys in use, for metrics: those that have used up a part of their quota, however small. 0 for a limit that is
    /// off. Looks at the whole table, which takes some milliseconds: for scrapes, not for requests.
    pub fn keys(&self, name: LimitName) -> usize {
        self.limit(name).map_or(0, |limit| limit.table.keys(limit.limiter.clock().now().duration_since(limit.start)))
    }

    /// How often since the start a key found no place of its own and shared a bucket with others: 0 unless there is a
    /// flood, and worth an alert. 0 for a limit that is off.
    pub fn overflowed(&self, name: LimitName) -> u64 {
        self.limit(name).map_or(0, |limit| limit.table.overflowed())
    }

    /// How often the shared limits did not answer; 0 where there are none.
    pub fn shared_failures(&self) -> u64 {
        self.shared.as_ref().map_or(0, SharedLimits::failures)
    }

    /// Keys that have a place of their own at most. 0 for a limit that is off.
    pub fn capacity(&self, name: LimitName) -> usize {
        self.limit(name).map_or(0, |limit| limit.table.capacity())
    }

    /// Bytes that all limits together can occupy at most; never changes.
    pub fn bytes(&self) -> usize {
        self.limits.iter().flatten().map(|limit| limit.table.bytes()).sum()
    }

    fn limit(&self, name: LimitName) -> Option<&Limit<C>> {
        self.limits[name as usize].as_ref()
    }

    fn hash(&self, key: impl Hash) -> u64 {
        self.hasher.hash_one(key)
    }
}

/// The network that counts as one author, as [`crate::comment::network_of`] has it, without its text: 4 or 6, and the
/// IPv4 address or the first 64 bits of the IPv6 address.
fn network_of(ip: IpAddr) -> (u8, u64) {
    match ip.to_canonical() {
        IpAddr::V4(v4) => (4, u64::from(v4.to_bits())),
        IpAddr::V6(v6) => (6, (v6.to_bits() >> 64) as u64),
    }
}

/// One submission on its way through the limits.
struct Count<'a, C: Clock> {
    limits: &'a Limits<C>,
    /// The limits that counted it, with the key that each did it by.
    counted: Vec<(&'a Limit<C>, u64)>,
    states: Vec<LimitState>,
}

impl<'a, C: Clock> Count<'a, C> {
    fn new(limits: &'a Limits<C>) -> Self {
        Self {
            limits,
            counted: Vec::with_capacity(LimitName::ALL.len()),
            states: Vec::with_capacity(LimitName::ALL.len()),
        }
    }

    /// Counts by one limit, unless it is off or there is no key. The key is made only if it is needed.
    fn by(&mut self, name: LimitName, key: impl FnOnce() -> Option<u64>) -> Result<(), Exceeded> {
        let Some(limit) = self.limits.limit(name) else { return Ok(()) };
        let Some(key) = key() else { return Ok(()) };
        match limit.limiter.check_key(&key) {
            Ok(snapshot) => {
                self.counted.push((limit, key));
                self.states
                    .push(limit.state(snapshot.remaining_burst_capacity(), seconds_rounded_up(limit.rate.interval())));
                Ok(())
            }
            Err(refused) => {
                // It may have become free since; a client that is told 0 would come back at once all the same.
                let retry_after = seconds_rounded_up(refused.wait_time_from(limit.limiter.clock().now())).max(1);
                self.take_back();
                self.states.push(limit.state(0, retry_after));
                Err(Exceeded { limit: name, retry_after, usage: self.usage() })
            }
        }
    }

    /// Undoes the counting. In the microseconds since, another submission of the same author may have been refused that
    /// need not have been; what the author has left afterwards is right to these microseconds.
    fn take_back(&mut self) {
        for ((limit, key), state) in self.counted.drain(..).zip(&mut self.states) {
            limit.table.take_back(key, limit.rate.interval().into());
            state.remaining = (state.remaining + 1).min(limit.rate.burst());
        }
    }

    fn allowance(&mut self) -> Allowance {
        Allowance { usage: self.usage() }
    }

    fn usage(&mut self) -> Usage {
        Usage { policy: self.limits.policy.clone(), states: std::mem::take(&mut self.states) }
    }
}

impl<C: Clock> Limit<C> {
    fn state(&self, remaining: u32, reset: u64) -> LimitState {
        let (quota, window) = self.rate.advertised();
        LimitState { name: self.name, quota, window, remaining, reset }
    }
}
