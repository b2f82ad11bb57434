//! `moderato replay`: what the running service makes of a labelled file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use url::Url;

use super::print_line;
use crate::certificates;
use crate::dataset::{self, Row};

/// How often a submission is tried again that was refused for the moment.
const TRIES: u32 = 20;
/// Mistakes that are shown.
const SHOWN: usize = 10;
/// Characters of a mistake's text that are shown.
const SHOWN_TEXT: usize = 90;

/// Options of `moderato replay`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// JSON lines with text and label_spam, .gz and .zst too
    #[arg(long, required = true, num_args = 1..)]
    file: Vec<PathBuf>,
    /// The service
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: Url,
    /// A key with the scope submit
    #[arg(long, env = "MODERATO_KEY", hide_env_values = true)]
    key: String,
    /// Requests at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    concurrency: u16,
    /// Judge only, store nothing: no per-author limits, no facts about earlier comments
    #[arg(long)]
    check: bool,
}

/// What the service made of one row.
struct Judged {
    row: usize,
    decision: String,
    score: f64,
}

struct Client {
    http: reqwest::Client,
    address: Url,
    key: String,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    let rows = Arc::new(dataset::read(&args.file)?);
    let path = if args.check { "v1/check" } else { "v1/comments" };
    let address = args.url.join(path).context("the address of the service")?;
    let http = certificates::client(|| reqwest::Client::builder().timeout(Duration::from_secs(30)))?;
    let client = Arc::new(Client { http, address, key: args.key });
    let bar = ProgressBar::new(rows.len() as u64)
        .with_style(ProgressStyle::with_template("{bar:40} {pos}/{len}  {per_sec}  {eta} left")?);

    let started = Instant::now();
    let judged = post_all(&client, &rows, usize::from(args.concurrency), &bar).await?;
    let took = started.elapsed();
    bar.finish_and_clear();
    report(&rows, &judged, took)
}

async fn post_all(
    client: &Arc<Client>,
    rows: &Arc<Vec<Row>>,
    concurrency: usize,
    bar: &ProgressBar,
) -> anyhow::Result<Vec<Judged>> {
    let next = Arc::new(AtomicUsize::new(0));
    let judged = Arc::new(Mutex::new(Vec::with_capacity(rows.len())));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..concurrency {
        let (client, rows, next, judged, bar) =
            (client.clone(), rows.clone(), next.clone(), judged.clone(), bar.clone());
        workers.spawn(async move {
            loop {
                let row = next.fetch_add(1, Ordering::Relaxed);
                let Some(content) = rows.get(row) else { return anyhow::Ok(()) };
                let (decision, score) = client.post(content).await.with_context(|| format!("row {}", row + 1))?;
                judged.lock().await.push(Judged { row, decision, score });
                bar.inc(1);
            }
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    let mut judged = std::mem::take(&mut *judged.lock().await);
    judged.sort_by_key(|judged| judged.row);
    Ok(judged)
}

impl Client {
    async fn post(&self, row: &Row) -> anyhow::Result<(String, f64)> {
        // E-mail addresses of the data are masked, and masked ones may have no usable form.
        let body = json!({ "text": row.text, "name": row.name, "url": row.url });
        for _ in 0..TRIES {
            let answer = self.http.post(self.address.clone()).bearer_auth(&self.key).json(&body).send().await?;
            let status = answer.status();
            if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
                let seconds =
                    answer.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()?.parse().ok()).unwrap_or(1);
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                continue;
            }
            let body: Value = answer.json().await?;
            anyhow::ensure!(status.is_success(), "the service answers {status}: {}", body["detail"]);
            let decision = body["decision"].as_str().context("the answer has no decision")?.to_owned();
            return Ok((decision, body["score"].as_f64().unwrap_or_default()));
        }
        anyhow::bail!("the service still asks to wait after {TRIES} tries")
    }
}

fn report(rows: &[Row], judged: &[Judged], took: Duration) -> anyhow::Result<()> {
    let label = |judged: &Judged| match (rows[judged.row].spam, rows[judged.row].toxic) {
        (Some(true), _) => "spam",
        (_, Some(true)) => "toxic",
        (Some(false), _) | (_, Some(false)) => "ham",
        (None, None) => "unlabelled",
    };
    let mut table: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for one in judged {
        *table.entry(label(one)).or_default().entry(one.decision.as_str()).or_default() += 1;
    }
    print_line(&format!("{:<12}{:>9}{:>9}{:>9}", "", "approve", "hold", "reject"))?;
    let count = |label: &str, decision: &str| table.get(label).and_then(|row| row.get(decision)).copied().unwrap_or(0);
    for label in table.keys() {
        let [a, h, r] = ["approve", "hold", "reject"].map(|decision| count(label, decision));
        print_line(&format!("{label:<12}{a:>9}{h:>9}{r:>9}"))?;
    }
    let caught = |label| count(label, "hold") + count(label, "reject");
    let (spam, ham) = (caught("spam") + count("spam", "approve"), caught("ham"));
    print_line(&format!(
        "\nof what was kept back as spam (held or rejected): precision {}, recall {}; of what was rejected: precision {}",
        ratio(caught("spam"), caught("spam") + ham),
        ratio(caught("spam"), spam),
        ratio(count("spam", "reject"), count("spam", "reject") + count("ham", "reject")),
    ))?;
    let rate = judged.len() as f64 / took.as_secs_f64().max(1e-9);
    print_line(&format!("{} requests in {:.1} s: {rate:.0} a second\n", judged.len(), took.as_secs_f64()))?;
    show_mistakes(rows, judged)
}

/// Ham that was kept back and spam that was approved, worst first by score.
fn show_mistakes(rows: &[Row], judged: &[Judged]) -> anyhow::Result<()> {
    let severity = |one: &&Judged| match (rows[one.row].spam, one.decision.as_str()) {
        (Some(false), "reject") => Some(1_000.0 + one.score),
        (Some(false), "hold") => Some(one.score),
        (Some(true), "approve") => Some(-one.score),
        _ => None,
    };
    let mut mistakes: Vec<(f64, &Judged)> = judged.iter().filter_map(|one| Some((severity(&one)?, one))).collect();
    mistakes.sort_by(|a, b| b.0.total_cmp(&a.0));
    print_line(&format!("{} mistakes; the worst:", mistakes.len()))?;
    for (_, one) in mistakes.into_iter().take(SHOWN) {
        let row = &rows[one.row];
        let what = if row.spam == Some(true) { "spam" } else { "ham " };
        let text: String = row.text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN_TEXT).collect();
        print_line(&format!("  {what} → {:<8}{:>7.2}  {text}", one.decision, one.score))?;
    }
    Ok(())
}

fn ratio(part: usize, whole: usize) -> String {
    if whole == 0 { "–".to_owned() } else { format!("{:.3}", part as f64 / whole as f64) }
}
