//! Digits and signs in place of letters, as in `v1agra`; and what only looks like it: `mp3`, `b2b`, `i18n`, `utf8`.

use super::{dictionary, lexicon};

/// Longest word that is looked at, in characters.
const MAX_WORD: usize = 24;

/// A word that needs no more letters than this is too short to be judged by its shape.
const MIN_WORD: usize = 5;

/// Most ones of a word that are tried as I and as L.
const MAX_ONES: usize = 4;

/// Words with digits that mean what they say.
const HONEST: &[&str] =
    &["follow4follow", "like4like", "log4cxx", "log4j", "log4net", "mp3s", "mp4s", "sub4sub", "w3schools"];

/// What stands behind numbers.
const UNITS: &[&str] = &[
    "am", "bit", "cc", "cm", "d", "fps", "ft", "gb", "ghz", "h", "hr", "hrs", "hz", "in", "inch", "k", "kb", "kg",
    "km", "lb", "lbs", "m", "mb", "mg", "mhz", "min", "ml", "mm", "mph", "nd", "oz", "p", "pm", "px", "rd", "s", "sec",
    "st", "tb", "th", "ths", "x", "yr", "yrs",
];

/// A word with its letters put back.
#[derive(Debug, PartialEq)]
pub(super) struct Undone {
    /// The letters, one for each character of the word.
    pub(super) letters: Vec<char>,
    /// Whether the spelling can only be meant as disguise.
    pub(super) certain: bool,
}

/// How a word is written, and the text around it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Writing {
    /// Written like a word, not like `Utf8Encoding` or `RS232C`.
    pub(super) usual_case: bool,
    /// Other words of the text are in disguise beyond doubt, so this one is where it can be.
    pub(super) habit: bool,
}

/// Whether this sign can stand for a letter.
pub(super) const fn is_sign(c: char) -> bool {
    matches!(c, '@' | '$' | '!' | '|' | '+' | '€' | '£' | '¢' | '©' | '¥' | '฿' | '₿' | '¡' | '℮')
}

/// The letter that a digit or sign may stand for.
fn letter(c: char, one: char) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' | '!' | '|' | '¡' => one,
        '2' => 'z',
        '3' | '€' | '℮' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '6' | '9' => 'g',
        '7' | '+' => 't',
        '8' | '฿' | '₿' => 'b',
        '£' => 'l',
        '¢' | '©' => 'c',
        '¥' => 'y',
        'a'..='z' => c,
        _ => return None,
    })
}

/// The letter that a digit or sign most often stands for; any other character itself.
pub(super) fn usual(c: char) -> char {
    letter(c, 'i').unwrap_or(c)
}

/// Whether a word looks like leetspeak, though not beyond doubt: several digits and signs between letters.
pub(super) fn is_likely(word: &[char]) -> bool {
    let letters = word.iter().filter(|c| c.is_ascii_lowercase()).count();
    let last = word.iter().rposition(|c| c.is_ascii_lowercase()).unwrap_or(0);
    let replaced = word[..last].iter().filter(|c| !c.is_ascii_lowercase()).count();
    let read: Vec<char> = word.iter().map(|c| usual(*c)).collect();
    letters > 0
        && replaced > 1
        && word.first() != Some(&'@')
        && word.len() <= MAX_WORD
        && is_habitual(word, letters)
        && is_pronounceable(&read)
}

/// Puts the letters back in a word of lower-case letters, digits and signs.
pub(super) fn undo(word: &[char], writing: Writing) -> Option<Undone> {
    let letters = word.iter().filter(|c| c.is_ascii_lowercase()).count();
    let signs = word.iter().any(|c| is_sign(*c) && *c != '!');
    if letters == word.len() || word.len() > MAX_WORD || letters == 0 && !(writing.habit && signs) {
        return None;
    }
    // What is punctuation at the end.
    let end = word.iter().rposition(|c| !matches!(c, '!' | '|' | '+')).map_or(0, |last| last + 1);
    let with_tail = |read: Vec<char>, end: usize, certain| {
        Some(Undone { letters: read.into_iter().chain(word[end..].iter().copied()).collect(), certain })
    };
    // What is left of an escape, as in `\ud83d`.
    let escape = word.first() == Some(&'u') && word.len() > 4 && word[1..5].iter().all(char::is_ascii_hexdigit);
    if end == 0 || escape {
        return None;
    }
    if let Some(read) = known(&word[..end], lexicon::contains, 3) {
        return with_tail(read, end, true);
    }
    // `tha+`
    let crossed = word.len() == end + 1 && matches!(word[end], '+' | '|');
    let is_word = |part: &[char]| dictionary::contains(&part.iter().collect::<String>());
    if crossed
        && end > 1
        && (writing.habit || writing.usual_case && !is_word(&word[..end]))
        && let Some(read) = known(word, dictionary::contains, 3)
    {
        return with_tail(read, word.len(), true);
    }
    if writing.habit || writing.usual_case && !is_honest(&word[..end], letters) {
        let shortest = if writing.habit { 2 } else { 3 };
        let bare = word[..end].iter().all(char::is_ascii_lowercase);
        for end in [end, word.len()].into_iter().filter(|_| !bare) {
            if let Some(read) = known(&word[..end], dictionary::contains, shortest).filter(|_| !is_number(&word[..end]))
            {
                return with_tail(read, end, end > 3);
            }
        }
    }
    let shape =
        if writing.habit { is_habitual(&word[..end], letters) } else { writing.usual_case && is_shape(word, letters) };
    if shape { by_shape(&word[..if writing.habit { end } else { word.len() }], word, writing) } else { None }
}

