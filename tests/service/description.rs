//! The description of the API and what is served agree.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Answer, Service};

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let of = |(path, item): (&String, &'_ Value)| (path.clone(), item.as_object().expect("operations").clone());
    let mut all = Vec::new();
    for (path, item) in paths.iter().map(of) {
        for method in item.keys() {
            all.push((path.clone(), method.clone(), &document["paths"][&path][method]));
        }
    }
    all
}

#[tokio::test]
async fn every_described_call_is_served_and_every_other_method_is_not() {
    let service = Service::start().await;
    let document = service.get("/openapi.json").await.body;
    assert_eq!(document["openapi"].as_str().and_then(|v| v.get(..3)), Some("3.1"), "{}", document["openapi"]);
    let all = operations(&document);
    assert!(all.len() >= 15, "{}", all.len());
    for (path, method, operation) in &all {
        let address =
            format!("{}{}", service.url, path.replace("{id}", "05a3dwve8e2j6").replace("{undo}", "05a3dwve8e2j6"));
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
        let answer = Answer::of(service.http.request(method.clone(), &address).send().await.expect("an answer")).await;
        let needs_key = operation["security"][0]["key"].is_array();
        let wanted: &[u16] = if needs_key { &[401, 415] } else { &[200, 422] };
        assert!(wanted.contains(&answer.status), "{method} {path}: {}", answer.text);
        assert!(operation["responses"][answer.status.to_string()].is_object(), "{method} {path} {}", answer.status);
        let put = service.http.request(Method::PUT, &address).send().await.expect("an answer");
        if document["paths"][path].get("put").is_none() {
            assert_eq!(put.status(), 405, "{path}");
        }
    }
}

#[tokio::test]
async fn every_call_has_a_name_of_its_own_and_links_lead_to_one() {
    let service = Service::start().await;
    let document = service.get("/openapi.json").await.body;
    let all = operations(&document);
    let names: Vec<&str> = all.iter().filter_map(|(_, _, operation)| operation["operationId"].as_str()).collect();
    let different: std::collections::HashSet<&str> = names.iter().copied().collect();
    assert_eq!((names.len(), different.len()), (all.len(), all.len()), "{names:?}");
    let responses =
        all.iter().flat_map(|(_, _, operation)| operation["responses"].as_object().expect("responses").values());
    let links: Vec<&Value> =
        responses.filter_map(|response| response["links"].as_object()).flat_map(|l| l.values()).collect();
    assert!(links.len() >= 6, "{links:?}");
    for link in links {
        let name = link["operationId"].as_str().expect("an operation");
        assert!(different.contains(name), "{link}");
    }
}

#[tokio::test]
async fn every_call_of_the_contract_is_described() {
    let service = Service::start().await;
    let document = service.get("/openapi.json").await.body;
    for call in [
        "post /v1/comments",
        "post /v1/comments/batch",
        "post /v1/check",
        "get /v1/comments",
        "get /v1/comments/{id}",
        "get /v1/comments/{id}/history",
        "patch /v1/comments/{id}",
        "delete /v1/comments/{id}",
        "post /v1/erasure",
        "post /v1/decisions",
        "post /v1/decisions/{undo}/undo",
        "post /v1/comments/{id}/feedback",
        "get /v1/thread",
        "get /v1/events",
        "get /v1/stats",
        "post /v1/policy/replay",
        "get /v1/policy",
        "put /v1/policy",
        "get /healthz",
        "get /readyz",
        "get /metrics",
    ] {
        let (method, path) = call.split_once(' ').expect("two words");
        assert!(document["paths"][path][method].is_object(), "{call}");
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let service = Service::start().await;
    let document = service.get("/openapi.json").await.body;
    let text = document.to_string();
    let mut references = 0;
    for part in text.split("\"#/components/schemas/").skip(1) {
        let name = part.split('"').next().expect("a name");
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
        references += 1;
    }
    assert!(references > 20, "{references}");
}

#[tokio::test]
async fn the_reference_page_loads_nothing() {
    let service = Service::start().await;
    let page = service.get("/docs").await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    for loading in ["src=", "<script", "@import", "url(", "<link"] {
        assert!(!page.text.contains(loading), "{loading}");
    }
    for shown in ["POST /v1/comments", "Idempotency-Key", "NewComment", "max-inline-size"] {
        assert!(page.text.contains(shown), "{shown}");
    }
}
