//! The description of the API in OpenAPI 3.1, made from the handlers that serve it: what is routed is described, and
//! the other way round.

mod bodies;
mod page;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use utoipa::openapi::schema::{Schema, SchemaType, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi as _};

pub(super) use self::bodies::{Again, Decisions, Erasure, Feedback, Patch, PolicyChange, Replay, SubmissionBody};
use super::problem;
use crate::app::App;
use crate::id::{ActionId, CommentId};
use crate::verdict::Status;

/// What the document says beside the operations.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Moderato",
        description = "Comment moderation that a website runs itself. Errors are RFC 9457 problems; a 422 names every field that cannot be used.",
    ),
    modifiers(&Keys),
    security(("key" = [])),
    components(schemas(problem::Body, CommentId, ActionId, Status)),
    tags(
        (name = "submitting", description = "What a website sends"),
        (name = "reading", description = "What it reads"),
        (name = "moderating", description = "What decides"),
        (name = "operations", description = "What monitoring asks"),
    ),
)]
pub(super) struct Document;

struct Keys;

impl Modify for Keys {
    fn modify(&self, document: &mut OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.description =
            Some("A key of the site, from `moderato key create`; its scopes say what it may do.".to_owned());
        document.components.get_or_insert_default().add_security_scheme("key", SecurityScheme::Http(bearer));
    }
}

/// The document with nothing routed yet.
pub(super) fn document() -> OpenApi {
    Document::openapi()
}

/// A parameter that is not wanted is left out: none can be null, which an optional one would be said to be.
pub(super) fn without_null_parameters(mut document: OpenApi) -> OpenApi {
    let operations = document.paths.paths.values_mut().flat_map(|item| {
        [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
    });
    for parameter in operations.flat_map(|operation| operation.parameters.iter_mut().flatten()) {
        if let RefOr::T(parameter) = parameter
            && let Some(RefOr::T(Schema::Object(schema))) = &mut parameter.schema
            && let SchemaType::Array(types) = &mut schema.schema_type
        {
            types.retain(|kind| *kind != Type::Null);
            if let [only] = types.as_slice() {
                schema.schema_type = SchemaType::Type(only.clone());
            }
        }
    }
    document
}

/// What any call with a key can be refused for.
pub(super) struct Refused;

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("401", "no key, or one that is not known"),
            ("403", "the key lacks the scope"),
            ("408", "the request did not arrive in time"),
            ("422", "fields or parameters that cannot be used, each named"),
            ("500", "a defect; the request id finds it in the log"),
            ("503", "the store is down or overloaded; Retry-After says when to come again"),
        ])
    }
}

/// What a call with a body can be refused for beside that.
pub(super) struct BodyRefused;

impl IntoResponses for BodyRefused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("400", "the body is not what its content type says"),
            ("413", "the body is too large"),
            ("415", "another content type is needed"),
        ])
    }
}

/// What a call about one comment can be refused for beside that.
pub(super) struct NotFound;

impl IntoResponses for NotFound {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[("404", "the site has nothing of that id")])
    }
}

/// What sending a comment can be refused for beside that.
pub(super) struct NotTaken;

impl IntoResponses for NotTaken {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        problems(&[
            ("409", "the same submission is being judged right now"),
            ("429", "a limit is used up; `limit` names it, Retry-After says when to come again"),
        ])
    }
}

fn problems(all: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let content = || Content::new(Some(Ref::from_schema_name("Problem")));
    let response = |why: &str| {
        let response = ResponseBuilder::new().description(why).content("application/problem+json", content()).build();
        RefOr::T(response)
    };
    all.iter().map(|(status, why)| ((*status).to_owned(), response(why))).collect()
}

/// `/openapi.json` and `/docs`.
pub(super) fn routes(document: &OpenApi) -> Router<Arc<App>> {
    let json = Bytes::from(document.to_pretty_json().unwrap_or_else(|error| {
        tracing::error!("the description of the API cannot be written: {error}");
        "{}".to_owned()
    }));
    let page = Bytes::from(page::render(&json));
    Router::new()
        .route("/openapi.json", get(async || ([(header::CONTENT_TYPE, "application/json")], json).into_response()))
        .route("/docs", get(async || (page_headers(), Html(page)).into_response()))
}

fn page_headers() -> HeaderMap {
    let policy = format!(
        "default-src 'none'; style-src '{}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        page::style_hash()
    );
    let pairs = [(header::CONTENT_SECURITY_POLICY, policy), (header::REFERRER_POLICY, "no-referrer".to_owned())];
    pairs.into_iter().filter_map(|(name, value)| Some((name, value.try_into().ok()?))).collect()
}
