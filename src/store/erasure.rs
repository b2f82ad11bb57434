//! Removing comments for good: with everything that any table has under their ids.

use std::net::IpAddr;

use jiff::Timestamp;

use super::counts::Counts;
use super::resolve::lock;
use super::{Actor, Conn, Dialect, Result, Store, micros, search};
use crate::comment::email_hash;
use crate::id::{ActionId, CommentId, EventId, SiteId};
use crate::verdict::Status;

/// Comments that are removed by one transaction.
pub(super) const CHUNK: usize = 500;
/// Comments that are looked at by one query for a network address, which has no index.
const PAGE: i64 = 10_000;

/// Whose comments are to be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Person {
    /// Who gave this e-mail address, in any case.
    Email(String),
    /// Who wrote from this network address.
    Address(IpAddr),
}

impl Store {
    /// Erases all comments of a person on a site: text, addresses, verdict, history, labels, search index, what was on its
    /// way to a webhook. What stays is one entry of the history for each, that it was erased and by whom, and the counters
    /// of the past. Returns the comments. Afterwards a SQLite file has no byte of them left.
    ///
    /// # Errors
    ///
    /// When the database fails; then some may be erased already, and a repetition erases the rest.
    pub async fn erase(&self, site: SiteId, person: &Person, actor: &Actor, now: Timestamp) -> Result<Vec<CommentId>> {
        let comments = self.written_by(site, person).await?;
        for chunk in comments.chunks(CHUNK) {
            self.erase_comments(site, chunk.to_vec(), actor, now).await?;
        }
        self.writer.scrub().await?;
        Ok(comments)
    }

    /// Erases one comment in the same way; `false` when the site has no such comment.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn erase_comment(&self, site: SiteId, comment: CommentId, actor: &Actor, now: Timestamp) -> Result<bool> {
        let erased = self.erase_comments(site, vec![comment], actor, now).await?;
        self.writer.scrub().await?;
        Ok(erased == 1)
    }

    async fn erase_comments(
        &self,
        site: SiteId,
        comments: Vec<CommentId>,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<usize> {
        let actor = actor.to_string();
        self.writer
            .transact(move |conn| {
                let (comments, actor) = (comments.clone(), actor.clone());
                Box::pin(async move {
                    let removed = remove(conn, site, &comments).await?;
                    let action = ActionId::fresh(now);
                    for comment in &removed {
                        note_erasure(conn, site, comment, action, &actor, now).await?;
                    }
                    super::lessons::outdate(conn, site).await?;
                    Ok(removed.len())
                })
            })
            .await
    }

    async fn written_by(&self, site: SiteId, person: &Person) -> Result<Vec<CommentId>> {
        match person {
            Person::Email(email) => self.comments_with_email(site, &email.to_lowercase()).await,
            Person::Address(address) => self.comments_from(site, *address).await,
        }
    }

    async fn comments_with_email(&self, site: SiteId, email: &str) -> Result<Vec<CommentId>> {
        let rows: Vec<(CommentId, Option<String>)> = with_pool!(self, |pool| {
            sqlx::query_as("SELECT id, email FROM comments WHERE site_id = $1 AND author_hash = $2 ORDER BY id")
                .bind(site)
                .bind(email_hash(email))
                .fetch_all(pool)
                .await
        })?;
        let same = |given: &Option<String>| given.as_deref().is_some_and(|given| given.to_lowercase() == email);
        Ok(rows.into_iter().filter(|(_, given)| same(given)).map(|(id, _)| id).collect())
    }

    /// Page by page, so that no query takes long, however many comments there are.
    async fn comments_from(&self, site: SiteId, address: IpAddr) -> Result<Vec<CommentId>> {
        let mut found = Vec::new();
        let mut after = CommentId(0);
        loop {
            let rows: Vec<(CommentId, Option<String>)> = with_pool!(self, |pool| {
                sqlx::query_as("SELECT id, ip FROM comments WHERE site_id = $1 AND id > $2 ORDER BY id LIMIT $3")
                    .bind(site)
                    .bind(after)
                    .bind(PAGE)
                    .fetch_all(pool)
                    .await
            })?;
            let Some(&(last, _)) = rows.last() else { return Ok(found) };
            after = last;
            let same = |ip: &str| ip.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical() == address.to_canonical());
            found.extend(rows.into_iter().filter(|(_, ip)| ip.as_deref().is_some_and(same)).map(|(id, _)| id));
        }
    }
}

