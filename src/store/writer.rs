//! The only one who writes: it takes all comments that wait and commits them as one transaction.
//!
//! A pool of SQLite writers would sleep on each other's locks for up to a second. One writer with group commit makes a
//! flush to disk serve many comments: an idle server commits a batch of one in a tenth of a millisecond, load makes
//! batches by itself.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinHandle;
use tracing::{error, warn};

use super::backend::Connector;
use super::checkpoint::Log;
use super::link::{is_conflict, is_lost};
use super::record::Recording;
use super::{Conn, Result, StoreError, batch};

/// Writes that may wait; more are refused, so that waiting stays short.
const QUEUE: usize = 4_096;
/// Comments in one commit: keeps a batch under about 20 ms.
const BATCH: usize = 256;

/// Told after every commit of comments: how many, and how long it took.
pub(crate) type CommitObserver = Arc<dyn Fn(usize, Duration) + Send + Sync>;

/// Hands writes to the one task that does them.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Job>,
    connector: Connector,
    log: Log,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
    observer: Arc<std::sync::OnceLock<CommitObserver>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("waiting", &self.waiting()).finish()
    }
}

enum Job {
    Record(Box<Recording>, oneshot::Sender<Result<()>>),
    Transaction(Box<dyn Command>),
    Scrub(oneshot::Sender<Result<()>>),
    Close(oneshot::Sender<()>),
}

/// A transaction that knows whom to answer.
trait Command: Send {
    fn run<'a>(&'a mut self, conn: &'a mut Conn) -> BoxFuture<'a, sqlx::Result<()>>;
    fn answer(self: Box<Self>, outcome: Result<()>);
}

struct Typed<F, T> {
    work: F,
    value: Option<T>,
    reply: oneshot::Sender<Result<T>>,
}

impl<F, T> Command for Typed<F, T>
where
    F: for<'c> FnMut(&'c mut Conn) -> BoxFuture<'c, sqlx::Result<T>> + Send,
    T: Send,
{
    fn run<'a>(&'a mut self, conn: &'a mut Conn) -> BoxFuture<'a, sqlx::Result<()>> {
        Box::pin(async move {
            self.value = Some((self.work)(conn).await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, outcome: Result<()>) {
        // The caller may have gone away; the work is done all the same.
        let _ = self.reply.send(match (outcome, self.value) {
            (Ok(()), Some(value)) => Ok(value),
            (Ok(()), None) => Err(StoreError::Database(sqlx::Error::WorkerCrashed)),
            (Err(error), _) => Err(error),
        });
    }
}

impl Writer {
    pub(super) fn start(connector: Connector, first: Conn) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let observer = Arc::new(std::sync::OnceLock::new());
        let log = Log::default();
        let run = Run { connector: connector.clone(), conn: Some(first), log: log.clone(), observer: observer.clone() };
        let task = tokio::spawn(run.until_closed(jobs));
        Self { queue, connector, log, task: Arc::new(Mutex::new(Some(task))), observer }
    }

    /// Calls `observer` after every commit of comments from now on; only the first one counts.
    pub fn observe(&self, observer: CommitObserver) {
        if self.observer.set(observer).is_err() {
            warn!("the writer is observed already");
        }
    }

    /// For a connection beside the writer's own.
    pub(super) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// What is shared with whoever moves SQLite's log.
    pub(super) fn log(&self) -> Log {
        self.log.clone()
    }

    /// Writes that wait now.
    pub fn waiting(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Stores a comment with its verdict, event, outbox row, counters and idempotent answer. Returns after the commit.
    ///
    /// # Errors
    ///
    /// [`StoreError::Overloaded`] at once when the queue is full; [`StoreError::Exists`] when its id, its
    /// `external_id` or its idempotency key is taken. A database error is no proof that nothing was stored: a
    /// repetition needs an idempotency key or `external_id`.
    pub async fn record(&self, recording: Recording) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Record(Box::new(recording), reply))?;
        answer.await.unwrap_or(Err(StoreError::Database(sqlx::Error::WorkerCrashed)))
    }

    /// Runs `work` in a transaction of its own, and commits it. `work` may be run once more on a fresh connection.
    ///
    /// # Errors
    ///
    /// As [`Writer::record`].
    pub async fn transact<F, T>(&self, work: F) -> Result<T>
    where
        F: for<'c> FnMut(&'c mut Conn) -> BoxFuture<'c, sqlx::Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Transaction(Box::new(Typed { work, value: None, reply })))?;
        answer.await.unwrap_or(Err(StoreError::Database(sqlx::Error::WorkerCrashed)))
    }

    /// Takes what was deleted out of the files of SQLite: its pages are overwritten already (`secure_delete`), this
    /// empties the log that has the old ones. Nothing to do on PostgreSQL, whose vacuum does it.
    ///
    /// # Errors
    ///
    /// When somebody read all the time, so that the log could not be emptied; the next checkpoint does it.
    pub(super) async fn scrub(&self) -> Result<()> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Scrub(reply))?;
        answer.await.unwrap_or(Err(StoreError::Database(sqlx::Error::WorkerCrashed)))
    }

    /// Finishes what is queued, then ends.
    pub(super) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.queue.send(Job::Close(done)).await.is_ok() {
            let _ = closed.await;
        }
        if let Some(task) = self.task.lock().await.take()
            && let Err(error) = task.await
        {
            error!("the writer ended badly: {error}");
        }
    }

    fn send(&self, job: Job) -> Result<()> {
        self.queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Overloaded,
            mpsc::error::TrySendError::Closed(_) => StoreError::Database(sqlx::Error::PoolClosed),
        })
    }
}

