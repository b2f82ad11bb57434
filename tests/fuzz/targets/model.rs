//! Any bytes are a model or are refused. The first byte says how much of a model they are: nothing random ever has the
//! right checksum, so the frame is made around them.

#![no_main]

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use libfuzzer_sys::fuzz_target;
use moderato::classifier::Model;
use moderato::classifier::features::{BUCKETS, FEATURE_VERSION};
use moderato::comment::{Comment, Submission};
use moderato::id::SiteId;
use sha2::{Digest, Sha256};

static COMMENT: LazyLock<Comment> = LazyLock::new(|| {
    let submission = Submission { text: "cheap pills at http://pills.example".to_owned(), ..Submission::default() };
    Comment::from_submission(SiteId(1), submission, jiff::Timestamp::UNIX_EPOCH)
});

/// A file with a right length and checksum.
fn framed(date: [u8; 10], body: &[u8]) -> Vec<u8> {
    let mut bytes = b"MODERATO".to_vec();
    bytes.extend_from_slice(&1u32.to_le_bytes());
    bytes.extend_from_slice(&FEATURE_VERSION.to_le_bytes());
    bytes.extend_from_slice(&date);
    bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
    let checksum = Sha256::new().chain_update(&bytes).chain_update(body).finalize();
    bytes.extend_from_slice(&checksum);
    bytes.extend_from_slice(body);
    bytes
}

/// A head that begins with `start` and goes on with one weight.
fn packed(start: &[u8], weight: u8) -> Vec<u8> {
    let mut head = vec![weight; 17 + BUCKETS];
    let n = start.len().min(head.len());
    head[..n].copy_from_slice(&start[..n]);
    let mut body = DeflateEncoder::new(Vec::new(), Compression::fast());
    body.write_all(&head).expect("a vector takes what is written to it");
    body.finish().expect("a vector takes what is written to it")
}

fuzz_target!(|data: &[u8]| {
    let Some((how, data)) = data.split_first() else { return };
    let bytes = match how % 4 {
        0 => data.to_vec(),
        1 => framed(*b"2026-01-02", data),
        2 => {
            let mut date = *b"2026-01-02";
            let n = data.len().min(10);
            date[..n].copy_from_slice(&data[..n]);
            framed(date, data)
        }
        _ => framed(*b"2026-01-02", &packed(data, how / 4)),
    };
    match Model::from_bytes(&bytes) {
        Err(error) => assert!(error.to_string().len() > 10),
        Ok(model) => {
            assert!(model.version.is_ascii());
            let judgement = model.judge(&COMMENT);
            for head in [judgement.spam, judgement.toxic].into_iter().flatten() {
                assert!(head.log_odds.is_finite() && (0.0..=1.0).contains(&head.probability));
            }
        }
    }
});
