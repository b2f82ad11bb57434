//! Many comments in one request.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Service};

async fn batch(service: &Service, body: String) -> Answer {
    let request = service.request(Method::POST, "/v1/comments/batch").header("content-type", "application/x-ndjson");
    Answer::of(request.body(body).send().await.expect("an answer")).await
}

fn lines(answer: &Answer) -> Vec<Value> {
    answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn every_line_is_answered_in_order_and_a_bad_one_harms_no_other() {
    let service = Service::start().await.all_powerful();
    let body = concat!(
        r#"{"text": "The first of them.", "external_id": "1"}"#,
        "\n",
        "no JSON\n",
        r#"{"text": "The second.", "nmae": "Ann"}"#,
        "\n\n",
        r#"{"text": "The third.", "external_id": "3"}"#,
        "\r\n",
        r#"{"text": ""}"#,
    );
    let answer = batch(&service, body.to_owned()).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/x-ndjson"));
    let lines = lines(&answer);
    assert_eq!(lines.len(), 5, "{}", answer.text);
    assert!(
        lines[0]["id"].is_string() && lines[3]["id"].is_string() && lines[0]["id"].as_str() != lines[3]["id"].as_str()
    );
    let errors: Vec<_> =
        lines.iter().filter(|line| line["error"].is_object()).map(|l| (&l["line"], &l["error"]["status"])).collect();
    assert_eq!(errors, [(&json!(2), &json!(400)), (&json!(3), &json!(422)), (&json!(6), &json!(422))]);
    assert_eq!(lines[2]["error"]["errors"][0]["pointer"], "/nmae");
    assert_eq!(service.get("/v1/comments").await.body["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_thousand_lines_go_through_and_one_more_is_refused() {
    let service = Service::start().await.all_powerful();
    let body = |n: usize| {
        (0..n).map(|i| format!("{}\n", json!({ "text": format!("Comment number {i}") }))).collect::<String>()
    };
    let answer = batch(&service, body(1_000)).await;
    assert_eq!(lines(&answer).iter().filter(|line| line["id"].is_string()).count(), 1_000);
    batch(&service, body(1_001)).await.is_problem(422);
}

#[tokio::test]
async fn the_same_batch_with_the_same_key_stores_nothing_more() {
    let service = Service::start().await.all_powerful();
    let send = async || {
        let request =
            service.request(Method::POST, "/v1/comments/batch").header("content-type", "application/x-ndjson");
        let request = request.header("Idempotency-Key", "night-1").body("{\"text\": \"One\"}\n{\"text\": \"Two\"}\n");
        Answer::of(request.send().await.expect("an answer")).await
    };
    let (first, second) = (send().await, send().await);
    assert_eq!(first.text, second.text);
    assert_eq!(service.get("/v1/comments").await.body["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn the_same_comment_twice_in_a_batch_is_an_edit() {
    let service = Service::start().await.all_powerful();
    let body = "{\"text\": \"As first written.\", \"external_id\": \"a\"}\n{\"text\": \"As corrected.\", \"external_id\": \"a\"}\n";
    let answer = batch(&service, body.to_owned()).await;
    let lines = lines(&answer);
    assert_eq!(lines[0]["id"], lines[1]["id"], "{}", answer.text);
    let path = format!("/v1/comments/{}", lines[0]["id"].as_str().expect("an id"));
    assert_eq!(service.get(&path).await.body["text"], "As corrected.");
}

#[tokio::test]
async fn a_batch_that_is_no_batch_is_refused() {
    let service = Service::start().await;
    service.post("/v1/comments/batch", json!({ "text": "JSON, not lines of it" })).await.is_problem(415);
    let answer =
        service.http.post(format!("{}/v1/comments/batch", service.url)).header("content-type", "application/x-ndjson");
    Answer::of(answer.body("{\"text\": \"a\"}").send().await.expect("an answer")).await.is_problem(401);
}

#[tokio::test]
async fn a_batch_says_how_much_is_allowed() {
    let service = Service::with(&[("MODERATO_LIMITS_SITE", "2/min")]).await;
    let answer =
        batch(&service, "{\"text\": \"One.\"}\n{\"text\": \"Two.\"}\n{\"text\": \"Three.\"}\n".to_owned()).await;
    assert_eq!((answer.status, answer.header("ratelimit-policy")), (200, "\"site\";q=2;w=60"));
    let refused: Vec<_> = lines(&answer).iter().map(|line| line["error"]["limit"].clone()).collect();
    assert_eq!(refused, [Value::Null, Value::Null, json!("site")]);
}
