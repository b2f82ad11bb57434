//! Limits that all replicas count together, in Redis or Valkey.
//!
//! The same algorithm as in the process, GCRA: a key is the time at which its quota is whole again. One round trip asks
//! for all limits of a submission and counts it by all of them or by none, by the server's clock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use governor::clock::Clock;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisResult, Script};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tracing::{info, warn};

use super::quota::seconds_rounded_up;
use super::{Allowance, Exceeded, LimitName, LimitState, Limits, Rate, Usage};
use crate::comment::{Submission, network_of};
use crate::id::{KeyId, SiteId};

/// How long an answer may take before the process counts by itself.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long nobody asks after an answer did not come.
const PAUSE: Duration = Duration::from_secs(1);
/// How long making a connection may take.
const CONNECTING: Duration = Duration::from_millis(500);

/// Takes, for each key, the time of one and the number at once. Gives the number of the limit that refuses (0 for none),
/// then for each limit up to that one microseconds until its quota is whole again, or for the one that refuses until one
/// more passes.
const GCRA: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local answer, whole = {0}, {}
for i, key in ipairs(KEYS) do
  local interval, burst = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local at = math.max(tonumber(redis.call('GET', key) or 0), now) + interval
  local wait = at - burst * interval - now
  if wait > 0 then
    answer[1] = i
    answer[i + 1] = wait
    return answer
  end
  whole[i] = at
  answer[i + 1] = at - now
end
for i, key in ipairs(KEYS) do
  redis.call('SET', key, string.format('%.0f', whole[i]), 'PX', math.ceil((whole[i] - now) / 1000))
end
return answer
";

/// What a submission is counted by.
#[derive(Clone, Debug)]
pub(super) struct Counted {
    pub(super) name: LimitName,
    pub(super) rate: Rate,
    /// Who, on which site; only a hash of it leaves the process.
    pub(super) who: String,
}

/// What the server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The limit that refuses, by its place in the question.
    pub(super) refused: Option<usize>,
    /// For each limit that was looked at, until when its quota is whole again, or, for the one that refuses, one passes.
    pub(super) waits: Vec<Duration>,
}

/// Limits in Redis or Valkey.
pub struct SharedLimits {
    client: Client,
    connection: OnceCell<ConnectionManager>,
    script: Script,
    started: Instant,
    /// Nobody is asked before this time, in milliseconds since `started`.
    paused_until: AtomicU64,
    away: AtomicBool,
    failures: AtomicU64,
}

impl std::fmt::Debug for SharedLimits {
    /// Without the address, which may have a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedLimits").field("away", &self.away).finish_non_exhaustive()
    }
}

impl SharedLimits {
    /// Limits at a `redis://` or `rediss://` address. Connects when it is first asked.
    ///
    /// # Errors
    ///
    /// When the address cannot be used.
    pub fn new(url: &str) -> Result<Self, String> {
        Ok(Self {
            client: Client::open(url).map_err(|error| error.to_string())?,
            connection: OnceCell::new(),
            script: Script::new(GCRA),
            started: Instant::now(),
            paused_until: AtomicU64::new(0),
            away: AtomicBool::new(false),
            failures: AtomicU64::new(0),
        })
    }

    /// Connects, so that the first submission need not wait for it.
    pub async fn connect_now(&self) {
        if let Err(error) = self.connection.get_or_try_init(|| self.connect()).await {
            self.failed(&error.to_string());
        }
    }

    /// How often the server was asked and did not answer.
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// `None` when the server does not answer; nobody waits for it twice.
    pub(super) async fn count(&self, site: SiteId, counted: &[Counted]) -> Option<Answer> {
        if self.elapsed() < self.paused_until.load(Ordering::Relaxed) {
            return None;
        }
        match timeout(PATIENCE, self.ask(site, counted)).await {
            Ok(Ok(answer)) => {
                if self.away.swap(false, Ordering::Relaxed) {
                    info!("the shared rate limits work again");
                }
                Some(answer)
            }
            Ok(Err(error)) => self.failed(&error.to_string()),
            Err(_) => self.failed("no answer in time"),
        }
    }

    async fn ask(&self, site: SiteId, counted: &[Counted]) -> RedisResult<Answer> {
        let mut connection = self.connection.get_or_try_init(|| self.connect()).await?.clone();
        let mut call = self.script.prepare_invoke();
        for Counted { name, rate, who } in counted {
            // In a cluster, the part in braces puts all keys of a site on one server.
            call.key(format!("moderato:{{{site}}}:{name}:{}", hash(who)));
            call.arg(u64::try_from(rate.interval().as_micros()).unwrap_or(u64::MAX)).arg(rate.burst());
        }
        let numbers: Vec<u64> = call.invoke_async(&mut connection).await?;
        let (refused, waits) = numbers.split_first().map_or((0, [].as_slice()), |(first, rest)| (*first, rest));
        Ok(Answer {
            refused: usize::try_from(refused).ok().and_then(|place| place.checked_sub(1)),
            waits: waits.iter().map(|wait| Duration::from_micros(*wait)).collect(),
        })
    }

