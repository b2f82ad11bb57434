//! What everybody may read: the published comments of a page.

use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, Service};

const PAGE: &str = "https://news.example/a/42?x=1&y=2";

async fn thread(service: &Service, query: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = service.http.get(format!("{}/v1/thread?{query}", service.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::of(request.send().await.expect("an answer")).await
}

fn of_page(page: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("page", page).finish()
}

async fn publish(service: &Service, mut comment: serde_json::Value) -> String {
    comment["page"] = json!(PAGE);
    let id = service.comment(comment).await["id"].as_str().expect("an id").to_owned();
    let path = format!("/v1/comments/{id}");
    let patched = service.request(Method::PATCH, &path).json(&json!({ "status": "approved" })).send().await;
    assert_eq!(patched.expect("an answer").status(), 200);
    id
}

#[tokio::test]
async fn only_approved_comments_are_shown_and_nothing_private_of_them() {
    let service = Service::start().await.all_powerful();
    let first = publish(&service, json!({ "text": "<b>First</b>", "name": "Ann", "email": "ann@example.org", "ip": "203.0.113.9", "url": "https://ann.example" })).await;
    let second = publish(&service, json!({ "text": "Second", "parent_id": first, "url": "javascript:alert(1)" })).await;
    let held =
        service.comment(json!({ "text": "Third", "page": PAGE })).await["id"].as_str().expect("an id").to_owned();
    let patched =
        service.request(Method::PATCH, &format!("/v1/comments/{held}")).json(&json!({ "status": "held" })).send().await;
    assert_eq!(patched.expect("an answer").status(), 200);

    let answer = thread(&service, &of_page(PAGE), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let items = answer.body["items"].as_array().expect("items");
    assert_eq!(items.iter().map(|item| item["id"].as_str().expect("an id")).collect::<Vec<_>>(), [&first, &second]);
    let names: Vec<&String> = items[0].as_object().expect("an object").keys().collect();
    assert_eq!(names, ["created_at", "id", "name", "parent_id", "text", "url"]);
    assert_eq!((&items[0]["text"], &items[0]["url"]), (&json!("<b>First</b>"), &json!("https://ann.example")));
    assert_eq!((&items[1]["parent_id"], &items[1]["url"]), (&json!(first), &json!(null)));
    for private in ["ann@example.org", "203.0.113", "score"] {
        assert!(!answer.text.contains(private), "{private} in {}", answer.text);
    }
    assert_eq!(thread(&service, &of_page("https://news.example/other"), &[]).await.body["items"], json!([]));
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let service = Service::start().await.all_powerful();
    publish(&service, json!({ "text": "First" })).await;
    let first = thread(&service, &of_page(PAGE), &[]).await;
    assert!(first.header("cache-control").starts_with("public, max-age="), "{:?}", first.headers);
    let etag = first.header("etag").to_owned();
    let second = thread(&service, &of_page(PAGE), &[("if-none-match", &etag)]).await;
    assert_eq!((second.status, second.text.as_str(), second.header("etag")), (304, "", etag.as_str()));
    publish(&service, json!({ "text": "Second" })).await;
    assert_eq!(thread(&service, &of_page(PAGE), &[("if-none-match", &etag)]).await.status, 200);
}

#[tokio::test]
async fn a_long_thread_comes_in_parts() {
    let service = Service::start().await.all_powerful();
    for n in 0..5 {
        publish(&service, json!({ "text": format!("Comment number {n}") })).await;
    }
    let (mut texts, mut cursor) = (Vec::new(), None);
    loop {
        let cursor_part = cursor.map_or(String::new(), |cursor: String| format!("&cursor={cursor}"));
        let part = thread(&service, &format!("{}&limit=2{cursor_part}", of_page(PAGE)), &[]).await;
        texts.extend(part.body["items"].as_array().expect("items").iter().map(|item| item["text"].clone()));
        cursor = part.body["next"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    let wanted: Vec<_> = (0..5).map(|n| json!(format!("Comment number {n}"))).collect();
    assert_eq!(texts, wanted);
}

#[tokio::test]
async fn pages_of_a_site_may_read_it_and_foreign_pages_may_not() {
    let service = Service::start().await;
    service.run(&["site", "create", "news", "--url", "https://news.example"]);
    service.run(&["key", "create", "--site", "news"]);
    // Another process made the site; with a key that was never seen before, the service looks for news at once.
    let unknown =
        service.http.get(format!("{}/v1/comments", service.url)).bearer_auth("mod_0000000000001_x").send().await;
    assert_eq!(unknown.expect("an answer").status(), 401);
    let allowed = async |origin: &str, page: &str| {
        let answer = thread(&service, &of_page(page), &[("origin", origin)]).await;
        assert_eq!(answer.status, 200);
        answer.header("access-control-allow-origin").to_owned()
    };
    assert_eq!(allowed("https://news.example", PAGE).await, "https://news.example");
    assert_eq!(allowed("https://blog.example", "https://blog.example/x").await, "https://blog.example");
    assert_eq!(allowed("https://evil.example", PAGE).await, "");
    assert_eq!(allowed("null", PAGE).await, "");
    let preflight = service.http.request(Method::OPTIONS, format!("{}/v1/comments", service.url));
    let preflight = preflight.header("origin", "https://news.example").header("access-control-request-method", "POST");
    let answer =
        Answer::of(preflight.header("access-control-request-headers", "content-type").send().await.expect("an answer"))
            .await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://news.example");
    assert!(answer.header("access-control-allow-headers").contains("content-type"));
    // A script of the page must see where the comment is, and how long it has to wait.
    let asked = thread(&service, &of_page(PAGE), &[("origin", "https://news.example")]).await;
    for name in ["link", "location", "retry-after", "ratelimit", "x-request-id"] {
        let shown = asked.header("access-control-expose-headers");
        assert!(shown.split(',').any(|header| header == name), "{name}: {shown}");
    }
}

#[tokio::test]
async fn a_thread_of_no_page_is_refused() {
    let service = Service::start().await;
    for (query, pointer) in [
        ("", "/page"),
        ("page=", "/page"),
        ("page=x&limit=0", "/limit"),
        ("page=x&cursor=1", "/cursor"),
        ("page=x&sort=up", "/sort"),
    ] {
        let answer = thread(&service, query, &[]).await;
        answer.is_problem(422);
        assert_eq!(answer.pointers(), [pointer]);
    }
}
