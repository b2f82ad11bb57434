//! Those who comment: the page to try, what became of a comment, and a second look.

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

    /// Sends the form of `/try` with what is typed; status, and where the browser is led.
    async fn comment(&self, typed: &[(&str, &str)]) -> (u16, String, String) {
        let (_, page) = self.open("/try").await;
        let mut fields: Vec<(String, String)> = page
            .split("<input type=\"hidden\" name=\"")
            .skip(1)
            .filter_map(|input| {
                let (name, rest) = input.split_once("\" value=\"")?;
                Some((name.to_owned(), rest.split_once('"')?.0.replace("&#38;", "&")))
            })
            .collect();
        for (name, value) in typed {
            fields.retain(|(n, _)| n != name);
            fields.push(((*name).to_owned(), (*value).to_owned()));
        }
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let answer = self
            .http
            .post(format!("{}/v1/comments", self.service.url))
            .header("Accept", HTML)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Referer", format!("{}/try", self.service.url))
            .header("Origin", &self.service.url)
            .body(body)
            .send()
            .await
            .expect("an answer");
        let location = answer.headers().get("location").and_then(|l| l.to_str().ok()).unwrap_or_default().to_owned();
        (answer.status().as_u16(), location, answer.text().await.expect("a body"))
    }
}

fn query(location: &str, name: &str) -> String {
    let url = url::Url::parse(location).expect("an address");
    url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[tokio::test]
async fn the_page_to_try_publishes_comments_and_answers_without_script() {
    let service = Service::start().await;
    let visitor = Visitor::new(&service);
    let (status, page) = visitor.open("/try").await;
    assert_eq!(status, 200);
    for expected in [
        "Leave a Reply",
        "Save my name, email, and website",
        "Please enter your comment!",
        "Please enter your name here",
    ] {
        assert!(page.contains(expected), "{expected}");
    }
    let text = "I was there yesterday, and the <b>old bridge</b> is much quieter now.";
    let (status, location, said) =
        visitor.comment(&[("comment", text), ("author", "Ann"), ("email", "ann@example.org"), ("url", "")]).await;
    assert_eq!(status, 303, "{said}");
    assert_eq!(query(&location, "decision"), "approve", "{location}");
    let path = location.strip_prefix(&service.url).expect("on the service").to_owned();
    let (_, page) = visitor.open(&path).await;
    assert!(page.contains("Your comment is published") && page.contains("/status/"), "{page}");
    assert!(page.contains("old bridge") && !page.contains("<b>old bridge"), "{page}");
    let id = query(&location, "comment");
    let (_, page) = visitor.open(&format!("/try?reply={id}")).await;
    assert!(
        page.contains("Reply to Ann") && page.contains(&format!("name=\"comment_parent\" value=\"{id}\"")),
        "{page}"
    );
    let answer = "That is what my neighbour says as well, and she lives beside it.";
    visitor.comment(&[("comment", answer), ("author", "Bo"), ("comment_parent", &id)]).await;
    let (_, page) = visitor.open("/try").await;
    let (before, after) = page.split_once("<ol>").expect("an answer below");
    assert!(before.contains("old bridge") && after.contains("my neighbour"), "{page}");
    assert!(!page.contains("ann@example.org"));
}

#[tokio::test]
async fn what_is_missing_is_said_and_nothing_is_sent() {
    let service = Service::start().await;
    let visitor = Visitor::new(&service);
    let (status, _, page) = visitor.comment(&[("comment", " "), ("author", "Ann")]).await;
    assert!(status == 422 && page.contains("Please enter your comment!"), "{page}");
    let (status, _, page) = visitor.comment(&[("comment", "Hello there"), ("author", " ")]).await;
    assert!(status == 422 && page.contains("Please enter your name here"), "{page}");
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

#[tokio::test]
async fn the_page_to_try_can_be_switched_off() {
    let service = Service::with(&[("MODERATO_TRY_PAGE", "false")]).await;
    assert_eq!(service.get("/try").await.status, 404);
}
