//! Characters that are not seen: zero width, bidi controls and the like. Many have an honest use.

use super::script::{Script, is_right_to_left, script};
use crate::letters::Table;

/// What a character is that is not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unseen {
    /// Without width: joins, separates or does nothing.
    Invisible,
    /// Reverses the order of what follows, whatever it is.
    Override,
    /// Sets the direction of what follows.
    Direction,
    /// Ends or isolates a direction, as phones put around names.
    Harmless,
}

static UNSEEN: Table<Option<Unseen>> = Table::new(by_range);

/// What `c` is, if it is not seen.
#[inline]
pub(super) fn unseen(c: char) -> Option<Unseen> {
    UNSEEN.get(c)
}

fn by_range(c: char) -> Option<Unseen> {
    use Unseen::*;
    match c as u32 {
        0x09 | 0x0A | 0x0D => None,
        0x00..=0x1F | 0x7F..=0x9F => Some(Invisible),
        ..0xAD => None,
        0xAD | 0x34F | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F => Some(Invisible),
        0x61C | 0x200E | 0x200F | 0x202C | 0x2068 | 0x2069 | 0x206A..=0x206F => Some(Harmless),
        0x202A | 0x202B | 0x2066 | 0x2067 => Some(Direction),
        0x202D | 0x202E => Some(Override),
        0x200B..=0x200D | 0x2060..=0x2065 | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB => {
            Some(Invisible)
        }
        0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF => Some(Invisible),
        _ => None,
    }
}

/// Whether an invisible character between these two neighbours hides something: it breaks up a word of a script that
/// needs no such thing. Within emoji, Arabic, Persian, the scripts of India and South East Asia, and at the edges of words
/// (where copying and pasting leaves them) it does not.
pub(super) fn splits_a_word(before: Option<char>, c: char, after: Option<char>) -> bool {
    // A soft hyphen is in every second text copied from the web; it is no disguise in a long word.
    let alphabet = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(script(c), Script::Latin | Script::Greek | Script::Cyrillic | Script::Rare)
    };
    // A variation selector behind a digit makes a keycap.
    let keycap = matches!(c as u32, 0xFE00..=0xFE0F) && before.is_some_and(|c| c.is_ascii_digit());
    !keycap && before.is_some_and(alphabet) && after.is_some_and(alphabet)
}

/// Whether a text with this in it is one in which directions have to be set.
pub(super) fn needs_directions(text: &str) -> bool {
    text.chars().any(is_right_to_left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_are_seen_and_zero_width_is_not() {
        assert_eq!(unseen('\n'), None);
        assert_eq!(unseen('é'), None);
        assert_eq!(unseen('\u{200B}'), Some(Unseen::Invisible));
        assert_eq!(unseen('\u{202E}'), Some(Unseen::Override));
    }

    #[test]
    fn only_words_of_alphabets_are_split() {
        assert!(splits_a_word(Some('v'), '\u{200B}', Some('i')));
        assert!(splits_a_word(Some('к'), '\u{AD}', Some('а')));
        assert!(!splits_a_word(Some('م'), '\u{200C}', Some('ی')));
        assert!(!splits_a_word(Some('👨'), '\u{200D}', Some('👩')));
        assert!(!splits_a_word(Some('1'), '\u{FE0F}', Some('2')));
        assert!(!splits_a_word(None, '\u{FEFF}', Some('a')));
        assert!(!splits_a_word(Some('a'), '\u{200B}', Some(' ')));
    }
}
