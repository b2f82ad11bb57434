//! Which held comment a moderator should see first: the one that is worth most, by risk × age × how much the answer teaches.
//!
//! Age counts exponentially: whatever waits [`DOUBLING_HOURS`] longer is worth twice as much. The order of two comments
//! then never changes while they wait, so the worth is a number that can be stored and indexed when a comment arrives.

use jiff::Timestamp;

use crate::verdict::Scores;

/// Hours of waiting that double the worth of looking at a comment. Risk and teaching together span about five
/// doublings, so nothing waits more than a day behind what is newer.
pub const DOUBLING_HOURS: f64 = 4.0;

/// The binary logarithm of a comment's worth, less what its time of arrival takes from it; the greater, the earlier it is shown.
/// `scores` are the classifier's probabilities, `is_repeated` says that nearly the same text is known already.
pub fn worth(scores: Scores, is_repeated: bool, created_at: Timestamp) -> f64 {
    let (spam, toxic) = (scores.spam.unwrap_or(0.5), scores.toxic.unwrap_or(0.5));
    let risk = 0.1 + spam.max(toxic);
    // An answer teaches most where the classifier knows least, and little about what it has seen before.
    let doubt = |p: f64| 4.0 * p * (1.0 - p);
    let teaches = 0.5 + doubt(spam).max(doubt(toxic)) * if is_repeated { 0.25 } else { 1.0 };
    let hours = created_at.as_millisecond() as f64 / 3_600_000.0;
    (risk * teaches).log2() - hours / DOUBLING_HOURS
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000).expect("in range") + SignedDuration::from_hours(hours)
    }

    fn of(spam: f64, toxic: f64, hours: i64) -> f64 {
        worth(Scores { spam: Some(spam), toxic: Some(toxic) }, false, at(hours))
    }

    #[test]
    fn risk_and_doubt_come_first() {
        assert!(of(0.9, 0.0, 0) > of(0.1, 0.0, 0));
        assert!(of(0.6, 0.0, 0) > of(0.999, 0.0, 0));
        assert!(of(0.0, 0.9, 0) > of(0.0, 0.0, 0));
    }

    #[test]
    fn nothing_waits_for_ever() {
        assert!(of(0.01, 0.01, 0) > of(0.5, 0.5, 24));
    }

    #[test]
    fn a_repeated_text_teaches_less() {
        let scores = Scores { spam: Some(0.5), toxic: Some(0.1) };
        assert!(worth(scores, false, at(0)) > worth(scores, true, at(0)));
    }
}
