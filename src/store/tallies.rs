//! How often what happens, by the hour; kept in the transaction in which it happens, so that statistics over millions of
//! comments read a few thousand rows.
//!
//! | measure      | key                           | counts |
//! | ------------ | ----------------------------- | ------ |
//! | `judged`     | decision                      | comments that the pipeline judged |
//! | `reason`     | reason code                   | verdicts with that reason |
//! | `decided`    | `from>to`                     | decisions of people, by status |
//! | `people`     | actor                         | decisions of one person |
//! | `overruled`  | actor                         | of these, how many somebody else changed |
//! | `machine`    | `decision>status`             | what people made of what the pipeline had decided |
//! | `overturned` | `decision>status:reason`      | of these, where they said the contrary, with their reason |
//! | `reviewed`   | reason code                   | people's decisions about comments with that reason |
//! | `refuted`    | reason code                   | of these, where they decided against it |
//! | `time`       | `actor/seconds`               | decisions that took up to so long; see [`TIME_BUCKETS`] |

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::Conn;
use crate::id::SiteId;
use crate::verdict::{Decision, Status, Verdict};

/// Upper bounds of the classes that times per decision are counted in, in seconds; the last one has none.
pub(super) const TIME_BUCKETS: [u32; 12] = [1, 2, 3, 5, 8, 13, 21, 34, 60, 120, 300, u32::MAX];

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// The hour in which something happens, counted since the Unix epoch.
pub(super) fn hour(at: Timestamp) -> i64 {
    at.as_microsecond().div_euclid(HOUR)
}

/// The moment when an hour begins.
pub(super) fn begin_of(hour: i64) -> Timestamp {
    Timestamp::from_microsecond(hour.saturating_mul(HOUR)).unwrap_or(Timestamp::MAX)
}

/// One row: site, hour, measure, key.
type Row = (SiteId, i64, &'static str, String);

/// What a transaction changes about the tallies. Written at its end and in order, like the counters.
#[derive(Debug, Default)]
pub(super) struct Tallies(BTreeMap<Row, i64>);

/// A decision of a person, as it is counted.
#[derive(Debug)]
pub(super) struct Ruling<'a> {
    pub site: SiteId,
    pub actor: &'a str,
    pub from: Status,
    pub to: Status,
    pub reason: Option<&'a str>,
    pub shown_at: Option<Timestamp>,
    pub at: Timestamp,
    /// The pipeline's decision.
    pub decision: &'a str,
    /// The pipeline's reasons as JSON.
    pub reasons: &'a str,
    /// Who had decided before, if anybody had.
    pub before: Option<&'a str>,
}

/// As much of a stored reason as is counted.
#[derive(Deserialize)]
struct Evidence {
    code: String,
    score: f64,
}

impl Tallies {
    /// The pipeline judged a comment.
    pub(super) fn judged(&mut self, site: SiteId, verdict: &Verdict, at: Timestamp) {
        let hour = hour(at);
        self.add(1, site, hour, "judged", verdict.decision.as_str());
        for reason in &verdict.reasons {
            self.add(1, site, hour, "reason", &*reason.code);
        }
    }

    /// A person decided; `by` is −1 when that is taken back.
    pub(super) fn ruled(&mut self, by: i64, ruling: &Ruling<'_>) {
        let Ruling { site, actor, from, to, at, decision, .. } = *ruling;
        let hour = hour(at);
        self.add(by, site, hour, "decided", format!("{from}>{to}"));
        self.add(by, site, hour, "people", actor);
        if let Some(before) = ruling.before.filter(|before| *before != actor) {
            self.add(by, site, hour, "overruled", before);
        }
        if let Some(seconds) = ruling.seconds() {
            let bucket = TIME_BUCKETS.into_iter().find(|bucket| seconds <= f64::from(*bucket)).unwrap_or(u32::MAX);
            self.add(by, site, hour, "time", format!("{actor}/{bucket}"));
        }
        if to == Status::Held {
            return;
        }
        self.add(by, site, hour, "machine", format!("{decision}>{to}"));
        let is_contrary = match to {
            Status::Approved => decision == Decision::Reject.as_str(),
            Status::Rejected => decision == Decision::Approve.as_str(),
            Status::Held => false,
        };
        if is_contrary {
            self.add(by, site, hour, "overturned", format!("{decision}>{to}:{}", ruling.reason.unwrap_or_default()));
        }
        // Reasons that cannot be read are told by `machine` all the same.
        for Evidence { code, score } in serde_json::from_str::<Vec<Evidence>>(ruling.reasons).unwrap_or_default() {
            let refuted = (to == Status::Approved && score > 0.0) || (to == Status::Rejected && score < 0.0);
            if refuted {
                self.add(by, site, hour, "refuted", &*code);
            }
            self.add(by, site, hour, "reviewed", code);
        }
    }

