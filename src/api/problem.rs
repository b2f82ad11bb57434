//! What a caller can be told when something is wrong: RFC 9457 problems.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tracing::error;

use crate::limits::Exceeded;
use crate::pipeline::NotModerated;
use crate::store::StoreError;
use crate::verdict::Status;

/// Seconds after which a client may try again when the service is overloaded or its store is down.
const RETRY_SECONDS: u64 = 2;

/// Everything a caller can be told, each with its status.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// 400: not what the content type says.
    #[error("{0}")]
    Malformed(String),
    /// 401.
    #[error("{0}")]
    Unauthorized(&'static str),
    /// 403.
    #[error("{0}")]
    Forbidden(String),
    /// 404.
    #[error("{0}")]
    NotFound(&'static str),
    /// 405.
    #[error("this address does not take that method; the Allow header says which it takes")]
    MethodNotAllowed,
    /// 408.
    #[error("the request did not arrive in time; send it again")]
    Timeout,
    /// 409.
    #[error("{0}")]
    Conflict(&'static str),
    /// 412: somebody was faster.
    #[error("somebody was faster: the comment is {status} and at revision {revision} now; read it again, then decide")]
    Outdated {
        /// Its status now.
        status: Status,
        /// Its revision now.
        revision: i64,
    },
    /// 412: another version of the policy is in force by now.
    #[error("version {0} of the policy is in force by now; read it, then change it")]
    OutdatedPolicy(i64),
    /// 413: more than this many bytes.
    #[error("the body is larger than {0} bytes; send less")]
    TooLarge(usize),
    /// 415.
    #[error("{0}")]
    Unsupported(&'static str),
    /// 422: fields that cannot be used.
    #[error("{}", summary(.0))]
    Invalid(Vec<FieldError>),
    /// 429.
    #[error(transparent)]
    Limited(#[from] Exceeded),
    /// 503: the store is down or overloaded.
    #[error("{0}")]
    Unavailable(&'static str),
    /// 500: a defect. The cause is logged and not shown.
    #[error("something went wrong here; the request id finds it in the log")]
    Internal(#[source] anyhow::Error),
}

/// A field that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl FieldError {
    /// An error at a top-level field; an empty name stands for the whole.
    pub fn new(field: &str, detail: impl Into<String>) -> Self {
        let field = field.replace('~', "~0").replace('/', "~1");
        let pointer = if field.is_empty() { field } else { format!("/{field}") };
        Self { pointer, detail: detail.into() }
    }
}

fn summary(errors: &[FieldError]) -> String {
    match errors {
        [one] if one.pointer.is_empty() => one.detail.clone(),
        [one] => format!("{}: {}", one.pointer, one.detail),
        many => format!("{} fields cannot be used; errors says which and why", many.len()),
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Overloaded => Self::Unavailable("too much arrives at once; try again"),
            StoreError::TooSlow => {
                Self::Unavailable("the search took too long; ask for less, for example with `since`")
            }
            StoreError::Exists => Self::Conflict("it exists already"),
            StoreError::NullCharacter => Self::Malformed(error.to_string()),
            error => {
                error!("the store failed: {error:?}");
                Self::Unavailable(
                    "the store does not answer; try again, with an Idempotency-Key or external_id so that nothing is stored twice",
                )
            }
        }
    }
}

impl From<NotModerated> for Problem {
    fn from(error: NotModerated) -> Self {
        match error {
            NotModerated::Limited(exceeded) => Self::Limited(exceeded),
            NotModerated::Store(error) => error.into(),
            NotModerated::Answer(error) => Self::Internal(error.into()),
        }
    }
}

impl Problem {
    /// A single field that cannot be used.
    pub fn field(field: &str, detail: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, detail)])
    }

    /// Its HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Timeout => StatusCode::REQUEST_TIMEOUT,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Outdated { .. } | Self::OutdatedPolicy(_) => StatusCode::PRECONDITION_FAILED,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Limited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A few words for the kind of problem, the same whenever it occurs.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "Malformed request",
            Self::Unauthorized(_) => "A valid key is needed",
            Self::Forbidden(_) => "Not allowed",
            Self::NotFound(_) => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Timeout => "Too slow",
            Self::Conflict(_) => "Conflict",
            Self::Outdated { .. } | Self::OutdatedPolicy(_) => "Outdated",
            Self::TooLarge(_) => "Too large",
            Self::Unsupported(_) => "Unsupported content",
            Self::Invalid(_) => "Fields cannot be used",
            Self::Limited(_) => "Too many requests",
            Self::Unavailable(_) => "Not available at the moment",
            Self::Internal(_) => "Internal error",
        }
    }

    /// The end of its `type`, a stable name for programs.
    fn kind(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::Unauthorized(_) => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not-found",
            Self::MethodNotAllowed => "method-not-allowed",
            Self::Timeout => "timeout",
            Self::Conflict(_) => "conflict",
            Self::Outdated { .. } | Self::OutdatedPolicy(_) => "outdated",
            Self::TooLarge(_) => "too-large",
            Self::Unsupported(_) => "unsupported",
            Self::Invalid(_) => "invalid-fields",
            Self::Limited(_) => "quota-exceeded",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// Its body.
    pub fn body(&self, request_id: &str) -> Body {
        let (errors, limit, current) = match self {
            Self::Invalid(errors) => (errors.clone(), None, None),
            Self::Limited(exceeded) => (Vec::new(), Some(exceeded.limit.as_str()), None),
            &Self::Outdated { status, revision } => (Vec::new(), None, Some(Current::Comment { status, revision })),
            &Self::OutdatedPolicy(version) => (Vec::new(), None, Some(Current::Policy { version })),
            _ => (Vec::new(), None, None),
        };
        Body {
            kind: format!("urn:moderato:problem:{}", self.kind()),
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.to_string(),
            request_id: request_id.to_owned(),
            errors,
            limit,
            current,
        }
    }

    /// Its body, on its way out: a defect is logged.
    pub(super) fn told(&self, request_id: &str) -> Body {
        self.log();
        self.body(request_id)
    }

    fn log(&self) {
        if let Self::Internal(cause) = self {
            error!("a request failed: {cause:?}");
        }
    }

    /// The headers that belong to it.
    fn headers(&self) -> Vec<(header::HeaderName, String)> {
        match self {
            Self::Unauthorized(_) => vec![(header::WWW_AUTHENTICATE, "Bearer".to_owned())],
            Self::Outdated { revision: tag, .. } | Self::OutdatedPolicy(tag) => {
                vec![(header::ETAG, format!("\"{tag}\""))]
            }
            Self::Unavailable(_) => vec![(header::RETRY_AFTER, RETRY_SECONDS.to_string())],
            Self::Limited(exceeded) => {
                let mut headers = super::submit::limit_headers(&exceeded.usage);
                headers.push((header::RETRY_AFTER, exceeded.retry_after.to_string()));
                headers
            }
            _ => Vec::new(),
        }
    }
}

/// A problem in JSON.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct Body {
    /// A URN that names the kind.
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    detail: String,
    request_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Current>,
}

/// What somebody who came too late finds.
#[derive(Clone, Copy, Debug, Serialize, utoipa::ToSchema)]
#[serde(untagged)]
enum Current {
    /// The comment as it is now.
    Comment { status: Status, revision: i64 },
    /// The policy in force.
    Policy { version: i64 },
}

/// A problem on its way to the middleware that writes it down, because only that knows the request's id.
#[derive(Clone, Debug)]
pub(super) struct Raised(pub(super) std::sync::Arc<Problem>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.log();
        let mut response = self.status().into_response();
        for (name, value) in self.headers() {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response.extensions_mut().insert(Raised(std::sync::Arc::new(self)));
        response
    }
}
