//! Copies, restores, reloads, health: what keeps a service going for years.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::harness::{Place, Service, moderato};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_backup_under_load_has_every_comment_acknowledged_before_its_start() {
    let service = Service::at(Place::sqlite(), &[]).await;
    let mut before = Vec::new();
    for n in 0..50 {
        before.push(service.comment(json!({ "text": format!("Before the copy, number {n}.") })).await["id"].clone());
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let copies = dir.path().join("copies");
    std::fs::create_dir(&copies).expect("made");

    // Comments go on coming until the copy is made.
    let (data, target) = (service.data.path().to_owned(), copies.clone());
    let backup = tokio::task::spawn_blocking(move || {
        moderato().arg("backup").arg(target).args(["--keep", "2", "--data-dir"]).arg(data).output().expect("it runs")
    });
    let mut meanwhile = 0;
    while !backup.is_finished() {
        service.comment(json!({ "text": format!("During the copy, number {meanwhile}.") })).await;
        meanwhile += 1;
    }
    let output = backup.await.expect("it ends");
    assert!(output.status.success(), "{}", said(&output));
    let copy = std::fs::read_dir(&copies).expect("read").next().expect("one").expect("one").path();

    let restored = dir.path().join("restored");
    let output = moderato().arg("restore").arg(&copy).arg("--data-dir").arg(&restored).output().expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    let exported = moderato().args(["export", "--data-dir"]).arg(&restored).output().expect("it runs");
    let exported = String::from_utf8(exported.stdout).expect("UTF-8");
    for id in &before {
        assert!(exported.contains(id.as_str().expect("an id")), "{id} is missing");
    }
    let doctor = moderato().args(["doctor", "--data-dir"]).arg(&restored).output().expect("it runs");
    assert!(doctor.status.success(), "{}", String::from_utf8_lossy(&doctor.stdout));

    // A database that is there is never overwritten.
    let again = moderato().arg("restore").arg(&copy).arg("--data-dir").arg(&restored).output().expect("it runs");
    assert!(!again.status.success() && said(&again).contains("exists already"), "{}", said(&again));
}

#[tokio::test]
async fn what_root_puts_into_a_data_directory_belongs_to_the_service() {
    const SERVICE: u32 = 65_532;
    let service = Service::at(Place::sqlite(), &[]).await;
    let copy = service.data.path().join("copy.db");
    let output = service.output(&["backup", copy.to_str().expect("UTF-8")]);
    assert!(output.status.success(), "{}", said(&output));
    for command in [&["restore", copy.to_str().expect("UTF-8")][..], &["migrate"]] {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::os::unix::fs::chown(dir.path(), Some(SERVICE), Some(SERVICE)).expect("this test needs root");
        let output = moderato().args(command).arg("--data-dir").arg(dir.path()).output().expect("it runs");
        assert!(output.status.success(), "{}", said(&output));
        let database = std::fs::metadata(dir.path().join("moderato.db")).expect("it is there");
        assert_eq!((database.uid(), database.gid(), database.mode() & 0o777), (SERVICE, SERVICE, 0o600), "{command:?}");
    }
}

#[tokio::test]
async fn a_backup_goes_to_standard_output_and_a_damaged_one_is_refused() {
    let service = Service::at(Place::sqlite(), &[]).await;
    service.comment(json!({ "text": "A comment to be kept." })).await;
    let output = service.output(&["backup", "-"]);
    assert!(output.status.success() && output.stdout.starts_with(b"SQLite format 3\0"), "{}", said(&output));
    assert!(!said(&output).contains("wrote"), "{}", said(&output));

    let dir = tempfile::tempdir().expect("a temporary directory");
    let (copy, target) = (dir.path().join("copy.db"), dir.path().join("data"));
    let mut bytes = output.stdout;
    let middle = bytes.len() / 2;
    bytes[middle..middle + 4096].fill(0xff);
    std::fs::write(&copy, &bytes).expect("written");
    let restore =
        |from: &Path| moderato().arg("restore").arg(from).arg("--data-dir").arg(&target).output().expect("it runs");
    let refused = restore(&copy);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(!target.join("moderato.db").exists());
    // Neither is the file of a running service, whose newest comments are in another file.
    let refused = restore(&service.data.path().join("moderato.db"));
    assert!(said(&refused).contains("is no backup"), "{}", said(&refused));
    assert_eq!(std::fs::read_dir(dir.path()).expect("read").count(), 1, "nothing is left beside the copy");
}

#[tokio::test]
async fn the_doctor_finds_what_is_wrong_and_changes_nothing() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let doctor = |args: &[&str]| {
        let output = moderato().arg("doctor").args(args).arg("--data-dir").arg(dir.path()).output().expect("it runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, table) = doctor(&[]);
    assert_eq!(code, Some(0), "{table}");
    for what in ["configuration", "schema", "model", "lists", "permissions", "disk", "clock"] {
        assert!(table.contains(&format!("ok    {what}")), "{what} is missing in: {table}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).expect("read").count(), 0);
    std::fs::write(dir.path().join("moderato.db"), "this is no database at all, but long enough").expect("written");
    let (code, table) = doctor(&[]);
    assert_eq!(code, Some(1));
    assert!(table.contains("FAULT schema"), "{table}");
}

/// Sends SIGHUP and waits until the service has said what came of it.
async fn reload(service: &Service, times: usize) -> String {
    let pid = service.pid().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().expect("kill runs").success());
    loop {
        let said = service.said();
        if said.matches("configuration is").count() >= times {
            return said;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_changed_configuration_is_in_force_after_sighup_and_a_wrong_one_changes_nothing() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("moderato.toml");
    let write = |text: &str| std::fs::write(&file, text).expect("written");
    write("[limits]\nemail = \"off\"\n");
    let path = file.to_str().expect("UTF-8");
    let service = Service::with(&[("MODERATO_CONFIG", path), ("MODERATO_LIMITS_EMAIL", "")]).await;
    let post = |n: u32| {
        let text = format!("Another remark of mine, number {n}.");
        service.post("/v1/comments", json!({ "text": text, "email": "ann@example.org" }))
    };
    for n in 0..3 {
        assert_eq!(post(n).await.status, 201);
    }

    write("[limits]\nemail = \"1/min burst 1\"\nadress = \"off\"\n");
    let said = reload(&service, 1).await;
    assert!(said.contains("did you mean limits.address?"), "{said}");
    for n in 3..6 {
        assert_eq!(post(n).await.status, 201, "the old limits hold");
    }
    let metrics = service.get("/metrics").await.text;
    assert!(metrics.contains("moderato_reload_successful 0\n"), "{metrics}");

    write("[limits]\nemail = \"1/min burst 1\"\n");
    reload(&service, 2).await;
    assert_eq!([post(6).await.status, post(7).await.status], [201, 429]);
    let metrics = service.get("/metrics").await.text;
    assert!(metrics.contains("moderato_reload_successful 1\n"), "{metrics}");
}

#[tokio::test]
async fn the_manual_page_and_completions_name_every_command() {
    let man = String::from_utf8(moderato().arg("man").output().expect("it runs").stdout).expect("UTF-8");
    let bash = String::from_utf8(moderato().args(["completions", "bash"]).output().expect("it runs").stdout);
    for command in ["serve", "backup", "restore", "doctor", "migrate"] {
        assert!(man.contains(command), "{man}");
        assert!(bash.as_ref().expect("UTF-8").contains(command));
    }
}
