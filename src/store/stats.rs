//! What happened over time, read from the tallies: never from the comments themselves.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::tallies::{TIME_BUCKETS, begin_of, hour};
use super::{Result, Store};
use crate::id::SiteId;
use crate::verdict::{Decision, Status};

/// Ranges up to so long are told by the hour, longer ones by the day.
const BY_THE_HOUR: SignedDuration = SignedDuration::from_hours(72);

/// Upper bounds of the classes of age, in seconds; the last has none.
const AGES: [i64; 6] = [3_600, 6 * 3_600, 24 * 3_600, 3 * 86_400, 7 * 86_400, i64::MAX];

/// Everything about a span of time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Stats {
    /// What the pipeline decided.
    pub decisions: Decisions,
    /// How often each reason was part of a verdict, and what people made of it; most frequent first.
    pub reasons: Vec<ReasonStats>,
    /// What people made of the pipeline's decisions.
    pub overrides: Vec<Override>,
    /// What waits now.
    pub queue: QueueStats,
    /// How long decisions of people took.
    pub times: Times,
    /// Who decided how much, most first.
    pub moderators: Vec<ModeratorStats>,
    /// The same over time.
    pub series: Vec<Point>,
    /// Seconds from one point of the series to the next.
    pub step_seconds: i64,
}

/// Decisions of the pipeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Decisions {
    /// Published at once.
    pub approve: i64,
    /// Left to a person.
    pub hold: i64,
    /// Refused at once.
    pub reject: i64,
}

/// One reason over the span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ReasonStats {
    /// Its code.
    pub code: String,
    /// Verdicts it was part of.
    pub hits: i64,
    /// People's decisions about comments with it.
    pub reviewed: i64,
    /// Of these, decisions against what it speaks for.
    pub refuted: i64,
}

/// What people made of one kind of decision.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Override {
    /// What the pipeline had decided.
    pub decision: String,
    /// What a person made of it.
    pub status: String,
    /// How often.
    pub comments: i64,
    /// Their reasons where they said the contrary, most frequent first; an empty one where none was given.
    pub reasons: Vec<(String, i64)>,
}

/// What waits.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct QueueStats {
    /// How many comments.
    pub comments: i64,
    /// Seconds that the oldest has waited.
    pub oldest_seconds: Option<i64>,
    /// Number by age: up to so many seconds (`None` for any longer), how many.
    pub ages: Vec<(Option<i64>, i64)>,
}

/// How long decisions took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Times {
    /// Half of the decisions took at most so many seconds, to the class; `None` without any.
    pub median_seconds: Option<u32>,
    /// Nine of ten did.
    pub p90_seconds: Option<u32>,
    /// Number by time: up to so many seconds (`None` for any longer), how many.
    pub classes: Vec<(Option<u32>, i64)>,
}

/// One person over the span.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ModeratorStats {
    /// As in the history: `user:<id>` or `key:<id>`.
    pub actor: String,
    /// Decisions.
    pub decided: i64,
    /// Of these, how many somebody else changed later.
    pub overruled: i64,
    /// Share of decisions that nobody changed, 0 to 1.
    pub agreement: f64,
    /// Half of them took at most so many seconds.
    pub median_seconds: Option<u32>,
}

/// A part of the span.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Point {
    /// When it begins.
    #[serde(serialize_with = "crate::clock::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// What the pipeline decided.
    pub decisions: Decisions,
    /// What people approved.
    pub approved: i64,
    /// What people rejected.
    pub rejected: i64,
    /// How many comments waited at its end.
    pub queue: i64,
}

#[derive(sqlx::FromRow)]
struct Sum {
    slot: i64,
    measure: String,
    key: String,
    number: i64,
}

