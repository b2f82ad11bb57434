//! Which comments are wanted, as conditions of a query, and a limit to what a search may cost.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use sqlx::postgres::{PgRow, Postgres};
use sqlx::sqlite::{Sqlite, SqlitePool, SqliteRow};
use sqlx::{Database, Encode, FromRow, QueryBuilder, Type};

use super::link::Link;
use super::{Dialect, Result, StoreError, search};
use crate::id::{SiteId, UserId};
use crate::language::Language;
use crate::search::{Comparison, Number, Order, Phrase};
use crate::verdict::Status;

/// How long one search may keep the database busy.
const LONGEST: Duration = Duration::from_secs(2);
/// Steps of SQLite's machine between two looks at the clock: about a tenth of a millisecond.
const STEPS: i32 = 10_000;

/// Which comments are wanted. What is not named does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CommentFilter {
    /// Only this site's; all sites' when `None`.
    pub site: Option<SiteId>,
    /// Only with this status.
    pub status: Option<Status>,
    /// Only on this page.
    pub page: Option<String>,
    /// Only by the author with this e-mail address, or, without an `@`, with this name in any case.
    pub author: Option<String>,
    /// Only with a reason of this code.
    pub reason: Option<String>,
    /// Only those that arrived at this time or later.
    pub since: Option<Timestamp>,
    /// Only those that arrived before this time.
    pub until: Option<Timestamp>,
    /// Only with all of these words and phrases, in text, name, address or title of the page.
    pub words: Vec<Phrase>,
    /// Only from this address, or from addresses that begin so if it ends with `.` or `:`.
    pub network: Option<String>,
    /// Only in this language.
    pub language: Option<Language>,
    /// Only with these scores.
    pub numbers: Vec<Comparison>,
    /// Only what waits for this person by name.
    pub assigned_to: Option<UserId>,
    /// Only what an author asked to be looked at again.
    pub appealed: bool,
}

impl CommentFilter {
    /// Whether nothing but status and site is asked for.
    pub fn is_plain(&self) -> bool {
        *self == Self { site: self.site, status: self.status, ..Self::default() }
    }
}

/// Which matches of the index are compared with the other conditions of a search: the newest ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    matches: i64,
    /// Only comments with a smaller id.
    before: Option<i64>,
}

impl Reach {
    /// As far as any search goes.
    pub(super) const FULL: Self = Self { matches: 5_000, before: None };
    /// A page of common words is among these, and reading all matches would take many times as long.
    const NEAR: i64 = 300;

    /// For a page of the newest comments before `before`: how far to reach, and if that does not fill it, how far then.
    pub(super) fn for_newest(filter: &CommentFilter, before: Option<i64>) -> Vec<Self> {
        let full = Self { before, ..Self::FULL };
        if filter.words.is_empty() { vec![full] } else { vec![Self { matches: Self::NEAR, ..full }, full] }
    }
}

/// Adds the conditions of `filter` to a query on `comments` that has a `WHERE` already.
pub(super) fn add_conditions<DB>(query: &mut QueryBuilder<DB>, filter: &CommentFilter, dialect: Dialect, reach: Reach)
where
    DB: Database,
    i64: Type<DB> + for<'q> Encode<'q, DB>,
    f64: Type<DB> + for<'q> Encode<'q, DB>,
    String: Type<DB> + for<'q> Encode<'q, DB>,
{
    if let Some(site) = filter.site {
        // Where nothing else leads to few rows, SQLite shall walk back in the order of ids, not sort a whole site.
        let walks =
            dialect == Dialect::Sqlite && filter.status.is_none() && filter.author.is_none() && filter.page.is_none();
        query.push(if walks { " AND +site_id = " } else { " AND site_id = " }).push_bind(site.0);
    }
    if let Some(status) = filter.status {
        // Not bound: a partial index is used only where its condition can be seen.
        query.push(" AND status = ").push(status as i16);
    }
    if let Some(page) = &filter.page {
        query.push(" AND page_hash = ").push_bind(crate::comment::page_hash(page));
        query.push(" AND page = ").push_bind(page.clone());
    }
    match &filter.author {
        Some(author) if author.contains('@') => {
            query.push(" AND author_hash = ").push_bind(crate::comment::email_hash(author));
        }
        Some(author) => {
            query.push(" AND lower(name) = lower(").push_bind(author.clone()).push(")");
        }
        None => {}
    }
    if let Some(reason) = &filter.reason {
        query.push(" AND EXISTS (SELECT 1 FROM ").push(dialect.each_reason()).push(" WHERE value->>'code' = ");
        query.push_bind(reason.clone()).push(")");
    }
    if let Some(since) = filter.since {
        query.push(" AND id >= ").push_bind(crate::id::floor(since));
    }
    if let Some(until) = filter.until {
        query.push(" AND id < ").push_bind(crate::id::floor(until));
    }
    if let Some(language) = filter.language {
        query.push(" AND lang = ").push_bind(language.code().to_owned());
    }
    match &filter.network {
        // Digits, dots and colons only, so nothing in it is a wildcard.
        Some(network) if network.ends_with(['.', ':']) => {
            query.push(" AND ip LIKE ").push_bind(format!("{network}%"));
        }
        Some(address) => {
            query.push(" AND ip = ").push_bind(address.clone());
        }
        None => {}
    }
    for comparison in &filter.numbers {
        query.push(" AND ").push(column(comparison.number)).push(sign(comparison.order)).push_bind(comparison.value);
    }
    if let Some(user) = filter.assigned_to {
        query.push(" AND EXISTS (SELECT 1 FROM assignments a WHERE a.site_id = comments.site_id");
        query.push(" AND a.comment_id = comments.id AND a.user_id = ").push_bind(user.0).push(")");
    }
    if filter.appealed {
        query.push(" AND EXISTS (SELECT 1 FROM appeals a WHERE a.site_id = comments.site_id");
        query.push(" AND a.comment_id = comments.id)");
    }
    if !filter.words.is_empty() {
        let id = search::id_column(dialect);
        let (begin, words, end) = search::matching(dialect, filter.site, &filter.words);
        query.push(" AND id IN (SELECT ").push(id).push(" FROM comment_search WHERE ");
        query.push(begin).push_bind(words).push(end);
        if let Some(before) = reach.before {
            query.push(" AND ").push(id).push(" < ").push_bind(before);
        }
        query.push(" ORDER BY ").push(id).push(" DESC LIMIT ").push_bind(reach.matches).push(")");
    }
}

