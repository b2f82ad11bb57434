//! Words with their letters set apart, as in `v i a g r a` or `c.a.s.i.n.o`; and what only looks like it: initials,
//! lists, formulas.

use super::lexicon;
use super::reading::{add, over};
use super::script::{Script, script};
use super::undone::Letter;
use crate::span::Span;

/// Fewer letters set apart are initials or a list, unless the lexicon knows the word.
const MIN_LETTERS: usize = 4;

/// From this many letters on it is a word set apart on purpose.
const CERTAIN: usize = 5;

/// Dotted capitals up to this length are an acronym.
const MAX_ACRONYM: usize = 8;

/// Widest gap between two letters.
const MAX_GAP: usize = 3;

/// Whether there may be a word set apart in a text: four single letters with a sign between each, or three.
pub(super) fn may_be_in(text: &str) -> bool {
    let mut singles = 0;
    let mut gap = MAX_GAP + 1;
    let mut length = 0;
    for c in text.chars() {
        if is_element(c) {
            length += 1;
            if length == 1 {
                singles = if gap <= MAX_GAP { singles + 1 } else { 1 };
                if singles > 3 {
                    return true;
                }
            } else {
                singles = 0;
            }
            gap = 0;
        } else {
            // Three are enough at the end of a run: `s e x`.
            if length == 1 && singles == 3 {
                return true;
            }
            length = 0;
            gap += 1;
        }
    }
    singles == 3 && length == 1
}

fn is_element(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '@' | '$') || (!c.is_ascii() && script(c) != Script::None)
}

fn is_gap(c: char) -> bool {
    matches!(
        c,
        ' ' | '.'
            | '-'
            | '_'
            | '*'
            | '|'
            | '·'
            | '•'
            | '/'
            | '~'
            | '^'
            | '='
            | '\u{2013}'
            | '\u{2014}'
            | '❤'
            | '★'
            | '♥'
    )
}

/// Joins words whose letters are set apart; notes them in `spans`.
pub(super) fn join(letters: &mut Vec<Letter>, spans: &mut Vec<Span>) {
    let mut out: Vec<Letter> = Vec::with_capacity(letters.len());
    let mut i = 0;
    let mut joined_up_to = None;
    let mut any = false;
    while i < letters.len() {
        let starts = is_element(letters[i].c) && (i == 0 || !is_element(letters[i - 1].c));
        let run = if starts { run(letters, i) } else { None };
        let Some(run) = run else {
            out.push(letters[i]);
            i += 1;
            continue;
        };
        let word: Vec<Letter> = run.places().map(|place| letters[place]).collect();
        let follows = joined_up_to.is_some_and(|end| run.start - end <= MAX_GAP + 1) && word.len() >= 2;
        match judge(&word, letters[run.start + 1].c) {
            Judged::Word | Judged::Certain | Judged::No if follows => {
                note(letters, &run, spans);
                out.extend(&word);
            }
            Judged::Certain => {
                note(letters, &run, spans);
                out.extend(&word);
            }
            Judged::Word => out.extend(&word),
            Judged::No => {
                out.extend(&letters[run.start..run.end]);
                i = run.end;
                continue;
            }
        }
        any = true;
        joined_up_to = Some(run.end);
        i = run.end;
    }
    if any {
        *letters = out;
    }
}

fn note(letters: &[Letter], run: &Run, spans: &mut Vec<Span>) {
    let from: Vec<Span> = letters[run.start..run.end].iter().map(|letter| letter.at).collect();
    add(spans, over(&from));
}

/// Single letters with the same gap between each.
struct Run {
    start: usize,
    end: usize,
    step: usize,
}

impl Run {
    fn places(&self) -> impl Iterator<Item = usize> {
        (self.start..self.end).step_by(self.step)
    }
}

/// The run of single letters that begins at `start`, if there are two at least.
fn run(letters: &[Letter], start: usize) -> Option<Run> {
    let gap = letters.get(start + 1)?.c;
    if !is_gap(gap) {
        return None;
    }
    let width = letters[start + 1..].iter().take(MAX_GAP + 1).take_while(|letter| letter.c == gap).count();
    let step = width + 1;
    let element = |i: usize| letters.get(i).is_some_and(|letter| is_element(letter.c));
    let mut end = start;
    // A letter counts when none touches it.
    while element(end + step)
        && !element(end + step + 1)
        && letters[end + 1..end + step].iter().all(|letter| letter.c == gap)
    {
        end += step;
    }
    (width <= MAX_GAP && end > start).then_some(Run { start, end: end + 1, step })
}

