//! Traces of requests for an OpenTelemetry collector, in a program that is built with the feature `otel`.
//!
//! The variables of OpenTelemetry's specification configure them: nothing is sent unless `OTEL_EXPORTER_OTLP_ENDPOINT` (or the
//! one for traces) names a collector; `OTEL_TRACES_SAMPLER`, `OTEL_SERVICE_NAME` and the others mean what they mean elsewhere.

use anyhow::Context;
use axum::http::{HeaderMap, Method, StatusCode};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Status, TraceContextExt, TracerProvider};
use opentelemetry_http::HeaderExtractor;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Span, Subscriber, warn};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::registry::LookupSpan;

/// What has to be told when the process ends, so that the last traces are sent.
#[derive(Debug)]
pub(crate) struct Traces(SdkTracerProvider);

impl Traces {
    /// Begins, if a collector is named. Not to be called on an async thread.
    ///
    /// # Errors
    ///
    /// When the variables cannot be used.
    pub(crate) fn start() -> anyhow::Result<Option<Self>> {
        let named = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if !named("OTEL_EXPORTER_OTLP_ENDPOINT") && !named("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
            return Ok(None);
        }
        // Another part of the process may have chosen the same one before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder().with_http().build().context("preparing to send traces")?;
        let about = Resource::builder();
        let about = if named("OTEL_SERVICE_NAME") { about } else { about.with_service_name("moderato") };
        Ok(Some(Self(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(about.build()).build())))
    }

    /// What turns spans of the log into those of a trace.
    pub(crate) fn layer<S>(&self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        let tracer = self.0.tracer("moderato");
        tracing_opentelemetry::layer().with_tracer(tracer).with_location(false).with_threads(false).boxed()
    }

    /// Sends what is left.
    pub(crate) fn end(self) {
        if let Err(error) = self.0.shutdown() {
            warn!("the last traces were not sent: {error}");
        }
    }
}

/// Makes the span of a request a part of the trace that its caller began, named as such spans are.
pub(crate) fn begin(span: &Span, method: &Method, route: &str, headers: &HeaderMap) {
    let caller = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // Fails where nobody listens to spans: then there is no trace to be a part of.
    let _ = span.set_parent(caller);
    span.context().span().update_name(format!("{method} {route}"));
    span.set_attribute("http.request.method", method.as_str().to_owned());
    span.set_attribute("http.route", route.to_owned());
}

/// Says in the trace what came of a request.
pub(crate) fn finish(span: &Span, status: StatusCode) {
    span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        span.set_status(Status::error(status.to_string()));
    }
}
