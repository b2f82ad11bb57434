//! PostgreSQL goes away and comes back: nothing that was acknowledged is lost, and everybody is told soon.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use moderato::store::Store;
use reqwest::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::databases::{self, Server};
use crate::harness::{Answer, Place, Service};

/// How long the server is away; `make torture` has it away for a minute.
fn away_for() -> Duration {
    let seconds = std::env::var("MODERATO_TEST_OUTAGE_SECONDS").ok().and_then(|n| n.parse().ok());
    Duration::from_secs(seconds.unwrap_or(2))
}

/// A service on a server of its own, and what it acknowledged.
struct Scene {
    service: Service,
    /// Where the database can be asked past everything that stands in between.
    direct: String,
    acknowledged: Vec<String>,
    sent: usize,
}

impl Scene {
    async fn new(direct: &str, database_url: &str) -> Self {
        let service = Service::at(Place::sqlite(), &[("MODERATO_DATABASE_URL", database_url)]).await;
        let mut scene = Self { service, direct: direct.to_owned(), acknowledged: Vec::new(), sent: 0 };
        for _ in 0..20 {
            assert_eq!(scene.post().await, 201);
        }
        scene
    }

    /// Posts a comment of an author, so that reading is needed as well as writing; the status.
    async fn post(&mut self) -> u16 {
        self.sent += 1;
        let body = json!({ "text": format!("Comment {}.", self.sent), "email": "ann@example.org" });
        let request =
            self.service.request(Method::POST, "/v1/comments").header("Idempotency-Key", self.sent.to_string());
        let answer = Answer::of(request.json(&body).send().await.expect("an answer")).await;
        match answer.status {
            201 => self.acknowledged.push(answer.body["id"].as_str().expect("an id").to_owned()),
            _ => {
                answer.is_problem(503);
                assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{:?}", answer.headers);
            }
        }
        answer.status
    }

    /// While the server is away, every answer is a 503 that comes soon.
    async fn is_refused_quickly(&mut self) {
        let begin = Instant::now();
        let mut waited = Vec::new();
        while begin.elapsed() < away_for() || waited.len() < 3 {
            let sent = Instant::now();
            let status = self.post().await;
            if status == 503 {
                waited.push(sent.elapsed());
            }
            assert!(begin.elapsed() < away_for() + Duration::from_secs(30), "it is not refused");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        waited.sort_unstable();
        let (usual, slowest) = (waited[waited.len() / 2], waited[waited.len() - 1]);
        eprintln!("away: {} refused, usually after {usual:?}, the slowest after {slowest:?}", waited.len());
        assert!(usual < Duration::from_secs(1), "refused after {usual:?} only");
        // A machine that is busy may take its time for one of them.
        assert!(slowest < Duration::from_secs(3), "refused after {slowest:?} only");
    }

    async fn recovers(&mut self) {
        let back = Instant::now();
        while self.post().await != 201 {
            assert!(back.elapsed() < Duration::from_secs(5), "it does not recover");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        eprintln!("back: the first success after {:?}", back.elapsed());
        // No connection is stuck: more at once than there are connections.
        self.sent += 40;
        let texts = (0..40).map(|n| format!("Afterwards {}.", self.sent + n));
        let many = texts.map(|text| self.service.post("/v1/comments", json!({ "text": text })));
        for answer in futures_util::future::join_all(many).await {
            assert_eq!(answer.status, 201, "{}", answer.text);
        }
    }

    async fn has_lost_nothing(self) {
        let store = Store::connect(&databases::location(&self.direct)).await.expect("the store opens");
        for id in &self.acknowledged {
            assert!(store.comment(None, id.parse().expect("an id")).await.expect("read").is_some(), "{id} is lost");
        }
        store.close().await;
        let doubled = "SELECT COUNT(*) - COUNT(DISTINCT text) FROM comments";
        assert_eq!(databases::number(&self.direct, doubled).await, 0);
    }
}

async fn survives(begin: &str, end: &str) {
    let server = Server::start_new();
    let mut scene = Scene::new(&server.url, &server.url).await;
    server.tell(begin);
    scene.is_refused_quickly().await;
    server.tell(end);
    scene.recovers().await;
    scene.has_lost_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_stopped_and_started() {
    survives("stop", "start").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_crashes() {
    survives("crash", "start").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_freezes() {
    survives("freeze", "thaw").await;
}

/// Its connections are made anew without anybody noticing.
#[tokio::test(flavor = "multi_thread")]
async fn connections_that_an_administrator_ends() {
    let server = Server::start_new();
    let mut scene = Scene::new(&server.url, &server.url).await;
    for _ in 0..5 {
        let others = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND application_name = 'moderato' AND state = 'idle'";
        assert!(databases::number(&server.url, others).await > 0);
        scene.recovers().await;
    }
    scene.has_lost_nothing().await;
}

const PASS: u8 = 0;
const HANG: u8 = 1;
const CUT: u8 = 2;

/// Stands between the service and the server: passes everything on, or nothing any more, or ends every connection.
struct Proxy {
    mode: Arc<AtomicU8>,
    url: String,
}

impl Proxy {
    async fn before(server: &str) -> Self {
        let mut url = url::Url::parse(server).expect("an address");
        let target = format!("127.0.0.1:{}", url.port().expect("a port"));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        url.set_port(Some(listener.local_addr().expect("an address").port())).expect("a port");
        let mode = Arc::new(AtomicU8::new(PASS));
        let shared = mode.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (mode, target) = (shared.clone(), target.clone());
                tokio::spawn(async move { pass_on(client, &target, &mode).await });
            }
        });
        Self { mode, url: url.to_string() }
    }

    fn set(&self, mode: u8) {
        self.mode.store(mode, Ordering::SeqCst);
    }
}

async fn pass_on(mut client: TcpStream, target: &str, mode: &AtomicU8) {
    let Ok(mut server) = TcpStream::connect(target).await else { return };
    let (mut up, mut down) = ([0; 16_384], [0; 16_384]);
    loop {
        use tokio::io::AsyncReadExt;
        let moved = tokio::select! {
            n = client.read(&mut up) => (true, n),
            n = server.read(&mut down) => (false, n),
            () = tokio::time::sleep(Duration::from_millis(20)), if mode.load(Ordering::SeqCst) == CUT => return,
            () = tokio::time::sleep(Duration::from_millis(20)) => continue,
        };
        match mode.load(Ordering::SeqCst) {
            CUT => return,
            // What came is lost, and the connection never says anything again.
            HANG => std::future::pending::<()>().await,
            _ => {}
        }
        let sent = match moved {
            (true, Ok(n @ 1..)) => server.write_all(&up[..n]).await,
            (false, Ok(n @ 1..)) => client.write_all(&down[..n]).await,
            _ => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn survives_a_proxy_that(mode: u8) {
    let server = Server::start_new();
    let proxy = Proxy::before(&server.url).await;
    let mut scene = Scene::new(&server.url, &proxy.url).await;
    proxy.set(mode);
    scene.is_refused_quickly().await;
    proxy.set(PASS);
    scene.recovers().await;
    scene.has_lost_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_hangs() {
    survives_a_proxy_that(HANG).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_cuts() {
    survives_a_proxy_that(CUT).await;
}
