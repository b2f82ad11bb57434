//! Pages for those who comment: what became of a comment, and a page to try the service on.

mod receipt;
mod status;
mod try_page;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};

pub use receipt::Receipts;

use crate::api::Problem;
use crate::app::App;

/// All addresses for visitors.
pub fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let routes = Router::new()
        .route("/status/{receipt}", get(status::show))
        .route("/status/{receipt}/appeal", post(status::appeal))
        .route("/visitor.css", get(style));
    if app.config.try_page { routes.merge(try_page::routes(app)) } else { routes }
}

async fn style() -> Response {
    asset("text/css; charset=utf-8", include_str!("assets/visitor.css"))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=300")], text).into_response()
}

/// A page as an answer, with the headers of all pages for visitors.
fn page(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let html = template.render().map_err(|error| Problem::Internal(error.into()))?;
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; \
                  base-uri 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    ];
    Ok((status, headers, Html(html)).into_response())
}
