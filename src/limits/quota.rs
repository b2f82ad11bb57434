//! How much is allowed in which time, as people write it: `60/min`, `10/s burst 50`, `off`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Most that a quota may allow in one unit of time, and at once.
pub const MAX_COUNT: u32 = 1_000_000;

/// Longest time in which a used-up burst may come back. It also keeps the limiter's arithmetic, 64 bits of nanoseconds,
/// far from its end.
pub const MAX_REFILL: Duration = Duration::from_secs(31 * 24 * 60 * 60);

/// A quota: a [`Rate`], or off.
///
/// As text it is a number from 1 to [`MAX_COUNT`], a slash and a unit (`s`, `min`, `hour`, `day` and their longer and
/// shorter names), then if need be `burst` and the number that may come at once: `60/min burst 20`. Without it, all
/// that the unit allows may come at once. `off` switches the limit off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota(Option<Rate>);

/// What a quota allows that is not off: so many in a unit of time, evenly, and a number at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    count: NonZeroU32,
    unit: Unit,
    burst: NonZeroU32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Second,
    Minute,
    Hour,
    Day,
}

impl Quota {
    /// No limit.
    pub const OFF: Self = Self(None);

    /// One of `parts` equal parts, rounded up: together they allow no less than the whole.
    pub fn share_of(self, parts: NonZeroU32) -> Self {
        let share = |n: NonZeroU32| NonZeroU32::new(n.get().div_ceil(parts.get())).unwrap_or(n);
        Self(self.0.map(|rate| Rate { count: share(rate.count), burst: share(rate.burst), unit: rate.unit }))
    }

    /// What is allowed; `None` when the limit is off.
    pub fn rate(self) -> Option<Rate> {
        self.0
    }
}

impl Rate {
    /// How many may come at once after a long silence; at least 1.
    pub fn burst(self) -> u32 {
        self.burst.get()
    }

    /// The time in which one more is allowed, from 1 µs to a day.
    pub fn interval(self) -> Duration {
        self.unit.duration() / self.count.get()
    }

    /// The quota as it is told to clients (`q` and `w` of `RateLimit-Policy`): so many in so many seconds.
    ///
    /// That is the rate as written, unless more than that may come at once: `10/min burst 20` is told as 20 in 120 s,
    /// the same rate in terms in which what remains is never more than the quota.
    pub fn advertised(self) -> (u32, u64) {
        if self.burst <= self.count {
            (self.count.get(), self.unit.duration().as_secs())
        } else {
            (self.burst.get(), seconds_rounded_up(self.refill()))
        }
    }

    /// The time in which a used-up burst is whole again.
    fn refill(self) -> Duration {
        // At most a million days, which a Duration holds.
        self.interval() * self.burst.get()
    }

    /// The same in governor's terms.
    pub(super) fn for_governor(self) -> governor::Quota {
        governor::Quota::with_period(self.interval())
            .expect("the interval is at least 1 µs, because both count and unit are bounded")
            .allow_burst(self.burst)
    }
}

/// Whole seconds, never fewer than the time asked for.
pub(super) fn seconds_rounded_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

impl Unit {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "s" | "sec" | "second" | "seconds" => Self::Second,
            "min" | "minute" | "minutes" => Self::Minute,
            "h" | "hour" | "hours" => Self::Hour,
            "d" | "day" | "days" => Self::Day,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Second => "s",
            Self::Minute => "min",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 60 * 60,
            Self::Day => 24 * 60 * 60,
        })
    }
}

/// The text is not a quota; the message says what would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuota {
    /// Not of the form.
    #[error(
        "\"{0}\" is not a quota: write a number, a slash and a unit, such as \"60/min\" or \"60/min burst 20\", \
         or \"off\""
    )]
    Form(String),
    /// An unknown unit of time.
    #[error("\"{0}\" is not a unit of time: write \"s\", \"min\", \"hour\" or \"day\", such as \"60/min\"")]
    Unit(String),
    /// A number that is zero, too large or none at all.
    #[error(
        "\"{0}\" cannot be a number of a quota: write one from 1 to {MAX_COUNT}, such as \"60/min\"; \
         \"off\" removes the limit"
    )]
    Count(String),
    /// A burst that takes too long to come back.
    #[error(
        "the burst of \"{0}\" would take {1} days to come back: choose a smaller burst or a higher rate, \
         so that it takes at most {max}",
        max = MAX_REFILL.as_secs() / (24 * 60 * 60)
    )]
    Refill(String, u64),
}

