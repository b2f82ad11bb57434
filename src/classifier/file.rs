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
            (Some(found), _) => return Err(ModelError::Format { found }),
            (None, _) => return Err(ModelError::Damaged("it ends too early")),
        }
        let (header, body) = bytes.split_at_checked(HEADER).ok_or(ModelError::Damaged("it ends too early"))?;
        let (prefix, checksum) = header.split_at(PREFIX);
        if u64::from_le_bytes(prefix[PREFIX - 8..].try_into().unwrap_or_default()) != body.len() as u64 {
            return Err(ModelError::Damaged("its length is not the one that it names"));
        }
        if checksum_of(prefix, body) != checksum {
            return Err(ModelError::Damaged("its checksum is wrong"));
        }
        let date = str::from_utf8(&prefix[16..26]).map_err(|_| ModelError::Damaged("its date is no text"))?;
        Ok(Self { version: version(date, checksum), heads: unpack(body)? })
    }

    /// The bytes of the model's file, dated `date` (`YYYY-MM-DD`), and the model as it will be read from them.
    ///
    /// # Errors
    ///
    /// When `date` is no date of this form.
    pub fn to_bytes(&self, date: &str) -> Result<Vec<u8>, ModelError> {
        if date.len() != 10 {
            return Err(ModelError::Damaged("its date is not of the form YYYY-MM-DD"));
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
        if !bias.is_finite() || !scale.is_finite() {
            return Err(ModelError::Damaged("it has numbers that are none"));
        }
        let weights = part[17..].iter().map(|byte| byte.cast_signed()).collect();
        *place = Some(Head { bias, scale, weights });
    }
    Ok(heads)
}

fn checksum_of(prefix: &[u8], body: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(prefix).chain_update(body).finalize().into()
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
