//! All comments that wait, stored together, as one transaction.
//!
//! SQLite takes them by texts of a few fixed sizes, and the short rows of the other tables as one JSON array each;
//! PostgreSQL takes one array a column, and there all tables are one statement, so a batch is one round trip, commit included.

use std::sync::LazyLock;

use serde::Serialize;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};

use super::counts::Counts;
use super::record::{Idempotency, Recording, Row};
use super::{Conn, micros};

/// Stands for a site's own name of a comment in its unique index.
pub(super) fn external_hash(external_id: &str) -> i64 {
    xxhash_rust::xxh3::xxh3_64(external_id.as_bytes()) as i64
}

/// Commits `rows` in one transaction.
pub(super) async fn insert(conn: &mut Conn, rows: &[&Recording]) -> sqlx::Result<()> {
    match conn {
        Conn::Sqlite(c) => insert_values(c, rows).await,
        Conn::Postgres(c) => insert_arrays(c, rows).await,
    }
}

/// Whether this comment is stored.
pub(super) async fn is_stored(conn: &mut Conn, row: &Recording) -> sqlx::Result<bool> {
    let comment = &row.row.comment;
    let found: Option<i64> = with_conn!(conn, |c| {
        sqlx::query_scalar("SELECT id FROM events WHERE site_id = $1 AND id = $2 AND comment_id = $3")
            .bind(comment.site)
            .bind(row.event)
            .bind(comment.id)
            .fetch_optional(c)
            .await
    })?;
    Ok(found.is_some())
}

fn counts(rows: &[&Recording]) -> Counts {
    let mut counts = Counts::default();
    for r in rows {
        counts.added(r.row.comment.site, r.row.status);
        counts.tallies.judged(r.row.comment.site, &r.row.verdict, r.row.comment.created_at);
    }
    counts
}

impl Recording {
    /// Site, hash of its own name, comment.
    fn external_columns(&self) -> Option<(i64, i64, i64)> {
        let comment = &self.row.comment;
        comment.submission.external_id.as_deref().map(|id| (comment.site.0, external_hash(id), comment.id.0))
    }

    fn answer_columns(&self) -> Option<(i64, &Idempotency, i64, i64)> {
        let comment = &self.row.comment;
        self.idempotency.as_ref().map(|i| (comment.site.0, i, comment.id.0, micros(comment.created_at)))
    }
}

// SQLite ------------------------------------------------------------------------------------------------------------

/// Rows of one portion, largest first. Each size is a text that stays prepared.
const SIZES: [usize; 5] = [32, 8, 4, 2, 1];

/// Stores a portion: comments and their events. Reading the columns of a row out of JSON would cost as much as all the rest of
/// its insert.
struct Portion {
    rows: usize,
    text: String,
    /// The same as the first one of a transaction. Each text is one way to the thread of the connection and back.
    first: String,
}

static PORTIONS: LazyLock<[Portion; SIZES.len()]> = LazyLock::new(|| SIZES.map(Portion::of));

const COMMENTS: &str = "comments (revision, site_id, id, created_at, status, name, email, text, url, page, page_title, ip,
    user_agent, referrer, locale, external_id, parent_id, author_role, honeypot, elapsed_ms, submitted_at, author_hash,
    page_hash, text_hash, fingerprint, decision, score, spam, toxic, reasons, facts, policy, model, lang, worth, campaign)";
const COMMENT: &str =
    "(1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const EVENTS: &str =
    "events (kind, actor, revision, site_id, id, action_id, comment_id, to_status, policy, model, created_at)";
const EVENT: &str = "('created', 'pipeline', 1, ?, ?, ?, ?, ?, ?, ?, ?)";

impl Portion {
    fn of(rows: usize) -> Self {
        let values = |row| vec![row; rows].join(", ");
        let text =
            format!("INSERT INTO {COMMENTS} VALUES {}; INSERT INTO {EVENTS} VALUES {}", values(COMMENT), values(EVENT));
        Self { rows, first: format!("{BEGIN}; {text}"), text }
    }

    /// Portions of a batch, each with the text that stores it.
    fn cut<'a, 'r>(mut rows: &'a [&'r Recording]) -> Vec<(&'static str, &'a [&'r Recording])> {
        let mut portions = Vec::new();
        for portion in PORTIONS.iter() {
            while let Some((some, rest)) = rows.split_at_checked(portion.rows) {
                portions.push((if portions.is_empty() { portion.first.as_str() } else { portion.text.as_str() }, some));
                rows = rest;
            }
        }
        portions
    }
}

/// Takes the right to write at once.
const BEGIN: &str = "BEGIN IMMEDIATE";

