//! How rules look for phrases of a form: regular expressions.

use regex::Regex;

/// A regular expression of a rule's own. `\b` and `\d` mean what they do in ASCII: with Unicode's `\b` the library falls back
/// to its slowest engine on every text that is not ASCII.
pub(super) fn expression(pattern: &str) -> Regex {
    let pattern = pattern.replace(r"\b", r"(?-u:\b)").replace(r"\d", "[0-9]");
    Regex::new(&pattern).expect("a constant expression")
}