    async fn connect(&self) -> RedisResult<ConnectionManager> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECTING))
            .set_response_timeout(Some(CONNECTING))
            .set_number_of_retries(1);
        // In a task of its own: whoever waits gives up long before it is done.
        let made = ConnectionManager::new_with_config(self.client.clone(), config);
        tokio::spawn(made).await.map_err(std::io::Error::other)?
    }

    fn failed(&self, why: &str) -> Option<Answer> {
        self.failures.fetch_add(1, Ordering::Relaxed);
        let pause = u64::try_from(PAUSE.as_millis()).unwrap_or(u64::MAX);
        self.paused_until.store(self.elapsed() + pause, Ordering::Relaxed);
        if !self.away.swap(true, Ordering::Relaxed) {
            warn!("the shared rate limits do not answer, this process counts by itself: {why}");
        }
        None
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl<C: Clock> Limits<C> {
    /// As [`Limits::check`], but counted together with all replicas where the limits are shared. While the server that
    /// counts does not answer, this process counts by itself.
    ///
    /// # Errors
    ///
    /// As [`Limits::check`].
    pub async fn check_everywhere(
        &self,
        site: SiteId,
        key: KeyId,
        submission: &Submission,
    ) -> Result<Allowance, Exceeded> {
        let Some(shared) = &self.shared else { return self.check(site, key, submission) };
        let counted = self.counted(key, Some(submission));
        match shared.count(site, &counted).await {
            Some(answer) => self.told(&counted, answer),
            None => self.check(site, key, submission),
        }
    }

    /// The same for [`Limits::check_key`].
    ///
    /// # Errors
    ///
    /// As [`Limits::check_key`].
    pub async fn check_key_everywhere(&self, site: SiteId, key: KeyId) -> Result<Allowance, Exceeded> {
        let Some(shared) = &self.shared else { return self.check_key(key) };
        let counted = self.counted(key, None);
        match shared.count(site, &counted).await {
            Some(answer) => self.told(&counted, answer),
            None => self.check_key(key),
        }
    }

    fn counted(&self, key: KeyId, submission: Option<&Submission>) -> Vec<Counted> {
        let who = |name| match name {
            LimitName::Site => Some(key.to_string()),
            LimitName::Address => submission?.ip.map(network_of),
            LimitName::Email => {
                let email = submission?.email.as_deref()?.trim().to_lowercase();
                (!email.is_empty()).then_some(email)
            }
            LimitName::Text => Some(submission?.text.trim().to_lowercase()),
        };
        let counted = |name| Some(Counted { name, rate: self.limit(name)?.rate, who: who(name)? });
        LimitName::ALL.into_iter().filter_map(counted).collect()
    }

    fn told(&self, counted: &[Counted], answer: Answer) -> Result<Allowance, Exceeded> {
        let mut states: Vec<LimitState> =
            counted.iter().zip(&answer.waits).map(|(counted, wait)| state(counted, *wait)).collect();
        let usage = |states| Usage { policy: self.policy.clone(), states };
        let Some((refused, wait)) =
            answer.refused.and_then(|place| Some((counted.get(place)?, answer.waits.get(place)?)))
        else {
            return Ok(Allowance { usage: usage(states) });
        };
        let retry_after = seconds_rounded_up(*wait).max(1);
        // What the others have left, had this one not been looked at.
        for state in &mut states {
            state.remaining = if state.name == refused.name { 0 } else { state.remaining + 1 };
        }
        if let Some(last) = states.last_mut() {
            last.reset = retry_after;
        }
        Err(Exceeded { limit: refused.name, retry_after, usage: usage(states) })
    }
}

/// `whole` is the time until the quota is whole again.
fn state(counted: &Counted, whole: Duration) -> LimitState {
    let (quota, window) = counted.rate.advertised();
    let used = whole.as_micros().div_ceil(counted.rate.interval().as_micros().max(1));
    let remaining = counted.rate.burst().saturating_sub(u32::try_from(used).unwrap_or(u32::MAX));
    LimitState { name: counted.name, quota, window, remaining, reset: seconds_rounded_up(counted.rate.interval()) }
}

/// 128 bits, so that nobody can choose names that share a quota, and nothing about a person is written down.
fn hash(who: &str) -> String {
    Sha256::digest(who.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
