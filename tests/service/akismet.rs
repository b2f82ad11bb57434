//! The Akismet-compatible API, as its many clients speak it.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::harness::{Answer, Service};
use crate::webhooks::{LOOPBACK, Receiver};

const SPAM: &str = "Get a l\u{43e}an in 5 minutes!!! https://easy-cash.example/apply?ref=7 or WhatsApp +1 555 010 9999";
const HAM: &str = "The bridge has been closed since March, and nobody has told us when it will open again.";
const THANKS: &str = "Thanks for making the web a better place.";

/// A service with a short key.
struct Site {
    service: Service,
    key: String,
}

impl Site {
    async fn start() -> Self {
        Self::with(&[]).await
    }

    async fn with(environment: &[(&str, &str)]) -> Self {
        let service = Service::with(environment).await.all_powerful();
        let key = service.run(&["key", "create", "--site", "default", "--akismet"]);
        Self { service, key }
    }

    /// A call with the fields that every call has, and these.
    async fn call(&self, name: &str, fields: &[(&str, &str)]) -> Answer {
        self.as_client("", name, fields).await
    }

    async fn as_client(&self, agent: &str, name: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all =
            vec![("api_key", self.key.as_str()), ("blog", "https://blog.example/"), ("user_ip", "203.0.113.9")];
        all.extend(fields);
        let request = self.service.http.post(format!("{}/1.1/{name}", self.service.url)).header("user-agent", agent);
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
        Answer::of(request.body(body).send().await.expect("an answer")).await
    }

    async fn raw(&self, path: &str, content_type: Option<&str>, body: impl Into<reqwest::Body>) -> Answer {
        let mut request = self.service.http.post(format!("{}{path}", self.service.url)).body(body);
        if let Some(kind) = content_type {
            request = request.header("content-type", kind);
        }
        Answer::of(request.send().await.expect("an answer")).await
    }

    async fn comments(&self) -> Vec<Value> {
        let list = self.service.get("/v1/comments?limit=200").await.body;
        list["items"].as_array().expect("items").clone()
    }

    async fn history(&self, id: &str) -> Vec<Value> {
        let history = self.service.get(&format!("/v1/comments/{id}/history")).await.body;
        history["items"].as_array().expect("items").clone()
    }

    /// How many labels are stored.
    fn labels(&self) -> Vec<String> {
        let exported = self.service.run(&["export"]);
        let lines = exported.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter_map(|line| line["label"].as_str().map(str::to_owned)).collect()
    }
}

/// Status 200 and exactly this body.
#[track_caller]
fn says(answer: &Answer, body: &str) {
    assert_eq!((answer.status, answer.text.as_str()), (200, body), "{:?}", answer.headers);
}

