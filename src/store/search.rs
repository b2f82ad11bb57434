//! The full-text index: FTS5 on SQLite, a `tsvector` on PostgreSQL. Both get the same terms ([`crate::search::terms`]).
//!
//! It is filled behind the commit, so that no submission waits for it. Ids are given before the commit, so the newest ones
//! are looked at again until nothing earlier can come.

use jiff::{SignedDuration, Timestamp};

use super::{Conn, Dialect, Result, Store};
use crate::id::{self, CommentId, SiteId};
use crate::search::{Phrase, terms};

/// Comments that are indexed in one transaction: keeps it under about 20 ms.
pub const INDEXED_AT_ONCE: usize = 200;
/// How long a comment may take from its id to its commit.
const LATE: SignedDuration = SignedDuration::from_secs(10);
/// Newest matches of the index that are compared with the other conditions of a search.
const MATCHES: usize = 5_000;

#[derive(sqlx::FromRow)]
struct Row {
    site_id: i64,
    id: i64,
    revision: i64,
    name: Option<String>,
    text: String,
    url: Option<String>,
    page_title: Option<String>,
}

impl Row {
    /// What the comment is found by. On SQLite the site is a term too: its table has no other column.
    fn terms(&self) -> String {
        let fields = [Some(self.text.as_str()), self.name.as_deref(), self.url.as_deref(), self.page_title.as_deref()];
        let mut all = site_term(SiteId(self.site_id));
        for term in fields.into_iter().flatten().flat_map(terms) {
            all.push(' ');
            all.push_str(&term);
        }
        all
    }
}

fn site_term(site: SiteId) -> String {
    format!("site{site}")
}

/// The part of a query that finds the newest comments with these words, of those with a smaller id than `before`: SQL that
/// begins with `AND`, with one parameter `?`, and its value.
pub(super) fn condition(
    dialect: Dialect,
    site: Option<SiteId>,
    words: &[Phrase],
) -> (&'static str, String, &'static str, usize) {
    match dialect {
        Dialect::Sqlite => {
            let mut text: Vec<String> = site.map(site_term).into_iter().collect();
            text.extend(words.iter().map(|phrase| {
                let star = if phrase.is_prefix { "*" } else { "" };
                format!("\"{}\"{star}", phrase.terms.join(" "))
            }));
            (
                " AND id IN (SELECT rowid FROM comment_search WHERE comment_search MATCH ",
                text.join(" AND "),
                " ORDER BY rowid DESC LIMIT ",
                MATCHES,
            )
        }
        Dialect::Postgres => {
            let phrase = |phrase: &Phrase| {
                let star = if phrase.is_prefix { ":*" } else { "" };
                let terms: Vec<String> = phrase.terms.iter().map(|term| format!("'{term}'")).collect();
                format!("({}{star})", terms.join(" <-> "))
            };
            let mut text: Vec<String> = site.map(|site| format!("'{}'", site_term(site))).into_iter().collect();
            text.extend(words.iter().map(phrase));
            (
                " AND id IN (SELECT comment_id FROM comment_search WHERE terms @@ to_tsquery('simple', ",
                text.join(" & "),
                ") ORDER BY comment_id DESC LIMIT ",
                MATCHES,
            )
        }
    }
}

