//! The full-text index: FTS5 on SQLite, a `tsvector` on PostgreSQL. Both get the same terms ([`crate::search::terms`]).
//!
//! It is filled behind the commit, see [`super::indexing`].

use super::{Conn, Dialect};
use crate::id::{CommentId, SiteId};
use crate::search::{Phrase, terms};

/// What a comment is found by.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    site_id: i64,
    pub(super) id: i64,
    revision: i64,
    name: Option<String>,
    text: String,
    url: Option<String>,
    page_title: Option<String>,
}

impl Row {
    /// The columns that it is read from.
    pub(super) const COLUMNS: &str = "site_id, id, revision, name, text, url, page_title";

    /// On SQLite the site is a term too: its table has no other column.
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

/// Comments on their way into the index, each with its terms.
#[derive(Clone)]
pub(super) struct Indexed(Vec<(i64, i64, i64, String)>);

impl Indexed {
    pub(super) fn new(rows: &[Row]) -> Self {
        Self(rows.iter().map(|row| (row.site_id, row.id, row.revision, row.terms())).collect())
    }

    /// Adds those that are still the revision that was read; returns whether that was all.
    pub(super) async fn add(&self, conn: &mut Conn) -> sqlx::Result<bool> {
        let added = match conn {
            Conn::Sqlite(c) => {
                let rows = serde_json::to_string(&self.0).map_err(|error| sqlx::Error::Encode(error.into()))?;
                sqlx::query(ADD_SQLITE).bind(rows).execute(c).await?.rows_affected()
            }
            Conn::Postgres(c) => {
                let query = sqlx::query(ADD_POSTGRES)
                    .bind(self.0.iter().map(|row| row.0).collect::<Vec<_>>())
                    .bind(self.0.iter().map(|row| row.1).collect::<Vec<_>>())
                    .bind(self.0.iter().map(|row| row.2).collect::<Vec<_>>())
                    .bind(self.0.iter().map(|row| row.3.as_str()).collect::<Vec<_>>());
                query.execute(c).await?.rows_affected()
            }
        };
        Ok(usize::try_from(added).is_ok_and(|added| added == self.0.len()))
    }
}

/// One row is site, id, revision, terms.
const ADD_SQLITE: &str = "INSERT INTO comment_search (rowid, terms)
  SELECT value->>1, value->>3 FROM json_each($1) AS new
  WHERE EXISTS (SELECT 1 FROM comments WHERE site_id = value->>0 AND id = value->>1 AND revision = value->>2)
    AND NOT EXISTS (SELECT 1 FROM comment_search_docsize AS s WHERE s.id = value->>1)";
const ADD_POSTGRES: &str = "INSERT INTO comment_search (comment_id, terms, site_id)
  SELECT new.id, to_tsvector('simple', new.terms), new.site
  FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::TEXT[]) AS new (site, id, revision, terms)
  WHERE EXISTS (SELECT 1 FROM comments c WHERE c.site_id = new.site AND c.id = new.id AND c.revision = new.revision)
  ON CONFLICT DO NOTHING";

fn site_term(site: SiteId) -> String {
    format!("site{site}")
}

/// What follows `WHERE` where the index is asked: its beginning, the words as its value, and its end.
pub(super) fn matching(
    dialect: Dialect,
    site: Option<SiteId>,
    words: &[Phrase],
) -> (&'static str, String, &'static str) {
    match dialect {
        Dialect::Sqlite => {
            let mut text: Vec<String> = site.map(site_term).into_iter().collect();
            text.extend(words.iter().map(|phrase| {
                let star = if phrase.is_prefix { "*" } else { "" };
                format!("\"{}\"{star}", phrase.terms.join(" "))
            }));
            ("comment_search MATCH ", text.join(" AND "), "")
        }
        Dialect::Postgres => {
            let phrase = |phrase: &Phrase| {
                let star = if phrase.is_prefix { ":*" } else { "" };
                let terms: Vec<String> = phrase.terms.iter().map(|term| format!("'{term}'")).collect();
                format!("({}{star})", terms.join(" <-> "))
            };
            let mut text: Vec<String> = site.map(|site| format!("'{}'", site_term(site))).into_iter().collect();
            text.extend(words.iter().map(phrase));
            ("terms @@ to_tsquery('simple', ", text.join(" & "), ")")
        }
    }
}

/// The column of the index that is the comment's id.
pub(super) fn id_column(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "rowid",
        Dialect::Postgres => "comment_id",
    }
}

/// Takes a comment out of the index, before its text changes or is erased.
pub(super) async fn forget(conn: &mut Conn, site: SiteId, id: CommentId) -> sqlx::Result<bool> {
    if conn.dialect() == Dialect::Postgres {
        let sql = "DELETE FROM comment_search WHERE site_id = $1 AND comment_id = $2";
        return Ok(execute!(conn, sqlx::query(sql).bind(site).bind(id))? == 1);
    }
    let is_indexed = "EXISTS (SELECT 1 FROM comment_search_docsize s WHERE s.id = comments.id)";
    let sql = format!("SELECT {} FROM comments WHERE site_id = $1 AND id = $2 AND {is_indexed}", Row::COLUMNS);
    let row: Option<Row> =
        with_conn!(conn, |c| sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(site).bind(id).fetch_optional(c).await)?;
    let Some(row) = row else { return Ok(false) };
    // FTS5 has to be told what it indexed: it kept no text.
    let sql = "INSERT INTO comment_search (comment_search, rowid, terms) VALUES ('delete', $1, $2)";
    execute!(conn, sqlx::query(sql).bind(id).bind(row.terms()))?;
    Ok(true)
}

/// Indexes a comment anew, after its text has changed.
pub(super) async fn remember(conn: &mut Conn, site: SiteId, id: CommentId) -> sqlx::Result<()> {
    let sql = format!("SELECT {} FROM comments WHERE site_id = $1 AND id = $2", Row::COLUMNS);
    let row: Option<Row> =
        with_conn!(conn, |c| sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(site).bind(id).fetch_optional(c).await)?;
    if let Some(row) = row {
        Indexed::new(&[row]).add(conn).await?;
    }
    Ok(())
}