#[tokio::test]
async fn a_key_of_twelve_characters_is_good_and_any_other_is_not() {
    let site = Site::start().await;
    assert_eq!(site.key.len(), 12, "{}", site.key);
    let good = site.raw("/1.1/verify-key", None, format!("key={}&blog=https://blog.example", site.key)).await;
    says(&good, "valid");
    assert_eq!(good.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!((good.header("x-akismet-debug-help"), good.header("x-akismet-alert-code")), ("", ""));
    for (call, wrong) in
        [("verify-key", "0123456789ab"), ("verify-key", "x"), ("comment-check", "0123456789ab"), ("submit-spam", "")]
    {
        let answer =
            site.raw(&format!("/1.1/{call}"), None, format!("key={wrong}&user_ip=1.2.3.4&comment_content=x")).await;
        says(&answer, "invalid");
        assert!(answer.header("x-akismet-debug-help").len() > 5);
    }
    // Such a key opens nothing else.
    let api = site.service.http.get(format!("{}/v1/comments", site.service.url)).bearer_auth(&site.key).send().await;
    assert_eq!(api.expect("an answer").status(), 401);
}

#[tokio::test]
async fn a_revoked_key_is_good_no_longer() {
    let site = Site::start().await;
    says(&site.call("verify-key", &[]).await, "valid");
    let list = site.service.run(&["key", "list"]);
    let line = list.lines().last().expect("a key");
    site.service.run(&["key", "revoke", line.split('\t').next().expect("an id")]);
    says(&site.call("verify-key", &[]).await, "invalid");
}

#[tokio::test]
async fn the_key_may_stand_in_three_places() {
    let site = Site::start().await;
    let fields = format!("blog=https://blog.example&user_ip=203.0.113.9&comment_content={HAM}");
    for name in ["api_key", "key"] {
        says(&site.raw("/1.1/comment-check", None, format!("{name}={}&{fields}", site.key)).await, "false");
    }
    let host = format!("{}.rest.moderation.example", site.key);
    let request = site.service.http.post(format!("{}/1.1/comment-check", site.service.url)).header("host", host);
    says(&Answer::of(request.body(fields).send().await.expect("an answer")).await, "false");
    says(&site.raw("/1.1/verify-key", None, format!("api_key={}", site.key)).await, "valid");
}

#[tokio::test]
async fn without_a_key_the_one_site_of_that_address_is_meant() {
    let site = Site::start().await;
    site.service.run(&["site", "create", "news", "--url", "https://news.example/"]);
    says(&site.raw("/1.1/verify-key", None, "key=0123456789ab").await, "invalid");
    let check = |blog: &str| format!("blog={blog}&user_ip=203.0.113.9&comment_content={HAM}");
    says(&site.raw("/1.1/comment-check", None, check("https://news.example")).await, "false");
    says(&site.raw("/1.1/comment-check", None, check("https://other.example")).await, "invalid");
    // But nobody without a key teaches anything.
    says(&site.raw("/1.1/submit-spam", None, check("https://news.example")).await, THANKS);
    assert_eq!(site.labels(), Vec::<String>::new());
}

#[tokio::test]
async fn spam_is_true_and_may_be_discarded_and_ham_is_false() {
    let site = Site::start().await;
    let spam = site
        .call(
            "comment-check",
            &[
                ("comment_content", SPAM),
                ("comment_author", "Best Loans"),
                ("comment_author_url", "https://easy-cash.example/loans"),
            ],
        )
        .await;
    says(&spam, "true");
    assert_eq!(spam.header("x-akismet-pro-tip"), "discard");
    let ham =
        site.call("comment-check", &[("comment_content", HAM), ("comment_author", "Ann"), ("classify", "1")]).await;
    says(&ham, "false");
    assert_eq!((ham.header("x-akismet-pro-tip"), ham.header("x-akismet-classification")), ("", "ham"));
    for answer in [&spam, &ham] {
        for absent in ["x-akismet-alert-code", "x-akismet-debug-help", "x-akismet-error"] {
            assert_eq!(answer.header(absent), "", "{absent}");
        }
    }
    let stored = site.comments().await;
    assert_eq!(stored.len(), 2);
    assert_eq!(
        (&stored[0]["id"], &stored[1]["id"]),
        (&json!(ham.header("x-akismet-guid")), &json!(spam.header("x-akismet-guid")))
    );
    assert_eq!((&stored[0]["status"], &stored[1]["status"]), (&json!("approved"), &json!("rejected")));
    assert_eq!((&stored[0]["name"], &stored[0]["ip"]), (&json!("Ann"), &json!("203.0.113.9")));
}

#[tokio::test]
async fn what_is_held_is_said_the_way_the_client_understands() {
    let site = Site::start().await;
    let policy = site
        .service
        .request(reqwest::Method::PUT, "/v1/policy")
        .json(&json!({ "thresholds": { "hold_score": -100.0 } }));
    assert_eq!(policy.send().await.expect("an answer").status(), 200);
    let wordpress = site.as_client("WordPress/6.6 | Akismet/5.3", "comment-check", &[("comment_content", HAM)]).await;
    says(&wordpress, "false");
    assert!(!wordpress.header("x-akismet-error").is_empty() && !wordpress.header("x-akismet-guid").is_empty());
    for other in ["Discourse/3.2 | Akismet/1.0", "akismet.py/25.10", ""] {
        let answer = site.as_client(other, "comment-check", &[("comment_content", HAM)]).await;
        says(&answer, "true");
        assert_eq!((answer.header("x-akismet-error"), answer.header("x-akismet-pro-tip")), ("", ""));
    }
}

#[tokio::test]
async fn promised_values_give_promised_answers_and_spam_wins() {
    let site = Site::start().await;
    for spam in [
        ("comment_author", "viagra-test-123"),
        ("comment_author", "akismet-guaranteed-spam"),
        ("comment_author_email", "akismet-guaranteed-spam@example.com"),
    ] {
        for test in ["0", "1"] {
            let fields = [spam, ("comment_content", HAM), ("is_test", test), ("user_role", "administrator")];
            let answer = site.call("comment-check", &fields).await;
            says(&answer, "true");
            assert!(!answer.header("x-akismet-guid").is_empty());
        }
    }
    says(
        &site.call("comment-check", &[("comment_content", SPAM), ("user_role", "editor, administrator")]).await,
        "false",
    );
    says(&site.call("comment-check", &[("comment_content", SPAM), ("user_role", "subscriber")]).await, "true");
    let stored = site.comments().await;
    assert_eq!(stored.len(), 5);
    assert_eq!(site.history(stored[1]["id"].as_str().expect("an id")).await[1]["reason"], "administrator");
}

#[tokio::test]
async fn a_test_is_not_stored_not_counted_not_limited_and_not_learned_from() {
    let site = Site::with(&[("MODERATO_LIMITS_SITE", "1/min burst 1")]).await;
    for test in ["1", "true"] {
        for _ in 0..5 {
            says(&site.call("comment-check", &[("comment_content", HAM), ("is_test", test)]).await, "false");
            says(&site.call("submit-spam", &[("comment_content", HAM), ("is_test", test)]).await, THANKS);
        }
    }
    assert_eq!((site.comments().await.len(), site.labels().len()), (0, 0));
    let usage = site.raw("/1.2/usage-limit", None, format!("api_key={}", site.key)).await;
    assert_eq!(usage.body, json!({ "limit": "none", "usage": 0, "percentage": "0.00", "throttled": false }));
    // The one that counts is taken, and the next one waits for a person.
    says(&site.call("comment-check", &[("comment_content", HAM)]).await, "false");
    let limited = site.call("comment-check", &[("comment_content", "Another one.")]).await;
    says(&limited, "false");
    assert_eq!(limited.header("x-akismet-error"), "too-many-requests");
}

#[tokio::test]
async fn missing_fields_are_told_with_status_200() {
    let site = Site::start().await;
    for (body, missing) in
        [("user_ip=1.2.3.4", "blog"), ("blog=https://blog.example", "user_ip"), ("blog=&user_ip=1.2.3.4", "blog")]
    {
        let answer =
            site.raw("/1.1/comment-check", None, format!("api_key={}&comment_content=x&{body}", site.key)).await;
        says(&answer, "invalid");
        assert!(answer.header("x-akismet-debug-help").contains(missing), "{:?}", answer.headers);
    }
    says(&site.call("no-such-call", &[]).await, "invalid");
    says(&site.call("comment-check", &[]).await, "false");
}

#[tokio::test]
async fn any_content_type_will_do_and_json_too() {
    let site = Site::start().await;
    let form = format!("api_key={}&blog=https://blog.example&user_ip=203.0.113.9&comment_content={HAM}", site.key);
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded; charset=iso-8859-1"),
        Some("nonsense"),
        Some("APPLICATION/X-WWW-FORM-URLENCODED;charset=UTF-8"),
    ] {
        says(&site.raw("/1.1/comment-check", kind, form.clone()).await, "false");
    }
    let body = json!({ "api_key": site.key, "blog": "https://blog.example", "user_ip": "203.0.113.9", "comment_content": HAM, "comment_context": ["a", "b"], "is_test": false });
    for kind in [None, Some("application/json"), Some("application/json; charset=utf-8")] {
        says(&site.raw("/1.1/submit-ham", kind, body.to_string()).await, THANKS);
    }
    says(&site.raw("/1.1/comment-check", None, Vec::from([0xff, 0xfe, b'%', b'&', b'=', b'='])).await, "invalid");
}

