//! Counts over the characters and words of a text.

use crate::letters;

/// Counts over the characters of a text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Counts {
    pub(super) all: usize,
    pub(super) letters: usize,
    pub(super) upper: usize,
    pub(super) digits: usize,
    pub(super) spaces: usize,
    pub(super) lines: usize,
    pub(super) signs: usize,
    pub(super) pictures: usize,
    pub(super) money: usize,
    pub(super) exclamations: usize,
    pub(super) questions: usize,
    pub(super) ats: usize,
    pub(super) hashes: usize,
    pub(super) longest_number: usize,
    pub(super) words: usize,
    pub(super) lone_letters: usize,
    pub(super) odd_words: usize,
    pub(super) digits_in_words: usize,
    pub(super) brands: usize,
    pub(super) numbered: usize,
    pub(super) doubled: usize,
    pub(super) faces: usize,
}

impl Counts {
    pub(super) fn of(text: &str) -> Self {
        if text.is_ascii() { Self::of_ascii(text) } else { Self::of_any(text) }
    }

    fn of_any(text: &str) -> Self {
        let mut counts = Self::default();
        let mut number = 0;
        let mut word = WordSoFar::default();
        for (at, c) in text.char_indices() {
            counts.all += 1;
            number = if c.is_ascii_digit() { number + 1 } else { 0 };
            counts.longest_number = counts.longest_number.max(number);
            if counts.sees(c) {
                word.goes_on(at, c.is_ascii_digit());
            } else if word.chars > 0 {
                counts.ends(&text[word.start..at], &word);
                word = WordSoFar::default();
            }
        }
        counts.ends(&text[word.start.min(text.len())..], &word);
        counts
    }

    /// As [`Counts::of_any`], by kinds that are looked up.
    fn of_ascii(text: &str) -> Self {
        let mut kinds = [0; 11];
        let mut counts = Self { all: text.len(), ..Self::default() };
        let mut number = 0;
        let mut word = WordSoFar::default();
        for (at, b) in text.bytes().enumerate() {
            let kind = ASCII[usize::from(b & 0x7F)];
            kinds[kind as usize] += 1;
            if kind <= Kind::Digit {
                let is_digit = kind == Kind::Digit;
                word.goes_on(at, is_digit);
                number = if is_digit { number + 1 } else { 0 };
                counts.longest_number = counts.longest_number.max(number);
            } else if word.chars > 0 {
                counts.ends(&text[word.start..at], &word);
                (word, number) = (WordSoFar::default(), 0);
            }
        }
        counts.ends(&text[word.start..], &word);
        let of = |kind: Kind| kinds[kind as usize];
        counts.letters = of(Kind::Lower) + of(Kind::Upper);
        counts.upper = of(Kind::Upper);
        counts.digits = of(Kind::Digit);
        counts.spaces = of(Kind::Space);
        counts.lines = of(Kind::Line);
        counts.signs = of(Kind::Sign);
        counts.money = of(Kind::Money);
        counts.exclamations = of(Kind::Exclamation);
        counts.questions = of(Kind::Question);
        counts.ats = of(Kind::At);
        counts.hashes = of(Kind::Hash);
        counts
    }

    /// Counts a character by its kind; whether it is a letter or digit.
    fn sees(&mut self, c: char) -> bool {
        match c {
            'a'..='z' => self.letters += 1,
            '0'..='9' => self.digits += 1,
            '\n' => self.lines += 1,
            '!' | '！' => self.exclamations += 1,
            '?' | '？' => self.questions += 1,
            '@' => self.ats += 1,
            '#' => self.hashes += 1,
            '$' | '€' | '£' | '¥' | '₽' | '₿' => self.money += 1,
            _ if c.is_whitespace() => self.spaces += 1,
            _ if letters::is_alphabetic(c) => {
                self.letters += 1;
                self.upper += usize::from(letters::is_uppercase(c));
            }
            '\u{1f600}'..='\u{1f64f}' | '\u{1f900}'..='\u{1f97f}' | '\u{2764}' => self.faces += 1,
            '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}' => self.pictures += 1,
            _ => self.signs += 1,
        }
        letters::is_alphanumeric(c)
    }

