//! The ceiling of the benchmark: parses the same JSON as the service and answers, without a decision or a store.

use axum::Json;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Submission {
    text: String,
    name: Option<String>,
    email: Option<String>,
}

#[derive(Serialize)]
struct Answer {
    status: &'static str,
    characters: usize,
    anonymous: bool,
}

async fn submit(Json(submission): Json<Submission>) -> (StatusCode, Json<Answer>) {
    let anonymous = submission.name.is_none() && submission.email.is_none();
    (StatusCode::CREATED, Json(Answer { status: "approved", characters: submission.text.chars().count(), anonymous }))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/v1/comments", post(submit))).await
}
