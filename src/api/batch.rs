//! Many submissions in one request: JSON lines in, JSON lines out, in the same order.

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, StreamExt, stream};
use serde::Serialize;
use serde_json::value::RawValue;

use super::auth::{Caller, caller};
use super::openapi::{BodyRefused, NotTaken, Refused, SubmissionBody};
use super::submit::{headers_of, idempotency_key, take};
use super::{AppState, Problem, Result, problem, submission};
use crate::app::App;
use crate::pipeline::IdempotencyKey;
use crate::store::Scope;

/// Most lines of a batch.
const MAX_LINES: usize = 1_000;
/// A batch may be this many times as large as a single submission.
const MAX_BODIES: usize = 256;
/// Lines that are judged at the same time, so that one commit takes many.
const AT_ONCE: usize = 64;

/// A line that was not taken.
#[derive(Serialize)]
struct Refusal {
    /// Its number, from 1.
    line: usize,
    error: problem::Body,
}

/// One line with its number, from 1.
type Line = (usize, Bytes);

/// Judges and stores many submissions.
///
/// JSON lines in and out, at most 1,000, one answer for each line in the same order. A line that cannot be used, or that
/// a limit refuses, is answered with `{"line", "error"}`; the others go through. With an `Idempotency-Key` the
/// whole batch can be sent again.
#[utoipa::path(post, path = "/v1/comments/batch", operation_id = "submit_comments", tag = "submitting", security(("key" = ["submit"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes sending again safe, for 24 hours", max_length = 240, pattern = "^[!-~]+$")),
    request_body(content = SubmissionBody, content_type = "application/x-ndjson"),
    responses((status = 200, description = "an answer for each line", content_type = "application/x-ndjson", body = String), Refused, BodyRefused, NotTaken))]
pub(super) async fn submit(State(app): AppState, headers: HeaderMap, body: Body) -> Result<Response> {
    let caller = caller(&app, &headers, Scope::Submit).await?;
    is_lines(&headers)?;
    let body = submission::read(&headers, body, app.config.http.max_body.saturating_mul(MAX_BODIES)).await?;
    let lines = lines(&body);
    if lines.len() > MAX_LINES {
        let detail = format!("{} lines: at most {MAX_LINES} are allowed", lines.len());
        return Err(Problem::field("", detail));
    }
    let key = idempotency_key(&headers, &body)?;
    let request_id = headers.get("x-request-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    // What is left of a limit is not known before the lines are judged; how much is allowed is.
    let limits = app.pipeline.limits().uncounted();
    let job = Arc::new(Job { app, caller, key, request_id });
    let answers = answers(job, runs(lines)).map(Ok::<_, std::convert::Infallible>);
    let kind = [(header::CONTENT_TYPE, "application/x-ndjson")];
    Ok((kind, headers_of(&limits), Body::from_stream(answers)).into_response())
}

fn is_lines(headers: &HeaderMap) -> Result<()> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"];
    if submission::is_compressed(headers) || !known.contains(&kind.as_str()) {
        return Err(Problem::Unsupported(
            "send Content-Type: application/x-ndjson, one JSON object a line, uncompressed",
        ));
    }
    Ok(())
}

/// The lines that are not empty, with their numbers.
fn lines(body: &Bytes) -> Vec<Line> {
    let mut lines = Vec::new();
    for (i, line) in body.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.trim_ascii().is_empty() {
            lines.push((i + 1, body.slice_ref(line)));
        }
    }
    lines
}

/// Lines that may be judged at the same time: no comment of the site stands twice in a run, because the later line is an
/// edit of the earlier one.
fn runs(lines: Vec<Line>) -> Vec<Vec<Line>> {
    #[derive(serde::Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        external_id: Option<&'a RawValue>,
    }
    let (mut runs, mut run, mut names) = (Vec::new(), Vec::new(), HashSet::new());
    for line in lines {
        let name = serde_json::from_slice::<Named<'_>>(&line.1).ok().and_then(|named| named.external_id);
        if let Some(name) = name.map(|name| name.get().to_owned())
            && !names.insert(name.clone())
        {
            runs.push(std::mem::take(&mut run));
            names = HashSet::from([name]);
        }
        run.push(line);
    }
    runs.push(run);
    runs
}

/// What all lines of a batch share.
struct Job {
    app: Arc<App>,
    caller: Caller,
    key: Option<IdempotencyKey>,
    request_id: String,
}

fn answers(job: Arc<Job>, runs: Vec<Vec<Line>>) -> impl Stream<Item = Bytes> {
    stream::iter(runs).flat_map(move |run| {
        let job = job.clone();
        let one = move |line| {
            let job = job.clone();
            async move { job.answer(line).await }
        };
        stream::iter(run).map(one).buffered(AT_ONCE)
    })
}

impl Job {
    async fn answer(&self, (line, body): Line) -> Bytes {
        let mut text = match self.take(line, &body).await {
            Ok(text) => text,
            Err(problem) => {
                let refusal = Refusal { line, error: problem.told(&self.request_id) };
                serde_json::to_string(&refusal).unwrap_or_else(|_| format!("{{\"line\":{line},\"error\":{{}}}}"))
            }
        };
        text.push('\n');
        text.into()
    }

    async fn take(&self, line: usize, body: &Bytes) -> Result<String> {
        if body.len() > self.app.config.http.max_body {
            return Err(Problem::TooLarge(self.app.config.http.max_body));
        }
        let submission = submission::from_json(body)?;
        let key = self.key.as_ref().map(|key| IdempotencyKey {
            key: format!("{}#{line}", key.key),
            body_hash: xxhash_rust::xxh3::xxh3_64(body) as i64,
        });
        let outcome = take(&self.app, &self.caller, submission, key).await?;
        outcome.into_json().map_err(|error| Problem::Internal(error.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_lines_are_no_lines_and_numbers_are_those_of_the_file() {
        let lines = lines(&Bytes::from_static(b"\n{\"text\":\"a\"}\r\n  \n{\"text\":\"b\"}"));
        assert_eq!(lines.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(lines[0].1.as_ref(), b"{\"text\":\"a\"}");
    }

    #[test]
    fn the_same_comment_twice_is_judged_one_after_the_other() {
        let body = Bytes::from_static(
            b"{\"external_id\":\"a\"}\n{\"external_id\":\"b\"}\n{\"external_id\":\"a\"}\n{}\nnonsense",
        );
        let runs: Vec<usize> = runs(lines(&body)).iter().map(Vec::len).collect();
        assert_eq!(runs, [2, 3]);
    }
}