type Waiting = (Box<Recording>, oneshot::Sender<Result<()>>);

struct Run {
    connector: Connector,
    /// `None` after an error that the connection does not survive.
    conn: Option<Conn>,
    log: Log,
    observer: Arc<std::sync::OnceLock<CommitObserver>>,
}

/// Why a transaction failed, and how far it had come.
struct Failure {
    error: sqlx::Error,
    /// Whether it may have been committed all the same.
    in_doubt: bool,
}

impl Run {
    async fn until_closed(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        while jobs.recv_many(&mut batch, BATCH).await > 0 {
            let mut comments = Vec::with_capacity(batch.len());
            let mut others = Vec::new();
            for job in batch.drain(..) {
                match job {
                    Job::Record(recording, reply) => comments.push((recording, reply)),
                    other => others.push(other),
                }
            }
            self.record_all(comments).await;
            for job in others {
                match job {
                    Job::Record(recording, reply) => self.record_all(vec![(recording, reply)]).await,
                    Job::Transaction(command) => self.run_command(command).await,
                    Job::Scrub(reply) => {
                        let _ = reply.send(self.scrub().await);
                    }
                    Job::Close(done) => {
                        jobs.close();
                        self.close().await;
                        let _ = done.send(());
                    }
                }
            }
        }
    }

    async fn close(&mut self) {
        if let Some(conn) = self.conn.take()
            && let Err(error) = conn.close().await
        {
            warn!("closing the writer's connection: {error}");
        }
    }

    async fn record_all(&mut self, comments: Vec<Waiting>) {
        if comments.is_empty() {
            return;
        }
        let started = Instant::now();
        let rows: Vec<&Recording> = comments.iter().map(|(recording, _)| recording.as_ref()).collect();
        match self.commit(&rows).await {
            Ok(()) => {
                if let Some(observer) = self.observer.get() {
                    observer(comments.len(), started.elapsed());
                }
                for (_, reply) in comments {
                    let _ = reply.send(Ok(()));
                }
            }
            Err(error) if error.is_about_a_row() && comments.len() > 1 => self.record_each(comments).await,
            Err(error) => fail_all(comments, error),
        }
    }

    /// After a batch failed on a row: so that only that row fails.
    async fn record_each(&mut self, comments: Vec<Waiting>) {
        for (recording, reply) in comments {
            let _ = reply.send(self.commit(&[&recording]).await);
        }
    }

    async fn commit(&mut self, rows: &[&Recording]) -> Result<()> {
        let outcome = match self.insert(rows).await {
            Err(error) if self.may_try_again(&error) => self.insert_again(rows).await,
            outcome => outcome,
        };
        outcome.map_err(StoreError::from_write)
    }