const EXTERNAL_IDS_FROM_JSON: &str = "INSERT INTO external_ids (site_id, external_hash, comment_id)
  SELECT value->>0, value->>1, value->>2 FROM json_each(?)";

const OUTBOX_FROM_JSON: &str = "INSERT INTO outbox (site_id, event_id, comment_id, due_at, attempts)
  SELECT value->>0, value->>1, value->>2, value->>3, 0 FROM json_each(?)";

const COUNTS_FROM_JSON: &str = "INSERT INTO comment_counts (site_id, status, comments)
  SELECT value->>0, value->>1, value->>2 FROM json_each(?) WHERE true
  ON CONFLICT (site_id, status) DO UPDATE SET comments = comments + excluded.comments";

const TALLIES_FROM_JSON: &str = "INSERT INTO tallies (site_id, hour, measure, key, number)
  SELECT value->>0, value->>1, value->>2, value->>3, value->>4 FROM json_each(?) WHERE true
  ON CONFLICT (site_id, hour, measure, key) DO UPDATE SET number = number + excluded.number";

const ANSWERS_FROM_JSON: &str =
    "INSERT INTO idempotent_answers (site_id, key, body_hash, comment_id, answer, created_at)
  SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?)";

/// An error leaves the transaction open: the connection is of no use any more.
async fn insert_values(conn: &mut SqliteConnection, rows: &[&Recording]) -> sqlx::Result<()> {
    let (last, values) = last_statements(rows)?;
    for (text, rows) in Portion::cut(rows) {
        let query = rows.iter().fold(query(text), |query, r| bind_comment(query, &r.row));
        let query = rows.iter().fold(query, |query, r| bind_event(query, r));
        query.execute(&mut *conn).await?;
    }
    let query = values.into_iter().fold(query(&last), |query, values| query.bind(values));
    query.execute(conn).await.map(drop)
}

/// What ends the transaction: the short rows of the other tables, each as a JSON array, and the commit.
fn last_statements(rows: &[&Recording]) -> sqlx::Result<(String, Vec<String>)> {
    let counts = counts(rows);
    let mut statements = vec![COUNTS_FROM_JSON, TALLIES_FROM_JSON];
    let mut values =
        vec![json(counts.changes().map(|(site, status, by)| (site.0, status, by)))?, json(counts.tallies.changes())?];
    if rows.iter().any(|r| r.row.comment.submission.external_id.is_some()) {
        statements.push(EXTERNAL_IDS_FROM_JSON);
        values.push(json(rows.iter().filter_map(|r| r.external_columns()))?);
    }
    if rows.iter().any(|r| r.tell) {
        statements.push(OUTBOX_FROM_JSON);
        values.push(json(rows.iter().filter(|r| r.tell).map(|r| r.outbox_columns()))?);
    }
    if rows.iter().any(|r| r.idempotency.is_some()) {
        let answers = rows.iter().filter_map(|r| r.answer_columns());
        let answers = answers.map(|(site, i, comment, at)| (site, &i.key, i.body_hash, comment, &i.answer, at));
        statements.push(ANSWERS_FROM_JSON);
        values.push(json(answers)?);
    }
    statements.push("COMMIT");
    Ok((statements.join("; "), values))
}

fn json<T: Serialize>(rows: impl Iterator<Item = T>) -> sqlx::Result<String> {
    let rows: Vec<T> = rows.collect();
    serde_json::to_string(&rows).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// The texts are made of constants only.
fn query(statement: &str) -> SqliteQuery<'_> {
    sqlx::query(sqlx::AssertSqlSafe(statement))
}

type SqliteQuery<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

/// The values of a [`COMMENT`], in its order.
fn bind_comment<'q>(mut query: SqliteQuery<'q>, row: &'q Row) -> SqliteQuery<'q> {
    let (c, s, v) = (&row.comment, &row.comment.submission, &row.verdict);
    macro_rules! bind {
        ($($value:expr),* $(,)?) => { $(query = query.bind($value);)* };
    }
    bind!(c.site, c.id, micros(c.created_at), row.status);
    bind!(s.name.as_deref(), s.email.as_deref(), s.text.as_str(), s.url.as_deref(), s.page.as_deref());
    bind!(s.page_title.as_deref(), s.ip.map(|ip| ip.to_string()), s.user_agent.as_deref(), s.referrer.as_deref());
    bind!(s.locale.as_deref(), s.external_id.as_deref(), s.parent_id, s.author_role.as_deref(), s.honeypot.as_deref());
    bind!(s.elapsed_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)), s.submitted_at.map(micros));
    bind!(c.author_hash(), c.page_hash(), c.text_hash(), row.fingerprint);
    bind!(v.decision.as_str(), v.score, v.scores.spam, v.scores.toxic, row.reasons.as_str(), row.facts.as_str());
    bind!(v.policy, v.model.as_deref(), row.lang, row.worth, row.campaign);
    query
}