#[tokio::test]
async fn latin_1_and_broken_text_are_read() {
    let site = Site::start().await;
    let start = format!("api_key={}&blog=https://blog.example&user_ip=203.0.113.9", site.key).into_bytes();
    let with = |rest: &[u8]| [start.as_slice(), b"&", rest].concat();
    says(
        &site
            .raw(
                "/1.1/comment-check",
                None,
                with(b"blog_charset=ISO-8859-1&comment_content=Le+caf%E9+\xe9tait+tr%E8s+bon+hier+soir."),
            )
            .await,
        "false",
    );
    let broken =
        site.raw("/1.1/comment-check", None, with(b"blog_charset=UTF-8&comment_content=caf%E9+%FF%00+closed")).await;
    assert_eq!(broken.status, 200);
    let stored = site.comments().await;
    assert_eq!(stored[1]["text"], "Le café était très bon hier soir.");
    assert_eq!(stored[0]["text"], "caf\u{fffd} \u{fffd} closed");
}

#[tokio::test]
async fn arrays_and_a_hundred_other_fields_are_welcome() {
    let site = Site::start().await;
    let mut body = format!("api_key={}&blog=https://blog.example&user_ip=203.0.113.9&comment_content={HAM}", site.key);
    body.push_str("&comment_context[]=a&comment_context[]=b&comment_context%5B0%5D=c&comment_content=Said+twice.");
    for n in 0..150 {
        body.push_str(&format!("&POST_field_{n}={}&HTTP_X_{n}=v", "x".repeat(200)));
    }
    body.push_str(&format!("&user_agent={}&referrer=https://{}.example", "A".repeat(5_000), "b".repeat(4_000)));
    says(&site.raw("/1.1/comment-check", None, body).await, "false");
    assert_eq!(site.comments().await[0]["text"], "Said twice.");
}

