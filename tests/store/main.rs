//! The store on both databases: each test is one function, run on SQLite and on PostgreSQL.

#[path = "../databases/mod.rs"]
mod databases;

mod erasing;
mod lessons;
mod many_replicas;
mod moving;
mod recording;

use std::sync::Arc;

use jiff::Timestamp;
use moderato::comment::{Comment, Submission};
use moderato::facts::Facts;
use moderato::id::{CommentId, SiteId};
use moderato::policy::Policy;
use moderato::store::{Idempotency, Recording, Site, Store};
use moderato::verdict::Status;

use databases::Database;

/// Runs `async fn name(store: Store)` on both databases.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => { $(
        mod $name {
            #[test]
            fn sqlite() {
                let test = async { crate::on(crate::databases::Database::sqlite(), super::$name).await };
                crate::alone(concat!(module_path!(), "::sqlite"), test);
            }

            #[test]
            fn postgres() {
                let test = async { crate::on(crate::databases::Database::postgres(), super::$name).await };
                crate::alone(concat!(module_path!(), "::postgres"), test);
            }
        }
    )* };
}
pub(crate) use on_both;

/// Runs a test in a process of its own: ids never go back in a process, and some of these tests take place long before others.
pub(crate) fn alone(path: &str, test: impl Future<Output = ()>) {
    const ALONE: &str = "MODERATO_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return tokio::runtime::Runtime::new().expect("a runtime").block_on(test);
    }
    let (_, name) = path.split_once("::").expect("a path begins with the crate");
    let program = std::env::current_exe().expect("this program");
    let run = std::process::Command::new(program).args(["--exact", name, "--nocapture"]).env(ALONE, "1").output();
    let run = run.expect("it runs again");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&run.stderr));
}

/// A site that all tests have.
pub(crate) const SITE: SiteId = SiteId(1);

/// When the tests take place.
pub(crate) fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().expect("a time")
}

pub(crate) async fn on<F>(database: Database, test: impl FnOnce(World) -> F)
where
    F: Future<Output = ()>,
{
    let store = Store::connect(&database.location()).await.expect("the store opens");
    let site = Site { id: SITE, name: "news".to_owned(), url: None, webhook_url: None, created_at: now() };
    store.create_site(site).await.expect("a site");
    let world = World { store: store.clone(), database: Arc::new(database) };
    test(world.clone()).await;
    store.close().await;
    drop(world);
}

/// A store with a site, and where its data is.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) database: Arc<Database>,
}

impl std::ops::Deref for World {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

impl World {
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        databases::number(&self.database.url(), sql).await
    }

    /// Stores a comment that arrived at `at`.
    pub(crate) async fn comment(&self, submission: Submission, at: Timestamp) -> CommentId {
        let recording = recording(submission, at, None);
        let (id, recording) = recording;
        self.record(recording).await.expect("stored");
        id
    }
}

/// A judged comment on its way into the store.
pub(crate) fn recording(
    submission: Submission,
    at: Timestamp,
    idempotency: Option<Idempotency>,
) -> (CommentId, Recording) {
    let comment = Comment::from_submission(SITE, submission, at);
    let verdict = moderato::pipeline::assess(&comment, &Facts::default(), &Policy::built_in(), None);
    let id = comment.id;
    (id, Recording::new(comment, 7, &Facts::default(), verdict, false, idempotency).expect("JSON"))
}

/// A submission with this text.
pub(crate) fn says(text: &str) -> Submission {
    Submission { text: text.to_owned(), ..Submission::default() }
}

/// How many comments have which status, counted and by the counters; they must agree.
pub(crate) async fn agreed_counts(world: &World) -> [i64; 3] {
    let counts = world.counts(Some(SITE)).await.expect("counts");
    let counters = [counts.held, counts.approved, counts.rejected];
    let mut counted = [0; 3];
    for (n, status) in [Status::Held, Status::Approved, Status::Rejected].into_iter().enumerate() {
        counted[n] = world.number(&format!("SELECT COUNT(*) FROM comments WHERE status = {}", status as i16)).await;
    }
    assert_eq!(counters, counted);
    counters
}
