//! Words that were cut, stretched or had letters starred out: `cas ino`, `vi-ag-ra`, `viaaagra`, `vi*gra`, `\/iagra`.

use std::ops::Range;

use super::reading::over;
use super::undone::Letter;
use super::{ascii, dictionary, leet, lexicon};
use crate::letters;
use crate::span::Span;

/// Pieces that one word is cut in, at most, where there is but a space between.
const MAX_PIECES: usize = 3;

/// Shortest word that is looked for in pieces.
const MIN_WORD: usize = 4;

/// Signs that break up a word without taking the place of a letter.
pub(super) const fn is_breaker(c: char) -> bool {
    matches!(c, '.' | '*' | '_' | '-' | '|' | '~' | '^' | '`' | '·' | '•' | ',' | '\'' | '"' | '/' | '=' | '+' | ':')
}

/// Whether a text may hold a word in pieces, stretched or drawn.
pub(super) fn may_be_in(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut pieces: [(usize, usize); MAX_PIECES] = [(0, 0); MAX_PIECES];
    let (mut count, mut i, mut torn) = (0, 0, false);
    while i < bytes.len() {
        if bytes[i] > 0x7F {
            // Letters of other alphabets belong to the word beside them.
            (count, torn) = (0, true);
            i += 1;
            continue;
        }
        if !is_in_piece(bytes[i]) {
            torn = false;
            match bytes[i] {
                b' ' | b'\n' | b'\r' | b'\t' => {}
                b'\\' => return true,
                b'(' | b'[' if matches!(bytes.get(i + 1), Some(b')' | b']')) => return true,
                _ => count = 0,
            }
            i += 1;
            continue;
        }
        let start = i;
        while i < bytes.len() && is_in_piece(bytes[i]) {
            if i > start && bytes[i] == bytes[i - 1] && is_drawn_out(bytes, start, i) {
                return true;
            }
            i += 1;
        }
        if std::mem::take(&mut torn) {
            continue;
        }
        if count == MAX_PIECES {
            pieces = [pieces[1], pieces[2], (0, 0)];
            count -= 1;
        }
        pieces[count] = (start, i);
        count += 1;
        let mut length = i - start;
        for from in (0..count - 1).rev() {
            length += pieces[from].1 - pieces[from].0;
            if length > lexicon::LONGEST {
                break;
            }
            let first = leet::usual(char::from(bytes[pieces[from].0]));
            if lexicon::may_begin(first, length) && is_cut(text, &pieces[from..count]) {
                return true;
            }
        }
    }
    false
}

fn is_in_piece(b: u8) -> bool {
    ascii::class(b) & ascii::ELEMENT != 0
}

/// A letter three times, or twice where no word has it twice.
fn is_drawn_out(bytes: &[u8], start: usize, i: usize) -> bool {
    i >= start + 2 && bytes[i - 2] == bytes[i] && bytes[i].is_ascii_lowercase()
        || matches!(bytes[i], b'a' | b'i' | b'u' | b'v' | b'j' | b'k' | b'h' | b'y' | b'x')
}

fn is_cut(text: &str, pieces: &[(usize, usize)]) -> bool {
    let parts = || pieces.iter().map(|(start, end)| &text[*start..*end]);
    is_telling_whole(parts().flat_map(str::bytes)) && parts().any(is_odd)
}

/// Whether the letters of pieces, each as it is most often meant, make a telling word; no longer one than there is.
fn is_telling_whole(letters: impl Iterator<Item = u8>) -> bool {
    let mut whole = [0; lexicon::LONGEST];
    let mut length = 0;
    for (place, letter) in whole.iter_mut().zip(letters) {
        *place = u8::try_from(leet::usual(char::from(letter))).unwrap_or(letter);
        length += 1;
    }
    length >= MIN_WORD && lexicon::is_telling(&whole[..length])
}

/// Whether a piece is hardly a word itself.
fn is_odd(part: &str) -> bool {
    let vowels = || part.bytes().any(|b| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'y'));
    match part.len() {
        0 | 1 => false,
        2 => !vowels() && !part.bytes().all(|b| b.is_ascii_digit()),
        _ => !dictionary::contains(part),
    }
}

