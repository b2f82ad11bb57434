//! Reading settings from command line, environment and file, with every mistake and its place.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::{Config, DEFAULT_FILE, Form, SETTINGS};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody said anything.
    Default,
    /// The configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable of this name.
    Environment(String),
    /// A file that the environment variable of this name names.
    SecretFile {
        /// The variable.
        variable: String,
        /// The file.
        path: PathBuf,
    },
    /// An option of the command line.
    CommandLine,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::SecretFile { variable, path } => write!(f, "{} (environment {variable})", path.display()),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// Something in the configuration that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands.
    pub source: Source,
    /// Which key; empty when the file as a whole cannot be read.
    pub key: String,
    /// What is wrong and what would be right.
    pub detail: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.key.is_empty() {
            write!(f, "{}: {}", self.source, self.detail)
        } else {
            write!(f, "{}: {}: {}", self.source, self.key, self.detail)
        }
    }
}

/// Every mistake of a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the configuration cannot be used:")?;
        self.0.iter().try_for_each(|mistake| writeln!(f, "  {mistake}"))
    }
}

/// A value with its source, as `config explain` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The key.
    pub key: &'static str,
    /// The value in force.
    pub value: String,
    /// Where it comes from.
    pub source: Source,
}

/// A configuration, and where each value comes from.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Each value with its source, in the order of [`SETTINGS`].
    pub explained: Vec<Explained>,
    /// The file that was read, if there is one.
    pub file: Option<PathBuf>,
}

