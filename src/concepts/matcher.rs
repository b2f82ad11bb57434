//! Looks for all words of all lists in one pass.
//!
//! The words stand in order in a table, each with its first eight bytes as a number: where one may begin in a text, a
//! binary search over numbers finds the last word that is not behind the text, and every word that the text begins with is
//! that one or one that it begins with. An automaton over all words is no faster and takes a tenth of a second to build.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::folded::Folded;
use super::list::{self, Entry};
use super::{Concept, Hit};
use crate::language::Language;
use crate::letters;

/// Finds the words of lists.
pub(super) struct Matcher {
    /// What is looked for, in order.
    words: Vec<Word>,
    /// For each of `words` its first bytes.
    keys: Vec<u64>,
    /// Where the words with each first byte begin in `words`, and where the last ones end.
    starts: [u32; 257],
}

struct Word {
    text: Cow<'static, str>,
    /// The nearest word before this one that this one begins with, equal ones included; [`NONE`] without one.
    begins_with: u32,
    meaning: Meaning,
}

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Meaning {
    concept: Concept,
    language: Option<Language>,
    /// How much of a word it must be.
    reach: Reach,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The whole of it.
    Whole,
    /// Its beginning.
    Beginning,
    /// Any part: scripts without spaces between words.
    Part,
}

impl Matcher {
    pub(super) fn new(lists: &[(Concept, &'static str)]) -> Self {
        let mut words: Vec<(u64, Word)> = Vec::new();
        for (concept, text) in lists {
            for entry in list::entries(text).flatten() {
                let meaning = Meaning { concept: *concept, language: entry.language, reach: reach(entry) };
                list::spellings(entry, |text| {
                    words.push((key(text.as_bytes()), Word { text, begins_with: NONE, meaning }));
                });
            }
        }
        words.sort_unstable_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.text.cmp(&other.text)));
        let (keys, mut words): (Vec<u64>, Vec<Word>) = words.into_iter().unzip();
        link(&mut words);
        let starts = std::array::from_fn(|first| keys.partition_point(|key| ((key >> 56) as usize) < first) as u32);
        Self { words, keys, starts }
    }

    pub(super) fn find(&self, text: &str) -> Vec<Hit> {
        let folded = Folded::new(text);
        let mut hits = Vec::new();
        each_start(&folded.text, |start| self.find_at(&folded.text, start, &mut hits));
        let mut hits = longest(hits);
        hits.iter_mut().for_each(|hit| hit.range = folded.original(hit.range.clone()));
        hits
    }

    /// The hits that begin at `start`.
    fn find_at(&self, text: &str, start: usize, hits: &mut Vec<Hit>) {
        let rest = &text.as_bytes()[start..];
        let Some(mut next) = self.last_not_behind(rest) else { return };
        while let Some(Word { text: word, begins_with, meaning }) = self.words.get(next as usize) {
            if rest.starts_with(word.as_bytes()) {
                let end = start + word.len();
                if let Some(more) = meaning.end(&text[..start], &text[end..]) {
                    hits.push(Hit { concept: meaning.concept, language: meaning.language, range: start..end + more });
                }
            }
            next = *begins_with;
        }
    }

    /// The last word that does not come after `rest` in the order of bytes. Whatever `rest` begins with, this one does, too:
    /// in between there is nothing else.
    fn last_not_behind(&self, rest: &[u8]) -> Option<u32> {
        let first = usize::from(*rest.first()?);
        let (from, to) = (self.starts[first] as usize, self.starts[first + 1] as usize);
        let wanted = key(rest);
        let keys = &self.keys[from..to];
        let mut count = keys.partition_point(|key| *key <= wanted);
        if count > 0 && keys[count - 1] == wanted {
            let same = keys[..count].partition_point(|key| *key < wanted);
            let words = &self.words[from + same..from + count];
            count = same + words.partition_point(|word| word.text.as_bytes() <= rest);
        }
        count.checked_sub(1).map(|last| (from + last) as u32)
    }
}

/// The first eight bytes as a number, so that numbers are in the order of texts.
fn key(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(first) => u64::from_be_bytes(*first),
        None => text.iter().rev().fold(0, |key, byte| key >> 8 | u64::from(*byte) << 56),
    }
}

/// Notes for each of the words, which are in order, the nearest one before it that it begins with.
fn link(words: &mut [Word]) {
    let mut open: Vec<u32> = Vec::new();
    for i in 0..words.len() {
        while open.last().is_some_and(|last| !words[i].text.starts_with(&*words[*last as usize].text)) {
            open.pop();
        }
        words[i].begins_with = open.last().copied().unwrap_or(NONE);
        open.push(i as u32);
    }
}

/// Most characters of a particle that stands before an Arabic or Hebrew word.
const MAX_PARTICLE: usize = 3;

/// Calls `each` with every place, in bytes, where a word of a list may begin: where no letter stands before, after what may be a
/// particle, and in scripts without spaces anywhere.
fn each_start(text: &str, mut each: impl FnMut(usize)) {
    if text.is_ascii() {
        let mut inside = false;
        for (at, byte) in text.bytes().enumerate() {
            if !inside && byte != b' ' {
                each(at);
            }
            inside = byte.is_ascii_alphanumeric();
        }
        return;
    }
    // How many letters stand before, and whether all of them may be a particle's.
    let (mut inside, mut particle) = (0, true);
    for (at, c) in text.char_indices() {
        // Words of scripts without spaces begin with letters of ASCII at times, as in `vx号`.
        if inside == 0 || c.is_ascii() || is_part(c) || particle && inside <= MAX_PARTICLE {
            each(at);
        }
        if is_letter(c) {
            particle = (inside == 0 || particle) && matches!(c as u32, 0x590..=0x6FF);
            inside += 1;
        } else {
            inside = 0;
        }
    }
}

