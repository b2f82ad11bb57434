//! The fields of a call, read with patience: a form or JSON, whatever the content type says; UTF-8 or not; arrays in
//! any spelling; repeated fields.

use std::collections::HashMap;

use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::comment::{MAX_EMAIL, MAX_NAME, MAX_OTHER, MAX_URL, Submission};

/// Longest text that is judged and stored, in characters; WordPress keeps no longer one.
const MAX_CONTENT: usize = 65_535;

/// One call.
#[derive(Debug, Default)]
pub(super) struct Call {
    /// By name, without the brackets of arrays; of repeated fields the last, of arrays the first value.
    fields: HashMap<String, String>,
    /// The client, in its own words.
    agent: String,
    /// The first label of the host that was asked.
    host: String,
}

impl Call {
    /// Reads query and body; what cannot be read is left out.
    pub(super) fn read(headers: &HeaderMap, query: &str, body: &[u8]) -> Self {
        let header = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let mut fields = HashMap::new();
        let kind = header(header::CONTENT_TYPE).unwrap_or_default().to_ascii_lowercase();
        let is_json = kind.contains("json") || (!kind.contains("form") && body.trim_ascii_start().starts_with(b"{"));
        put_form(&mut fields, query.as_bytes());
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) if is_json => put_json(&mut fields, object),
            _ => put_form(&mut fields, body),
        }
        let host = header(header::HOST).unwrap_or_default();
        let host = host.split('.').next().unwrap_or_default().to_ascii_lowercase();
        Self { fields, agent: header(header::USER_AGENT).unwrap_or_default(), host }
    }

    /// A field; one that is empty counts as missing.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// A field that is a switch.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !matches!(value, "0" | "false"))
    }

    /// The key: in the body, in the query, or before the first dot of the host.
    pub(super) fn key(&self) -> Option<&str> {
        let host = Some(self.host.as_str()).filter(|label| super::sender::is_short_key(label));
        self.get("api_key").or_else(|| self.get("key")).or(host)
    }

    /// Whether the plugin for WordPress calls, which understands that a comment is to be held.
    pub(super) fn is_wordpress(&self) -> bool {
        self.agent.starts_with("WordPress/")
    }

    /// Whether the client asks about a comment that it has asked about before, or tried to.
    pub(super) fn is_asked_again(&self) -> bool {
        self.get("recheck_reason").is_some()
    }

    /// Whether nothing may be stored or learnt.
    pub(super) fn is_test(&self) -> bool {
        self.is_on("is_test")
    }

    /// One of the values that are always spam, so that a setup can be tried.
    pub(super) fn is_guaranteed_spam(&self) -> bool {
        matches!(self.get("comment_author"), Some("viagra-test-123" | "akismet-guaranteed-spam"))
            || self.get("comment_author_email") == Some("akismet-guaranteed-spam@example.com")
    }

    /// Whether the site says that an administrator wrote it.
    pub(super) fn is_by_administrator(&self) -> bool {
        self.get("user_role").is_some_and(|roles| roles.split(',').any(|role| role.trim() == "administrator"))
    }

    /// The comment that it is about. `is_slashed` says that the client puts a backslash before quotes.
    pub(super) fn submission(&self, is_slashed: bool) -> Submission {
        let text = |name: &str, most: usize| {
            let value = self.get(name)?;
            let value = if is_slashed { unslash(value) } else { value.to_owned() };
            Some(clean(&value, most)).filter(|value| !value.is_empty())
        };
        let trap = self
            .get("honeypot_field_name")
            .and_then(|name| self.get(name))
            .or_else(|| self.get("hidden_honeypot_field"));
        Submission {
            text: text("comment_content", MAX_CONTENT).unwrap_or_default(),
            name: text("comment_author", MAX_NAME),
            email: text("comment_author_email", MAX_EMAIL),
            url: text("comment_author_url", MAX_URL),
            page: text("permalink", MAX_URL),
            page_title: None,
            ip: self.get("user_ip").and_then(|ip| ip.trim().parse().ok()),
            user_agent: text("user_agent", MAX_OTHER),
            referrer: text("referrer", MAX_OTHER),
            locale: self.get("blog_lang").and_then(|all| all.split(',').next()).map(|tag| clean(tag.trim(), 35)),
            external_id: None,
            parent_id: None,
            author_role: text("user_role", 100),
            honeypot: trap.map(|value| clean(value, MAX_OTHER)),
            elapsed_ms: None,
            submitted_at: self.get("comment_date_gmt").and_then(time),
        }
    }

    /// Whether quotes carry backslashes: the plugin for WordPress sends a new comment so, and a stored one as it is.
    pub(super) fn is_slashed(&self) -> bool {
        self.is_wordpress() && !self.is_asked_again()
    }
}

/// The first `most` characters, without U+0000.
fn clean(text: &str, most: usize) -> String {
    text.chars().filter(|&c| c != '\0').take(most).collect()
}

/// ISO 8601, with or without an offset, or seconds since 1970.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Timestamp::from_second(seconds).ok();
    }
    let without_offset = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse().ok().or_else(without_offset)
}

