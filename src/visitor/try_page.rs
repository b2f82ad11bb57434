//! `/try`: a news article with a comment form, as a site would embed the service.
//!
//! The page asks nothing but the public API: its form posts to `/v1/comments` and its comments come from `/v1/thread`, both for
//! browsers with and without JavaScript. So its source is an example. Its comments belong to a site of their own, `try`.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Extension, RawQuery, State};
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use axum::{Router, body};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use tower::ServiceExt;

use super::{asset, page};
use crate::api::Problem;
use crate::app::App;
use crate::id::{CommentId, KeyId, SiteId};
use crate::secrets;
use crate::store::{ApiKey, Scope, Scopes, Site, StoreError};

/// Name of the site that comments of this page belong to.
const SITE: &str = "try";
/// Comments that are shown.
const SHOWN: usize = 200;
/// Largest answer of the API that is read, in bytes.
const MAX_ANSWER: usize = 32 * 1024 * 1024;

/// The API as everybody sees it.
#[derive(Clone)]
struct PublicApi(Router);

pub(super) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    let api = PublicApi(crate::api::routes(app).with_state(app.clone()));
    Router::new()
        .route("/try", get(show))
        .route("/try.js", get(|| async { asset("text/javascript; charset=utf-8", include_str!("assets/try.js")) }))
        .layer(Extension(api))
}

#[derive(Template)]
#[template(path = "try.html")]
struct TryPage<'a> {
    key: String,
    address: String,
    threads: Vec<Thread>,
    count: usize,
    /// The comment that is being answered.
    reply_to: Option<Shown>,
    decision: Option<&'a str>,
    receipt: Option<&'a str>,
}

/// A comment with those that answer it.
struct Thread {
    comment: Shown,
    replies: Vec<Shown>,
}

/// A comment as `/v1/thread` tells it.
#[derive(Clone, Deserialize)]
struct Shown {
    id: CommentId,
    parent_id: Option<CommentId>,
    name: Option<String>,
    url: Option<String>,
    text: String,
    created_at: Timestamp,
}

impl Shown {
    fn name(&self) -> &str {
        self.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or("Anonymous")
    }

    fn date(&self) -> String {
        self.created_at.strftime("%-d %B %Y at %H:%M").to_string()
    }
}

#[derive(Deserialize)]
struct Items {
    items: Vec<Shown>,
}

async fn show(
    State(app): State<Arc<App>>,
    Extension(PublicApi(api)): Extension<PublicApi>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let address = format!("{}/try", app.config.base_address(&headers));
    let key = public_key(&app).await?;
    let comments = published(api, &address).await?;
    let query: Vec<(String, String)> =
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    let asked = |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    let reply_to = asked("reply").and_then(|id| comments.iter().find(|c| c.id.to_string() == id).cloned());
    let shown = TryPage {
        key,
        address,
        count: comments.len(),
        reply_to,
        decision: asked("decision"),
        receipt: asked("receipt").filter(|receipt| app.receipts.read(receipt).is_some()),
        threads: threads(comments),
    };
    page(StatusCode::OK, &shown)
}

/// What the API tells of this page.
async fn published(api: Router, address: &str) -> Result<Vec<Shown>, Problem> {
    let query: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("page", address)
        .append_pair("limit", &SHOWN.to_string())
        .finish();
    let request = Request::get(format!("/v1/thread?{query}"))
        .header(header::ACCEPT, "application/json")
        .body(Body::empty())
        .map_err(|error| Problem::Internal(error.into()))?;
    let Ok(answer) = api.oneshot(request).await;
    if !answer.status().is_success() {
        return Err(Problem::Unavailable("the comments cannot be read at the moment; try again"));
    }
    let bytes =
        body::to_bytes(answer.into_body(), MAX_ANSWER).await.map_err(|error| Problem::Internal(error.into()))?;
    let list: Items = serde_json::from_slice(&bytes).map_err(|error| Problem::Internal(error.into()))?;
    Ok(list.items)
}

/// One level deep: what answers an answer stands beside it.
fn threads(comments: Vec<Shown>) -> Vec<Thread> {
    let mut threads: Vec<Thread> = Vec::new();
    for comment in comments {
        let parent = comment.parent_id.and_then(|parent| {
            threads.iter().position(|t| t.comment.id == parent || t.replies.iter().any(|reply| reply.id == parent))
        });
        match parent {
            Some(at) => threads[at].replies.push(comment),
            None => threads.push(Thread { comment, replies: Vec::new() }),
        }
    }
    threads
}

/// The key that stands in the form. It may only submit, is the same after every start, and can be revoked like any other.
async fn public_key(app: &App) -> Result<String, Problem> {
    let secret = URL_SAFE_NO_PAD.encode(app.receipts.derived("key of the page to try"));
    if let Some(key) = known_key(app, &secret) {
        return key;
    }
    app.reload_directory().await?;
    if let Some(key) = known_key(app, &secret) {
        return key;
    }
    let now = crate::clock::now();
    let site = match site(app) {
        Some(site) => site,
        None => make_site(app, now).await?,
    };
    let id = KeyId::fresh(now);
    let key = ApiKey {
        id,
        site,
        digest: secrets::digest(&secret),
        scopes: Scopes::new(vec![Scope::Submit]),
        hint: secrets::hint(&secret),
        created_at: now,
        revoked_at: None,
    };
    app.store.create_key(key).await?;
    app.reload_directory().await?;
    Ok(secrets::api_key_text(id, &secret))
}

fn known_key(app: &App, secret: &str) -> Option<Result<String, Problem>> {
    let directory = app.directory();
    let key = directory.keys.values().find(|key| secrets::matches(secret, &key.digest))?;
    Some(match key.revoked_at {
        None => Ok(secrets::api_key_text(key.id, secret)),
        Some(_) => Err(Problem::NotFound("the key of this page was revoked, so it takes no comments any more")),
    })
}

fn site(app: &App) -> Option<SiteId> {
    app.directory().sites.values().map(|entry| &entry.site).find(|site| site.name == SITE).map(|site| site.id)
}

async fn make_site(app: &App, now: Timestamp) -> Result<SiteId, Problem> {
    let id = SiteId::fresh(now);
    let site = Site { id, name: SITE.to_owned(), url: None, webhook_url: None, created_at: now };
    match app.store.create_site(site).await {
        Ok(()) => Ok(id),
        // Somebody else opened the page at the same moment.
        Err(StoreError::Exists) => {
            app.reload_directory().await?;
            self::site(app).ok_or(Problem::Conflict("the page is being made; open it again"))
        }
        Err(error) => Err(error.into()),
    }
}
