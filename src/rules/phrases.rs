//! How rules look for phrases: regular expressions, and lists, looked for in one pass each: a list of rules' own, whole words, in the reading with the least disguise.

use aho_corasick::{AhoCorasick, MatchKind};
use regex::Regex;

use crate::normalize::Normalized;
use crate::span::Span;

/// A regular expression of a rule's own. `\b` and `\d` mean what they do in ASCII: with Unicode's `\b` the library falls back
/// to its slowest engine on every text that is not ASCII.
pub(super) fn expression(pattern: &str) -> Regex {
    let pattern = pattern.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]");
    Regex::new(&pattern).expect("a constant expression")
}

/// A list of phrases in lower case, ready to be looked for.
pub(super) struct Phrases(AhoCorasick);

/// Where phrases were found.
pub(super) struct Found {
    /// Numbers of the phrases found, in order, each once.
    pub(super) phrases: Vec<usize>,
    /// All places.
    pub(super) spans: Vec<Span>,
}

impl Phrases {
    pub(super) fn new(list: &[&str]) -> Self {
        let matcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(list);
        Self(matcher.expect("a short list of short phrases"))
    }

    /// The phrases found in a text.
    pub(super) fn find(&self, body: &Normalized) -> Found {
        let reading = body.reading();
        let text = reading.text.as_str();
        let mut places = reading.places();
        let mut found = Found { phrases: Vec::new(), spans: Vec::new() };
        for hit in self.0.find_iter(text) {
            let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let dense = text[hit.range()].chars().next().is_some_and(|c| c as u32 >= 0x2E80);
            if dense || !joined(text[..hit.start()].chars().next_back()) && !joined(text[hit.end()..].chars().next()) {
                found.phrases.push(hit.pattern().as_usize());
                found.spans.push(places.span(hit.range()));
            }
        }
        found.phrases.sort_unstable();
        found.phrases.dedup();
        found
    }
}
