//! The undone reading: what the plain one says once look-alikes, styled letters, leetspeak and spaced-out words are undone.

use super::look_alikes::{Counts, Found, fold};
use super::plain::is_generic_mark;
use super::reading::{Reading, add, over};
use super::script::{Script, is_east_asian, script};
use super::{Disguise, leet, lexicon, look_alikes, spaced};
use crate::span::Span;

/// A character of the plain reading on its way to the undone one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Letter {
    /// The character, in lower case.
    pub(super) c: char,
    /// Where it comes from.
    pub(super) at: Span,
    /// Whether it was sent as a capital.
    pub(super) upper: bool,
}

/// The undone reading, where it differs from the plain one; notes what it had to undo.
pub(super) fn read(visible: &Reading, plain: &Reading, disguise: &mut Disguise) -> Option<Reading> {
    let set_apart = spaced::may_be_in(&plain.text);
    if !set_apart && !is_suspicious(&plain.text) {
        return None;
    }
    let mut letters = letters(visible, plain);
    let text = Counts::of(letters.iter().map(|letter| letter.c));
    if !plain.text.is_ascii() {
        spell_boxed(&mut letters, disguise);
    }
    let mut spaced_words = Vec::new();
    // Letters that were in boxes a moment ago may be set apart, too.
    if set_apart || !plain.text.is_ascii() {
        spaced::join(&mut letters, &mut spaced_words);
    }
    let mut out = Reading::with_capacity(plain.text.len());
    for token in letters.split_inclusive_mut(|letter| letter.c.is_whitespace()) {
        undo_token(token, &text, &mut spaced_words, disguise, &mut out);
    }
    tidy(&mut spaced_words);
    disguise.spaced = spaced_words;
    tidy(&mut disguise.stacked_marks);
    (out.text != plain.text).then_some(out)
}

/// Puts spans in order and joins those that touch.
fn tidy(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    for span in std::mem::take(spans) {
        add(spans, span);
    }
}

/// Whether a text may need undoing: a digit or sign at a letter, signs within a word, letters of two scripts side by side,
/// marks, boxes, or words of another script in a Latin text. Most texts are done with after this one look.
fn is_suspicious(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_digit() || leet::is_sign(c);
    let (mut latin, mut other) = (0_u32, 0_u32);
    let (mut before, mut last) = ((' ', Script::None), (' ', Script::None));
    let mut hyphens = 0;
    for c in text.chars() {
        let script = script(c);
        match script {
            Script::None => {
                let leet = last.0.is_ascii_lowercase() && is_sign(c) && c != '!';
                if leet || is_generic_mark(c) || unboxed(c).is_some() {
                    return true;
                }
                if c.is_ascii_whitespace() {
                    hyphens = 0;
                }
            }
            Script::Rare => return true,
            _ => {
                if c.is_ascii() && is_sign(last.0) || look_alikes::is_odd(c) {
                    return true;
                }
                if last.1 != Script::None && last.1 != script && !is_east_asian(c) && !is_east_asian(last.0) {
                    return true;
                }
                if before.0.is_ascii_lowercase() && c.is_ascii() && is_breaker(last.0) {
                    hyphens += 1;
                    if last.0 != '-' || hyphens > 1 {
                        return true;
                    }
                }
                match script {
                    Script::Latin => latin += 1,
                    _ => other += u32::from(script != Script::Apart),
                }
            }
        }
        before = std::mem::replace(&mut last, (c, script));
    }
    other > 0 && latin > 2 * other
}

fn letters(visible: &Reading, plain: &Reading) -> Vec<Letter> {
    let mut seen = visible.text.chars().zip(&visible.origin).peekable();
    let mut upper = false;
    plain
        .text
        .chars()
        .zip(&plain.origin)
        .map(|(c, at)| {
            while let Some((shown, _)) = seen.next_if(|(_, shown_at)| shown_at.start <= at.start) {
                upper = shown.is_uppercase();
            }
            Letter { c, at: *at, upper }
        })
        .collect()
}

/// The letter in a box.
fn unboxed(c: char) -> Option<char> {
    let first = match c as u32 {
        0x1F150..=0x1F169 => 0x1F150,
        0x1F170..=0x1F189 => 0x1F170,
        0x1F1E6..=0x1F1FF => 0x1F1E6,
        _ => return None,
    };
    char::from_u32(c as u32 - first + 0x61)
}

