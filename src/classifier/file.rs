//! The model file: read whole or refused with a sentence, written whole or not at all.
//!
//! After the magic come format version, feature version, date and length of the body, then the SHA-256 of all of
//! these and of the body. The body is packed: for each head its kind, bias, scale and one byte for each bucket.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use sha2::{Digest, Sha256};

use super::features::{BUCKETS, FEATURE_VERSION};
use super::{Head, HeadKind, Model};

/// The file's name in a models directory.
pub const FILE_NAME: &str = "moderato.model";
/// Version of the file's layout.
const FORMAT_VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"MODERATO";
/// Magic, two versions, date, length.
const PREFIX: usize = 8 + 4 + 4 + 10 + 8;
const HEADER: usize = PREFIX + 32;
/// Kind, bias, scale, weights.
const HEAD: usize = 1 + 8 + 8 + BUCKETS;
/// No model file is longer; a longer one is not read.
const MAX_FILE: u64 = 64 << 20;

/// Greatest believable bias or weight; trained ones are below 100.
const LARGEST: f64 = 1e6;

static EMBEDDED: &[u8] = include_bytes!("../../models/moderato.model");

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is something else.
    #[error("this is no model of Moderato")]
    NotAModel,
    /// Its layout is of another version.
    #[error("the model file has format version {found}, and this program reads version {FORMAT_VERSION}")]
    Format {
        /// The file's version.
        found: u32,
    },
    /// It was trained on other features.
    #[error(
        "the model was trained for feature version {found}, and this program has version {FEATURE_VERSION}: \
         train it again with `moderato train`"
    )]
    Features {
        /// The model's version.
        found: u32,
    },
    /// Bytes are missing, too many, or changed.
    #[error("the model file is damaged: {0}")]
    Damaged(&'static str),
}

impl Model {
    /// The model that is built into the program.
    ///
    /// # Errors
    ///
    /// When the program was built with a model that it cannot use.
    pub fn embedded() -> Result<Self, ModelError> {
        Self::from_bytes(EMBEDDED)
    }

    /// Reads the model in the directory `dir`.
    ///
    /// # Errors
    ///
    /// When the file is missing, damaged, or of another version.
    pub fn load(dir: &Path) -> Result<Self, ModelError> {
        let path = dir.join(FILE_NAME);
        let read = || {
            let mut bytes = Vec::new();
            File::open(&path)?.take(MAX_FILE).read_to_end(&mut bytes)?;
            Ok(bytes)
        };
        Self::from_bytes(&read().map_err(|error| ModelError::Io { path: path.clone(), error })?)
    }

    /// Reads a model from the bytes of its file.
    ///
    /// # Errors
    ///
    /// When they are no model that this program can use.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.get(..8) != Some(MAGIC) {
            return Err(ModelError::NotAModel);
        }
        let number = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
        match (number(8), number(12)) {
            (Some(FORMAT_VERSION), Some(FEATURE_VERSION)) => {}
            (Some(FORMAT_VERSION), Some(found)) => return Err(ModelError::Features { found }),
            (Some(found), _) if found != FORMAT_VERSION => return Err(ModelError::Format { found }),
            _ => return Err(ModelError::Damaged("it ends too early")),
        }
        let (header, body) = bytes.split_at_checked(HEADER).ok_or(ModelError::Damaged("it ends too early"))?;
        let (prefix, checksum) = header.split_at(PREFIX);
        if u64::from_le_bytes(prefix[PREFIX - 8..].try_into().unwrap_or_default()) != body.len() as u64 {
            return Err(ModelError::Damaged("its length is not the one that it names"));
        }
        if checksum_of(prefix, body) != checksum {
            return Err(ModelError::Damaged("its checksum is wrong"));
        }
        let date = str::from_utf8(&prefix[16..26]).ok().filter(|date| is_date(date)).ok_or(NO_DATE)?;
        Ok(Self { version: version(date, checksum), heads: unpack(body)? })
    }

    /// The bytes of the model's file, dated `date` (`YYYY-MM-DD`), and the model as it will be read from them.
    ///
    /// # Errors
    ///
    /// When `date` is no date of this form.
    pub fn to_bytes(&self, date: &str) -> Result<Vec<u8>, ModelError> {
        if !is_date(date) {
            return Err(NO_DATE);
        }
        let body = self.pack().map_err(|error| ModelError::Io { path: FILE_NAME.into(), error })?;
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        bytes.extend_from_slice(&FEATURE_VERSION.to_le_bytes());
        bytes.extend_from_slice(date.as_bytes());
        bytes.extend_from_slice(&(body.len() as u64).to_le_bytes());
        let checksum = checksum_of(&bytes, &body);
        bytes.extend_from_slice(&checksum);
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    fn pack(&self) -> io::Result<Vec<u8>> {
        let mut body = DeflateEncoder::new(Vec::new(), Compression::best());
        for (kind, head) in HeadKind::ALL.into_iter().zip(&self.heads) {
            let Some(head) = head else { continue };
            body.write_all(&[kind as u8])?;
            body.write_all(&head.bias.to_le_bytes())?;
            body.write_all(&head.scale.to_le_bytes())?;
            let weights: Vec<u8> = head.weights.iter().map(|weight| weight.cast_unsigned()).collect();
            body.write_all(&weights)?;
        }
        body.finish()
    }
}

