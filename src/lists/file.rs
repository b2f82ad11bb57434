//! Lists as files: one domain a line, `#` begins a comment, and three comments at the start are for everybody to read:
//! `# Source:`, `# Licence:`, `# Date:`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::{Domains, Kind, List};
use crate::classifier::file::{ModelError, write_whole};

/// Longest accepted file, in bytes.
const MAX_BYTES: u64 = 16 << 20;
/// Most accepted entries.
const MAX_ENTRIES: usize = 500_000;
/// Longest domain, in bytes, by RFC 1035.
const MAX_DOMAIN: usize = 253;
/// Longest part of a domain between two dots.
const MAX_LABEL: usize = 63;
/// Most mistakes that are told at once.
const MAX_MISTAKES: usize = 20;

/// A list that was read without a mistake.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it says.
    pub list: List,
    /// How many lines named what another line had named.
    pub duplicates: usize,
}

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub detail: String,
}

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is too long, or empty.
    #[error("{}: {detail}", path.display())]
    Whole {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// Some of its lines cannot be used; the first ones are told.
    #[error("{}", told(path, mistakes))]
    Lines {
        /// The file.
        path: PathBuf,
        /// What is wrong, in order.
        mistakes: Vec<Mistake>,
    },
}

fn told(path: &Path, mistakes: &[Mistake]) -> String {
    let mut lines: Vec<String> = mistakes
        .iter()
        .take(MAX_MISTAKES)
        .map(|m| format!("{}, line {}: {}", path.display(), m.line, m.detail))
        .collect();
    if mistakes.len() > MAX_MISTAKES {
        lines.push(format!("{} more lines of {} are wrong", mistakes.len() - MAX_MISTAKES, path.display()));
    }
    lines.join("\n")
}

/// Where a list lies that takes the place of a shipped one.
pub fn path(kind: Kind, dir: &Path) -> PathBuf {
    dir.join(kind.as_str()).with_extension("txt")
}

/// Reads a list and makes sure that all of it can be used.
///
/// # Errors
///
/// When it cannot be read, is empty or too long, or has a line that is no domain.
pub fn check(path: &Path) -> Result<Checked, ListError> {
    let whole = |detail: String| ListError::Whole { path: path.to_owned(), detail };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| ListError::Io { path: path.to_owned(), error })?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(whole(format!("longer than {MAX_BYTES} bytes")));
    }
    let text = str::from_utf8(&bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
        let detail = "not UTF-8".to_owned();
        ListError::Lines { path: path.to_owned(), mistakes: vec![Mistake { line, detail }] }
    })?;
    let (list, mistakes) = parse(text);
    if !mistakes.is_empty() {
        return Err(ListError::Lines { path: path.to_owned(), mistakes });
    }
    match list.domains.len() {
        0 => Err(whole("there is no entry in it".to_owned())),
        n if n > MAX_ENTRIES => Err(whole(format!("{n} entries: at most {MAX_ENTRIES} are allowed"))),
        n => Ok(Checked { duplicates: entries(text).count() - n, list }),
    }
}

/// Puts the list in `file` in place of the shipped one, from the next start on. It is read wholly before anything is
/// written, and the old one stays until the new one is on the disk.
///
/// # Errors
///
/// When it cannot be used or written; what was there before is still there then.
pub fn import(kind: Kind, file: &Path, dir: &Path, today: &str) -> Result<Checked, ListError> {
    let mut checked = check(file)?;
    let list = &mut checked.list;
    list.source.get_or_insert_with(|| file.display().to_string());
    list.date.get_or_insert_with(|| today.to_owned());
    fs::create_dir_all(dir).map_err(|error| ListError::Io { path: dir.to_owned(), error })?;
    write_whole(&path(kind, dir), written(list, today).as_bytes()).map_err(|error| match error {
        ModelError::Io { path, error } => ListError::Io { path, error },
        other => ListError::Whole { path: path(kind, dir), detail: other.to_string() },
    })?;
    Ok(checked)
}

fn written(list: &List, today: &str) -> String {
    let mut text = format!("# Imported by `moderato lists import` on {today}.\n");
    for (name, value) in [("Source", &list.source), ("Licence", &list.licence), ("Date", &list.date)] {
        if let Some(value) = value {
            text.push_str(&format!("# {name}: {value}\n"));
        }
    }
    for domain in list.domains.iter() {
        text.push_str(domain);
        text.push('\n');
    }
    text
}

/// What is in a text, and what is wrong with it.
pub(super) fn parse(text: &str) -> (List, Vec<Mistake>) {
    let wrong = |(line, entry): (usize, &str)| fault(entry).map(|detail| Mistake { line, detail });
    let mistakes: Vec<Mistake> = entries(text).filter_map(wrong).collect();
    let domains = Domains::new(entries(text).map(|(_, entry)| entry).filter(|entry| fault(entry).is_none()));
    let list = List { domains, source: said(text, "Source"), licence: said(text, "Licence"), date: said(text, "Date") };
    (list, mistakes)
}

/// The lines of a text that are not empty, without their comments, with their numbers.
fn entries(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.split('#').next().unwrap_or_default().trim()))
        .filter(|(_, entry)| !entry.is_empty())
}

/// What a comment `# NAME: value` before the first entry says.
fn said(text: &str, name: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    text.lines()
        .map_while(|line| line.trim().strip_prefix('#').or(line.trim().is_empty().then_some("")))
        .find_map(|comment| comment.trim().strip_prefix(name)?.strip_prefix(':'))
        .map(|value| value.trim().chars().filter(|c| !c.is_control()).collect())
        .filter(|value: &String| !value.is_empty())
}

