//! Where a site that asked for it is called back: its own address wherever that is, and no other that is not public.

use reqwest::Method;
use serde_json::json;

use crate::harness::Service;
use crate::webhooks::Receiver;

/// A comment that asks to be told at `callback` when its verdict changes, and is rejected then.
async fn rejected(service: &Service, key: &str, text: &str, callback: &str) {
    let form = [
        ("api_key", key),
        ("blog", "https://blog.example/"),
        ("user_ip", "203.0.113.9"),
        ("comment_content", text),
        ("callback", callback),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let asked = service.http.post(format!("{}/1.1/comment-check", service.url)).body(body).send().await;
    let answer = asked.expect("an answer");
    let id = answer.headers()["x-akismet-guid"].to_str().expect("an id").to_owned();
    let patch = service.request(Method::PATCH, &format!("/v1/comments/{id}")).json(&json!({ "status": "rejected" }));
    assert_eq!(patch.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn a_site_on_a_private_network_is_called_back_at_its_own_origin_and_nowhere_else() {
    let (home, stranger) = (Receiver::start().await, Receiver::start().await);
    let mut service = Service::start().await;
    service.run(&["site", "create", "home", "--url", &home.url]);
    let short = service.run(&["key", "create", "--site", "home", "--akismet"]);
    service.key = service.run(&["key", "create", "--site", "home", "--scopes", "submit,read,moderate"]);
    rejected(&service, &short, "The bridge has been closed since March.", &stranger.url).await;
    rejected(&service, &short, "Nobody has told us when the market will open again.", &home.url).await;
    let told = home.wait_for(1).await;
    assert_eq!((&told[0].body["key"], &told[0].body["comments"][0]["result"]), (&json!(short), &json!("true")));
    // The stranger's turn was before, and was refused.
    let waiting = "SELECT COUNT(*) FROM outbox WHERE attempts > 0";
    while service.number(waiting).await == 0 {
        tokio::task::yield_now().await;
    }
    assert!(stranger.arrivals().is_empty());
}