/// Reads the configuration.
///
/// `file` must exist when it is named; without a name `moderato.toml` is read if it is there. `environment` are the
/// variables of the process, `options` the keys and values of the command line.
///
/// # Errors
///
/// All mistakes at once.
pub fn load(
    file: Option<&Path>,
    environment: impl Iterator<Item = (String, String)>,
    options: &[(&'static str, String)],
) -> Result<Loaded, Mistakes> {
    let mut mistakes = Vec::new();
    let mut values: BTreeMap<&'static str, (String, Source)> = BTreeMap::new();
    let path = file.unwrap_or(Path::new(DEFAULT_FILE));
    let mut read = None;
    match std::fs::read_to_string(path) {
        Ok(text) => {
            read_file(path, &text, &mut values, &mut mistakes);
            read = Some(path.to_owned());
        }
        Err(error) if file.is_some() || error.kind() != std::io::ErrorKind::NotFound => {
            let source = Source::File { path: path.to_owned(), line: 1 };
            mistakes.push(Mistake { source, key: String::new(), detail: format!("cannot be read: {error}") });
        }
        Err(_) => {}
    }
    read_environment(environment, &mut values, &mut mistakes);
    for (key, value) in options {
        values.insert(key, (value.clone(), Source::CommandLine));
    }

    let mut config = Config::default();
    let mut explained = Vec::with_capacity(SETTINGS.len());
    for setting in SETTINGS {
        let (value, source) = values.remove(setting.key).unwrap_or((setting.default.to_owned(), Source::Default));
        if let Err(detail) = (setting.set)(&mut config, &value) {
            let detail = format!("{:?}: {detail}", without_password(&value));
            mistakes.push(Mistake { source: source.clone(), key: setting.key.to_owned(), detail });
        }
        explained.push(Explained { key: setting.key, value: without_password(&value), source });
    }
    if mistakes.is_empty() { Ok(Loaded { config, explained, file: read }) } else { Err(Mistakes(mistakes)) }
}

/// The environment variable of a key: `limits.site` is `MODERATO_LIMITS_SITE`.
pub fn variable(key: &str) -> String {
    format!("MODERATO_{}", key.to_uppercase().replace('.', "_"))
}

/// Variables of ours that are no settings.
const OTHER_VARIABLES: [&str; 3] = ["MODERATO_CONFIG", "MODERATO_KEY", "MODERATO_TEST_KILLS"];

fn read_environment(
    environment: impl Iterator<Item = (String, String)>,
    values: &mut BTreeMap<&'static str, (String, Source)>,
    mistakes: &mut Vec<Mistake>,
) {
    let named = |name: &str| SETTINGS.iter().find(|setting| variable(setting.key) == name);
    let mut ours: Vec<_> = environment.filter(|(name, _)| name.starts_with("MODERATO_")).collect();
    // A variable comes before the one of the same setting that names a file.
    ours.sort();
    for (name, value) in ours {
        let mistake = |detail| Mistake { source: Source::Environment(name.clone()), key: String::new(), detail };
        if let Some(setting) = named(&name) {
            values.insert(setting.key, (value, Source::Environment(name)));
        } else if let Some(setting) = name.strip_suffix("_FILE").and_then(named) {
            let path = PathBuf::from(value);
            if matches!(values.get(setting.key), Some((_, Source::Environment(_)))) {
                mistakes.push(mistake(format!("{} is set, too: one of the two is wanted", variable(setting.key))));
                continue;
            }
            match std::fs::read_to_string(&path) {
                Ok(text) => {
                    let source = Source::SecretFile { variable: name, path };
                    values.insert(setting.key, (text.trim_end().to_owned(), source));
                }
                Err(error) => mistakes.push(mistake(format!("{} cannot be read: {error}", path.display()))),
            }
        } else if !OTHER_VARIABLES.contains(&name.as_str()) {
            let known = SETTINGS.iter().map(|setting| variable(setting.key));
            mistakes.push(mistake(format!("there is no such setting{}", suggestion(&name, known))));
        }
    }
}

/// An address without the password in it, to be shown; anything else as it is.
fn without_password(value: &str) -> String {
    match url::Url::parse(value) {
        Ok(mut url) if url.password().is_some() => {
            // Only an address without a host refuses a password.
            let _ = url.set_password(Some("***"));
            url.to_string()
        }
        _ => value.to_owned(),
    }
}

fn read_file(
    path: &Path,
    text: &str,
    values: &mut BTreeMap<&'static str, (String, Source)>,
    mistakes: &mut Vec<Mistake>,
) {
    let place = |span: Range<usize>| Source::File { path: path.to_owned(), line: line_of(text, span.start) };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let source = place(error.span().unwrap_or(0..0));
        mistakes.push(Mistake { source, key: String::new(), detail: error.message().to_owned() });
    }
    let mut found = leaves("", table.get_ref());
    found.sort_by_key(|(_, _, span)| span.start);
    for (key, value, span) in found {
        let refuse = |detail| Mistake { source: place(span.clone()), key: key.clone(), detail };
        let Some(setting) = SETTINGS.iter().find(|setting| setting.key == key) else {
            let known = SETTINGS.iter().map(|setting| setting.key.to_owned());
            mistakes.push(refuse(format!("there is no such setting{}", suggestion(&key, known))));
            continue;
        };
        match written_as(setting.form, value) {
            Some(value) => {
                values.insert(setting.key, (value, place(span)));
            }
            None => mistakes.push(refuse(format!("{} is expected", setting.form.describe()))),
        }
    }
}

/// The values of a table and the tables in it, with dotted keys.
fn leaves<'a>(prefix: &str, table: &'a DeTable<'a>) -> Vec<(String, &'a DeValue<'a>, Range<usize>)> {
    let mut found = Vec::new();
    for (name, value) in table {
        let key = if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
        match value.get_ref() {
            DeValue::Table(inner) if !SETTINGS.iter().any(|setting| setting.key == key) => {
                found.extend(leaves(&key, inner));
            }
            leaf => found.push((key, leaf, name.span())),
        }
    }
    found
}

/// The value as text, if it has the form.
fn written_as(form: Form, value: &DeValue<'_>) -> Option<String> {
    match (form, value) {
        (Form::Text, DeValue::String(text)) => Some(text.to_string()),
        (Form::Number, DeValue::Integer(number)) => Some(number.to_string()),
        (Form::Flag, DeValue::Boolean(flag)) => Some(flag.to_string()),
        (Form::Texts, DeValue::Array(items)) => {
            let texts: Option<Vec<&str>> = items.iter().map(|item| item.get_ref().as_str()).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count()
}

/// `, did you mean …?` with the nearest known name, if one is near.
fn suggestion(name: &str, known: impl Iterator<Item = String>) -> String {
    let nearest = known.map(|candidate| (distance(name, &candidate), candidate)).min();
    match nearest {
        Some((distance, candidate)) if distance <= 3 => format!(", did you mean {candidate}?"),
        _ => "; `moderato config explain` lists all".to_owned(),
    }
}

/// Levenshtein distance in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