#[tokio::test]
async fn the_longest_comment_is_judged_and_a_monstrous_body_is_told() {
    let site = Site::start().await;
    let long = "A sentence about the weather in the mountains. ".repeat(1_394);
    let answer = site.call("comment-check", &[("comment_content", &long)]).await;
    assert!(["true", "false"].contains(&answer.text.as_str()), "{}", answer.text);
    assert_eq!(site.comments().await[0]["text"].as_str().map(str::len), Some(long.trim_end().len().max(long.len())));
    says(&site.raw("/1.1/comment-check", None, "x".repeat(2 * 1024 * 1024)).await, "invalid");
}

#[tokio::test]
async fn http_1_0_with_odd_headers_is_answered() {
    let site = Site::start().await;
    let body = format!(
        "api_key={}&blog=https://blog.example&user_ip=203.0.113.9&comment_content=Fine+weather+today.",
        site.key
    );
    let address = site.service.url.strip_prefix("http://").expect("http");
    for head in [
        "POST /1.1/comment-check HTTP/1.0\r\nhOsT: rest.moderation.example\r\nUSER-AGENT: WordPress/6.6 | Akismet/5.3\r\n",
        "POST /1.1/comment-check HTTP/1.0\r\n",
    ] {
        let mut stream = TcpStream::connect(address).expect("it listens");
        write!(stream, "{head}content-LENGTH: {}\r\n\r\n{body}", body.len()).expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the connection is closed at the end");
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.ends_with("\r\n\r\nfalse"), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nx-akismet-guid: "), "{answer}");
    }
}

