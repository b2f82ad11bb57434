//! Looks for all words of all lists in one pass.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;

use super::folded::Folded;
use super::list::{self, Entry};
use super::{Concept, Hit};
use crate::language::Language;
use crate::letters;

/// Finds the words of lists.
pub(super) struct Matcher {
    words: AhoCorasick,
    /// What each pattern of `words` stands for.
    meanings: Vec<Vec<Meaning>>,
}

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
        let mut patterns: BTreeMap<String, Vec<Meaning>> = BTreeMap::new();
        for (concept, text) in lists {
            for entry in list::entries(text).flatten() {
                let meaning = Meaning { concept: *concept, language: entry.language, reach: reach(entry) };
                for spelling in list::spellings(entry) {
                    patterns.entry(spelling).or_default().push(meaning);
                }
            }
        }
        let words = AhoCorasick::new(patterns.keys()).expect("some thousand short words");
        Self { words, meanings: patterns.into_values().collect() }
    }

    pub(super) fn find(&self, text: &str) -> Vec<Hit> {
        let folded = Folded::new(text);
        let text: &str = &folded.text;
        let mut hits = Vec::new();
        for found in self.words.find_overlapping_iter(text) {
            let (before, after) = (&text[..found.start()], &text[found.end()..]);
            for meaning in &self.meanings[found.pattern().as_usize()] {
                if let Some(end) = meaning.end(before, after) {
                    let range = found.start()..found.end() + end;
                    hits.push(Hit { concept: meaning.concept, language: meaning.language, range });
                }
            }
        }
        let mut hits = longest(hits);
        hits.iter_mut().for_each(|hit| hit.range = folded.original(hit.range.clone()));
        hits
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
    let part = |c: char| matches!(c as u32, 0xE00..=0xEFF | 0x2E80..=0xA4CF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF);
    let syllable = |c: char| matches!(c as u32, 0xAC00..=0xD7A3);
    if entry.words.chars().any(part) {
        Reach::Part
    } else if entry.open || entry.words.ends_with(syllable) {
        // Particles follow Korean words without a space.
        Reach::Beginning
    } else {
        Reach::Whole
    }
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
    fn many_hits_take_no_longer_than_their_number() {
        let text = ["казино", "casino ", "赌场"].map(|word| word.repeat(50_000)).concat();
        assert_eq!(Matcher::new(LISTS).find(&text).len(), 100_000);
    }
}
