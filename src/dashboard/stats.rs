//! What happened over time: decisions, queue, what people overturned, time per decision, and who agreed with whom.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::plots::{Plot, Table};
use super::problem::Failure;
use super::session::SignedIn;
use super::texts::{of, t};
use super::{Frame, assets, page, reader, texts, when};
use crate::app::App;
use crate::id::SiteId;
use crate::store::{Actor, Stats};

/// The spans that can be asked for, in hours.
const SPANS: [(&str, i64); 4] = [("day", 24), ("week", 7 * 24), ("month", 30 * 24), ("year", 365 * 24)];
/// Reasons that are listed.
const LISTED_REASONS: usize = 40;

#[derive(Template)]
#[template(path = "stats.html")]
struct StatsPage {
    frame: Frame,
    site: String,
    sites: Vec<(String, String)>,
    span: &'static str,
    figures: Vec<(String, String)>,
    plots: Vec<Plot>,
    overrides: Vec<OverrideRow>,
    reasons: Vec<ReasonRow>,
    people: Vec<PersonRow>,
}

impl StatsPage {
    fn spans(&self) -> [&'static str; 4] {
        SPANS.map(|(name, _)| name)
    }
}

struct OverrideRow {
    decision: String,
    status: String,
    comments: i64,
    said: String,
    is_contrary: bool,
}

struct ReasonRow {
    code: String,
    hits: i64,
    reviewed: i64,
    refuted: i64,
    share: String,
    /// Length of its bar, 0 to 100.
    bar: f64,
}

struct PersonRow {
    name: String,
    decided: i64,
    overruled: i64,
    agreement: String,
    median: String,
}

/// What is asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    site: String,
    span: String,
}

