//! Settings: one list, [`SETTINGS`], from which file, environment, `config explain` and the example file come.
//!
//! Precedence: command line, environment (`MODERATO_…`), file (`moderato.toml`), default. All mistakes are reported at
//! once, each with its place.

mod load;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::HOST;
use ipnet::IpNet;
use url::Url;

pub use load::{Explained, Loaded, Mistake, Mistakes, Source, load, variable};

use crate::limits::{LimitsConfig, Quota};
use crate::store::{Database, Kept};

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
    /// Whether `/try` is served.
    pub try_page: bool,
    /// Whether moderators' decisions teach the classifier.
    pub learning: bool,
    /// Networks that webhooks may reach although they are not public.
    pub webhook_networks: Vec<IpNet>,
    /// Rate limits.
    pub limits: LimitsConfig,
    /// A Redis or Valkey server that counts for all replicas.
    pub shared_limits: Option<String>,
    /// Replicas that share the requests, where no such server is named.
    pub replicas: NonZeroU32,
    /// What a connection may take.
    pub http: HttpConfig,
    /// How long things are kept.
    pub retention: Kept,
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
    /// How long the service goes on accepting after it was asked to stop.
    pub stop_notice: Option<Duration>,
}

/// What is logged, and how.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// A `tracing` filter, such as `info` or `moderato=debug`.
    pub filter: String,
    /// One JSON object a line, in place of text for people.
    pub json: bool,
    /// One in so many requests that were answered well is logged; 0 for none.
    pub requests: u64,
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
        "A database in place of moderato.db in the data directory: sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.",
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
    setting!(
        "try_page",
        "true",
        Flag,
        "Whether /try is served, a page to try the service on as a visitor; its comments belong to the site \"try\".",
        |c, v| {
            c.try_page = v.parse().map_err(|_| "true or false is expected".to_owned())?;
            Ok(())
        }
    ),
    setting!(
        "learning",
        "true",
        Flag,
        "Whether what the moderators of a site decide teaches the classifier about that site's comments.",
        |c, v| {
            c.learning = v.parse().map_err(|_| "true or false is expected".to_owned())?;
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
    setting!(
        "limits.shared",
        "",
        Text,
        "A Redis or Valkey server where all replicas count together: redis://HOST.",
        |c, v| {
            c.shared_limits = optional(v, redis_url)?;
            Ok(())
        }
    ),
    setting!(
        "limits.replicas",
        "1",
        Number,
        "Replicas of the service; each takes its share of the limits, unless limits.shared is set.",
        |c, v| {
            c.replicas = within(v, 1..=10_000)?.try_into().ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
            Ok(())
        }
    ),
    setting!(
        "webhooks.networks",
        "",
        Texts,
        "Networks that webhooks may reach although they are not public, also with http:// and on any port.",
        |c, v| {
            c.webhook_networks = list(v, network)?;
            Ok(())
        }
    ),
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
    setting!(
        "http.stop_notice",
        "",
        Text,
        "Seconds, 0 to 60, in which the service still accepts after SIGTERM while /readyz says no, so that balancers notice; empty for 2, and for none on a loopback address.",
        |c, v| {
            c.http.stop_notice = optional(v, |v| within(v, 0..=60).map(|n| Duration::from_secs(n as u64)))?;
            Ok(())
        }
    ),
    setting!(
        "retention.held",
        "0",
        Number,
        "Days that comments are kept that nobody decides about; 0 for ever.",
        |c, v| {
            c.retention.held = days(v)?;
            Ok(())
        }
    ),
    setting!("retention.approved", "0", Number, "Days that approved comments are kept; 0 for ever.", |c, v| {
        c.retention.approved = days(v)?;
        Ok(())
    }),
    setting!("retention.rejected", "0", Number, "Days that rejected comments are kept; 0 for ever.", |c, v| {
        c.retention.rejected = days(v)?;
        Ok(())
    }),
    setting!(
        "retention.addresses",
        "0",
        Number,
        "Days that the network address and the browser's name of a comment are kept; 0 for ever.",
        |c, v| {
            c.retention.addresses = days(v)?;
            Ok(())
        }
    ),
    setting!("log.filter", "info", Text, "What is logged, as a filter of the crate tracing.", |c, v| {
        c.log.filter = v.parse::<tracing_subscriber::EnvFilter>().map(|_| v.to_owned()).map_err(|e| e.to_string())?;
        Ok(())
    }),
    setting!("log.json", "false", Flag, "One JSON object a line in place of text for people.", |c, v| {
        c.log.json = v.parse().map_err(|_| "true or false is expected".to_owned())?;
        Ok(())
    }),
    setting!(
        "log.requests",
        "0",
        Number,
        "One in so many requests is logged, 0 for none; what failed or was refused always is.",
        |c, v| {
            c.log.requests = within(v, 0..=1_000_000)? as u64;
            Ok(())
        }
    ),
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
    if ["sqlite:", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
        Ok(text.to_owned())
    } else {
        Err("sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME is expected".to_owned())
    }
}

fn redis_url(text: &str) -> Result<String, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "redis" | "rediss") => Ok(text.to_owned()),
        _ => Err("an address with redis:// or rediss:// is expected".to_owned()),
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

/// Up to a century; none for 0.
fn days(text: &str) -> Result<Option<u32>, String> {
    let days = within(text, 0..=36_525)?;
    Ok(u32::try_from(days).ok().filter(|days| *days > 0))
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
            try_page: false,
            learning: false,
            webhook_networks: Vec::new(),
            limits: LimitsConfig::OFF,
            shared_limits: None,
            replicas: NonZeroU32::MIN,
            http: HttpConfig {
                max_body: 0,
                max_connections: 0,
                header_timeout: Duration::ZERO,
                request_timeout: Duration::ZERO,
                stop_notice: None,
            },
            retention: Kept::default(),
            log: LogConfig { filter: String::new(), json: false, requests: 0 },
        };
        for setting in SETTINGS {
            (setting.set)(&mut config, setting.default).expect("a test sets every default");
        }
        config
    }
}

impl Config {
    /// Where the data is.
    pub fn database(&self) -> Database {
        match self.database_url.as_deref() {
            Some(url) => match url.strip_prefix("sqlite:") {
                Some(path) => Database::Sqlite(PathBuf::from(path.strip_prefix("//").unwrap_or(path))),
                None => Database::Postgres(url.to_owned()),
            },
            None => Database::Sqlite(self.data_dir.join("moderato.db")),
        }
    }

    /// The address under which whoever sent a request reaches the service, without a slash at its end.
    pub fn base_address(&self, headers: &HeaderMap) -> String {
        match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => {
                let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("127.0.0.1:8080");
                format!("http://{host}")
            }
        }
    }

    /// A file beside a SQLite database, whose time is that of the last backup.
    pub fn backup_stamp(&self) -> Option<PathBuf> {
        self.database().file().map(|database| database.with_file_name("last-backup"))
    }

    /// Where lists lie that take the place of those that come with the service.
    pub fn lists_dir(&self) -> PathBuf {
        self.data_dir.join("lists")
    }
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
mod tests;