/// A comment that is gone.
#[derive(sqlx::FromRow)]
pub(super) struct Removed {
    id: CommentId,
    status: Status,
    revision: i64,
    policy: i64,
}

/// Removes comments of a site with everything that has their ids, and returns those that were there.
pub(super) async fn remove(conn: &mut Conn, site: SiteId, comments: &[CommentId]) -> sqlx::Result<Vec<Removed>> {
    lock(conn, site, comments.iter().copied()).await?;
    let ids = list(comments.iter().copied());
    let sql = format!("SELECT id, status, revision, policy FROM comments WHERE site_id = $1 AND id IN ({ids})");
    let removed: Vec<Removed> = with_conn!(conn, |c| {
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).persistent(false).bind(site).fetch_all(c).await
    })?;
    if removed.is_empty() {
        return Ok(removed);
    }
    // Only of those that were there: the note that one was erased earlier stays.
    let ids = list(removed.iter().map(|comment| comment.id));
    for comment in &removed {
        search::forget(conn, site, comment.id).await?;
    }
    for table in dependents(conn).await? {
        delete(conn, site, format!("DELETE FROM {table} WHERE site_id = $1 AND comment_id IN ({ids})")).await?;
    }
    delete(conn, site, format!("DELETE FROM comments WHERE site_id = $1 AND id IN ({ids})")).await?;
    let mut counts = Counts::default();
    for comment in &removed {
        counts.removed(site, comment.status);
    }
    counts.apply(conn).await?;
    Ok(removed)
}

/// The numbers, for an `IN`; they differ every time, so such statements are not kept.
fn list(comments: impl Iterator<Item = CommentId>) -> String {
    let ids: Vec<String> = comments.map(|comment| comment.0.to_string()).collect();
    if ids.is_empty() { "NULL".to_owned() } else { ids.join(",") }
}

async fn delete(conn: &mut Conn, site: SiteId, sql: String) -> sqlx::Result<u64> {
    execute!(conn, sqlx::query(sqlx::AssertSqlSafe(sql)).persistent(false).bind(site))
}

/// Every table that keeps something under a comment's id. Asked of the schema, so that no table can be forgotten.
pub(super) async fn dependents(conn: &mut Conn) -> sqlx::Result<Vec<String>> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => {
            "SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND
                (SELECT COUNT(*) FROM pragma_table_info(t.name) AS c WHERE c.name IN ('site_id', 'comment_id')) = 2
             ORDER BY name"
        }
        Dialect::Postgres => {
            "SELECT CAST(t.relname AS TEXT) FROM pg_class t
             WHERE t.relnamespace = CAST(current_schema() AS regnamespace) AND t.relkind IN ('r', 'p') AND NOT t.relispartition
                AND (SELECT COUNT(*) FROM pg_attribute a WHERE a.attrelid = t.oid AND a.attname IN ('site_id', 'comment_id')) = 2
             ORDER BY 1"
        }
    };
    with_conn!(conn, |c| sqlx::query_scalar(sql).fetch_all(c).await)
}

async fn note_erasure(
    conn: &mut Conn,
    site: SiteId,
    comment: &Removed,
    action: ActionId,
    actor: &str,
    now: Timestamp,
) -> sqlx::Result<()> {
    execute!(
        conn,
        sqlx::query(
            "INSERT INTO events (site_id, id, comment_id, action_id, kind, actor, to_status, revision, policy, created_at)
             VALUES ($1, $2, $3, $4, 'erased', $5, $6, $7, $8, $9)",
        )
        .bind(site)
        .bind(EventId::fresh(now))
        .bind(comment.id)
        .bind(action)
        .bind(actor)
        .bind(comment.status)
        .bind(comment.revision + 1)
        .bind(comment.policy)
        .bind(micros(now))
    )?;
    Ok(())
}