const NO_DATE: ModelError = ModelError::Damaged("its date is not of the form YYYY-MM-DD");

fn is_date(text: &str) -> bool {
    let fits = |(i, b): (usize, u8)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(fits)
}

fn unpack(body: &[u8]) -> Result<[Option<Head>; 2], ModelError> {
    let mut bytes = Vec::with_capacity(2 * HEAD);
    // One byte more than there can be, to see that there is none.
    DeflateDecoder::new(body)
        .take(2 * HEAD as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| ModelError::Damaged("it cannot be unpacked"))?;
    let mut heads = [None, None];
    let parts = bytes.chunks_exact(HEAD);
    if bytes.is_empty() || bytes.len() > 2 * HEAD || !parts.remainder().is_empty() {
        return Err(ModelError::Damaged("it has another size than a model"));
    }
    for part in parts {
        let place = heads.get_mut(usize::from(part[0])).ok_or(ModelError::Damaged("it has a head of no known kind"))?;
        let number = |at: usize| f64::from_le_bytes(part[at..at + 8].try_into().unwrap_or_default());
        let (bias, scale) = (number(1), number(9));
        // With them, scores are numbers whatever the comment; NaN is in no range.
        if !(-LARGEST..=LARGEST).contains(&bias) || !(0.0..=LARGEST).contains(&scale) {
            return Err(ModelError::Damaged("it has numbers that no training gives"));
        }
        let weights = part[17..].iter().map(|byte| byte.cast_signed()).collect();
        if place.replace(Head::new(bias, scale, weights)).is_some() {
            return Err(ModelError::Damaged("it has a head twice"));
        }
    }
    Ok(heads)
}

fn checksum_of(prefix: &[u8], body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(prefix).chain_update(body).finalize().into()
}

/// The SHA-256 of a file's bytes, in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    checksum_of(bytes, &[]).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn version(date: &str, checksum: &[u8]) -> String {
    let start: String = checksum.iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    format!("{date}-{start}")
}

