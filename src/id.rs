//! Identifiers: time-ordered 63-bit integers, made in the process.
//!
//! The upper 42 bits are milliseconds since 2024 (good until 2163), the lower 21 start at random in every millisecond and
//! count up, so that replicas need no coordination: two of them collide only when they draw the same number in
//! the same millisecond, and the primary key then refuses the second, which is stored under a fresh id.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 2024-01-01T00:00:00Z in milliseconds since the Unix epoch.
const EPOCH_MS: i64 = 1_704_067_200_000;

/// 1990-01-01T00:00:00Z: no comment is older.
const OLDEST_MS: i64 = 631_152_000_000;

/// The first thirty days after [`EPOCH_MS`], before anybody used this.
const SQUEEZED_INTO_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// Bits below the milliseconds.
const LOW_BITS: u32 = 21;

/// Crockford's base 32 in lower case: no `i`, `l`, `o`, `u`. Its order is that of ASCII, so text sorts like the number.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// What the text of an identifier looks like: 63 bits, so the first digit stays below 8.
const PATTERN: &str = "^[0-7][0-9a-hjkmnp-tv-z]{12}$";

/// 63 bits in groups of five.
const TEXT_LEN: usize = 13;

static LAST: AtomicI64 = AtomicI64::new(0);

/// A fresh identifier for something that happens at `now`; greater than all made before in this process.
pub fn fresh(now: Timestamp) -> i64 {
    // Half of the low range is left to count up in.
    let drawn = floor(now) | i64::from(rand::random::<u32>() >> (32 - (LOW_BITS - 1)));
    let mut last = LAST.load(Ordering::Relaxed);
    loop {
        let next = drawn.max(last + 1);
        match LAST.compare_exchange_weak(last, next, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => return next,
            Err(seen) => last = seen,
        }
    }
}

/// The identifier of something that happened at `time` elsewhere and is known there by a name with this hash: always the same.
pub fn at(time: Timestamp, hash: u64) -> i64 {
    floor(time) | (hash as i64 & ((1 << LOW_BITS) - 1))
}

/// The earliest time that identifiers know; nothing is stored from before.
pub fn first_time() -> Timestamp {
    Timestamp::from_millisecond(EPOCH_MS).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The smallest identifier that can have been made at or after `time`: where a search by time begins.
pub fn floor(time: Timestamp) -> i64 {
    milliseconds(time) << LOW_BITS
}

/// Milliseconds since [`EPOCH_MS`]. What is imported may be older: the time from [`OLDEST_MS`] on is squeezed, in its order, into
/// the first days.
fn milliseconds(time: Timestamp) -> i64 {
    let ms = time.as_millisecond() - EPOCH_MS;
    if ms >= SQUEEZED_INTO_MS {
        return ms;
    }
    let since = i128::from((time.as_millisecond() - OLDEST_MS).max(0));
    let whole = i128::from(EPOCH_MS + SQUEEZED_INTO_MS - OLDEST_MS);
    i64::try_from(since * i128::from(SQUEEZED_INTO_MS) / whole).unwrap_or_default()
}

/// When an identifier was made, to the millisecond.
pub fn time_of(id: i64) -> Timestamp {
    Timestamp::from_millisecond((id >> LOW_BITS).saturating_add(EPOCH_MS)).unwrap_or(Timestamp::MAX)
}

fn encode(id: i64) -> [u8; TEXT_LEN] {
    let mut text = [b'0'; TEXT_LEN];
    let mut rest = id;
    for place in text.iter_mut().rev() {
        *place = ALPHABET[(rest & 31) as usize];
        rest >>= 5;
    }
    text
}

fn decode(text: &str) -> Option<i64> {
    if text.len() != TEXT_LEN {
        return None;
    }
    text.bytes().try_fold(0i64, |id, byte| {
        let digit = ALPHABET.iter().position(|&c| c == byte)?;
        id.checked_mul(32)?.checked_add(digit as i64)
    })
}

/// The text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 13 characters of 0-9 and a-z are expected")]
pub struct InvalidId;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                use utoipa::openapi::schema::{ObjectBuilder, Type};
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .pattern(Some(PATTERN))
                    .description(Some("An identifier; sorts by time."))
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }

        impl $name {
            /// A fresh identifier for something that happens at `now`.
            pub fn fresh(now: Timestamp) -> Self {
                Self(fresh(now))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                encode(self.0).iter().try_for_each(|&byte| write!(f, "{}", byte as char))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                decode(text).map(Self).ok_or(InvalidId)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A stored comment.
    CommentId
);
id!(
    /// A website that sends submissions.
    SiteId
);
id!(
    /// An API key of a site.
    KeyId
);
id!(
    /// A person who signs in to the dashboard.
    UserId
);
id!(
    /// One action of a moderator, on one comment or many; the handle for undoing it.
    ActionId
);
id!(
    /// An entry of the append-only history.
    EventId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_even_when_the_clock_stands_still_or_goes_back() {
        let now = Timestamp::from_millisecond(1_800_000_000_000).expect("in range");
        let earlier = Timestamp::from_millisecond(1_790_000_000_000).expect("in range");
        let first = fresh(now);
        assert!(fresh(now) > first);
        assert!(fresh(earlier) > first);
    }

    #[test]
    fn text_sorts_like_the_number_and_reads_back() {
        let ids = [0, 1, 31, 32, 1 << 40, i64::MAX];
        let texts: Vec<String> = ids.iter().map(|&id| CommentId(id).to_string()).collect();
        assert!(texts.is_sorted());
        for (id, text) in ids.into_iter().zip(texts) {
            assert_eq!(text.parse(), Ok(CommentId(id)));
        }
    }

    #[test]
    fn what_is_older_than_the_service_keeps_its_order() {
        let times = [
            "1989-01-01T00:00:00Z",
            "1990-01-02T00:00:00Z",
            "2009-05-06T07:08:09Z",
            "2009-05-06T07:08:10Z",
            "2023-12-31T23:59:59Z",
            "2024-01-15T00:00:00Z",
            "2024-01-30T23:59:59Z",
            "2024-01-31T00:00:01Z",
            "2026-01-01T00:00:00Z",
        ];
        let ids = times.map(|time| at(time.parse().expect("a time"), 5));
        assert!(ids.windows(2).all(|two| two[0] < two[1]), "{ids:?}");
        assert_eq!(ids[2], at("2009-05-06T07:08:09Z".parse().expect("a time"), 5));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "1", "zzzzzzzzzzzzz", "0000000000000a", "000000000000!", "000000000000I", "ééééééé"] {
            assert_eq!(text.parse::<CommentId>(), Err(InvalidId), "{text}");
        }
    }

    #[test]
    fn what_happens_later_sorts_after_the_floor() {
        let now = Timestamp::from_millisecond(4_000_000_000_000).expect("in range");
        assert!(fresh(now) >= floor(now));
    }
}
