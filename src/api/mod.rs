//! JSON for websites, moderators' tools and monitoring.

mod auth;
mod comments;
mod decisions;
mod fields;
mod form;
mod middleware;
mod operations;
mod policies;
mod problem;
mod submission;
mod submit;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};

pub(crate) use comments::CommentBody;
pub use middleware::wrap;
pub use problem::{FieldError, Problem};

use crate::app::App;

/// The shared state of all handlers.
type AppState = State<Arc<App>>;

/// What a handler answers.
type Result<T> = std::result::Result<T, Problem>;

/// The API for websites and tools.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/comments", post(submit::submit).get(comments::list))
        .route("/v1/check", post(submit::check))
        .route("/v1/comments/{id}", get(comments::show).patch(decisions::patch))
        .route("/v1/comments/{id}/history", get(comments::history))
        .route("/v1/comments/{id}/feedback", post(decisions::feedback))
        .route("/v1/policy", get(policies::show).put(policies::put))
        .route("/v1/decisions", post(decisions::decide))
        .route("/v1/decisions/{undo}/undo", post(decisions::undo))
}

/// What monitoring asks; on a listener of its own where one is configured.
pub fn operations() -> Router<Arc<App>> {
    Router::new()
        .route("/healthz", get(operations::healthz))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics))
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
