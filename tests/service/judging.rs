//! What the pipeline decides, seen from outside.

use serde_json::{Value, json};

use crate::harness::Service;

/// Written for this test, in the manner of what such forms get.
const SPAM: &str = "Hello!!! Make $5000 every week working from home, no experience needed. I was broke, now I earn more \
    than a doctor thanks to this trader. Visit http://easy-cash-profit.example/join?ref=881 or \
    <a href=\"http://best-casino-bonus.example/free-spins\">best casino bonus</a> and contact him on WhatsApp \
    +1 555 010 9999. http://bit.ly/3xYzAbC";

const ARGUMENT: &str = "This government has failed everybody who lives east of the river. They promised new buses in 2019 \
    and what did we get? NOTHING. I am furious, and I will not vote for that party again, whatever they say.";

async fn decision(service: &Service, body: Value) -> String {
    service.comment(body).await["decision"].as_str().expect("a decision").to_owned()
}

#[tokio::test]
async fn plain_spam_is_not_published_and_heated_argument_is() {
    let service = Service::start().await;
    let spam = json!({ "text": SPAM, "name": "Casino Bonus", "url": "http://best-casino-bonus.example/free-spins" });
    assert_ne!(decision(&service, spam).await, "approve");
    assert_eq!(decision(&service, json!({ "text": ARGUMENT, "name": "Tom" })).await, "approve");
}

#[tokio::test]
async fn the_same_text_from_many_authors_is_noticed() {
    let service = Service::start().await;
    for n in 0..4 {
        service.comment(json!({ "text": ARGUMENT, "email": format!("a{n}@example.org") })).await;
    }
    let answer = service.comment(json!({ "text": ARGUMENT, "email": "b@example.org" })).await;
    let reason = answer["reasons"].as_array().expect("reasons").iter().find(|r| r["code"] == "same_text").cloned();
    assert!(reason.is_some_and(|r| r["score"].as_f64() > Some(0.0)), "{answer}");
}

#[tokio::test]
async fn without_a_usable_model_everything_is_held_and_everybody_is_told() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let models = dir.path().to_str().expect("UTF-8").to_owned();
    for damage in [None, Some(&b"this is no model"[..])] {
        if let Some(bytes) = damage {
            std::fs::write(dir.path().join("moderato.model"), bytes).expect("written");
        }
        let service = Service::with(&[("MODERATO_MODELS", &models)]).await;
        for text in [SPAM, ARGUMENT] {
            let answer = service.comment(json!({ "text": text })).await;
            assert_eq!((&answer["decision"], &answer["model"]), (&json!("hold"), &Value::Null));
            assert!(answer["reasons"].as_array().expect("reasons").iter().any(|r| r["code"] == "missing.model"));
        }
        let ready = service.get("/readyz").await;
        assert_eq!((ready.status, &ready.body["model"]["status"]), (200, &json!("missing")), "{}", ready.text);
        assert!(service.said().contains("no usable model"), "{}", service.said());
        assert!(!service.get("/metrics").await.text.contains("moderato_model_info{"));
    }
}

#[tokio::test]
async fn the_model_is_named_wherever_it_judged() {
    let service = Service::start().await;
    let answer = service.comment(json!({ "text": ARGUMENT })).await;
    let version = answer["model"].as_str().expect("a version");
    assert_eq!(service.get("/readyz").await.body["model"]["version"], version);
    let metrics = service.get("/metrics").await.text;
    assert!(metrics.contains(&format!("moderato_model_info{{version=\"{version}\"}} 1\n")), "{metrics}");
}

#[tokio::test]
async fn a_new_policy_is_in_force_at_once_and_a_wrong_one_changes_nothing() {
    let service = Service::start().await.all_powerful();
    let put = async |policy: Value| {
        let request = service.request(reqwest::Method::PUT, "/v1/policy").json(&policy);
        crate::harness::Answer::of(request.send().await.expect("an answer")).await
    };
    assert_eq!(service.get("/v1/policy").await.body["version"], 0);
    let wrong = put(json!({ "patterns": [{ "regex": "(", "score": 1.0 }], "rules": { "no_such_rule": 1.0 } })).await;
    wrong.is_problem(422);
    assert_eq!(wrong.pointers(), ["/rules/no_such_rule", "/patterns/0/regex"]);
    put(json!({ "thresholds": { "hold": 1 } })).await.is_problem(422);
    assert_eq!(service.get("/v1/policy").await.body["version"], 0);

    let text = json!({ "text": "I took the purple zeppelin home, and it was a quiet evening for once." });
    assert_eq!(decision(&service, text.clone()).await, "approve");
    assert_eq!(
        put(json!({ "lists": { "words": ["zeppelin"] }, "rules": { "listed_word": 20.0 } })).await.body["version"],
        1
    );
    let answer = service.comment(text).await;
    assert_eq!((&answer["decision"], &answer["policy"]), (&json!("hold"), &json!(1)));
}