/// Writes a file beside its place, makes sure that it is on the disk, and puts it in its place: at no time is there
/// half a file.
///
/// # Errors
///
/// When the file cannot be written; what was there before is still there then.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), ModelError> {
    let aside = path.with_extension("partial");
    let write = || {
        let mut file = File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, path)?;
        File::open(path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new(".")))?.sync_all()
    };
    write().map_err(|error| {
        // The error that counts is the first one.
        let _ = fs::remove_file(&aside);
        ModelError::Io { path: path.to_owned(), error }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with this body and a right checksum.
    fn framed(format: u32, features: u32, date: &str, named: u64, body: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&format.to_le_bytes());
        bytes.extend_from_slice(&features.to_le_bytes());
        bytes.extend_from_slice(date.as_bytes());
        bytes.extend_from_slice(&named.to_le_bytes());
        let checksum = checksum_of(&bytes, body);
        bytes.extend_from_slice(&checksum);
        bytes.extend_from_slice(body);
        bytes
    }

    fn with_body(body: &[u8]) -> Vec<u8> {
        framed(FORMAT_VERSION, FEATURE_VERSION, "2026-01-02", body.len() as u64, body)
    }

    fn head(kind: u8, bias: f64, scale: f64) -> Vec<u8> {
        let mut head = vec![kind];
        head.extend_from_slice(&bias.to_le_bytes());
        head.extend_from_slice(&scale.to_le_bytes());
        head.resize(HEAD, 3);
        head
    }

    fn deflated(heads: &[u8]) -> Vec<u8> {
        let mut body = DeflateEncoder::new(Vec::new(), Compression::fast());
        body.write_all(heads).expect("a vector takes what is written to it");
        body.finish().expect("a vector takes what is written to it")
    }

    fn refusal(bytes: &[u8]) -> String {
        Model::from_bytes(bytes).expect_err("must be refused").to_string()
    }

    #[test]
    fn a_sound_file_is_read_and_written_the_same() {
        let heads = [head(0, -1.0, 2.0), head(1, 0.5, 1.0)].concat();
        let model = Model::from_bytes(&with_body(&deflated(&heads))).expect("loads");
        assert!(model.has(HeadKind::Spam) && model.has(HeadKind::Toxic));
        let bytes = model.to_bytes("2026-01-02").expect("a date");
        assert_eq!(Model::from_bytes(&bytes).expect("loads").heads, model.heads);
    }

    #[test]
    fn a_model_of_another_version_is_refused_with_both_versions() {
        let other = framed(FORMAT_VERSION, FEATURE_VERSION + 7, "2026-01-02", 0, &[]);
        let (found, ours) = (FEATURE_VERSION + 7, FEATURE_VERSION);
        assert_eq!(
            refusal(&other),
            format!(
                "the model was trained for feature version {found}, and this program has version {ours}: train it again \
                 with `moderato train`"
            )
        );
        assert_eq!(
            refusal(&framed(9, FEATURE_VERSION, "2026-01-02", 0, &[])),
            "the model file has format version 9, and this program reads version 1"
        );
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_refused_in_words() {
        let whole = with_body(&deflated(&head(0, -1.0, 2.0)));
        assert!(Model::from_bytes(&whole).is_ok());
        for len in 0..whole.len() {
            let said = refusal(&whole[..len]);
            let expected = match len {
                0..8 => "this is no model of Moderato",
                8..HEADER => "the model file is damaged: it ends too early",
                _ => "the model file is damaged: its length is not the one that it names",
            };
            assert_eq!(said, expected, "cut at {len}");
        }
    }

    #[test]
    fn what_does_not_fit_its_checksum_is_refused() {
        let whole = with_body(&deflated(&head(0, -1.0, 2.0)));
        for at in PREFIX..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(refusal(&changed), "the model file is damaged: its checksum is wrong", "changed at {at}");
        }
    }

    #[test]
    fn sizes_that_are_named_are_not_believed() {
        let body = deflated(&head(0, -1.0, 2.0));
        for named in [0, u64::from(u32::MAX), u64::MAX] {
            let file = framed(FORMAT_VERSION, FEATURE_VERSION, "2026-01-02", named, &body);
            assert_eq!(refusal(&file), "the model file is damaged: its length is not the one that it names");
        }
        // 64 MiB in 64 kB: unpacked only as far as a model can reach.
        let bomb = deflated(&vec![0; 64 << 20]);
        assert_eq!(refusal(&with_body(&bomb)), "the model file is damaged: it has another size than a model");
        for body in [&b""[..], b"no deflate stream at all"] {
            assert!(refusal(&with_body(body)).starts_with("the model file is damaged: it "));
        }
    }

    #[test]
    fn heads_that_would_spoil_every_score_are_refused() {
        let numbers = "the model file is damaged: it has numbers that no training gives";
        for (bias, scale) in [
            (f64::NAN, 1.0),
            (0.0, f64::NAN),
            (f64::INFINITY, 1.0),
            (0.0, f64::INFINITY),
            (0.0, -1.0),
            (1e300, 1.0),
            (0.0, 1e300),
        ] {
            assert_eq!(refusal(&with_body(&deflated(&head(0, bias, scale)))), numbers, "{bias} {scale}");
        }
        let twice = [head(1, 0.0, 1.0), head(1, 0.0, 1.0)].concat();
        assert_eq!(refusal(&with_body(&deflated(&twice))), "the model file is damaged: it has a head twice");
        let unknown = refusal(&with_body(&deflated(&head(2, 0.0, 1.0))));
        assert_eq!(unknown, "the model file is damaged: it has a head of no known kind");
    }

    #[test]
    fn a_date_is_a_date() {
        let body = deflated(&head(0, -1.0, 2.0));
        for date in ["2026-1-002", "\u{1b}[31mred!!", "yesterday!"] {
            let date = &date[..10];
            let file = framed(FORMAT_VERSION, FEATURE_VERSION, date, body.len() as u64, &body);
            assert_eq!(refusal(&file), "the model file is damaged: its date is not of the form YYYY-MM-DD", "{date:?}");
            let model = Model::from_bytes(&with_body(&body)).expect("loads");
            assert!(model.to_bytes(date).is_err(), "{date:?}");
        }
    }

    #[test]
    fn a_file_of_any_length_is_read_only_so_far_as_a_model_can_reach() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = File::create(dir.path().join(FILE_NAME)).expect("made");
        file.set_len(1 << 40).expect("a file with holes");
        assert_eq!(Model::load(dir.path()).expect_err("is refused").to_string(), "this is no model of Moderato");
    }
}
