//! Settings: one list, [`SETTINGS`], from which file, environment, `config explain` and the example file come.
//!
//! Precedence: command line, environment (`MODERATO_…`), file (`moderato.toml`), default. All mistakes are reported at
//! once, each with its place.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use toml::de::{DeTable, DeValue};
use url::Url;

use crate::limits::{LimitsConfig, Quota};

/// The file that is read when none is named.
pub const DEFAULT_FILE: &str = "moderato.toml";

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the service listens.
    pub listen: SocketAddr,
    /// Where metrics are served; on the main listener when `None`.
    pub metrics_listen: Option<SocketAddr>,
    /// Where the SQLite database lies.
    pub data_dir: PathBuf,
    /// A database other than SQLite in the data directory.
    pub database_url: Option<String>,
    /// A directory with a model that replaces the embedded one.
    pub models: Option<PathBuf>,
    /// The address under which browsers reach the service.
    pub public_url: Option<Url>,
    /// Proxies whose word about the client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Rate limits.
    pub limits: LimitsConfig,
    /// What a connection may take.
    pub http: HttpConfig,
    /// What is logged, and how.
    pub log: LogConfig,
}

/// What a connection may take.
#[derive(Clone, Debug)]
pub struct HttpConfig {
    /// Largest body of a request, in bytes.
    pub max_body: usize,
    /// Most connections at once.
    pub max_connections: usize,
    /// Time for a request's head to arrive.
    pub header_timeout: Duration,
    /// Time for a whole request: body, decision, commit.
    pub request_timeout: Duration,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// A `tracing` filter, such as `info` or `moderato=debug`.
    pub filter: String,
    /// One JSON object a line, in place of text for people.
    pub json: bool,
}

/// One thing that can be set.
pub struct Setting {
    /// Its key in the file, dotted.
    pub key: &'static str,
    /// What holds when nobody says anything, as it would stand in the file; empty for nothing.
    pub default: &'static str,
    /// What it is for, with its unit.
    pub help: &'static str,
    /// Form of its value in the file.
    form: Form,
    set: fn(&mut Config, &str) -> Result<(), String>,
}

/// How a value is written in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Text,
    Number,
    Flag,
    /// An array of texts; in the environment, separated by commas.
    Texts,
}

impl Form {
    fn describe(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Number => "a number",
            Self::Flag => "true or false",
            Self::Texts => "a list of texts, such as [\"10.0.0.0/8\"]",
        }
    }
}

macro_rules! setting {
    ($key:literal, $default:expr, $form:ident, $help:literal, $set:expr) => {
        Setting { key: $key, default: $default, help: $help, form: Form::$form, set: $set }
    };
}

/// Every setting there is, in the order of the example file.
pub static SETTINGS: &[Setting] = &[
    setting!("listen", "127.0.0.1:8080", Text, "Where the service listens; port 0 takes a free one.", |c, v| {
        c.listen = address(v)?;
        Ok(())
    }),
    setting!(
        "metrics_listen",
        "",
        Text,
        "Where /metrics, /healthz and /readyz are served; on the main listener when empty.",
        |c, v| {
            c.metrics_listen = optional(v, address)?;
            Ok(())
        }
    ),
    setting!("data_dir", "./data", Text, "Where the SQLite database lies; made if it is missing.", |c, v| {
        c.data_dir = PathBuf::from(v);
        Ok(())
    }),
    setting!(
        "database_url",
        "",
        Text,
        "A database in place of moderato.db in the data directory: sqlite:PATH.",
        |c, v| {
            c.database_url = optional(v, database_url)?;
            Ok(())
        }
    ),
    setting!("models", "", Text, "A directory with a model that replaces the embedded one.", |c, v| {
        c.models = optional(v, |v| Ok(PathBuf::from(v)))?;
        Ok(())
    }),
    setting!(
        "public_url",
        "",
        Text,
        "The address under which browsers reach the service. With http:// session cookies also travel unencrypted.",
        |c, v| {
            c.public_url = optional(v, web_address)?;
            Ok(())
        }
    ),
    setting!("trusted_proxies", "", Texts, "Networks of proxies whose X-Forwarded-For or Forwarded counts.", |c, v| {
        c.trusted_proxies = list(v, network)?;
        Ok(())
    }),
    setting!("limits.site", "3000/min burst 6000", Text, "Submissions of one site; \"off\" for no limit.", |c, v| {
        c.limits.site = quota(v)?;
        Ok(())
    }),
    setting!(
        "limits.address",
        "10/min burst 20",
        Text,
        "Submissions from one author's IPv4 address or IPv6 /64.",
        |c, v| {
            c.limits.address = quota(v)?;
            Ok(())
        }
    ),
    setting!("limits.email", "10/min burst 20", Text, "Submissions with one e-mail address.", |c, v| {
        c.limits.email = quota(v)?;
        Ok(())
    }),
    setting!("limits.text", "10/min burst 20", Text, "Submissions of one text.", |c, v| {
        c.limits.text = quota(v)?;
        Ok(())
    }),
    setting!("http.max_body", "65536", Number, "Largest body of a request, in bytes.", |c, v| {
        c.http.max_body = within(v, 1_024..=16 * 1024 * 1024)?;
        Ok(())
    }),
    setting!("http.max_connections", "1024", Number, "Most connections at once; more have to wait.", |c, v| {
        c.http.max_connections = within(v, 1..=100_000)?;
        Ok(())
    }),
    setting!("http.header_timeout", "5", Number, "Seconds for a request's head to arrive.", |c, v| {
        c.http.header_timeout = seconds(v)?;
        Ok(())
    }),
    setting!("http.request_timeout", "15", Number, "Seconds for a whole request.", |c, v| {
        c.http.request_timeout = seconds(v)?;
        Ok(())
    }),
    setting!("log.filter", "info", Text, "What is logged, as a filter of the crate tracing.", |c, v| {
        c.log.filter = v.parse::<tracing_subscriber::EnvFilter>().map(|_| v.to_owned()).map_err(|e| e.to_string())?;
        Ok(())
    }),
    setting!("log.json", "false", Flag, "One JSON object a line in place of text for people.", |c, v| {
        c.log.json = v.parse().map_err(|_| "true or false is expected".to_owned())?;
        Ok(())
    }),
];

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an address with a port is expected, such as \"127.0.0.1:8080\"".to_owned())
}

