//! Two replicas count together in Redis, and each by itself when it is gone.

use std::process::{Child, Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::harness::{Place, Service};

struct Redis {
    child: Child,
    port: u16,
    _dir: TempDir,
}

impl Redis {
    /// On a free port. It keeps nothing.
    async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        drop(listener);
        let child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .current_dir(dir.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server starts");
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        Self { child, port, _dir: dir }
    }

    fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn two_replicas(redis: &Redis) -> [Service; 2] {
    let place = Place::new();
    let shared = format!("redis://127.0.0.1:{}", redis.port);
    let environment = [("MODERATO_LIMITS_SHARED", shared.as_str()), ("MODERATO_LIMITS_ADDRESS", "6/hour")];
    let first = Service::at(place.clone(), &environment).await;
    let mut second = Service::at(place, &environment).await;
    second.key = first.key.clone();
    [first, second]
}

async fn failures(service: &Service) -> u64 {
    let metrics = service.get("/metrics").await.text;
    let line = metrics.lines().find(|line| line.contains("shared_limits_failures") && !line.starts_with('#'));
    line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).expect("the metric is there")
}

async fn post_from(service: &Service, ip: &str, n: usize) -> u16 {
    let answer = service.post("/v1/comments", json!({ "text": format!("From {ip}, {n}."), "ip": ip })).await;
    assert!(matches!(answer.status, 201 | 429), "{}", answer.text);
    if answer.status == 429 {
        assert_eq!(answer.body["limit"], "address", "{}", answer.text);
        assert!(answer.header("retry-after").parse::<u64>().expect("seconds") > 1);
    }
    answer.status
}

#[tokio::test]
async fn replicas_count_together_and_alone_when_redis_is_gone() {
    let mut redis = Redis::start().await;
    let replicas = two_replicas(&redis).await;
    let mut stored = 0;
    for n in 0..20 {
        stored += usize::from(post_from(&replicas[n % 2], "192.0.2.1", n).await == 201);
    }
    assert_eq!(stored, 6, "the quota is that of all replicas together");
    assert_eq!((failures(&replicas[0]).await, failures(&replicas[1]).await), (0, 0));
    assert_eq!(post_from(&replicas[0], "192.0.2.2", 0).await, 201, "another address has its own");

    redis.kill();
    let mut alone = [0, 0];
    for n in 0..20 {
        alone[n % 2] += usize::from(post_from(&replicas[n % 2], "192.0.2.3", n).await == 201);
    }
    assert_eq!(alone, [6, 6], "each replica counts by itself");
    assert!(failures(&replicas[0]).await > 0);
}
