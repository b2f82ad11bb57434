//! The command line as the contract has it.

use std::io::{BufRead, BufReader, Seek, SeekFrom, Write};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::harness::{Place, Service, moderato};

fn run(args: &[&str], input: &str) -> Output {
    let mut command = moderato();
    command.args(args);
    fed(command, input)
}

fn fed(mut command: Command, input: &str) -> Output {
    let mut child = command
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().expect("piped").write_all(input.as_bytes());
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn check_answers_line_by_line_and_says_what_is_wrong() {
    let input = "{\"text\": \"Hello there\", \"label_spam\": 0}\nnot json\n{\"text\": \"\"}\n{\"text\": \"Bye\", \"source\": \"x\"}\n{\"text\": \"Last\"}";
    let output = run(&["check"], input);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let lines: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0]["label_spam"], 0);
    assert!(lines[0]["decision"].is_string() && lines[0]["reasons"].is_array() && lines[0]["scores"].is_object());
    for (n, line) in [(1, 2), (2, 3), (3, 4)] {
        assert!(lines[n]["error"].is_string(), "{}", lines[n]);
        assert_eq!(lines[n]["line"], line);
    }
    assert!(lines[4]["decision"].is_string());
    assert_eq!(run(&["check"], "{\"text\": \"Hello\"}\n").status.code(), Some(0));
    assert_eq!(run(&["check"], "").status.code(), Some(0));
}

#[test]
fn check_answers_many_lines_in_their_order() {
    let mut input = tempfile::tempfile().expect("a temporary file");
    for n in 0..3_000 {
        // Long ones among short ones, which are done sooner.
        let text = "word ".repeat(if n % 100 == 0 { 2_000 } else { 1 });
        let line = if n == 1_234 { json!({}) } else { json!({ "text": text, "label_n": n }) };
        writeln!(input, "{line}").expect("written");
    }
    input.seek(SeekFrom::Start(0)).expect("rewound");
    let child = moderato().arg("check").stdin(input).stdout(Stdio::piped()).spawn().expect("it starts");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let answers = text(&output.stdout);
    let mut lines = 0;
    for (n, line) in answers.lines().enumerate() {
        let answer: Value = serde_json::from_str(line).expect("JSON");
        let is_refusal = n == 1_234;
        assert_eq!(
            (answer["label_n"].as_u64(), answer["line"].as_u64()),
            if is_refusal { (None, Some(1_235)) } else { (Some(n as u64), None) }
        );
        lines += 1;
    }
    assert_eq!(lines, 3_000);
}

#[test]
fn check_answers_a_line_before_the_next_one_comes() {
    let mut child = moderato().arg("check").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut input = child.stdin.take().expect("piped");
    let mut answers = BufReader::new(child.stdout.take().expect("piped")).lines();
    for n in 0..3 {
        writeln!(input, "{}", json!({ "text": "Hello there", "label_n": n })).expect("written");
        let answer: Value = serde_json::from_str(&answers.next().expect("an answer").expect("read")).expect("JSON");
        assert_eq!(answer["label_n"], n);
    }
    drop(input);
    assert!(answers.next().is_none() && child.wait().expect("it ends").success());
}

#[test]
fn a_policy_file_is_applied_and_a_wrong_one_explained() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("policy.json");
    let policy =
        json!({ "patterns": [{ "regex": "purple elephants?", "score": 9.0 }], "lists": { "words": ["zeppelin"] } });
    std::fs::write(&path, policy.to_string()).expect("written");
    let input = "{\"text\": \"I saw a Purple Elephant in a ZEPPELIN.\"}\n";
    let output = run(&["check", "--policy", path.to_str().expect("UTF-8")], input);
    let verdict: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let codes: Vec<&str> =
        verdict["reasons"].as_array().expect("reasons").iter().filter_map(|r| r["code"].as_str()).collect();
    assert!(codes.contains(&"pattern") && codes.contains(&"listed_word"), "{verdict}");
    assert_ne!(verdict["decision"], "approve");
    std::fs::write(&path, r#"{"patterns": [{"regex": "(", "score": 1}]}"#).expect("written");
    let output = run(&["check", "--policy", path.to_str().expect("UTF-8")], input);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("/patterns/0/regex"), "{}", text(&output.stderr));
}

#[test]
fn a_wrong_configuration_refuses_to_start_and_names_everything() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("moderato.toml");
    std::fs::write(&path, "listen = \"here\"\n[limits]\nsite = \"lots\"\nadress = \"off\"\n").expect("written");
    let output = run(&["serve", "--config", path.to_str().expect("UTF-8")], "");
    assert_eq!(output.status.code(), Some(78));
    let said = text(&output.stderr);
    for part in
        ["moderato.toml:1: listen", "moderato.toml:3: limits.site", "moderato.toml:4: limits.adress", "limits.address"]
    {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
}

