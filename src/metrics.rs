//! Every metric, named once, behind a function for the event.
//!
//! Labels come from fixed sets or from the list of sites, so that no stranger can make a series.

mod classic;
mod labels;
mod machine;

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::exemplar::HistogramWithExemplars;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub use classic::as_classic_text;
use labels::{
    ChangeLabels, CommentLabels, HttpLabels, LimitLabels, ModelLabels, ReasonLabels, RequestLabels, ResultLabels,
    SiteLabels, StageLabels,
};
pub use labels::{DeliveryResult, Stage};
pub use machine::Machine;

use crate::limits::LimitName;
use crate::rules::RULES;
use crate::verdict::{Decision, Status, Verdict};

/// Reason codes that are no rules.
const OTHER_REASONS: [&str; 7] = [
    "spam.classifier",
    "toxic.classifier",
    "spam.learned",
    "toxic.learned",
    "standing.decision",
    "missing.model",
    "missing.facts",
];

/// Results of a reload, and of a lesson.
const APPLIED: &str = "applied";
const REFUSED: &str = "refused";

/// All metrics of one process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    comments: Family<CommentLabels, Counter>,
    reasons: Family<ReasonLabels, Counter>,
    stages: Family<StageLabels, Histogram>,
    http: Family<HttpLabels, TimedRequests, fn() -> TimedRequests>,
    limited: Family<LimitLabels, Counter>,
    limiter_overflow: Family<LimitLabels, Gauge>,
    shared_limits_failures: Gauge,
    queue: Family<SiteLabels, Gauge>,
    queue_oldest: Family<SiteLabels, FractionalGauge>,
    decisions: Family<ChangeLabels, Counter>,
    model: Family<ModelLabels, Gauge>,
    model_loaded: Gauge,
    ready: Gauge,
    reload_successful: Gauge,
    reloads: Family<ResultLabels, Counter>,
    lessons: Family<ResultLabels, Counter>,
    machine: Machine,
    commit_seconds: Histogram,
    batch_size: Histogram,
    store_waiting: Gauge,
    deliveries: Family<ResultLabels, Counter>,
    webhook_pending: Gauge,
    webhook_dead: Gauge,
    webhook_oldest: FractionalGauge,
    webhook_delay: Histogram,
    connections: Gauge,
    panics: Counter,
}

