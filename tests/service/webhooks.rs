//! Webhooks: a receiver that a test scripts, and a service that delivers to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use moderato::webhooks::{Secret, signature};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::databases;
use crate::harness::Service;

/// Loopback is not public, so a test allows it.
pub(crate) const LOOPBACK: (&str, &str) = ("MODERATO_WEBHOOKS_NETWORKS", "127.0.0.0/8");

/// What arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    id: String,
    timestamp: i64,
    signature: String,
    text: String,
    pub(crate) body: Value,
}

#[derive(Default)]
struct Inbox {
    arrivals: Vec<Arrival>,
    /// What the next deliveries are answered; 204 when nothing is left.
    answers: VecDeque<Response>,
}

/// Somebody who is told.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Arc<Mutex<Inbox>>,
    news: Arc<Notify>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("bound"));
        let receiver = Self { url, inbox: Arc::default(), news: Arc::default() };
        let router = Router::new().route("/hook", post(take)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        receiver
    }

    fn answer_next(&self, answer: impl IntoResponse) {
        self.inbox.lock().expect("unpoisoned").answers.push_back(answer.into_response());
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.inbox.lock().expect("unpoisoned").arrivals.clone()
    }

    /// Waits until so many arrived.
    pub(crate) async fn wait_for(&self, n: usize) -> Vec<Arrival> {
        let all = async {
            loop {
                let news = self.news.notified();
                let arrivals = self.arrivals();
                if arrivals.len() >= n {
                    return arrivals;
                }
                news.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), all)
            .await
            .unwrap_or_else(|_| panic!("{n} deliveries were expected, there are {:#?}", self.arrivals()))
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, text: String) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut inbox = receiver.inbox.lock().expect("unpoisoned");
    inbox.arrivals.push(Arrival {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap_or_default(),
        signature: header("webhook-signature"),
        body: serde_json::from_str(&text).expect("JSON"),
        text,
    });
    receiver.news.notify_waiters();
    receiver.news.notify_one();
    inbox.answers.pop_front().unwrap_or_else(|| StatusCode::NO_CONTENT.into_response())
}

/// A service whose site is told at the receiver, and the secret.
async fn told(receiver: &Receiver, hold: &str) -> (Service, Secret) {
    let service = Service::with(&[LOOPBACK]).await.all_powerful();
    let secret = set(&service, receiver, hold);
    (service, secret.parse().expect("a secret"))
}

