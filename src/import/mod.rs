//! Comments from other systems: WordPress (WXR), Disqus, Isso, remark42, CSV and JSON lines, read one at a time.
//!
//! A reader gives [`Found`] comments in the order of its file and keeps none of them, so that a file may be of any size.
//! [`taking`] stores them.

mod disqus;
mod isso;
mod lines;
mod remark42;
pub mod report;
mod table;
pub mod taking;
mod wordpress;
mod xml;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::comment::{MAX_EMAIL, MAX_NAME, MAX_OTHER, MAX_TEXT, MAX_URL, Submission};
use crate::dataset::MAX_LINE;
use crate::verdict::Status;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Source {
    /// WordPress' export (Tools, Export), an XML file
    Wordpress,
    /// Disqus' export, an XML file
    Disqus,
    /// Isso's database, comments.db
    Isso,
    /// remark42's backup, JSON lines, .gz too
    Remark42,
    /// A table with a line of names: text, and what there is of name, email, url, page, status, created_at, id, …
    Csv,
    /// A comment a line, with the same names
    Jsonl,
}

/// Where a comment stood in the system it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Published: a real comment.
    Published,
    /// Nobody has decided.
    Waiting,
    /// Marked as spam.
    Spam,
    /// Removed for whatever reason.
    Removed,
    /// Removed because it attacks somebody.
    Toxic,
}

impl Standing {
    /// The status it gets here.
    pub fn status(self) -> Status {
        match self {
            Self::Published => Status::Approved,
            Self::Waiting => Status::Held,
            Self::Spam | Self::Removed | Self::Toxic => Status::Rejected,
        }
    }

    /// What can be learned from it.
    pub fn label(self) -> Option<&'static str> {
        match self {
            Self::Published => Some("ham"),
            Self::Spam => Some("spam"),
            Self::Toxic => Some("toxic"),
            Self::Waiting | Self::Removed => None,
        }
    }

    /// Reads the words that systems use.
    pub fn parse(word: &str) -> Option<Self> {
        match word.trim().to_ascii_lowercase().as_str() {
            "approved" | "approve" | "published" | "1" | "ham" | "public" => Some(Self::Published),
            "held" | "hold" | "pending" | "0" | "waiting" | "unapproved" | "" => Some(Self::Waiting),
            "spam" => Some(Self::Spam),
            "rejected" | "reject" | "trash" | "deleted" | "removed" => Some(Self::Removed),
            "toxic" | "abuse" => Some(Self::Toxic),
            _ => None,
        }
    }
}

/// A comment that was found in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What was written, by whom and where; `external_id` is the other system's name for it.
    pub submission: Submission,
    /// The other system's name for the comment that it answers.
    pub parent: Option<String>,
    /// Where it stood.
    pub standing: Standing,
    /// When it was written.
    pub created_at: Timestamp,
}

/// Why a file cannot be read any further.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
    /// Something in it cannot be understood.
    #[error("at {place}: {detail}")]
    Content {
        /// Where: a byte of an XML file, a line of another.
        place: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A database cannot be read.
    #[error("the database cannot be read: {0}")]
    Database(#[from] sqlx::Error),
}

impl ImportError {
    fn at_line(line: usize, detail: impl ToString) -> Self {
        Self::Content { place: format!("line {line}"), detail: detail.to_string() }
    }
}

/// Reads comments one by one.
pub trait Comments: Send {
    /// The next comment; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the file cannot be read any further; it says where.
    fn next(&mut self) -> Result<Option<Found>, ImportError>;
}

/// Opens a file of this kind. `bar` follows what was read.
///
/// # Errors
///
/// When the file cannot be opened or is not of this kind.
pub async fn open(source: Source, path: &Path, bar: &ProgressBar) -> Result<Box<dyn Comments>, ImportError> {
    if source == Source::Isso {
        return Ok(Box::new(isso::Reader::open(path, bar).await?));
    }
    let file = File::open(path)?;
    bar.set_length(file.metadata()?.len());
    let input = unpacked(BufReader::with_capacity(1 << 16, bar.wrap_read(file)))?;
    Ok(match source {
        Source::Wordpress => Box::new(wordpress::Reader::new(input)),
        Source::Disqus => Box::new(disqus::Reader::new(input)),
        Source::Remark42 => Box::new(remark42::Reader::new(input)),
        Source::Csv => Box::new(table::Reader::new(input)?),
        Source::Jsonl | Source::Isso => Box::new(lines::Reader::new(input)),
    })
}

type Input = Box<dyn BufRead + Send>;

/// Files that are packed with gzip are unpacked on the way.
fn unpacked(mut input: impl BufRead + Send + 'static) -> io::Result<Input> {
    let is_packed = input.fill_buf()?.starts_with(&[0x1f, 0x8b]);
    Ok(if is_packed { Box::new(BufReader::new(MultiGzDecoder::new(input))) } else { Box::new(input) })
}

/// Reads a line of at most `max` bytes; `None` at the end.
fn line(input: &mut Input, number: usize, max: usize) -> Result<Option<String>, ImportError> {
    let mut bytes = Vec::new();
    input.take(max as u64 + 1).read_until(b'\n', &mut bytes).map_err(|error| ImportError::at_line(number, error))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.len() > max {
        return Err(ImportError::at_line(number, format!("longer than {max} bytes")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        ImportError::at_line(number, format!("not UTF-8 from byte {} on", error.utf8_error().valid_up_to() + 1))
    })?;
    Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
}

/// Reads the next line that is not empty as JSON, and counts lines in `number`; `None` at the end.
fn json_line<T: DeserializeOwned>(input: &mut Input, number: &mut usize) -> Result<Option<T>, ImportError> {
    loop {
        *number += 1;
        let Some(text) = line(input, *number, MAX_LINE)? else { return Ok(None) };
        if !text.trim().is_empty() {
            return serde_json::from_str(&text).map(Some).map_err(|error| ImportError::at_line(*number, error));
        }
    }
}

/// Brings fields to what the service takes, as other systems have other limits: what is too long is cut, what is empty or
/// has another form is left out.
fn fitted(mut submission: Submission) -> Submission {
    let cut = |text: String, max: usize| text.replace('\0', "").chars().take(max).collect::<String>();
    let fit = |field: &mut Option<String>, max: usize| {
        *field = field.take().map(|text| cut(text, max)).filter(|text| !text.trim().is_empty());
    };
    submission.text = cut(submission.text, MAX_TEXT);
    fit(&mut submission.name, MAX_NAME);
    fit(&mut submission.email, MAX_EMAIL);
    fit(&mut submission.url, MAX_URL);
    fit(&mut submission.page, MAX_URL);
    for field in
        [&mut submission.page_title, &mut submission.user_agent, &mut submission.referrer, &mut submission.author_role]
    {
        fit(field, MAX_OTHER);
    }
    submission
}

/// A time as systems write it: RFC 3339, `2015-02-03 04:05:06` in UTC, or seconds since 1970.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(at);
    }
    if let Ok(at) = text.parse::<jiff::civil::DateTime>() {
        return at.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    }
    seconds(text.parse().ok()?)
}

/// Seconds since 1970.
fn seconds(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_microsecond((seconds * 1e6) as i64).ok()
}

#[cfg(test)]
mod tests;
