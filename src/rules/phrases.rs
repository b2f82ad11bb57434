//! How rules look for phrases of a form: regular expressions.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::Regex;

use super::cues::{self, Cue};
use crate::comment::Comment;
use crate::normalize::Reading;

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
    cue: Cue,
    expression: Regex,
}

impl Phrases {
    /// `pattern` is an [`expression`].
    pub(super) fn new(pattern: &str, cue: Cue) -> Self {
        Self { cue, expression: expression(pattern) }
    }

    /// The first phrase in a comment's readings, the plain one first.
    pub(super) fn find<'t>(&self, comment: &'t Comment) -> Option<(&'t Reading, regex::Match<'t>)> {
        let mut readings = cues::readings(comment).filter(|(_, cues)| cues.has(self.cue));
        readings.find_map(|(reading, _)| Some((reading, self.expression.find(&reading.text)?)))
    }
}
