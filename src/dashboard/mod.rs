//! HTML for moderators.

use std::sync::Arc;

use axum::Router;

use crate::app::App;

/// The dashboard's pages.
pub fn routes(_app: &App) -> Router<Arc<App>> {
    Router::new()
}