fn column(number: Number) -> &'static str {
    match number {
        Number::Score => "score",
        Number::Spam => "spam",
        Number::Toxic => "toxic",
    }
}

fn sign(order: Order) -> &'static str {
    match order {
        Order::Below => " < ",
        Order::AtMost => " <= ",
        Order::AtLeast => " >= ",
        Order::Above => " > ",
    }
}

/// What both databases can make of a row.
pub(super) trait Rows:
    Send + Unpin + 'static + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>
{
}
impl<T: Send + Unpin + 'static + for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow>> Rows for T {}

/// Runs a query that is stopped when it takes too long. In a task of its own, because the clock has to be taken off the
/// connection again even if whoever asked goes away.
pub(super) async fn fetch_from_sqlite<T: Rows>(mut query: QueryBuilder<Sqlite>, pool: &SqlitePool) -> Result<Vec<T>> {
    let pool = pool.clone();
    let run = async move {
        let mut conn = pool.acquire().await?;
        let end = Instant::now() + LONGEST;
        conn.lock_handle().await?.set_progress_handler(STEPS, move || Instant::now() < end);
        let rows = query.build_query_as().fetch_all(&mut *conn).await;
        conn.lock_handle().await?.remove_progress_handler();
        rows
    };
    tokio::spawn(run).await.map_err(|_| sqlx::Error::WorkerCrashed)?.map_err(too_slow)
}

/// Runs a query that is stopped when it takes too long.
pub(super) async fn fetch_from_postgres<T: Rows>(mut query: QueryBuilder<Postgres>, link: &Link) -> Result<Vec<T>> {
    let pool = link.pool();
    let run = async {
        let mut transaction = pool.begin().await?;
        let limit = format!("SET LOCAL statement_timeout = {}", LONGEST.as_millis());
        sqlx::raw_sql(sqlx::AssertSqlSafe(limit)).execute(&mut *transaction).await?;
        query.build_query_as().fetch_all(&mut *transaction).await
    };
    link.guard(run).await.map_err(too_slow)
}

fn too_slow(error: sqlx::Error) -> StoreError {
    match error.as_database_error().and_then(|error| error.code()).as_deref() {
        // SQLITE_INTERRUPT, and query_canceled of PostgreSQL.
        Some("9" | "57014") => StoreError::TooSlow,
        _ => StoreError::Database(error),
    }
}

/// Builds a query for either database and runs it within the limit: `fetch!(self, |query| query.push("…"))?`.
macro_rules! fetch {
    ($store:expr, |$query:ident| $build:expr) => {
        match $store.readers() {
            $crate::store::backend::Readers::Sqlite(pool) => {
                let mut $query = sqlx::QueryBuilder::<sqlx::Sqlite>::new("");
                $build;
                $crate::store::filter::fetch_from_sqlite($query, pool).await
            }
            $crate::store::backend::Readers::Postgres(link) => {
                let mut $query = sqlx::QueryBuilder::<sqlx::Postgres>::new("");
                $build;
                $crate::store::filter::fetch_from_postgres($query, link).await
            }
        }
    };
}
pub(super) use fetch;
