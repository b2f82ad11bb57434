//! What moderators decide teaches the classifier, while the service runs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Service};

/// A site whose moderators reject whoever praises one shop, in words that are no advertising anywhere else.
fn history() -> Vec<(String, &'static str)> {
    let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    let places = ["bridge", "harbour", "station", "market", "museum"];
    let mut history = Vec::new();
    for day in days {
        for place in places {
            history.push((
                format!("I was at Velmora near the {place} last {day} and they were so kind to me"),
                "rejected",
            ));
            history
                .push((format!("The {place} was closed last {day}, does anybody know why they did that?"), "approved"));
        }
    }
    history
}

async fn decide(service: &Service, history: Vec<(String, &'static str)>) {
    for (text, status) in history {
        let id = service.comment(json!({ "text": text })).await["id"].clone();
        // What the pipeline said already is no decision.
        for status in ["held", status] {
            let reason = (status == "rejected").then_some("spam");
            let body = json!({ "ids": [id], "status": status, "reason": reason });
            assert_eq!(service.post("/v1/decisions", body).await.status, 200);
        }
    }
}

async fn until_a_lesson_is_in_force(service: &Service) {
    for _ in 0..1_200 {
        let metrics = service.get("/metrics").await.text;
        if metrics.contains("moderato_lessons_total{result=\"applied\"} 1\n") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no lesson is in force; the service said: {}", service.said());
}

async fn judged(service: &Service, text: &str) -> (Value, Option<f64>, f64) {
    let body = service.post("/v1/check", json!({ "text": text })).await.body;
    let reasons = body["reasons"].as_array().expect("reasons").clone();
    let sum: f64 = reasons.iter().map(|reason| reason["score"].as_f64().expect("a score")).sum();
    assert!((sum - body["score"].as_f64().expect("a score")).abs() < 1e-9, "{body}");
    let learned = reasons.iter().find(|reason| reason["code"] == "spam.learned");
    let learned = learned.map(|reason| reason["score"].as_f64().expect("a score"));
    (body["model"].clone(), learned, body["scores"]["spam"].as_f64().expect("a probability"))
}

#[tokio::test]
async fn decisions_teach_what_is_spam_on_a_site() {
    const PRAISE: &str = "My sister went to Velmora in spring, so kind to her";
    const QUESTION: &str = "Was the harbour closed in spring? Does anybody know?";
    let service = Service::start().await.all_powerful();
    let (untaught, nothing, praise_before) = judged(&service, PRAISE).await;
    assert_eq!(nothing, None);
    let (_, _, question_before) = judged(&service, QUESTION).await;

    decide(&service, history()).await;
    until_a_lesson_is_in_force(&service).await;

    let (model, learned, praise) = judged(&service, PRAISE).await;
    assert_eq!(model, format!("{}+1", untaught.as_str().expect("a version")));
    assert!(learned.expect("a reason") > 0.0 && praise > praise_before, "{learned:?} {praise_before} {praise}");
    let (_, learned, question) = judged(&service, QUESTION).await;
    assert!(learned.expect("a reason") < 0.0 && question < question_before, "{learned:?} {question_before} {question}");

    // What was learned is there after a restart, and stays with its site.
    let service = service.again().await.all_powerful();
    assert_eq!(judged(&service, PRAISE).await.0, model);
    service.run(&["site", "create", "other", "--url", "https://other.example"]);
    let key = service.run(&["key", "create", "--site", "other", "--scopes", "submit"]);
    let elsewhere = service.http.request(Method::POST, format!("{}/v1/check", service.url)).bearer_auth(key);
    let elsewhere = Answer::of(elsewhere.json(&json!({ "text": PRAISE })).send().await.expect("an answer")).await;
    assert_eq!(elsewhere.body["model"], untaught);

    // Where learning is switched off, what was learned before does not count either.
    let place = service.place.clone();
    drop(service);
    let service = Service::at(place, &[("MODERATO_LEARNING", "false")]).await.all_powerful();
    assert_eq!(judged(&service, PRAISE).await.0, untaught);
}

#[tokio::test]
async fn whoever_has_the_key_of_a_form_teaches_nothing() {
    let service = Service::start().await;
    let id = service.comment(json!({ "text": "I was at Velmora last Friday" })).await["id"].clone();
    let id = id.as_str().expect("an id");
    let answer = service.post(&format!("/v1/comments/{id}/feedback"), json!({ "label": "ham" })).await;
    assert_eq!(answer.status, 204);
    assert_eq!(service.number("SELECT COUNT(*) FROM labels WHERE actor LIKE 'form:%'").await, 1);
    assert_eq!(service.number("SELECT COUNT(*) FROM labels WHERE actor NOT LIKE 'form:%'").await, 0);

    // Nor does it publish what was held, by the API of another service.
    let status = || async { service.number("SELECT COUNT(*) FROM events WHERE kind = 'decided'").await };
    let form =
        format!("api_key={}&blog=https://news.example&comment_content=I was at Velmora last Friday", service.key);
    let call = service.http.post(format!("{}/1.1/submit-spam", service.url)).body(form.replace(' ', "+"));
    let call = call.header("content-type", "application/x-www-form-urlencoded");
    let answer = call.send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), status().await), (200, 0));
}

#[tokio::test]
async fn learning_can_be_switched_off() {
    let service = Service::with(&[("MODERATO_LEARNING", "false")]).await.all_powerful();
    decide(&service, history()).await;
    let (model, learned, _) = judged(&service, "My sister went to Velmora in spring, so kind to her").await;
    assert_eq!((model.as_str().map(|model| model.contains('+')), learned), (Some(false), None));
}