/// The values of an [`EVENT`], in its order.
fn bind_event<'q>(query: SqliteQuery<'q>, recording: &'q Recording) -> SqliteQuery<'q> {
    let Row { comment, verdict, status, .. } = &recording.row;
    let (event, at) = (recording.event, micros(comment.created_at));
    let query = query.bind(comment.site).bind(event).bind(event).bind(comment.id).bind(status);
    query.bind(verdict.policy).bind(verdict.model.as_deref()).bind(at)
}

impl Recording {
    fn outbox_columns(&self) -> impl Serialize + use<> {
        let comment = &self.row.comment;
        (comment.site.0, self.event.0, comment.id.0, micros(comment.created_at))
    }
}

// PostgreSQL --------------------------------------------------------------------------------------------------------

/// One statement is one transaction. Without `SELECT` a part with data is run all the same.
const ALL_FROM_ARRAYS: &str = "WITH
  new_comments AS (
    INSERT INTO comments (site_id, id, created_at, status, revision, name, email, text, url, page, page_title, ip, user_agent,
      referrer, locale, external_id, parent_id, author_role, honeypot, elapsed_ms, submitted_at, author_hash, page_hash,
      text_hash, fingerprint, decision, score, spam, toxic, reasons, facts, policy, model, lang, worth, campaign)
    SELECT site, id, at, status, 1, name, email, text, url, page, page_title, ip, user_agent, referrer, locale, external_id,
      parent, author_role, honeypot, elapsed, submitted, author_hash, page_hash, text_hash, fingerprint, decision, score,
      spam, toxic, reasons, facts, policy, model, lang, worth, campaign
    FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::SMALLINT[], $5::TEXT[], $6::TEXT[], $7::TEXT[], $8::TEXT[],
      $9::TEXT[], $10::TEXT[], $11::TEXT[], $12::TEXT[], $13::TEXT[], $14::TEXT[], $15::TEXT[], $16::BIGINT[], $17::TEXT[],
      $18::TEXT[], $19::BIGINT[], $20::BIGINT[], $21::BIGINT[], $22::BIGINT[], $23::BIGINT[], $24::BIGINT[], $25::TEXT[],
      $26::DOUBLE PRECISION[], $27::DOUBLE PRECISION[], $28::DOUBLE PRECISION[], $29::TEXT[], $30::TEXT[], $31::BIGINT[],
      $32::TEXT[], $47::TEXT[], $48::DOUBLE PRECISION[], $49::BIGINT[])
    AS new (site, id, at, status, name, email, text, url, page, page_title, ip, user_agent, referrer, locale, external_id,
      parent, author_role, honeypot, elapsed, submitted, author_hash, page_hash, text_hash, fingerprint, decision, score,
      spam, toxic, reasons, facts, policy, model, lang, worth, campaign)),
  new_events AS (
    INSERT INTO events (site_id, id, comment_id, action_id, kind, actor, to_status, revision, policy, model, created_at)
    SELECT site, event, comment, event, 'created', 'pipeline', status, 1, policy, model, at
    FROM UNNEST($1::BIGINT[], $33::BIGINT[], $2::BIGINT[], $4::SMALLINT[], $31::BIGINT[], $32::TEXT[], $3::BIGINT[])
    AS new (site, event, comment, status, policy, model, at)),
  new_outbox AS (
    INSERT INTO outbox (site_id, event_id, comment_id, due_at, attempts)
    SELECT site, event, comment, at, 0
    FROM UNNEST($1::BIGINT[], $33::BIGINT[], $2::BIGINT[], $3::BIGINT[], $34::BOOLEAN[])
    AS new (site, event, comment, at, tell) WHERE tell),
  new_external_ids AS (
    INSERT INTO external_ids (site_id, external_hash, comment_id)
    SELECT site, hash, comment FROM UNNEST($35::BIGINT[], $36::BIGINT[], $37::BIGINT[]) AS new (site, hash, comment)),
  new_answers AS (
    INSERT INTO idempotent_answers (site_id, key, body_hash, comment_id, answer, created_at)
    SELECT site, key, body_hash, comment, answer, at
    FROM UNNEST($38::BIGINT[], $39::TEXT[], $40::BIGINT[], $41::BIGINT[], $42::TEXT[], $43::BIGINT[])
    AS new (site, key, body_hash, comment, answer, at)),
  new_tallies AS (
    INSERT INTO tallies (site_id, hour, measure, key, number)
    SELECT CAST(value->>0 AS BIGINT), CAST(value->>1 AS BIGINT), value->>2, value->>3, CAST(value->>4 AS BIGINT)
    FROM jsonb_array_elements($50::JSONB) AS new (value)
    ON CONFLICT (site_id, hour, measure, key) DO UPDATE SET number = tallies.number + excluded.number)
  INSERT INTO comment_counts (site_id, status, comments)
  SELECT site, status, comments FROM UNNEST($44::BIGINT[], $45::SMALLINT[], $46::BIGINT[]) AS new (site, status, comments)
  ON CONFLICT (site_id, status) DO UPDATE SET comments = comment_counts.comments + excluded.comments";