#[test]
fn wrong_usage_ends_with_2() {
    assert_eq!(run(&["nonsense"], "").status.code(), Some(2));
    assert_eq!(run(&["key", "create"], "").status.code(), Some(2));
    assert_eq!(run(&["key", "create", "--site", "x", "--scopes", "fly"], "").status.code(), Some(2));
    assert_eq!(run(&["--help"], "").status.code(), Some(0));
    assert_eq!(run(&["--version"], "").status.code(), Some(0));
}

#[tokio::test]
async fn keys_sites_and_users_are_made_while_the_service_runs() {
    let service = Service::start().await;
    service.run(&["site", "create", "blog", "--url", "https://blog.example"]);
    assert!(service.run(&["site", "list"]).contains("blog\thttps://blog.example/"));
    assert!(!service.output(&["site", "create", "blog", "--url", "https://blog.example"]).status.success());
    let key = service.run(&["key", "create", "--site", "blog", "--scopes", "submit"]);
    assert!(key.starts_with("mod_") && key.lines().count() == 1);
    let answer = service.http.post(format!("{}/v1/comments", service.url)).bearer_auth(&key);
    assert_eq!(answer.json(&json!({ "text": "Hello" })).send().await.expect("an answer").status(), 201);
    assert!(!service.run(&["key", "list"]).contains(key.splitn(3, '_').nth(2).expect("a secret")));
}

