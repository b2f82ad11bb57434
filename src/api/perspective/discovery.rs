//! The description of the calls that Google's client libraries read before they call.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use serde_json::{Value, json};

use crate::api::AppState;

/// `GET /$discovery/rest?version=v1alpha1`.
pub(super) async fn document(State(app): AppState, headers: HeaderMap) -> Json<Value> {
    let asked = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:8080");
    let root = match &app.config.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{asked}"),
    };
    let call = |name: &str, id: &str, request: &str, response: &str| {
        json!({
            "id": format!("commentanalyzer.comments.{id}"), "path": format!("v1alpha1/comments:{name}"),
            "flatPath": format!("v1alpha1/comments:{name}"), "httpMethod": "POST", "parameters": {}, "parameterOrder": [],
            "request": { "$ref": request }, "response": { "$ref": response },
        })
    };
    let any = |id: &str| json!({ "id": id, "type": "object", "additionalProperties": { "type": "any" } });
    Json(json!({
        "kind": "discovery#restDescription", "discoveryVersion": "v1", "id": "commentanalyzer:v1alpha1",
        "name": "commentanalyzer", "version": "v1alpha1", "revision": "20261101", "protocol": "rest",
        "title": "Comment scores", "description": "Scores of comments and feedback about them.",
        "rootUrl": format!("{root}/"), "servicePath": "", "baseUrl": format!("{root}/"), "batchPath": "batch",
        "parameters": {
            "key": { "type": "string", "location": "query", "description": "API key." },
            "alt": { "type": "string", "location": "query", "default": "json", "enum": ["json"], "enumDescriptions": ["JSON"] },
        },
        "resources": { "comments": { "methods": {
            "analyze": call("analyze", "analyze", "AnalyzeCommentRequest", "AnalyzeCommentResponse"),
            "suggestscore": call("suggestscore", "suggestscore", "SuggestCommentScoreRequest", "SuggestCommentScoreResponse"),
        } } },
        "schemas": {
            "AnalyzeCommentRequest": any("AnalyzeCommentRequest"),
            "AnalyzeCommentResponse": any("AnalyzeCommentResponse"),
            "SuggestCommentScoreRequest": any("SuggestCommentScoreRequest"),
            "SuggestCommentScoreResponse": any("SuggestCommentScoreResponse"),
        },
    }))
}
