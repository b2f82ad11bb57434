//! Whether a character is a letter or a digit, as the standard library says, in a few instructions for every script.
//!
//! The standard library looks outside Latin by running through packed tables: up to 3,000 instructions for a Thai letter,
//! which was four fifths of the whole decision for a Thai comment. Here each page of 256 characters is asked for once.

use std::sync::OnceLock;

const ALPHABETIC: u8 = 1;
const NUMERIC: u8 = 2;

/// A page for each 256 characters of Unicode, made when its first character is asked for.
static PAGES: [OnceLock<Box<[u8; 256]>>; 0x1100] = [const { OnceLock::new() }; 0x1100];

/// As [`char::is_alphabetic`].
pub fn is_alphabetic(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphabetic() } else { kind(c) & ALPHABETIC != 0 }
}

/// As [`char::is_numeric`].
pub fn is_numeric(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_digit() } else { kind(c) & NUMERIC != 0 }
}

/// As [`char::is_alphanumeric`].
pub fn is_alphanumeric(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { kind(c) != 0 }
}

fn kind(c: char) -> u8 {
    let (page, place) = (c as usize >> 8, c as usize & 0xff);
    PAGES[page].get_or_init(|| Box::new(std::array::from_fn(|i| of(page << 8 | i))))[place]
}

fn of(number: usize) -> u8 {
    char::from_u32(number as u32)
        .map_or(0, |c| u8::from(c.is_alphabetic()) * ALPHABETIC + u8::from(c.is_numeric()) * NUMERIC)
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
        }
    }
}
