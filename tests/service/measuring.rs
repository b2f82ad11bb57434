//! `train`, `evaluate` and `tune` as people call them, on good data and on bad.

use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::moderato;

/// A folder with labelled comments, and the commands that read them.
struct Folder(TempDir);

impl Folder {
    fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary directory"));
        std::fs::write(folder.path(name), content).expect("written");
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        moderato().args(args).current_dir(self.0.path()).output().expect("it runs")
    }

    /// Runs a command that must fail, and gives what it says.
    fn refusal(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
        text(&output.stderr)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const TRAIN: [&str; 5] = ["train", "--data", "mine.jsonl", "--out", "model"];

/// Rows of both classes, of two sources.
fn rows(n: usize) -> Vec<Value> {
    let spam = |i: usize| {
        json!({
            "text": format!("Buy cheap pills {i} at http://{i}.example.net/shop now, best prices"),
            "label_spam": 1, "source": (["a", "b"][i % 2]), "lang": "en"
        })
    };
    let ham = |i: usize| {
        json!({
            "text": format!("I walked {i} miles along the river yesterday and saw a heron."),
            "label_spam": 0, "source": (["a", "b"][i % 2])
        })
    };
    (0..n).flat_map(|i| [spam(i), ham(i)]).collect()
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

fn is_empty(dir: &Path) -> bool {
    std::fs::read_dir(dir).map_or(true, |mut files| files.next().is_none())
}

#[test]
fn training_data_that_cannot_be_used_is_named_and_leaves_no_model() {
    let good = lines(&rows(20));
    let only_spam: Vec<Value> = rows(20).into_iter().filter(|row| row["label_spam"] == 1).collect();
    let contradicting: Vec<Value> =
        rows(20).into_iter().flat_map(|row| [row.clone(), json!({ "text": row["text"], "label_spam": 1 })]).collect();
    let cases: [(String, &str); 10] = [
        (
            format!("{good}{{\"text\": \"x\", \"label_spam\": \"yes\"}}\n"),
            "mine.jsonl, line 41: a label is 0, 1 or null, not \"yes\"",
        ),
        (
            format!("{good}{{\"text\": \"x\", \"label_spam\": 7}}\n"),
            "mine.jsonl, line 41: a label is 0, 1 or null, not 7",
        ),
        (format!("{good}{{\"label_spam\": 1}}\n"), "mine.jsonl, line 41: missing field `text`"),
        (format!("{good}{{\"text\": \"x\", \"label"), "mine.jsonl, line 41: EOF while parsing"),
        (format!("{good}not json\n{good}"), "mine.jsonl, line 41: expected"),
        (lines(&only_spam), "all 20 rows labelled for spam are spam: both classes are needed"),
        (lines(&rows(5)), "only 5 rows are labelled ham for spam: at least 10 are needed"),
        (lines(&rows(20)).replace("label_", "l_"), "no row has a label"),
        (lines(&contradicting), "all 20 rows labelled for spam are spam"),
        (String::new(), "there are no rows to learn from"),
    ];
    for (content, message) in cases {
        let folder = Folder::with("mine.jsonl", content);
        let said = folder.refusal(&TRAIN);
        assert!(said.contains(message), "{message}: {said}");
        assert!(is_empty(&folder.path("model")), "{message}");
    }
}

#[test]
fn an_endless_line_is_refused_with_its_number() {
    let mut content = lines(&rows(20)).into_bytes();
    content.resize(content.len() + (50 << 20), b'x');
    let folder = Folder::with("mine.jsonl", content);
    let said = folder.refusal(&TRAIN);
    assert!(said.contains("mine.jsonl, line 41: longer than 1048576 bytes"), "{said}");
    assert!(is_empty(&folder.path("model")));
}

#[test]
fn a_model_that_is_there_survives_bad_data_and_is_replaced_by_good() {
    let folder = Folder::with("mine.jsonl", "{\"text\": \"x\"\n");
    std::fs::create_dir(folder.path("model")).expect("made");
    std::fs::write(folder.path("model/moderato.model"), b"the old one").expect("written");
    folder.refusal(&TRAIN);
    assert_eq!(std::fs::read(folder.path("model/moderato.model")).expect("still there"), b"the old one");

    // Every row twice, and one text that is labelled both ways.
    let mut twice = rows(20);
    twice.extend(rows(20));
    twice.push(json!({ "text": "Both ways", "label_spam": 0 }));
    twice.push(json!({ "text": "Both ways", "label_spam": 1 }));
    std::fs::write(folder.path("mine.jsonl"), lines(&twice)).expect("written");
    let output = folder.run(&TRAIN);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("left out: 40 rows that repeat") && said.contains("left out: 2 rows whose text"), "{said}");
    let files = std::fs::read_dir(folder.path("model")).expect("a folder");
    let mut names: Vec<_> = files.map(|file| file.expect("a file").file_name()).collect();
    names.sort();
    assert_eq!(names, ["README.md", "moderato.model"]);

    let output = folder.run(&["evaluate", "--data", "mine.jsonl", "--models", "model", "--json", "figures.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let figures: Value =
        serde_json::from_slice(&std::fs::read(folder.path("figures.json")).expect("written")).expect("JSON");
    assert_eq!(
        (figures["overall"]["spam"]["n"].as_u64(), &figures["overall"]["toxic"]["ece"]),
        (Some(82), &Value::Null)
    );
}

#[test]
fn a_report_has_its_figures_beside_it() {
    let folder = Folder::with("mine.jsonl", lines(&rows(20)));
    let output = folder.run(&["evaluate", "--data", "mine.jsonl", "--report", "out.html"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let page = std::fs::read_to_string(folder.path("out.html")).expect("written");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n") || page.ends_with("</html>"));
    let figures: Value =
        serde_json::from_slice(&std::fs::read(folder.path("out.json")).expect("written")).expect("JSON");
    for part in [&figures["overall"], &figures["sources"]["a"], &figures["languages"]["en"]] {
        assert!(part["spam"]["n"].is_u64() && part["decisions"]["ham"]["approve"].is_u64(), "{part}");
    }
    assert_eq!(figures["hard_ham"]["kinds"]["code"]["n"], 0);
    assert!(text(&output.stdout).contains("decisions, in per cent"));
    assert!(folder.refusal(&["evaluate", "--data", "none.jsonl"]).contains("none.jsonl"));
}

#[test]
fn disguises_and_left_out_sources_are_modes() {
    let folder = Folder::with("mine.jsonl", lines(&rows(60)));
    let output = folder.run(&["evaluate", "--attacks", "--data", "mine.jsonl", "--json", "attacks.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let found: Value =
        serde_json::from_slice(&std::fs::read(folder.path("attacks.json")).expect("written")).expect("JSON");
    assert_eq!(found["sources"]["a"]["disguises"].as_object().map(serde_json::Map::len), Some(8));

    let left_out = ["evaluate", "--leave-one-source-out", "--set", "passes=1", "--data", "mine.jsonl"];
    assert!(folder.refusal(&left_out).contains("no source has enough rows"));
    let output = folder.run(&["evaluate", "--attacks", "--leave-one-source-out", "--data", "mine.jsonl"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
}

#[test]
fn chosen_thresholds_are_a_policy_that_can_be_applied() {
    let folder = Folder::with("mine.jsonl", lines(&rows(200)));
    let output = folder.run(&["tune", "--data", "mine.jsonl"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    // Four hundred comments cannot show that fewer than one in a thousand is lost.
    assert!(said.contains("nothing is rejected") && said.contains("at 95 % no more than"), "{said}");
    std::fs::write(folder.path("policy.json"), &output.stdout).expect("written");
    let checked = folder.run(&["check", "--policy", "policy.json"]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));

    let only_ham: Vec<Value> = rows(50).into_iter().filter(|row| row["label_spam"] == 0).collect();
    std::fs::write(folder.path("mine.jsonl"), lines(&only_ham)).expect("written");
    assert!(folder.refusal(&["tune", "--data", "mine.jsonl"]).contains("there is no spam"));
    let output = folder.run(&["tune", "--data", "mine.jsonl", "--spam-share", "1.5"]);
    assert_eq!(output.status.code(), Some(2));
}
