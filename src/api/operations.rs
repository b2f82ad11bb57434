//! What monitoring asks.

use std::time::{Duration, UNIX_EPOCH};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{AppState, Problem, Result};
use crate::app::App;
use crate::limits::LimitName;
use crate::metrics::as_classic_text;

/// Longest wait of a scrape for the store; one that does not answer by then is not ready.
const PROBE_TIME: Duration = Duration::from_secs(2);

/// Whether the process lives; asks nothing else.
#[utoipa::path(get, path = "/healthz", tag = "operations", security(()), responses((status = 200, description = "it lives", body = String)))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

#[derive(Serialize, ToSchema)]
pub(super) struct Readiness {
    status: &'static str,
    draining: bool,
    store: &'static str,
    model: ModelReadiness,
}

#[derive(Serialize, ToSchema)]
struct ModelReadiness {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Whether the service can serve: 200 or 503. Without a model it can (it holds every comment), and says so.
#[utoipa::path(get, path = "/readyz", tag = "operations", security(()), responses(
    (status = 200, description = "it can", body = Readiness),
    (status = 503, description = "it cannot", body = Readiness),
))]
pub(super) async fn readyz(State(app): AppState) -> Response {
    let now = crate::clock::now();
    let ready = app.is_ready(now).await;
    let (writes, draining) = (app.store_writes(now).await, app.is_draining());
    let model = match app.pipeline.model().as_ref() {
        Ok(model) => ModelReadiness { status: "ready", version: Some(model.version.clone()), detail: None },
        Err(why) => {
            ModelReadiness { status: "missing", version: None, detail: Some(format!("{why}; every comment is held")) }
        }
    };
    let status = match (ready, writes && model.status == "ready") {
        (true, true) => "ready",
        (true, false) => "degraded",
        (false, _) => "not ready",
    };
    let body = Readiness { status, draining, store: if writes { "ready" } else { "takes no writes" }, model };
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(body)).into_response()
}

/// All metrics, with gauges as of now.
#[utoipa::path(get, path = "/metrics", tag = "operations", security(()), responses((status = 200, description = "in the format of Prometheus", body = String)))]
pub(super) async fn metrics(State(app): AppState, headers: HeaderMap) -> Result<Response> {
    let now = crate::clock::now();
    if tokio::time::timeout(PROBE_TIME, app.is_ready(now)).await.is_err() {
        app.metrics.ready(false);
    }
    observe_machine(&app);
    app.metrics.store_waiting(app.store.writer().waiting());
    for limit in LimitName::ALL {
        app.metrics.limiter_overflows(limit, app.pipeline.limits().overflowed(limit));
    }
    if let Ok(counts) = app.store.outbox_counts(None).await {
        app.metrics.webhook_pending(counts.pending);
        app.metrics.webhook_dead(counts.dead);
        let waiting = counts.oldest.map(|event| now.duration_since(crate::id::time_of(event.0)));
        app.metrics.webhook_oldest(waiting.and_then(|time| time.try_into().ok()).unwrap_or_default());
    }
    app.metrics.shared_limits_failures(app.pipeline.limits().shared_failures());
    for entry in app.directory().sites.values() {
        let site = &entry.site;
        // A store that does not answer must not take the metrics with it: the gauges keep their last values.
        if let (Ok(counts), Ok(oldest)) = (app.store.counts(Some(site.id)).await, app.store.oldest_held(site.id).await)
        {
            let age = oldest.map_or(0.0, |oldest| (now - oldest).total(jiff::Unit::Second).unwrap_or(0.0));
            app.metrics.queue(&site.name, counts.held, Duration::from_secs_f64(age.max(0.0)));
        }
    }
    let text = app.metrics.encode().map_err(|error| Problem::Internal(error.into()))?;
    let asked = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if asked.contains("application/openmetrics-text") {
        let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        return Ok(([(header::CONTENT_TYPE, kind)], text).into_response());
    }
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], as_classic_text(&text)).into_response())
}

fn observe_machine(app: &App) {
    let machine = app.metrics.machine();
    machine.observe_process();
    machine.observe_disk(&app.config.data_dir);
    if let Some(file) = app.config.database().file() {
        let stamp = app.config.backup_stamp().and_then(|path| std::fs::metadata(path).ok()?.modified().ok());
        let backup = stamp.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        machine.observe_database(file, backup);
    }
}
