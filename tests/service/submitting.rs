//! What a website relies on when it sends comments.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Service};

const TEXT: &str = "The bridge has been closed since March, and nobody has told us when it will open again.";

#[tokio::test]
async fn a_comment_is_answered_as_the_contract_says() {
    let service = Service::start().await.all_powerful();
    let answer = service
        .post(
            "/v1/comments",
            json!({
                "name": "Ann", "email": "ann@example.org", "text": TEXT, "url": "https://ann.example",
                "page": "https://news.example/a/42", "page_title": "The bridge", "ip": "203.0.113.9",
                "user_agent": "Mozilla/5.0", "referrer": "https://news.example/", "locale": "en",
                "external_id": "wp-981", "parent_id": null, "author_role": "subscriber",
                "honeypot": "", "elapsed_ms": 8123, "submitted_at": "2026-11-22T10:00:00Z"
            }),
        )
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let id = answer.body["id"].as_str().expect("an id");
    assert!(id.len() <= 26);
    assert_eq!(answer.header("location"), format!("/v1/comments/{id}"));
    let (status, decision) = (answer.body["status"].as_str(), answer.body["decision"].as_str());
    let pairs = [("approved", "approve"), ("held", "hold"), ("rejected", "reject")];
    assert!(pairs.iter().any(|&(s, d)| status == Some(s) && decision == Some(d)), "{}", answer.text);
    for head in ["spam", "toxic"] {
        assert!(answer.body["scores"][head].as_f64().is_some_and(|p| (0.0..=1.0).contains(&p)), "{}", answer.text);
    }
    assert!(answer.body["policy"].is_i64() && answer.body["model"].is_string() && answer.body["took_us"].is_u64());
    let created = answer.body["created_at"].as_str().expect("a time");
    assert_eq!(created.len(), "2026-11-22T10:00:00.000000Z".len(), "{created}");
    adds_up(&answer.body);
}

/// The reasons are complete, additive, and ordered by size.
#[track_caller]
fn adds_up(answer: &Value) {
    let reasons = answer["reasons"].as_array().expect("reasons");
    let scores: Vec<f64> = reasons.iter().map(|reason| reason["score"].as_f64().expect("a score")).collect();
    let score = answer["score"].as_f64().expect("a score");
    assert!((scores.iter().sum::<f64>() - score).abs() < 1e-9, "{answer}");
    assert!(scores.is_sorted_by(|a, b| a.abs() >= b.abs()), "{answer}");
    for reason in reasons {
        assert!(reason["code"].is_string() && reason["detail"].is_string() && reason["spans"].is_array());
    }
}

#[tokio::test]
async fn every_span_lies_within_the_text() {
    let service = Service::start().await;
    let text = "ÄÖÜ 😀 B\u{200b}uy ch\u{435}ap w@tches at http://spam.example/x!!! FREE MONEY NOW [url=http://a.example]x[/url]";
    let answer = service.comment(json!({ "text": text, "name": "cheap watches" })).await;
    let length = text.chars().count() as u64;
    let mut spans = 0;
    for reason in answer["reasons"].as_array().expect("reasons") {
        for span in reason["spans"].as_array().expect("spans") {
            let (start, end) = (span[0].as_u64().expect("a start"), span[1].as_u64().expect("an end"));
            assert!(start < end && end <= length, "{reason}");
            spans += 1;
        }
    }
    assert!(spans > 0, "{answer}");
    adds_up(&answer);
}

#[tokio::test]
async fn later_comments_have_greater_ids() {
    let service = Service::start().await;
    let mut last = String::new();
    for n in 0..20 {
        let id =
            service.comment(json!({ "text": format!("{TEXT} {n}") })).await["id"].as_str().expect("an id").to_owned();
        assert!(id > last);
        last = id;
    }
}

#[tokio::test]
async fn what_was_sent_is_stored_untouched() {
    let service = Service::start().await.all_powerful();
    let text = "  <b>Bold</b> &amp; \u{202e}odd\u{202c} ﬁ \r\n [url=x]y[/url] \u{1d400}  ";
    let id = service.comment(json!({ "text": text, "name": " Ann " })).await["id"].as_str().expect("an id").to_owned();
    let stored = service.get(&format!("/v1/comments/{id}")).await;
    assert_eq!((&stored.body["text"], &stored.body["name"]), (&json!(text), &json!(" Ann ")));
    assert_eq!(stored.header("etag"), "\"1\"");
    let history = service.get(&format!("/v1/comments/{id}/history")).await;
    assert_eq!(history.body["items"][0]["kind"], "created");
}