/// Takes back PHP's `addslashes`.
fn unslash(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next()),
            c => plain.push(c),
        }
    }
    plain
}

fn put_form(fields: &mut HashMap<String, String>, form: &[u8]) {
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = form
        .split(|&byte| byte == b'&')
        .filter(|part| !part.is_empty())
        .map(|part| {
            let at = part.iter().position(|&byte| byte == b'=').unwrap_or(part.len());
            (unescape(&part[..at]), unescape(part.get(at + 1..).unwrap_or_default()))
        })
        .collect();
    let charset = pairs.iter().find(|(name, _)| name == b"blog_charset").map(|(_, value)| decode(value, ""));
    let charset = charset.unwrap_or_default();
    for (name, value) in pairs {
        put(fields, &decode(&name, &charset), decode(&value, &charset));
    }
}

fn put_json(fields: &mut HashMap<String, String>, object: serde_json::Map<String, Value>) {
    for (name, value) in object {
        let first = match value {
            Value::Array(items) => items.into_iter().next().unwrap_or_default(),
            value => value,
        };
        match first {
            Value::String(text) => put(fields, &name, text),
            Value::Bool(is) => put(fields, &name, if is { "1" } else { "0" }.to_owned()),
            Value::Number(number) => put(fields, &name, number.to_string()),
            _ => {}
        }
    }
}

fn put(fields: &mut HashMap<String, String>, name: &str, value: String) {
    match name.split_once('[') {
        Some((base, _)) => {
            fields.entry(base.to_owned()).or_insert(value);
        }
        None => {
            fields.insert(name.to_owned(), value);
        }
    }
}

fn unescape(part: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = part.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    percent_encoding::percent_decode(&spaced).collect()
}

/// UTF-8 if it is that; else one byte a letter if the site says that it writes so; else with replacement characters.
fn decode(bytes: &[u8], charset: &str) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) if is_latin(charset) => bytes.iter().map(|&byte| windows_1252(byte)).collect(),
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn is_latin(charset: &str) -> bool {
    let charset = charset.to_ascii_lowercase();
    ["iso-8859-1", "iso-8859-15", "latin1", "windows-1252", "cp1252"].contains(&charset.trim())
}

/// A letter of windows-1252, which is what Latin-1 means on the web.
fn windows_1252(byte: u8) -> char {
    const FROM_80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => FROM_80[usize::from(byte) - 0x80],
        byte => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(body: &[u8]) -> Call {
        Call::read(&HeaderMap::new(), "", body)
    }

    #[test]
    fn arrays_repeated_fields_and_empty_ones_are_understood() {
        let call = form(b"comment_context[]=a&comment_context%5B%5D=b&x%5B0%5D=c&blog=1&blog=2&empty=&flag&&=");
        assert_eq!(call.get("comment_context"), Some("a"));
        assert_eq!(call.get("x"), Some("c"));
        assert_eq!(call.get("blog"), Some("2"));
        assert_eq!((call.get("empty"), call.get("flag"), call.get("missing")), (None, None, None));
    }

    #[test]
    fn a_charset_that_is_not_utf_8_is_read_and_broken_text_is_no_error() {
        let call = form(b"blog_charset=ISO-8859-1&comment_content=caf%E9+\xe9+%93hi%94");
        assert_eq!(call.get("comment_content"), Some("café é “hi”"));
        assert_eq!(form(b"comment_content=caf%E9").get("comment_content"), Some("caf\u{fffd}"));
        assert_eq!(form(b"blog_charset=ISO-8859-1&comment_content=caf%C3%A9").get("comment_content"), Some("café"));
    }

    #[test]
    fn json_is_read_with_or_without_its_content_type() {
        let call = form(br#" {"api_key": "k", "is_test": true, "comment_date_gmt": 1764000000, "comment_context": ["a", "b"], "x": null}"#);
        assert_eq!((call.key(), call.is_test(), call.get("comment_context")), (Some("k"), true, Some("a")));
        assert_eq!(call.submission(false).submitted_at.map(Timestamp::as_second), Some(1_764_000_000));
    }

    #[test]
    fn times_of_every_client_are_understood() {
        for text in [
            "2025-11-24T16:00:00Z",
            "2025-11-24T17:00:00+01:00",
            "2025-11-24 16:00:00",
            "2025-11-24T16:00:00",
            "1764000000",
        ] {
            assert_eq!(time(text).map(Timestamp::as_second), Some(1_764_000_000), "{text}");
        }
        assert_eq!(time("yesterday"), None);
    }

    #[test]
    fn slashes_before_quotes_are_taken_back() {
        assert_eq!(unslash(r#"it\'s \"so\" C:\\dir \"#), r#"it's "so" C:\dir "#);
    }

    #[test]
    fn a_comment_is_cut_to_what_can_be_stored() {
        let body = format!("comment_author={}&comment_content=a%00b&user_ip=unknown", "n".repeat(1_000));
        let submission = form(body.as_bytes()).submission(false);
        assert_eq!(submission.name.map(|name| name.len()), Some(MAX_NAME));
        assert_eq!((submission.text.as_str(), submission.ip), ("ab", None));
    }
}
