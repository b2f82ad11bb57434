//! A comment a line, as JSON: our names of fields or those that others use.

use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::{Comments, Found, ImportError, Input, Standing, fitted, json_line, time};
use crate::comment::Submission;

/// Reads a file of lines.
pub(super) struct Reader {
    input: Input,
    number: usize,
}

impl Reader {
    pub(super) fn new(input: Input) -> Self {
        Self { input, number: 0 }
    }
}

impl Comments for Reader {
    fn next(&mut self) -> Result<Option<Found>, ImportError> {
        let Some(fields) = json_line::<Map<String, Value>>(&mut self.input, &mut self.number)? else { return Ok(None) };
        let get = |names: &[&str]| names.iter().find_map(|name| word(fields.get(*name)?));
        found(get).map(Some).map_err(|detail| ImportError::at_line(self.number, detail))
    }
}

/// A value as a text; numbers and truths too.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(i32::from(*truth).to_string()),
        _ => None,
    }
}

/// A comment from named values; `get` looks for the first of several names.
pub(super) fn found(get: impl Fn(&[&str]) -> Option<String>) -> Result<Found, String> {
    let text = get(&["text", "comment", "content", "body", "message", "comment_content"]).unwrap_or_default();
    if text.trim().is_empty() {
        return Err("there is no text; the field is called text, comment, content, body or message".to_owned());
    }
    let created = get(&["created_at", "submitted_at", "date", "created", "time", "timestamp", "comment_date_gmt"]);
    let created_at = match &created {
        Some(text) => time(text).ok_or_else(|| format!("{text:?} is no time; 2015-02-03T04:05:06Z would be"))?,
        None => jiff::Timestamp::UNIX_EPOCH,
    };
    let standing = match get(&["status", "state", "comment_approved"]) {
        Some(word) => Standing::parse(&word)
            .ok_or_else(|| format!("{word:?} is no status; there are approved, held, rejected, spam and toxic"))?,
        None => match (get(&["label_spam", "spam", "is_spam"]).as_deref(), get(&["label_toxic"]).as_deref()) {
            (Some("1" | "true"), _) => Standing::Spam,
            (_, Some("1" | "true")) => Standing::Toxic,
            (Some("0" | "false"), _) | (_, Some("0" | "false")) => Standing::Published,
            _ => Standing::Waiting,
        },
    };
    let submission = Submission {
        name: get(&["name", "author", "author_name", "comment_author"]),
        email: get(&["email", "author_email", "comment_author_email"]),
        url: get(&["url", "website", "author_url", "comment_author_url"]),
        page: get(&["page", "permalink", "page_url", "uri"]),
        page_title: get(&["page_title", "title"]),
        ip: get(&["ip", "author_ip", "comment_author_ip"]).and_then(|ip| ip.trim().parse().ok()),
        user_agent: get(&["user_agent"]),
        locale: get(&["locale", "lang", "language"]).filter(|locale| locale.chars().count() <= 35),
        text,
        ..Submission::default()
    };
    let submission = fitted(submission);
    // Without a name of its own, what was written, where and when stands for it, so that reading it again changes nothing.
    let own = get(&["external_id", "id", "comment_id"]).filter(|id| !id.is_empty() && id.chars().count() <= 200);
    let made = || {
        let all = format!("{:?} {:?} {:?} {created_at}", submission.page, submission.name, submission.text);
        format!("{:016x}", xxh3_64(all.as_bytes()))
    };
    let external_id = format!("import-{}", own.unwrap_or_else(made));
    let parent = get(&["parent_id", "parent", "comment_parent"]).filter(|id| !id.is_empty() && id != "0");
    let parent = parent.map(|id| format!("import-{id}"));
    let submission = Submission { external_id: Some(external_id), ..submission };
    Ok(Found { submission, parent, standing, created_at })
}
