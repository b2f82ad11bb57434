//! Words with their letters set apart, as in `v i a g r a` or `c.a.s.i.n.o`; and what only looks like it: initials,
//! lists, formulas.

use super::reading::{add, over};
use super::script::{Script, is_east_asian, script};
use super::undone::Letter;
use super::{ascii, dictionary, leet, lexicon, segment};
use crate::letters;
use crate::span::Span;

/// Fewer letters set apart are initials or a list, unless the lexicon knows the word.
const MIN_LETTERS: usize = 4;

/// From this many letters on it is a word set apart on purpose.
const CERTAIN: usize = 5;

/// Chinese characters are set apart by spaces for emphasis, too; so many are no emphasis.
const CERTAIN_CHINESE: usize = 8;

/// Dotted capitals up to this length are an acronym.
const MAX_ACRONYM: usize = 8;

/// Widest gap between two letters.
const MAX_GAP: usize = 3;

/// Whether there may be a word set apart in a text: four single letters with a sign between each, or three.
pub(super) fn may_be_in(text: &str) -> bool {
    if text.is_ascii() {
        may_be_among(text.bytes().map(|b| ascii::class(b) & ascii::ELEMENT != 0))
    } else {
        // Signs are letters or gaps; as gaps they let no run be overlooked.
        may_be_among(text.chars().map(|c| is_element(c) && !matches!(c, '!' | '|' | '+')))
    }
}

