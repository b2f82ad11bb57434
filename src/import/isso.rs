//! Isso keeps its comments in a SQLite file, `comments.db`; it is read where it lies and not changed.

use std::path::Path;

use indicatif::ProgressBar;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, FromRow};

use super::{Comments, Found, ImportError, Standing, fitted, seconds};
use crate::comment::Submission;

/// Comments that are read at once.
const AT_ONCE: i64 = 500;

/// Reads a database.
pub(super) struct Reader {
    conn: SqliteConnection,
    read: std::vec::IntoIter<Row>,
    last: i64,
    bar: ProgressBar,
}

#[derive(FromRow)]
struct Row {
    id: i64,
    parent: Option<i64>,
    created: f64,
    mode: i64,
    remote_addr: Option<String>,
    text: Option<String>,
    author: Option<String>,
    email: Option<String>,
    website: Option<String>,
    uri: Option<String>,
    title: Option<String>,
}

impl Reader {
    pub(super) async fn open(path: &Path, bar: &ProgressBar) -> Result<Self, ImportError> {
        let mut conn = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(true)
            .disable_statement_logging()
            .connect()
            .await?;
        let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM comments").fetch_one(&mut conn).await?;
        bar.set_length(u64::try_from(rows).unwrap_or_default());
        Ok(Self { conn, read: Vec::new().into_iter(), last: 0, bar: bar.clone() })
    }

    fn read_some(&mut self) -> Result<(), ImportError> {
        let query = sqlx::query_as(
            "SELECT c.id, c.parent, c.created, c.mode, c.remote_addr, c.text, c.author, c.email, c.website, t.uri, t.title
             FROM comments c LEFT JOIN threads t ON t.id = c.tid WHERE c.id > $1 ORDER BY c.id LIMIT $2",
        )
        .bind(self.last)
        .bind(AT_ONCE);
        let rows: Vec<Row> = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(query.fetch_all(&mut self.conn))
        })?;
        self.read = rows.into_iter();
        Ok(())
    }

    fn found(row: Row) -> Result<Option<Found>, ImportError> {
        let text = row.text.unwrap_or_default();
        // What was deleted under an answer stays as an empty row.
        if text.trim().is_empty() {
            return Ok(None);
        }
        let place = || format!("comment {}", row.id);
        let content = |detail: String| ImportError::Content { place: place(), detail };
        let standing = match row.mode {
            1 => Standing::Published,
            2 => Standing::Waiting,
            4 => Standing::Removed,
            mode => return Err(content(format!("mode {mode} is none of 1, 2 and 4"))),
        };
        let created_at = seconds(row.created).ok_or_else(|| content(format!("{} is no time", row.created)))?;
        let submission = Submission {
            text,
            name: row.author,
            email: row.email,
            url: row.website,
            page: row.uri,
            page_title: row.title,
            ip: row.remote_addr.and_then(|ip| ip.parse().ok()),
            external_id: Some(format!("isso-{}", row.id)),
            ..Submission::default()
        };
        let parent = row.parent.map(|id| format!("isso-{id}"));
        Ok(Some(Found { submission: fitted(submission), parent, standing, created_at }))
    }
}

impl Comments for Reader {
    fn next(&mut self) -> Result<Option<Found>, ImportError> {
        loop {
            let row = match self.read.next() {
                Some(row) => row,
                None => {
                    self.read_some()?;
                    match self.read.next() {
                        Some(row) => row,
                        None => return Ok(None),
                    }
                }
            };
            self.last = row.id;
            self.bar.inc(1);
            if let Some(found) = Self::found(row)? {
                return Ok(Some(found));
            }
        }
    }
}