#[tokio::test]
async fn a_client_that_asks_before_it_sends_is_told_to_go_on() {
    let site = Site::start().await;
    let body = format!("key={}", site.key);
    let mut stream = TcpStream::connect(site.service.url.strip_prefix("http://").expect("http")).expect("it listens");
    write!(stream, "POST /1.1/verify-key HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len()).expect("written");
    let mut go = [0; 25];
    stream.read_exact(&mut go).expect("an answer");
    assert_eq!(&go, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).expect("written");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    assert!(answer.ends_with("\r\n\r\nvalid"), "{answer}");
}

#[tokio::test]
async fn other_names_of_fields_and_times_in_seconds_are_understood() {
    let site = Site::start().await;
    let fields = [
        ("content_type", "forum-post"),
        ("comment_date_gmt", "1764000000"),
        ("hidden_honeypot_field", "filled"),
        ("comment_content", HAM),
        ("blog_lang", "en, fr_ca"),
    ];
    let answer = site.call("comment-check", &fields).await;
    assert_eq!(answer.status, 200);
    let stored = &site.comments().await[0];
    assert_eq!(stored["submitted_at"], "2025-11-24T16:00:00.000000Z");
    assert_eq!((&stored["honeypot"], &stored["locale"]), (&json!("filled"), &json!("en")));
    assert!(stored["reasons"].as_array().expect("reasons").iter().any(|reason| reason["code"] == "honeypot_filled"));
    let named = [("honeypot_field_name", "trap"), ("trap", "me too"), ("comment_content", HAM)];
    site.call("comment-check", &named).await;
    assert_eq!(site.comments().await[0]["honeypot"], "me too");
}

#[tokio::test]
async fn feedback_finds_the_comment_and_the_last_word_counts() {
    let site = Site::start().await;
    let comment = [
        ("comment_content", HAM),
        ("comment_author", "Ann"),
        ("comment_author_email", "ann@example.org"),
        ("permalink", "https://blog.example/a"),
    ];
    let id = site.call("comment-check", &comment).await.header("x-akismet-guid").to_owned();
    for _ in 0..2 {
        says(&site.call("submit-spam", &comment).await, THANKS);
    }
    assert_eq!((site.comments().await.len(), &site.comments().await[0]["status"]), (1, &json!("rejected")));
    for _ in 0..2 {
        says(&site.call("submit-ham", &comment).await, THANKS);
    }
    assert_eq!(site.comments().await[0]["status"], "approved");
    let steps: Vec<_> =
        site.history(&id).await.iter().map(|event| event["to"].as_str().expect("a status").to_owned()).collect();
    assert_eq!(steps, ["approved", "rejected", "approved"]);
}

#[tokio::test]
async fn feedback_about_an_unknown_comment_is_kept() {
    let site = Site::start().await;
    says(&site.call("submit-spam", &[("comment_content", HAM), ("comment_author", "Ann")]).await, THANKS);
    let stored = site.comments().await;
    assert_eq!((stored.len(), &stored[0]["status"], &stored[0]["text"]), (1, &json!("rejected"), &json!(HAM)));
    says(&site.call("submit-spam", &[("comment_content", HAM), ("comment_author", "Ann")]).await, THANKS);
    assert_eq!(site.comments().await.len(), 1);
}

#[tokio::test]
async fn the_plugin_sends_quotes_with_slashes_first_and_without_later() {
    let site = Site::start().await;
    let plugin = "WordPress/6.6 | Akismet/5.3";
    let (slashed, plain) = (r#"It\'s what they call \"news\" in C:\\dir."#, r#"It's what they call "news" in C:\dir."#);
    site.as_client(plugin, "comment-check", &[("comment_content", slashed)]).await;
    assert_eq!(site.comments().await[0]["text"], plain);
    let again = site
        .as_client(plugin, "comment-check", &[("comment_content", plain), ("recheck_reason", "recheck_queue")])
        .await;
    says(&site.as_client(plugin, "submit-spam", &[("comment_content", plain)]).await, THANKS);
    let stored = site.comments().await;
    assert_eq!((stored.len(), &stored[0]["status"]), (1, &json!("rejected")));
    assert_eq!(again.header("x-akismet-guid"), stored[0]["id"]);
    // A person's decision stands when the plugin asks again.
    says(
        &site.as_client(plugin, "comment-check", &[("comment_content", plain), ("recheck_reason", "retry")]).await,
        "true",
    );
}

#[tokio::test]
async fn a_comment_that_waits_is_not_published_when_the_plugin_asks_again() {
    let site = Site::start().await;
    let policy = site.service.request(reqwest::Method::PUT, "/v1/policy");
    let policy = policy.json(&json!({ "thresholds": { "hold_score": -100.0 } })).send().await.expect("an answer");
    assert_eq!(policy.status(), 200);
    let plugin = "WordPress/6.1 | Akismet/5.0.2";
    let first = site.as_client(plugin, "comment-check", &[("comment_content", HAM)]).await;
    // Beside an error the plugin holds it, whatever the word.
    says(&first, "false");
    assert_eq!(first.header("x-akismet-error"), "held-for-review");
    let again = async |content: &str| {
        site.as_client(plugin, "comment-check", &[("comment_content", content), ("recheck_reason", "retry")]).await
    };
    // Asked again, it looks at the word alone.
    let known = again(HAM).await;
    says(&known, "invalid");
    assert_eq!(
        (known.header("x-akismet-guid"), known.header("x-akismet-debug-help")),
        (first.header("x-akismet-guid"), "")
    );
    says(&again("One that was written while the service was away.").await, "invalid");
    says(&site.as_client("", "comment-check", &[("comment_content", HAM), ("recheck_reason", "retry")]).await, "true");
    let id = first.header("x-akismet-guid");
    let patch = site.service.request(reqwest::Method::PATCH, &format!("/v1/comments/{id}"));
    assert_eq!(patch.json(&json!({ "status": "approved" })).send().await.expect("an answer").status(), 200);
    says(&again(HAM).await, "false");
}

#[tokio::test]
async fn the_account_calls_answer_what_the_plugin_reads() {
    let site = Site::start().await;
    site.call("comment-check", &[("comment_content", HAM)]).await;
    site.call("submit-spam", &[("comment_content", HAM)]).await;
    let test = site.service.http.get(format!("{}/1.1/test", site.service.url)).send().await;
    says(&Answer::of(test.expect("an answer")).await, "connected");
    let subscription = site.call("get-subscription", &[]).await.body;
    assert_eq!(
        (&subscription["status"], &subscription["next_billing_date"], &subscription["limit_reached"]),
        (&json!("active"), &json!(false), &json!(false))
    );
    let stats = site.call("get-stats", &[("from", "all")]).await.body;
    assert_eq!(
        (&stats["spam"], &stats["ham"], &stats["missed_spam"], &stats["accuracy"]),
        (&json!(1), &json!(0), &json!(1), &json!("0.00")),
        "{stats}"
    );
    assert_eq!(stats["breakdown"].as_object().map(serde_json::Map::len), Some(1));
    assert!(site.call("token", &[]).await.text.len() > 20);
    says(&site.call("deactivate", &[]).await, "deactivated");
    let get = async |query: &str| {
        let answer =
            site.service.http.get(format!("{}/1.2/{query}&api_key={}", site.service.url, site.key)).send().await;
        Answer::of(answer.expect("an answer")).await
    };
    assert_eq!(get("usage-limit?extended=true").await.body["usage"], 1);
    let sites = get("key-sites?limit=10").await.body;
    let month =
        sites.as_object().expect("an object").keys().find(|key| key.starts_with("20")).expect("a month").clone();
    assert_eq!((&sites["total"], &sites["limit"], &sites["offset"]), (&json!(1), &json!(10), &json!(0)));
    assert_eq!((&sites[&month][0]["api_calls"], &sites[&month][0]["is_revoked"]), (&json!("1"), &json!(false)));
    let csv = get("key-sites?format=csv&month=2026-01").await.text;
    assert!(
        csv.starts_with(&format!(
            "Active sites for {} during 2026-01 (limit:500, offset: 0, total: 1)\nSite,Total API Calls,",
            site.key
        )),
        "{csv}"
    );
}

#[tokio::test]
async fn wrong_keys_are_limited_by_network() {
    let site = Site::start().await;
    for n in 0..80 {
        says(&site.raw("/1.1/verify-key", None, format!("key={n:012x}")).await, "invalid");
    }
    let answer = site.call("verify-key", &[]).await;
    says(&answer, "invalid");
    assert!(answer.header("x-akismet-debug-help").contains("too many"), "{:?}", answer.headers);
}

#[tokio::test]
async fn two_sites_keys_see_their_own_comments_only() {
    let site = Site::start().await;
    site.service.run(&["site", "create", "other", "--url", "https://other.example"]);
    let other = site.service.run(&["key", "create", "--site", "other", "--akismet"]);
    let id = site.call("comment-check", &[("comment_content", HAM)]).await.header("x-akismet-guid").to_owned();
    let body = format!(
        "api_key={other}&blog=https://blog.example/&user_ip=203.0.113.9&comment_content={HAM}&akismet_guid={id}"
    );
    says(&site.raw("/1.1/submit-spam", None, body).await, THANKS);
    assert_eq!(site.comments().await[0]["status"], "approved");
}

#[tokio::test]
async fn a_changed_verdict_is_told_where_the_site_asked_for_it() {
    let receiver = Receiver::start().await;
    let site = Site::with(&[LOOPBACK]).await;
    let comment = [
        ("comment_content", HAM),
        ("comment_author_email", "ann@example.org"),
        ("comment_post_ID", "12"),
        ("callback", receiver.url.as_str()),
    ];
    let id = site.call("comment-check", &comment).await.header("x-akismet-guid").to_owned();
    // What the site itself says is not told back to it.
    says(&site.call("submit-spam", &comment).await, THANKS);
    says(&site.call("submit-ham", &comment).await, THANKS);
    for status in ["rejected", "held", "rejected", "approved"] {
        let request = site.service.request(reqwest::Method::PATCH, &format!("/v1/comments/{id}"));
        let answer = request.json(&json!({ "status": status })).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }
    // Held has no word; from spam to published takes two.
    let told = receiver.wait_for(4).await;
    let results: Vec<&str> = told.iter().filter_map(|arrival| arrival.body["comments"][0]["result"].as_str()).collect();
    assert_eq!(results, ["true", "true", "false", "false"]);
    assert_eq!(
        told[0].body,
        json!({ "key": site.key, "endpoint": "comment-check", "comments": [{
            "guid": id, "result": "true", "comment_post_ID": "12", "comment_parent": "", "comment_author_email": "ann@example.org",
        }] })
    );
}
