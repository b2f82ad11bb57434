//! Everything there is, row by row, from either database into the other.
//!
//! Tables and columns come from the schema, so a table that is added later is moved as well. What can be computed again
//! (the search index) and what belongs to one database only (its probes, its migrations) stays behind.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Column, Row as _, TypeInfo, ValueRef};

use super::partitions::{self, Month, TABLES};
use super::{Conn, Dialect, Result, Store, StoreError};

/// Rows that are written by one statement.
const CHUNK: usize = 500;
/// Written first, because others refer to them.
const FIRST: [&str; 2] = ["sites", "users"];
/// What stays behind.
const LEFT: [&str; 6] = ["_sqlx_migrations", "directory", "progress", "search_progress", "setup_codes", "write_probe"];
/// How bytes are told from text in JSON.
const BYTES: &str = "base64:";
/// What a site does no more once it has moved.
const ENDED: [&str; 3] = ["comments", "events", "labels"];

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DumpedRow {
    /// The table.
    pub table: String,
    /// Its columns by name.
    pub row: Map<String, Value>,
}

/// Rows of one table.
struct Chunk {
    table: String,
    rows: Vec<Map<String, Value>>,
}

impl Store {
    /// Gives every row of every table to `each`, as they are at one moment.
    ///
    /// # Errors
    ///
    /// When the database or `each` fails.
    pub async fn dump(&self, mut each: impl FnMut(DumpedRow) -> std::io::Result<()>) -> Result<()> {
        let mut conn = self.writer.connector().connect().await?;
        let begin = match conn.dialect() {
            Dialect::Sqlite => "BEGIN",
            Dialect::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        with_conn!(&mut conn, |c| sqlx::query(begin).execute(c).await.map(drop))?;
        for table in tables(&mut conn).await? {
            read(&mut conn, &table, &mut |row| each(DumpedRow { table: table.clone(), row }).map_err(sqlx::Error::Io))
                .await?;
        }
        conn.close().await?;
        Ok(())
    }

    /// Writes the rows of the dump that is called `name`; gives the number of rows. A row that is there already becomes as the
    /// dump has it. How far it has come is committed with the rows, so a load that broke off goes on where it was.
    ///
    /// # Errors
    ///
    /// When the database fails, a table is unknown, or `rows` fails. What came before is written.
    pub async fn load(&self, name: &str, rows: impl Iterator<Item = std::io::Result<DumpedRow>>) -> Result<u64> {
        let task = format!("load {name}");
        let mut loaded = self.loaded(&task).await?;
        let mut chunk = Chunk { table: String::new(), rows: Vec::new() };
        for row in rows.skip(usize::try_from(loaded).unwrap_or(usize::MAX)) {
            let DumpedRow { table, row } = row.map_err(sqlx::Error::Io)?;
            if chunk.table != table || chunk.rows.len() == CHUNK {
                let full = std::mem::replace(&mut chunk, Chunk { table, rows: Vec::new() });
                loaded += full.rows.len() as u64;
                self.write_chunk(full, Some((task.clone(), loaded))).await?;
            }
            chunk.rows.push(row);
        }
        loaded += self.write_chunk(chunk, None).await?;
        self.after_load(Some(task)).await?;
        Ok(loaded)
    }

    /// How many rows a load has written that broke off; 0 for one that is new.
    async fn loaded(&self, task: &str) -> Result<u64> {
        let rows: Option<i64> =
            with_pool!(self, |pool| sqlx::query_scalar("SELECT comment_id FROM progress WHERE task = $1")
                .bind(task)
                .fetch_optional(pool)
                .await)?;
        Ok(rows.unwrap_or(0).unsigned_abs())
    }

    /// Moves everything from a SQLite file to this database while the service runs on that file. Nobody else can write
    /// meanwhile, and nobody can afterwards: what a service that still runs on the file would take is refused as
    /// long as it runs, so nothing is lost. A move that broke off is simply repeated.
    ///
    /// # Errors
    ///
    /// When one of the databases fails; the file can then be used as before.
    pub async fn take_over(&self, from: &Store, mut progress: impl FnMut(u64)) -> Result<u64> {
        let mut conn = from.writer.connector().connect().await?;
        if conn.dialect() == Dialect::Postgres {
            return Err(StoreError::OnlySqlite);
        }
        conn.begin().await?;
        let mut moved = 0;
        for table in tables(&mut conn).await? {
            let (give, mut take) = tokio::sync::mpsc::channel::<Chunk>(2);
            let reading = read_chunks(&mut conn, &table, give);
            let writing = async {
                while let Some(chunk) = take.recv().await {
                    moved += self.write_chunk(chunk, None).await?;
                    progress(moved);
                }
                Ok::<_, StoreError>(())
            };
            let (read, written) = tokio::join!(reading, writing);
            written?;
            read?;
        }
        self.after_load(None).await?;
        for table in ENDED {
            for (name, what) in [("insert", "INSERT"), ("update", "UPDATE"), ("delete", "DELETE")] {
                let sql = format!(
                    "CREATE TRIGGER IF NOT EXISTS moved_{name}_{table} BEFORE {what} ON {table}
                     BEGIN SELECT RAISE(ABORT, 'this site has moved to another database'); END"
                );
                execute!(&mut conn, sqlx::raw_sql(sqlx::AssertSqlSafe(sql)))?;
            }
        }
        conn.commit().await?;
        conn.close().await?;
        Ok(moved)
    }

    /// Writes rows and, in the same transaction, how far the task has come with them.
    async fn write_chunk(&self, chunk: Chunk, progress: Option<(String, u64)>) -> Result<u64> {
        if chunk.rows.is_empty() {
            return Ok(0);
        }
        let chunk = Arc::new(chunk);
        self.writer
            .transact(move |conn| {
                let (chunk, progress) = (chunk.clone(), progress.clone());
                Box::pin(async move {
                    if let Some((task, rows)) = progress {
                        let so_far = "INSERT INTO progress (task, comment_id) VALUES ($1, $2)
                            ON CONFLICT (task) DO UPDATE SET comment_id = excluded.comment_id";
                        execute!(conn, sqlx::query(so_far).bind(task).bind(rows.cast_signed()))?;
                    }
                    write(conn, &chunk).await
                })
            })
            .await
    }

    /// Those who serve have to read sites and policies anew, and the search index has to be built. The task is done.
    async fn after_load(&self, task: Option<String>) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let task = task.clone();
                Box::pin(async move {
                    execute!(conn, sqlx::query("DELETE FROM progress WHERE task = $1").bind(task))?;
                    super::directory::bump(conn).await?;
                    execute!(conn, sqlx::query("UPDATE search_progress SET comment_id = 0")).map(drop)
                })
            })
            .await
    }
}

