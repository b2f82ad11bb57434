//! Starts the binary on a free port with a data directory of its own, and talks to it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;

use crate::databases::{self, Database};

/// The program under test.
pub(crate) fn moderato() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_moderato"));
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}

/// Where a service has its data. Stays when the service ends, and goes with the last of its owners.
#[derive(Clone)]
pub(crate) struct Place {
    /// Its directory, and what tests put beside the data.
    pub(crate) dir: Arc<TempDir>,
    path: PathBuf,
    database: Option<Arc<Database>>,
}

impl Place {
    /// A new place on the database that this run of the tests is about: PostgreSQL when `MODERATO_TEST_DATABASE` says so.
    pub(crate) fn new() -> Self {
        let database = match std::env::var("MODERATO_TEST_DATABASE").as_deref() {
            Ok("postgres") => Some(Arc::new(Database::postgres())),
            Ok("sqlite") | Err(_) => None,
            Ok(other) => panic!("MODERATO_TEST_DATABASE is {other:?}, and must be sqlite or postgres"),
        };
        Self { database, ..Self::sqlite() }
    }

    /// A new place on SQLite, for tests of what only a file has.
    pub(crate) fn sqlite() -> Self {
        let dir = Arc::new(tempfile::tempdir().expect("a temporary directory"));
        Self { path: dir.path().to_owned(), dir, database: None }
    }

    /// As `--database-url` has it.
    pub(crate) fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => format!("sqlite:{}", self.path.join("moderato.db").display()),
        }
    }
}

/// A running service; it ends with this value.
pub(crate) struct Service {
    child: Child,
    pub(crate) url: String,
    pub(crate) data: Arc<TempDir>,
    pub(crate) place: Place,
    /// What it said to people.
    said: Arc<Mutex<String>>,
    /// Ends when all was heard.
    listener: Option<JoinHandle<()>>,
    pub(crate) http: Client,
    /// The key of the first start; empty afterwards.
    pub(crate) key: String,
}

impl Service {
    /// A fresh service without rate limits.
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// A fresh service with these variables, which come after `limits off`; an empty one is not set.
    pub(crate) async fn with(environment: &[(&str, &str)]) -> Self {
        Self::at(Place::new(), environment).await
    }

    /// A service on a SQLite file in the directory `path`.
    pub(crate) async fn on(dir: Arc<TempDir>, path: &Path, environment: &[(&str, &str)]) -> Self {
        Self::at(Place { dir, path: path.to_owned(), database: None }, environment).await
    }

    /// A service on what is there.
    pub(crate) async fn at(place: Place, environment: &[(&str, &str)]) -> Self {
        Self::under(moderato(), place, environment).await
    }

    /// The same, begun by a command that ends in the binary's own name.
    pub(crate) async fn under(mut command: Command, place: Place, environment: &[(&str, &str)]) -> Self {
        for limit in ["SITE", "ADDRESS", "EMAIL", "TEXT"] {
            command.env(format!("MODERATO_LIMITS_{limit}"), "off");
        }
        if let Some(database) = &place.database {
            command.env("MODERATO_DATABASE_URL", database.url());
        }
        for (name, _) in environment.iter().filter(|(_, value)| value.is_empty()) {
            command.env_remove(name);
        }
        let mut child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&place.path)
            .envs(environment.iter().copied().filter(|(_, value)| !value.is_empty()))
            .current_dir(place.dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let said = Arc::new(Mutex::new(String::new()));
        let listener = Some(listen_to(child.stderr.take().expect("piped"), said.clone()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("readable");
        let url = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let url =
            url.unwrap_or_else(|| panic!("no address, but {line:?}; it said: {}", said.lock().expect("unpoisoned")));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let data = place.dir.clone();
        let mut service = Self { child, url, data, place, said, listener, http: Client::new(), key: String::new() };
        // The last line of the greeting; what comes through another pipe may come later than the address.
        while service.after("Configuration: ").is_none() {
            assert!(service.child.try_wait().expect("its own child").is_none(), "it ended: {}", service.said());
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        service.key = service.after("site key: ").unwrap_or_default();
        service
    }

    /// The same data directory, served again; `self` must have ended.
    pub(crate) async fn again(self) -> Self {
        let place = self.place.clone();
        drop(self);
        Self::at(place, &[]).await
    }

    /// What it said to people so far.
    pub(crate) fn said(&self) -> String {
        self.said.lock().expect("unpoisoned").clone()
    }

    /// The word after `label` in what it said.
    pub(crate) fn after(&self, label: &str) -> Option<String> {
        let said = self.said();
        let at = said.find(label)? + label.len();
        said[at..].split_whitespace().next().map(str::to_owned)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.key)
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body).send().await.expect("an answer")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.expect("an answer")).await
    }

    /// Posts a comment that must be taken, and returns the answer's body.
    pub(crate) async fn comment(&self, body: Value) -> Value {
        let answer = self.post("/v1/comments", body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body
    }

    /// A key with all scopes.
    pub(crate) fn all_powerful(mut self) -> Self {
        self.key = self.run(&["key", "create", "--site", "default", "--scopes", "submit,read,moderate,admin"]);
        self
    }

    /// Runs another command on the same data; it must succeed. Returns its standard output, trimmed.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        let output = self.output(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
    }

    pub(crate) fn output(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("it runs")
    }

    /// Another command on the same data, not run yet.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = moderato();
        command.args(args).args(["--database-url", &self.place.database_url()]);
        command.arg("--data-dir").arg(&self.place.path);
        command
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Sends SIGTERM and waits for the end; the exit status.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().expect("kill runs").success());
        let code = self.child.wait().expect("it ends").code();
        if let Some(listener) = self.listener.take() {
            listener.join().expect("it only listens");
        }
        code
    }

    /// Where its database is.
    pub(crate) fn database_url(&self) -> String {
        self.place.database_url()
    }

    /// The number that a query gives, asked past the service.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        databases::number(&self.database_url(), sql).await
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen_to(mut stream: impl Read + Send + 'static, said: Arc<Mutex<String>>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = stream.read(&mut buffer) {
            said.lock().expect("unpoisoned").push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
    })
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, headers, body, text }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The JSON pointers of the fields that were refused.
    pub(crate) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
        errors.iter().filter_map(|error| error["pointer"].as_str()).collect()
    }

    /// Asserts that it is a well-formed problem with this status.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text);
        assert_eq!(self.body["status"], status);
        assert_eq!(self.body["request_id"], self.header("x-request-id"));
        assert!(self.body["type"].as_str().is_some_and(|t| t.starts_with("urn:moderato:problem:")), "{}", self.text);
        assert!(self.body["title"].is_string());
        assert!(self.body["detail"].as_str().is_some_and(|d| d.len() > 10), "{}", self.text);
    }
}
