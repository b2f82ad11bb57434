//! Times in words.

use jiff::Timestamp;

use super::reader;

/// How long ago, in at most three letters and a number: `now`, `4 min`, `3 h`, `12 d`, `2 y`.
pub(super) fn ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - then.as_second();
    match seconds {
        ..60 => "now".to_owned(),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        86_400..31_536_000 => format!("{} d", seconds / 86_400),
        _ => format!("{} y", seconds / 31_536_000),
    }
}

/// How long something took or waited: `45 s`, `12 min`, `5 h`, `3 d`.
pub(super) fn long(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// The moment in full, in the reader's time zone: `2026-11-22 10:04:31 UTC`.
pub(super) fn full(at: Timestamp) -> String {
    at.to_zoned(reader::time_zone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// The moment for machines, to the second.
pub(super) fn machine(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        let now = Timestamp::from_second(1_800_000_000).expect("in range");
        let before = |seconds: i64| Timestamp::from_second(1_800_000_000 - seconds).expect("in range");
        let words: Vec<String> =
            [-5, 0, 59, 60, 3_599, 3_600, 90_000, 40_000_000].map(|s| ago(before(s), now)).to_vec();
        assert_eq!(words, ["now", "now", "now", "1 min", "59 min", "1 h", "1 d", "1 y"]);
    }
}
