//! When a delivery that failed is tried again.

use std::time::Duration;

use jiff::Timestamp;

/// Pauses before each further attempt, as the Standard Webhooks specification suggests: a little over three days in all.
const PAUSES: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 60 * 60),
    Duration::from_secs(5 * 60 * 60),
    Duration::from_secs(10 * 60 * 60),
    Duration::from_secs(14 * 60 * 60),
    Duration::from_secs(20 * 60 * 60),
    Duration::from_secs(24 * 60 * 60),
];

/// Attempts before a delivery becomes a dead letter.
pub const ATTEMPTS: i64 = PAUSES.len() as i64 + 1;

/// A pause grows by up to this share, so that what failed together does not come back together.
const JITTER: f64 = 0.2;

/// Longest pause that a receiver may ask for.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// When to try again after `attempts` have failed, the last one at `now`; `None` when it is given up. `chance` is from 0 to
/// 1; `wanted` is the pause that the receiver asked for (`Retry-After`).
pub fn next(attempts: i64, now: Timestamp, chance: f64, wanted: Option<Duration>) -> Option<Timestamp> {
    let pause = PAUSES.get(usize::try_from(attempts - 1).ok()?)?;
    let pause = pause.mul_f64(1.0 + JITTER * chance.clamp(0.0, 1.0));
    let pause = wanted.map_or(pause, |wanted| pause.max(wanted.min(LONGEST_PAUSE)));
    now.checked_add(pause).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn ten_attempts_take_three_days() {
        let mut at = NOW;
        for attempts in 1..ATTEMPTS {
            at = next(attempts, at, 0.0, None).expect("another attempt");
        }
        assert_eq!(next(ATTEMPTS, at, 0.0, None), None);
        let days = at.as_second() as f64 / 86_400.0;
        assert!((3.0..3.3).contains(&days), "{days}");
    }

    #[test]
    fn pauses_differ_by_chance_and_never_shrink() {
        let pause = |chance| next(2, NOW, chance, None).map(Timestamp::as_second);
        assert_eq!((pause(0.0), pause(0.5), pause(1.0)), (Some(300), Some(330), Some(360)));
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_but_not_for_ever() {
        let after = |seconds| next(1, NOW, 0.0, Some(Duration::from_secs(seconds))).map(Timestamp::as_second);
        assert_eq!((after(1), after(600), after(u64::MAX / 2)), (Some(5), Some(600), Some(86_400)));
    }
}
