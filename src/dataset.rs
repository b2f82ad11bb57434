//! Labelled comments from files: JSON lines, plain, gzip (`.gz`) or Zstandard (`.zst`), read one line at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use ruzstd::decoding::StreamingDecoder;
use serde::Deserialize;
use serde::de::Error as _;

use crate::comment::{Comment, MAX_TEXT, Submission};
use crate::id::SiteId;

/// Longest accepted line, in bytes; a text of the greatest length fits, whatever is escaped in it.
pub const MAX_LINE: usize = 1 << 20;

/// One labelled comment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// What was posted; never blank, and cut where it is longer than the service accepts.
    pub text: String,
    /// The author's name, where the source has it.
    pub name: Option<String>,
    /// The author's e-mail address, where the source has it.
    pub email: Option<String>,
    /// The author's website, where the source has it.
    pub url: Option<String>,
    /// The set it comes from; the file's name where the row does not say.
    pub source: Arc<str>,
    /// Whether it is spam; `None` where nobody has said.
    pub spam: Option<bool>,
    /// Whether it is toxic; `None` where nobody has said.
    pub toxic: Option<bool>,
}

impl Row {
    /// The row as a site would send it.
    pub fn comment(&self) -> Comment {
        let submission = Submission {
            text: self.text.clone(),
            name: self.name.clone(),
            email: self.email.clone(),
            url: self.url.clone(),
            ..Submission::default()
        };
        Comment::from_submission(SiteId(1), submission, Timestamp::UNIX_EPOCH)
    }
}

/// Why data could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file cannot be opened or its compression is broken.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system or the decoder says.
        error: io::Error,
    },
    /// A line is no labelled comment.
    #[error("{}, line {line}: {detail}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        detail: String,
    },
}

/// A row as it stands in a file. Fields that are not named here are passed over.
#[derive(Deserialize)]
struct Line {
    text: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default, deserialize_with = "label")]
    label_spam: Option<bool>,
    #[serde(default, deserialize_with = "label")]
    label_toxic: Option<bool>,
}

fn label<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<bool>, D::Error> {
    match Option::<serde_json::Value>::deserialize(value)? {
        None => Ok(None),
        Some(value) => match (value.as_u64(), value.as_bool()) {
            (Some(0), _) | (_, Some(false)) => Ok(Some(false)),
            (Some(1), _) | (_, Some(true)) => Ok(Some(true)),
            _ => Err(D::Error::custom(format!("a label is 0, 1 or null, not {value}"))),
        },
    }
}

/// Reads all rows of `paths`, in order. Blank lines are passed over.
///
/// # Errors
///
/// The first file that cannot be read, or the first line that is no labelled comment.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Row>, DatasetError> {
    let mut rows = Vec::new();
    for path in paths {
        read_file(path, &mut rows)?;
    }
    Ok(rows)
}

fn read_file(path: &Path, rows: &mut Vec<Row>) -> Result<(), DatasetError> {
    let unreadable = |error| DatasetError::Unreadable { path: path.to_owned(), error };
    let mut input = open(path).map_err(unreadable)?;
    let mut source: Arc<str> = default_source(path).into();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let broken = |detail| DatasetError::Line { path: path.to_owned(), line: number, detail };
        let read = input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        if line.len() > MAX_LINE {
            return Err(broken(format!("longer than {MAX_LINE} bytes")));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        rows.push(parse(&line, &mut source).map_err(broken)?);
    }
    Ok(())
}

/// Reads one line. Rows of the same source share its name.
fn parse(line: &[u8], source: &mut Arc<str>) -> Result<Row, String> {
    let line: Line = serde_json::from_slice(line).map_err(|error| {
        // "at line 1 column 17" would name a line that is none of the file's.
        let detail = error.to_string();
        detail.split(" at line 1 column").next().unwrap_or_default().to_owned()
    })?;
    if line.text.trim().is_empty() {
        return Err("`text` is empty".to_owned());
    }
    if let Some(named) = line.source
        && *named != **source
    {
        *source = named.into();
    }
    // The service refuses longer texts; what they begin with is as good to learn from as others.
    let mut text = line.text;
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
    }
    let present = |field: Option<String>| field.filter(|value| !value.is_empty());
    Ok(Row {
        text,
        name: present(line.name),
        email: present(line.email),
        url: present(line.url),
        source: Arc::clone(source),
        spam: line.label_spam,
        toxic: line.label_toxic,
    })
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let file = BufReader::with_capacity(1 << 16, File::open(path)?);
    Ok(match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => Box::new(BufReader::new(MultiGzDecoder::new(file))),
        Some("zst") => Box::new(BufReader::new(StreamingDecoder::new(file).map_err(io::Error::other)?)),
        _ => Box::new(file),
    })
}

/// The file's name up to its first dot.
fn default_source(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.split('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read_text(name: &str, bytes: &[u8]) -> Result<Vec<Row>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        read(&[path]).map_err(|error| error.to_string().replace(&*folder.path().to_string_lossy(), ""))
    }

    #[test]
    fn rows_keep_what_the_source_has() {
        let rows = read_text(
            "mine.train.jsonl",
            b"{\"text\":\"hi\",\"label_spam\":1,\"name\":\"\",\"other\":[1]}\n\n{\"text\":\"yo\",\"source\":\"theirs\",\"label_toxic\":0}",
        )
        .expect("two rows");
        assert_eq!((&*rows[0].source, rows[0].spam, rows[0].toxic), ("mine", Some(true), None));
        assert_eq!(rows[0].name, None);
        assert_eq!((&*rows[1].source, rows[1].spam, rows[1].toxic), ("theirs", None, Some(false)));
    }

    #[test]
    fn a_broken_line_is_named() {
        let error = |text: &str| read_text("a.jsonl", text.as_bytes()).expect_err("is refused");
        assert_eq!(error("{\"text\":\"a\"}\n{\"text\":"), "/a.jsonl, line 2: EOF while parsing a value");
        assert_eq!(error("{\"label_spam\":1}"), "/a.jsonl, line 1: missing field `text`");
        assert_eq!(error("{\"text\":\" \"}"), "/a.jsonl, line 1: `text` is empty");
        assert_eq!(error("{\"text\":\"a\",\"label_spam\":2}"), "/a.jsonl, line 1: a label is 0, 1 or null, not 2");
        assert_eq!(error(&"x".repeat(MAX_LINE + 1)), format!("/a.jsonl, line 1: longer than {MAX_LINE} bytes"));
    }

    #[test]
    fn packed_files_are_unpacked() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"{\"text\":\"hi\"}\n").expect("packs");
        assert_eq!(read_text("a.jsonl.gz", &packed.finish().expect("packs")).expect("one row").len(), 1);
        let packed =
            ruzstd::encoding::compress_to_vec(&b"{\"text\":\"hi\"}\n"[..], ruzstd::encoding::CompressionLevel::Fastest);
        assert_eq!(read_text("a.jsonl.zst", &packed).expect("one row").len(), 1);
        assert!(read_text("a.jsonl.gz", b"no gzip at all").is_err());
    }
}
