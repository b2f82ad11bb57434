//! Rate limits, in front of the expensive work: per site key, author's address, e-mail address and identical text.
//!
//! [`Limits::check`] asks governor for all four, or for none: a submission that one of them refuses is not counted
//! by any. Memory is bounded whatever comes in; `table.rs` says how.

mod quota;
mod shared;
mod table;

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

/// How far a limit is used up, for the one key of it that was asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitState {
    /// Which limit.
    pub name: LimitName,
    /// How many are allowed in `window`, see [`Rate::advertised`].
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
    policy: Option<Arc<str>>,
    states: Vec<LimitState>,
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
fn list<T>(items: impl IntoIterator<Item = T>, write: impl Fn(&mut String, T) -> fmt::Result) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;

    use super::*;

    const SITE_A: SiteId = SiteId(1);
    const SITE_B: SiteId = SiteId(2);
    const KEY_A: KeyId = KeyId(11);
    const KEY_B: KeyId = KeyId(12);

    fn quota(text: &str) -> Quota {
        text.parse().unwrap()
    }

    fn limits(config: LimitsConfig) -> (Limits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Limits::with_clock(&config, clock.clone()), clock)
    }

    fn from_address(ip: impl Into<IpAddr>) -> Submission {
        Submission { ip: Some(ip.into()), text: "Nice article!".to_owned(), ..Submission::default() }
    }

    fn from_email(email: &str) -> Submission {
        Submission { email: Some(email.to_owned()), ..from_text("Nice article!") }
    }

    fn from_text(text: &str) -> Submission {
        Submission { text: text.to_owned(), ..Submission::default() }
    }

    /// How many of `tries` times the submission passes.
    fn allowed<C: Clock>(limits: &Limits<C>, submission: &Submission, tries: usize) -> usize {
        (0..tries).filter(|_| limits.check(SITE_A, KEY_A, submission).is_ok()).count()
    }

    fn remaining(usage: &Usage) -> Vec<(&'static str, u32)> {
        usage.states().iter().map(|state| (state.name.as_str(), state.remaining)).collect()
    }

    #[test]
    fn the_default_quotas_stop_one_author_and_no_busy_site() {
        let (limits, _) = limits(LimitsConfig::default());
        assert_eq!(allowed(&limits, &from_address(Ipv4Addr::LOCALHOST), 30), 20);
        let readers = (0..5_000).filter(|n| {
            let reader = Submission {
                email: Some(format!("reader{n}@example.org")),
                ..from_text(&format!("What reader {n} has to say."))
            };
            limits.check(SITE_A, KEY_A, &reader).is_ok()
        });
        assert_eq!(readers.count(), 5_000);
    }

    #[test]
    fn memory_is_bounded_and_room_is_enough() {
        let (limits, _) = limits(LimitsConfig::default());
        assert!(limits.bytes() <= 32 << 20, "{} bytes", limits.bytes());
        for name in [LimitName::Address, LimitName::Email, LimitName::Text] {
            assert!(limits.capacity(name) >= 200_000);
        }
    }

    #[test]
    fn each_limit_has_its_key() {
        let one = quota("1/min");
        let anns = Submission {
            ip: Some(Ipv4Addr::new(192, 0, 2, 1).into()),
            email: Some("ann@example.org".to_owned()),
            text: "Nice article!".to_owned(),
            ..Submission::default()
        };
        let other_ip = Submission { ip: Some(Ipv4Addr::new(192, 0, 2, 2).into()), ..anns.clone() };
        let other_email = Submission { email: Some("bob@example.org".to_owned()), ..anns.clone() };
        let other_text = Submission { text: "Nasty article!".to_owned(), ..anns.clone() };

        for (config, passes) in [
            (LimitsConfig { site: one, ..LimitsConfig::OFF }, [false, false, false, true, false]),
            (LimitsConfig { address: one, ..LimitsConfig::OFF }, [true, false, false, false, true]),
            (LimitsConfig { email: one, ..LimitsConfig::OFF }, [false, true, false, false, true]),
            (LimitsConfig { text: one, ..LimitsConfig::OFF }, [false, false, true, false, true]),
        ] {
            for (n, (site, key, second)) in [
                (SITE_A, KEY_A, &other_ip),
                (SITE_A, KEY_A, &other_email),
                (SITE_A, KEY_A, &other_text),
                (SITE_A, KEY_B, &anns),
                (SITE_B, KEY_A, &anns),
            ]
            .into_iter()
            .enumerate()
            {
                let (limits, _) = limits(config);
                assert!(limits.check(SITE_A, KEY_A, &anns).is_ok());
                assert!(limits.check(SITE_A, KEY_A, &anns).is_err());
                assert_eq!(limits.check(site, key, second).is_ok(), passes[n], "{config:?}, second submission {n}");
            }
        }
    }

    #[test]
    fn case_and_blanks_around_make_no_other_author_and_no_other_text() {
        let (emails, _) = limits(LimitsConfig { email: quota("1/min"), ..LimitsConfig::OFF });
        assert_eq!(allowed(&emails, &from_email("ann@example.org"), 1), 1);
        assert_eq!(allowed(&emails, &from_email(" Ann@Example.ORG "), 1), 0);

        let (texts, _) = limits(LimitsConfig { text: quota("1/min"), ..LimitsConfig::OFF });
        assert_eq!(allowed(&texts, &from_text("Buy now Ä"), 1), 1);
        assert_eq!(allowed(&texts, &from_text("\n BUY NOW ä\t"), 1), 0);
        assert_eq!(allowed(&texts, &from_text("Buy  now Ä"), 1), 1);
    }

    #[test]
    fn addresses_of_one_64_share_a_quota() {
        let (limits, _) = limits(LimitsConfig { address: quota("10/min"), ..LimitsConfig::OFF });
        let host = |network: u64, host: u64| Ipv6Addr::from_bits((u128::from(network) << 64) | u128::from(host));
        let network = 0x2001_0db8_0000_0001;
        // Hosts from all over the /64.
        let hosts = (0..1_000).map(|n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let passed: usize = hosts.map(|n| allowed(&limits, &from_address(host(network, n)), 1)).sum();
        assert_eq!(passed, 10);
        assert_eq!(allowed(&limits, &from_address(host(network + 1, 0)), 20), 10);
    }

    #[test]
    fn ipv4_addresses_stand_alone_however_they_are_written() {
        let (limits, _) = limits(LimitsConfig { address: quota("1/min"), ..LimitsConfig::OFF });
        let v4 = Ipv4Addr::new(192, 0, 2, 1);
        assert_eq!(allowed(&limits, &from_address(v4), 1), 1);
        assert_eq!(allowed(&limits, &from_address(v4.to_ipv6_mapped()), 1), 0);
        assert_eq!(allowed(&limits, &from_address(Ipv4Addr::new(192, 0, 2, 2)), 1), 1);
    }

    #[test]
    fn without_address_or_email_their_limits_do_not_count() {
        let (limits, _) = limits(LimitsConfig { address: quota("1/min"), email: quota("1/min"), ..LimitsConfig::OFF });
        assert_eq!(allowed(&limits, &from_text("a"), 10), 10);
        assert_eq!(allowed(&limits, &from_email(" "), 10), 10);
        assert_eq!(limits.check(SITE_A, KEY_A, &from_text("a")).unwrap().usage.rate_limit(), None);
    }

    #[test]
    fn off_means_off_and_costs_nothing() {
        let (limits, _) = limits(LimitsConfig::OFF);
        let submission = Submission { email: Some("ann@example.org".to_owned()), ..from_address(Ipv4Addr::LOCALHOST) };
        assert_eq!(allowed(&limits, &submission, 10_000), 10_000);
        let usage = limits.check(SITE_A, KEY_A, &submission).unwrap().usage;
        assert_eq!((usage.rate_limit_policy(), usage.rate_limit()), (None, None));
        assert_eq!(limits.bytes(), 0);
        for name in LimitName::ALL {
            assert_eq!((limits.keys(name), limits.overflowed(name), limits.capacity(name)), (0, 0, 0));
        }
    }

    #[test]
    fn what_one_limit_refuses_no_limit_counts() {
        let config = LimitsConfig {
            site: quota("100/min"),
            address: quota("50/min"),
            email: quota("20/min"),
            text: quota("2/min"),
        };
        let (limits, _) = limits(config);
        let spam = Submission { email: Some("ann@example.org".to_owned()), ..from_address(Ipv4Addr::LOCALHOST) };
        assert_eq!(allowed(&limits, &spam, 1_000), 2);

        let exceeded = limits.check(SITE_A, KEY_A, &spam).unwrap_err();
        assert_eq!(exceeded.limit, LimitName::Text);
        assert_eq!(remaining(&exceeded.usage), [("site", 98), ("address", 48), ("email", 18), ("text", 0)]);

        let other = Submission { text: "Something else".to_owned(), ..spam };
        let allowance = limits.check(SITE_A, KEY_A, &other).unwrap();
        assert_eq!(remaining(&allowance.usage), [("site", 97), ("address", 47), ("email", 17), ("text", 1)]);
    }

    #[test]
    fn a_refused_author_leaves_no_trace_in_later_limits() {
        let (limits, _) = limits(LimitsConfig { address: quota("1/min"), text: quota("5/min"), ..LimitsConfig::OFF });
        assert_eq!(allowed(&limits, &from_address(Ipv4Addr::LOCALHOST), 100), 1);
        let exceeded = limits.check(SITE_A, KEY_A, &from_address(Ipv4Addr::LOCALHOST)).unwrap_err();
        assert_eq!(remaining(&exceeded.usage), [("address", 0)]);
        assert_eq!(allowed(&limits, &from_text("Nice article!"), 100), 4);
    }

    #[test]
    fn checking_without_storing_counts_for_the_key_alone() {
        let config = LimitsConfig { site: quota("3/min"), address: quota("1/min"), ..LimitsConfig::OFF };
        let (limits, _) = limits(config);
        assert_eq!(remaining(&limits.check_key(KEY_A).unwrap().usage), [("site", 2)]);
        assert_eq!(allowed(&limits, &from_address(Ipv4Addr::LOCALHOST), 1), 1);
        assert!(limits.check_key(KEY_A).is_ok());
        assert_eq!(limits.check_key(KEY_A).unwrap_err().limit, LimitName::Site);
        assert!(limits.check_key(KEY_B).is_ok());
    }

    #[test]
    fn after_retry_after_one_passes() {
        for text in ["60/min", "7/min burst 2", "3/s", "1000/s burst 1", "1000/hour burst 10", "2/day", "1/day"] {
            let (limits, clock) = limits(LimitsConfig { address: quota(text), ..LimitsConfig::OFF });
            let submission = from_address(Ipv4Addr::LOCALHOST);
            // Not at a full second.
            clock.advance(Duration::from_millis(1_234));
            let exceeded = loop {
                if let Err(exceeded) = limits.check(SITE_A, KEY_A, &submission) {
                    break exceeded;
                }
            };
            assert!(exceeded.retry_after >= 1, "{text}");
            let interval = quota(text).rate().unwrap().interval();
            assert!(Duration::from_secs(exceeded.retry_after) < interval + Duration::from_secs(1), "{text}");
            clock.advance(Duration::from_secs(exceeded.retry_after));
            assert!(limits.check(SITE_A, KEY_A, &submission).is_ok(), "{text}");
        }
    }

    #[test]
    fn retry_after_is_no_longer_than_it_must_be() {
        let (limits, clock) = limits(LimitsConfig { address: quota("1/min"), ..LimitsConfig::OFF });
        let submission = from_address(Ipv4Addr::LOCALHOST);
        assert_eq!(allowed(&limits, &submission, 1), 1);
        for (passed, retry_after) in [(0, 60), (500, 60), (500, 59), (58_000, 1), (999, 1)] {
            clock.advance(Duration::from_millis(passed));
            assert_eq!(limits.check(SITE_A, KEY_A, &submission).unwrap_err().retry_after, retry_after);
        }
        clock.advance(Duration::from_millis(1));
        assert_eq!(allowed(&limits, &submission, 1), 1);
    }

    #[test]
    fn headers_tell_quota_and_rest_as_the_draft_has_it() {
        let config = LimitsConfig {
            site: quota("600/min"),
            address: quota("10/min burst 20"),
            email: Quota::OFF,
            text: quota("60/hour burst 1"),
        };
        let (limits, _) = limits(config);
        let policy = r#""site";q=600;w=60, "address";q=20;w=120, "text";q=60;w=3600"#;

        let usage = limits.check(SITE_A, KEY_A, &from_address(Ipv4Addr::LOCALHOST)).unwrap().usage;
        assert_eq!(usage.rate_limit_policy(), Some(policy));
        assert_eq!(usage.rate_limit().unwrap(), r#""site";r=599;t=1, "address";r=19;t=6, "text";r=0;t=60"#);

        let exceeded = limits.check(SITE_A, KEY_A, &from_text("NICE article!")).unwrap_err();
        assert_eq!(exceeded.to_string(), "the limit \"text\" is used up: try again in 60 s");
        assert_eq!(exceeded.usage.rate_limit_policy(), Some(policy));
        assert_eq!(exceeded.usage.rate_limit().unwrap(), r#""site";r=599;t=1, "text";r=0;t=60"#);
    }

    /// A reader of structured fields (RFC 9651) as far as the two headers use them: a list of strings with parameters
    /// that are integers.
    fn parsed(header: &str) -> Vec<(String, Vec<(String, u64)>)> {
        header
            .split(", ")
            .map(|item| {
                let mut parts = item.split(';');
                let name = parts.next().unwrap().strip_prefix('"').unwrap().strip_suffix('"').unwrap();
                assert!(name.bytes().all(|byte| byte.is_ascii_lowercase()));
                let parameters = parts.map(|part| {
                    let (key, value) = part.split_once('=').unwrap();
                    assert!(value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() <= 15, "{part}");
                    (key.to_owned(), value.parse().unwrap())
                });
                (name.to_owned(), parameters.collect())
            })
            .collect()
    }

    #[test]
    fn headers_are_structured_fields_whatever_the_quota() {
        for text in ["1/s", "1000000/s", "1000000/day", "1/day burst 31", "7/min burst 1000", "10/s burst 1"] {
            let all = LimitsConfig { site: quota(text), address: quota(text), email: quota(text), text: quota(text) };
            let (limits, _) = limits(all);
            let submission = Submission { ip: Some(Ipv4Addr::LOCALHOST.into()), ..from_email("ann@example.org") };
            for _ in 0..3 {
                let usage = match limits.check(SITE_A, KEY_A, &submission) {
                    Ok(allowance) => allowance.usage,
                    Err(exceeded) => exceeded.usage,
                };
                let policy = parsed(usage.rate_limit_policy().unwrap());
                assert_eq!(
                    policy.iter().map(|(name, _)| name).collect::<Vec<_>>(),
                    ["site", "address", "email", "text"]
                );
                for (name, rest) in parsed(&usage.rate_limit().unwrap()) {
                    let (_, quota) = policy.iter().find(|(of, _)| *of == name).unwrap();
                    let [(q, quota), (w, window)] = &quota[..] else { panic!("{quota:?}") };
                    let [(r, remaining), (t, reset)] = &rest[..] else { panic!("{rest:?}") };
                    assert_eq!([q, w, r, t], ["q", "w", "r", "t"]);
                    assert!(remaining <= quota && *reset >= 1 && *window >= 1, "{text}: {remaining} of {quota}");
                }
            }
        }
    }

    #[test]
    fn threads_together_get_one_quota_and_what_is_refused_stays_uncounted() {
        let config = LimitsConfig { site: quota("1000/min"), text: quota("2/min"), ..LimitsConfig::OFF };
        let (limits, _) = limits(config);
        let total: usize = std::thread::scope(|scope| {
            let flood = || allowed(&limits, &from_text("Nice article!"), 100);
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(flood)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(total, 2);
        assert_eq!(remaining(&limits.check_key(KEY_A).unwrap().usage), [("site", 997)]);
    }

    #[test]
    fn a_flood_of_addresses_switches_nothing_off() {
        // The quota is small, so that the flood uses up the shared buckets too.
        let (limits, clock) = limits(LimitsConfig { address: quota("10/min burst 4"), ..LimitsConfig::OFF });
        let bytes = limits.bytes();
        let client = from_address(Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(allowed(&limits, &client, 1), 1);

        const FLOOD: u32 = 1_000_000;
        let mut flood = from_address(Ipv4Addr::UNSPECIFIED);
        let mut flooded = 0;
        let mut passed = 0;
        for n in 0..FLOOD {
            flood.ip = Some(Ipv4Addr::from_bits(0x0a00_0000 + n).into());
            flooded += allowed(&limits, &flood, 1);
            if n % 100_000 == 0 {
                passed += allowed(&limits, &client, 1);
            }
        }

        assert_eq!(passed, 3, "a client from before the flood has exactly its quota");
        let (places, buckets) = (limits.capacity(LimitName::Address), limits.capacity(LimitName::Address) / 16);
        assert!(flooded <= places + 4 * buckets, "{flooded} of the flood passed");
        assert!(limits.overflowed(LimitName::Address) >= u64::from(FLOOD) - places as u64);
        assert!(limits.keys(LimitName::Address) <= places);
        assert_eq!(limits.bytes(), bytes);

        let newcomers = (0..100).map(|n| {
            let newcomer = from_address(Ipv4Addr::new(198, 51, 100, n));
            let passed = allowed(&limits, &newcomer, 10);
            assert!(passed <= 4, "a newcomer is limited in the flood");
            passed
        });
        assert!(newcomers.sum::<usize>() < 20, "what is left in the shared buckets");

        clock.advance(Duration::from_secs(6));
        assert_eq!(allowed(&limits, &client, 10), 1, "and exactly one more after its interval");
        assert_eq!(allowed(&limits, &from_address(Ipv4Addr::new(203, 0, 113, 1)), 10), 4, "newcomers find room again");
        clock.advance(Duration::from_secs(4 * 6));
        assert_eq!(limits.keys(LimitName::Address), 0, "the flood has gone by itself");
    }
}