fn web_address(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err("an address with https:// or http:// is expected".to_owned()),
    }
}

fn database_url(text: &str) -> Result<String, String> {
    if text.starts_with("sqlite:") {
        Ok(text.to_owned())
    } else {
        Err("this version knows sqlite:PATH only".to_owned())
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse().map(|ip: std::net::IpAddr| IpNet::from(ip)))
        .map_err(|_| format!("{text:?} is no network: 10.0.0.0/8 or 192.0.2.1 would be"))
}

fn quota(text: &str) -> Result<Quota, String> {
    text.parse::<Quota>().map_err(|error| error.to_string())
}

fn within(text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| range.contains(n))
        .ok_or_else(|| format!("a whole number from {} to {} is expected", range.start(), range.end()))
}

fn seconds(text: &str) -> Result<Duration, String> {
    within(text, 1..=3_600).map(|n| Duration::from_secs(n as u64))
}

fn optional<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(parse).collect()
}

impl Default for Config {
    /// The defaults of [`SETTINGS`].
    fn default() -> Self {
        let mut config = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            metrics_listen: None,
            data_dir: PathBuf::new(),
            database_url: None,
            models: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            limits: LimitsConfig::OFF,
            http: HttpConfig {
                max_body: 0,
                max_connections: 0,
                header_timeout: Duration::ZERO,
                request_timeout: Duration::ZERO,
            },
            log: LogConfig { filter: String::new(), json: false },
        };
        for setting in SETTINGS {
            (setting.set)(&mut config, setting.default).expect("a test sets every default");
        }
        config
    }
}