    fn add(&mut self, by: i64, site: SiteId, hour: i64, measure: &'static str, key: impl Into<String>) {
        *self.0.entry((site, hour, measure, key.into())).or_default() += by;
    }

    /// Site, hour, measure, key and how many more; only what changes.
    pub(super) fn changes(&self) -> impl Iterator<Item = (i64, i64, &'static str, &str, i64)> {
        self.0
            .iter()
            .filter(|(_, by)| **by != 0)
            .map(|((site, hour, measure, key), by)| (site.0, *hour, *measure, key.as_str(), *by))
    }

    /// Writes the changes.
    pub(super) async fn apply(self, conn: &mut Conn) -> sqlx::Result<()> {
        for (site, hour, measure, key, by) in self.changes() {
            execute!(
                conn,
                sqlx::query(
                    "INSERT INTO tallies (site_id, hour, measure, key, number) VALUES ($1, $2, $3, $4, $5)
                     ON CONFLICT (site_id, hour, measure, key) DO UPDATE SET number = tallies.number + excluded.number",
                )
                .bind(site)
                .bind(hour)
                .bind(measure)
                .bind(key)
                .bind(by)
            )?;
        }
        Ok(())
    }
}

impl Ruling<'_> {
    /// Seconds that it took; `None` when nobody looked, or the clock went back.
    fn seconds(&self) -> Option<f64> {
        let took = self.at.as_microsecond() - self.shown_at?.as_microsecond();
        (took >= 0).then_some(took as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REASONS: &str = r#"[{"code":"many_links","score":0.9,"detail":"","spans":[]},{"code":"known_author","score":-2.0,"detail":"","spans":[]}]"#;

    fn ruling<'a>(decision: &'a str, to: Status) -> Ruling<'a> {
        let at = Timestamp::from_second(1_800_000_000).expect("in range");
        Ruling {
            site: SiteId(1),
            actor: "user:b",
            from: Status::Held,
            to,
            reason: Some("spam"),
            shown_at: Some(at - jiff::SignedDuration::from_secs(2)),
            at,
            decision,
            reasons: REASONS,
            before: Some("user:a"),
        }
    }

    fn told(tallies: &Tallies) -> Vec<String> {
        tallies.changes().map(|(_, _, measure, key, by)| format!("{measure} {key} {by}")).collect()
    }

    #[test]
    fn a_decision_is_counted_by_all_that_is_asked_of_it() {
        let mut tallies = Tallies::default();
        tallies.ruled(1, &ruling("approve", Status::Rejected));
        assert_eq!(
            told(&tallies),
            [
                "decided held>rejected 1",
                "machine approve>rejected 1",
                "overruled user:a 1",
                "overturned approve>rejected:spam 1",
                "people user:b 1",
                "refuted known_author 1",
                "reviewed known_author 1",
                "reviewed many_links 1",
                "time user:b/2 1",
            ]
        );
    }

    #[test]
    fn what_is_taken_back_never_happened() {
        let mut tallies = Tallies::default();
        tallies.ruled(1, &ruling("hold", Status::Approved));
        tallies.ruled(-1, &ruling("hold", Status::Approved));
        assert!(told(&tallies).is_empty());
    }
}