/// The reading that is a known word; of several the most common one.
fn known(word: &[char], is_known: impl Fn(&str) -> bool, shortest: usize) -> Option<Vec<char>> {
    if word.len() < shortest || word.len() > dictionary::LONGEST || word.iter().all(char::is_ascii_lowercase) {
        return None;
    }
    let ones: Vec<usize> = (0..word.len()).filter(|i| matches!(word[*i], '1' | '!' | '|' | '¡')).collect();
    if ones.len() > MAX_ONES {
        return None;
    }
    let mut read: Vec<char> = word.iter().map(|c| letter(*c, 'i')).collect::<Option<_>>()?;
    let mut best: Option<(u8, Vec<char>)> = None;
    for choice in 0..1_u32 << ones.len() {
        for (bit, i) in ones.iter().enumerate() {
            read[*i] = if choice >> bit & 1 == 1 { 'l' } else { 'i' };
        }
        let text: String = read.iter().collect();
        if is_known(&text) {
            let rarity = dictionary::rarity(&text).unwrap_or(u8::MAX);
            if best.as_ref().is_none_or(|(least, _)| rarity < *least) {
                best = Some((rarity, read.clone()));
            }
        }
    }
    best.map(|(_, read)| read)
}

/// A number with its unit, whatever the text.
fn is_number(word: &[char]) -> bool {
    let digits = word.iter().take_while(|c| c.is_ascii_digit()).count();
    let rest: String = word[digits..].iter().collect();
    let and = word == ['4', 'n', 'd'];
    digits > 0 && !and && UNITS.binary_search(&rest.as_str()).is_ok()
}

/// Whether the digits stand where people put numbers, as in `top5`, `win95`, `4ever`, `t34`, or the word is too short to
/// tell.
fn is_honest(word: &[char], letters: usize) -> bool {
    let is_word = |part: &[char]| {
        let text: String = part.iter().collect();
        dictionary::contains(&text) || UNITS.binary_search(&text.as_str()).is_ok()
    };
    let front = word.iter().take_while(|c| c.is_ascii_digit()).count();
    let back = word.iter().rev().take_while(|c| c.is_ascii_digit()).count();
    let inside = word.len() - front - back;
    // Numbers do not begin with a zero.
    let zero = word.first() == Some(&'0');
    letters * 2 < word.len()
        || letters < 2
        || !zero && word.len() == 3 && (front > 0 || back > 0)
        || !zero && front > 0 && (inside <= 2 || is_word(&word[front..]) || front > 1)
        || word[word.len() - 1] == '$' && is_word(&word[..word.len() - 1])
        || back > 0 && (back > 1 || is_word(&word[..word.len() - back]))
        || HONEST.contains(&word.iter().collect::<String>().as_str())
}

/// Whether a word of a text full of disguise may be one more, though nobody knows it.
fn is_habitual(word: &[char], letters: usize) -> bool {
    let back = word.iter().rev().take_while(|c| c.is_ascii_digit()).count();
    // `2days`, `4you`
    let front = matches!(word.first(), Some('2' | '4')) && dictionary::contains(&word[1..].iter().collect::<String>());
    let amount = word.iter().take_while(|c| c.is_ascii_digit()).count() > 1 && !writing_is_mixed(word);
    word.len() >= 4
        && !amount
        && !front
        // A mention.
        && word.first() != Some(&'@')
        && letters * 3 >= word.len()
        && letters < word.len()
        && word.iter().all(|c| letter(*c, 'i').is_some())
        && !is_number(word)
        && !is_honest_end(word, back)
}

/// Whether digits stand among the letters behind the first one.
fn writing_is_mixed(word: &[char]) -> bool {
    let first = word.iter().position(|c| c.is_ascii_lowercase()).unwrap_or(word.len());
    word[first..].iter().any(|c| !c.is_ascii_lowercase())
}

fn is_honest_end(word: &[char], back: usize) -> bool {
    back > 0
        && word[..word.len() - back].iter().all(char::is_ascii_lowercase)
        && (back > 1 || { dictionary::contains(&word[..word.len() - back].iter().collect::<String>()) })
}