impl FromStr for Quota {
    type Err = InvalidQuota;

    fn from_str(text: &str) -> Result<Self, InvalidQuota> {
        let lower = text.trim().to_ascii_lowercase();
        if lower == "off" {
            return Ok(Self::OFF);
        }
        let (count, rest) = lower.split_once('/').ok_or_else(|| InvalidQuota::Form(shown(text)))?;
        let mut words = rest.split_whitespace();
        let unit = words.next().ok_or_else(|| InvalidQuota::Form(shown(text)))?;
        let burst = match (words.next(), words.next(), words.next()) {
            (None, _, _) => None,
            (Some("burst"), Some(burst), None) => Some(burst),
            _ => return Err(InvalidQuota::Form(shown(text))),
        };

        let count = number(count.trim())?;
        let unit = Unit::named(unit).ok_or_else(|| InvalidQuota::Unit(shown(unit)))?;
        let burst = burst.map_or(Ok(count), number)?;
        let rate = Rate { count, unit, burst };
        if rate.refill() > MAX_REFILL {
            return Err(InvalidQuota::Refill(shown(text), rate.refill().as_secs() / (24 * 60 * 60)));
        }
        Ok(Self(Some(rate)))
    }
}

fn number(digits: &str) -> Result<NonZeroU32, InvalidQuota> {
    // A sign, which the number's own parser would take, is no digit.
    Some(digits)
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .filter(|&number: &NonZeroU32| number.get() <= MAX_COUNT)
        .ok_or_else(|| InvalidQuota::Count(shown(digits)))
}

/// As much of a mistaken text as belongs into a message.
fn shown(text: &str) -> String {
    text.trim().chars().take(60).collect()
}

impl fmt::Display for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("off"),
            Some(Rate { count, unit, burst }) if burst == count => write!(f, "{count}/{}", unit.name()),
            Some(Rate { count, unit, burst }) => write!(f, "{count}/{} burst {burst}", unit.name()),
        }
    }
}

impl Serialize for Quota {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quota {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl serde::de::Visitor<'_> for Text {
            type Value = Quota;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quota in quotation marks, such as \"60/min\", \"60/min burst 20\" or \"off\"")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Quota, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(text: &str) -> Rate {
        text.parse::<Quota>().unwrap().rate().unwrap()
    }

    #[test]
    fn quotas_are_read_as_people_write_them() {
        for (text, burst, interval_ms) in [
            ("60/min", 60, 1_000),
            ("10/s", 10, 100),
            ("10/sec", 10, 100),
            ("10/second", 10, 100),
            ("10/seconds", 10, 100),
            ("1000/hour", 1_000, 3_600),
            ("5000/day", 5_000, 17_280),
            ("2/h", 2, 1_800_000),
            ("2/d", 2, 43_200_000),
            ("6/minute", 6, 10_000),
            ("6/minutes", 6, 10_000),
            ("3/hours", 3, 1_200_000),
            ("4/days", 4, 21_600_000),
            ("60/min burst 20", 20, 1_000),
            ("10/min burst 20", 20, 6_000),
            ("  60 / MIN   Burst 20 ", 20, 1_000),
        ] {
            assert_eq!(rate(text).burst(), burst, "{text}");
            assert_eq!(rate(text).interval(), Duration::from_millis(interval_ms), "{text}");
        }
        for text in ["off", "OFF", " off "] {
            assert_eq!(text.parse(), Ok(Quota::OFF));
        }
    }

