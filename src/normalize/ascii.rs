//! What a character of ASCII is to the quick looks, which go over every text: looked up, not worked out.

use super::{broken, leet};

/// A letter in lower case.
pub(super) const LETTER: u8 = 1;
/// A digit, or a sign that can stand for a letter.
pub(super) const SIGN: u8 = 1 << 1;
/// A sign that breaks up a word.
pub(super) const BREAKER: u8 = 1 << 2;
/// White space.
pub(super) const SPACE: u8 = 1 << 3;
/// What words are made of when letters are replaced: letters, digits, `@` and `$`.
pub(super) const ELEMENT: u8 = 1 << 4;
/// What the address of a link that was taken apart may show itself by; bytes beyond ASCII among them.
pub(super) const LINK: u8 = 1 << 5;

/// All of these that a byte of a text is.
pub(super) fn class(byte: u8) -> u8 {
    CLASSES[usize::from(byte)]
}

static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [LINK; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        let c = b as char;
        let kinds = [
            (b.is_ascii_lowercase(), LETTER),
            (b.is_ascii_digit() || leet::is_sign(c), SIGN),
            (broken::is_breaker(c), BREAKER),
            (b.is_ascii_whitespace(), SPACE),
            (b.is_ascii_alphanumeric() || matches!(c, '@' | '$'), ELEMENT),
            (matches!(c, '.' | ',' | '/' | 'd' | 'p' | 't' | 'x'), LINK),
        ];
        let mut class = 0;
        let mut i = 0;
        while i < kinds.len() {
            class |= if kinds[i].0 { kinds[i].1 } else { 0 };
            i += 1;
        }
        classes[byte] = class;
        byte += 1;
    }
    classes
}
