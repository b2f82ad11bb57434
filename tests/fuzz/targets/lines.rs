//! Any line is a submission, a labelled row or an entry of a list, or is refused in words.

#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use moderato::comment::{MAX_NAME, MAX_TEXT};
use moderato::{api, dataset, lists};

/// A file of this process in memory.
static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let dir = if std::path::Path::new("/dev/shm").is_dir() { "/dev/shm".into() } else { std::env::temp_dir() };
    dir.join(format!("moderato-fuzz-{}.jsonl", std::process::id()))
});

fuzz_target!(|data: &[u8]| {
    match api::submission_and_labels(data) {
        Ok((submission, labels)) => {
            assert!(!submission.text.trim().is_empty() && submission.text.chars().count() <= MAX_TEXT);
            assert!(submission.name.is_none_or(|name| name.chars().count() <= MAX_NAME));
            assert!(labels.keys().all(|name| name.starts_with("label_")));
        }
        Err(problem) => assert!(!problem.to_string().is_empty()),
    }
    std::fs::write(&*FILE, data).expect("the file can be written");
    match dataset::read(std::slice::from_ref(&*FILE)) {
        Ok(rows) => assert!(rows.iter().all(|row| !row.text.trim().is_empty() && row.text.chars().count() <= MAX_TEXT)),
        Err(error) => assert!(error.to_string().contains("moderato-fuzz")),
    }
    match lists::check(&FILE) {
        Ok(checked) => {
            assert!(!checked.list.domains.is_empty());
            assert!(checked.list.domains.iter().all(|domain| checked.list.domains.contains(domain)));
        }
        Err(error) => assert!(error.to_string().contains("moderato-fuzz")),
    }
});