    #[test]
    fn what_is_no_quota_is_refused_with_a_sentence_that_says_what_is() {
        for (text, message) in [
            ("", "\"\" is not a quota: write a number, a slash and a unit"),
            ("60", "\"60\" is not a quota"),
            ("60/", "\"60/\" is not a quota"),
            ("60 per minute", "\"60 per minute\" is not a quota"),
            ("60/min burst", "\"60/min burst\" is not a quota"),
            ("60/min burst 20 30", "\"60/min burst 20 30\" is not a quota"),
            ("60/min max 20", "\"60/min max 20\" is not a quota"),
            ("60/fortnight", "\"fortnight\" is not a unit of time: write \"s\", \"min\", \"hour\" or \"day\""),
            ("60/min/s", "\"min/s\" is not a unit"),
            ("60/m", "\"m\" is not a unit"),
            ("0/min", "\"0\" cannot be a number of a quota: write one from 1 to 1000000"),
            ("/min", "\"\" cannot be a number"),
            ("-1/min", "\"-1\" cannot be"),
            ("+1/min", "\"+1\" cannot be"),
            ("1.5/min", "\"1.5\" cannot be"),
            ("1e3/min", "\"1e3\" cannot be"),
            ("1000001/s", "\"1000001\" cannot be"),
            ("99999999999999999999/s", "\"99999999999999999999\" cannot be"),
            ("60/min burst 0", "\"0\" cannot be"),
            ("60/min burst 1000001", "\"1000001\" cannot be"),
            ("1/day burst 1000000", "the burst of \"1/day burst 1000000\" would take 1000000 days to come back"),
            (
                "1/day burst 32",
                "the burst of \"1/day burst 32\" would take 32 days to come back: choose a smaller burst",
            ),
        ] {
            let error = text.parse::<Quota>().unwrap_err().to_string();
            assert!(error.starts_with(message), "{text}: {error}");
        }
        assert!("x".repeat(1_000_000).parse::<Quota>().unwrap_err().to_string().len() < 250);
    }

    #[test]
    fn clients_are_told_a_quota_that_what_remains_never_exceeds() {
        for (text, told) in [
            ("600/min", (600, 60)),
            ("10/s", (10, 1)),
            ("60/min burst 20", (60, 60)),
            ("10/min burst 20", (20, 120)),
            ("7/s burst 10", (10, 2)),
        ] {
            assert_eq!(rate(text).advertised(), told, "{text}");
            assert!(rate(text).burst() <= told.0, "{text}");
        }
    }

    #[test]
    fn a_configuration_holds_quotas_as_text_and_nothing_else() {
        assert_eq!(serde_json::from_str::<Quota>("\"60/min\"").unwrap().to_string(), "60/min");
        assert_eq!(serde_json::to_string(&Quota::OFF).unwrap(), "\"off\"");
        let error = serde_json::from_str::<Quota>("60").unwrap_err().to_string();
        assert!(error.contains("a quota in quotation marks, such as \"60/min\""), "{error}");
        let error = serde_json::from_str::<Quota>("\"0/min\"").unwrap_err().to_string();
        assert!(error.contains("\"off\" removes the limit"), "{error}");
    }

    proptest! {
        #[test]
        fn every_quota_reads_back_from_its_text(
            count in 1..=MAX_COUNT,
            unit in "s|min|hour|day",
            burst in proptest::option::of(1..=MAX_COUNT),
        ) {
            let text = burst.map_or(format!("{count}/{unit}"), |burst| format!("{count}/{unit} burst {burst}"));
            if let Ok(quota) = text.parse::<Quota>() {
                prop_assert_eq!(quota.to_string().parse(), Ok(quota));
                // Whatever is accepted, governor can reckon with.
                let rate = quota.rate().unwrap().for_governor();
                prop_assert!(rate.burst_size_replenished_in() <= MAX_REFILL);
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC*|[0-9]{0,12}/? ?[a-z]{0,7}( burst [0-9]{0,12})?") {
            let _ = text.parse::<Quota>();
        }
    }
}