impl Meaning {
    /// How far the word goes on after the pattern, if the pattern is enough of a word between these two texts.
    fn end(&self, before: &str, after: &str) -> Option<usize> {
        if self.reach == Reach::Part {
            return Some(0);
        }
        if before.chars().next_back().is_some_and(is_letter) && !is_particle(before, self.language) {
            return None;
        }
        match (self.reach, after.find(|c| !is_letter(c)).unwrap_or(after.len())) {
            (Reach::Whole, 1..) => None,
            (_, rest) => Some(rest.min(MAX_ENDING)).map(|end| after.floor_char_boundary(end)),
        }
    }
}

/// No ending is longer, in bytes.
const MAX_ENDING: usize = 32;

fn reach(entry: Entry) -> Reach {
    let syllable = |c: char| matches!(c as u32, 0xAC00..=0xD7A3);
    if entry.words.chars().any(is_part) {
        Reach::Part
    } else if entry.open || entry.words.ends_with(syllable) {
        // Particles follow Korean words without a space.
        Reach::Beginning
    } else {
        Reach::Whole
    }
}

/// Whether the character belongs to a script that is written without spaces between words.
fn is_part(c: char) -> bool {
    matches!(c as u32, 0xE00..=0xEFF | 0x2E80..=0xA4CF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

/// Whether the character carries a word on. Vowel signs of Indian scripts do, though they are no letters.
fn is_letter(c: char) -> bool {
    letters::is_alphanumeric(c) || matches!(c as u32, 0x900..=0x97F)
}

/// Whether what stands before a word is the article or a preposition, which Arabic and Hebrew write without a space.
fn is_particle(before: &str, language: Option<Language>) -> bool {
    let known: &[&str] = match language {
        Some(Language::Ar) => &["ال", "و", "ب", "ل", "وال", "بال", "لل", "ف"],
        Some(Language::He) => &["ה", "ו", "ב", "ל", "מ", "ש", "וה", "שה"],
        _ => return false,
    };
    known.iter().any(|particle| {
        before.strip_suffix(particle).is_some_and(|rest| !rest.chars().next_back().is_some_and(is_letter))
    })
}

/// Of the hits of one concept that overlap, the first; of those that begin together, the longest.
fn longest(mut hits: Vec<Hit>) -> Vec<Hit> {
    if hits.is_empty() {
        return hits;
    }
    hits.sort_by_key(|hit| (hit.range.start, Reverse(hit.range.end), hit.concept, hit.language));
    let mut ends = [0; Concept::ALL.len()];
    hits.retain(|hit| {
        let end = &mut ends[hit.concept as usize];
        let free = hit.range.start >= *end;
        *end = hit.range.end.max(*end);
        free
    });
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: &[(Concept, &str)] = &[
        (Concept::Gambling, "any\tcasino\nen\tonline casino\nru\tказино*\nzh\t赌场\nko\t카지노\nar\tكازينو\n"),
        (Concept::Offers, "en\tcasino bonus\nfr\td'argent\n"),
    ];

    fn found(text: &str) -> Vec<&str> {
        Matcher::new(LISTS).find(text).into_iter().map(|hit| &text[hit.range]).collect()
    }

    #[test]
    fn whole_words_are_found_and_parts_are_not() {
        assert_eq!(found("a casino, an occasion, casinos, mycasino; casino!"), ["casino", "casino"]);
    }

    #[test]
    fn endings_are_open_where_a_star_says_so() {
        assert_eq!(found("про казиношку и приказино"), ["казиношку"]);
    }

    #[test]
    fn scripts_without_spaces_are_found_anywhere() {
        assert_eq!(found("澳门赌场开户 온라인 카지노에서"), ["赌场", "카지노에서"]);
    }

    #[test]
    fn the_article_may_stand_before_an_arabic_word() {
        assert_eq!(found("الكازينو وكازينو سكازينو"), ["كازينو", "كازينو"]);
    }

    #[test]
    fn the_longest_of_a_concept_counts_and_other_concepts_beside_it() {
        assert_eq!(found("the online\n  casino bonus"), ["online\n  casino", "casino bonus"]);
        assert_eq!(found("beaucoup d’argent"), ["d’argent"]);
    }

    #[test]
    fn words_that_others_begin_with_are_found_too() {
        let lists = &[(Concept::Gambling, "any\tab\nen\tab abc\nde\tabcdefgh\nfr\tabcdefghi jk\nes\tabcdefghi*\n")];
        let found = |text: &str| {
            let hits = Matcher::new(lists).find(text);
            hits.into_iter().map(|hit| text[hit.range].to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("ab abc abcdefgh abcdefghi jk ab abd"), ["ab abc", "abcdefgh", "abcdefghi jk", "ab"]);
        assert_eq!(found("abcdefghijk"), ["abcdefghijk"]);
        assert_eq!(found("aba abcdefg a"), Vec::<String>::new());
    }

    #[test]
    fn words_of_scripts_without_spaces_begin_where_they_are_looked_for() {
        for (concept, text) in crate::concepts::LISTS {
            for entry in list::entries(text).flatten().filter(|entry| reach(*entry) == Reach::Part) {
                let first = entry.words.chars().next();
                // A sign is looked at where no letter stands before.
                let is_found = first.is_some_and(|c| c.is_ascii() || is_part(c) || !is_letter(c));
                assert!(is_found, "{concept:?}: “{}”", entry.words);
            }
        }
    }

    #[test]
    fn many_hits_take_no_longer_than_their_number() {
        let text = ["казино", "casino ", "赌场"].map(|word| word.repeat(50_000)).concat();
        assert_eq!(Matcher::new(LISTS).find(&text).len(), 100_000);
    }
}