impl Store {
    /// What happened on these sites from `from` until before `to`, to the hour, and what waits at `now`.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn stats(&self, sites: &[SiteId], from: Timestamp, to: Timestamp, now: Timestamp) -> Result<Stats> {
        let (first, end) = (hour(from), hour(to - SignedDuration::from_micros(1)) + 1);
        let step = if to.duration_since(from) <= BY_THE_HOUR { 1 } else { 24 };
        let mut gathered = Gathered { step, ..Gathered::default() };
        let mut queue = QueueStats {
            ages: AGES.map(|age| (Some(age).filter(|age| *age < i64::MAX), 0)).into(),
            ..QueueStats::default()
        };
        for &site in sites {
            // What has a place in time is read until now, so that the length of the queue can be told backwards.
            for sum in self.sums(site, first, hour(now) + 1, step, ["judged", "decided"]).await? {
                gathered.in_time(sum, first, end);
            }
            let whole = i64::MAX;
            for sum in self.sums(site, first, end, whole, ["reason", "reviewed"]).await? {
                gathered.whole(sum);
            }
            for sum in self.sums(site, first, end, whole, ["refuted", "machine"]).await? {
                gathered.whole(sum);
            }
            for sum in self.sums(site, first, end, whole, ["overturned", "time"]).await? {
                gathered.whole(sum);
            }
            for sum in self.sums(site, first, end, whole, ["people", "overruled"]).await? {
                gathered.whole(sum);
            }
            self.add_queue(site, now, &mut queue).await?;
        }
        Ok(gathered.stats(first, end, queue))
    }

    async fn sums(&self, site: SiteId, first: i64, end: i64, step: i64, measures: [&str; 2]) -> Result<Vec<Sum>> {
        Ok(with_pool!(self, |pool| sqlx::query_as(
            "SELECT hour / $4 AS slot, measure, key, CAST(SUM(number) AS BIGINT) AS number FROM tallies
             WHERE site_id = $1 AND hour >= $2 AND hour < $3 AND (measure = $5 OR measure = $6)
             GROUP BY hour / $4, measure, key",
        )
        .bind(site)
        .bind(first)
        .bind(end)
        .bind(step)
        .bind(measures[0])
        .bind(measures[1])
        .fetch_all(pool)
        .await)?)
    }

    async fn add_queue(&self, site: SiteId, now: Timestamp, queue: &mut QueueStats) -> Result<()> {
        queue.comments += self.counts(Some(site)).await?.held;
        if let Some(oldest) = self.oldest_held(site).await? {
            let waited = now.duration_since(oldest).as_secs().max(0);
            queue.oldest_seconds = queue.oldest_seconds.max(Some(waited));
        }
        let mut newer_than = i64::MAX;
        for (class, age) in queue.ages.iter_mut().zip(AGES) {
            let since = now.checked_sub(SignedDuration::from_secs(age)).map_or(0, crate::id::floor);
            let held: i64 = with_pool!(self, |pool| sqlx::query_scalar(
                "SELECT COUNT(*) FROM comments WHERE site_id = $1 AND status = $2 AND id >= $3 AND id < $4"
            )
            .bind(site)
            .bind(Status::Held)
            .bind(since)
            .bind(newer_than)
            .fetch_one(pool)
            .await)?;
            class.1 += held;
            newer_than = since;
        }
        Ok(())
    }
}

/// Sums of all sites on their way to [`Stats`].
#[derive(Debug, Default)]
struct Gathered {
    step: i64,
    decisions: Decisions,
    slots: BTreeMap<i64, (Decisions, i64, i64)>,
    /// By how much the queue grew in each slot; later ones too.
    growth: BTreeMap<i64, i64>,
    reasons: BTreeMap<String, ReasonStats>,
    machine: BTreeMap<(String, String), i64>,
    overturned: BTreeMap<(String, String), BTreeMap<String, i64>>,
    people: BTreeMap<String, (i64, i64)>,
    times: BTreeMap<String, BTreeMap<u32, i64>>,
}

impl Gathered {
    fn in_time(&mut self, sum: Sum, first: i64, end: i64) {
        let Sum { slot, measure, key, number } = sum;
        let begin = slot * self.step;
        let is_inside = begin + self.step > first && begin < end;
        let (of_slot, growth) = (self.slots.entry(slot).or_default(), self.growth.entry(slot).or_default());
        if measure == "judged" {
            for decisions in [&mut of_slot.0, &mut self.decisions].into_iter().take(if is_inside { 2 } else { 1 }) {
                match key.as_str() {
                    key if key == Decision::Approve.as_str() => decisions.approve += number,
                    key if key == Decision::Hold.as_str() => decisions.hold += number,
                    _ => decisions.reject += number,
                }
            }
            *growth += if key == Decision::Hold.as_str() { number } else { 0 };
        } else if let Some((from, to)) = key.split_once('>') {
            *growth += if to == Status::Held.as_str() { number } else { 0 };
            *growth -= if from == Status::Held.as_str() { number } else { 0 };
            of_slot.1 += if to == Status::Approved.as_str() { number } else { 0 };
            of_slot.2 += if to == Status::Rejected.as_str() { number } else { 0 };
        }
    }

    fn whole(&mut self, Sum { measure, key, number, .. }: Sum) {
        match measure.as_str() {
            "reason" => self.reason(key).hits += number,
            "reviewed" => self.reason(key).reviewed += number,
            "refuted" => self.reason(key).refuted += number,
            "people" => self.people.entry(key).or_default().0 += number,
            "overruled" => self.people.entry(key).or_default().1 += number,
            "machine" => {
                if let Some((decision, status)) = key.split_once('>') {
                    *self.machine.entry((decision.to_owned(), status.to_owned())).or_default() += number;
                }
            }
            "overturned" => {
                if let Some((what, reason)) = key.split_once(':')
                    && let Some((decision, status)) = what.split_once('>')
                {
                    let reasons = self.overturned.entry((decision.to_owned(), status.to_owned())).or_default();
                    *reasons.entry(reason.to_owned()).or_default() += number;
                }
            }
            "time" => {
                if let Some((actor, bucket)) = key.rsplit_once('/')
                    && let Ok(bucket) = bucket.parse()
                {
                    *self.times.entry(actor.to_owned()).or_default().entry(bucket).or_default() += number;
                }
            }
            _ => {}
        }
    }

