//! What happens, told as it happens.

use reqwest::Response;
use serde_json::{Value, json};

use crate::harness::{Answer, Service};

/// A stream of events, read one by one.
struct Events {
    response: Response,
    text: String,
}

impl Events {
    async fn of(service: &Service, after: Option<&str>) -> Self {
        let mut request = service.request(reqwest::Method::GET, "/v1/events");
        if let Some(id) = after {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event: its id, its name, its data.
    async fn next(&mut self) -> (String, String, Value) {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    line.unwrap_or_default().to_owned()
                };
                if !field("id").is_empty() {
                    let data = serde_json::from_str(&field("data")).expect("JSON");
                    return (field("id"), field("event"), data);
                }
                continue;
            }
            let chunk = self.response.chunk().await.expect("more of it").expect("no end");
            self.text.push_str(&String::from_utf8_lossy(&chunk));
        }
    }
}

#[tokio::test]
async fn comments_and_decisions_are_told_in_order_and_resumed() {
    let service = Service::start().await.all_powerful();
    let mut events = Events::of(&service, None).await;
    let first = service.comment(json!({ "text": "The first comment of the day." })).await;
    let path = format!("/v1/comments/{}", first["id"].as_str().expect("an id"));
    let (id, name, data) = events.next().await;
    assert_eq!(
        (name.as_str(), &data["type"], &data["data"]["comment"]["id"]),
        ("comment.created", &json!("comment.created"), &first["id"])
    );
    let patch = service.request(reqwest::Method::PATCH, &path).json(&json!({ "status": "rejected", "reason": "spam" }));
    assert_eq!(patch.send().await.expect("an answer").status(), 200);
    let (_, name, data) = events.next().await;
    assert_eq!(name, "comment.decided");
    assert_eq!(
        (&data["data"]["status"], &data["data"]["previous_status"], &data["data"]["reason"]),
        (&json!("rejected"), &first["status"], &json!("spam"))
    );
    drop(events);

    let second = service.comment(json!({ "text": "The second comment of the day." })).await;
    let mut resumed = Events::of(&service, Some(&id)).await;
    let told = [resumed.next().await, resumed.next().await];
    assert_eq!(told.each_ref().map(|(_, name, _)| name.as_str()), ["comment.decided", "comment.created"]);
    assert_eq!(told[1].2["data"]["comment_id"], second["id"]);
}

#[tokio::test]
async fn one_site_does_not_hear_of_another() {
    let service = Service::start().await.all_powerful();
    service.run(&["site", "create", "other", "--url", "https://other.example"]);
    let other = service.run(&["key", "create", "--site", "other", "--scopes", "submit"]);
    let mut events = Events::of(&service, None).await;
    let request = service.http.post(format!("{}/v1/comments", service.url)).bearer_auth(other);
    assert_eq!(request.json(&json!({ "text": "On another site." })).send().await.expect("an answer").status(), 201);
    let own = service.comment(json!({ "text": "On our own." })).await;
    assert_eq!(events.next().await.2["data"]["comment_id"], own["id"]);
}

#[tokio::test]
async fn an_id_that_is_none_is_refused() {
    let service = Service::start().await.all_powerful();
    let request = service.request(reqwest::Method::GET, "/v1/events").header("last-event-id", "yesterday");
    let answer = Answer::of(request.send().await.expect("an answer")).await;
    answer.is_problem(422);
    assert_eq!(answer.pointers(), ["/Last-Event-ID"]);
}
