//! Starting, stopping, and what monitoring sees.

use serde_json::json;

use crate::harness::Service;

#[tokio::test]
async fn the_first_start_says_four_things_and_the_second_keeps_them() {
    let service = Service::start().await.all_powerful();
    let said = service.said();
    for part in ["/setup", "setup code: ", "site key: mod_", "curl http://127.0.0.1:", "Configuration: "] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    let id = service.comment(json!({ "text": "Will this be here tomorrow?" })).await["id"].clone();
    let key = service.key.clone();
    let mut service = service.again().await;
    assert!(!service.said().contains("site key"), "{}", service.said());
    service.key = key;
    let path = format!("/v1/comments/{}", id.as_str().expect("an id"));
    assert_eq!(service.get(&path).await.body["id"], id);
}

#[tokio::test]
async fn the_curl_line_of_the_first_start_works() {
    let service = Service::start().await;
    let said = service.said();
    let line = said.lines().find(|line| line.trim().starts_with("curl ")).expect("a curl line").trim().to_owned();
    let output = std::process::Command::new("sh").args(["-c", &format!("{line} -s -w '%{{http_code}}'")]).output();
    let output = String::from_utf8(output.expect("a shell").stdout).expect("UTF-8");
    assert!(output.ends_with("201") && output.contains("\"decision\""), "{output}");
}

#[tokio::test]
async fn metrics_count_what_happened_and_begin_at_zero() {
    let service = Service::start().await;
    let before = service.get("/metrics").await.text;
    assert!(before.contains("moderato_comments_total{site=\"default\",decision=\"reject\"} 0\n"), "{before}");
    let decision =
        service.comment(json!({ "text": "One comment." })).await["decision"].as_str().expect("one").to_owned();
    let after = service.get("/metrics").await.text;
    let line = format!("moderato_comments_total{{site=\"default\",decision=\"{decision}\"}} 1\n");
    assert!(after.contains(&line), "{after}");
    for name in [
        "moderato_decision_reasons_total",
        "moderato_pipeline_stage_seconds",
        "moderato_http_request_seconds",
        "moderato_rate_limited_total",
        "moderato_queue_comments",
        "moderato_queue_oldest_seconds",
        "moderato_moderator_decisions_total",
        "moderato_model_info",
        "moderato_store_commit_seconds",
        "moderato_store_batch_size",
        "moderato_webhook_deliveries_total",
        "moderato_webhook_pending",
        "moderato_build_info",
    ] {
        assert!(after.contains(&format!("# TYPE {name} ")), "{name} is missing in: {after}");
    }
    assert!(after.contains("route=\"/v1/comments\",method=\"POST\",status=\"201\""), "{after}");
}

#[tokio::test]
async fn strangers_cannot_make_series() {
    let service = Service::start().await;
    service.get("/metrics").await;
    service.get("/nowhere").await;
    let before = service.get("/metrics").await.text.lines().count();
    for n in 0..50 {
        service.get(&format!("/nowhere/{n}")).await;
    }
    assert_eq!(service.get("/metrics").await.text.lines().count(), before);
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own_when_one_is_set() {
    let service = Service::with(&[("MODERATO_METRICS_LISTEN", "127.0.0.1:0")]).await;
    assert_eq!(service.get("/metrics").await.status, 404);
    let address = service.after("metrics are served at ").expect("an address");
    let answer =
        service.http.get(address).header("Accept", "application/openmetrics-text").send().await.expect("metrics");
    assert!(answer.text().await.expect("text").ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_stop_is_orderly() {
    let mut service = Service::start().await;
    service.comment(json!({ "text": "Before the end." })).await;
    assert_eq!(service.terminate(), Some(0));
    assert!(service.said().contains("stopped"), "{}", service.said());
}

#[tokio::test]
async fn readiness_and_health() {
    let service = Service::start().await;
    assert_eq!(service.get("/healthz").await.text, "ok\n");
    let ready = service.get("/readyz").await;
    assert_eq!((ready.status, &ready.body["status"], &ready.body["store"]), (200, &json!("ready"), &json!("ready")));
}

#[tokio::test]
async fn it_starts_on_a_machine_without_certificates() {
    let service = Service::with(&[("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")]).await;
    assert_eq!(service.get("/healthz").await.text, "ok\n");
}

#[tokio::test]
async fn browsers_are_told_to_stay_with_https_where_that_is_the_address() {
    let service = Service::start().await;
    assert_eq!(service.get("/healthz").await.header("strict-transport-security"), "");
    let service = Service::with(&[("MODERATO_PUBLIC_URL", "https://moderato.example")]).await;
    for path in ["/healthz", "/login", "/nowhere"] {
        let told = service.get(path).await.header("strict-transport-security").to_owned();
        assert_eq!(told, "max-age=31536000; includeSubDomains", "{path}");
    }
}
