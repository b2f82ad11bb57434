//! How rules look for phrases of a form: regular expressions.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;

/// A regular expression of a rule's own. `\b` and `\d` mean what they do in ASCII: with Unicode's `\b` the library falls back
/// to its slowest engine on every text that is not ASCII.
pub(super) fn expression(pattern: &str) -> Regex {
    let pattern = pattern.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]");
    Regex::new(&pattern).expect("a constant expression")
}

/// Finds out whether a text has one of some short words in it, in a few instructions for each byte. What the library looks for
/// in advance, unless told not to, is in every text, so that looking takes longer than not looking.
pub(super) fn any_of(words: &[&str]) -> AhoCorasick {
    let built = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).prefilter(false).build(words);
    built.expect("a short list of short words")
}

/// A regular expression behind a quick look: each way in which it can match has one of the cues in it, and most texts
/// have none of them.
pub(super) struct Phrases {
    cues: AhoCorasick,
    expression: Regex,
}

impl Phrases {
    /// `pattern` is an [`expression`]; all cues are in lower case, as a reading is.
    pub(super) fn new(pattern: &str, cues: &[&str]) -> Self {
        Self { cues: any_of(cues), expression: expression(pattern) }
    }

    /// The first phrase in a text.
    pub(super) fn find<'t>(&self, text: &'t str) -> Option<regex::Match<'t>> {
        if self.cues.is_match(text) { self.expression.find(text) } else { None }
    }
}
