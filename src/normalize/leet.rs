//! Digits and signs in place of letters, as in `v1agra`; and what only looks like it: `mp3`, `b2b`, `i18n`, `utf8`.

use super::lexicon;

/// Longest word that is looked at, in characters.
const MAX_WORD: usize = 24;

/// A word that needs no more letters than this is too short to be judged without the lexicon.
const MIN_WORD: usize = 5;

/// Words with digits that mean what they say.
const HONEST: &[&str] =
    &["follow4follow", "like4like", "log4cxx", "log4j", "log4net", "mp3s", "mp4s", "sub4sub", "w3schools"];

/// A word with its letters put back.
#[derive(Debug, PartialEq)]
pub(super) struct Undone {
    /// The letters, one for each character of the word.
    pub(super) letters: Vec<char>,
    /// Whether the spelling can only be meant as disguise.
    pub(super) certain: bool,
}

/// Whether this sign can stand for a letter.
pub(super) fn is_sign(c: char) -> bool {
    matches!(c, '@' | '$' | '!' | '|' | '+' | '€' | '£' | '¢')
}

/// The letter that a digit or sign may stand for.
fn letter(c: char, one: char) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' | '!' | '|' => one,
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        '£' => 'l',
        '¢' => 'c',
        'a'..='z' => c,
        _ => return None,
    })
}

/// Puts the letters back in a word of lower-case letters, digits and signs. `usual_case` says that it is written like a
/// word, not like `Utf8Encoding` or `RS232C`.
pub(super) fn undo(word: &[char], usual_case: bool) -> Option<Undone> {
    let letters = word.iter().filter(|c| c.is_ascii_lowercase()).count();
    if letters == 0 || letters == word.len() || word.len() > MAX_WORD {
        return None;
    }
    known(word).or_else(|| if usual_case { general(word, letters) } else { None })
}

/// By the lexicon, less what is punctuation at the end.
fn known(word: &[char]) -> Option<Undone> {
    let end = word.iter().rposition(|c| !matches!(c, '!' | '|' | '+')).map_or(0, |last| last + 1);
    if !(3..=lexicon::LONGEST).contains(&end) {
        return None;
    }
    ['i', 'l'].into_iter().find_map(|one| {
        let read: String = word[..end].iter().map(|c| letter(*c, one)).collect::<Option<_>>()?;
        let changed = word[..end].iter().any(|c| !c.is_ascii_lowercase());
        if !changed || !lexicon::contains(&read) {
            return None;
        }
        let letters = read.chars().chain(word[end..].iter().copied()).collect();
        Some(Undone { letters, certain: true })
    })
}

/// By shape: digits one by one between the letters of a word that is long enough.
fn general(word: &[char], letters: usize) -> Option<Undone> {
    let first = word.iter().position(|c| c.is_ascii_lowercase())?;
    let last = word.iter().rposition(|c| c.is_ascii_lowercase())?;
    let core = &word[first..=last];
    let replaced = core.len() - core.iter().filter(|c| c.is_ascii_lowercase()).count();
    let shape = first == 0
        && core.len() >= MIN_WORD
        && letters >= 3
        && replaced > 0
        && replaced * 2 <= letters
        && word.len() - core.len() <= 1
        && core.iter().all(|c| c.is_ascii_lowercase() || matches!(c, '0' | '1' | '3' | '4' | '5' | '7' | '@' | '$'))
        && !core.windows(2).any(|pair| pair.iter().all(|c| c.is_ascii_digit()) && pair[0] != pair[1])
        && !core.windows(3).any(|three| three.iter().all(|c| !c.is_ascii_lowercase()))
        && core.iter().any(|c| c.is_ascii_lowercase() && !matches!(c, 'a'..='f'));
    // What is left of an escape, as in `\ud83d`.
    let escape = word[0] == 'u' && word[1..].iter().take(4).all(char::is_ascii_hexdigit);
    if !shape || escape {
        return None;
    }
    let mut read = Vec::with_capacity(word.len());
    for (i, &c) in word.iter().enumerate() {
        let inside = (first..=last).contains(&i) || c == '0' || c == '$';
        read.push(if inside { letter(c, one(word, i))? } else { c });
    }
    let written: String = word.iter().collect();
    if HONEST.contains(&written.as_str()) || !is_pronounceable(&read) {
        return None;
    }
    Some(Undone { letters: read, certain: replaced >= 2 || !core.contains(&'4') })
}

/// What a one at `i` stands for: between a consonant and the end, or between two vowels, it is rather an L.
fn one(word: &[char], i: usize) -> char {
    let vowel = |c: Option<&char>| c.is_some_and(|c| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | '0' | '3' | '4' | '@'));
    let before = i.checked_sub(1).and_then(|i| word.get(i));
    let after = word.get(i + 1);
    let doubled = before == Some(&'1') || after == Some(&'1') || before == Some(&'l') || after == Some(&'l');
    if doubled || vowel(before) && (vowel(after) || after.is_none()) { 'l' } else { 'i' }
}

/// Whether the letters can be a word: vowels among them, and no long chains without.
fn is_pronounceable(letters: &[char]) -> bool {
    let mut chain = 0;
    let mut vowels = 0;
    for c in letters {
        if matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | 'y') {
            vowels += 1;
            chain = 0;
        } else {
            chain += 1;
        }
        if chain > 4 {
            return false;
        }
    }
    vowels * 6 >= letters.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn undone(word: &str) -> Option<String> {
        let word: Vec<char> = word.chars().collect();
        undo(&word, true).map(|undone| undone.letters.into_iter().collect())
    }

    #[test]
    fn letters_are_put_back() {
        for (word, expected) in [
            ("v1agra", "viagra"),
            ("c1ick", "click"),
            ("1oan", "loan"),
            ("ca$h", "cash"),
            ("$ex", "sex"),
            ("a$$h0le", "asshole"),
            ("sh!t!", "shit!"),
            ("fr33", "free"),
            ("w3bs1te", "website"),
            ("m0rtgage", "mortgage"),
            ("c@sin0", "casino"),
            ("gu@ranteed", "guaranteed"),
        ] {
            assert_eq!(undone(word).as_deref(), Some(expected), "{word}");
        }
    }

    #[test]
    fn names_numbers_and_code_stay() {
        for word in [
            "mp3",
            "mp3s",
            "b2b",
            "p2p",
            "covid19",
            "4k",
            "1080p",
            "i18n",
            "k8s",
            "utf8",
            "base64",
            "x86",
            "win32api",
            "h1n1",
            "log4net",
            "3d",
            "2nd",
            "1990s",
            "v2",
            "wow!great",
            "a1b2c3d4e5",
            "deadb33f",
            "sha256sum",
            "r2d2",
            "php5",
            "css3",
            "$foo",
            "@anna",
            "c++",
            "100",
            "1st",
            "5pm",
            "a+b",
            "int64",
            "h264",
            "ude0f",
            "f150",
        ] {
            assert_eq!(undone(word), None, "{word}");
        }
    }

    #[test]
    fn identifiers_need_the_lexicon() {
        let word: Vec<char> = "utf8toansi".chars().collect();
        assert_eq!(undo(&word, false), None);
        let word: Vec<char> = "v1agra".chars().collect();
        assert!(undo(&word, false).is_some());
    }
}
