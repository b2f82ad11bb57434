//! Where the limits keep their state: a table of fixed size that is never full.
//!
//! A key is a 64-bit hash and belongs to one *set* of [`WAYS`] places; a place holds a key and the time at which its
//! next arrival is due, which is all that governor needs. A place whose time has passed says nothing that a newcomer's
//! would not say, so it is free, and nothing needs to sweep. When all places of a set are in use, newcomers of that set
//! share one more bucket with the same quota: coarser, never unlimited, and no key in use is ever pushed out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::nanos::Nanos;
use governor::state::StateStore;

/// Places in a set. With 16, a table that is filled to 60 % has about 2 % of its keys in shared buckets, to 40 % none.
const WAYS: usize = 16;

/// Locks of a table. One is held for some 100 ns, so a few suffice; and each shard is large enough for
/// the allocator to fetch it as untouched zero pages, so that an idle table occupies no memory.
const SHARDS: usize = 16;

/// The state of one limit's keys. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Table(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    shards: Vec<Mutex<Shard>>,
    sets: usize,
    overflowed: AtomicU64,
}

/// A part of the sets. All times are nanoseconds since the limiter's start; 0 is long past, so zeroes are an empty
/// table.
#[derive(Debug)]
struct Shard {
    keys: Vec<[u64; WAYS]>,
    arrivals: Vec<[u64; WAYS]>,
    overflow: Vec<u64>,
}

impl Table {
    /// A table with at least room for `capacity` keys. Its memory is bounded from here on.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        let sets = capacity.div_ceil(WAYS).next_power_of_two().max(SHARDS);
        let part = sets / SHARDS;
        let shard = || Shard { keys: vec![[0; WAYS]; part], arrivals: vec![[0; WAYS]; part], overflow: vec![0; part] };
        let shards = (0..SHARDS).map(|_| Mutex::new(shard())).collect();
        Self(Arc::new(Inner { shards, sets, overflowed: AtomicU64::new(0) }))
    }

    /// Keys that have a place of their own at most.
    pub(super) fn capacity(&self) -> usize {
        self.0.sets * WAYS
    }

    /// Keys in use at `now`, shared buckets not counted. Looks at the whole table: for metrics.
    pub(super) fn keys(&self, now: Nanos) -> usize {
        let in_use =
            |shard: &Shard| shard.arrivals.as_flattened().iter().filter(|&&arrival| arrival > now.as_u64()).count();
        self.0.shards.iter().map(|shard| in_use(&lock(shard))).sum()
    }

    /// Decisions so far that fell to a shared bucket.
    pub(super) fn overflowed(&self) -> u64 {
        self.0.overflowed.load(Ordering::Relaxed)
    }

    /// Bytes that the table can occupy at most.
    pub(super) fn bytes(&self) -> usize {
        self.0.sets * (2 * WAYS + 1) * size_of::<u64>() + SHARDS * size_of::<Mutex<Shard>>()
    }

    /// Takes one allowed arrival of `key` back; `interval` is the time that it stood for.
    pub(super) fn take_back(&self, key: u64, interval: Nanos) {
        let (mut shard, set) = self.shard(key);
        let arrival = match shard.way_of(set, key) {
            Some(way) => &mut shard.arrivals[set][way],
            None => &mut shard.overflow[set],
        };
        *arrival = arrival.saturating_sub(interval.as_u64());
    }

    /// The part of the table in which `key` lies, and its set there.
    fn shard(&self, key: u64) -> (MutexGuard<'_, Shard>, usize) {
        // Below 2^26 in any case: the table fits into memory.
        let set = key as usize & (self.0.sets - 1);
        (lock(&self.0.shards[set % SHARDS]), set / SHARDS)
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    // Every state of a shard is a valid one, so a panic elsewhere is no reason to stop limiting.
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn way_of(&self, set: usize, key: u64) -> Option<usize> {
        self.keys[set].iter().position(|&taken| taken == key)
    }

    /// The place whose time passed first, or passes first: if it is in use, all are.
    fn oldest_way(&self, set: usize) -> usize {
        let arrivals = &self.arrivals[set];
        (1..WAYS).fold(0, |oldest, way| if arrivals[way] < arrivals[oldest] { way } else { oldest })
    }
}

