//! The same sign again and again.

use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// Shorter runs are enthusiasm.
const MIN_RUN: usize = 8;

/// What lines are drawn with.
const LINES: &str = "-=_.*#~/+>|…─—";

/// How people laugh and cry in Portuguese, Korean (as NFKC leaves it), Chinese, Thai and so on.
const LAUGHTER: &str = "khrsw5\u{110F}\u{1112}\u{1172}\u{116E}哈呵笑ห😂🤣";

pub(super) struct RepeatedCharacters;

impl Rule for RepeatedCharacters {
    fn name(&self) -> &'static str {
        "repeated_characters"
    }

    fn description(&self) -> &'static str {
        "Eight or more times the same letter or sign; lines of dashes or dots and written laughter are none."
    }

    fn score(&self) -> f64 {
        0.2
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        let plain = &comment.body.plain;
        let is_ascii = plain.text.is_ascii();
        let (end, c) =
            if is_ascii { first_run(plain.text.bytes().map(char::from)) } else { first_run(plain.text.chars()) }?;
        let length = MIN_RUN + plain.text.chars().skip(end + 1).take_while(|next| *next == c).count();
        let places = &plain.origin[end + 1 - MIN_RUN..end + 1 - MIN_RUN + length];
        let span = crate::span::Span::new(places[0].start, places[length - 1].end);
        Some(Match::new(format!("“{c}” {length} times in a row"), vec![span]))
    }
}

/// The character that comes often enough in a row, and the place where it does.
#[inline(always)]
fn first_run(chars: impl Iterator<Item = char>) -> Option<(usize, char)> {
    let (mut length, mut last) = (0, '\0');
    chars.enumerate().find(|(_, c)| {
        length = if *c == last { length + 1 } else { 1 };
        last = *c;
        length == MIN_RUN && !is_harmless(*c)
    })
}

fn is_harmless(c: char) -> bool {
    c.is_whitespace() || c.is_ascii_digit() || LINES.contains(c) || LAUGHTER.contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::{detail, hits};

    #[test]
    fn long_runs_are_seen() {
        assert_eq!(detail(&RepeatedCharacters, "win!!!!!!!!!!").as_deref(), Some("“!” 10 times in a row"));
        assert!(hits(&RepeatedCharacters, "AaAaaAaAaaa"));
    }

    #[test]
    fn enthusiasm_and_lines_pass() {
        for text in [
            "soooo good!!!",
            "----------------",
            "hmm..........",
            "100000000000",
            "hahahahahaha",
            "kkkkkkkkkkkk",
            "ㅋㅋㅋㅋㅋㅋㅋㅋㅋ",
        ] {
            assert!(!hits(&RepeatedCharacters, text), "{text}");
        }
    }
}
