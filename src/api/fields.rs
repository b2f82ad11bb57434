//! Fields of a request, from JSON or a form, read one by one so that all mistakes are told at once.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::{FieldError, Problem, Result};

/// The fields of one request's body, and the mistakes found so far.
#[derive(Debug)]
pub(super) struct Fields {
    left: Vec<(String, Value)>,
    errors: Vec<FieldError>,
    /// Forms know only text; empty text means that nothing was entered.
    form: bool,
}

/// A JSON object that keeps repeated names, which `serde_json::Map` would drop.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Object, A::Error> {
                let mut fields = Vec::with_capacity(16);
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl Fields {
    /// The fields of a JSON object.
    pub(super) fn from_json(body: &[u8]) -> Result<Self> {
        if body.is_empty() {
            return Err(Problem::Malformed("the body is empty; send a JSON object".to_owned()));
        }
        if let Err(error) = std::str::from_utf8(body) {
            let at = error.valid_up_to();
            return Err(Problem::Malformed(format!("the body is not UTF-8 from byte {at} on; send UTF-8")));
        }
        let Object(left) = serde_json::from_slice(body).map_err(|error| {
            if error.classify() == serde_json::error::Category::Data {
                Problem::field("", format!("a JSON object is expected: {error}"))
            } else {
                Problem::Malformed(format!("the body is not JSON: {error}"))
            }
        })?;
        let mut fields = Self { left, errors: Vec::new(), form: false };
        fields.refuse_repeated();
        Ok(fields)
    }

    /// The fields of a form.
    pub(super) fn from_form(body: &[u8]) -> Result<Self> {
        let mut left = Vec::with_capacity(16);
        for part in body.split(|&byte| byte == b'&').filter(|part| !part.is_empty()) {
            let (name, value) = match part.iter().position(|&byte| byte == b'=') {
                Some(at) => (&part[..at], &part[at + 1..]),
                None => (part, &part[..0]),
            };
            left.push((decode(name)?, Value::String(decode(value)?)));
        }
        let mut fields = Self { left, errors: Vec::new(), form: true };
        fields.refuse_repeated();
        Ok(fields)
    }

    /// Gives fields the names that the API uses: `(name in the form, name in the API)`.
    pub(super) fn rename(&mut self, names: &[(&str, &str)]) {
        for (name, _) in &mut self.left {
            if let Some((_, known)) = names.iter().find(|(alias, _)| alias == name) {
                *name = (*known).to_owned();
            }
        }
    }

    /// Drops fields that mean nothing here.
    pub(super) fn ignore(&mut self, is_ignored: impl Fn(&str) -> bool) {
        self.left.retain(|(name, _)| !is_ignored(name));
    }

    /// Takes the fields with such names, as they are.
    pub(super) fn take_all(&mut self, is_wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
        let (wanted, left): (Vec<_>, _) =
            std::mem::take(&mut self.left).into_iter().partition(|(name, _)| is_wanted(name));
        self.left = left;
        wanted.into_iter().collect()
    }

    /// A text of at most `max` characters; `None` when it is missing, null, or empty in a form.
    pub(super) fn text(&mut self, name: &str, max: usize) -> Option<String> {
        let text = match self.take(name)? {
            Value::String(text) if self.form && text.is_empty() => return None,
            Value::String(text) => text,
            other => {
                self.refuse(name, format!("a text is expected, not {}", kind(&other)));
                return None;
            }
        };
        let length = text.chars().count();
        if length > max {
            self.refuse(name, format!("{length} characters: at most {max} are allowed"));
        } else if text.contains('\0') {
            self.refuse(name, "it contains U+0000, which no text needs; leave it out");
        } else {
            return Some(text);
        }
        None
    }

    /// A value that is written as a text.
    pub(super) fn parsed<T>(
        &mut self,
        name: &str,
        max: usize,
        parse: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Option<T> {
        let text = self.text(name, max)?;
        let value = parse(&text);
        if value.is_none() {
            self.refuse(name, format!("{expected} is expected"));
        }
        value
    }

    /// A whole number from 0 on.
    pub(super) fn number(&mut self, name: &str) -> Option<u64> {
        let number = match self.take(name)? {
            Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
            Value::String(text) if self.form && text.is_empty() => return None,
            Value::String(text) if self.form => text.parse().ok(),
            _ => None,
        };
        // SQLite and PostgreSQL know 63 bits.
        let number = number.filter(|&n| i64::try_from(n).is_ok());
        if number.is_none() {
            self.refuse(name, "a whole number from 0 on is expected");
        }
        number
    }

    /// A list, its items read by `read`; `None` when it is missing.
    pub(super) fn list<T>(
        &mut self,
        name: &str,
        max: usize,
        read: impl Fn(&Value) -> Option<T>,
        expected: &str,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = self.take(name)? else {
            self.refuse(name, "a list is expected");
            return None;
        };
        if items.len() > max {
            self.refuse(name, format!("{} items: at most {max} are allowed", items.len()));
            return None;
        }
        let mut list = Vec::with_capacity(items.len());
        for (i, item) in items.iter().enumerate() {
            match read(item) {
                Some(item) => list.push(item),
                None => {
                    let pointer = format!("/{name}/{i}");
                    self.errors.push(FieldError { pointer, detail: format!("{expected} is expected") });
                }
            }
        }
        Some(list)
    }

    /// Empties a field that has this value.
    pub(super) fn blank(&mut self, name: &str, value: &str) {
        self.left.retain(|(left, v)| left != name || v.as_str() != Some(value));
    }

    /// Whether this field is missing or has nothing in it but blanks.
    pub(super) fn is_blank(&self, name: &str) -> bool {
        let value = self.left.iter().find(|(left, _)| left == name).and_then(|(_, value)| value.as_str());
        value.is_none_or(|text| text.trim().is_empty())
    }

    /// Whether something was wrong with this field, or with something in it.
    pub(super) fn refused(&self, name: &str) -> bool {
        let is_at = |pointer: &str| pointer.split('/').nth(1) == Some(name);
        self.errors.iter().any(|error| is_at(&error.pointer))
    }

    /// Notes that a field cannot be used.
    pub(super) fn refuse(&mut self, name: &str, detail: impl Into<String>) {
        self.errors.push(FieldError::new(name, detail));
    }

    /// Ends reading: the value, if nothing was wrong and nothing is left over.
    pub(super) fn finish<T>(mut self, value: T) -> Result<T> {
        for (name, _) in std::mem::take(&mut self.left) {
            self.refuse(&shortened(&name), "there is no such field; check its spelling or leave it out");
        }
        if self.errors.is_empty() { Ok(value) } else { Err(Problem::Invalid(self.errors)) }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.left.iter().position(|(left, _)| left == name)?;
        Some(self.left.swap_remove(at).1).filter(|value| !value.is_null())
    }

    fn refuse_repeated(&mut self) {
        let mut names: Vec<&str> = self.left.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let mut repeated: Vec<String> =
            names.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0].to_owned()).collect();
        repeated.dedup();
        for name in repeated {
            self.left.retain(|(left, _)| *left != name);
            self.refuse(&shortened(&name), "it stands more than once; send it once");
        }
    }
}

/// A name that a stranger chose, short enough to be repeated in an answer.
fn shortened(name: &str) -> String {
    name.chars().take(100).collect()
}

/// What JSON Schema calls an integer: 12.0 is one.
fn whole(number: f64) -> Option<u64> {
    let is_exact = number.fract() == 0.0 && (0.0..=9_007_199_254_740_991.0).contains(&number);
    is_exact.then_some(number as u64)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Undoes the percent-encoding of forms; the bytes must be UTF-8.
fn decode(part: &[u8]) -> Result<String> {
    let spaced: Vec<u8> = part.iter().map(|&byte| if byte == b'+' { b' ' } else { byte }).collect();
    let decoded = percent_encoding::percent_decode(&spaced).decode_utf8();
    decoded
        .map(|text| text.into_owned())
        .map_err(|_| Problem::Malformed("the form is not UTF-8; give its page <meta charset=\"utf-8\">".to_owned()))
}
