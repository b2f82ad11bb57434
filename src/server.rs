//! Listening: an accept loop of our own, because `axum::serve` waits for ever for a client that sends its request slowly.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::{debug, info, warn};

use crate::app::App;

/// How long the service keeps accepting after it stopped being ready, so that balancers notice.
pub const NOTICE: Duration = Duration::from_secs(2);
/// How long open requests may take after the service stopped accepting.
const DRAIN: Duration = Duration::from_secs(20);
/// Pause after an accept that failed, which it does for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Everything the main listener serves.
pub fn router(app: Arc<App>) -> Router {
    let routes = crate::api::routes(&app).merge(crate::dashboard::routes(&app)).merge(crate::visitor::routes(&app));
    crate::api::wrap(routes, app)
}

/// What the listener for monitoring serves.
pub fn operations_router(app: Arc<App>) -> Router {
    crate::api::wrap(crate::api::operations(), app)
}

/// Serves connections until `stop`, then finishes those that are open.
pub async fn serve(listener: TcpListener, router: Router, app: Arc<App>, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(app.config.http.max_connections));
    let graceful = GracefulShutdown::new();
    loop {
        // A place is taken before a connection is: the rest waits in the kernel's queue, which is bounded too.
        let permit = tokio::select! {
            permit = permits.clone().acquire_owned() => permit,
            () = stop.cancelled() => break,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let connection = connection(stream, peer, router.clone(), &app);
                let connection = graceful.watch(connection);
                let app = app.clone();
                app.metrics.connection_opened();
                tokio::spawn(async move {
                    if let Err(error) = connection.await {
                        debug!("a connection ended early: {error}");
                    }
                    app.metrics.connection_closed();
                    drop(permit);
                });
            }
            Err(error) => {
                warn!("a connection could not be accepted: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        warn!("some requests took longer than {} s and were cut off", DRAIN.as_secs());
    }
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    app: &Arc<App>,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> + use<> {
    if let Err(error) = stream.set_nodelay(true) {
        debug!("a connection keeps Nagle's delay: {error}");
    }
    let header_timeout = app.config.http.header_timeout;
    let app = app.clone();
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let (router, app) = (router.clone(), app.clone());
        async move {
            let mut request: Request = request.map(Body::new);
            if let Some(refusal) = crate::api::refused_early(&app, &request) {
                // Read all the same, or the connection could not be kept. Where that fails or takes too long, it is not.
                let body = axum::body::to_bytes(request.into_body(), app.config.http.max_body);
                let _ = tokio::time::timeout(app.config.http.request_timeout, body).await;
                return Ok::<_, Infallible>(refusal);
            }
            request.extensions_mut().insert(ConnectInfo(peer));
            let Ok::<_, Infallible>(response) = router.oneshot(request).await;
            Ok(response)
        }
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(100)
        .serve_connection(TokioIo::new(stream), service)
}

/// Completes when the process is asked to end, then stops being ready, gives balancers time, and tells `stop`.
pub async fn until_asked_to_stop(app: Arc<App>, stop: CancellationToken, notice: Duration) {
    let signal = stop_signal().await;
    info!("asked to stop by {signal}");
    app.drain();
    tokio::time::sleep(notice).await;
    stop.cancel();
}

async fn stop_signal() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = match signal(SignalKind::terminate()) {
        Ok(terminate) => terminate,
        Err(error) => {
            warn!("SIGTERM cannot be watched: {error}");
            return if tokio::signal::ctrl_c().await.is_ok() { "SIGINT" } else { std::future::pending().await };
        }
    };
    tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = tokio::signal::ctrl_c() => "SIGINT",
    }
}
