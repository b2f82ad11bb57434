//! The time of day: read here and nowhere else, and handed down as an argument.

use jiff::Timestamp;
use serde::Serializer;

/// Now, to the microsecond, which is what the store keeps and the API shows.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

/// Writes a time as RFC 3339 in UTC with microseconds, for `#[serde(serialize_with)]`.
///
/// # Errors
///
/// When the serializer fails.
pub fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.6}"))
}

/// The same for a time that may be missing.
///
/// # Errors
///
/// When the serializer fails.
pub fn optional_rfc3339<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => rfc3339(time, serializer),
        None => serializer.serialize_none(),
    }
}
