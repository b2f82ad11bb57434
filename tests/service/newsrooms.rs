//! The Perspective-compatible API, and Coral's external moderation phase.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Answer, Service};

const SPAM: &str = "Get a l\u{43e}an in 5 minutes!!! https://easy-cash.example/apply?ref=7 or WhatsApp +1 555 010 9999";
const HAM: &str = "The bridge has been closed since March, and nobody has told us when it will open again.";

async fn ask(service: &Service, call: &str, key: &str, body: Value) -> Answer {
    let address = format!("{}/v1alpha1/comments:{call}?key={key}", service.url);
    Answer::of(service.http.post(address).json(&body).send().await.expect("an answer")).await
}

#[tokio::test]
async fn an_analysis_has_a_summary_and_a_span_for_each_attribute() {
    let service = Service::start().await.all_powerful();
    let body = json!({
        "comment": { "text": SPAM, "type": "PLAIN_TEXT" }, "languages": ["en"], "doNotStore": true, "clientToken": "t-1",
        "requestedAttributes": { "TOXICITY": {}, "SPAM": { "scoreType": "PROBABILITY" } }, "sessionId": "s", "communityId": "c",
    });
    let answer = ask(&service, "analyze", &service.key, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for attribute in ["TOXICITY", "SPAM"] {
        let scores = &answer.body["attributeScores"][attribute];
        let value = scores["summaryScore"]["value"].as_f64().expect("a probability");
        assert!((0.0..=1.0).contains(&value) && scores["summaryScore"]["type"] == "PROBABILITY");
        assert_eq!(
            scores["spanScores"][0],
            json!({ "begin": 0, "end": SPAM.chars().count(), "score": scores["summaryScore"] })
        );
    }
    assert!(answer.body["attributeScores"]["SPAM"]["summaryScore"]["value"].as_f64() > Some(0.9), "{}", answer.text);
    assert_eq!((&answer.body["languages"], &answer.body["clientToken"]), (&json!(["en"]), &json!("t-1")));
    assert_eq!(service.get("/v1/comments").await.body["items"], json!([]));
    // The same probability as our own API gives.
    let own = service.post("/v1/check", json!({ "text": SPAM })).await.body;
    assert_eq!(own["scores"]["toxic"], answer.body["attributeScores"]["TOXICITY"]["summaryScore"]["value"]);
}

#[tokio::test]
async fn scores_below_the_threshold_are_left_out() {
    let service = Service::start().await;
    let body = json!({ "comment": { "text": HAM }, "requestedAttributes": { "TOXICITY": { "scoreThreshold": 0.99 } } });
    let answer = ask(&service, "analyze", &service.key, body).await;
    assert_eq!((answer.status, answer.body.get("attributeScores")), (200, None), "{}", answer.text);
    assert_eq!(answer.body["detectedLanguages"], json!(["en"]));
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_in_the_clients_form() {
    let service = Service::start().await;
    let text = json!({ "text": HAM });
    let toxicity = json!({ "TOXICITY": {} });
    for (body, kind, message) in [
        (
            json!({ "comment": text, "requestedAttributes": { "TOXICITY": {}, "INSULT": {} } }),
            "INVALID_REQUEST",
            "Unknown requested attribute: INSULT",
        ),
        (
            json!({ "comment": { "text": " " }, "requestedAttributes": toxicity }),
            "COMMENT_EMPTY",
            "Comment must be non-empty.",
        ),
        (
            json!({ "comment": { "text": "x".repeat(20_481) }, "requestedAttributes": toxicity }),
            "COMMENT_TOO_LONG",
            "Comment text too long",
        ),
        (json!({ "comment": text }), "NO_REQUESTED_ATTRIBUTES", "No requested attributes"),
        (
            json!({ "comment": { "text": HAM, "type": "MARKDOWN" }, "requestedAttributes": toxicity }),
            "INVALID_REQUEST",
            "Unknown text type",
        ),
        (json!([1]), "INVALID_REQUEST", "Invalid JSON payload received."),
    ] {
        let answer = ask(&service, "analyze", &service.key, body).await;
        let error = &answer.body["error"];
        assert_eq!(
            (answer.status, &error["code"], &error["status"]),
            (400, &json!(400), &json!("INVALID_ARGUMENT")),
            "{}",
            answer.text
        );
        assert_eq!(error["details"][0]["errorType"], kind);
        assert!(error["message"].as_str().is_some_and(|text| text.starts_with(message)), "{}", answer.text);
    }
    let good = json!({ "comment": text, "requestedAttributes": toxicity });
    let wrong = ask(&service, "analyze", "wrong", good.clone()).await;
    assert_eq!((wrong.status, &wrong.body["error"]["details"][0]["reason"]), (400, &json!("API_KEY_INVALID")));
    let none = ask(&service, "analyze", "", good).await;
    assert_eq!((none.status, &none.body["error"]["status"]), (403, &json!("PERMISSION_DENIED")));
}

#[tokio::test]
async fn a_flood_is_refused_in_the_clients_form() {
    let service = Service::with(&[("MODERATO_LIMITS_SITE", "1/min burst 1")]).await;
    let body = json!({ "comment": { "text": HAM }, "requestedAttributes": { "TOXICITY": {} } });
    assert_eq!(ask(&service, "analyze", &service.key, body.clone()).await.status, 200);
    let second = ask(&service, "analyze", &service.key, body).await;
    assert_eq!(
        (second.status, &second.body["error"]["status"]),
        (429, &json!("RESOURCE_EXHAUSTED")),
        "{}",
        second.text
    );
}

#[tokio::test]
async fn a_suggested_score_is_feedback() {
    let service = Service::start().await.all_powerful();
    let score = |value: f64| json!({ "summaryScore": { "value": value } });
    let body = json!({ "comment": { "text": HAM }, "attributeScores": { "TOXICITY": score(0.0) }, "clientToken": "t" });
    let answer = ask(&service, "suggestscore", &service.key, body).await;
    assert_eq!((answer.status, &answer.body["clientToken"]), (200, &json!("t")), "{}", answer.text);
    let body =
        json!({ "comment": { "text": "Another text about bridges." }, "attributeScores": { "TOXICITY": score(1.0) } });
    assert_eq!(ask(&service, "suggestscore", &service.key, body).await.status, 200);
    let items = service.get("/v1/comments").await.body["items"].clone();
    assert_eq!((&items[1]["status"], &items[0]["status"]), (&json!("approved"), &json!("rejected")));
    let bad = json!({ "comment": { "text": HAM }, "attributeScores": { "TOXICITY": score(2.0) } });
    assert_eq!(ask(&service, "suggestscore", &service.key, bad).await.status, 400);
}

#[tokio::test]
async fn client_libraries_find_the_calls_described() {
    let service = Service::start().await;
    let document = service.get("/$discovery/rest?version=v1alpha1").await.body;
    assert_eq!(document["rootUrl"], format!("{}/", service.url));
    assert_eq!(document["resources"]["comments"]["methods"]["analyze"]["path"], "v1alpha1/comments:analyze");
}

const SECRET: &str = "coral-signing-secret-0123456789";

fn signature(secret: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("any length").chain_update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// The address that Coral is to ask, after the secret was told.
fn coral(service: &Service, secret: &str, more: &[&str]) -> String {
    use std::io::Write;
    let mut command = service.command(&["site", "coral", "--site", "default", "--secret-stdin"]);
    command.args(more);
    let mut child =
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().expect("it runs");
    child.stdin.take().expect("piped").write_all(secret.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    format!("{}{}", service.url, String::from_utf8(output.stdout).expect("UTF-8").trim())
}

async fn phase(service: &Service, address: &str, signed: &str, text: &str) -> Answer {
    let body = json!({
        "action": "NEW", "comment": { "body": format!("<div>{text}</div>"), "parentID": null },
        "author": { "id": "a-1", "role": "COMMENTER", "username": "Ann", "email": "ann@example.org" },
        "story": { "id": "s-1", "url": "https://news.example/a/42" }, "site": { "id": "x" },
        "tenantID": "t", "tenantDomain": "news.example",
    })
    .to_string();
    let request = service.http.post(address).header("content-type", "application/json");
    let request = request.header("x-coral-signature", signed.replace("GOOD", &signature(SECRET, &body)));
    Answer::of(request.body(body).send().await.expect("an answer")).await
}

#[tokio::test]
async fn coral_is_told_what_to_do_with_a_comment() {
    let service = Service::start().await.all_powerful();
    let address = coral(&service, SECRET, &[]);
    let approved = phase(&service, &address, "GOOD", HAM).await;
    assert_eq!((approved.status, approved.text.as_str()), (204, ""));
    let spam = format!("{SPAM} [url=https://easy-cash.example]loans[/url] FREE MONEY NOW");
    let rejected = phase(&service, &address, "sha256=00, GOOD", &spam).await;
    assert_eq!(rejected.status, 200, "{}", rejected.text);
    assert_eq!(
        rejected.body,
        json!({ "status": "REJECTED", "actions": [{ "actionType": "FLAG", "reason": "COMMENT_DETECTED_SPAM" }] })
    );
    let policy =
        service.request(reqwest::Method::PUT, "/v1/policy").json(&json!({ "thresholds": { "hold_score": -100.0 } }));
    assert_eq!(policy.send().await.expect("an answer").status(), 200);
    let held = phase(&service, &address, "GOOD", HAM).await;
    assert_eq!(held.body["status"], "SYSTEM_WITHHELD");
    let items = service.get("/v1/comments").await.body["items"].clone();
    assert_eq!(items.as_array().map(Vec::len), Some(3));
    assert_eq!((&items[2]["page"], &items[2]["name"]), (&json!("https://news.example/a/42"), &json!("Ann")));
}

#[tokio::test]
async fn only_what_coral_has_signed_is_judged() {
    let service = Service::start().await.all_powerful();
    let address = coral(&service, "an earlier secret 0123456789", &[]);
    phase(&service, &address, "GOOD", HAM).await.is_problem(401);
    coral(&service, SECRET, &["--keep"]);
    assert_eq!(phase(&service, &address, "GOOD", HAM).await.status, 204);
    for bad in ["", "sha256=", "sha1=GOOD", "sha256=0000000000000000000000000000000000000000000000000000000000000000"] {
        phase(&service, &address, bad, HAM).await.is_problem(401);
    }
    phase(&service, &format!("{}/integrations/coral/0000000000001", service.url), "GOOD", HAM).await.is_problem(401);
    assert_eq!(service.get("/v1/comments").await.body["items"].as_array().map(Vec::len), Some(1));
}
