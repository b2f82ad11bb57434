//! Words, signs and the character n-grams inside them.

use crate::letters::Table;

/// Longest character n-gram.
pub(super) const MAX_NGRAM: usize = 5;
/// Longest n-gram of signs; longer ones are drawings.
const MAX_SIGNS: usize = 3;
/// Longest run of signs that is one token.
const MAX_RUN: usize = 8;
/// Stands before and after a word, so that its ends differ from its middle.
const EDGE: char = '\u{2}';

/// A word, or a run of signs, as a range of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// Its first character.
    pub(super) start: usize,
    /// After its last character.
    pub(super) end: usize,
    /// Letters and digits; otherwise signs, emoji among them.
    pub(super) is_word: bool,
}

/// The characters of a text as features see them: every digit is a zero, so that a number is known by its shape.
pub(super) fn characters(text: &str) -> Vec<char> {
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    if text.is_ascii() {
        text.bytes().map(|b| shape(char::from(b))).collect()
    } else {
        text.chars().map(shape).collect()
    }
}

/// What a character is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Space,
    Word,
    Signs,
}

static KINDS: Table<Kind> = Table::new(|c| match c {
    _ if c.is_whitespace() => Kind::Space,
    '\u{300}'..='\u{36f}' => Kind::Word,
    _ if c.is_alphanumeric() => Kind::Word,
    _ => Kind::Signs,
});

/// The tokens of a text, in order.
pub(super) fn tokens(chars: &[char]) -> impl Iterator<Item = Token> {
    let mut at = 0;
    std::iter::from_fn(move || {
        at += chars[at..].iter().take_while(|c| KINDS.get(**c) == Kind::Space).count();
        let start = at;
        let kind = KINDS.get(*chars.get(start)?);
        let most = if kind == Kind::Word { usize::MAX } else { MAX_RUN };
        at += chars[at..].iter().take(most).take_while(|c| KINDS.get(**c) == kind).count();
        Some(Token { start, end: at, is_word: kind == Kind::Word })
    })
}

/// A hash that grows by one character at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hash(u64);

impl Hash {
    /// The empty text, in a space of its own: equal texts of different spaces have different hashes.
    pub(super) fn of(space: u64) -> Self {
        Self(space.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x51_7cc1_b727_220a)
    }

    /// With one more character.
    pub(super) fn then(self, c: char) -> Self {
        let mixed = (self.0 ^ u64::from(u32::from(c))).wrapping_mul(0x9fb2_1c65_1e98_df25);
        Self(mixed ^ (mixed >> 29))
    }

    /// With the characters of a text.
    pub(super) fn then_all(self, text: impl IntoIterator<Item = char>) -> Self {
        text.into_iter().fold(self, Self::then)
    }

    /// With the characters of a text in ASCII.
    pub(super) fn then_ascii(self, text: &str) -> Self {
        debug_assert!(text.is_ascii(), "{text}");
        text.bytes().fold(self, |hash, byte| hash.then(char::from(byte)))
    }

    /// With another text after it.
    pub(super) fn then_text(self, other: Self) -> Self {
        let mixed = (self.0.rotate_left(23) ^ other.0).wrapping_mul(0x9fb2_1c65_1e98_df25);
        Self(mixed ^ (mixed >> 32))
    }

    /// Its bits, well mixed.
    pub(super) fn bits(self) -> u64 {
        let mixed = self.0.wrapping_mul(0xff51_afd7_ed55_8ccd);
        mixed ^ (mixed >> 33)
    }
}

/// No word has more n-grams than this.
pub(super) fn most_ngrams(word: &[char]) -> usize {
    (word.len() + 1) * MAX_NGRAM
}

/// Calls `each` with the hash of every n-gram from `SHORTEST` to the longest, edges included in words.
#[inline]
pub(super) fn ngrams<const SHORTEST: usize>(chars: &[char], is_word: bool, space: u64, mut each: impl FnMut(Hash)) {
    let root = Hash::of(space);
    let longest = if is_word { MAX_NGRAM } else { MAX_SIGNS };
    if is_word {
        // From the edge in front; that edge alone says nothing.
        let mut hash = root.then(EDGE);
        for (i, c) in chars.iter().take(longest - 1).enumerate() {
            hash = hash.then(*c);
            if i + 2 >= SHORTEST {
                each(hash);
            }
        }
        if chars.len() + 2 <= longest {
            each(hash.then(EDGE));
        }
    }
    for start in 0..chars.len() {
        let rest = &chars[start..];
        let rest = &rest[..rest.len().min(longest)];
        let mut hash = root;
        for (i, c) in rest.iter().enumerate() {
            hash = hash.then(*c);
            if i + 1 >= SHORTEST {
                each(hash);
            }
        }
        if is_word && rest.len() < longest && rest.len() + 1 >= SHORTEST {
            each(hash.then(EDGE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<String> {
        let chars = characters(text);
        tokens(&chars).map(|token| chars[token.start..token.end].iter().collect()).collect()
    }

    fn count<const SHORTEST: usize>(text: &str, is_word: bool) -> usize {
        let mut hashes = Vec::new();
        ngrams::<SHORTEST>(&characters(text), is_word, 1, |hash| hashes.push(hash.bits()));
        hashes.len()
    }

    #[test]
    fn words_and_signs_are_apart_and_numbers_keep_their_shape() {
        assert_eq!(split("buy 2 pills!!! 😀😀 now"), ["buy", "0", "pills", "!!!", "😀😀", "now"]);
        assert_eq!(split("  "), Vec::<String>::new());
        assert_eq!(split("!!!!!!!!!!"), ["!!!!!!!!", "!!"]);
        assert_eq!(split("日本語とmix"), ["日本語とmix"]);
    }

    #[test]
    fn ngrams_lie_within_a_word_and_its_edges() {
        // "^ab$": a, b; ^a, ab, b$; ^ab, ab$; ^ab$.
        assert_eq!(count::<1>("ab", true), 8);
        assert_eq!(count::<3>("ab", true), 3);
        assert_eq!(count::<1>("!?", false), 3);
        assert_eq!(count::<1>("", true), 1);
    }

    #[test]
    fn spaces_keep_equal_texts_apart() {
        let hash = |space| Hash::of(space).then_all("word".chars()).bits();
        assert_eq!(hash(1), hash(1));
        assert_ne!(hash(1), hash(2));
    }
}
