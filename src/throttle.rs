//! Limits on guessing: so many attempts at once, then one every so often, for each key; in the process, in bounded memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keys that are told apart. When there are more, all new ones share one bucket, so rotating keys frees nobody.
const MAX_KEYS: usize = 10_000;

/// The key that newcomers share when the table is full.
const SHARED: u64 = 0;

/// A limit on attempts.
#[derive(Debug)]
pub struct Throttle {
    burst: u32,
    every: Duration,
    hasher: RandomState,
    /// For each key, when its bucket is full again.
    full_at: Mutex<HashMap<u64, Instant>>,
}

impl Throttle {
    /// Allows `burst` attempts at once, and one more `every` so often.
    pub fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, hasher: RandomState::new(), full_at: Mutex::default() }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    ///
    /// The seconds to wait when there were too many.
    pub fn attempt(&self, key: impl Hash, now: Instant) -> Result<(), u64> {
        let key = self.hasher.hash_one(key);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        if full_at.len() >= MAX_KEYS {
            full_at.retain(|_, at| *at > now);
        }
        let key = if full_at.len() >= MAX_KEYS && !full_at.contains_key(&key) { SHARED } else { key };
        let at = full_at.entry(key).or_insert(now);
        let next = (*at).max(now) + self.every;
        let over = next.duration_since(now).saturating_sub(self.every * self.burst);
        if over.is_zero() {
            *at = next;
            Ok(())
        } else {
            Err(over.as_secs() + 1)
        }
    }

    /// Whether the next attempt of a key would be one too many.
    pub fn is_used_up(&self, key: impl Hash, now: Instant) -> bool {
        let key = self.hasher.hash_one(key);
        let full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let at = full_at.get(&key).or_else(|| full_at.get(&SHARED).filter(|_| full_at.len() >= MAX_KEYS));
        at.is_some_and(|at| (*at).max(now) + self.every > now + self.every * self.burst)
    }

    /// Forgets all attempts of a key, because one of them succeeded.
    pub fn forgive(&self, key: impl Hash) {
        let key = self.hasher.hash_one(key);
        self.full_at.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_one_at_a_time() {
        let throttle = Throttle::new(3, Duration::from_secs(10));
        let now = Instant::now();
        assert!((0..3).all(|_| throttle.attempt("ann", now).is_ok()));
        assert!(throttle.is_used_up("ann", now) && !throttle.is_used_up("bob", now));
        assert_eq!(throttle.attempt("ann", now), Err(11));
        assert_eq!(throttle.attempt("bob", now), Ok(()));
        assert_eq!(throttle.attempt("ann", now + Duration::from_secs(10)), Ok(()));
        assert!(throttle.attempt("ann", now + Duration::from_secs(10)).is_err());
    }

    #[test]
    fn rotating_keys_neither_grows_the_table_nor_frees_anybody() {
        let throttle = Throttle::new(2, Duration::from_secs(10));
        let now = Instant::now();
        let passed = (0..50_000).filter(|key| throttle.attempt(key, now).is_ok()).count();
        assert!(passed <= MAX_KEYS + 2, "{passed}");
        assert!(throttle.full_at.lock().expect("not poisoned").len() <= MAX_KEYS + 1);
    }

    #[test]
    fn success_forgives() {
        let throttle = Throttle::new(1, Duration::from_secs(10));
        let now = Instant::now();
        throttle.attempt("ann", now).expect("the first");
        throttle.forgive("ann");
        assert_eq!(throttle.attempt("ann", now), Ok(()));
    }
}
