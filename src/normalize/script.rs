//! Which script a letter belongs to, as far as disguise is concerned.

use crate::letters::{self, Table};

/// A script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// No letter: digits, signs, marks, emoji.
    None,
    Latin,
    Greek,
    Cyrillic,
    /// Scripts whose words stand among others without a space, or that nobody uses for disguise: Chinese, Korean, Arabic,
    /// Hebrew, those of India and so on.
    Apart,
    /// Scripts that hardly anybody reads, with letters that look Latin: Cherokee, Lisu, Armenian, Coptic and so on.
    Rare,
}

static SCRIPTS: Table<Script> = Table::new(by_range);

/// The script of a character.
#[inline]
pub(super) fn script(c: char) -> Script {
    match c {
        'a'..='z' | 'A'..='Z' => Script::Latin,
        _ if c.is_ascii() => Script::None,
        _ => SCRIPTS.get(c),
    }
}

fn by_range(c: char) -> Script {
    use Script::*;
    match c as u32 {
        0x41..=0x5A | 0x61..=0x7A => Latin,
        0..=0xBF => None,
        0xD7 | 0xF7 => None,
        0xC0..=0x2AF => Latin,
        0x2B0..=0x36F => None,
        0x370..=0x373 | 0x376..=0x377 | 0x37B..=0x37D | 0x37F | 0x386 | 0x388..=0x3FF => Greek,
        0x400..=0x481 | 0x48A..=0x52F => Cyrillic,
        0x531..=0x556 | 0x561..=0x587 => Rare,
        0x5D0..=0x5F2 | 0x620..=0x64A | 0x66E..=0x6D3 => Apart,
        0x2000..=0x20FF
        | 0x2190..=0x2BFF
        | 0x3000..=0x3004
        | 0xFE00..=0xFE0F
        | 0x1F100..=0x1F2FF
        | 0x1F300..=0x1FAFF => None,
        0x3041..=0x3096 | 0x30A1..=0x30FA | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 => Apart,
        0x13A0..=0x13FD => Rare,
        0x1400..=0x167F => Rare,
        0x1680..=0x16FF => Rare,
        0x1D00..=0x1D25 => Latin,
        0x1D26..=0x1D2A => Greek,
        0x1D2B => Cyrillic,
        0x1D6B..=0x1D9A => Latin,
        0x1E00..=0x1EFF => Latin,
        0x1F00..=0x1FFF => Greek,
        0x2C60..=0x2C7F | 0xA722..=0xA787 | 0xA78B..=0xA7FF | 0xAB30..=0xAB64 | 0xFB00..=0xFB06 => Latin,
        0x2C80..=0x2CE4 | 0xA4D0..=0xA4F7 | 0xAB70..=0xABBF => Rare,
        0x1C80..=0x1C88 | 0x2DE0..=0x2DFF | 0xA640..=0xA66E | 0xA680..=0xA69D => Cyrillic,
        0x10280..=0x1044F | 0x104B0..=0x104FB | 0x10500..=0x1057F | 0x118A0..=0x118DF => Rare,
        _ if letters::is_alphabetic(c) => Apart,
        _ => None,
    }
}

/// Whether the letter is written from right to left.
pub(super) fn is_right_to_left(c: char) -> bool {
    matches!(c as u32, 0x590..=0x8FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFC | 0x10800..=0x10FFF | 0x1E800..=0x1EFFF)
}

/// Whether the letter belongs to Chinese, Japanese or Korean writing.
pub(super) fn is_east_asian(c: char) -> bool {
    matches!(c as u32, 0x2E80..=0x9FFF | 0xA960..=0xA97F | 0xAC00..=0xD7FF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}
