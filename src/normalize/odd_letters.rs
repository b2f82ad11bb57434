//! Latin letters beyond those of most languages: phonetic signs, small capitals, and the letters of Hausa, Ewe or Twi where
//! they hide English words.

use super::look_alikes::{Found, latin, replace};
use super::undone::Letter;
use super::{accents, dictionary, drawn, lexicon};

/// Phonetic signs and small capitals.
pub(super) fn fold(word: &mut [Letter], foreign: bool, changed: &mut Vec<usize>) -> Found {
    // A letter alone is part of a picture: `( ͡° ͜ʖ ͡°)`.
    if word.iter().filter(|letter| letter.c.is_alphabetic()).count() < 2 {
        return Found::Nothing;
    }
    let small_capitals = word.iter().filter(|letter| is_small_capital(letter.c)).count();
    let done = replace(word, changed, |letter| {
        let stroke = || accents::bare_stroke(letter.c).map(|c| (c, true));
        match african(letter.c) {
            Some(c) => Some((c, true)),
            None if is_odd(letter.c) => cured(letter.c),
            None => stroke().or_else(|| latin(letter)).or(Some((letter.c, false))),
        }
    });
    match done {
        true if foreign => Found::Disguised,
        true if small_capitals >= 3 => Found::Styled,
        true if changed.len() >= 2 => Found::Disguised,
        true => Found::Folded,
        false => Found::Nothing,
    }
}

/// Letters of Hausa, Ewe, Twi and others, as what they look like.
pub(super) fn african(c: char) -> Option<char> {
    Some(match c {
        'ɓ' => 'b',
        'ɖ' | 'ɗ' => 'd',
        'ɛ' | 'ə' | 'ǝ' => 'e',
        'ƒ' => 'f',
        'ɣ' => 'y',
        'ɩ' | 'ı' => 'i',
        'ƙ' => 'k',
        'ɲ' => 'n',
        'ɔ' => 'o',
        'ʋ' => 'u',
        'ƴ' => 'y',
        _ => return None,
    })
}

/// Whether African letters in a word hide an English one.
pub(super) fn is_hidden(word: &[Letter], habit: bool) -> bool {
    let read = |letter: &Letter| african(letter.c).or_else(|| latin(letter).map(|(c, _)| c));
    let Some(text) = word.iter().map(read).collect::<Option<String>>() else {
        return false;
    };
    word.len() > 2 && (habit || word.len() > 3 && (dictionary::contains(&text) || lexicon::contains(&text)))
}

pub(super) fn is_odd(c: char) -> bool {
    match c {
        // Letters of Hausa, Ewe, Twi, Azerbaijani, Vietnamese, Romanian and of Pinyin.
        'ɓ' | 'ɖ' | 'ɗ' | 'ɛ' | 'ƒ' | 'ɣ' | 'ɔ' | 'ʋ' | 'ƙ' | 'ƴ' | 'ə' | 'ǝ' | 'ɩ' | 'ɲ' | 'ơ' | 'ư' => {
            false
        }
        _ => {
            matches!(c as u32, 0x180..=0x1CC | 0x1DD..=0x1E5 | 0x221..=0x225 | 0x234..=0x2AF | 0x1D00..=0x1D25 | 0x1D6B..=0x1D9A
            | 0x2C60..=0x2C7F | 0xA722..=0xA787 | 0xA78B..=0xA7FF | 0xAB30..=0xAB64 | 0x1E9C..=0x1E9D)
        }
    }
}

fn is_small_capital(c: char) -> bool {
    matches!(c as u32, 0x1D00..=0x1D22 | 0xA730 | 0xA731) || matches!(c, 'ʀ' | 'ɪ' | 'ɴ' | 'ʟ' | 'ʏ' | 'ʜ' | 'ʙ' | 'ɢ')
}

/// What a letter stands for by decancer's table.
pub(super) fn cured(c: char) -> Option<(char, bool)> {
    if let Some(c) = drawn::rare(c) {
        return Some((c, true));
    }
    match decancer::cure_char!(c) {
        decancer::Translation::Character(cured) if cured.is_ascii_alphabetic() => Some((cured, true)),
        _ => None,
    }
}