/// Why an entry is no domain that can be listed.
fn fault(entry: &str) -> Option<String> {
    let shown: String = entry.chars().take(60).flat_map(char::escape_debug).collect();
    let sound = |label: &str| {
        let letters = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        letters && !label.is_empty() && label.len() <= MAX_LABEL && !label.starts_with('-') && !label.ends_with('-')
    };
    if entry.len() > MAX_DOMAIN {
        Some(format!("“{shown}…” is longer than the {MAX_DOMAIN} bytes that a domain can have"))
    } else if !entry.is_ascii() {
        Some(format!("“{shown}” has letters outside ASCII: write it as DNS does, beginning with xn--"))
    } else if !entry.split('.').all(sound) {
        Some(format!("“{shown}” is no domain such as example.org"))
    } else if !entry.contains('.') {
        Some(format!("“{shown}” has no dot, and would stand for all domains that end so"))
    } else if entry.rsplit('.').next().is_some_and(|end| end.bytes().all(|b| b.is_ascii_digit())) {
        Some(format!("“{shown}” is an address, not a domain"))
    } else if is_registry(entry) {
        Some(format!("“{shown}” is where domains are registered, and would stand for all of them"))
    } else {
        None
    }
}

/// Whether it is a suffix such as `co.uk`, below which anybody can register.
fn is_registry(domain: &str) -> bool {
    let lower = domain.to_ascii_lowercase();
    psl::suffix(lower.as_bytes())
        .is_some_and(|suffix| suffix.typ() == Some(psl::Type::Icann) && suffix.as_bytes() == lower.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Result<Checked, String> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("list");
        fs::write(&path, bytes).expect("written");
        check(&path).map_err(|error| error.to_string().replace(&path.display().to_string(), "list"))
    }

    #[test]
    fn comments_case_blank_lines_and_duplicates_are_no_mistakes() {
        let text = "\u{feff}# Throw-away\r\n# Source: https://lists.example/x\r\n# Date: 2026-01-02\r\n\r\nB.example\r\n  a.example # why\n\
                    b.example\n# Licence: too late, since entries came before\n";
        let Checked { list, duplicates } = read(text.as_bytes()).expect("a list");
        assert_eq!(list.domains.iter().collect::<Vec<_>>(), ["a.example", "b.example"]);
        assert_eq!((duplicates, list.licence), (1, None));
        assert_eq!(
            (list.source.as_deref(), list.date.as_deref()),
            (Some("https://lists.example/x"), Some("2026-01-02"))
        );
    }

    #[test]
    fn every_line_that_is_no_domain_is_named() {
        let text = format!(
            "good.example\nno domain\n*.star.example\n-x.example\ncom\nco.uk\n10.0.0.1\nbücher.example\na@b.example\n.a.example\n{}.example\n{}\n",
            "l".repeat(64),
            "long.".repeat(60)
        );
        let error = read(text.as_bytes()).expect_err("is refused");
        let named: Vec<&str> = error.lines().map(|line| line.split(':').next().unwrap_or_default()).collect();
        let expected: Vec<String> = (2..=12).map(|n| format!("list, line {n}")).collect();
        assert_eq!(named, expected, "{error}");
        assert!(
            error.contains("xn--") && error.contains("253 bytes") && error.contains("“no domain” is no domain"),
            "{error}"
        );
    }

    #[test]
    fn many_mistakes_are_told_in_part() {
        let error = read("x\n".repeat(1_000).as_bytes()).expect_err("is refused");
        assert_eq!(error.lines().count(), MAX_MISTAKES + 1);
        assert!(error.ends_with("980 more lines of list are wrong"), "{error}");
    }

    #[test]
    fn what_is_no_text_empty_or_too_long_is_refused() {
        assert_eq!(read(b"a.example\nb\xff.example\n").expect_err("refused"), "list, line 2: not UTF-8");
        assert_eq!(read(b"").expect_err("refused"), "list: there is no entry in it");
        assert_eq!(read(b"# only words\n").expect_err("refused"), "list: there is no entry in it");
        let long = vec![b'\n'; MAX_BYTES as usize + 1];
        assert_eq!(read(&long).expect_err("refused"), format!("list: longer than {MAX_BYTES} bytes"));
        let many: String = (0..=MAX_ENTRIES).map(|i| format!("d{i}.example\n")).collect();
        assert!(read(many.as_bytes()).expect_err("refused").starts_with("list: 500001 entries"));
    }

    #[test]
    fn a_list_that_is_refused_leaves_the_old_one() {
        let dir = tempfile::tempdir().expect("a directory");
        let (lists, file) = (dir.path().join("lists"), dir.path().join("new.txt"));
        fs::write(&file, "old.example\n").expect("written");
        let kind = Kind::UrlShorteners;
        assert!(List::imported(kind, &lists).expect("no fault").is_none());
        import(kind, &file, &lists, "2026-01-02").expect("imported");
        fs::write(&file, "new.example\nbroken\n").expect("written");
        import(kind, &file, &lists, "2026-01-03").expect_err("is refused");
        let list = List::imported(kind, &lists).expect("no fault").expect("imported");
        assert_eq!(list.domains.iter().collect::<Vec<_>>(), ["old.example"]);
        assert_eq!(list.date.as_deref(), Some("2026-01-02"));
        assert_eq!(fs::read_dir(&lists).expect("a directory").count(), 1, "nothing is left beside it");
    }
}