/// Letters in boxes and flags: `🅥🅘🅟`, `🇻🇮🇵` where the flags are none.
fn spell_boxed(letters: &mut [Letter], disguise: &mut Disguise) {
    let mut before = None;
    let mut runs = letters.chunk_by_mut(|a, b| unboxed(a.c).is_some() == unboxed(b.c).is_some()).peekable();
    while let Some(run) = runs.next() {
        let Some(read) = run.iter().map(|letter| unboxed(letter.c)).collect::<Option<Vec<char>>>() else {
            before = run.last().map(|letter| letter.c);
            continue;
        };
        let after = runs.peek().and_then(|run| run.first()).map(|letter| letter.c);
        let within = before.is_some_and(char::is_alphabetic) && after.is_some_and(char::is_alphabetic);
        let flags = run.iter().all(|letter| letter.c as u32 >= 0x1F1E6) && are_flags(&read);
        if run.len() < 2 && !within || flags {
            continue;
        }
        let spans: Vec<Span> = run.iter().map(|letter| letter.at).collect();
        disguise.styled.push(over(&spans));
        run.iter_mut().zip(read).for_each(|(letter, c)| letter.c = c);
    }
    disguise.styled.sort_unstable();
}

/// Two-letter codes that have a flag, one after the other.
const FLAGS: &str = "acadaeafagaialamaoaqarasatauawaxazbabbbdbebfbgbhbibjblbmbnbobqbrbsbtbvbwbybzcacccdcfcgchcickclcmcncocpcrcucvcwcxcy\
    czdedgdjdkdmdodzeaeceeegehereseteufifjfkfmfofrgagbgdgegfggghgiglgmgngpgqgrgsgtgugwgyhkhmhnhrhthuicidieiliminiqirisitjejmjojpkekg\
    khkikmknkpkrkwkykzlalblclilklrlsltlulvlymamcmdmemfmgmhmkmlmmmnmompmqmrmsmtmumvmwmxmymznancnenfngninlnonpnrnunzompapepfpgphpkplpm\
    pnprpsptpwpyqarerorsrurwsasbscsdsesgshsisjskslsmsnsosrssstsvsxsysztatctdtftgthtjtktltmtntotrtttvtwtzuaugumunusuyuzvavcvevgvivnvu\
    wfwsxkyeytzazmzw";

fn are_flags(letters: &[char]) -> bool {
    letters.len().is_multiple_of(2)
        && letters.chunks_exact(2).all(|pair| {
            FLAGS
                .as_bytes()
                .chunks_exact(2)
                .any(|code| code.iter().zip(pair).all(|(known, c)| known.eq_ignore_ascii_case(&(*c as u32 as u8))))
        })
}

/// Signs that break up a word without taking the place of a letter.
fn is_breaker(c: char) -> bool {
    matches!(c, '.' | '*' | '_' | '-' | '|' | '~' | '^' | '`' | '·')
}

fn undo_token(token: &mut [Letter], text: &Counts, spaced: &mut Vec<Span>, disguise: &mut Disguise, out: &mut Reading) {
    if !token.iter().all(|letter| letter.c.is_ascii()) {
        fold_token(token, text, disguise);
    }
    if is_address(token) {
        token.iter().for_each(|letter| out.push(letter.c, letter.at));
        return;
    }
    if let Some(whole) = joined(token) {
        spaced.push(over(&token[whole.clone()].iter().map(|letter| letter.at).collect::<Vec<_>>()));
        for (i, letter) in token.iter_mut().enumerate() {
            if !whole.contains(&i) || !is_breaker(letter.c) {
                out.push(letter.c, letter.at);
            }
        }
        return;
    }
    for word in token.chunk_by_mut(|a, b| is_in_word(a.c) && is_in_word(b.c)) {
        unleet(word, disguise);
        push_unmarked(word, disguise, out);
    }
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || is_generic_mark(c) || leet::is_sign(c)
}