/// What is moved, in an order in which it can be written.
async fn tables(conn: &mut Conn) -> sqlx::Result<Vec<String>> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
        Dialect::Postgres => {
            "SELECT CAST(relname AS TEXT) FROM pg_class
             WHERE relnamespace = CAST(current_schema() AS regnamespace) AND relkind IN ('r', 'p') AND NOT relispartition
             ORDER BY 1"
        }
    };
    let names: Vec<String> = with_conn!(conn, |c| sqlx::query_scalar(sql).fetch_all(c).await)?;
    let (mut first, mut rest): (Vec<_>, Vec<_>) = names
        .into_iter()
        .filter(|name| !LEFT.contains(&name.as_str()) && !name.starts_with("comment_search"))
        .partition(|name| FIRST.contains(&name.as_str()));
    first.append(&mut rest);
    Ok(first)
}

async fn read(
    conn: &mut Conn,
    table: &str,
    each: &mut impl FnMut(Map<String, Value>) -> sqlx::Result<()>,
) -> sqlx::Result<()> {
    let sql = sqlx::AssertSqlSafe(format!("SELECT * FROM {}", quoted(table)));
    match conn {
        Conn::Sqlite(c) => {
            let mut rows = sqlx::query(sql).fetch(c);
            while let Some(row) = rows.try_next().await? {
                each(from_sqlite(&row)?)?;
            }
        }
        Conn::Postgres(c) => {
            let mut rows = sqlx::query(sql).fetch(c);
            while let Some(row) = rows.try_next().await? {
                each(from_postgres(&row)?)?;
            }
        }
    }
    Ok(())
}

