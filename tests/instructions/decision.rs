//! Counts the instructions of the pure decision, from a submission to its verdict, and holds them to limits.
//!
//! Instructions do not depend on what else the machine does, so a step that is more than linear in the length of a text,
//! or that has become dearer, is seen at once. Valgrind runs this program a second time and counts each call of
//! [`one_decision`] by itself; loading and the first use of tables stand outside.
//!
//! `make instructions` runs it; a part of a name as an argument measures only the cases whose names contain it.

mod texts;

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};

use moderato::classifier::Model;
use moderato::comment::{Comment, Submission};
use moderato::facts::Facts;
use moderato::id::SiteId;
use moderato::pipeline::assess;
use moderato::policy::{Policy, PolicyDocument};
use moderato::verdict::Verdict;

/// Lengths of the long texts, each twice the one before; the longest is the longest that the service accepts.
const LENGTHS: [usize; 5] = [1_250, 2_500, 5_000, 10_000, 20_000];
/// Length of an ordinary comment.
const ORDINARY: usize = 300;
/// How many times the instructions may be when the text is twice as long.
const GROWTH: f64 = 2.3;
/// Most instructions for each character of the longest texts: half as much again as the dearest took when this was written.
const MOST_PER_CHARACTER: u64 = 7_500;

/// What is judged, in order: name, length, submission, policy.
struct Case {
    name: String,
    length: usize,
    /// Most instructions that it may take.
    most: u64,
    submission: Submission,
    rich_policy: bool,
}

fn cases(wanted: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for (kind, most, text) in texts::KINDS {
        let submission = submission(texts::repeated(text, ORDINARY));
        let name = (*kind).to_owned();
        cases.push(Case { name, length: ORDINARY, most: most * 1_000, submission, rich_policy: false });
    }
    let mut add = |name: String, length: usize, text: String, rich_policy: bool| {
        let most = length as u64 * MOST_PER_CHARACTER;
        cases.push(Case { name, length, most, submission: submission(text), rich_policy });
    };
    for length in LENGTHS {
        add("ordinary words".to_owned(), length, texts::varied(length), false);
    }
    for (name, unit) in texts::HOSTILE {
        for length in LENGTHS {
            add((*name).to_owned(), length, texts::repeated(unit, length), false);
        }
    }
    // Ten thousand links: more than fit into the longest text, so that there is no limit that we rest on.
    for length in [25_000, 50_000] {
        add("ten thousand links".to_owned(), length, texts::repeated("t.co ", length), false);
    }
    for (name, unit) in [("links under the greatest policy", "t.co "), ("words under the greatest policy", "gnome99 ")]
    {
        for length in LENGTHS {
            add(name.to_owned(), length, texts::repeated(unit, length), true);
        }
    }
    cases.retain(|case| case.name.contains(wanted));
    cases
}

fn submission(text: String) -> Submission {
    Submission {
        text,
        name: Some("Ann Smith".to_owned()),
        email: Some("ann@example.org".to_owned()),
        url: Some("https://ann.example.org/about".to_owned()),
        ..Submission::default()
    }
}

/// A policy whose lists are full.
fn greatest_policy() -> Policy {
    let mut document = PolicyDocument::default();
    let entries = |what: &str| (0..20_000).map(|i| format!("{what}{i}")).collect::<Vec<_>>();
    document.lists.words = entries("gnome");
    document.lists.trusted_domains = entries("good.example");
    Policy::compile(1, document).expect("a policy within its limits")
}

/// What is counted. Its name is what Valgrind looks for.
#[inline(never)]
fn one_decision(submission: Submission, policy: &Policy, model: &Model) -> Verdict {
    let comment = Comment::from_submission(SiteId(1), submission, jiff::Timestamp::UNIX_EPOCH);
    assess(&comment, &Facts::default(), policy, Some(model))
}

/// Where counting ends.
#[inline(never)]
fn decided(verdict: &Verdict) {
    black_box(verdict);
}

/// Judges everything once, under Valgrind.
fn decide_all(wanted: &str) {
    let model = Model::embedded().expect("the built-in model");
    let built_in = Policy::built_in();
    let cases = cases(wanted);
    let greatest = cases.iter().any(|case| case.rich_policy).then(greatest_policy);
    for case in cases {
        let policy = greatest.as_ref().filter(|_| case.rich_policy).unwrap_or(&built_in);
        // Tables and automata that are built at first use are built before the shorter texts are counted; the second time, the
        // C library puts together what building them has freed.
        for _ in 0..if case.length <= LENGTHS[0] { 2 } else { 0 } {
            let comment = Comment::from_submission(SiteId(1), case.submission.clone(), jiff::Timestamp::UNIX_EPOCH);
            black_box(assess(&comment, &Facts::default(), policy, Some(&model)));
        }
        let verdict = one_decision(black_box(case.submission), policy, &model);
        decided(&verdict);
    }
}

/// Runs this program under Valgrind; the instructions of each case, in order.
fn count(wanted: &str, number: usize) -> Vec<u64> {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--dump-before=instructions::one_decision*", "--dump-before=instructions::decided*"])
        .arg(format!("--callgrind-out-file={}", dir.path().join("out").display()))
        .arg(std::env::current_exe().expect("this program"))
        .args(["--decide", wanted])
        .output()
        .expect("valgrind runs: tests/install-tools installs it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // A file is written before each decision and after it, so every second one is what a decision cost.
    (1..=number).map(|i| total(&dir.path().join(format!("out.{}", 2 * i)))).collect()
}

/// The sum in a file of Callgrind's.
fn total(path: &Path) -> u64 {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let line = text.lines().find_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    line.and_then(|line| line.trim().parse().ok()).unwrap_or_else(|| panic!("no sum in {}", path.display()))
}

/// What is wrong with the counts of one name, by length; nothing for most.
fn faults(group: &[(&Case, u64)]) -> Vec<String> {
    let mut faults = Vec::new();
    for pair in group.windows(2) {
        let growth = pair[1].1 as f64 / pair[0].1 as f64;
        if growth > GROWTH {
            faults.push(format!(
                "from {} to {} characters the instructions grow {growth:.2} times: at most {GROWTH} are allowed",
                pair[0].0.length, pair[1].0.length
            ));
        }
    }
    for (case, count) in group.iter().filter(|(case, count)| *count > case.most) {
        faults.push(format!("{count} instructions for {} characters: at most {} are allowed", case.length, case.most));
    }
    faults
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, wanted] = &arguments[..]
        && mode == "--decide"
    {
        decide_all(wanted);
        return ExitCode::SUCCESS;
    }
    let wanted = arguments.first().map_or("", String::as_str);
    let cases = cases(wanted);
    let counts = count(wanted, cases.len());
    let (mut passed, mut failed) = (0, 0);
    let measured: Vec<(&Case, u64)> = cases.iter().zip(counts).collect();
    println!("instructions for each character, from the shortest text to the longest");
    for group in measured.chunk_by(|a, b| a.0.name == b.0.name) {
        let name = &group[0].0.name;
        let each: Vec<String> = group.iter().map(|(case, count)| (count / case.length as u64).to_string()).collect();
        let faults = faults(group);
        let outcome = if faults.is_empty() { "ok" } else { "FAILED" };
        println!("test {name} ({}) ... {outcome}", each.join(" · "));
        for fault in &faults {
            println!("    {fault}");
        }
        *(if faults.is_empty() { &mut passed } else { &mut failed }) += 1;
    }
    println!("\ntest result: {passed} passed; {failed} failed; 0 ignored");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