#[tokio::test]
async fn the_same_request_with_the_same_key_is_answered_again() {
    let service = Service::start().await.all_powerful();
    let send = async |text: &str| {
        let request = service.request(Method::POST, "/v1/comments").header("Idempotency-Key", "k-1");
        Answer::of(request.json(&json!({ "text": text })).send().await.expect("an answer")).await
    };
    let (first, second, other) = (send(TEXT).await, send(TEXT).await, send("something else").await);
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.text, second.text);
    assert_eq!(second.header("idempotency-replayed"), "true");
    assert_eq!(first.header("idempotency-replayed"), "");
    assert_eq!(first.header("location"), second.header("location"));
    other.is_problem(422);
    assert_eq!(service.get("/v1/comments").await.body["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn of_a_hundred_equal_requests_at_once_one_is_stored() {
    let service = Service::start().await.all_powerful();
    let mut requests = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let request = service.request(Method::POST, "/v1/comments").header("Idempotency-Key", "same");
        requests.spawn(request.json(&json!({ "text": TEXT })).send());
    }
    while let Some(answer) = requests.join_next().await {
        let answer = Answer::of(answer.expect("no panic").expect("an answer")).await;
        assert!([201, 409].contains(&answer.status), "{}", answer.text);
    }
    assert_eq!(service.get("/v1/comments").await.body["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn an_external_id_is_known_again_and_new_content_is_an_edit() {
    let service = Service::start().await.all_powerful();
    let first = service.comment(json!({ "text": TEXT, "external_id": "wp-1", "elapsed_ms": 900 })).await;
    let same = service.post("/v1/comments", json!({ "text": TEXT, "external_id": "wp-1", "elapsed_ms": 700 })).await;
    assert_eq!((same.status, &same.body["id"]), (200, &first["id"]));
    let edit = service.post("/v1/comments", json!({ "text": "An edited text.", "external_id": "wp-1" })).await;
    assert_eq!((edit.status, &edit.body["id"]), (200, &first["id"]));
    let path = format!("/v1/comments/{}", first["id"].as_str().expect("an id"));
    let stored = service.get(&path).await.body;
    assert_eq!((&stored["text"], &stored["revision"]), (&json!("An edited text."), &json!(2)));
    let history = service.get(&format!("{path}/history")).await.body;
    assert_eq!(history["items"][1]["kind"], "edited");
}

#[tokio::test]
async fn what_an_external_id_made_of_a_request_is_answered_again_to_its_key() {
    let service = Service::start().await.all_powerful();
    let send = async |key: &str, text: &str| {
        let request = service.request(Method::POST, "/v1/comments").header("Idempotency-Key", key);
        let request = request.json(&json!({ "text": text, "external_id": "wp-1" }));
        Answer::of(request.send().await.expect("an answer")).await
    };
    let created = send("k-1", TEXT).await;
    let first = created.body.clone();
    let (known, edited) = (send("k-2", TEXT).await, send("k-3", "An edited text.").await);
    assert_eq!((created.status, known.status, edited.status), (201, 200, 200));
    // The comment has another text by now, and each key still has its own answer.
    for (key, text, earlier) in [("k-1", TEXT, created), ("k-2", TEXT, known), ("k-3", "An edited text.", edited)] {
        let again = send(key, text).await;
        assert_eq!((again.status, &again.text), (earlier.status, &earlier.text), "{key}");
        assert_eq!(again.header("location"), earlier.header("location"), "{key}");
        assert_eq!(
            (earlier.header("idempotency-replayed"), again.header("idempotency-replayed")),
            ("", "true"),
            "{key}"
        );
        send(key, "something else").await.is_problem(422);
    }
    let path = format!("/v1/comments/{}/history", first["id"].as_str().expect("an id"));
    let history = service.get(&path).await.body;
    assert_eq!(history["items"].as_array().map(Vec::len), Some(2), "created and edited once");
}

#[tokio::test]
async fn a_check_stores_nothing() {
    let service = Service::start().await.all_powerful();
    let answer = service.post("/v1/check", json!({ "text": TEXT })).await;
    assert_eq!((answer.status, answer.body.get("id")), (200, None));
    adds_up(&answer.body);
    assert_eq!(service.get("/v1/comments").await.body["items"], json!([]));
}

#[tokio::test]
async fn a_flood_from_one_author_is_refused_with_all_headers() {
    let service = Service::with(&[("MODERATO_LIMITS_EMAIL", "2/min"), ("MODERATO_LIMITS_SITE", "100/min")]).await;
    let send = async |n: u32| {
        service.post("/v1/comments", json!({ "text": format!("{TEXT} {n}"), "email": "a@example.org" })).await
    };
    let first = send(1).await;
    assert!(first.header("ratelimit-policy").contains("\"email\";q=2;w=60"), "{:?}", first.headers);
    assert!(first.header("ratelimit").contains("\"email\";r=1;"), "{:?}", first.headers);
    assert_eq!(send(2).await.status, 201);
    let third = send(3).await;
    third.is_problem(429);
    assert_eq!(third.body["limit"], "email");
    assert!(third.header("retry-after").parse::<u64>().is_ok_and(|seconds| (1..=60).contains(&seconds)));
    let metrics = service.get("/metrics").await.text;
    assert!(metrics.contains("moderato_rate_limited_total{limit=\"email\"} 1\n"), "{metrics}");
    let other = service.post("/v1/comments", json!({ "text": TEXT, "email": "b@example.org" })).await;
    assert_eq!(other.status, 201);
}

#[tokio::test]
async fn one_sites_key_never_sees_anothers_comments() {
    let service = Service::start().await.all_powerful();
    let id = service.comment(json!({ "text": TEXT })).await["id"].as_str().expect("an id").to_owned();
    service.run(&["site", "create", "other", "--url", "https://other.example"]);
    let other = service.run(&["key", "create", "--site", "other", "--scopes", "submit,read,moderate,admin"]);
    for (method, path) in [
        (Method::GET, format!("/v1/comments/{id}")),
        (Method::GET, format!("/v1/comments/{id}/history")),
        (Method::PATCH, format!("/v1/comments/{id}")),
        (Method::POST, format!("/v1/comments/{id}/feedback")),
    ] {
        let request = service.http.request(method, format!("{}{path}", service.url)).bearer_auth(&other);
        let body =
            if path.ends_with("feedback") { json!({ "label": "spam" }) } else { json!({ "status": "rejected" }) };
        Answer::of(request.json(&body).send().await.expect("an answer")).await.is_problem(404);
    }
    let list = service.http.get(format!("{}/v1/comments", service.url)).bearer_auth(&other).send().await;
    assert_eq!(Answer::of(list.expect("an answer")).await.body["items"], json!([]));
}