impl Store {
    /// Indexes comments that came since the last time, so many at once; returns how many.
    ///
    /// `after` is a comment up to which the calls before have looked at everything; it becomes the last one of this call.
    /// From [`CommentId`] 0, the newest ones are looked at again: one with an earlier id may have been committed after them.
    /// Fewer than [`INDEXED_AT_ONCE`] means that all are indexed.
    ///
    /// # Errors
    ///
    /// When the database fails; the next call tries again.
    pub async fn index_comments(&self, now: Timestamp, after: &mut CommentId) -> Result<usize> {
        let known = match self.dialect() {
            Dialect::Sqlite => "SELECT 1 FROM comment_search_docsize s WHERE s.id = c.id",
            Dialect::Postgres => "SELECT 1 FROM comment_search s WHERE s.site_id = c.site_id AND s.comment_id = c.id",
        };
        let sql = format!(
            "SELECT site_id, id, revision, name, text, url, page_title FROM comments c
             WHERE id > (SELECT comment_id FROM search_progress) AND id > $2 AND NOT EXISTS ({known}) ORDER BY id LIMIT $1"
        );
        let rows: Vec<Row> = with_pool!(self, |pool| sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(INDEXED_AT_ONCE as i64)
            .bind(*after)
            .fetch_all(pool)
            .await)?;
        let found = rows.len();
        let last = rows.last().map_or(*after, |row| CommentId(row.id));
        let newest_safe = id::floor(now - LATE);
        // Everything up to here is in the index when these are.
        let complete = match rows.last() {
            Some(last) if found == INDEXED_AT_ONCE => last.id.min(newest_safe),
            _ => newest_safe,
        };
        if found == 0 && !self.has_new_comments(newest_safe).await? {
            return Ok(0);
        }
        let is_complete = self
            .writer
            .transact(move |conn| {
                let rows: Vec<(i64, i64, i64, String)> =
                    rows.iter().map(|row| (row.site_id, row.id, row.revision, row.terms())).collect();
                Box::pin(async move {
                    let mut is_complete = true;
                    for (site, id, revision, terms) in rows {
                        is_complete &= insert(conn, SiteId(site), CommentId(id), revision, terms).await?;
                    }
                    if is_complete {
                        execute!(
                            conn,
                            sqlx::query("UPDATE search_progress SET comment_id = $1 WHERE comment_id < $1")
                                .bind(complete)
                        )?;
                    }
                    Ok(is_complete)
                })
            })
            .await?;
        // What was changed meanwhile is to be read again.
        *after = if is_complete { last } else { CommentId(0) };
        Ok(found)
    }

    /// Whether the progress has to be written down, so that a quiet service writes nothing.
    async fn has_new_comments(&self, newest_safe: i64) -> Result<bool> {
        Ok(with_pool!(self, |pool| sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM comments WHERE id > (SELECT comment_id FROM search_progress) AND id <= $1)",
        )
        .bind(newest_safe)
        .fetch_one(pool)
        .await)?)
    }
}

/// Indexes a comment that is still the revision that was read; `false` when it is not.
async fn insert(conn: &mut Conn, site: SiteId, id: CommentId, revision: i64, terms: String) -> sqlx::Result<bool> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => {
            "INSERT INTO comment_search (rowid, terms) SELECT $1, $2
             WHERE EXISTS (SELECT 1 FROM comments WHERE site_id = $3 AND id = $1 AND revision = $4)
               AND NOT EXISTS (SELECT 1 FROM comment_search_docsize WHERE id = $1)"
        }
        Dialect::Postgres => {
            "INSERT INTO comment_search (comment_id, terms, site_id) SELECT $1, to_tsvector('simple', $2), $3
             WHERE EXISTS (SELECT 1 FROM comments WHERE site_id = $3 AND id = $1 AND revision = $4) ON CONFLICT DO NOTHING"
        }
    };
    let rows = execute!(conn, sqlx::query(sql).bind(id).bind(terms.clone()).bind(site).bind(revision))?;
    Ok(rows == 1)
}

/// Takes a comment out of the index, before its text changes or is erased.
pub(super) async fn forget(conn: &mut Conn, site: SiteId, id: CommentId) -> sqlx::Result<bool> {
    if conn.dialect() == Dialect::Postgres {
        let sql = "DELETE FROM comment_search WHERE site_id = $1 AND comment_id = $2";
        return Ok(execute!(conn, sqlx::query(sql).bind(site).bind(id))? == 1);
    }
    let row: Option<Row> = with_conn!(conn, |c| sqlx::query_as(
        "SELECT site_id, id, revision, name, text, url, page_title FROM comments
         WHERE site_id = $1 AND id = $2 AND EXISTS (SELECT 1 FROM comment_search_docsize s WHERE s.id = comments.id)"
    )
    .bind(site)
    .bind(id)
    .fetch_optional(c)
    .await)?;
    let Some(row) = row else { return Ok(false) };
    // FTS5 has to be told what it indexed: it kept no text.
    let sql = "INSERT INTO comment_search (comment_search, rowid, terms) VALUES ('delete', $1, $2)";
    execute!(conn, sqlx::query(sql).bind(id).bind(row.terms()))?;
    Ok(true)
}

/// Indexes a comment anew, after its text has changed.
pub(super) async fn remember(conn: &mut Conn, site: SiteId, id: CommentId) -> sqlx::Result<()> {
    let row: Option<Row> = with_conn!(conn, |c| sqlx::query_as(
        "SELECT site_id, id, revision, name, text, url, page_title FROM comments WHERE site_id = $1 AND id = $2"
    )
    .bind(site)
    .bind(id)
    .fetch_optional(c)
    .await)?;
    if let Some(row) = row {
        insert(conn, site, id, row.revision, row.terms()).await?;
    }
    Ok(())
}
