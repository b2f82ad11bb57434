//! What is answered: a word, and headers beside it.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

/// Status 200, an exact body, headers.
pub(super) struct Answer {
    body: String,
    kind: &'static str,
    headers: Vec<(HeaderName, String)>,
}

impl Answer {
    /// A word.
    pub(super) fn text(body: impl Into<String>) -> Self {
        Self { body: body.into(), kind: "text/plain; charset=utf-8", headers: Vec::new() }
    }

    /// JSON.
    pub(super) fn json(body: &Value) -> Self {
        Self { body: body.to_string(), kind: "application/json", headers: Vec::new() }
    }

    /// The call cannot be used, and why.
    pub(super) fn invalid(why: &str) -> Self {
        Self::text("invalid").with("x-akismet-debug-help", why)
    }

    /// The same with a header more; what cannot stand in a header becomes a question mark.
    pub(super) fn with(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        let visible = |c: char| if c == ' ' || c.is_ascii_graphic() { c } else { '?' };
        self.headers.push((HeaderName::from_static(name), value.as_ref().chars().map(visible).collect()));
        self
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::OK, [(header::CONTENT_TYPE, self.kind)], self.body).into_response();
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
