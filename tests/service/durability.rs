//! No acknowledged comment is ever lost.

use std::collections::HashSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use moderato::store::{Database, Store};
use reqwest::Method;
use serde_json::json;
use sqlx::ConnectOptions;

use crate::databases;
use crate::harness::{Answer, Place, Service, moderato};

/// Kills under load in a test run; `make torture` sets more.
fn kills() -> usize {
    std::env::var("MODERATO_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(150)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_being_killed_under_load() {
    let mut service = Service::start().await;
    let (place, key) = (service.place.clone(), service.key.clone());
    let mut acknowledged = HashSet::new();
    for round in 0..kills() {
        let mut clients = tokio::task::JoinSet::new();
        for client in 0..8 {
            let (http, url, key) = (service.http.clone(), service.url.clone(), key.clone());
            clients.spawn(async move {
                let mut ids = Vec::new();
                for n in 0.. {
                    let body = json!({ "text": format!("Round {round}, client {client}, comment {n}.") });
                    let request = http.post(format!("{url}/v1/comments")).bearer_auth(&key).json(&body);
                    let Ok(answer) = request.send().await else { break };
                    if answer.status() != 201 {
                        break;
                    }
                    let Ok(body) = answer.json::<serde_json::Value>().await else { break };
                    ids.extend(body["id"].as_str().map(str::to_owned));
                }
                ids
            });
        }
        tokio::time::sleep(Duration::from_millis(30 + 17 * (round as u64 % 7))).await;
        service.kill();
        while let Some(ids) = clients.join_next().await {
            acknowledged.extend(ids.expect("no panic"));
        }
        drop(service);
        service = Service::at(place.clone(), &[]).await;
    }
    drop(service);
    assert!(acknowledged.len() > kills(), "only {} were acknowledged", acknowledged.len());

    let url = place.database_url();
    let store = Store::connect(&databases::location(&url)).await.expect("the store opens");
    for id in &acknowledged {
        let id = id.parse().expect("an id");
        assert!(store.comment(None, id).await.expect("read").is_some(), "{id} of {} is lost", acknowledged.len());
    }
    assert!(store.faults().await.expect("checked").is_empty());
    store.close().await;

    // What belongs together was committed together.
    let without_event = "SELECT COUNT(*) FROM comments c WHERE NOT EXISTS
        (SELECT 1 FROM events e WHERE e.site_id = c.site_id AND e.comment_id = c.id)";
    assert_eq!(databases::number(&url, without_event).await, 0);
    let doubled = "SELECT COUNT(*) - COUNT(DISTINCT text) FROM comments";
    assert_eq!(databases::number(&url, doubled).await, 0);
    let uncounted =
        "SELECT (SELECT COUNT(*) FROM comments) - (SELECT CAST(SUM(comments) AS BIGINT) FROM comment_counts)";
    assert_eq!(databases::number(&url, uncounted).await, 0);
}

/// A file system of a given size in memory; unmounted at the end.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn new(path: &Path, size: &str) -> Self {
        std::fs::create_dir_all(path).expect("made");
        mount(&["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs", path.to_str().expect("UTF-8")]);
        Self(path.to_owned())
    }

    fn enlarge(&self, size: &str) {
        mount(&["-o", &format!("remount,size={size}"), self.0.to_str().expect("UTF-8")]);
    }
}