#[tokio::test]
async fn users_get_their_password_from_standard_input() {
    let service = Service::start().await;
    let create = ["user", "create", "--email", "Ann@example.org", "--role", "administrator", "--password-stdin"];
    let run = |args: &[&str], input: &str| fed(service.command(args), input);
    assert_eq!(run(&create, "short\n").status.code(), Some(1));
    assert!(run(&create, "a long enough password\n").status.success());
    assert!(service.run(&["user", "list"]).contains("ann@example.org\tAnn\tadministrator\tactive"));
    service.run(&["user", "disable", "ann@example.org"]);
    assert!(service.run(&["user", "list"]).contains("disabled"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_holds_what_was_acknowledged_and_can_be_restored() {
    let service = Service::at(Place::sqlite(), &[]).await.all_powerful();
    let mut ids = Vec::new();
    for n in 0..50 {
        ids.push(service.comment(json!({ "text": format!("Comment {n}.") })).await["id"].clone());
    }
    let file = service.data.path().join("backup.db");
    let file = file.to_str().expect("UTF-8").to_owned();
    let (backup, _) = tokio::join!(
        async { tokio::task::block_in_place(|| service.output(&["backup", &file])) },
        service.comment(json!({ "text": "Meanwhile." }))
    );
    assert!(backup.status.success(), "{}", text(&backup.stderr));
    assert!(!service.output(&["backup", &file]).status.success(), "a backup overwrites");

    let fresh = tempfile::tempdir().expect("a temporary directory");
    let dir = fresh.path().to_str().expect("UTF-8");
    let restored = run(&["restore", &file, "--data-dir", dir], "");
    assert!(restored.status.success(), "{}", text(&restored.stderr));
    assert!(!run(&["restore", &file, "--data-dir", dir], "").status.success(), "a restore overwrites");
    let export = run(&["export", "--data-dir", dir], "");
    let exported: Vec<Value> = text(&export.stdout)
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["id"].clone())
        .collect();
    assert!(ids.iter().all(|id| exported.contains(id)));
    assert!(run(&["doctor", "--data-dir", dir], "").status.success());
}

#[test]
fn a_file_that_is_no_backup_is_refused() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("x.db");
    std::fs::write(&file, b"this is no database, whatever its name says, and quite long enough").expect("written");
    let output =
        run(&["restore", file.to_str().expect("UTF-8"), "--data-dir", dir.path().to_str().expect("UTF-8")], "");
    assert_eq!(output.status.code(), Some(1));
    assert!(!dir.path().join("moderato.db").exists());
}

#[test]
fn configuration_is_explained_with_its_sources() {
    let output = run(&["config", "explain", "--data-dir", "/somewhere"], "");
    let said = text(&output.stdout);
    assert!(
        said.lines().any(|l| l.starts_with("data_dir ") && l.contains("/somewhere") && l.ends_with("command line")),
        "{said}"
    );
    assert!(said.lines().any(|l| l.starts_with("listen ") && l.ends_with("default")), "{said}");
}

#[test]
fn completions_name_the_commands() {
    assert!(text(&run(&["completions", "bash"], "").stdout).contains("backup"));
}

#[tokio::test]
async fn a_labelled_file_is_replayed_through_the_service() {
    let service = Service::start().await;
    let file = service.data.path().join("labelled.jsonl");
    let rows = [
        json!({ "text": "WIN BIG at http://casino-free-spins.example now, best casino bonus, click http://casino-free-spins.example/join", "label_spam": 1, "label_toxic": null, "source": "test" }),
        json!({ "text": "I walked there on Sunday and the path was muddy, but the view was worth it.", "label_spam": 0, "label_toxic": null, "source": "test" }),
        json!({ "text": "Thank you for explaining how the new timetable works.", "label_spam": 0, "label_toxic": null, "source": "test" }),
    ];
    std::fs::write(&file, rows.map(|row| row.to_string() + "\n").concat()).expect("written");
    let file = file.to_str().expect("UTF-8");
    let output = run(&["replay", "--file", file, "--url", &service.url, "--key", &service.key], "");
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = text(&output.stdout);
    for part in ["approve", "ham", "spam", "precision", "recall", "3 requests in", "a second", "mistakes"] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    let output = run(&["replay", "--file", file, "--url", &service.url, "--key", "wrong"], "");
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn what_is_exported_can_be_imported_and_importing_twice_changes_nothing() {
    let service = Service::start().await.all_powerful();
    for n in 0..5 {
        let id = service.comment(json!({ "text": format!("Comment {n}."), "name": "Ann" })).await["id"].clone();
        service.post("/v1/decisions", json!({ "ids": [id], "status": "rejected", "reason": "spam" })).await;
    }
    let exported = service.run(&["export"]);
    let file = service.data.path().join("comments.jsonl");
    std::fs::write(&file, &exported).expect("written");
    let file = file.to_str().expect("UTF-8");

    let other = Service::start().await;
    for imported in ["imported 5 comments; 0", "imported 0 comments; 5"] {
        let output = other.output(&["import", "jsonl", file, "--site", "default"]);
        assert!(text(&output.stderr).contains(imported), "{}", text(&output.stderr));
    }
    assert_eq!(other.run(&["export"]), exported);
    assert!(other.get("/metrics").await.text.contains("moderato_queue_comments{site=\"default\"} 0\n"));

    std::fs::write(file, format!("{}\nbroken\n", exported.lines().next().expect("a line"))).expect("written");
    let output = other.output(&["import", "jsonl", file, "--site", "default"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("line 2"), "{}", text(&output.stderr));
}

#[test]
fn a_list_is_imported_whole_or_not_at_all() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let (data, file) = (dir.path().join("data"), dir.path().join("mine.txt"));
    let data = data.to_str().expect("UTF-8");
    let shown = || text(&run(&["lists", "--data-dir", data], "").stdout);
    let import = |content: &[u8]| {
        std::fs::write(&file, content).expect("written");
        let path = file.to_str().expect("UTF-8");
        run(&["lists", "import", "disposable_email_domains", path, "--data-dir", data], "")
    };
    let judged = |email: &str| {
        let input = json!({ "text": "Hello there", "name": "Ann", "email": email }).to_string();
        let output = run(&["check", "--data-dir", data], &input);
        let verdict: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let reasons = verdict["reasons"].as_array().expect("reasons").clone();
        (reasons.iter().any(|reason| reason["code"] == "disposable_email"), text(&output.stderr))
    };
    assert!(shown().contains("disposable_email_domains\t8335\t2026-11-22\tCC0 1.0\thttps://"), "{}", shown());
    assert!(shown().contains("url_shorteners\t") && shown().contains("\tshipped"), "{}", shown());

    let output = import(b"# Licence: MIT\n# Date: 2026-12-01\nBin.example\nbin.example\nthrow.example # why\n");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("2 entries, 1 lines named one again"), "{}", text(&output.stderr));
    assert!(shown().contains("disposable_email_domains\t2\t2026-12-01\tMIT\t"), "{}", shown());
    assert!(judged("a@x.bin.example").0 && !judged("a@mailinator.com").0);

    for (content, said) in [
        (
            &b"fine.example\nno domain\nco.uk\n"[..],
            &["line 2: \u{201c}no domain\u{201d}", "line 3: \u{201c}co.uk\u{201d}"][..],
        ),
        (b"fine.example\n\xff\n", &["line 2: not UTF-8"]),
        (b"# nothing\n", &["there is no entry in it"]),
    ] {
        let output = import(content);
        assert_eq!(output.status.code(), Some(1));
        for part in said {
            assert!(text(&output.stderr).contains(part), "{part} is missing in: {}", text(&output.stderr));
        }
        assert!(judged("a@bin.example").0, "the list from before is still in use");
    }
    assert_eq!(run(&["lists", "import", "no_such_list", "x", "--data-dir", data], "").status.code(), Some(2));

    // Somebody has broken the imported file by hand: the shipped list is used, and everybody is told.
    std::fs::write(dir.path().join("data/lists/disposable_email_domains.txt"), "broken").expect("written");
    let (disposable, said) = judged("a@mailinator.com");
    assert!(disposable && said.contains("line 1") && said.contains("comes with the service"), "{said}");
    assert_eq!(run(&["lists", "--data-dir", data], "").status.code(), Some(1));
    assert!(text(&run(&["doctor", "--data-dir", data], "").stdout).contains("FAULT lists"));
}
