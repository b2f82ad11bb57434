//! Sites, their keys and policies: small, read on every request, so kept in memory as a whole.
//!
//! Every change raises `directory.version`; whoever serves looks at it a few times a second, and at once when PostgreSQL
//! tells of a change, and reads anew.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tracing::error;

use super::{Conn, Result, StandingDecision, Store, micros, time};
use crate::classifier::lesson::Lesson;
use crate::classifier::{Classifier, Model};
use crate::id::{KeyId, SiteId};
use crate::policy::{Policy, PolicyDocument};

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Send and check submissions, give feedback.
    Submit,
    /// Read comments.
    Read,
    /// Decide about comments.
    Moderate,
    /// Change policies, erase comments.
    Admin,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Scope; 4] = [Self::Submit, Self::Read, Self::Moderate, Self::Admin];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::Read => "read",
            Self::Moderate => "moderate",
            Self::Admin => "admin",
        }
    }
}

/// A set of scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// The set of these.
    pub fn new(mut scopes: Vec<Scope>) -> Self {
        scopes.sort_by_key(|scope| *scope as u8);
        scopes.dedup();
        Self(scopes)
    }

    /// Whether `scope` is among them.
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether sending is all that they allow, so that a key with them may stand in a public form.
    pub fn only_submit(&self) -> bool {
        self.0 == [Scope::Submit]
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.0.iter().map(|scope| scope.as_str()).collect();
        f.write_str(&names.join(","))
    }
}

impl std::str::FromStr for Scopes {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let scope = |name: &str| {
            Scope::ALL
                .into_iter()
                .find(|scope| scope.as_str() == name)
                .ok_or_else(|| format!("{name:?} is no scope: there are submit, read, moderate and admin"))
        };
        let scopes = text.split(',').map(|name| scope(name.trim())).collect::<std::result::Result<Vec<_>, _>>()?;
        Ok(Self::new(scopes))
    }
}

/// A website.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// What people call it; unique.
    pub name: String,
    /// Its front page.
    pub url: Option<String>,
    /// Where decisions are sent; `None` while that is switched off.
    pub webhook_url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A key of a site, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, the public part of the key.
    pub id: KeyId,
    /// The site it belongs to.
    pub site: SiteId,
    /// SHA-256 of the secret part.
    pub digest: Vec<u8>,
    /// What it may do.
    pub scopes: Scopes,
    /// The last characters of its secret, to tell keys apart.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// A new key of a site: the text that is shown once, and what is stored.
    pub fn fresh(site: SiteId, scopes: Scopes, now: Timestamp) -> (String, Self) {
        let id = KeyId::fresh(now);
        let (text, secret) = crate::secrets::api_key(id);
        let hint = crate::secrets::hint(&secret);
        let digest = crate::secrets::digest(&secret);
        (text, Self { id, site, digest, scopes, hint, created_at: now, revoked_at: None })
    }
}

/// A site with what its requests need.
#[derive(Debug)]
pub struct SiteEntry {
    /// The site.
    pub site: Site,
    /// Its policy in force.
    pub policy: Arc<Policy>,
    /// Decisions that go on to apply, newest first.
    pub standing: Vec<StandingDecision>,
    /// What its moderators have taught the classifier.
    pub lesson: Option<Arc<Lesson>>,
}

impl SiteEntry {
    /// What judges its comments.
    pub fn classifier<'a, E>(&'a self, model: &'a std::result::Result<Model, E>) -> Classifier<'a> {
        Classifier { model: model.as_ref().ok(), lesson: self.lesson.as_deref() }
    }
}

/// All sites, keys and policies at one moment.
#[derive(Debug, Default)]
pub struct Directory {
    /// Grows with every change.
    pub version: i64,
    /// The sites.
    pub sites: HashMap<SiteId, Arc<SiteEntry>>,
    /// The keys, revoked ones too.
    pub keys: HashMap<KeyId, ApiKey>,
}

