//! Load for the benchmark: requests at a fixed rate, whatever the answers do, or as many as get answered.
//!
//! `steady HOST:PORT PATH BODIES RATE CONNECTIONS SECONDS [REQUESTS]` posts the lines of the file BODIES, in turn; `{n}` in
//! a line becomes the number of the request. With RATE 0 every connection sends its next request as soon as the last is
//! answered. One line of JSON says what came of it. Times count from the moment when a request was due, and, beside that,
//! from the moment when it was sent: where all connections wait for answers, the two differ.
//! AUTHORIZATION and CONTENT_TYPE are taken from the environment.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Error, Result};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What was asked for.
struct Plan {
    address: String,
    /// Everything of the head but the length.
    head: String,
    bodies: Vec<String>,
    /// Requests a second; 0 for as many as get answered.
    rate: f64,
    seconds: f64,
    requests: u64,
    next: AtomicU64,
}

/// An answered request, times in microseconds.
struct Answered {
    status: u16,
    since_due: u32,
    since_sent: u32,
}

#[derive(Default)]
struct Outcome {
    answered: Vec<Answered>,
    broken: u64,
}

impl Plan {
    fn from_arguments() -> Result<(Self, usize)> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let text =
            |i: usize| arguments.get(i).cloned().ok_or_else(|| Error::other("too few arguments: see the source"));
        let number = |i: usize| text(i)?.parse::<f64>().map_err(Error::other);
        let (address, path) = (text(0)?, text(1)?);
        let content_type = std::env::var("CONTENT_TYPE").unwrap_or_else(|_| "application/json".to_owned());
        let mut head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: {content_type}\r\n");
        if let Ok(authorization) = std::env::var("AUTHORIZATION") {
            let _ = write!(head, "Authorization: {authorization}\r\n");
        }
        let bodies: Vec<String> = std::fs::read_to_string(text(2)?)?.lines().map(str::to_owned).collect();
        if bodies.is_empty() {
            return Err(Error::other("no bodies"));
        }
        let requests = if arguments.len() > 6 { number(6)? as u64 } else { u64::MAX };
        let (rate, connections, seconds) = (number(3)?, number(4)? as usize, number(5)?);
        Ok((Self { address, head, bodies, rate, seconds, requests, next: AtomicU64::new(0) }, connections))
    }

    fn write_request(&self, number: u64, buffer: &mut Vec<u8>) {
        let body = &self.bodies[(number % self.bodies.len() as u64) as usize];
        let body = body.replace("{n}", &number.to_string());
        buffer.clear();
        buffer.extend_from_slice(self.head.as_bytes());
        buffer.extend_from_slice(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    /// When a request is due, counted from the start.
    fn due(&self, number: u64) -> Duration {
        if self.rate > 0.0 { Duration::from_secs_f64(number as f64 / self.rate) } else { Duration::ZERO }
    }
}

async fn connection(plan: Rc<Plan>, start: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    let mut stream = None;
    let (mut request, mut answer) = (Vec::new(), Vec::new());
    loop {
        let number = plan.next.fetch_add(1, Ordering::Relaxed);
        let mut due = start + plan.due(number);
        if number >= plan.requests || due.max(Instant::now()) >= start + Duration::from_secs_f64(plan.seconds) {
            return outcome;
        }
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
            // This connection was free in time: that the timer is coarse is no fault of the server.
            due = Instant::now();
        } else if plan.rate == 0.0 {
            due = Instant::now();
        }
        plan.write_request(number, &mut request);
        let sent = Instant::now();
        match exchange(&plan.address, &mut stream, &request, &mut answer).await {
            Ok(status) => outcome.answered.push(Answered { status, since_due: micros(due), since_sent: micros(sent) }),
            Err(_) => {
                stream = None;
                outcome.broken += 1;
            }
        }
    }
}

fn micros(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_micros()).unwrap_or(u32::MAX)
}

/// Sends a request and reads its answer: the status.
async fn exchange(address: &str, stream: &mut Option<TcpStream>, request: &[u8], answer: &mut Vec<u8>) -> Result<u16> {
    let open = match stream {
        Some(open) => open,
        None => {
            let fresh = TcpStream::connect(address).await?;
            fresh.set_nodelay(true)?;
            stream.insert(fresh)
        }
    };
    open.write_all(request).await?;
    answer.clear();
    let head = loop {
        if let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if open.read_buf(answer).await? == 0 {
            return Err(Error::other("closed"));
        }
    };
    let text = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let status = text.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| Error::other("no status"))?;
    let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let length: usize = header("content-length:").and_then(|length| length.parse().ok()).unwrap_or(0);
    let closes = header("connection:") == Some("close");
    while answer.len() < head + length {
        if open.read_buf(answer).await? == 0 {
            return Err(Error::other("closed"));
        }
    }
    if closes {
        *stream = None;
    }
    Ok(status)
}

/// The times below which these shares of them lie, in milliseconds, as JSON.
fn percentiles(mut times: Vec<u32>) -> String {
    times.sort_unstable();
    let at = |share: f64| {
        let index = (times.len() as f64 * share) as usize;
        times.get(index.min(times.len().saturating_sub(1))).map_or(0.0, |&us| f64::from(us) / 1e3)
    };
    format!(r#"{{"p50": {}, "p99": {}, "p999": {}}}"#, at(0.5), at(0.99), at(0.999))
}

fn report(outcomes: &[Outcome], seconds: f64) -> String {
    let mut by_status: BTreeMap<u16, Vec<&Answered>> = BTreeMap::new();
    for answered in outcomes.iter().flat_map(|outcome| &outcome.answered) {
        by_status.entry(answered.status).or_default().push(answered);
    }
    let statuses: Vec<String> = by_status
        .iter()
        .map(|(status, all)| {
            let since_due = percentiles(all.iter().map(|one| one.since_due).collect());
            let since_sent = percentiles(all.iter().map(|one| one.since_sent).collect());
            let count = all.len();
            format!(r#""{status}": {{"count": {count}, "since_due": {since_due}, "since_sent": {since_sent}}}"#)
        })
        .collect();
    let broken: u64 = outcomes.iter().map(|outcome| outcome.broken).sum();
    format!(r#"{{"seconds": {seconds}, "broken": {broken}, "statuses": {{{}}}}}"#, statuses.join(", "))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let (plan, connections) = Plan::from_arguments()?;
    let plan = Rc::new(plan);
    let start = Instant::now();
    let local = tokio::task::LocalSet::new();
    let running: Vec<_> = (0..connections).map(|_| local.spawn_local(connection(plan.clone(), start))).collect();
    let outcomes = local.run_until(futures_util::future::join_all(running)).await;
    let outcomes = outcomes.into_iter().collect::<std::result::Result<Vec<_>, _>>().map_err(Error::other)?;
    println!("{}", report(&outcomes, start.elapsed().as_secs_f64()));
    Ok(())
}
