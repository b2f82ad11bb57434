//! Labelled comments from files: JSON lines, plain, gzip (`.gz`) or Zstandard (`.zst`), read one line at a time.

mod duplicates;

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

pub use duplicates::{Duplicates, drop_duplicates};

/// Longest accepted line, in bytes; a text of the greatest length fits, whatever is escaped in it.
pub const MAX_LINE: usize = 1 << 20;

/// Most characters of a wrong value that are shown.
const SHOWN_VALUE: usize = 40;

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
    /// The language, where the source names it.
    pub lang: Option<Arc<str>>,
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

/// What a label of the store (`spam`, `ham`, `toxic`, `clean`) says: whether a comment is spam, and whether it is toxic.
pub fn truth(label: &str) -> (Option<bool>, Option<bool>) {
    match label {
        "spam" => (Some(true), None),
        "ham" => (Some(false), None),
        "toxic" => (Some(false), Some(true)),
        _ => (None, Some(false)),
    }
}

/// Why data could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file cannot be opened.
    #[error("{}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The file cannot be read to its end, or its compression is broken.
    #[error("{}, line {line}: {}", path.display(), read_error(error))]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line that could not be read to its end, from 1.
        line: usize,
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

/// What it means when reading fails on the way.
fn read_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => "the compressed data ends too early: the file was cut off".to_owned(),
        _ => format!("the file cannot be read any further: {error}"),
    }
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
    #[serde(default)]
    lang: Option<String>,
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
            _ => {
                let shown: String = value.to_string().chars().take(SHOWN_VALUE).collect();
                Err(D::Error::custom(format!("a label is 0, 1 or null, not {shown}")))
            }
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
    let mut input = open(path).map_err(|error| DatasetError::Unreadable { path: path.to_owned(), error })?;
    let of_file: Arc<str> = default_source(path).into();
    let mut names = Names { source: Arc::clone(&of_file), of_file, lang: "".into() };
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let broken = |detail| DatasetError::Line { path: path.to_owned(), line: number, detail };
        // No more than this is held in memory, however long the line is.
        let read = input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line);
        let read = read.map_err(|error| DatasetError::Broken { path: path.to_owned(), line: number, error })?;
        if read == 0 {
            break;
        }
        if line.len() > MAX_LINE {
            return Err(broken(format!("longer than {MAX_LINE} bytes")));
        }
        let content = if number == 1 { line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line) } else { &line };
        if content.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        rows.push(parse(content, &mut names).map_err(broken)?);
    }
    Ok(())
}

/// What some editors put before the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Names that many rows share, so that each is kept once.
struct Names {
    of_file: Arc<str>,
    source: Arc<str>,
    lang: Arc<str>,
}

fn shared(name: &mut Arc<str>, named: &str) -> Arc<str> {
    if **name != *named {
        *name = named.into();
    }
    Arc::clone(name)
}

/// Reads one line.
fn parse(line: &[u8], names: &mut Names) -> Result<Row, String> {
    let line =
        std::str::from_utf8(line).map_err(|error| format!("not UTF-8 from byte {} on", error.valid_up_to() + 1))?;
    let line: Line = serde_json::from_str(line).map_err(|error| {
        // "at line 1 column 17" would name a line that is none of the file's.
        let detail = error.to_string();
        detail.split(" at line 1 column").next().unwrap_or_default().to_owned()
    })?;
    if line.text.trim().is_empty() {
        return Err("`text` is empty".to_owned());
    }
    let source = match line.source {
        Some(named) => shared(&mut names.source, &named),
        None => Arc::clone(&names.of_file),
    };
    let lang = line.lang.filter(|lang| !lang.is_empty()).map(|lang| shared(&mut names.lang, &lang));
    // The service refuses longer texts; what they begin with is as good to learn from as others.
    let mut text = line.text;
    if let Some((end, _)) = text.char_indices().nth(MAX_TEXT) {
        text.truncate(end);
        text.shrink_to_fit();
    }
    let present = |field: Option<String>| field.filter(|value| !value.is_empty());
    Ok(Row {
        text,
        name: present(line.name),
        email: present(line.email),
        url: present(line.url),
        source,
        lang,
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

    #[test]
    fn a_file_that_was_cut_off_is_named_with_the_line() {
        let lines: String = (0..5_000).map(|i| format!("{{\"text\":\"number {i} of many\"}}\n")).collect();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(lines.as_bytes()).expect("packs");
        let packed = packed.finish().expect("packs");
        let error = read_text("a.jsonl.gz", &packed[..packed.len() / 2]).expect_err("is refused");
        let line: usize = error
            .trim_start_matches("/a.jsonl.gz, line ")
            .split(':')
            .next()
            .expect("a line")
            .parse()
            .expect("a number");
        assert!((1_000..4_000).contains(&line) && error.ends_with("the file was cut off"), "{error}");
        let packed = ruzstd::encoding::compress_to_vec(lines.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
        let error = read_text("a.jsonl.zst", &packed[..packed.len() / 2]).expect_err("is refused");
        assert!(error.starts_with("/a.jsonl.zst, line "), "{error}");
    }

    #[test]
    fn text_that_is_not_utf_8_is_named_with_its_byte() {
        let error = read_text("a.jsonl", b"{\"text\":\"a\"}\n{\"text\":\"caf\xe9\"}").expect_err("is refused");
        assert_eq!(error, "/a.jsonl, line 2: not UTF-8 from byte 13 on");
        let utf_16: Vec<u8> = "{\"text\":\"a\"}\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(read_text("a.jsonl", &utf_16).expect_err("is refused").starts_with("/a.jsonl, line 1: "));
        assert_eq!(read_text("a.jsonl", b"\xef\xbb\xbf{\"text\":\"a\"}").expect("one row").len(), 1);
    }

    #[test]
    fn a_line_that_never_ends_is_not_held_in_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("long.jsonl");
        let mut bytes = b"{\"text\":\"first\"}\n".to_vec();
        bytes.resize(50 << 20, b'x');
        std::fs::write(&path, bytes).expect("a file");
        let error = read(&[path]).expect_err("is refused").to_string();
        assert!(error.ends_with(&format!("line 2: longer than {MAX_LINE} bytes")), "{error}");
    }

    #[test]
    fn languages_are_kept_and_sources_shared() {
        let rows = read_text(
            "a.jsonl",
            b"{\"text\":\"hi\",\"lang\":\"en\"}\n{\"text\":\"yo\"}\n{\"text\":\"ho\",\"lang\":\"en\"}",
        )
        .expect("three rows");
        assert_eq!((rows[0].lang.as_deref(), rows[1].lang.as_deref()), (Some("en"), None));
        assert!(Arc::ptr_eq(&rows[0].source, &rows[2].source));
        let rows = read_text("a.jsonl", b"{\"text\":\"hi\",\"source\":\"b\"}\n{\"text\":\"yo\"}").expect("two rows");
        assert_eq!((&*rows[0].source, &*rows[1].source), ("b", "a"));
    }
}