impl Directory {
    /// The same without what moderators have taught.
    pub fn untaught(mut self) -> Self {
        for entry in self.sites.values_mut() {
            let SiteEntry { site, policy, standing, .. } = entry.as_ref();
            let (site, policy, standing) = (site.clone(), policy.clone(), standing.clone());
            *entry = Arc::new(SiteEntry { site, policy, standing, lesson: None });
        }
        self
    }
}

#[derive(sqlx::FromRow)]
struct SiteRow {
    id: i64,
    name: String,
    url: Option<String>,
    webhook_url: Option<String>,
    created_at: i64,
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    id: i64,
    site_id: i64,
    digest: Vec<u8>,
    scopes: String,
    hint: String,
    created_at: i64,
    revoked_at: Option<i64>,
}

impl Store {
    /// The version of the directory; it grows with every change.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn directory_version(&self) -> Result<i64> {
        Ok(with_pool!(self, |pool| sqlx::query_scalar("SELECT version FROM directory").fetch_one(pool).await)?)
    }

    /// All sites, keys and policies. A policy that no longer compiles is replaced by the built-in one and logged. What is as it
    /// was in `before` and costs something to read, lessons, is taken from there.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn directory(&self, before: &Directory) -> Result<Directory> {
        let version = self.directory_version().await?;
        let mut lessons = self.lessons(before).await?;
        let mut policies = self.policies_in_force().await?;
        let mut standing: HashMap<SiteId, Vec<StandingDecision>> = HashMap::new();
        for row in self.standing_decisions().await? {
            standing.entry(SiteId(row.site_id)).or_default().push(row.into());
        }
        let sites = self
            .sites()
            .await?
            .into_iter()
            .map(|site| {
                let policy = policies.remove(&site.id).unwrap_or_else(Policy::built_in);
                let standing = standing.remove(&site.id).unwrap_or_default();
                let lesson = lessons.remove(&site.id);
                (site.id, Arc::new(SiteEntry { site, policy: Arc::new(policy), standing, lesson }))
            })
            .collect();
        let keys = self.keys().await?.into_iter().map(|key| (key.id, key)).collect();
        Ok(Directory { version, sites, keys })
    }

    async fn lessons(&self, before: &Directory) -> Result<HashMap<SiteId, Arc<Lesson>>> {
        let mut lessons = HashMap::new();
        for (site, number) in self.lessons_in_force().await? {
            let known = before.sites.get(&site).and_then(|entry| entry.lesson.clone());
            let lesson = match known.filter(|lesson| lesson.number == number) {
                Some(known) => Some(known),
                None => self.lesson(site, number).await?.map(Arc::new),
            };
            lessons.extend(lesson.map(|lesson| (site, lesson)));
        }
        Ok(lessons)
    }

    /// All sites, oldest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn sites(&self) -> Result<Vec<Site>> {
        let rows: Vec<SiteRow> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT id, name, url, CASE WHEN webhook_off_at IS NULL THEN webhook_url END AS webhook_url, created_at
             FROM sites ORDER BY id"
        )
        .fetch_all(pool)
        .await)?;
        let site = |row: SiteRow| Site {
            id: SiteId(row.id),
            name: row.name,
            url: row.url,
            webhook_url: row.webhook_url,
            created_at: time(row.created_at),
        };
        Ok(rows.into_iter().map(site).collect())
    }

    /// All keys of all sites, oldest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn keys(&self) -> Result<Vec<ApiKey>> {
        let rows: Vec<KeyRow> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT id, site_id, digest, scopes, hint, created_at, revoked_at FROM api_keys ORDER BY id",
        )
        .fetch_all(pool)
        .await)?;
        let key = |row: KeyRow| ApiKey {
            id: KeyId(row.id),
            site: SiteId(row.site_id),
            digest: row.digest,
            scopes: row.scopes.parse().unwrap_or_else(|_| Scopes::new(Vec::new())),
            hint: row.hint,
            created_at: time(row.created_at),
            revoked_at: row.revoked_at.map(time),
        };
        Ok(rows.into_iter().map(key).collect())
    }

    async fn policies_in_force(&self) -> Result<HashMap<SiteId, Policy>> {
        let rows: Vec<(i64, i64, String)> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT site_id, version, document FROM policies p
             WHERE version = (SELECT MAX(version) FROM policies WHERE site_id = p.site_id)",
        )
        .fetch_all(pool)
        .await)?;
        Ok(rows
            .into_iter()
            .filter_map(|(site, version, text)| Some((SiteId(site), compile(site, version, &text)?)))
            .collect())
    }

    /// Makes a site.
    ///
    /// # Errors
    ///
    /// [`super::StoreError::Exists`] when there is one of that name.
    pub async fn create_site(&self, site: Site) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let site = site.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO sites (id, name, url, webhook_url, created_at) VALUES ($1, $2, $3, $4, $5)",
                        )
                        .bind(site.id)
                        .bind(site.name)
                        .bind(site.url)
                        .bind(site.webhook_url)
                        .bind(micros(site.created_at))
                    )?;
                    bump(conn).await
                })
            })
            .await
    }

    /// Gives a site another name and front page.
    ///
    /// # Errors
    ///
    /// [`super::StoreError::Exists`] when there is another one of that name.
    pub async fn rename_site(&self, site: SiteId, name: String, url: String) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let (name, url) = (name.clone(), url.clone());
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query("UPDATE sites SET name = $2, url = $3 WHERE id = $1")
                            .bind(site)
                            .bind(name)
                            .bind(url)
                    )?;
                    bump(conn).await
                })
            })
            .await
    }

    /// Stores a key.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn create_key(&self, key: ApiKey) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let key = key.clone();
                Box::pin(async move {
                    execute!(conn, sqlx::query(
                        "INSERT INTO api_keys (site_id, id, digest, scopes, hint, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
                    )
                    .bind(key.site)
                    .bind(key.id)
                    .bind(key.digest)
                    .bind(key.scopes.to_string())
                    .bind(key.hint)
                    .bind(micros(key.created_at)))?;
                    bump(conn).await
                })
            })
            .await
    }

    /// Revokes a key for good; `false` when there is none or it was revoked before.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn revoke_key(&self, id: KeyId, now: Timestamp) -> Result<bool> {
        self.writer
            .transact(move |conn| {
                Box::pin(async move {
                    let done = execute!(
                        conn,
                        sqlx::query("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
                            .bind(id)
                            .bind(micros(now))
                    )?;
                    bump(conn).await?;
                    Ok(done == 1)
                })
            })
            .await
    }

    /// Puts a new version of a site's policy in force and returns its number.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn put_policy(
        &self,
        site: SiteId,
        document: String,
        author: String,
        reason: String,
        now: Timestamp,
    ) -> Result<i64> {
        self.writer
            .transact(move |conn| {
                let (document, author, reason) = (document.clone(), author.clone(), reason.clone());
                Box::pin(async move {
                    let version: i64 = with_conn!(conn, |c| sqlx::query_scalar(
                        "INSERT INTO policies (site_id, version, document, author, reason, created_at)
                         SELECT $1, COALESCE(MAX(version), 0) + 1, $2, $3, $4, $5 FROM policies WHERE site_id = $1
                         RETURNING version",
                    )
                    .bind(site)
                    .bind(document)
                    .bind(author)
                    .bind(reason)
                    .bind(micros(now))
                    .fetch_one(c)
                    .await)?;
                    bump(conn).await?;
                    Ok(version)
                })
            })
            .await
    }
}

/// Tells every process that the directory has changed.
pub(super) async fn bump(conn: &mut Conn) -> sqlx::Result<()> {
    execute!(conn, sqlx::query("UPDATE directory SET version = version + 1"))?;
    super::listen::tell(conn).await
}

fn compile(site: i64, version: i64, text: &str) -> Option<Policy> {
    let site = SiteId(site);
    let document: PolicyDocument = serde_json::from_str(text)
        .map_err(|error| error!("policy {version} of site {site} cannot be read: {error}"))
        .ok()?;
    Policy::compile(version, document)
        .map_err(|errors| error!("policy {version} of site {site} does not compile: {}", errors[0]))
        .ok()
}