/// Digits one by one between the letters of a word that is long enough.
fn is_shape(word: &[char], letters: usize) -> bool {
    let first = word.iter().position(|c| c.is_ascii_lowercase());
    let last = word.iter().rposition(|c| c.is_ascii_lowercase());
    let (Some(first), Some(last)) = (first, last) else {
        return false;
    };
    let core = &word[first..=last];
    let replaced = core.len() - core.iter().filter(|c| c.is_ascii_lowercase()).count();
    first == 0
        && core.len() >= MIN_WORD
        && letters >= 3
        && replaced > 0
        && replaced * 2 <= letters
        && word.len() - core.len() <= 1
        && core.iter().all(|c| c.is_ascii_lowercase() || matches!(c, '0' | '1' | '3' | '4' | '5' | '7' | '@' | '$'))
        && !core.windows(2).any(|pair| pair.iter().all(|c| c.is_ascii_digit()) && pair[0] != pair[1])
        && !core.windows(3).any(|three| three.iter().all(|c| !c.is_ascii_lowercase()))
        && core.iter().any(|c| c.is_ascii_lowercase() && !matches!(c, 'a'..='f'))
        // Two words and a number, as in `error12the`.
        && !core.split(|c| !c.is_ascii_lowercase()).any(|part| part.len() > 3 && dictionary::contains(&part.iter().collect::<String>()))
        && !HONEST.contains(&word.iter().collect::<String>().as_str())
}

/// A word that nobody knows, letter by letter.
fn by_shape(part: &[char], word: &[char], writing: Writing) -> Option<Undone> {
    let last = part.iter().rposition(|c| c.is_ascii_lowercase())?;
    let mut read = Vec::with_capacity(word.len());
    for (i, &c) in word.iter().enumerate() {
        let inside = i <= last || c == '0' || c == '$' || writing.habit && i < part.len();
        read.push(if inside { letter(c, one(word, i))? } else { c });
    }
    if !is_pronounceable(&read) {
        return None;
    }
    let replaced = part[..last].iter().filter(|c| !c.is_ascii_lowercase()).count();
    Some(Undone { letters: read, certain: replaced >= 2 || !part.contains(&'4') })
}

/// What a one at `i` stands for: between a consonant and the end, or between two vowels, it is rather an L.
fn one(word: &[char], i: usize) -> char {
    let vowel = |c: Option<&char>| c.is_some_and(|c| matches!(c, 'a' | 'e' | 'i' | 'o' | 'u' | '0' | '3' | '4' | '@'));
    let before = i.checked_sub(1).and_then(|i| word.get(i));
    let after = word.get(i + 1);
    let doubled = before == Some(&'1') || after == Some(&'1') || before == Some(&'l') || after == Some(&'l');
    let blend = i == 1 && before.is_some_and(|c| matches!(c, 'b' | 'c' | 'f' | 'g' | 'p')) && vowel(after);
    if doubled || blend || vowel(before) && (vowel(after) || after.is_none()) { 'l' } else { 'i' }
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

    const USUAL: Writing = Writing { usual_case: true, habit: false };

    fn undone(word: &str) -> Option<String> {
        let word: Vec<char> = word.chars().collect();
        undo(&word, USUAL).map(|undone| undone.letters.into_iter().collect())
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
            ("exce|len7", "excellent"),
            ("0nline", "online"),
            ("f1nally", "finally"),
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
            "top5",
            "win95",
            "t34",
            "4ever",
            "gr8",
            "5star",
            "day7",
            "9am",
            "yes!no",
            "google+",
            "too!",
            "idea!",
            "date$",
            "webhost4life",
        ] {
            assert_eq!(undone(word), None, "{word}");
        }
    }

    #[test]
    fn in_a_text_full_of_it_more_is_undone() {
        for (word, expected) in [
            ("7h3", Some("the")),
            ("w47ch35", Some("watches")),
            ("7omorrow", Some("tomorrow")),
            ("4nd", Some("and")),
            ("no+", Some("not")),
            ("1n", Some("in")),
            ("gr34+", Some("great")),
            ("5pm", None),
            ("windows95", None),
        ] {
            let chars: Vec<char> = word.chars().collect();
            let undone =
                undo(&chars, Writing { habit: true, ..USUAL }).map(|undone| undone.letters.into_iter().collect());
            assert_eq!(undone, expected.map(str::to_owned), "{word}");
        }
    }

    #[test]
    fn identifiers_need_the_lexicon() {
        let word: Vec<char> = "utf8toansi".chars().collect();
        assert_eq!(undo(&word, Writing::default()), None);
        let word: Vec<char> = "v1agra".chars().collect();
        assert!(undo(&word, Writing::default()).is_some());
    }
}