impl StateStore for Table {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, &key: &u64, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let (mut shard, set) = self.shard(key);
        let way = shard.way_of(set, key).or_else(|| {
            let oldest = shard.oldest_way(set);
            is_past(shard.arrivals[set][oldest], &decide).then_some(oldest)
        });
        let arrival = match way {
            Some(way) => {
                shard.keys[set][way] = key;
                &mut shard.arrivals[set][way]
            }
            None => {
                self.0.overflowed.fetch_add(1, Ordering::Relaxed);
                &mut shard.overflow[set]
            }
        };
        let (outcome, next) = decide(Some(Nanos::from(*arrival)))?;
        *arrival = next.as_u64();
        Ok(outcome)
    }
}

/// Whether a state makes no difference any more: from it, the decision leads where it leads a newcomer.
///
/// The decision knows the time and the table does not, so this cannot disagree with the limiter's clock.
fn is_past<T, E>(arrival: u64, decide: impl Fn(Option<Nanos>) -> Result<(T, Nanos), E>) -> bool {
    match (decide(Some(Nanos::from(arrival))), decide(None)) {
        (Ok((_, next)), Ok((_, fresh))) => next == fresh,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use governor::clock::FakeRelativeClock;
    use governor::middleware::NoOpMiddleware;
    use governor::state::keyed::DefaultKeyedStateStore;
    use governor::{Quota, RateLimiter};
    use proptest::prelude::*;

    use super::*;

    type Limiter = RateLimiter<u64, Table, FakeRelativeClock, NoOpMiddleware<Nanos>>;

    const INTERVAL: Duration = Duration::from_secs(1);

    /// A limiter of three at once and one a second, with a table of `sets` sets.
    fn limiter(sets: usize) -> (Limiter, Table, FakeRelativeClock) {
        let (table, clock) = (Table::with_capacity(sets * WAYS), FakeRelativeClock::default());
        (RateLimiter::new(quota(), table.clone(), clock.clone()), table, clock)
    }

    fn quota() -> Quota {
        Quota::with_period(INTERVAL).unwrap().allow_burst(NonZeroU32::new(3).unwrap())
    }

    /// How many of `tries` are allowed.
    fn allowed(limiter: &Limiter, key: u64, tries: usize) -> usize {
        (0..tries).filter(|_| limiter.check_key(&key).is_ok()).count()
    }

    /// The `n`th key of set 0 in a table of `SHARDS` sets.
    fn in_first_set(n: usize) -> u64 {
        (n * SHARDS) as u64
    }

    #[test]
    fn a_key_has_its_own_quota() {
        let (limiter, table, clock) = limiter(SHARDS);
        assert_eq!(allowed(&limiter, 1, 5), 3);
        assert_eq!(allowed(&limiter, 2, 5), 3);
        clock.advance(INTERVAL);
        assert_eq!(allowed(&limiter, 1, 5), 1);
        assert_eq!(table.overflowed(), 0);
    }

    #[test]
    fn even_the_hash_zero_has_its_own_quota() {
        let (limiter, _, _) = limiter(SHARDS);
        assert_eq!(allowed(&limiter, 0, 5), 3);
        assert_eq!(allowed(&limiter, in_first_set(1), 5), 3);
    }

    #[test]
    fn newcomers_of_a_full_set_share_one_bucket_and_push_nobody_out() {
        let (limiter, table, _) = limiter(SHARDS);
        for n in 1..=WAYS {
            assert_eq!(allowed(&limiter, in_first_set(n), 1), 1);
        }
        assert_eq!(table.overflowed(), 0);

        let newcomers: usize = (0..100).map(|n| allowed(&limiter, in_first_set(1_000 + n), 1)).sum();
        assert_eq!(newcomers, 3);
        assert_eq!(table.overflowed(), 100);
        assert_eq!(allowed(&limiter, 1, 5), 3, "another set is not concerned");
        for n in 1..=WAYS {
            assert_eq!(allowed(&limiter, in_first_set(n), 5), 2, "key {n} has what it had left");
        }
    }

    #[test]
    fn a_place_is_free_as_soon_as_its_time_has_passed_and_not_before() {
        let (limiter, table, clock) = limiter(SHARDS);
        for n in 1..=WAYS {
            allowed(&limiter, in_first_set(n), 1);
        }
        clock.advance(INTERVAL - Duration::from_nanos(1));
        allowed(&limiter, in_first_set(100), 1);
        assert_eq!(table.overflowed(), 1);
        assert_eq!(table.keys(Nanos::from(INTERVAL - Duration::from_nanos(1))), WAYS);

        clock.advance(Duration::from_nanos(1));
        assert_eq!(table.keys(Nanos::from(INTERVAL)), 0);
        assert_eq!(allowed(&limiter, in_first_set(100), 5), 3);
        assert_eq!(table.overflowed(), 1);
        assert_eq!(table.keys(Nanos::from(INTERVAL)), 1);
    }

    #[test]
    fn what_is_taken_back_was_never_there() {
        let (limiter, table, clock) = limiter(SHARDS);
        assert_eq!(allowed(&limiter, 7, 3), 3);
        table.take_back(7, INTERVAL.into());
        assert_eq!(allowed(&limiter, 7, 5), 1);

        for _ in 0..3 {
            table.take_back(7, INTERVAL.into());
        }
        assert_eq!(table.keys(Nanos::from(0)), 0, "the place is free again");
        clock.advance(INTERVAL * 100);
        assert_eq!(allowed(&limiter, 7, 5), 3, "nobody saves up more than a burst");
    }

    #[test]
    fn what_is_taken_back_from_a_shared_bucket_is_there_for_the_others() {
        let (limiter, table, _) = limiter(SHARDS);
        for n in 1..=WAYS {
            allowed(&limiter, in_first_set(n), 1);
        }
        assert_eq!(allowed(&limiter, in_first_set(100), 5), 3);
        table.take_back(in_first_set(100), INTERVAL.into());
        assert_eq!(allowed(&limiter, in_first_set(101), 5), 1);
    }

    #[test]
    fn threads_together_get_one_quota() {
        let (limiter, _, _) = limiter(SHARDS);
        let total: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| allowed(&limiter, 5, 200))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(total, 3);
    }

    #[test]
    fn a_panic_under_the_lock_does_not_stop_the_limit() {
        let (limiter, table, _) = limiter(SHARDS);
        let shared = table.clone();
        let panicked = std::thread::spawn(move || {
            let _guard = shared.shard(5);
            panic!("on purpose, while the lock is held");
        });
        assert!(panicked.join().is_err());
        assert_eq!(allowed(&limiter, 5, 5), 3);
    }

    #[test]
    fn a_table_has_at_least_the_capacity_asked_for() {
        for capacity in [0, 1, 255, 256, 257, 4_096, 200_000] {
            assert!(Table::with_capacity(capacity).capacity() >= capacity);
        }
    }

    proptest! {
        #[test]
        fn it_decides_as_governors_own_store_does(
            steps in proptest::collection::vec((0..64_usize, 0..800_u64), 0..300),
        ) {
            let (ours, table, clock) = limiter(SHARDS);
            let store = DefaultKeyedStateStore::<u64>::default();
            let theirs = RateLimiter::<_, _, _, NoOpMiddleware<Nanos>>::new(quota(), store, clock.clone());
            for (n, pause) in steps {
                clock.advance(Duration::from_millis(pause));
                let key = in_first_set(n);
                let (our, their) = (ours.check_key(&key), theirs.check_key(&key));
                // Many keys in quick succession fill the set.
                prop_assume!(table.overflowed() == 0);
                prop_assert_eq!(our, their);
            }
        }
    }
}
