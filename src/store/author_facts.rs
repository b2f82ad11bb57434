//! What authors did before, read for all comments that ask at the same time.
//!
//! Such a query costs less in the database than on its way there: a connection, another thread, a round trip. So those who
//! ask while one runs are answered together by the next, as the writer does with commits. Every answer is read after it was
//! asked for, so it knows all that was committed until then, by whichever replica.

use tokio::sync::{mpsc, oneshot};

use super::backend::Readers;
use super::{Result, Store, StoreError};
use crate::facts::AuthorFacts;
use crate::id::SiteId;
use crate::verdict::Status;

/// How far back an author's history is read.
const AUTHOR_COMMENTS: i64 = 50;
/// Authors in one query.
const AT_ONCE: usize = 256;
/// Questions that may wait; more wait for a place.
const QUEUE: usize = 1_024;

/// Number of the question, from 0, and how many of the author's latest comments have which status.
const SQLITE: &str = "SELECT question.key, comments.status, COUNT(*) FROM json_each($1) AS question CROSS JOIN comments
   ON comments.id IN (SELECT id FROM comments WHERE site_id = question.value->>0 AND author_hash = question.value->>1
             ORDER BY id DESC LIMIT $2)
  GROUP BY question.key, comments.status";
const POSTGRES: &str = "SELECT question.number - 1, status, COUNT(*)
  FROM UNNEST($1::BIGINT[], $2::BIGINT[]) WITH ORDINALITY AS question (site, author, number)
  CROSS JOIN LATERAL (SELECT status FROM comments WHERE site_id = question.site AND author_hash = question.author
                      ORDER BY id DESC LIMIT $3) AS latest
  GROUP BY question.number, status";

struct Question {
    site: SiteId,
    author: i64,
    reply: oneshot::Sender<Result<AuthorFacts>>,
}

/// Hands questions to the one task that asks the database. It ends with the last clone.
#[derive(Clone, Debug)]
pub(super) struct AuthorReader(mpsc::Sender<Question>);

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question").field("site", &self.site).finish_non_exhaustive()
    }
}

impl AuthorReader {
    pub(super) fn start(readers: Readers) -> Self {
        let (questions, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(answer_all(readers, waiting));
        Self(questions)
    }

    async fn ask(&self, site: SiteId, author: i64) -> Result<AuthorFacts> {
        let (reply, answer) = oneshot::channel();
        let asked = self.0.send(Question { site, author, reply }).await;
        asked.map_err(|_| StoreError::Database(sqlx::Error::PoolClosed))?;
        answer.await.unwrap_or(Err(StoreError::Database(sqlx::Error::WorkerCrashed)))
    }
}

async fn answer_all(readers: Readers, mut waiting: mpsc::Receiver<Question>) {
    let mut questions = Vec::with_capacity(AT_ONCE);
    while waiting.recv_many(&mut questions, AT_ONCE).await > 0 {
        // Who asked may have given up.
        questions.retain(|question| !question.reply.is_closed());
        match read(&readers, &questions).await {
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
}

async fn read(readers: &Readers, questions: &[Question]) -> sqlx::Result<Vec<AuthorFacts>> {
    let rows: Vec<(i64, Status, i64)> = match readers {
        Readers::Sqlite(pool) => {
            let keys: Vec<(i64, i64)> = questions.iter().map(|question| (question.site.0, question.author)).collect();
            let keys = serde_json::to_string(&keys).map_err(|error| sqlx::Error::Encode(error.into()))?;
            sqlx::query_as(SQLITE).bind(keys).bind(AUTHOR_COMMENTS).fetch_all(pool).await?
        }
        Readers::Postgres(link) => {
            let sites: Vec<i64> = questions.iter().map(|question| question.site.0).collect();
            let authors: Vec<i64> = questions.iter().map(|question| question.author).collect();
            let pool = link.pool();
            let query = sqlx::query_as(POSTGRES).bind(sites).bind(authors).bind(AUTHOR_COMMENTS);
            link.guard(query.fetch_all(&*pool)).await?
        }
    };
    let mut found = vec![AuthorFacts::default(); questions.len()];
    for (number, status, count) in rows {
        let Some(facts) = usize::try_from(number).ok().and_then(|number| found.get_mut(number)) else { continue };
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match status {
            Status::Held => facts.held = count,
            Status::Approved => facts.approved = count,
            Status::Rejected => facts.rejected = count,
        }
    }
    Ok(found)
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