/// Whether letters, of which `are_letters` tells one character after the other, may be set apart.
#[inline(always)]
fn may_be_among(are_letters: impl Iterator<Item = bool>) -> bool {
    let mut singles = 0;
    let mut gap = MAX_GAP + 1;
    let mut length = 0;
    for is_letter in are_letters {
        if is_letter {
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
    c.is_ascii_alphanumeric()
        || matches!(c, '@' | '$' | '!' | '|' | '+')
        || (!c.is_ascii() && script(c) != Script::None)
}

/// Signs and pictures; brackets and ends of sentences stand between letters for a reason.
fn is_gap(c: char) -> bool {
    match c {
        ' ' | '.' | '-' | '_' | '*' | '|' | '/' | '~' | '^' | '=' | '+' | ',' | ':' | '\'' | '`' | '#' | '\\' => true,
        '·' | '•' | '\u{2013}' | '\u{2014}' => true,
        _ => {
            matches!(c as u32, 0x2022..=0x2027 | 0x2219 | 0x22C5 | 0x2500..=0x27BF | 0x2B00..=0x2BFF | 0x1F300..=0x1FAFF)
        }
    }
}

/// Single letters with the same gap between each.
struct Run {
    start: usize,
    end: usize,
    step: usize,
    judged: Judged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judged {
    No,
    /// A word, but maybe an acronym.
    Word,
    /// A word that was set apart on purpose.
    Certain,
}

/// Joins words whose letters are set apart; notes them in `spans`.
pub(super) fn join(letters: &mut Vec<Letter>, spans: &mut Vec<Span>) {
    let mut runs = runs(letters);
    spread(&mut runs, letters);
    if runs.iter().all(|run| run.judged == Judged::No) {
        return;
    }
    let mut out: Vec<Letter> = Vec::with_capacity(letters.len());
    let mut done = 0;
    for run in runs.iter().filter(|run| run.judged != Judged::No) {
        out.extend(&letters[done..run.start]);
        if run.judged == Judged::Certain {
            let from: Vec<Span> = letters[run.start..run.end].iter().map(|letter| letter.at).collect();
            add(spans, over(&from));
        }
        push_words(letters, run, &mut out);
        done = run.end;
    }
    out.extend(&letters[done..]);
    *letters = out;
}

fn runs(letters: &[Letter]) -> Vec<Run> {
    let mut runs = Vec::new();
    let mut i = 0;
    while i < letters.len() {
        let free = i == 0 || !is_element(letters[i - 1].c) && !matches!(letters[i - 1].c, '\'' | '’');
        let starts = is_element(letters[i].c) && free && !letters[i].kept;
        match if starts { run(letters, i) } else { None } {
            Some(mut run) => {
                let word: Vec<Letter> = letters[run.start..run.end].iter().step_by(run.step).copied().collect();
                run.judged = judge(&word, letters[run.start + 1].c);
                i = run.end;
                runs.push(run);
            }
            None => i += 1,
        }
    }
    runs
}

/// The run of single letters that begins at `start`, if there are two at least.
fn run(letters: &[Letter], start: usize) -> Option<Run> {
    let gap = letters.get(start + 1)?.c;
    if !is_gap(gap) {
        return None;
    }
    let width = letters[start + 1..].iter().take(MAX_GAP + 1).take_while(|letter| letter.c == gap).count();
    let step = width + 1;
    let element = |i: usize| letters.get(i).is_some_and(|letter| is_element(letter.c) && letter.c != gap);
    let touches = |i: usize| element(i) && !letters.get(i).is_some_and(|letter| matches!(letter.c, '!' | '|' | '+'));
    let mut end = start;
    // A letter counts when none touches it.
    while element(end + step)
        && !touches(end + step + 1)
        && letters[end + 1..end + step].iter().all(|letter| letter.c == gap)
    {
        end += step;
    }
    // The last letter may be the first of a word with another gap: `I c.a.n`.
    let next = |i: usize| letters.get(i).map(|letter| letter.c);
    if gap == ' ' && next(end + 1).is_some_and(|c| c != ' ' && is_gap(c)) && element(end + 2) && !touches(end + 3) {
        end -= end.min(start + step) - start;
    }
    (width <= MAX_GAP && end > start).then_some(Run { start, end: end + 1, step, judged: Judged::No })
}

/// Words beside one that was set apart on purpose were so, too; short ones could not be told alone.
fn spread(runs: &mut [Run], letters: &[Letter]) {
    let gap = |run: &Run| letters[run.start + 1].c;
    let certain: Vec<char> = runs.iter().filter(|run| run.judged == Judged::Certain).map(gap).take(8).collect();
    if certain.is_empty() {
        return;
    }
    for run in runs.iter_mut() {
        let is_letter = |letter: &&Letter| letters::is_alphabetic(letter.c);
        let spelled = letters[run.start..run.end].iter().step_by(run.step).filter(is_letter).count() * run.step * 2
            > run.end - run.start;
        let gap = letters[run.start + 1].c;
        if gap != ' ' && certain.contains(&gap) && spelled {
            run.judged = Judged::Certain;
        }
    }
    let near = |a: &Run, b: &Run| b.start - a.end <= MAX_GAP + 1;
    for i in 1..runs.len() {
        if runs[i - 1].judged == Judged::Certain && near(&runs[i - 1], &runs[i]) {
            runs[i].judged = Judged::Certain;
        }
    }
    for i in (1..runs.len()).rev() {
        if runs[i].judged == Judged::Certain && near(&runs[i - 1], &runs[i]) {
            runs[i - 1].judged = Judged::Certain;
        }
    }
}

/// Shows the letters of a run, with a space where one word ends and the next begins.
fn push_words(letters: &[Letter], run: &Run, out: &mut Vec<Letter>) {
    let word: Vec<Letter> = letters[run.start..run.end].iter().step_by(run.step).copied().collect();
    let chars: Vec<char> = word.iter().map(|letter| leet::usual(letter.c)).collect();
    let one_space = run.step == 2 && letters[run.start + 1].c == ' ';
    let digits = word.iter().filter(|letter| letter.c.is_ascii_digit()).count();
    let words = if one_space && chars.len() > 3 && digits * 4 <= chars.len() { segment::words(&chars) } else { None };
    let mut left = words.into_iter().flatten();
    let mut until = left.next();
    for (i, letter) in word.iter().enumerate() {
        if until == Some(0) {
            out.push(Letter { c: ' ', ..letters[run.start + i * run.step - 1] });
            until = left.next();
        }
        out.push(*letter);
        until = until.map(|length| length - 1);
    }
}

fn judge(word: &[Letter], gap: char) -> Judged {
    if word.iter().all(|letter| is_east_asian(letter.c)) {
        let enough = if gap == ' ' { CERTAIN_CHINESE } else { MIN_LETTERS };
        return if word.len() >= enough && gap != ',' { Judged::Certain } else { Judged::No };
    }
    let text: String = word.iter().map(|letter| leet::usual(letter.c)).collect();
    let is_letter = |letter: &&Letter| !matches!(script(letter.c), Script::None | Script::Apart);
    let count = word.iter().filter(is_letter).count();
    if word.len() >= 3 && count * 2 > word.len() && lexicon::contains(&text) {
        return Judged::Certain;
    }
    let mut distinct: Vec<char> = text.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let alphabet =
        word.windows(2).filter(|pair| pair[1].c as u32 == pair[0].c as u32 + 1).count() * 2 >= word.len() - 1;
    let vowels = text.chars().filter(|c| !c.is_ascii() || "aeiouy".contains(*c)).count();
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
    // Signs that stand between single letters in formulas and lists, too.
    let usual = matches!(gap, ',' | '+' | '/' | ':' | '=' | '#' | '\\' | '^' | '\'' | '|' | '-');
    if !text.is_ascii() && word.len() < CERTAIN && !cyrillic {
        return Judged::No;
    }
    if text.is_ascii() && (word.len() < CERTAIN || usual) && !dictionary::contains(&text) {
        return Judged::No;
    }
    let acronym = gap == '.' && word.len() <= MAX_ACRONYM && word.iter().all(|letter| letter.upper);
    if acronym { Judged::Word } else { Judged::Certain }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(text: &str) -> (String, usize) {
        let mut letters: Vec<Letter> = text
            .chars()
            .zip(0..)
            .map(|(c, i)| Letter {
                c: c.to_ascii_lowercase(),
                at: Span::new(i, i + 1),
                upper: c.is_uppercase(),
                kept: false,
            })
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
            ("t h e   c a s i n o", "the   casino"),
            ("c h e a p p i l l s h e r e", "cheap pills here"),
            ("c🔥a🔥s🔥i🔥n🔥o", "casino"),
            ("t.h.e c.a.s.i.n.o", "the casino"),
            ("加.我.微.信.吧", "加我微信吧"),
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
            "w/a/s/d and a+e+i+n",
            "n,a,o,b,e",
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
        for text in
            ["v i a g r a", "c.a.s.i.n.o", "s e x", "a s e x", "the s e x.", "x v  i  a  g  r  a", "c|a|s|i|n|o"]
        {
            assert!(may_be_in(text), "{text}");
        }
        for text in ["I am a fan of it", "it is 5 or 6", "", "a", "plan a or b"] {
            assert!(!may_be_in(text), "{text}");
        }
    }
}
