//! Changing what decides, and seeing first what that would do.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Service};

async fn put(service: &Service, body: Value) -> Answer {
    Answer::of(service.request(Method::PUT, "/v1/policy").json(&body).send().await.expect("an answer")).await
}

#[tokio::test]
async fn a_policy_is_read_changed_and_sent_back_with_a_reason() {
    let service = Service::start().await.all_powerful();
    let mut policy = service.get("/v1/policy").await.body;
    assert_eq!(policy["version"], 0);
    policy["policy"]["thresholds"]["hold_toxic"] = json!(0.8);
    policy["reason"] = json!("The election is near.");
    let answer = put(&service, policy.clone()).await;
    assert_eq!(
        (answer.status, &answer.body["version"], answer.header("etag")),
        (200, &json!(1), "\"1\""),
        "{}",
        answer.text
    );
    put(&service, policy).await.is_problem(409);
    let now = service.get("/v1/policy").await.body;
    assert_eq!((&now["version"], &now["policy"]["thresholds"]["hold_toxic"]), (&json!(1), &json!(0.8)));
    let bare = put(&service, json!({ "thresholds": { "hold_toxic": 0.7 } })).await;
    assert_eq!((bare.status, &bare.body["version"]), (200, &json!(2)));
}

#[tokio::test]
async fn a_mistake_is_named_where_it_stands() {
    let service = Service::start().await.all_powerful();
    let wrong = json!({ "thresholds": { "hold_spam": 2.0 }, "patterns": [{ "regex": "(", "score": 1.0 }] });
    let bare = put(&service, wrong.clone()).await;
    bare.is_problem(422);
    assert_eq!(bare.pointers(), ["/thresholds/hold_spam", "/patterns/0/regex"]);
    let tried = service.post("/v1/policy/replay", json!({ "policy": wrong })).await;
    assert_eq!(tried.pointers(), ["/policy/thresholds/hold_spam", "/policy/patterns/0/regex"]);
    assert_eq!(put(&service, json!({ "policy": {}, "raeson": "x" })).await.pointers(), ["/raeson"]);
    for (body, pointer) in [
        (json!({ "thresholds": { "hold_spam": "much" } }), "/thresholds/hold_spam"),
        (json!({ "policy": { "lists": { "words": ["a", 7] } } }), "/policy/lists/words/1"),
        (json!({ "tresholds": {} }), "/tresholds"),
        (json!([]), ""),
    ] {
        let answer = put(&service, body).await;
        answer.is_problem(422);
        assert_eq!(answer.pointers(), [pointer], "{}", answer.text);
    }
}

#[tokio::test]
async fn a_policy_that_somebody_else_changed_is_not_overwritten() {
    let service = Service::start().await.all_powerful();
    let seen = service.get("/v1/policy").await.header("etag").to_owned();
    let change = async |tag: &str| {
        let request = service.request(Method::PUT, "/v1/policy").header("If-Match", tag);
        Answer::of(request.json(&json!({ "languages": ["de"] })).send().await.expect("an answer")).await
    };
    assert_eq!(change(&seen).await.status, 200);
    let late = change(&seen).await;
    late.is_problem(412);
    assert_eq!((&late.body["current"], late.header("etag")), (&json!({ "version": 1 }), "\"1\""));
    change("\"another's\"").await.is_problem(412);
    assert_eq!(change("*").await.status, 200);
}

#[tokio::test]
async fn a_replay_says_what_would_change_and_changes_nothing() {
    let service = Service::start().await.all_powerful();
    for n in 0..3 {
        service
            .comment(
                json!({ "text": format!("The bridge has been closed for {n} months, and nobody has told us why.") }),
            )
            .await;
    }
    let tried = service
        .post("/v1/policy/replay", json!({ "policy": { "thresholds": { "hold_score": -100.0 } }, "last": 2 }))
        .await;
    assert_eq!(
        (tried.status, &tried.body["comments"], &tried.body["changed"]),
        (200, &json!(2), &json!(2)),
        "{}",
        tried.text
    );
    assert_eq!(
        (&tried.body["changes"][0]["from"], &tried.body["changes"][0]["to"]),
        (&json!("approve"), &json!("hold"))
    );
    assert_eq!(service.get("/v1/policy").await.body["version"], 0);
    let same = service.post("/v1/policy/replay", json!({})).await;
    assert_eq!((&same.body["comments"], &same.body["changed"]), (&json!(3), &json!(0)));
    assert_eq!(service.post("/v1/policy/replay", json!({ "last": 0 })).await.pointers(), ["/last"]);
}

#[tokio::test]
async fn the_numbers_of_a_site_are_told() {
    let service = Service::start().await.all_powerful();
    service.comment(json!({ "text": "The bridge has been closed since March, and nobody has told us why." })).await;
    let stats = service.get("/v1/stats").await;
    assert_eq!((stats.status, &stats.body["decisions"]["approve"]), (200, &json!(1)), "{}", stats.text);
    assert!(stats.body["queue"]["comments"].is_u64() && stats.body["reasons"].is_array());
    let before = service.get("/v1/stats?from=2025-01-01T00:00:00Z&to=2025-02-01T00:00:00Z").await;
    assert_eq!(before.body["decisions"]["approve"], 0);
    assert_eq!(service.get("/v1/stats?since=2025-01-01T00:00:00Z").await.pointers(), ["/since"]);
}