/// `GET /stats`
pub(super) async fn stats(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let visible = signed_in.sites(&app);
    let site: Option<SiteId> = asked.site.parse().ok().filter(|site| visible.iter().any(|(id, _)| id == site));
    let chosen: Vec<SiteId> =
        visible.iter().map(|(id, _)| *id).filter(|id| site.is_none_or(|site| site == *id)).collect();
    let (span, hours) = SPANS.into_iter().find(|(name, _)| *name == asked.span).unwrap_or(SPANS[1]);
    let from = now.checked_sub(SignedDuration::from_hours(hours - 1)).unwrap_or(Timestamp::UNIX_EPOCH);
    let stats = app.store.stats(&chosen, from, now, now).await?;
    let names = app.store.users().await?;
    let name = |actor: &str| {
        let user = Actor::user(actor).and_then(|id| names.iter().find(|user| user.id == id));
        user.map_or_else(|| actor.to_owned(), |user| user.name.clone())
    };
    let people = stats.moderators.iter().map(|person| PersonRow {
        name: name(&person.actor),
        decided: person.decided,
        overruled: person.overruled,
        agreement: percent(person.agreement),
        median: seconds(person.median_seconds),
    });
    let stats_page = StatsPage {
        frame: Frame::of_section(&app, &signed_in, "stats", t("stats-title")),
        site: site.map(|site| site.to_string()).unwrap_or_default(),
        sites: visible.iter().map(|(id, name)| (id.to_string(), name.clone())).collect(),
        span,
        figures: figures(&stats),
        people: people.collect(),
        plots: plots(&stats),
        overrides: overrides(&stats),
        reasons: reasons(&stats),
    };
    page(StatusCode::OK, &stats_page)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn share(part: i64, of: i64) -> String {
    if of > 0 { percent(part as f64 / of as f64) } else { "–".to_owned() }
}

fn seconds(seconds: Option<u32>) -> String {
    seconds.map_or_else(|| "–".to_owned(), |seconds| format!("≤ {seconds} s"))
}

/// The numbers in a row above the plots.
fn figures(stats: &Stats) -> Vec<(String, String)> {
    let all = stats.decisions.approve + stats.decisions.hold + stats.decisions.reject;
    let oldest = stats.queue.oldest_seconds.map_or_else(|| "–".to_owned(), when::long);
    let people: i64 = stats.moderators.iter().map(|person| person.decided).sum();
    vec![
        (t("stats-judged").to_string(), all.to_string()),
        (t("stats-automatic").to_string(), share(all - stats.decisions.hold, all)),
        (t("stats-by-people").to_string(), people.to_string()),
        (t("stats-waiting").to_string(), stats.queue.comments.to_string()),
        (t("stats-oldest").to_string(), oldest),
        (t("stats-median").to_string(), seconds(stats.times.median_seconds)),
        (t("stats-p90").to_string(), seconds(stats.times.p90_seconds)),
    ]
}

fn plots(stats: &Stats) -> Vec<Plot> {
    let time = |at: Timestamp| {
        let format = if stats.step_seconds < 86_400 { "%d. %H:%M" } else { "%Y-%m-%d" };
        at.to_zoned(reader::time_zone()).strftime(format).to_string()
    };
    let over_time = |columns: Vec<String>, numbers: &dyn Fn(&crate::store::Point) -> Vec<i64>| Table {
        rows_are: t("stats-time").to_string(),
        columns,
        rows: stats.series.iter().map(|point| (time(point.from), numbers(point))).collect(),
    };
    let [approved, held, rejected] = ["approved", "held", "rejected"].map(|status| of("status", status).to_string());
    let decided = stats.decisions;
    let longest = stats.series.iter().map(|point| point.queue).max().unwrap_or(0);
    let classes = |of_classes: Vec<(String, i64)>, rows_are: String| Table {
        rows_are,
        columns: vec![t("stats-number").to_string()],
        rows: of_classes.into_iter().map(|(name, n)| (name, vec![n])).collect(),
    };
    let mut below = 0;
    let ages = stats.queue.ages.iter().map(|(age, n)| {
        let name = age.map_or_else(|| format!("> {}", when::long(below)), |age| format!("≤ {}", when::long(age)));
        below = age.unwrap_or(below);
        (name, *n)
    });
    let ages: Vec<_> = ages.collect();
    let mut last = 0;
    let times = stats.times.classes.iter().map(|(bound, n)| {
        let name = bound.map_or_else(|| format!("> {last}"), |bound| format!("≤ {bound}"));
        last = bound.unwrap_or(last);
        (name, *n)
    });
    let times: Vec<_> = times.collect();
    let fresh = ages.first().map_or(0, |(_, n)| *n);
    let median = match stats.times.median_seconds {
        None => t("stats-finding-no-times"),
        median => t("stats-finding-times").with("median", seconds(median)),
    };
    vec![
        Plot::bars(
            t("stats-plot-decisions").to_string(),
            t("stats-finding-decisions")
                .with("approved", decided.approve)
                .with("held", decided.hold)
                .with("rejected", decided.reject)
                .to_string(),
            "statuses",
            over_time(vec![approved.clone(), held, rejected.clone()], &|point| {
                vec![point.decisions.approve, point.decisions.hold, point.decisions.reject]
            }),
        ),
        Plot::bars(
            t("stats-plot-people").to_string(),
            t("stats-finding-people")
                .with("approved", stats.series.iter().map(|point| point.approved).sum::<i64>())
                .with("rejected", stats.series.iter().map(|point| point.rejected).sum::<i64>())
                .to_string(),
            "outcomes",
            over_time(vec![approved, rejected], &|point| vec![point.approved.max(0), point.rejected.max(0)]),
        ),
        Plot::lines(
            t("stats-plot-queue").to_string(),
            t("stats-finding-queue").with("n", longest).to_string(),
            "plain",
            over_time(vec![t("stats-waiting").to_string()], &|point| vec![point.queue]),
        ),
        Plot::bars(
            t("stats-plot-ages").to_string(),
            t("stats-finding-ages").with("n", fresh).with("all", stats.queue.comments).to_string(),
            "plain",
            classes(ages, t("stats-age").to_string()),
        ),
        Plot::bars(
            t("stats-plot-times").to_string(),
            median.to_string(),
            "plain",
            classes(times, t("stats-seconds").to_string()),
        ),
    ]
}

fn overrides(stats: &Stats) -> Vec<OverrideRow> {
    let row = |found: &crate::store::Override| OverrideRow {
        decision: of("decision", &found.decision).to_string(),
        status: of("status", &found.status).to_string(),
        comments: found.comments,
        said: found
            .reasons
            .iter()
            .map(|(reason, n)| {
                let reason = if reason.is_empty() { t("stats-no-reason").to_string() } else { reason.clone() };
                format!("{reason} {n}")
            })
            .collect::<Vec<_>>()
            .join(", "),
        is_contrary: matches!((&*found.decision, &*found.status), ("approve", "rejected") | ("reject", "approved")),
    };
    stats.overrides.iter().map(row).collect()
}

fn reasons(stats: &Stats) -> Vec<ReasonRow> {
    let row = |reason: &crate::store::ReasonStats| ReasonRow {
        code: reason.code.clone(),
        hits: reason.hits,
        reviewed: reason.reviewed,
        refuted: reason.refuted,
        share: share(reason.refuted, reason.reviewed),
        bar: if reason.reviewed > 0 { 100.0 * reason.refuted as f64 / reason.reviewed as f64 } else { 0.0 },
    };
    stats.reasons.iter().take(LISTED_REASONS).map(row).collect()
}
