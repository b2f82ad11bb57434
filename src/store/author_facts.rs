//! What authors did before, read for all comments that ask at the same time.
//!
//! Such a query costs less in the database than on its way there: a connection, another thread, a round trip. So those who
//! ask while one runs are answered together by the next, as the writer does with commits. Every answer is read after it was
//! asked for, so it knows all that was committed until then, by whichever replica.

use std::sync::LazyLock;

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::backend::Readers;
use super::link::is_lost;
use super::{Conn, Result, Store, StoreError};
use crate::facts::AuthorFacts;
use crate::id::SiteId;
use crate::verdict::Status;

/// How far back an author's history is read.
const AUTHOR_COMMENTS: u32 = 50;
/// Authors in one query.
const AT_ONCE: usize = 256;
/// Questions that may wait; more wait for a place.
const QUEUE: usize = 1_024;

/// Number of the question, from 0, and how many of the author's latest comments have which status. The limits are in the text:
/// SQLite would plan such a query anew for each value of a parameter.
static SQLITE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT question.key, comments.status, COUNT(*) FROM json_each($1) AS question CROSS JOIN comments
           ON comments.id IN (SELECT id FROM comments WHERE site_id = question.value->>0 AND author_hash = question.value->>1
                              ORDER BY id DESC LIMIT {AUTHOR_COMMENTS})
         GROUP BY question.key, comments.status"
    )
});
static POSTGRES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT question.number - 1, status, COUNT(*)
         FROM UNNEST($1::BIGINT[], $2::BIGINT[]) WITH ORDINALITY AS question (site, author, number)
         CROSS JOIN LATERAL (SELECT status FROM comments WHERE site_id = question.site AND author_hash = question.author
                             ORDER BY id DESC LIMIT {AUTHOR_COMMENTS}) AS latest
         GROUP BY question.number, status"
    )
});

struct Question {
    site: SiteId,
    author: i64,
    reply: oneshot::Sender<Result<AuthorFacts>>,
}

/// Hands questions to the one task that asks the database. It ends with the last clone, or when it is closed.
#[derive(Clone, Debug)]
pub(super) struct AuthorReader {
    questions: mpsc::Sender<Question>,
    end: CancellationToken,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question").field("site", &self.site).finish_non_exhaustive()
    }
}

impl AuthorReader {
    pub(super) fn start(readers: Readers) -> Self {
        let (questions, waiting) = mpsc::channel(QUEUE);
        let end = CancellationToken::new();
        tokio::spawn(Asking { readers, conn: None }.until(end.clone(), waiting));
        Self { questions, end }
    }

    /// Ends the task and its connection.
    pub(super) async fn close(&self) {
        self.end.cancel();
        self.questions.closed().await;
    }

    async fn ask(&self, site: SiteId, author: i64) -> Result<AuthorFacts> {
        let (reply, answer) = oneshot::channel();
        let asked = self.questions.send(Question { site, author, reply }).await;
        asked.map_err(|_| StoreError::Database(sqlx::Error::PoolClosed))?;
        answer.await.unwrap_or(Err(StoreError::Database(sqlx::Error::WorkerCrashed)))
    }
}

/// Asks on a connection of its own: taking one from the pool and giving it back costs as much as the question.
struct Asking {
    readers: Readers,
    /// `None` at first, and after an error.
    conn: Option<Conn>,
}

impl Asking {
    async fn until(mut self, end: CancellationToken, mut waiting: mpsc::Receiver<Question>) {
        let mut questions = Vec::with_capacity(AT_ONCE);
        loop {
            let count = tokio::select! {
                count = waiting.recv_many(&mut questions, AT_ONCE) => count,
                () = end.cancelled() => 0,
            };
            if count == 0 {
                break;
            }
            // Who asked may have given up.
            questions.retain(|question| !question.reply.is_closed());
            self.answer(&mut questions).await;
        }
        if let Some(conn) = self.conn
            && let Err(error) = conn.close().await
        {
            warn!("closing the connection that looks authors up: {error}");
        }
    }

    async fn answer(&mut self, questions: &mut Vec<Question>) {
        let was_connected = self.conn.is_some();
        let found = match self.read(questions).await {
            // The server may have ended this one connection while nobody asked.
            Err(error) if was_connected && is_lost(&error) => self.read(questions).await,
            found => found,
        };
        match found {
            Ok(found) => {
                for (question, facts) in questions.drain(..).zip(found) {
                    let _ = question.reply.send(Ok(facts));
                }
            }
            Err(error) => {
                // sqlx's errors cannot be copied: the first gets the cause.
                let mut cause = Some(error);
                for question in questions.drain(..) {
                    let error = cause.take().unwrap_or(sqlx::Error::WorkerCrashed);
                    let _ = question.reply.send(Err(StoreError::Database(error)));
                }
            }
        }
    }

    async fn read(&mut self, questions: &[Question]) -> sqlx::Result<Vec<AuthorFacts>> {
        let conn = match self.conn.take() {
            Some(conn) => conn,
            None => self.readers.own_connection().await?,
        };
        let conn = self.conn.insert(conn);
        let rows = match &self.readers {
            Readers::Sqlite(_) => rows(conn, questions).await,
            Readers::Postgres(link) => link.guard(rows(conn, questions)).await,
        };
        match rows {
            Ok(rows) => Ok(facts_of(rows, questions.len())),
            Err(error) => {
                self.conn = None;
                Err(error)
            }
        }
    }
}

/// Number of the question, a status, and how many comments have it.
type Row = (i64, Status, i64);

async fn rows(conn: &mut Conn, questions: &[Question]) -> sqlx::Result<Vec<Row>> {
    match conn {
        Conn::Sqlite(c) => {
            let keys: Vec<(i64, i64)> = questions.iter().map(|question| (question.site.0, question.author)).collect();
            let keys = serde_json::to_string(&keys).map_err(|error| sqlx::Error::Encode(error.into()))?;
            sqlx::query_as(sqlx::AssertSqlSafe(SQLITE.as_str())).bind(keys).fetch_all(c).await
        }
        Conn::Postgres(c) => {
            let sites: Vec<i64> = questions.iter().map(|question| question.site.0).collect();
            let authors: Vec<i64> = questions.iter().map(|question| question.author).collect();
            sqlx::query_as(sqlx::AssertSqlSafe(POSTGRES.as_str())).bind(sites).bind(authors).fetch_all(c).await
        }
    }
}

fn facts_of(rows: Vec<Row>, questions: usize) -> Vec<AuthorFacts> {
    let mut found = vec![AuthorFacts::default(); questions];
    for (number, status, count) in rows {
        let Some(facts) = usize::try_from(number).ok().and_then(|number| found.get_mut(number)) else { continue };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match status {
            Status::Held => facts.held = count,
            Status::Approved => facts.approved = count,
            Status::Rejected => facts.rejected = count,
        }
    }
    found
}

impl Store {
    /// The author's latest comments on a site, by status.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn author_facts(&self, site: SiteId, author_hash: i64) -> Result<AuthorFacts> {
        self.authors.ask(site, author_hash).await
    }
}