/// Joins words that were cut in pieces; notes them in `spans`.
pub(super) fn join_pieces(letters: &mut Vec<Letter>, spans: &mut Vec<Span>) {
    let is_part = |letter: &Letter| u8::try_from(letter.c).is_ok_and(is_in_piece) && !letter.kept;
    // Each piece with whether nothing but a space is before it.
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    let mut cut: Vec<Range<usize>> = Vec::new();
    let mut i = 0;
    while i < letters.len() {
        if !is_part(&letters[i]) {
            if !letters[i].c.is_whitespace() {
                pieces.clear();
            }
            i += 1;
            continue;
        }
        let end = i + letters[i..].iter().take_while(|letter| is_part(letter)).count();
        let torn =
            |i: usize| letters.get(i).is_some_and(|letter| letters::is_alphanumeric(letter.c) && !letter.c.is_ascii());
        if i > 0 && torn(i - 1) || torn(end) {
            pieces.clear();
            i = end;
            continue;
        }
        if pieces.len() == MAX_PIECES {
            pieces.remove(0);
        }
        pieces.push((i, end));
        i = end;
        for from in 0..pieces.len() - 1 {
            let length: usize = pieces[from..].iter().map(|(start, end)| end - start).sum();
            if !lexicon::may_begin(leet::usual(letters[pieces[from].0].c), length) {
                continue;
            }
            let parts = || pieces[from..].iter().map(|(start, end)| &letters[*start..*end]);
            // Pieces have no other letters than those of ASCII.
            let whole = parts().flatten().map(|letter| letter.c as u8);
            let text = |part: &[Letter]| part.iter().map(|letter| letter.c).collect::<String>();
            if is_telling_whole(whole) && parts().any(|part| is_odd(&text(part))) {
                cut.push(pieces[from].0..end);
                pieces.clear();
                break;
            }
        }
    }
    if cut.is_empty() {
        return;
    }
    let mut out = Vec::with_capacity(letters.len());
    let mut done = 0;
    for word in cut {
        out.extend(&letters[done..word.start]);
        spans.push(over(&letters[word.clone()].iter().map(|letter| letter.at).collect::<Vec<_>>()));
        out.extend(letters[word.clone()].iter().filter(|letter| !letter.c.is_whitespace()));
        done = word.end;
    }
    out.extend(&letters[done..]);
    *letters = out;
}

/// The part of a token that is a word broken up by signs.
pub(super) fn broken(token: &[Letter]) -> Option<Range<usize>> {
    if !token.iter().any(|letter| is_breaker(letter.c)) {
        return None;
    }
    let is_part = |letter: &Letter| letter.c.is_ascii_alphanumeric() || matches!(letter.c, '@' | '$');
    let start = token.iter().position(is_part)?;
    let end = token.iter().rposition(is_part)? + 1;
    let inner = token.get(start..end).filter(|inner| inner.iter().any(|letter| is_breaker(letter.c)))?;
    let breakers: Vec<char> = inner.iter().map(|letter| letter.c).filter(|c| is_breaker(*c)).collect();
    let length = inner.len() - breakers.len();
    if breakers.is_empty() || !(MIN_WORD..=dictionary::LONGEST).contains(&length) {
        return None;
    }
    let whole: Vec<char> = inner.iter().map(|letter| letter.c).filter(|c| !is_breaker(*c)).collect();
    let plain: String = whole.iter().map(|c| leet::usual(*c)).collect();
    let parts: Vec<String> = inner
        .split(|letter| is_breaker(letter.c))
        .filter(|part| !part.is_empty())
        .map(|part| part.iter().map(|letter| letter.c).collect())
        .collect();
    let odd = |part: &String| part.len() > 1 && !dictionary::contains(part);
    // `on-line` and `e-mail` are spellings.
    let hyphenated = breakers == ['-'] || breakers == ['\''] || breakers == ['/'];
    let known = lexicon::is_telling(&plain)
        && (!hyphenated || parts.iter().any(odd) && parts.iter().all(|part| part.len() > 1))
        || !hyphenated
            && length >= 5
            && dictionary::contains(&plain)
            && whole.iter().all(char::is_ascii_lowercase)
            && breakers.iter().all(|c| matches!(c, '.' | '*' | '_' | '-' | '~' | '^' | '·' | '•' | '|' | '`'))
            && parts.iter().any(odd)
            && parts.iter().all(|part| part.len() < 4 || odd(part));
    known.then_some(start..end)
}

/// Signs that stand for a letter that is left out.
fn is_star(c: char) -> bool {
    matches!(c, '*' | '#' | '%' | '&' | '•' | '●' | '_' | '-' | '.' | '?')
}

/// The telling word that was meant where letters are starred out, with its place in the token.
pub(super) fn starred(token: &[Letter]) -> Option<(Range<usize>, &'static str)> {
    let start = token.iter().position(|letter| letter.c.is_ascii_lowercase())?;
    let end = token.iter().rposition(|letter| letter.c.is_ascii_lowercase() || matches!(letter.c, '*' | '#'))? + 1;
    let inner = token.get(start..end)?;
    let stars = inner.iter().filter(|letter| is_star(letter.c)).count();
    let given = inner.iter().filter(|letter| letter.c.is_ascii_lowercase()).count();
    let sure = inner.iter().any(|letter| matches!(letter.c, '*' | '#' | '•' | '●')) || stars >= 2;
    // Three dots and more leave out a thought and not letters.
    let trails_off = inner.windows(3).any(|three| three.iter().all(|letter| letter.c == '.'));
    if stars == 0
        || !sure
        || trails_off
        || given < 2
        || given + stars < inner.len()
        || !(MIN_WORD..=lexicon::LONGEST).contains(&inner.len())
    {
        return None;
    }
    let fits = |word: &str| inner.iter().zip(word.chars()).all(|(letter, c)| letter.c == c || is_star(letter.c));
    lexicon::only(Some(inner[0].c), inner.len(), fits).map(|word| (start..end, word))
}

