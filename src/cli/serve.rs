//! `moderato serve`.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::info;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::print_line;
use super::sites::new_key;
use crate::app::App;
use crate::config::{Config, Loaded, LogConfig};
use crate::id::SiteId;
use crate::store::{Scope, Scopes, Site};
use crate::{reload, secrets, server, worker};

/// Name of the site that exists from the start.
const DEFAULT_SITE: &str = "default";

/// Options of `moderato serve`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Where to serve metrics [default: on the main listener]
    #[arg(long, value_name = "ADDR")]
    metrics_listen: Option<String>,
    /// A directory with a model that replaces the embedded one
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
}

impl Args {
    pub(super) fn options(&self) -> Vec<(&'static str, String)> {
        let listen = self.listen.clone().map(|v| ("listen", v));
        let metrics = self.metrics_listen.clone().map(|v| ("metrics_listen", v));
        let models = self.models.as_ref().map(|v| ("models", v.to_string_lossy().into_owned()));
        listen.into_iter().chain(metrics).chain(models).collect()
    }
}

pub(super) fn run(loaded: Loaded, read: reload::Read) -> anyhow::Result<ExitCode> {
    #[cfg(feature = "otel")]
    let traces = crate::traces::Traces::start()?;
    let filter_log = log_to_stderr(
        &loaded.config.log,
        #[cfg(feature = "otel")]
        traces.as_ref(),
    )?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let outcome = runtime.block_on(serve(loaded, reload::Source { read, filter_log }));
    #[cfg(feature = "otel")]
    if let Some(traces) = traces {
        traces.end();
    }
    outcome.map(|()| ExitCode::SUCCESS)
}

fn log_to_stderr(
    log: &LogConfig,
    #[cfg(feature = "otel")] traces: Option<&crate::traces::Traces>,
) -> anyhow::Result<reload::FilterLog> {
    let (filter, handle) = tracing_subscriber::reload::Layer::new(EnvFilter::try_new(&log.filter)?);
    let registry = tracing_subscriber::registry().with(filter);
    #[cfg(feature = "otel")]
    let registry = registry.with(traces.map(crate::traces::Traces::layer));
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    if log.json {
        registry.with(lines.json().flatten_event(true).with_current_span(true).with_span_list(false)).init();
    } else {
        registry.with(lines.compact().with_target(false)).init();
    }
    Ok(Box::new(move |filter| {
        let filter = EnvFilter::try_new(filter).map_err(|error| error.to_string())?;
        handle.reload(filter).map_err(|error| error.to_string())
    }))
}

async fn serve(loaded: Loaded, source: reload::Source) -> anyhow::Result<()> {
    let config = loaded.config.clone();
    let listener = listen(config.listen).await?;
    let address = listener.local_addr()?;
    let metrics_listener = match config.metrics_listen {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let app = App::start(config).await?;
    // Monitoring is answered until the end, so that one sees a service that takes long to stop.
    let (stop, end) = (CancellationToken::new(), CancellationToken::new());

    let work = tokio::spawn(worker::run(app.clone(), stop.clone()));
    let metrics = metrics_listener.map(|listener| {
        info!("metrics are served at http://{}/metrics", listener.local_addr().unwrap_or(address));
        let router = server::operations_router(app.clone());
        tokio::spawn(server::serve(listener, router, app.clone(), end.clone()))
    });
    let notice = if address.ip().is_loopback() { Duration::ZERO } else { server::NOTICE };
    let notice = app.config.http.stop_notice.unwrap_or(notice);
    tokio::spawn(server::until_asked_to_stop(app.clone(), stop.clone(), notice));
    let reloads = tokio::spawn(reload::run(app.clone(), loaded.clone(), source, stop.clone()));

    // Whoever reads the address may rely on it: what can be wrong with the routes is wrong before.
    let router = server::router(app.clone());
    greet(&app, address, &loaded).await?;
    print_line(&format!("listening on http://{address}"))?;
    server::serve(listener, router, app.clone(), stop.clone()).await;

    // The main listener is finished; what is queued is written before the process ends.
    stop.cancel();
    work.await?;
    reloads.await?;
    end.cancel();
    if let Some(metrics) = metrics {
        metrics.await?;
    }
    app.store.close().await;
    info!("stopped");
    Ok(())
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))
}

/// Says what a newcomer needs; makes the default site at the very first start.
async fn greet(app: &Arc<App>, address: SocketAddr, loaded: &Loaded) -> anyhow::Result<()> {
    let config = &app.config;
    let url = config
        .public_url
        .as_ref()
        .map_or_else(|| format!("http://{address}"), |url| url.as_str().trim_end_matches('/').to_owned());
    let now = crate::clock::now();
    if app.store.needs_setup().await? {
        let code = secrets::setup_code();
        if app.store.replace_setup_code(secrets::digest(&code), now).await? {
            eprintln!("\nDashboard: {url}/setup\n  setup code: {code}   (makes the first administrator, once)");
        }
    } else {
        eprintln!("\nDashboard: {url}/");
    }
    if app.store.sites().await?.is_empty() {
        let key = first_site(app, now).await?;
        eprintln!("\nThe site {DEFAULT_SITE:?} may submit with this key, which is not shown again:\n  site key: {key}");
        eprintln!("\nPost a comment:\n  {}", curl_line(&url, &key));
    }
    eprintln!("\nConfiguration: {}\n", configuration(loaded, config));
    Ok(())
}

async fn first_site(app: &App, now: Timestamp) -> anyhow::Result<String> {
    let site =
        Site { id: SiteId::fresh(now), name: DEFAULT_SITE.to_owned(), url: None, webhook_url: None, created_at: now };
    let id = site.id;
    app.store.create_site(site).await?;
    let (text, key) = new_key(id, Scopes::new(vec![Scope::Submit]), now);
    app.store.create_key(key).await?;
    app.reload_directory().await?;
    Ok(text)
}

fn curl_line(url: &str, key: &str) -> String {
    format!(
        "curl {url}/v1/comments -H 'Authorization: Bearer {key}' --json '{{\"name\": \"Ann\", \"email\": \"ann@example.org\", \
         \"text\": \"Nice article!\"}}'"
    )
}

fn configuration(loaded: &Loaded, config: &Config) -> String {
    let database = config.database();
    match &loaded.file {
        Some(file) => format!("{}; data: {database}", file.display()),
        None => format!(
            "defaults (no {} here; `moderato config example` prints one); data: {database}",
            crate::config::DEFAULT_FILE,
        ),
    }
}
