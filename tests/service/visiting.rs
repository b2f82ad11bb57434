//! Those who comment: what became of a comment, and a second look.

use reqwest::redirect::Policy;
use serde_json::json;

use crate::harness::Service;

const HTML: &str = "text/html,application/xhtml+xml";

/// A browser without a line of script.
struct Visitor<'a> {
    service: &'a Service,
    http: reqwest::Client,
}

impl<'a> Visitor<'a> {
    fn new(service: &'a Service) -> Self {
        Self { service, http: reqwest::Client::builder().redirect(Policy::none()).build().expect("a client") }
    }

    async fn open(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(format!("{}{path}", self.service.url)).header("Accept", HTML).send().await;
        let answer = answer.expect("an answer");
        assert!(answer.headers()["content-security-policy"].to_str().is_ok_and(|p| !p.contains("unsafe-")));
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }
}

#[tokio::test]
async fn an_author_sees_what_became_of_a_comment_and_may_ask_once_for_a_second_look() {
    let service = Service::start().await.all_powerful();
    let visitor = Visitor::new(&service);
    let answer = service
        .request(reqwest::Method::POST, "/v1/comments")
        .json(&json!({ "text": "I was there yesterday, and it was closed.", "page": "https://site.example/a" }))
        .send()
        .await
        .expect("an answer");
    let link = answer.headers()["link"].to_str().expect("text").to_owned();
    let status = link.split_once('<').and_then(|(_, rest)| rest.split_once('>')).expect("a link").0.to_owned();
    let id = answer.json::<serde_json::Value>().await.expect("JSON")["id"].as_str().expect("an id").to_owned();
    let (_, page) = visitor.open(&status).await;
    assert!(page.contains("Received") && page.contains("Your comment is published"), "{page}");

    let decide = json!({ "ids": [id], "status": "rejected", "reason": "off-topic" });
    assert_eq!(service.post("/v1/decisions", decide.clone()).await.status, 200);
    let (_, page) = visitor.open(&status).await;
    assert!(page.contains("not published") && page.contains("subject of the page"), "{page}");
    let appeal = || async {
        let request = visitor.http.post(format!("{}{status}/appeal", service.url)).header("Accept", HTML);
        let request =
            request.header("Content-Type", "application/x-www-form-urlencoded").body("words=Please+read+it+again");
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(appeal().await, 303);
    let (_, page) = visitor.open(&status).await;
    assert!(page.contains("waits for a moderator") && page.contains("You asked for a second look"), "{page}");
    let stored = service.get(&format!("/v1/comments/{id}")).await.body;
    assert_eq!(stored["status"], "held");
    let history = service.get(&format!("/v1/comments/{id}/history")).await.body;
    let last = history["items"].as_array().and_then(|items| items.last()).expect("an event").clone();
    assert_eq!(
        (&last["kind"], &last["actor"], &last["note"]),
        (&json!("appealed"), &json!("author"), &json!("Please read it again"))
    );

    assert_eq!(service.post("/v1/decisions", decide).await.status, 200);
    assert_eq!(appeal().await, 303);
    assert_eq!(service.get(&format!("/v1/comments/{id}")).await.body["status"], "rejected", "one appeal, not two");
    let (code, _) = visitor.open(&format!("{}A", &status[..status.len() - 1])).await;
    assert!(code == 404 || status.ends_with('A'));
}