async fn insert_arrays(conn: &mut PgConnection, rows: &[&Recording]) -> sqlx::Result<()> {
    let mut query = sqlx::query(ALL_FROM_ARRAYS);
    macro_rules! bind {
        ($($value:expr),* $(,)?) => { $(
            let value = $value;
            query = query.bind(rows.iter().map(|r| value(&r.row)).collect::<Vec<_>>());
        )* };
    }
    bind!(|r: &Row| r.comment.site.0, |r: &Row| r.comment.id.0, |r: &Row| micros(r.comment.created_at), |r: &Row| r
        .status
        as i16,);
    macro_rules! bind_texts {
        ($($field:ident),* $(,)?) => { $(
            query = query.bind(rows.iter().map(|r| r.row.comment.submission.$field.as_deref()).collect::<Vec<_>>());
        )* };
    }
    bind_texts!(name, email);
    query = query.bind(rows.iter().map(|r| r.row.comment.submission.text.as_str()).collect::<Vec<_>>());
    bind_texts!(url, page, page_title);
    bind!(|r: &Row| r.comment.submission.ip.map(|ip| ip.to_string()));
    bind_texts!(user_agent, referrer, locale, external_id);
    bind!(|r: &Row| r.comment.submission.parent_id.map(|id| id.0));
    bind_texts!(author_role, honeypot);
    bind!(
        |r: &Row| r.comment.submission.elapsed_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)),
        |r: &Row| r.comment.submission.submitted_at.map(micros),
        |r: &Row| r.comment.author_hash(),
        |r: &Row| r.comment.page_hash(),
        |r: &Row| r.comment.text_hash(),
        |r: &Row| r.fingerprint,
        |r: &Row| r.verdict.decision.as_str(),
        |r: &Row| r.verdict.score,
        |r: &Row| r.verdict.scores.spam,
        |r: &Row| r.verdict.scores.toxic,
    );
    query = query.bind(rows.iter().map(|r| r.row.reasons.as_str()).collect::<Vec<_>>());
    query = query.bind(rows.iter().map(|r| r.row.facts.as_str()).collect::<Vec<_>>());
    bind!(|r: &Row| r.verdict.policy);
    query = query.bind(rows.iter().map(|r| r.row.verdict.model.as_deref()).collect::<Vec<_>>());
    query = query.bind(rows.iter().map(|r| r.event.0).collect::<Vec<_>>());
    query = query.bind(rows.iter().map(|r| r.tell).collect::<Vec<_>>());

    let external: Vec<_> = rows.iter().filter_map(|r| r.external_columns()).collect();
    query = query.bind(external.iter().map(|e| e.0).collect::<Vec<_>>());
    query = query.bind(external.iter().map(|e| e.1).collect::<Vec<_>>());
    query = query.bind(external.iter().map(|e| e.2).collect::<Vec<_>>());

    let answers: Vec<_> = rows.iter().filter_map(|r| r.answer_columns()).collect();
    query = query.bind(answers.iter().map(|a| a.0).collect::<Vec<_>>());
    query = query.bind(answers.iter().map(|a| a.1.key.as_str()).collect::<Vec<_>>());
    query = query.bind(answers.iter().map(|a| a.1.body_hash).collect::<Vec<_>>());
    query = query.bind(answers.iter().map(|a| a.2).collect::<Vec<_>>());
    query = query.bind(answers.iter().map(|a| a.1.answer.as_str()).collect::<Vec<_>>());
    query = query.bind(answers.iter().map(|a| a.3).collect::<Vec<_>>());

    let counts = counts(rows);
    query = query.bind(counts.changes().map(|c| c.0.0).collect::<Vec<_>>());
    query = query.bind(counts.changes().map(|c| c.1).collect::<Vec<_>>());
    query = query.bind(counts.changes().map(|c| c.2).collect::<Vec<_>>());
    bind!(|r: &Row| r.lang, |r: &Row| r.worth, |r: &Row| r.campaign.map(|id| id.0));
    query = query.bind(json(counts.tallies.changes())?);
    query.execute(conn).await?;
    Ok(())
}
