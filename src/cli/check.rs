//! `moderato check`: judging in bulk, without a store.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

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

/// Lines that are read before they are judged together.
const LINES: usize = 2_048;

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

pub(super) fn run(config: &Config, args: &Args) -> anyhow::Result<ExitCode> {
    super::lists::use_imported(config);
    let judge = Judge { policy: policy(args)?, model: model(config, args) };
    let mut input = BufReader::with_capacity(1 << 20, std::io::stdin().lock());
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let (mut line, mut refused) = (0, false);
    loop {
        let lines = read_lines(&mut input)?;
        if lines.is_empty() {
            break;
        }
        for (i, answer) in judge.judge_all(&lines).into_iter().enumerate() {
            match answer {
                Ok(text) => out.write_all(text.as_bytes())?,
                Err(error) => {
                    refused = true;
                    let refusal = Refusal { error: format!("{error:#}"), line: line + i + 1 };
                    serde_json::to_writer(&mut out, &refusal)?;
                }
            }
            out.write_all(b"\n")?;
        }
        line += lines.len();
        out.flush()?;
    }
    Ok(if refused { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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

/// The next lines, without their ends; empty at the end of the input. An overlong one is cut and will not parse.
fn read_lines(input: &mut impl BufRead) -> std::io::Result<Vec<Vec<u8>>> {
    let mut lines = Vec::with_capacity(LINES);
    while lines.len() < LINES {
        let mut line = Vec::new();
        if std::io::Read::take(&mut *input, MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.last() == Some(&b'\n') {
            line.pop();
        } else {
            input.skip_until(b'\n')?;
        }
        lines.push(line);
    }
    Ok(lines)
}

impl Judge {
    /// Judges the lines on all processors; the answers stand in the order of the lines.
    fn judge_all(&self, lines: &[Vec<u8>]) -> Vec<anyhow::Result<String>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let share = lines.len().div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let parts: Vec<_> = lines
                .chunks(share)
                .map(|part| scope.spawn(|| part.iter().map(|line| self.judge(line)).collect::<Vec<_>>()))
                .collect();
            parts.into_iter().flat_map(|part| part.join().expect("judging does not panic")).collect()
        })
    }

    fn judge(&self, line: &[u8]) -> anyhow::Result<String> {
        let (submission, labels) = submission_and_labels(line)?;
        let comment = Comment::from_submission(SiteId(0), submission, Timestamp::UNIX_EPOCH);
        let verdict = assess(&comment, &Facts::default(), &self.policy, self.model.as_ref());
        let answer = Answer {
            decision: verdict.decision,
            score: verdict.score,
            scores: verdict.scores,
            reasons: verdict.reasons,
            labels,
        };
        Ok(serde_json::to_string(&answer)?)
    }
}
