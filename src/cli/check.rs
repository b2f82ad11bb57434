//! `moderato check`: judging in bulk, without a store.
//!
//! One thread reads lines, all processors judge them in chunks, and one writes the answers in the order of the lines. Each
//! chunk's answer has its place in a queue before it is judged; the queue is bounded, and with it the memory.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::Context;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::submission_and_labels;
use crate::classifier::Model;
use crate::comment::Comment;
use crate::config::Config;
use crate::facts::Facts;
use crate::id::SiteId;
use crate::pipeline::assess;
use crate::policy::{Policy, PolicyDocument};
use crate::verdict::{Decision, Reason, Scores};

/// Most lines, and bytes after which no further line is added, of what is judged at a time.
const CHUNK_LINES: usize = 128;
const CHUNK_BYTES: usize = 256 * 1024;

/// Chunks for each processor that are read ahead or wait to be written.
const CHUNKS_AHEAD: usize = 4;

/// Longest accepted line, in bytes: a submission with every field at its limit, escaped.
const MAX_LINE: u64 = 1024 * 1024;

/// Options of `moderato check`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A policy to apply in place of the built-in one, as JSON
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A directory with a model that replaces the embedded one
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
}

#[derive(Serialize)]
struct Answer {
    decision: Decision,
    score: f64,
    scores: Scores,
    reasons: Vec<Reason>,
    #[serde(flatten)]
    labels: Map<String, Value>,
}

#[derive(Serialize)]
struct Refusal {
    error: String,
    line: usize,
}

struct Judge {
    policy: Policy,
    model: Option<Model>,
}

/// Lines that are judged together.
#[derive(Debug, Default)]
struct Chunk {
    /// The lines with their ends.
    bytes: Vec<u8>,
    /// Where each line ends in `bytes`.
    ends: Vec<usize>,
    /// Number of the first line, from 1.
    first: usize,
}

/// The answers to a chunk, a line each.
#[derive(Debug, Default)]
struct Answers {
    lines: Vec<u8>,
    /// Whether one of them is a refusal.
    refused: bool,
}

/// A chunk and where its answers go.
type Work = (Chunk, Sender<anyhow::Result<Answers>>);