/// Gives the words of a token the letters of one script each.
fn fold_token(token: &mut [Letter], text: &Counts, disguise: &mut Disguise) {
    let mut changed = Vec::new();
    for word in token.chunk_by_mut(|a, b| is_in_word(a.c) && is_in_word(b.c)) {
        match fold(word, text, &mut changed) {
            Found::Disguised => {
                changed.iter().for_each(|i| add(&mut disguise.look_alike, word[*i].at));
            }
            Found::Styled => {
                let spans: Vec<Span> = word.iter().map(|letter| letter.at).collect();
                add(&mut disguise.styled, over(&spans));
            }
            Found::Folded | Found::Nothing => {}
        }
    }
}

/// Whether the token is an address, a mention or a tag, in which digits and signs mean what they are.
fn is_address(token: &[Letter]) -> bool {
    let at = |i: usize| token.get(i).map(|letter| letter.c);
    let has =
        |part: &str| token.windows(part.len()).any(|window| window.iter().map(|letter| letter.c).eq(part.chars()));
    let email = || {
        let sign = token.iter().position(|letter| letter.c == '@');
        sign.is_some_and(|sign| {
            sign > 0 && token[sign..].windows(2).any(|pair| pair[0].c == '.' && pair[1].c.is_alphanumeric())
        })
    };
    let mention = matches!(at(0), Some('@' | '#')) && !matches!(at(1), Some('$' | '@' | 's'));
    mention || has("://") || has("www.") || email()
}

/// The part of a token that is a word of the lexicon, broken up by signs.
fn joined(token: &[Letter]) -> Option<std::ops::Range<usize>> {
    if !token.iter().any(|letter| is_breaker(letter.c)) {
        return None;
    }
    let start = token.iter().position(|letter| is_in_word(letter.c))?;
    let end = token.iter().rposition(|letter| letter.c.is_alphanumeric())? + 1;
    let inner = token.get(start..end)?;
    let breakers = inner.iter().filter(|letter| is_breaker(letter.c)).count();
    let length = inner.len() - breakers;
    if breakers == 0 || !(5..=lexicon::LONGEST).contains(&length) {
        return None;
    }
    let word: Vec<char> = inner.iter().map(|letter| letter.c).filter(|c| !is_breaker(*c)).collect();
    let plain: String = word.iter().collect();
    let known = lexicon::contains(&plain) || leet::undo(&word, false).is_some();
    // `on-line` and `e-mail` are spellings.
    let hyphenated = breakers == 1 && inner.iter().any(|letter| letter.c == '-');
    (known && !hyphenated).then_some(start..end)
}

fn unleet(word: &mut [Letter], disguise: &mut Disguise) {
    if word.len() < 3 || !word.iter().any(|letter| letter.c.is_ascii_digit() || leet::is_sign(letter.c)) {
        return;
    }
    let capitals = word.iter().filter(|letter| letter.upper).count();
    let usual_case = capitals == 0 || capitals == 1 && word[0].upper;
    let chars: Vec<char> = word.iter().map(|letter| letter.c).collect();
    let Some(undone) = leet::undo(&chars, usual_case) else {
        return;
    };
    if undone.certain {
        add(&mut disguise.leet, over(&word.iter().map(|letter| letter.at).collect::<Vec<_>>()));
    }
    word.iter_mut().zip(undone.letters).for_each(|(letter, c)| letter.c = c);
}

/// From this many letters on, marks that no letter has a form with are decoration.
const MANY_MARKED: usize = 3;

/// Shows a word without marks that its letters do not need.
fn push_unmarked(word: &[Letter], disguise: &mut Disguise, out: &mut Reading) {
    let mut latin = false;
    let mut marked = Vec::new();
    for letter in word {
        if is_generic_mark(letter.c) {
            // Behind a Latin letter that has no form of its own with it.
            if latin {
                marked.push(letter.at);
                continue;
            }
        } else {
            latin = letter.c.is_ascii_alphanumeric() || (letter.c as u32) < 0x250 && letter.c.is_alphabetic();
        }
        out.push(letter.c, letter.at);
    }
    marked.dedup();
    if marked.len() >= MANY_MARKED {
        disguise.stacked_marks.push(over(&marked));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_told_from_letters() {
        assert!(are_flags(&['d', 'e', 'f', 'r']));
        assert!(!are_flags(&['v', 'i', 'a', 'g', 'r', 'a']));
        assert!(!are_flags(&['d', 'e', 'f']));
    }
}
