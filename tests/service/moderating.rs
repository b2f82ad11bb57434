//! What a moderator's tool relies on.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Service};

async fn posted(service: &Service, text: &str) -> String {
    service.comment(json!({ "text": text })).await["id"].as_str().expect("an id").to_owned()
}

async fn patch(service: &Service, id: &str, revision: Option<i64>, body: Value) -> Answer {
    let mut request = service.request(Method::PATCH, &format!("/v1/comments/{id}")).json(&body);
    if let Some(revision) = revision {
        request = request.header("If-Match", format!("\"{revision}\""));
    }
    Answer::of(request.send().await.expect("an answer")).await
}

async fn status(service: &Service, id: &str) -> String {
    service.get(&format!("/v1/comments/{id}")).await.body["status"].as_str().expect("a status").to_owned()
}

#[tokio::test]
async fn a_decision_is_kept_in_the_history_and_counted() {
    let service = Service::start().await.all_powerful();
    let id = posted(&service, "What a day it was.").await;
    // Whatever the pipeline said, these two are changes.
    patch(&service, &id, None, json!({ "status": "held" })).await;
    let before = service.get(&format!("/v1/comments/{id}/history")).await.body["items"].as_array().map_or(0, Vec::len);
    let answer =
        patch(&service, &id, None, json!({ "status": "rejected", "reason": "spam", "note": "seen before" })).await;
    assert_eq!((answer.status, answer.body["status"].as_str()), (200, Some("rejected")));
    let history = service.get(&format!("/v1/comments/{id}/history")).await.body;
    let last = &history["items"][before];
    assert_eq!((&last["kind"], &last["from"], &last["to"]), (&json!("decided"), &json!("held"), &json!("rejected")));
    assert_eq!((&last["reason"], &last["note"]), (&json!("spam"), &json!("seen before")));
    let metrics = service.get("/metrics").await.text;
    assert!(metrics.contains("moderato_moderator_decisions_total{from=\"held\",to=\"rejected\"} 1\n"), "{metrics}");
    assert!(metrics.contains("moderato_queue_comments{site=\"default\"} 0\n"), "{metrics}");
}

#[tokio::test]
async fn whoever_is_slower_is_told_who_won() {
    let service = Service::start().await.all_powerful();
    let id = posted(&service, "What a day it was.").await;
    patch(&service, &id, None, json!({ "status": "held" })).await;
    let seen = service.get(&format!("/v1/comments/{id}")).await.body["revision"].as_i64().expect("a revision");
    assert_eq!(patch(&service, &id, Some(seen), json!({ "status": "approved" })).await.status, 200);
    let late = patch(&service, &id, Some(seen), json!({ "status": "rejected" })).await;
    late.is_problem(412);
    assert_eq!(late.body["current"], json!({ "status": "approved", "revision": seen + 1 }));
    assert_eq!(late.header("etag"), format!("\"{}\"", seen + 1));
    assert_eq!(status(&service, &id).await, "approved");
}

#[tokio::test]
async fn a_tag_that_is_none_of_ours_fits_no_comment() {
    let service = Service::start().await.all_powerful();
    let id = posted(&service, "What a day it was.").await;
    let decide = async |tag: &str| {
        let request = service.request(Method::PATCH, &format!("/v1/comments/{id}")).header("If-Match", tag);
        Answer::of(request.json(&json!({ "status": "rejected" })).send().await.expect("an answer")).await
    };
    for tag in ["\"999\"", "\"a tag of somebody else\"", "nonsense", "\"\""] {
        decide(tag).await.is_problem(412);
    }
    assert_eq!(status(&service, &id).await, "approved");
    assert_eq!(decide("*").await.status, 200);
}

#[tokio::test]
async fn a_comment_that_has_not_changed_is_not_sent_again() {
    let service = Service::start().await.all_powerful();
    let id = posted(&service, "What a day it was.").await;
    let path = format!("/v1/comments/{id}");
    let tag = service.get(&path).await.header("etag").to_owned();
    let again = async || {
        let request = service.request(Method::GET, &path).header("If-None-Match", &tag);
        Answer::of(request.send().await.expect("an answer")).await
    };
    let same = again().await;
    assert_eq!((same.status, same.text.as_str(), same.header("etag")), (304, "", tag.as_str()));
    patch(&service, &id, None, json!({ "status": "rejected" })).await;
    assert_eq!(again().await.status, 200);
}

#[tokio::test]
async fn a_decision_names_each_mistake_once() {
    let service = Service::start().await.all_powerful();
    for (body, pointers) in [
        (json!({ "ids": ["!"], "status": "held" }), vec!["/ids/0"]),
        (json!({ "ids": [], "status": "held" }), vec!["/ids"]),
        (json!({ "ids": ["0000000000001"], "status": "spam", "because": 1 }), vec!["/status", "/because"]),
    ] {
        let answer = service.post("/v1/decisions", body).await;
        answer.is_problem(422);
        assert_eq!(answer.pointers(), pointers);
    }
}

#[tokio::test]
async fn of_fifty_races_each_has_one_winner() {
    let service = Service::start().await.all_powerful();
    for n in 0..50 {
        let id = posted(&service, &format!("Race number {n} begins here.")).await;
        patch(&service, &id, None, json!({ "status": "held" })).await;
        let revision = service.get(&format!("/v1/comments/{id}")).await.body["revision"].as_i64().expect("a revision");
        let (a, b) = tokio::join!(
            patch(&service, &id, Some(revision), json!({ "status": "approved" })),
            patch(&service, &id, Some(revision), json!({ "status": "rejected" })),
        );
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
        let winner = if a.status == 200 { "approved" } else { "rejected" };
        assert_eq!(status(&service, &id).await, winner);
    }
}