fn set(service: &Service, receiver: &Receiver, hold: &str) -> String {
    // The command knows the networks only when it is told, as the service does.
    let output = service
        .command(&["webhook", "set", "--site", "default", "--hold", hold, &receiver.url])
        .env(LOOPBACK.0, LOOPBACK.1)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

/// Posts a comment and waits until the receiver was told.
async fn first_delivery(service: &Service, receiver: &Receiver) -> Value {
    let comment = service.comment(json!({ "name": "Ann", "text": "I was there yesterday, and it was closed." })).await;
    receiver.wait_for(1).await;
    comment
}

async fn decide(service: &Service, id: &str, status: &str) -> Value {
    let body = json!({ "ids": [id], "status": status, "reason": "spam" });
    let answer = service.post("/v1/decisions", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.body
}

#[tokio::test]
async fn a_site_is_told_what_was_decided_signed_and_in_order() {
    let receiver = Receiver::start().await;
    let (service, secret) = told(&receiver, "0").await;
    let comment = first_delivery(&service, &receiver).await;
    let id = comment["id"].as_str().expect("an id");
    decide(&service, id, "rejected").await;
    decide(&service, id, "approved").await;
    let arrivals = receiver.wait_for(3).await;
    let kinds: Vec<&str> = arrivals.iter().filter_map(|a| a.body["type"].as_str()).collect();
    assert_eq!(kinds, ["comment.created", "comment.decided", "comment.decided"]);
    let statuses: Vec<&Value> = arrivals.iter().map(|a| &a.body["data"]["comment"]["status"]).collect();
    assert_eq!(statuses[1..], [&json!("rejected"), &json!("approved")]);
    assert_eq!(arrivals[2].body["data"]["previous_status"], "rejected");
    assert!(arrivals[1].body["data"]["actor"].as_str().is_some_and(|actor| actor.starts_with("key:")));
    assert_eq!(arrivals[1].body["data"]["comment"]["revision"], 2);
    for arrival in &arrivals {
        let at = jiff::Timestamp::from_second(arrival.timestamp).expect("a time");
        let expected = signature::signatures(std::slice::from_ref(&secret), &arrival.id, at, &arrival.text);
        assert_eq!(arrival.signature, expected);
    }
    // What came of it is kept after the receiver has answered.
    let mut metrics = service.get("/metrics").await.text;
    while !metrics.contains("moderato_webhook_pending 0") {
        metrics = service.get("/metrics").await.text;
    }
    assert!(metrics.contains("moderato_webhook_deliveries_total{result=\"delivered\"} 3"), "{metrics}");
}

#[tokio::test]
async fn what_is_taken_back_in_time_never_reaches_the_site() {
    let receiver = Receiver::start().await;
    let (service, _) = told(&receiver, "3600").await;
    let comment = first_delivery(&service, &receiver).await;
    let decided = decide(&service, comment["id"].as_str().expect("an id"), "rejected").await;
    let pending = || service.run(&["webhook", "show", "--site", "default"]);
    assert!(pending().contains("pending 1\t"), "{}", pending());
    let undo = decided["undo"].as_str().expect("a handle");
    let undone = service.post(&format!("/v1/decisions/{undo}/undo"), json!({})).await;
    assert_eq!(undone.status, 200, "{}", undone.text);
    assert!(pending().contains("pending 0\t"), "{}", pending());
    assert_eq!(receiver.arrivals().len(), 1);
}

#[tokio::test]
async fn a_failed_delivery_comes_again_under_the_same_id_and_a_restart_loses_none() {
    let receiver = Receiver::start().await;
    receiver.answer_next(StatusCode::INTERNAL_SERVER_ERROR);
    let (mut service, _) = told(&receiver, "0").await;
    first_delivery(&service, &receiver).await;
    while !service.run(&["webhook", "show", "--site", "default"]).contains("failed") {
        tokio::task::yield_now().await;
    }
    service.terminate();
    let place = service.place.clone();
    drop(service);
    let service = Service::at(place, &[LOOPBACK]).await;
    let arrivals = receiver.wait_for(2).await;
    assert_eq!(arrivals[0].id, arrivals[1].id);
    assert_eq!(arrivals[0].text, arrivals[1].text);
    assert!(service.run(&["webhook", "show", "--site", "default"]).contains("500 Internal Server Error"));
}

fn setting(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(otherwise)
}

/// In `make torture` 10,000 webhooks and 100 kills.
#[tokio::test(flavor = "multi_thread")]
async fn every_webhook_arrives_however_often_the_service_is_killed() {
    let (webhooks, kills) = (setting("MODERATO_TEST_WEBHOOKS", 200), setting("MODERATO_TEST_KILLS", 5).min(100));
    let receiver = Receiver::start().await;
    let (mut service, _) = told(&receiver, "0").await;
    let place = service.place.clone();
    let mut wanted: Vec<String> = Vec::new();
    for round in 0..kills {
        let batch = webhooks / kills;
        let lines: String =
            (0..batch).map(|n| json!({ "text": format!("Round {round}, comment {n}.") }).to_string() + "\n").collect();
        for some in lines.lines().collect::<Vec<_>>().chunks(1_000) {
            let request = service.request(reqwest::Method::POST, "/v1/comments/batch");
            let request = request.header("content-type", "application/x-ndjson").body(some.join("\n"));
            let answers = request.send().await.expect("an answer").text().await.expect("a body");
            let ids = answers.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].clone());
            wanted.extend(ids.map(|id| id.as_str().expect("an id").to_owned()));
        }
        // Some of this round are on their way.
        receiver.wait_for(wanted.len() - batch / 2).await;
        service.kill();
        let key = service.key.clone();
        drop(service);
        service = Service::at(place.clone(), &[LOOPBACK]).await;
        service.key = key;
        // What a killed process had in hand is due again when its lease has ended, which a test need not wait for.
        databases::execute(&service.database_url(), "UPDATE outbox SET due_at = 0").await;
    }
    let left = "SELECT COUNT(*) FROM outbox";
    while service.number(left).await > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let arrived: std::collections::HashSet<String> = receiver
        .arrivals()
        .iter()
        .filter_map(|arrival| arrival.body["data"]["comment"]["id"].as_str().map(str::to_owned))
        .collect();
    wanted.retain(|id| !arrived.contains(id));
    assert!(wanted.is_empty(), "{} never arrived", wanted.len());
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_until_it_is_set_again_and_then_told_everything() {
    let receiver = Receiver::start().await;
    receiver.answer_next(StatusCode::GONE);
    let (service, _) = told(&receiver, "0").await;
    let first = first_delivery(&service, &receiver).await;
    let show = || service.run(&["webhook", "show", "--site", "default"]);
    while !show().contains("off since") {
        tokio::task::yield_now().await;
    }
    assert!(show().contains("dead 1"), "{}", show());
    let second = service.comment(json!({ "text": "And today it was open again, at last." })).await;
    let refused = service.output(&["webhook", "replay", "--site", "default", "--since", "2026-01-01T00:00:00Z"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("switched off"));

    assert_eq!(set(&service, &receiver, "0"), "", "it keeps its secret");
    let said = service.run(&["webhook", "replay", "--site", "default", "--since", "2020-01-01T00:00:00Z"]);
    assert!(said.ends_with("events will be sent again"), "{said}");
    let arrivals = receiver.wait_for(3).await;
    let ids: Vec<&Value> = arrivals.iter().map(|a| &a.body["data"]["comment"]["id"]).collect();
    assert!(ids[1..].contains(&&first["id"]) && ids[1..].contains(&&second["id"]), "{ids:?}");
    while !show().contains("pending 0\t") {
        tokio::task::yield_now().await;
    }
    let again = service.run(&["webhook", "replay", "--site", "default", "--from", &arrivals[0].id]);
    assert_eq!(again, "2 events will be sent again");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_secrets_sign_while_one_takes_the_others_place_and_a_test_says_what_came_of_it() {
    let receiver = Receiver::start().await;
    let (service, old) = told(&receiver, "0").await;
    let new: Secret = service.run(&["webhook", "rotate", "--site", "default"]).parse().expect("a secret");
    let run = || service.command(&["webhook", "test", "--site", "default"]).env(LOOPBACK.0, LOOPBACK.1).output();
    let output = tokio::task::block_in_place(run).expect("it runs");
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("delivered in"), "{output:?}");
    let arrival = receiver.wait_for(1).await.remove(0);
    assert_eq!(arrival.body["type"], "webhook.test");
    let at = jiff::Timestamp::from_second(arrival.timestamp).expect("a time");
    assert_eq!(arrival.signature, signature::signatures(&[new, old], &arrival.id, at, &arrival.text));
    receiver.answer_next((StatusCode::FOUND, [("location", "http://127.0.0.1:1/")]));
    let output = tokio::task::block_in_place(run).expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("redirects are not followed"), "{output:?}");
}

#[tokio::test]
async fn an_address_that_is_not_public_is_refused_with_what_to_do() {
    let service = Service::start().await;
    let output = service.output(&["webhook", "set", "--site", "default", "https://127.0.0.1/hook"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("webhooks.networks"), "{said}");
}

/// The first administrator's browser.
async fn administrator(service: &Service) -> (reqwest::Client, String) {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    let fields = [
        ("code", service.after("setup code: ").expect("a code")),
        ("name", "Ana".to_owned()),
        ("email", "ana@example.org".to_owned()),
        ("password", "correct horse battery".to_owned()),
    ];
    let answer = send(&http, service, "/setup", None, &fields).await;
    assert_eq!(answer.0, 303, "{}", answer.2);
    (http, answer.1.expect("a session"))
}

/// Posts a form; status, cookie and text of the answer.
async fn send(
    http: &reqwest::Client,
    service: &Service,
    path: &str,
    cookie: Option<&str>,
    fields: &[(&str, String)],
) -> (u16, Option<String>, String) {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let mut request = http
        .post(format!("{}{path}", service.url))
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Sec-Fetch-Site", "same-origin")
        .body(body);
    if let Some(cookie) = cookie {
        request = request.header("Cookie", cookie);
    }
    let answer = request.send().await.expect("an answer");
    let set = answer.headers().get("set-cookie").and_then(|value| value.to_str().ok());
    let cookie = set.and_then(|set| set.split(';').next()).map(str::to_owned);
    (answer.status().as_u16(), cookie, answer.text().await.expect("a body"))
}

#[tokio::test]
async fn an_administrator_sets_tests_and_replays_a_webhook_in_the_dashboard() {
    let receiver = Receiver::start().await;
    let service = Service::with(&[LOOPBACK]).await;
    let (http, cookie) = administrator(&service).await;
    let site = service.run(&["site", "list"]).split('\t').next().expect("an id").to_owned();
    let act = async |action: &str, more: &[(&str, &str)]| {
        let mut fields = vec![("site", site.clone()), ("action", action.to_owned())];
        fields.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        send(&http, &service, "/webhooks", Some(&cookie), &fields).await
    };
    let (status, _, page) = act("save", &[("url", "http://169.254.169.254/latest"), ("hold", "0")]).await;
    assert_eq!(status, 422);
    assert!(page.contains("webhooks.networks") && page.contains("http://169.254.169.254/latest"), "{page}");
    let (status, _, page) = act("save", &[("url", &receiver.url), ("hold", "0")]).await;
    assert!(status == 200 && page.contains("whsec_"), "{page}");
    assert_eq!(act("test", &[]).await.0, 303);
    assert_eq!(receiver.wait_for(1).await[0].body["type"], "webhook.test");
    service.comment(json!({ "text": "I was there yesterday, and it was closed." })).await;
    receiver.wait_for(2).await;
    while !service.run(&["webhook", "show", "--site", "default"]).contains("pending 0\t") {
        tokio::task::yield_now().await;
    }
    assert_eq!(act("replay", &[("since", "yesterday")]).await.0, 422);
    assert_eq!(act("replay", &[("since", "2020-01-01T00:00:00Z")]).await.0, 303);
    let arrivals = receiver.wait_for(3).await;
    assert_eq!(arrivals[1].id, arrivals[2].id);
    let page = http.get(format!("{}/webhooks", service.url)).header("Cookie", &cookie).send().await.expect("an answer");
    let page = page.text().await.expect("a body");
    assert!(page.contains(&arrivals[1].id) && !page.contains("whsec_"), "{page}");
    assert_eq!(act("remove", &[]).await.0, 303);
    let nobody = http.get(format!("{}/webhooks", service.url)).send().await.expect("an answer");
    assert_eq!(nobody.status(), 303, "strangers are led to the door");
}
