//! Errors in the form that clients of the Perspective API expect.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

const DETAIL: &str = "type.googleapis.com/google.commentanalyzer.v1alpha1.Error";

/// What a caller can be told.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    name: &'static str,
    message: String,
    details: Vec<Value>,
}

impl Refusal {
    /// 400, with the kind of error that the original names.
    pub(super) fn invalid(kind: &str, message: impl Into<String>) -> Self {
        let details = vec![json!({ "@type": DETAIL, "errorType": kind })];
        Self { status: StatusCode::BAD_REQUEST, name: "INVALID_ARGUMENT", message: message.into(), details }
    }

    /// 400: the key is none of ours.
    pub(super) fn unknown_key() -> Self {
        let detail = json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com",
            "metadata": { "service": "commentanalyzer.googleapis.com" },
        });
        let message = "API key not valid. Please pass a valid API key.".to_owned();
        Self { status: StatusCode::BAD_REQUEST, name: "INVALID_ARGUMENT", message, details: vec![detail] }
    }

    /// 403: no key at all.
    pub(super) fn no_key() -> Self {
        let message = "Method doesn't allow unregistered callers (callers without established identity). \
            Please use API Key or other form of API consumer identity to call this API."
            .to_owned();
        Self { status: StatusCode::FORBIDDEN, name: "PERMISSION_DENIED", message, details: Vec::new() }
    }

    /// 429.
    pub(super) fn limited(message: impl Into<String>) -> Self {
        let (status, name) = (StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED");
        Self { status, name, message: message.into(), details: Vec::new() }
    }

    /// 503.
    pub(super) fn unavailable(message: impl Into<String>) -> Self {
        let (status, name) = (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE");
        Self { status, name, message: message.into(), details: Vec::new() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.status.as_u16(), "message": self.message, "status": self.name });
        if !self.details.is_empty() {
            error["details"] = Value::Array(self.details);
        }
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}