#[tokio::test]
async fn many_are_decided_as_one_and_undone_as_one() {
    let service = Service::start().await.all_powerful();
    let mut ids = Vec::new();
    for n in 0..5 {
        let id = posted(&service, &format!("Comment number {n} of this thread.")).await;
        patch(&service, &id, None, json!({ "status": "held" })).await;
        ids.push(id);
    }
    let mut named = ids.clone();
    named.push("0000000000000".to_owned());
    let decided = service.post("/v1/decisions", json!({ "ids": named, "status": "approved" })).await;
    let results = decided.body["results"].as_array().expect("results");
    assert_eq!(results.iter().filter(|r| r["result"] == "changed").count(), 5);
    assert_eq!(results[5]["result"], "missing");
    // One is changed by somebody else; undoing must not touch it.
    patch(&service, &ids[0], None, json!({ "status": "rejected" })).await;
    let undo = decided.body["undo"].as_str().expect("a handle");
    let undone = service.post(&format!("/v1/decisions/{undo}/undo"), json!({})).await;
    assert_eq!(undone.status, 200, "{}", undone.text);
    assert_eq!(status(&service, &ids[0]).await, "rejected");
    for id in &ids[1..] {
        assert_eq!(status(&service, id).await, "held");
    }
    service.post("/v1/decisions/0000000000000/undo", json!({})).await.is_problem(404);
}

#[tokio::test]
async fn undoing_twice_changes_nothing_more() {
    let service = Service::start().await.all_powerful();
    let id = posted(&service, "What a day it was.").await;
    patch(&service, &id, None, json!({ "status": "held" })).await;
    let decided = service.post("/v1/decisions", json!({ "ids": [id], "status": "rejected" })).await;
    let path = format!("/v1/decisions/{}/undo", decided.body["undo"].as_str().expect("a handle"));
    service.post(&path, json!({})).await;
    let history = service.get(&format!("/v1/comments/{id}/history")).await.body;
    let again = service.post(&path, json!({})).await;
    assert_eq!(again.body["results"][0]["result"], "conflict");
    assert_eq!(service.get(&format!("/v1/comments/{id}/history")).await.body, history);
    assert_eq!(status(&service, &id).await, "held");
}

#[tokio::test]
async fn lists_are_paged_by_key_and_filtered() {
    let service = Service::start().await.all_powerful();
    let mut ids = Vec::new();
    for n in 0..25 {
        let page = format!("https://news.example/{}", n % 2);
        let body = json!({ "text": format!("Comment {n}."), "page": page, "email": format!("{}@example.org", n % 5) });
        ids.push(service.comment(body).await["id"].clone());
    }
    ids.reverse();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let list = service.get(&format!("/v1/comments?limit=10{cursor}")).await.body;
        seen.extend(list["items"].as_array().expect("items").iter().map(|item| item["id"].clone()));
        match list["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen, ids);
    let count = async |query: &str| {
        service.get(&format!("/v1/comments?limit=200&{query}")).await.body["items"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count("page=https://news.example/1").await, 12);
    assert_eq!(count("author=3@EXAMPLE.org").await, 5);
    assert_eq!(count("reason=no_such_reason").await, 0);
    assert_eq!(count("since=2100-01-01T00:00:00Z").await, 0);
    assert_eq!(count("until=2100-01-01T00:00:00Z").await, 25);
    service.get("/v1/comments?limit=0&order=up").await.is_problem(422);
}

#[tokio::test]
async fn feedback_is_taken_for_known_labels_only() {
    let service = Service::start().await.all_powerful();
    let id = posted(&service, "What a day it was.").await;
    let path = format!("/v1/comments/{id}/feedback");
    assert_eq!(service.post(&path, json!({ "label": "spam" })).await.status, 204);
    service.post(&path, json!({ "label": "nice" })).await.is_problem(422);
}

#[tokio::test]
async fn what_is_erased_is_gone_and_one_author_can_be_erased_whole() {
    let service = Service::start().await.all_powerful();
    let ann = json!({ "text": "Something about my address.", "email": "Ann@example.org", "ip": "203.0.113.9" });
    let bob = json!({ "text": "Something else altogether.", "ip": "203.0.113.10" });
    let (first, second) = (service.comment(ann).await, service.comment(bob).await);
    let path = |comment: &serde_json::Value| format!("/v1/comments/{}", comment["id"].as_str().expect("an id"));
    let delete =
        async |path: &str| service.request(reqwest::Method::DELETE, path).send().await.expect("an answer").status();
    assert_eq!(
        (delete(&path(&second)).await, delete(&path(&second)).await),
        (reqwest::StatusCode::NO_CONTENT, reqwest::StatusCode::NOT_FOUND)
    );
    service.post("/v1/erasure", json!({})).await.is_problem(422);
    let erased = service.post("/v1/erasure", json!({ "email": "ann@example.org" })).await;
    assert_eq!(
        (erased.status, &erased.body["erased"], &erased.body["ids"][0]),
        (200, &json!(1), &first["id"]),
        "{}",
        erased.text
    );
    service.get(&path(&first)).await.is_problem(404);
    assert_eq!(service.get("/v1/comments").await.body["items"], json!([]));
}