/// What several signs draw together.
const DRAWINGS: &[(&str, char)] = &[
    ("/\\/\\", 'm'),
    ("\\/\\/", 'w'),
    ("|\\/|", 'm'),
    ("|\\|", 'n'),
    ("|_|", 'u'),
    ("(_)", 'u'),
    ("|-|", 'h'),
    ("()", 'o'),
    ("[]", 'o'),
    ("\\/", 'v'),
    ("/\\", 'a'),
    ("|<", 'k'),
    ("|)", 'd'),
    ("}{", 'x'),
    ("><", 'x'),
    ("(", 'c'),
    ("{", 'c'),
    ("<", 'c'),
];

/// A telling word that is drawn with signs, as in `\/iagra` or `c()caine`: each letter with the signs it stands for.
pub(super) fn drawn(token: &[Letter]) -> Option<Vec<(char, Range<usize>)>> {
    let drawing = |letter: &Letter| matches!(letter.c, '\\' | '(' | '[' | '}' | '{' | '>' | '|' | '<');
    if token.len() > 3 * lexicon::LONGEST || !token.iter().any(drawing) {
        return None;
    }
    let mut read: Vec<(char, Range<usize>)> = Vec::new();
    let mut i = 0;
    let is_end = |c: char| c.is_whitespace() || matches!(c, '!' | '?' | '.' | ',' | ';' | ':' | '"');
    let end = token.iter().rposition(|letter| !is_end(letter.c))? + 1;
    while i < end {
        let rest = token[i..].iter().map(|letter| letter.c);
        let drawn = DRAWINGS.iter().find(|(signs, _)| rest.clone().take(signs.len()).eq(signs.chars()));
        let (c, length) = drawn.map_or((leet::usual(token[i].c), 1), |(signs, c)| (*c, signs.len()));
        read.push((c, i..i + length));
        i += length;
    }
    let word: String = read.iter().map(|(c, _)| *c).collect();
    read.extend((end..token.len()).map(|i| (token[i].c, i..i + 1)));
    lexicon::is_telling(&word).then_some(read)
}

/// The telling word that is left of a stretched one.
pub(super) fn stretched(word: &[Letter]) -> Option<&'static str> {
    let again = word.windows(2).any(|pair| pair[0].c == pair[1].c);
    if !again || word.len() > 2 * lexicon::LONGEST || !word.iter().all(|letter| letter.c.is_ascii_lowercase()) {
        return None;
    }
    let word: Vec<char> = word.iter().map(|letter| letter.c).collect();
    let known = lexicon::unstretched(&word)?;
    (!dictionary::contains(&word.iter().collect::<String>())).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::super::normalize;

    fn read(text: &str) -> String {
        normalize(text).reading().text.clone()
    }

    #[test]
    fn words_are_made_whole() {
        for (text, expected) in [
            ("best cas ino here", "best casino here"),
            ("via gra and v1a\ngra", "viagra and viagra"),
            ("vi-ag-ra", "viagra"),
            ("c.asino", "casino"),
            ("vi*gra f**k sh*t", "viagra fuck shit"),
            ("viaaagra caasino", "viagra casino"),
            ("\\/iagra", "viagra"),
            ("c()caine!", "cocaine!"),
            ("wat*ch*es", "watches"),
            ("ca$ino @$$hole", "casino asshole"),
            ("f..k po.n. vi..ra", "fuck po.n. viagra"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn pieces_that_are_words_stay() {
        for text in [
            "whats app web cam pay pal bit coin",
            "on-line e-mail day-to-day up-to-date x-ray",
            "end.next file_name data_base snake_case",
            "looking for ex employees",
            "soooo gooood noooo",
            "foo() and C:\\temp and a\\b",
            "a*b*c and 2*3 and **bold** text",
            "s*** happens",
            "vacuum skiing bookkeeping aardvark",
            "don't we'll it's rock'n'roll",
            "wait...e what",
            "so...fucking late",
            "p...n and x...x",
            "we...m i mean, to....l",
            "ok..so yes..no hm..well",
            "mr. c....o left",
        ] {
            assert_eq!(read(text), text.to_lowercase());
        }
    }
}