async fn read_chunks(conn: &mut Conn, table: &str, give: tokio::sync::mpsc::Sender<Chunk>) -> sqlx::Result<()> {
    let Conn::Sqlite(c) = conn else { return Ok(()) };
    let sql = sqlx::AssertSqlSafe(format!("SELECT * FROM {}", quoted(table)));
    let mut stream = sqlx::query(sql).fetch(c);
    let mut rows = Vec::with_capacity(CHUNK);
    loop {
        let row = stream.try_next().await?;
        let ended = row.is_none();
        if let Some(row) = row {
            rows.push(from_sqlite(&row)?);
        }
        if ended || rows.len() == CHUNK {
            let chunk = Chunk { table: table.to_owned(), rows: std::mem::take(&mut rows) };
            // Whoever writes has failed and says why.
            if give.send(chunk).await.is_err() || ended {
                return Ok(());
            }
        }
    }
}

fn from_sqlite(row: &SqliteRow) -> sqlx::Result<Map<String, Value>> {
    let mut values = Map::new();
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal())?;
        let value = match raw.type_info().name() {
            _ if raw.is_null() => Value::Null,
            "INTEGER" | "BOOLEAN" => row.try_get::<i64, _>(column.ordinal())?.into(),
            "REAL" => row.try_get::<f64, _>(column.ordinal())?.into(),
            "BLOB" => bytes(row.try_get(column.ordinal())?),
            _ => text(row.try_get(column.ordinal())?),
        };
        values.insert(column.name().to_owned(), value);
    }
    Ok(values)
}

fn from_postgres(row: &PgRow) -> sqlx::Result<Map<String, Value>> {
    let mut values = Map::new();
    for column in row.columns() {
        let at = column.ordinal();
        let value = match column.type_info().name() {
            _ if row.try_get_raw(at)?.is_null() => Value::Null,
            "INT2" => row.try_get::<i16, _>(at)?.into(),
            "INT4" => row.try_get::<i32, _>(at)?.into(),
            "INT8" => row.try_get::<i64, _>(at)?.into(),
            "BOOL" => i64::from(row.try_get::<bool, _>(at)?).into(),
            "FLOAT8" => row.try_get::<f64, _>(at)?.into(),
            "BYTEA" => bytes(row.try_get(at)?),
            _ => text(row.try_get(at)?),
        };
        values.insert(column.name().to_owned(), value);
    }
    Ok(values)
}

/// PostgreSQL has no U+0000 in texts.
fn text(text: String) -> Value {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}").into() } else { text.into() }
}

fn bytes(bytes: Vec<u8>) -> Value {
    format!("{BYTES}{}", base64::engine::general_purpose::STANDARD.encode(bytes)).into()
}

/// What a table looks like where it is written.
struct Target {
    /// Name, and whether it holds bytes.
    columns: Vec<(String, bool)>,
    key: Vec<String>,
}

async fn target(conn: &mut Conn, table: &str) -> sqlx::Result<Target> {
    let (columns, key) = match conn {
        Conn::Sqlite(c) => target_of_sqlite(c, table).await?,
        Conn::Postgres(c) => target_of_postgres(c, table).await?,
    };
    if columns.is_empty() {
        return Err(sqlx::Error::Decode(format!("there is no table {table:?}").into()));
    }
    Ok(Target { columns, key })
}

type ColumnsAndKey = (Vec<(String, bool)>, Vec<String>);

async fn target_of_sqlite(conn: &mut SqliteConnection, table: &str) -> sqlx::Result<ColumnsAndKey> {
    let columns = sqlx::query_as("SELECT name, type = 'BLOB' FROM pragma_table_info($1)").bind(table);
    let columns = columns.fetch_all(&mut *conn).await?;
    let key = sqlx::query_scalar("SELECT name FROM pragma_table_info($1) WHERE pk > 0 ORDER BY pk").bind(table);
    Ok((columns, key.fetch_all(conn).await?))
}

