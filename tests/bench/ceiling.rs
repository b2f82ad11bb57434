//! What HTTP and JSON cost alone: parses a submission and answers. The ceiling of `tests/bench/run`.

use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Submission {
    text: String,
}

#[derive(Serialize)]
struct Answer {
    length: usize,
}

async fn answer(Json(submission): Json<Submission>) -> Json<Answer> {
    Json(Answer { length: submission.text.len() })
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    let app: Router = Router::new().route("/", post(answer));
    axum::serve(listener, app).await
}
