//! Everything that is wrong with a request gets the right status and a sentence that helps.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{Answer, Service};

async fn raw(service: &Service, body: impl Into<reqwest::Body>, kind: &str) -> Answer {
    let request = service.request(Method::POST, "/v1/comments").header("Content-Type", kind).body(body);
    Answer::of(request.send().await.expect("an answer")).await
}

#[tokio::test]
async fn bodies_that_are_no_submission() {
    let service = Service::start().await;
    let json = "application/json";
    let nested = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    let deep = format!("{{\"text\":{nested}}}");
    let malformed: [(&str, Vec<u8>); 7] = [
        ("no body", Vec::new()),
        ("not JSON", b"text=hello".to_vec()),
        ("cut off", b"{\"text\": \"hel".to_vec()),
        ("broken UTF-8", b"{\"text\": \"\xff\xfe\"}".to_vec()),
        ("a lone surrogate", br#"{"text": "\ud800"}"#.to_vec()),
        ("60,000 brackets", deep.into_bytes()),
        ("an endless number", b"{\"text\": 1e400}".to_vec()),
    ];
    for (what, body) in malformed {
        let answer = raw(&service, body, json).await;
        assert!([400, 422].contains(&answer.status), "{what}: {}", answer.text);
        answer.is_problem(answer.status);
    }
    for body in ["[]", "7", "null", "\"text\""] {
        let answer = raw(&service, body, json).await;
        answer.is_problem(422);
        // The empty pointer is the whole body (RFC 6901).
        assert_eq!(answer.pointers(), [""]);
    }
    for (body, pointer) in [
        (json!({}), "/text"),
        (json!({ "text": "   \n " }), "/text"),
        (json!({ "text": 7 }), "/text"),
        (json!({ "text": "a\u{0}b" }), "/text"),
        (json!({ "text": "x".repeat(20_001) }), "/text"),
        (json!({ "text": "a", "name": "n".repeat(60_000) }), "/name"),
        (json!({ "text": "a", "email": "not an address" }), "/email"),
        (json!({ "text": "a", "nmae": "Ann" }), "/nmae"),
        (json!({ "text": "a", "ip": "999.1.1.1" }), "/ip"),
        (json!({ "text": "a", "elapsed_ms": -5 }), "/elapsed_ms"),
        (json!({ "text": "a", "submitted_at": "yesterday" }), "/submitted_at"),
        (json!({ "text": "a", "parent_id": "!" }), "/parent_id"),
    ] {
        let answer = service.post("/v1/comments", body).await;
        answer.is_problem(422);
        assert_eq!(answer.pointers(), [pointer]);
    }
    assert_eq!(
        service.comment(json!({ "text": "x".repeat(20_000) })).await["status"].as_str().map(str::is_empty),
        Some(false)
    );
}

#[tokio::test]
async fn all_mistakes_are_told_at_once() {
    let service = Service::start().await;
    let answer = service.post("/v1/comments", json!({ "txt": "a", "email": "b", "ip": 1 })).await;
    answer.is_problem(422);
    assert_eq!(answer.pointers(), ["/text", "/email", "/ip", "/txt"]);
}

#[tokio::test]
async fn bodies_that_are_too_large_or_of_another_kind() {
    let service = Service::start().await;
    raw(&service, vec![b' '; 10 * 1024 * 1024], "application/json").await.is_problem(413);
    let name = json!({ "text": "a", "name": "n".repeat(100_000) }).to_string();
    raw(&service, name, "application/json").await.is_problem(413);
    raw(&service, "<a/>", "application/xml").await.is_problem(415);
    raw(&service, "{}", "").await.is_problem(415);
    let request = service.request(Method::POST, "/v1/comments").header("Content-Encoding", "gzip");
    Answer::of(request.json(&json!({ "text": "a" })).send().await.expect("an answer")).await.is_problem(415);
    let plain = service.request(Method::POST, "/v1/comments").header("Content-Encoding", "identity");
    assert_eq!(plain.json(&json!({ "text": "a" })).send().await.expect("an answer").status(), 201);
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_off_at_the_limit() {
    let service = Service::start().await;
    let address = service.url.trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&address).await.expect("connected");
    let head = format!(
        "POST /v1/comments HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
        service.key
    );
    stream.write_all(head.as_bytes()).await.expect("written");
    let chunk = format!("2000\r\n{}\r\n", " ".repeat(0x2000));
    for _ in 0..200 {
        // The service may have hung up by now, which is what is tested.
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let mut answer = vec![0; 200];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await.expect("in time");
    if let Ok(read @ 1..) = read {
        assert!(answer[..read].starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer[..read]));
    }
}

#[tokio::test]
async fn keys_that_do_not_fit() {
    let service = Service::start().await;
    let call = async |authorization: Option<String>, method: Method, path: &str| {
        let mut request = service.http.request(method, format!("{}{path}", service.url)).json(&json!({ "text": "a" }));
        if let Some(value) = authorization {
            request = request.header("Authorization", value);
        }
        Answer::of(request.send().await.expect("an answer")).await
    };
    let post = async |authorization| call(authorization, Method::POST, "/v1/comments").await;
    let none = post(None).await;
    none.is_problem(401);
    assert_eq!(none.header("www-authenticate"), "Bearer");
    for wrong in ["Bearer", "Bearer nonsense", "Basic YTpi", "Bearer mod_0000000000000_AAAA"] {
        post(Some(wrong.to_owned())).await.is_problem(401);
    }
    let mut guessed = service.key.clone();
    guessed.pop();
    guessed.push('~');
    post(Some(format!("Bearer {guessed}"))).await.is_problem(401);

    let submit_only = format!("Bearer {}", service.key);
    call(Some(submit_only.clone()), Method::GET, "/v1/comments").await.is_problem(403);
    let read_only = service.run(&["key", "create", "--site", "default", "--scopes", "read"]);
    post(Some(format!("Bearer {read_only}"))).await.is_problem(403);

    assert_eq!(post(Some(submit_only.clone())).await.status, 201);
    let id = service.key.split('_').nth(1).expect("an id");
    service.run(&["key", "revoke", id]);
    let revoked = post(Some(submit_only)).await;
    revoked.is_problem(401);
    assert!(revoked.text.contains("revoked"), "{}", revoked.text);
}

#[tokio::test]
async fn addresses_and_methods_that_do_not_exist() {
    let service = Service::start().await;
    service.get("/v1/nothing").await.is_problem(404);
    service.get("/v1/comments/zzz").await.is_problem(403);
    let delete = service.request(Method::DELETE, "/v1/comments").send().await.expect("an answer");
    let delete = Answer::of(delete).await;
    delete.is_problem(405);
    assert!(delete.header("allow").contains("POST"));
}

#[tokio::test]
async fn a_well_formed_request_id_is_kept_and_another_replaced() {
    let service = Service::start().await;
    let get = async |id: &str| {
        let request = service.request(Method::GET, "/v1/nothing").header("X-Request-Id", id);
        Answer::of(request.send().await.expect("an answer")).await.header("x-request-id").to_owned()
    };
    assert_eq!(get("abc-123").await, "abc-123");
    assert_eq!(get("has blanks").await.len(), 32);
    assert_eq!(get(&"x".repeat(129)).await.len(), 32);
}

#[tokio::test]
async fn clients_that_never_finish_their_request_are_hung_up_on() {
    let service = Service::with(&[("MODERATO_HTTP_HEADER_TIMEOUT", "1")]).await;
    let address = service.url.trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(&address).await.expect("connected");
        stream.write_all(b"POST /v1/comments HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.expect("written");
        slow.push(stream);
    }
    assert!(service.comment(json!({ "text": "Others are served meanwhile." })).await["id"].is_string());
    for mut stream in slow {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "a slow client is still connected");
    }
}

#[tokio::test]
async fn smuggled_and_broken_heads_are_refused() {
    let service = Service::start().await;
    let address = service.url.trim_start_matches("http://").to_owned();
    for head in [
        "POST /v1/comments HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: x\r\n folded: y\r\n\r\n",
        "GET /healthz HTTP/9.9\r\n\r\n",
        "\u{0}\u{1}\u{2}\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(&address).await.expect("connected");
        stream.write_all(head.as_bytes()).await.expect("written");
        let mut answer = Vec::new();
        let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await.expect("in time");
        let first = String::from_utf8_lossy(&answer);
        assert!(
            first.is_empty() || first.starts_with("HTTP/1.1 400") || first.starts_with("HTTP/1.0 400"),
            "{head:?}: {first}"
        );
    }
}