impl Config {
    /// Where the SQLite database lies.
    pub fn database_path(&self) -> PathBuf {
        match self.database_url.as_deref().and_then(|url| url.strip_prefix("sqlite:")) {
            Some(path) => PathBuf::from(path.strip_prefix("//").unwrap_or(path)),
            None => self.data_dir.join("moderato.db"),
        }
    }
}

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
    /// An option of the command line.
    CommandLine,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment(name) => write!(f, "environment {name}"),
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
            let detail = format!("{value:?}: {detail}");
            mistakes.push(Mistake { source: source.clone(), key: setting.key.to_owned(), detail });
        }
        explained.push(Explained { key: setting.key, value, source });
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
    for (name, value) in environment.filter(|(name, _)| name.starts_with("MODERATO_")) {
        if let Some(setting) = SETTINGS.iter().find(|setting| variable(setting.key) == name) {
            values.insert(setting.key, (value, Source::Environment(name)));
        } else if !OTHER_VARIABLES.contains(&name.as_str()) {
            let known = SETTINGS.iter().map(|setting| variable(setting.key));
            let detail = format!("there is no such setting{}", suggestion(&name, known));
            mistakes.push(Mistake { source: Source::Environment(name), key: String::new(), detail });
        }
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

/// A file with every setting at its default, each with its explanation.
pub fn example() -> String {
    let mut text = String::from(
        "# Settings of Moderato. Every line shows a default: uncomment to change.\n\
         # Each setting is also an environment variable, such as MODERATO_LIMITS_SITE for limits.site.\n",
    );
    let mut section = "";
    for setting in SETTINGS {
        let (table, name) = setting.key.rsplit_once('.').unwrap_or(("", setting.key));
        if table != section {
            text.push_str(&format!("\n[{table}]\n"));
            section = table;
        }
        let value = match setting.form {
            Form::Text => format!("{:?}", setting.default),
            Form::Number | Form::Flag => setting.default.to_owned(),
            Form::Texts => "[]".to_owned(),
        };
        text.push_str(&format!("\n# {}\n# {name} = {value}\n", setting.help));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_text(text: &str) -> Result<Loaded, Mistakes> {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("moderato.toml");
        std::fs::write(&path, text).expect("written");
        load(Some(&path), std::iter::empty(), &[])
    }

    fn mistakes(text: &str) -> Vec<(usize, String, String)> {
        let Mistakes(found) = from_text(text).expect_err("must be refused");
        let line = |source| match source {
            Source::File { line, .. } => line,
            _ => 0,
        };
        found.into_iter().map(|m| (line(m.source), m.key, m.detail)).collect()
    }

    #[test]
    fn every_default_is_accepted_by_its_own_setting() {
        let mut config = Config::default();
        for setting in SETTINGS {
            assert_eq!((setting.set)(&mut config, setting.default), Ok(()), "{}", setting.key);
        }
    }

    #[test]
    fn the_default_limits_are_those_of_the_limits() {
        assert_eq!(Config::default().limits, LimitsConfig::default());
    }

    #[test]
    fn all_mistakes_are_named_at_once_with_line_and_key() {
        let found = mistakes(
            "listen = \"nowhere\"\nlimit.site = \"60/min\"\n\n[limits]\nsite = 60\nadress = \"off\"\n[http]\nmax_body = 1\n",
        );
        let places: Vec<(usize, &str)> = found.iter().map(|(line, key, _)| (*line, key.as_str())).collect();
        assert_eq!(
            places,
            [(2, "limit.site"), (5, "limits.site"), (6, "limits.adress"), (1, "listen"), (8, "http.max_body")]
        );
        assert!(found[0].2.contains("did you mean limits.site?"), "{}", found[0].2);
        assert!(found[1].2.contains("a text in quotes"), "{}", found[1].2);
    }

    #[test]
    fn broken_toml_is_named_with_its_line() {
        let found = mistakes("listen = \"127.0.0.1:1\"\nlog = [[\n");
        assert_eq!(found[0].0, 2, "{found:?}");
    }

    #[test]
    fn a_named_file_that_is_missing_is_a_mistake() {
        assert!(load(Some(Path::new("/nonexistent/moderato.toml")), std::iter::empty(), &[]).is_err());
    }

    #[test]
    fn command_line_beats_environment_beats_file_beats_default() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("c.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\ndata_dir = \"a\"\nmodels = \"m\"\n").expect("written");
        let environment =
            [("MODERATO_LISTEN", "127.0.0.1:2"), ("MODERATO_DATA_DIR", "b"), ("HOME", "x"), ("MODERATO_CONFIG", "y")];
        let environment = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let loaded = load(Some(&path), environment, &[("listen", "127.0.0.1:3".to_owned())]).expect("valid");
        assert_eq!(loaded.config.listen.port(), 3);
        assert_eq!(loaded.config.data_dir, Path::new("b"));
        assert_eq!(loaded.config.models.as_deref(), Some(Path::new("m")));
        assert_eq!(loaded.config.http.max_connections, 1024);
        let source = |key| loaded.explained.iter().find(|e| e.key == key).map(|e| e.source.to_string());
        assert_eq!(source("listen").as_deref(), Some("command line"));
        assert_eq!(source("data_dir").as_deref(), Some("environment MODERATO_DATA_DIR"));
        assert_eq!(source("http.max_body").as_deref(), Some("default"));
    }

    #[test]
    fn an_unknown_variable_of_ours_is_refused_with_a_suggestion() {
        let environment = [("MODERATO_LISTN".to_owned(), "x".to_owned())].into_iter();
        let Mistakes(found) = load(None, environment, &[]).expect_err("must be refused");
        assert!(found[0].detail.contains("MODERATO_LISTEN"), "{}", found[0]);
    }

    #[test]
    fn the_example_file_is_up_to_date_and_says_the_defaults() {
        let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config.example.toml"));
        assert_eq!(committed.expect("config.example.toml"), example(), "run `moderato config example`");
        let uncommented: String = example()
            .lines()
            .map(|l| l.strip_prefix("# ").filter(|l| l.contains(" = ")).unwrap_or(l))
            .fold(String::new(), |text, line| text + line + "\n");
        let loaded = from_text(&uncommented.replace("# Settings", "#")).expect("the example is valid");
        assert_eq!(format!("{:?}", loaded.config), format!("{:?}", Config::default()));
    }
}
