//! Plain HTML forms, with WordPress' field names.

use reqwest::Method;
use reqwest::redirect::Policy;

use crate::harness::{Answer, Service};

const HTML: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

struct Browser<'a> {
    service: &'a Service,
    http: reqwest::Client,
    accept: &'a str,
}

impl<'a> Browser<'a> {
    fn new(service: &'a Service, accept: &'a str) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none()).build().expect("a client");
        Self { service, http, accept }
    }

    async fn post(&self, fields: &[(&str, &str)], headers: &[(&'static str, &str)]) -> Answer {
        let body: String = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = self
            .http
            .request(Method::POST, format!("{}/v1/comments", self.service.url))
            .header("Accept", self.accept)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send().await.expect("an answer")).await
    }
}

#[tokio::test]
async fn a_browser_is_sent_back_to_the_page_with_the_decision() {
    let service = Service::start().await;
    let browser = Browser::new(&service, HTML);
    let fields = [
        ("author", "Ann"),
        ("email", "ann@example.org"),
        ("url", ""),
        ("comment", "I was there yesterday, and it was closed."),
        ("comment_post_ID", "7"),
        ("comment_parent", "0"),
        ("submit", "Post Comment"),
        ("key", &service.key),
    ];
    let origin = [("Origin", "https://news.example"), ("Referer", "https://news.example/a/42?x=1")];
    let answer = browser.post(&fields, &origin).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let location = url::Url::parse(answer.header("location")).expect("an address");
    assert_eq!((location.host_str(), location.path()), (Some("news.example"), "/a/42"));
    let query: Vec<(String, String)> = location.query_pairs().into_owned().collect();
    assert_eq!(query[0], ("x".to_owned(), "1".to_owned()));
    assert!(["approve", "hold", "reject"].contains(&query[1].1.as_str()) && query[1].0 == "decision", "{query:?}");
}

#[tokio::test]
async fn a_program_that_posts_a_form_gets_json() {
    let service = Service::start().await;
    let bearer = format!("Bearer {}", service.key);
    let answer = Browser::new(&service, "*/*")
        .post(&[("comment", "Hello there, all of you")], &[("Authorization", &bearer)])
        .await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert!(answer.body["decision"].is_string());
}

#[tokio::test]
async fn a_mistake_is_told_in_words_and_a_stranger_cannot_write_into_the_page() {
    let service = Service::start().await;
    let browser = Browser::new(&service, HTML);
    let empty = browser.post(&[("comment", " "), ("key", &service.key)], &[]).await;
    assert_eq!(empty.status, 422);
    assert!(empty.header("content-type").starts_with("text/html"));
    assert!(empty.text.contains("Please enter your comment!"), "{}", empty.text);
    let hostile =
        browser.post(&[("comment", "a"), ("<script>alert(1)</script>", "x"), ("key", &service.key)], &[]).await;
    assert_eq!(hostile.status, 422);
    assert!(!hostile.text.contains("<script>"), "{}", hostile.text);
    assert!(hostile.header("content-security-policy").starts_with("default-src 'none'"));
}

#[tokio::test]
async fn a_key_that_may_do_more_than_submit_is_refused_in_a_form() {
    let service = Service::start().await.all_powerful();
    let answer = Browser::new(&service, HTML).post(&[("comment", "Hello"), ("key", &service.key)], &[]).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn a_browser_is_never_led_to_a_foreign_page() {
    let service = Service::start().await;
    let fields = [
        ("comment", "Hello there"),
        ("page", "https://evil.example/"),
        ("redirect_to", "https://evil.example/"),
        ("key", &service.key),
    ];
    let answer = Browser::new(&service, HTML).post(&fields, &[("Origin", "https://news.example")]).await;
    assert_eq!(answer.status, 201);
    assert!(answer.text.contains("received") || answer.text.contains("published"), "{}", answer.text);
}

#[tokio::test]
async fn a_form_that_is_not_utf_8_is_refused() {
    let service = Service::start().await;
    let answer = service
        .request(Method::POST, "/v1/comments")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("comment=caf%E9")
        .send()
        .await
        .expect("an answer");
    Answer::of(answer).await.is_problem(400);
}