async fn target_of_postgres(conn: &mut PgConnection, table: &str) -> sqlx::Result<ColumnsAndKey> {
    let columns = sqlx::query_as(
        "SELECT CAST(attname AS TEXT), atttypid = CAST('bytea' AS regtype) FROM pg_attribute
         WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
    )
    .bind(quoted(table));
    let columns = columns.fetch_all(&mut *conn).await?;
    let key = sqlx::query_scalar(
        "SELECT CAST(a.attname AS TEXT) FROM pg_index i
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
         WHERE i.indrelid = to_regclass($1) AND i.indisprimary ORDER BY a.attnum",
    )
    .bind(quoted(table));
    Ok((columns, key.fetch_all(conn).await?))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

async fn write(conn: &mut Conn, chunk: &Chunk) -> sqlx::Result<u64> {
    if LEFT.contains(&chunk.table.as_str()) {
        return Ok(0);
    }
    let target = target(conn, &chunk.table).await?;
    let dialect = conn.dialect();
    if dialect == Dialect::Postgres && TABLES.contains(&chunk.table.as_str()) {
        make_months(conn, chunk).await?;
    }
    let given: BTreeSet<&str> = chunk.rows.iter().flat_map(|row| row.keys().map(String::as_str)).collect();
    let columns: Vec<&(String, bool)> =
        target.columns.iter().filter(|(name, _)| given.contains(name.as_str())).collect();
    let sql = statement(dialect, &chunk.table, &columns, &target.key);
    let rows = serde_json::to_string(&in_dialect(dialect, chunk, &columns)?);
    let rows = rows.map_err(|error| sqlx::Error::Encode(error.into()))?;
    execute!(conn, sqlx::query(sqlx::AssertSqlSafe(sql)).bind(rows))
}

fn statement(dialect: Dialect, table: &str, columns: &[&(String, bool)], key: &[String]) -> String {
    let names: Vec<String> = columns.iter().map(|(name, _)| quoted(name)).collect();
    let values: Vec<String> = match dialect {
        Dialect::Sqlite => columns
            .iter()
            .map(|(name, bytes)| {
                let value = format!("value->>'{}'", name.replace('\'', "''"));
                if *bytes { format!("unhex({value})") } else { value }
            })
            .collect(),
        Dialect::Postgres => names.clone(),
    };
    let source = match dialect {
        Dialect::Sqlite => "json_each($1) WHERE true".to_owned(),
        Dialect::Postgres => format!("json_populate_recordset(CAST(NULL AS {}), CAST($1 AS JSON))", quoted(table)),
    };
    let changes: Vec<String> = columns
        .iter()
        .filter(|(name, _)| !key.contains(name))
        .map(|(name, _)| format!("{0} = excluded.{0}", quoted(name)))
        .collect();
    let conflict = if key.is_empty() || changes.is_empty() {
        "ON CONFLICT DO NOTHING".to_owned()
    } else {
        let key: Vec<String> = key.iter().map(|name| quoted(name)).collect();
        format!("ON CONFLICT ({}) DO UPDATE SET {}", key.join(", "), changes.join(", "))
    };
    let (names, values) = (names.join(", "), values.join(", "));
    format!("INSERT INTO {} ({names}) SELECT {values} FROM {source} {conflict}", quoted(table))
}

/// The rows as the statement takes them: bytes in hexadecimal, for PostgreSQL with its prefix.
fn in_dialect(dialect: Dialect, chunk: &Chunk, columns: &[&(String, bool)]) -> sqlx::Result<Vec<Map<String, Value>>> {
    let mut rows = chunk.rows.clone();
    for (name, _) in columns.iter().filter(|(_, bytes)| *bytes) {
        for row in &mut rows {
            let Some(Value::String(text)) = row.get_mut(name) else { continue };
            let encoded = text.strip_prefix(BYTES).unwrap_or_default();
            let bytes = base64::engine::general_purpose::STANDARD.decode(encoded);
            let bytes = bytes.map_err(|error| sqlx::Error::Decode(error.into()))?;
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            *text = if dialect == Dialect::Postgres { format!("\\x{hex}") } else { hex };
        }
    }
    Ok(rows)
}

async fn make_months(conn: &mut Conn, chunk: &Chunk) -> sqlx::Result<()> {
    let ids = chunk.rows.iter().filter_map(|row| row.get("id")?.as_i64());
    let months: BTreeSet<Month> = ids.map(|id| Month::of(crate::id::time_of(id))).collect();
    for month in months {
        partitions::make(conn, month).await?;
    }
    Ok(())
}