pub(super) fn run(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    super::lists::use_imported(config);
    let judge = Judge { policy: policy(args)?, model: model(config, args) };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let (work, waiting) = sync_channel::<Work>(processors * CHUNKS_AHEAD);
    let (order, answers) = sync_channel(processors * CHUNKS_AHEAD);
    let waiting = Mutex::new(waiting);
    let refused = thread::scope(|scope| {
        let reader =
            scope.spawn(move || read_all(BufReader::with_capacity(1 << 20, io::stdin().lock()), &work, &order));
        for _ in 0..processors {
            scope.spawn(|| judge.work(&waiting));
        }
        let refused = write_all(answers, io::stdout().lock())?;
        // Only a reader that panicked leaves no result.
        reader.join().map_err(|_| anyhow::anyhow!("reading broke off"))??;
        anyhow::Ok(refused)
    })?;
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Reads all lines and hands them on, until there are no more or nobody takes them.
fn read_all(
    mut input: impl BufRead + Buffered,
    work: &SyncSender<Work>,
    order: &SyncSender<Receiver<anyhow::Result<Answers>>>,
) -> io::Result<()> {
    let mut first = 1;
    loop {
        let chunk = read_chunk(&mut input, first)?;
        first += chunk.ends.len();
        if chunk.ends.is_empty() {
            return Ok(());
        }
        let (answer, answered) = channel();
        if order.send(answered).is_err() || work.send((chunk, answer)).is_err() {
            return Ok(());
        }
    }
}

/// Writes the answers in order; whether there is a refusal among them. Nobody reads on when it ends, because its end of the queue is
/// gone then.
fn write_all(answers: Receiver<Receiver<anyhow::Result<Answers>>>, out: impl Write) -> anyhow::Result<bool> {
    let mut out = io::BufWriter::with_capacity(1 << 20, out);
    let mut refused = false;
    loop {
        let next = match answers.try_recv() {
            Err(TryRecvError::Empty) => {
                out.flush()?;
                answers.recv().ok()
            }
            next => next.ok(),
        };
        let Some(next) = next else { break };
        let answers = next.recv().context("judging broke off")??;
        out.write_all(&answers.lines)?;
        refused |= answers.refused;
    }
    out.flush()?;
    Ok(refused)
}

fn policy(args: &Args) -> anyhow::Result<Policy> {
    let Some(path) = &args.policy else { return Ok(Policy::built_in()) };
    let text = std::fs::read_to_string(path).with_context(|| format!("reading the policy {}", path.display()))?;
    let document: PolicyDocument =
        serde_json::from_str(&text).with_context(|| format!("the policy {}", path.display()))?;
    Policy::compile(1, document).map_err(|errors| {
        let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the policy {}: {}", path.display(), all.join("; "))
    })
}

fn model(config: &Config, args: &Args) -> Option<Model> {
    let loaded = match args.models.as_ref().or(config.models.as_ref()) {
        Some(dir) => Model::load(dir),
        None => Model::embedded(),
    };
    loaded.map_err(|error| eprintln!("there is no usable model, everything is held: {error}")).ok()
}

/// A reader that can tell what it has read ahead.
trait Buffered {
    fn is_drained(&self) -> bool;
}

impl<R> Buffered for BufReader<R> {
    fn is_drained(&self) -> bool {
        self.buffer().is_empty()
    }
}

/// The next lines; none at the end of the input. No line is waited for if there is one already, so that somebody who types gets
/// an answer to each. An overlong line is cut and will not parse.
fn read_chunk(input: &mut (impl BufRead + Buffered), first: usize) -> io::Result<Chunk> {
    let mut chunk = Chunk { first, ..Chunk::default() };
    while chunk.ends.len() < CHUNK_LINES && chunk.bytes.len() < CHUNK_BYTES {
        if !chunk.ends.is_empty() && input.is_drained()
            || Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut chunk.bytes)? == 0
        {
            break;
        }
        if chunk.bytes.last() != Some(&b'\n') {
            input.skip_until(b'\n')?;
            chunk.bytes.push(b'\n');
        }
        chunk.ends.push(chunk.bytes.len());
    }
    Ok(chunk)
}

impl Judge {
    /// Judges chunks until there are no more.
    fn work(&self, waiting: &Mutex<Receiver<Work>>) {
        loop {
            // The lock is held while waiting, so that one after the other is served.
            let work = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((chunk, answer)) = work else { return };
            // Nobody waits for it any more when writing has failed.
            let _ = answer.send(self.judge_all(&chunk));
        }
    }

    fn judge_all(&self, chunk: &Chunk) -> anyhow::Result<Answers> {
        let mut answers = Answers { lines: Vec::with_capacity(chunk.bytes.len() * 4), refused: false };
        let mut start = 0;
        for (i, end) in chunk.ends.iter().enumerate() {
            match self.judge(&chunk.bytes[start..end - 1]) {
                Ok(answer) => serde_json::to_writer(&mut answers.lines, &answer)?,
                Err(error) => {
                    answers.refused = true;
                    let refusal = Refusal { error: format!("{error:#}"), line: chunk.first + i };
                    serde_json::to_writer(&mut answers.lines, &refusal)?;
                }
            }
            answers.lines.push(b'\n');
            start = *end;
        }
        Ok(answers)
    }

    fn judge(&self, line: &[u8]) -> anyhow::Result<Answer> {
        let (submission, labels) = submission_and_labels(line)?;
        let comment = Comment::from_submission(SiteId(0), submission, Timestamp::UNIX_EPOCH);
        let verdict = assess(&comment, &Facts::default(), &self.policy, self.model.as_ref());
        Ok(Answer {
            decision: verdict.decision,
            score: verdict.score,
            scores: verdict.scores,
            reasons: verdict.reasons,
            labels,
        })
    }
}
