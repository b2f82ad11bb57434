//! remark42's backup: a line about the backup, then a comment a line.

use serde::Deserialize;

use super::{Comments, Found, ImportError, Input, Standing, fitted, json_line};
use crate::comment::Submission;

/// Reads a backup.
pub(super) struct Reader {
    input: Input,
    number: usize,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    #[serde(default)]
    pid: String,
    #[serde(default)]
    text: String,
    /// What was typed, before it became HTML.
    #[serde(default)]
    orig: String,
    #[serde(default)]
    title: String,
    user: User,
    locator: Locator,
    time: jiff::Timestamp,
    #[serde(default)]
    delete: bool,
    #[serde(default)]
    deleted: bool,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct Locator {
    #[serde(default)]
    url: String,
}

impl Reader {
    pub(super) fn new(input: Input) -> Self {
        Self { input, number: 0 }
    }
}

impl Comments for Reader {
    fn next(&mut self) -> Result<Option<Found>, ImportError> {
        loop {
            let Some(value) = json_line::<serde_json::Value>(&mut self.input, &mut self.number)? else {
                return Ok(None);
            };
            // The first line tells the version and the users.
            if value.get("version").is_some() && value.get("locator").is_none() {
                continue;
            }
            let line: Line = serde_json::from_value(value).map_err(|error| ImportError::at_line(self.number, error))?;
            let text = if line.orig.trim().is_empty() { line.text } else { line.orig };
            if text.trim().is_empty() {
                continue;
            }
            let submission = Submission {
                text,
                name: Some(line.user.name),
                page: Some(line.locator.url),
                page_title: Some(line.title),
                external_id: Some(format!("remark42-{}", line.id)),
                ..Submission::default()
            };
            let standing = if line.delete || line.deleted { Standing::Removed } else { Standing::Published };
            let parent = Some(line.pid).filter(|pid| !pid.is_empty()).map(|pid| format!("remark42-{pid}"));
            return Ok(Some(Found { submission: fitted(submission), parent, standing, created_at: line.time }));
        }
    }
}