enum Judged {
    No,
    /// A word, but maybe an acronym.
    Word,
    /// A word that was set apart on purpose.
    Certain,
}

fn judge(word: &[Letter], gap: char) -> Judged {
    let text: String = word.iter().map(|letter| letter.c).collect();
    if word.len() >= 3 && word.len() <= lexicon::LONGEST && lexicon::contains(&text) {
        return Judged::Certain;
    }
    let is_letter = |letter: &&Letter| !matches!(script(letter.c), Script::None | Script::Apart);
    let count = word.iter().filter(is_letter).count();
    let mut distinct: Vec<char> = text.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let alphabet =
        word.windows(2).filter(|pair| pair[1].c as u32 == pair[0].c as u32 + 1).count() * 2 >= word.len() - 1;
    let vowels = word.iter().filter(|letter| !letter.c.is_ascii() || "aeiouy01340@".contains(letter.c)).count();
    let is_word = word.len() >= MIN_LETTERS
        && count * 2 > word.len()
        && distinct.len() >= 3
        && !alphabet
        && vowels * 6 >= word.len()
        && vowels < word.len();
    let cyrillic = word.iter().all(|letter| script(letter.c) == Script::Cyrillic);
    if !(is_word || cyrillic && word.len() >= MIN_LETTERS && distinct.len() >= 3 && !alphabet) {
        return Judged::No;
    }
    let acronym = gap == '.' && word.len() <= MAX_ACRONYM && word.iter().all(|letter| letter.upper);
    if word.len() >= CERTAIN && !acronym { Judged::Certain } else { Judged::Word }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> (String, usize) {
        let mut letters: Vec<Letter> = text
            .chars()
            .zip(0..)
            .map(|(c, i)| Letter { c: c.to_ascii_lowercase(), at: Span::new(i, i + 1), upper: c.is_uppercase() })
            .collect();
        let mut spans = Vec::new();
        join(&mut letters, &mut spans);
        (letters.into_iter().map(|letter| letter.c).collect(), spans.len())
    }

    #[test]
    fn words_set_apart_are_joined() {
        for (text, expected) in [
            ("buy v i a g r a now", "buy viagra now"),
            ("c.a.s.i.n.o", "casino"),
            ("V-I-A-G-R-A!", "viagra!"),
            ("s e x", "sex"),
            ("v  i  a  g  r  a", "viagra"),
            ("v i @ g r a", "vi@gra"),
            ("f r e e   m o n e y", "free   money"),
            ("к а з и н о тут", "казино тут"),
            ("W I N N E 7 7 7", "winne777"),
        ] {
            let (text, spans) = joined(text);
            assert_eq!(text, expected);
            assert!(spans > 0, "{expected}");
        }
    }

    #[test]
    fn initials_lists_and_formulas_stay() {
        for text in [
            "J. R. R. Tolkien",
            "a b c d e f",
            "a, b, c, d",
            "1 2 3 4 5",
            "x = y + z",
            "I am a b movie fan",
            "e.g. i.e. a.k.a. him",
            "plan A or B",
            "O O O O O",
            "x y z w",
            "微 信 加 我 吧",
            "- a - b",
        ] {
            assert_eq!(joined(text).0, text.to_ascii_lowercase());
        }
    }

    #[test]
    fn acronyms_are_no_evidence() {
        assert_eq!(joined("S.H.I.E.L.D. is here"), ("shield. is here".to_owned(), 0));
    }

    #[test]
    fn the_quick_look_overlooks_nothing() {
        for text in ["v i a g r a", "c.a.s.i.n.o", "s e x", "a s e x", "the s e x.", "x v  i  a  g  r  a"] {
            assert!(may_be_in(text), "{text}");
        }
        for text in ["I am a fan of it", "it is 5 or 6", "", "a", "plan a or b"] {
            assert!(!may_be_in(text), "{text}");
        }
    }
}
