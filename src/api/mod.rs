//! JSON for websites, moderators' tools and monitoring.

mod akismet;
mod auth;
mod batch;
mod comments;
mod coral;
mod cors;
mod decisions;
mod erasure;
mod events;
mod fields;
mod form;
mod middleware;
mod openapi;
mod operations;
mod perspective;
mod policies;
mod problem;
mod stats;
mod submission;
mod submit;
mod thread;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{options, post};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use comments::CommentBody;
pub use middleware::{refused_early, wrap};
pub use problem::{FieldError, Problem};

use crate::app::App;

/// The shared state of all handlers.
type AppState = State<Arc<App>>;

/// What a handler answers.
type Result<T> = std::result::Result<T, Problem>;

/// The API for websites and tools, with its description.
pub fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    // Pages of a site may read threads and send comments from a browser.
    let open = OpenApiRouter::new()
        .routes(routes!(submit::submit, comments::list))
        .routes(routes!(thread::show))
        .route("/v1/comments", options(cors::preflight))
        .route("/v1/thread", options(cors::preflight))
        .layer(cors::layer(app.clone()));
    let mut described = OpenApiRouter::with_openapi(openapi::document())
        .merge(open)
        .routes(routes!(batch::submit))
        .routes(routes!(submit::check))
        .routes(routes!(comments::show, decisions::patch, erasure::delete))
        .routes(routes!(comments::history))
        .routes(routes!(erasure::erase))
        .routes(routes!(decisions::feedback))
        .routes(routes!(events::stream))
        .routes(routes!(decisions::decide))
        .routes(routes!(decisions::undo))
        .routes(routes!(policies::show, policies::put))
        .routes(routes!(policies::try_out))
        .routes(routes!(stats::show));
    if app.config.metrics_listen.is_none() {
        described = described.merge(monitoring());
    }
    let (router, document) = described.split_for_parts();
    let document = openapi::without_null_parameters(document);
    let guesses = Arc::new(akismet::Guesses::new());
    router
        .merge(openapi::routes(&document))
        .merge(akismet::routes(guesses.clone()))
        .merge(perspective::routes(guesses))
        .route("/integrations/coral/{site}", post(coral::moderate))
}

/// What monitoring asks, on a listener of its own.
pub fn operations() -> Router<Arc<App>> {
    monitoring().into()
}

fn monitoring() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(operations::healthz))
        .routes(routes!(operations::readyz))
        .routes(routes!(operations::metrics))
}

/// The submission in a line of JSON, and the fields beginning `label_`, which are somebody's opinion of it.
///
/// # Errors
///
/// What the API would say of such a submission.
pub fn submission_and_labels(
    line: &[u8],
) -> std::result::Result<(crate::comment::Submission, serde_json::Map<String, serde_json::Value>), Problem> {
    submission::with_labels(line)
}
