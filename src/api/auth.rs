//! Who calls: a site, by one of its keys.

use std::sync::Arc;

use axum::http::{HeaderMap, header};

use super::{Problem, Result};
use crate::app::App;
use crate::id::KeyId;
use crate::secrets;
use crate::store::{Actor, ApiKey, Scope, SiteEntry};

/// A site that has shown a key.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// The site.
    pub(super) site: Arc<SiteEntry>,
    /// The key.
    pub(super) key: KeyId,
    /// Whether the key may stand in a public form, so that it may be anybody's.
    is_public: bool,
}

impl Caller {
    /// How the history names it.
    pub(super) fn actor(&self) -> Actor {
        let key = self.key.to_string();
        if self.is_public { Actor::Form(key) } else { Actor::Site(key) }
    }
}

/// The caller by its `Authorization` header, if its key has the scope.
pub(super) async fn caller(app: &App, headers: &HeaderMap, scope: Scope) -> Result<Caller> {
    let text = bearer(headers)?;
    let key = find(app, text).await?;
    if !key.scopes.has(scope) {
        return Err(Problem::Forbidden(format!("this key lacks the scope {}: it has {}", scope.as_str(), key.scopes)));
    }
    enter(app, &key)
}

/// The caller by a key that stands in a public form, so may do nothing but submit.
pub(super) async fn caller_by_public_key(app: &App, text: &str) -> Result<Caller> {
    let key = find(app, text).await?;
    if !key.scopes.only_submit() {
        let detail = "a form shows its key to everybody, so it needs a key with the scope submit alone";
        return Err(Problem::Forbidden(detail.to_owned()));
    }
    enter(app, &key)
}

fn bearer(headers: &HeaderMap) -> Result<&str> {
    let missing = Problem::Unauthorized("send the header Authorization: Bearer <key>");
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Err(missing) };
    let (scheme, key) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        Ok(key.trim())
    } else {
        Err(Problem::Unauthorized("only Authorization: Bearer <key> is understood"))
    }
}

/// The key, if it exists and is not revoked. One that is not known yet may have been made a moment ago.
pub(super) async fn find(app: &App, text: &str) -> Result<ApiKey> {
    const UNKNOWN: Problem = Problem::Unauthorized("this key is unknown; `moderato key list` shows those that exist");
    let (id, secret) = secrets::parse_api_key(text).ok_or(UNKNOWN)?;
    if !app.directory().keys.contains_key(&id) {
        app.refresh_directory().await?;
    }
    let directory = app.directory();
    let key = directory.keys.get(&id).filter(|key| secrets::matches(secret, &key.digest)).ok_or(UNKNOWN)?;
    if key.revoked_at.is_some() {
        return Err(Problem::Unauthorized("this key was revoked; `moderato key create` makes another"));
    }
    Ok(key.clone())
}

fn enter(app: &App, key: &ApiKey) -> Result<Caller> {
    let site = app.directory().sites.get(&key.site).cloned();
    let site = site.ok_or_else(|| Problem::Internal(anyhow::anyhow!("key {} has no site", key.id)))?;
    Ok(Caller { site, key: key.id, is_public: key.scopes.only_submit() })
}