/// 50 µs to 10 s, with the edges of the service levels: 0.1 and 0.25 s.
const SECONDS: [f64; 16] =
    [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// 1 s to a day, with the edge of the service level: 60 s.
const DELAYS: [f64; 10] = [1.0, 2.0, 5.0, 15.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0];

type FractionalGauge = Gauge<f64, std::sync::atomic::AtomicU64>;
type TimedRequests = HistogramWithExemplars<RequestLabels>;

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

fn timed_requests() -> TimedRequests {
    TimedRequests::new(SECONDS.into_iter())
}

/// The route of submissions, whose series exist before the first one.
const INGEST: &str = "/v1/comments";

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// All metrics at zero.
    pub fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            comments: Family::default(),
            reasons: Family::default(),
            stages: Family::new_with_constructor(seconds),
            http: Family::new_with_constructor(timed_requests as fn() -> TimedRequests),
            limited: Family::default(),
            limiter_overflow: Family::default(),
            shared_limits_failures: Gauge::default(),
            queue: Family::default(),
            queue_oldest: Family::default(),
            decisions: Family::default(),
            model: Family::default(),
            model_loaded: Gauge::default(),
            ready: Gauge::default(),
            reload_successful: Gauge::default(),
            reloads: Family::default(),
            lessons: Family::default(),
            machine: Machine::default(),
            commit_seconds: seconds(),
            batch_size: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]),
            store_waiting: Gauge::default(),
            deliveries: Family::default(),
            webhook_pending: Gauge::default(),
            webhook_dead: Gauge::default(),
            webhook_oldest: FractionalGauge::default(),
            webhook_delay: Histogram::new(DELAYS),
            connections: Gauge::default(),
            panics: Counter::default(),
        };
        metrics.register();
        metrics.begin_at_zero();
        metrics
    }

    fn register(&mut self) {
        let build = Info::new(vec![
            ("version", env!("CARGO_PKG_VERSION")),
            ("commit", option_env!("MODERATO_COMMIT").unwrap_or("unknown")),
        ]);
        self.machine.register(&mut self.registry);
        let r = self.registry.sub_registry_with_prefix("moderato");
        r.register("build", "The program that runs", build);
        r.register("comments", "Comments judged and stored", self.comments.clone());
        r.register("decision_reasons", "Reasons of verdicts", self.reasons.clone());
        r.register_with_unit("pipeline_stage", "Time in a stage of the pipeline", Unit::Seconds, self.stages.clone());
        r.register_with_unit("http_request", "Time to answer a request", Unit::Seconds, self.http.clone());
        r.register("rate_limited", "Submissions refused by a rate limit", self.limited.clone());
        r.register(
            "rate_limit_overflows",
            "Keys that shared a quota because a table was full",
            self.limiter_overflow.clone(),
        );
        r.register(
            "shared_limits_failures",
            "Times that the shared rate limits did not answer and this process counted by itself",
            self.shared_limits_failures.clone(),
        );
        r.register("queue_comments", "Comments that wait for a moderator", self.queue.clone());
        r.register_with_unit(
            "queue_oldest",
            "Age of the oldest comment that waits",
            Unit::Seconds,
            self.queue_oldest.clone(),
        );
        r.register("moderator_decisions", "Decisions of moderators", self.decisions.clone());
        r.register("model_info", "The model that judges; no series when there is none", self.model.clone());
        r.register(
            "model_loaded",
            "Whether there is a model; without one every comment is held",
            self.model_loaded.clone(),
        );
        r.register("ready", "Whether this process can serve", self.ready.clone());
        r.register(
            "reload_successful",
            "Whether the newest configuration, lists and model are in force",
            self.reload_successful.clone(),
        );
        r.register("reloads", "Attempts to put a changed configuration in force", self.reloads.clone());
        r.register("lessons", "Attempts to learn from moderators' decisions", self.lessons.clone());
        r.register_with_unit(
            "store_commit",
            "Time to commit a batch of comments",
            Unit::Seconds,
            self.commit_seconds.clone(),
        );
        r.register("store_batch_size", "Comments in one commit", self.batch_size.clone());
        r.register("store_waiting", "Writes that wait", self.store_waiting.clone());
        r.register("webhook_deliveries", "Attempts to deliver a webhook", self.deliveries.clone());
        r.register("webhook_pending", "Webhooks not delivered yet", self.webhook_pending.clone());
        r.register("webhook_dead_letters", "Webhooks that were given up", self.webhook_dead.clone());
        r.register_with_unit(
            "webhook_oldest",
            "Time since the decision of the oldest webhook that is not delivered",
            Unit::Seconds,
            self.webhook_oldest.clone(),
        );
        r.register_with_unit(
            "webhook_delay",
            "Time from a decision until its site took the webhook",
            Unit::Seconds,
            self.webhook_delay.clone(),
        );
        r.register("http_connections", "Open connections", self.connections.clone());
        r.register("panics", "Requests that ended in a panic", self.panics.clone());
    }

    /// Series that exist before anything happened, so that rates and alerts see the first event.
    fn begin_at_zero(&self) {
        for reason in RULES.iter().map(|rule| rule.name()).chain(OTHER_REASONS) {
            let _ = self.reasons.get_or_create(&ReasonLabels { reason: reason.to_owned() });
        }
        for stage in Stage::ALL {
            let _ = self.stages.get_or_create(&StageLabels { stage });
        }
        for limit in LimitName::ALL {
            let limit = limit.as_str();
            let _ = self.limited.get_or_create(&LimitLabels { limit });
            let _ = self.limiter_overflow.get_or_create(&LimitLabels { limit });
        }
        for status in [200, 201, 500, 503] {
            let labels = HttpLabels { route: INGEST.to_owned(), method: "POST", status };
            let _ = self.http.get_or_create(&labels);
        }
        for result in [APPLIED, REFUSED] {
            let _ = self.reloads.get_or_create(&ResultLabels { result });
            let _ = self.lessons.get_or_create(&ResultLabels { result });
        }
        self.reload_successful.set(1);
        for result in DeliveryResult::ALL {
            let _ = self.deliveries.get_or_create(&ResultLabels { result: result.as_str() });
        }
        for from in Status::ALL {
            for to in Status::ALL.into_iter().filter(|&to| to != from) {
                let _ = self.decisions.get_or_create(&ChangeLabels { from: from.as_str(), to: to.as_str() });
            }
        }
    }

    /// A site exists.
    pub fn site(&self, site: &str) {
        for decision in Decision::ALL {
            let _ = self.comments.get_or_create(&CommentLabels { site: site.to_owned(), decision: decision.as_str() });
        }
        let _ = self.queue.get_or_create(&SiteLabels { site: site.to_owned() });
        let _ = self.queue_oldest.get_or_create(&SiteLabels { site: site.to_owned() });
    }

    /// A comment was judged and stored.
    pub fn judged(&self, site: &str, verdict: &Verdict) {
        let labels = CommentLabels { site: site.to_owned(), decision: verdict.decision.as_str() };
        self.comments.get_or_create(&labels).inc();
        for reason in &verdict.reasons {
            self.reasons.get_or_create(&ReasonLabels { reason: reason.code.clone().into_owned() }).inc();
        }
    }

    /// A stage of the pipeline took this long.
    pub fn stage(&self, stage: Stage, took: Duration) {
        self.stages.get_or_create(&StageLabels { stage }).observe(took.as_secs_f64());
    }

    /// A request was answered. `route` is the pattern of the route, never the path itself; `id` becomes an exemplar.
    pub fn request(&self, route: &str, method: &axum::http::Method, status: u16, took: Duration, id: &str) {
        let labels = HttpLabels { route: route.to_owned(), method: known_method(method), status };
        // OpenMetrics allows 128 characters for an exemplar's labels, names included.
        let exemplar = (id.len() <= 100).then(|| RequestLabels { request_id: id.to_owned() });
        self.http.get_or_create(&labels).observe(took.as_secs_f64(), exemplar, None);
    }

    /// A submission was refused by a limit.
    pub fn rate_limited(&self, limit: LimitName) {
        self.limited.get_or_create(&LimitLabels { limit: limit.as_str() }).inc();
    }

    /// So many keys shared a quota of this limit because its table was full.
    pub fn limiter_overflows(&self, limit: LimitName, keys: u64) {
        let keys = i64::try_from(keys).unwrap_or(i64::MAX);
        self.limiter_overflow.get_or_create(&LimitLabels { limit: limit.as_str() }).set(keys);
    }

    /// So often the shared limits did not answer.
    pub fn shared_limits_failures(&self, failures: u64) {
        self.shared_limits_failures.set(i64::try_from(failures).unwrap_or(i64::MAX));
    }

    /// A site's queue has this length, and its oldest comment this age.
    pub fn queue(&self, site: &str, held: i64, oldest: Duration) {
        let labels = SiteLabels { site: site.to_owned() };
        self.queue.get_or_create(&labels).set(held);
        self.queue_oldest.get_or_create(&labels).set(oldest.as_secs_f64());
    }

    /// A moderator changed a status.
    pub fn moderator_decided(&self, from: Status, to: Status) {
        self.decisions.get_or_create(&ChangeLabels { from: from.as_str(), to: to.as_str() }).inc();
    }

    /// This model judges from now on; `None` when there is none.
    pub fn model(&self, version: Option<&str>) {
        self.model.clear();
        self.model_loaded.set(version.is_some().into());
        if let Some(version) = version {
            self.model.get_or_create(&ModelLabels { version: version.to_owned() }).set(1);
        }
    }

    /// Whether this process can serve now.
    pub fn ready(&self, ready: bool) {
        self.ready.set(ready.into());
    }

    /// A changed configuration is in force, or was refused and the old one still is.
    pub fn reloaded(&self, applied: bool) {
        let result = if applied { APPLIED } else { REFUSED };
        self.reloads.get_or_create(&ResultLabels { result }).inc();
        self.reload_successful.set(applied.into());
    }

    /// What the moderators of a site decided was learned and is in force, or judged other comments no better and is not.
    pub fn taught(&self, applied: bool) {
        let result = if applied { APPLIED } else { REFUSED };
        self.lessons.get_or_create(&ResultLabels { result }).inc();
    }

    /// What the process and its disk take.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// So many comments were committed together, in this time.
    pub fn committed(&self, comments: usize, took: Duration) {
        self.batch_size.observe(comments as f64);
        self.commit_seconds.observe(took.as_secs_f64());
    }

    /// So many writes wait.
    pub fn store_waiting(&self, writes: usize) {
        self.store_waiting.set(writes as i64);
    }

    /// An attempt to deliver a webhook ended.
    pub fn delivery(&self, result: DeliveryResult) {
        self.deliveries.get_or_create(&ResultLabels { result: result.as_str() }).inc();
    }

    /// So many webhooks are not delivered yet.
    pub fn webhook_pending(&self, deliveries: i64) {
        self.webhook_pending.set(deliveries);
    }

    /// So many webhooks were given up and wait to be sent again by hand.
    pub fn webhook_dead(&self, deliveries: i64) {
        self.webhook_dead.set(deliveries);
    }

    /// The oldest webhook that is not delivered is of a decision so long ago.
    pub fn webhook_oldest(&self, waiting: Duration) {
        self.webhook_oldest.set(waiting.as_secs_f64());
    }

    /// A site took a webhook so long after the decision that it tells of.
    pub fn webhook_delay(&self, delay: Duration) {
        self.webhook_delay.observe(delay.as_secs_f64());
    }

    /// A connection was opened.
    pub fn connection_opened(&self) {
        self.connections.inc();
    }

    /// A connection was closed.
    pub fn connection_closed(&self) {
        self.connections.dec();
    }

    /// A request ended in a panic.
    pub fn panicked(&self) {
        self.panics.inc();
    }

    /// All metrics as OpenMetrics text, which Prometheus reads too.
    ///
    /// # Errors
    ///
    /// Never in practice: writing to a string does not fail.
    pub fn encode(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Methods of the allow-list by name, all others as one.
fn known_method(method: &axum::http::Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|known| method.as_str() == *known)
        .unwrap_or("other")
}