    fn reason(&mut self, code: String) -> &mut ReasonStats {
        self.reasons.entry(code.clone()).or_insert_with(|| ReasonStats { code, ..ReasonStats::default() })
    }

    fn stats(mut self, first: i64, end: i64, queue: QueueStats) -> Stats {
        let series = self.series(first, end, queue.comments);
        let mut reasons: Vec<_> = self.reasons.into_values().collect();
        reasons.sort_by(|a, b| b.hits.cmp(&a.hits).then_with(|| a.code.cmp(&b.code)));
        let mut overrides = Vec::new();
        for ((decision, status), comments) in self.machine.into_iter().filter(|(_, comments)| *comments > 0) {
            let said = self.overturned.remove(&(decision.clone(), status.clone())).unwrap_or_default();
            let mut reasons: Vec<_> = said.into_iter().filter(|(_, n)| *n > 0).collect();
            reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
            overrides.push(Override { decision, status, comments, reasons });
        }
        let mut all_times: BTreeMap<u32, i64> = BTreeMap::new();
        for (bucket, n) in self.times.values().flatten() {
            *all_times.entry(*bucket).or_default() += n;
        }
        let moderator = |(actor, (decided, overruled)): (String, (i64, i64))| ModeratorStats {
            decided,
            overruled,
            agreement: if decided > 0 { (1.0 - overruled as f64 / decided as f64).clamp(0.0, 1.0) } else { 1.0 },
            median_seconds: self.times.get(&actor).and_then(|times| quantile(times, 0.5)),
            actor,
        };
        let mut moderators: Vec<_> = self.people.into_iter().filter(|(_, (n, _))| *n > 0).map(moderator).collect();
        moderators.sort_by(|a, b| b.decided.cmp(&a.decided).then_with(|| a.actor.cmp(&b.actor)));
        let class =
            |bucket: u32| (Some(bucket).filter(|b| *b < u32::MAX), all_times.get(&bucket).copied().unwrap_or(0));
        Stats {
            decisions: self.decisions,
            reasons,
            overrides,
            queue,
            times: Times {
                median_seconds: quantile(&all_times, 0.5),
                p90_seconds: quantile(&all_times, 0.9),
                classes: TIME_BUCKETS.map(class).into(),
            },
            moderators,
            series,
            step_seconds: self.step * 3_600,
        }
    }

    /// The points of the span; from the length of the queue now, its length then is told backwards.
    fn series(&self, first: i64, end: i64, queue_now: i64) -> Vec<Point> {
        let slots = first / self.step..=(end - 1) / self.step;
        let later: i64 = self.growth.range(slots.end() + 1..).map(|(_, by)| by).sum();
        let mut queue = queue_now - later;
        let mut points = Vec::new();
        for slot in slots.rev() {
            let (decisions, approved, rejected) = self.slots.get(&slot).copied().unwrap_or_default();
            let from = begin_of(slot * self.step);
            points.push(Point { from, decisions, approved, rejected, queue: queue.max(0) });
            queue -= self.growth.get(&slot).copied().unwrap_or(0);
        }
        points.reverse();
        points
    }
}

/// The class below whose upper bound this share lies; the longest class has the bound before it.
fn quantile(times: &BTreeMap<u32, i64>, share: f64) -> Option<u32> {
    let all: i64 = times.values().sum();
    let mut below = 0;
    for (bucket, n) in times {
        below += n;
        if n > &0 && below as f64 >= share * all as f64 {
            return Some(if *bucket == u32::MAX { TIME_BUCKETS[TIME_BUCKETS.len() - 2] } else { *bucket });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_told_to_the_class() {
        let times = BTreeMap::from([(1, 5), (2, 3), (60, 1), (u32::MAX, 1)]);
        assert_eq!(quantile(&times, 0.5), Some(1));
        assert_eq!(quantile(&times, 0.8), Some(2));
        assert_eq!(quantile(&times, 1.0), Some(300));
        assert_eq!(quantile(&BTreeMap::new(), 0.5), None);
    }

    #[test]
    fn the_queue_then_is_told_from_the_queue_now() {
        let mut gathered = Gathered { step: 1, ..Gathered::default() };
        let sum = |slot, measure: &str, key: &str, number| Sum {
            slot,
            measure: measure.to_owned(),
            key: key.to_owned(),
            number,
        };
        gathered.in_time(sum(10, "judged", "hold", 5), 10, 13);
        gathered.in_time(sum(11, "decided", "held>approved", 2), 10, 13);
        gathered.in_time(sum(20, "judged", "hold", 4), 10, 13);
        let points = gathered.series(10, 13, 7);
        assert_eq!(points.iter().map(|point| point.queue).collect::<Vec<_>>(), [5, 3, 3]);
        assert_eq!((points[1].approved, gathered.decisions.hold), (2, 5));
    }
}