    async fn insert(&mut self, rows: &[&Recording]) -> sqlx::Result<()> {
        let (connector, conn) = self.connection().await?;
        let outcome = connector.guard(batch::insert(conn, rows)).await;
        self.keep_connection_after(outcome.as_ref().err()).await;
        self.log.commits.fetch_add(u64::from(outcome.is_ok()), Ordering::Relaxed);
        outcome
    }

    /// After the connection was lost, and perhaps the batch was committed. If it is still being committed on the other
    /// side, the primary key makes the second attempt wait for the first.
    async fn insert_again(&mut self, rows: &[&Recording]) -> sqlx::Result<()> {
        if self.is_stored(rows).await? {
            return Ok(());
        }
        match self.insert(rows).await {
            Err(error) if is_taken(&error) && self.is_stored(rows).await? => Ok(()),
            outcome => outcome,
        }
    }

    /// A batch is stored as a whole or not at all.
    async fn is_stored(&mut self, rows: &[&Recording]) -> sqlx::Result<bool> {
        let Some(row) = rows.first() else { return Ok(true) };
        let (connector, conn) = self.connection().await?;
        let outcome = connector.guard(batch::is_stored(conn, row)).await;
        self.keep_connection_after(outcome.as_ref().err()).await;
        outcome
    }

    async fn run_command(&mut self, mut command: Box<dyn Command>) {
        let outcome = match self.attempt(command.as_mut()).await {
            Err(failure) if !failure.in_doubt && self.may_try_again(&failure.error) => {
                self.attempt(command.as_mut()).await
            }
            outcome => outcome,
        };
        command.answer(outcome.map_err(|failure| StoreError::from_write(failure.error)));
    }

    async fn attempt(&mut self, command: &mut dyn Command) -> std::result::Result<(), Failure> {
        let certain = |error| Failure { error, in_doubt: false };
        let (connector, conn) = self.connection().await.map_err(certain)?;
        let work = async {
            conn.begin().await?;
            command.run(conn).await
        };
        let outcome = match connector.guard(work).await {
            Ok(()) => connector.guard(conn.commit()).await.map_err(|error| {
                let in_doubt = !is_conflict(&error);
                Failure { error, in_doubt }
            }),
            Err(error) => Err(certain(error)),
        };
        self.keep_connection_after(outcome.as_ref().err().map(|failure| &failure.error)).await;
        self.log.commits.fetch_add(u64::from(outcome.is_ok()), Ordering::Relaxed);
        outcome
    }

    /// PostgreSQL may have ended one connection only, or a transaction that stood in another one's way.
    fn may_try_again(&self, error: &sqlx::Error) -> bool {
        matches!(self.connector, Connector::Postgres(_)) && (is_lost(error) || is_conflict(error))
    }

    async fn scrub(&mut self) -> Result<()> {
        let turn = self.log.turn.clone();
        let _turn = turn.lock().await;
        let (_, conn) = self.connection().await?;
        let Conn::Sqlite(c) = conn else { return Ok(()) };
        let busy: sqlx::Result<i64> = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(c).await;
        self.keep_connection_after(busy.as_ref().err()).await;
        if busy? != 0 {
            warn!("the write-ahead log is being read and could not be emptied");
        }
        Ok(())
    }

    async fn connection(&mut self) -> sqlx::Result<(&Connector, &mut Conn)> {
        if self.conn.is_none() {
            self.conn = Some(self.connector.connect().await?);
        }
        let conn = self.conn.as_mut().ok_or(sqlx::Error::WorkerCrashed)?;
        Ok((&self.connector, conn))
    }

    async fn keep_connection_after(&mut self, error: Option<&sqlx::Error>) {
        let Some(error) = error else { return };
        if let Some(mut conn) = self.conn.take()
            && conn.survives(error).await
        {
            self.conn = Some(conn);
        }
        if !is_taken(error) {
            error!("a write failed: {error:?}");
        }
    }
}

fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}

/// All wait for the same commit, so all learn of its failure; sqlx errors cannot be copied, the first gets the cause.
fn fail_all(comments: Vec<Waiting>, error: StoreError) {
    let mut cause = Some(error);
    for (_, reply) in comments {
        let error = cause.take().unwrap_or(StoreError::Database(sqlx::Error::WorkerCrashed));
        let _ = reply.send(Err(error));
    }
}