fn mount(args: &[&str]) {
    let output = Command::new("mount").args(args).output().expect("mount runs");
    assert!(output.status.success(), "this test needs root: {}", String::from_utf8_lossy(&output.stderr));
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_answered_with_503_and_recovers_without_a_restart() {
    let dir = Arc::new(tempfile::tempdir().expect("a temporary directory"));
    let disk = SmallDisk::new(&dir.path().join("disk"), "1500k");
    let mut service = Service::on(dir.clone(), &dir.path().join("disk"), &[]).await;
    let post = async |n: usize, service: &Service| {
        let body = json!({ "text": format!("{n} {}", "word ".repeat(2_000)) });
        let request = service.request(Method::POST, "/v1/comments").header("Idempotency-Key", format!("k{n}"));
        Answer::of(request.json(&body).send().await.expect("an answer")).await
    };
    let mut acknowledged = Vec::new();
    let mut refused = None;
    for n in 0..2_000 {
        let answer = post(n, &service).await;
        if answer.status != 201 {
            refused = Some((n, answer));
            break;
        }
        acknowledged.push(answer.body["id"].as_str().expect("an id").to_owned());
    }
    let (n, answer) = refused.expect("the disk fills up");
    answer.is_problem(503);
    assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{:?}", answer.headers);
    assert_eq!(post(n, &service).await.status, 503);
    // The last free bytes, too.
    let mut filler = std::fs::File::create(dir.path().join("disk/filler")).expect("created");
    while std::io::Write::write_all(&mut filler, &[0; 4096]).is_ok() {}
    let full = Instant::now();
    while service.get("/readyz").await.status != 503 {
        assert!(full.elapsed() < Duration::from_secs(20), "it still says that it is ready");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(service.get("/healthz").await.status, 200);

    disk.enlarge("64m");
    let enlarged = Instant::now();
    while post(n, &service).await.status != 201 {
        assert!(enlarged.elapsed() < Duration::from_secs(5), "it does not recover");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    service.key = {
        let mut command = moderato();
        command.args(["key", "create", "--site", "default", "--scopes", "read", "--data-dir"]);
        let output = command.arg(dir.path().join("disk")).output().expect("it runs");
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    };
    for id in acknowledged {
        assert_eq!(service.get(&format!("/v1/comments/{id}")).await.status, 200, "{id} is lost");
    }
    drop(service);
    drop(disk);
}

#[tokio::test]
async fn a_database_that_another_process_holds_is_waited_for_and_then_refused() {
    let service = Service::start().await;
    let holder = Holder::of(&service.database_url()).await;
    let post = async |text: &str| service.post("/v1/comments", json!({ "text": text })).await;
    let (answer, ready) = tokio::join!(post("While it is held."), service.get("/healthz"));
    answer.is_problem(503);
    assert_eq!(ready.status, 200);
    holder.let_go().await;
    assert_eq!(post("Afterwards.").await.status, 201);
}

/// While nothing can be stored, what comes piles up; what is too much is refused before it is judged.
#[tokio::test]
async fn what_is_too_much_at_once_is_refused_at_once() {
    const SENT: usize = 600;
    let service = Service::start().await;
    let holder = Holder::of(&service.database_url()).await;
    let mut posts = tokio::task::JoinSet::new();
    for n in 0..SENT {
        let post = service.request(Method::POST, "/v1/comments").json(&json!({ "text": format!("{n}") }));
        posts.spawn(async move { Answer::of(post.send().await.expect("an answer")).await });
    }
    let mut answers = Vec::new();
    let is_too_much = |answer: &Answer| answer.body["detail"].as_str().is_some_and(|d| d.contains("too much arrives"));
    while !answers.iter().any(is_too_much) {
        answers.push(posts.join_next().await.expect("none was refused for their number").expect("it ends"));
    }
    holder.let_go().await;
    answers.extend(posts.join_all().await);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        answer.is_problem(503);
        assert!(!answer.header("retry-after").is_empty());
    }
    assert_eq!(service.post("/v1/comments", json!({ "text": "Afterwards." })).await.status, 201);
    let stored = answers.iter().filter(|answer| answer.status == 201).count() as i64 + 1;
    assert_eq!(service.number("SELECT COUNT(*) FROM comments").await, stored);
}

#[tokio::test]
async fn a_verdict_can_be_computed_again_from_what_is_stored() {
    use moderato::{comment::Comment, pipeline::assess, policy::Policy};
    let mut service = Service::start().await;
    for n in 0..6 {
        let text = format!("Cheap watches at http://watches{}.example/buy now!!! CALL US", n % 2);
        service.comment(json!({ "text": text, "name": "Cheap Watches", "email": "a@example.org" })).await;
    }
    service.terminate();
    let store = Store::connect(&databases::location(&service.database_url())).await.expect("the store opens");
    let model = moderato::classifier::Model::embedded().expect("a model");
    let comments = store.comments(&Default::default(), None, 100).await.expect("comments").items;
    assert_eq!(comments.len(), 6);
    for stored in comments {
        let mut comment = Comment::from_submission(stored.site, stored.submission, stored.created_at);
        comment.id = stored.id;
        assert_eq!(assess(&comment, &stored.facts, &Policy::built_in(), Some(&model)), stored.verdict);
    }
    store.close().await;
}

#[tokio::test]
async fn every_event_of_a_site_with_a_webhook_has_its_outbox_row() {
    let service = Service::start().await.all_powerful();
    let address = "https://news.example/hook";
    let told = format!("UPDATE sites SET webhook_url = '{address}'; UPDATE directory SET version = version + 1");
    databases::execute(&service.database_url(), &told).await;
    // As for every change by another process, the service notices within two looks.
    tokio::time::sleep(2 * moderato::worker::DIRECTORY_EVERY).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(service.comment(json!({ "text": format!("Comment {n}.") })).await["id"].clone());
    }
    service.post("/v1/decisions", json!({ "ids": ids, "status": "rejected" })).await;
    let without = "SELECT COUNT(*) FROM events e WHERE NOT EXISTS
        (SELECT 1 FROM outbox o WHERE o.event_id = e.id AND o.comment_id = e.comment_id)";
    assert_eq!(service.number(without).await, 0);
    assert_eq!(service.number("SELECT COUNT(*) FROM outbox").await, 10);
}

/// Somebody else who has the whole database to themselves.
enum Holder {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Holder {
    async fn of(url: &str) -> Self {
        match databases::location(url) {
            Database::Sqlite(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut conn = options.connect().await.expect("it opens");
                sqlx::query("BEGIN EXCLUSIVE").execute(&mut conn).await.expect("held");
                Self::Sqlite(conn)
            }
            Database::Postgres(url) => {
                let options: sqlx::postgres::PgConnectOptions = url.parse().expect("an address");
                let mut conn = options.connect().await.expect("it answers");
                sqlx::raw_sql("BEGIN; LOCK TABLE comment_counts").execute(&mut conn).await.expect("held");
                Self::Postgres(conn)
            }
        }
    }

    async fn let_go(self) {
        match self {
            Self::Sqlite(mut conn) => sqlx::raw_sql("ROLLBACK").execute(&mut conn).await.map(drop),
            Self::Postgres(mut conn) => sqlx::raw_sql("ROLLBACK").execute(&mut conn).await.map(drop),
        }
        .expect("let go");
    }
}

/// Every so many writes to disk fail, as on a disk that dies. The count begins anew with each connection, which has a
/// thread of its own and is replaced after a failure.
#[tokio::test]
async fn a_write_that_does_not_reach_the_disk_is_not_acknowledged() {
    let mut command = Command::new("strace");
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    // As a grandchild: what is started and ended is the service itself.
    command.args(["--daemonize", "--follow-forks", "--quiet=all", "--output=/dev/null", "--trace=fsync,fdatasync"]);
    command.args(["--inject=fsync,fdatasync:error=EIO:when=25+9", env!("CARGO_BIN_EXE_moderato")]);
    let place = Place::sqlite();
    let key = Service::at(place.clone(), &[]).await.key.clone();
    let mut service = Service::under(command, place.clone(), &[]).await;
    service.key = key;
    let (mut acknowledged, mut refused) = (Vec::new(), 0);
    for n in 0..200 {
        let answer = service.post("/v1/comments", json!({ "text": format!("Comment {n}.") })).await;
        match answer.status {
            201 => acknowledged.push(answer.body["id"].as_str().expect("an id").to_owned()),
            _ => {
                answer.is_problem(503);
                refused += 1;
            }
        }
    }
    assert!(refused > 2, "no write failed");
    assert!(acknowledged.len() > 100, "only {} were stored", acknowledged.len());
    drop(service);
    let store = Store::connect(&databases::location(&place.database_url())).await.expect("the store opens");
    for id in acknowledged {
        assert!(store.comment(None, id.parse().expect("an id")).await.expect("read").is_some(), "{id} is lost");
    }
    assert!(store.faults().await.expect("checked").is_empty());
    store.close().await;
}
