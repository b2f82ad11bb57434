//! What a character is, as the standard library says, in a few instructions for every script.
//!
//! The standard library looks outside Latin by running through packed tables: up to 3,000 instructions for a Thai letter,
//! which was four fifths of the whole decision for a Thai comment. Here each page of 256 characters is asked for once.

use std::sync::OnceLock;

/// What a function says of each character, kept from the first time that one of its page is asked for.
#[derive(Debug)]
pub(crate) struct Table<T> {
    /// A page for each 256 characters of Unicode.
    pages: [OnceLock<Box<[T; 256]>>; 0x1100],
    of: fn(char) -> T,
}

impl<T: Copy> Table<T> {
    /// A table of what `of` says.
    pub(crate) const fn new(of: fn(char) -> T) -> Self {
        Self { pages: [const { OnceLock::new() }; 0x1100], of }
    }

    /// What the function says of `c`.
    #[inline]
    pub(crate) fn get(&self, c: char) -> T {
        let (page, place) = (c as usize >> 8, c as usize & 0xff);
        self.pages[page].get_or_init(|| self.page(page))[place]
    }

    #[cold]
    fn page(&self, page: usize) -> Box<[T; 256]> {
        // What is no character is never asked for.
        let at = |place: usize| char::from_u32((page << 8 | place) as u32).unwrap_or(char::REPLACEMENT_CHARACTER);
        Box::new(std::array::from_fn(|place| (self.of)(at(place))))
    }
}

const ALPHABETIC: u8 = 1;
const NUMERIC: u8 = 1 << 1;
const UPPERCASE: u8 = 1 << 2;
const LOWERCASE: u8 = 1 << 3;

static KINDS: Table<u8> = Table::new(|c| {
    u8::from(c.is_alphabetic()) * ALPHABETIC
        | u8::from(c.is_numeric()) * NUMERIC
        | u8::from(c.is_uppercase()) * UPPERCASE
        | u8::from(c.is_lowercase()) * LOWERCASE
});

/// As [`char::is_alphabetic`].
#[inline]
pub fn is_alphabetic(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { KINDS.get(c) & ALPHABETIC != 0 }
}

/// As [`char::is_numeric`].
#[inline]
pub fn is_numeric(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { KINDS.get(c) & NUMERIC != 0 }
}

/// As [`char::is_alphanumeric`].
#[inline]
pub fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { KINDS.get(c) & (ALPHABETIC | NUMERIC) != 0 }
}

/// As [`char::is_uppercase`].
#[inline]
pub fn is_uppercase(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_uppercase() } else { KINDS.get(c) & UPPERCASE != 0 }
}

/// As [`char::is_lowercase`].
#[inline]
pub fn is_lowercase(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_lowercase() } else { KINDS.get(c) & LOWERCASE != 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_what_the_standard_library_says() {
        for c in '\0'..=char::MAX {
            assert_eq!(is_alphabetic(c), c.is_alphabetic(), "{c:?}");
            assert_eq!(is_numeric(c), c.is_numeric(), "{c:?}");
            assert_eq!(is_alphanumeric(c), c.is_alphanumeric(), "{c:?}");
            assert_eq!(is_uppercase(c), c.is_uppercase(), "{c:?}");
            assert_eq!(is_lowercase(c), c.is_lowercase(), "{c:?}");
        }
    }
}
