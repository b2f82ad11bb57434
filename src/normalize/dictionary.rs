//! Common words, to tell a word from a chance of letters.
//!
//! `words.txt` holds the words that come in comments, letters and messages of many sources, most of them English, with a
//! digit for how rare each is, in alphabetical order; `models/words.py` makes it.

use std::sync::LazyLock;

const WORDS: &str = include_str!("words.txt");

/// Where the words begin that start with two letters: `aa` first, `zz` last, then the end.
static STARTS: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let mut starts = Vec::with_capacity(PAIRS + 1);
    let mut at = 0;
    for line in WORDS.split_inclusive('\n') {
        let pair = pair(line.as_bytes()).unwrap_or_default();
        while starts.len() <= pair {
            starts.push(at);
        }
        at += line.len() as u32;
    }
    starts.resize(PAIRS + 1, at);
    starts
});

const PAIRS: usize = 26 * 26;

fn pair(word: &[u8]) -> Option<usize> {
    let place = |b: u8| b.is_ascii_lowercase().then(|| usize::from(b - b'a'));
    Some(place(*word.first()?)? * 26 + place(*word.get(1)?)?)
}

/// Longest word of the list.
pub(super) const LONGEST: usize = 14;

/// How rare a word is, from 0 (`the`) to 9, if it is known.
pub(super) fn rarity(word: &str) -> Option<u8> {
    if word.len() > LONGEST {
        return None;
    }
    let bytes = WORDS.as_bytes();
    let pair = pair(word.as_bytes())?;
    let (mut low, mut high) = (STARTS[pair] as usize, STARTS[pair + 1] as usize);
    while low < high {
        let middle = (low + high) / 2;
        let start = bytes[low..middle].iter().rposition(|b| *b == b'\n').map_or(low, |end| low + end + 1);
        let line = start + bytes[start..].iter().position(|b| *b == b'\n')?;
        let known = &bytes[start..line - 2];
        match known.cmp(word.as_bytes()) {
            std::cmp::Ordering::Equal => return Some(bytes[line - 1] - b'0'),
            std::cmp::Ordering::Less => low = line + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

/// Whether the word is a common one.
pub(super) fn contains(word: &str) -> bool {
    rarity(word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_in_order_with_a_digit_each() {
        let lines: Vec<(&str, &str)> = WORDS.lines().filter_map(|line| line.split_once(' ')).collect();
        assert_eq!(lines.len(), WORDS.lines().count());
        assert!(lines.is_sorted());
        assert!(lines.iter().all(|(word, digit)| (2..=LONGEST).contains(&word.len())
            && word.bytes().all(|b| b.is_ascii_lowercase())
            && digit.len() == 1
            && digit.bytes().all(|b| b.is_ascii_digit())));
    }

    #[test]
    fn every_word_is_found_and_no_other() {
        for (word, digit) in WORDS.lines().filter_map(|line| line.split_once(' ')) {
            assert_eq!(rarity(word), digit.parse().ok(), "{word}");
        }
        for word in ["", "a", "viag", "zzzz", "aaaa", "watche", "THE"] {
            assert_eq!(rarity(word), None, "{word}");
        }
    }
}