    /// Counts a word of letters and digits, if it is one.
    fn ends(&mut self, word: &str, seen: &WordSoFar) {
        if seen.chars == 0 {
            return;
        }
        self.words += 1;
        if seen.digits > 0 {
            self.ends_with_digits(word, seen);
        } else {
            self.lone_letters += usize::from(seen.chars == 1);
            self.odd_words += usize::from(looks_random(word));
        }
    }

    fn ends_with_digits(&mut self, word: &str, seen: &WordSoFar) {
        let digits = seen.digits;
        self.digits_in_words += usize::from(digits < word.len());
        // `SGI88`: capitals, then a number.
        let capitals = word.chars().take_while(|c| c.is_uppercase()).count();
        self.brands += usize::from(capitals >= 2 && digits >= 2 && capitals + digits == word.len());
        // `slot777`, `Alexis17`: a word, then a number of two or three digits; and numbers of one digit only.
        let letters = word.chars().take_while(|c| letters::is_alphabetic(*c)).count();
        let numbered = letters >= 3 && seen.chars - letters == digits && (2..=3).contains(&digits);
        self.numbered += usize::from(numbered);
        let last = word.bytes().next_back();
        self.doubled += usize::from(digits >= 2 && word.bytes().rev().take(digits).all(|b| Some(b) == last));
    }
}

/// A word while its characters are counted.
#[derive(Default)]
struct WordSoFar {
    /// Its first byte in the text.
    start: usize,
    chars: usize,
    /// Digits of ASCII among the characters.
    digits: usize,
}

impl WordSoFar {
    fn goes_on(&mut self, at: usize, is_digit: bool) {
        if self.chars == 0 {
            self.start = at;
        }
        self.chars += 1;
        self.digits += usize::from(is_digit);
    }
}

/// What a character of ASCII is counted as; those of words come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Lower,
    Upper,
    Digit,
    Space,
    Line,
    Sign,
    Money,
    Exclamation,
    Question,
    At,
    Hash,
}

static ASCII: [Kind; 128] = {
    let mut kinds = [Kind::Sign; 128];
    let mut byte = 0;
    while byte < kinds.len() {
        kinds[byte] = match byte as u8 {
            b'a'..=b'z' => Kind::Lower,
            b'A'..=b'Z' => Kind::Upper,
            b'0'..=b'9' => Kind::Digit,
            b'\n' => Kind::Line,
            0x09..=0x0D | b' ' => Kind::Space,
            b'$' => Kind::Money,
            b'!' => Kind::Exclamation,
            b'?' => Kind::Question,
            b'@' => Kind::At,
            b'#' => Kind::Hash,
            _ => Kind::Sign,
        };
        byte += 1;
    }
    kinds
};

/// Whether a word of Latin letters is hardly one that people say: five consonants in a row, or capitals inside.
pub(super) fn looks_random(word: &str) -> bool {
    // A bit for each of `aeiouy`, by its place in the alphabet, which capitals share.
    const VOWELS: u32 = 1 << 1 | 1 << 5 | 1 << 9 | 1 << 15 | 1 << 21 | 1 << 25;
    if word.len() < 6 || word.len() > 20 {
        return false;
    }
    let mut consonants = 0;
    let mut longest = 0;
    let mut turns = 0;
    let mut was_upper = true;
    for b in word.bytes() {
        if !b.is_ascii_alphabetic() {
            return false;
        }
        let vowel = VOWELS >> (b & 31) & 1 == 1;
        consonants = if vowel { 0 } else { consonants + 1 };
        longest = longest.max(consonants);
        let is_upper = b.is_ascii_uppercase();
        turns += usize::from(is_upper && !was_upper);
        was_upper = is_upper;
    }
    longest >= 5 || turns >= 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ascii_is_counted_like_any_text(text in "[a-cA-C1-2!?@#$. \n\t-]{0,40}", any in "[\0-~]{0,40}") {
            prop_assert_eq!(Counts::of_ascii(&text), Counts::of_any(&text));
            prop_assert_eq!(Counts::of_ascii(&any), Counts::of_any(&any));
        }
    }
}
