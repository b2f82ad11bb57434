//! Words without which the expressions of rules cannot match, looked for all at once: one pass over a reading, a few instructions
//! for each byte, in place of one for each rule.

use std::sync::LazyLock;

use aho_corasick::Anchored;
use aho_corasick::automaton::Automaton;
use aho_corasick::dfa::DFA;

use super::{contact_bait, easy_money, self_promotion};
use crate::comment::Comment;
use crate::normalize::{Normalized, Reading};

/// What a word is a cue for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cue {
    /// A request to get in touch elsewhere.
    Bait,
    /// A promise of money.
    Promise,
    /// Asking for visitors.
    Promotion,
}

/// All cues with their words, in lower case, as a reading is.
const WORDS: [(Cue, &[&str]); 3] =
    [(Cue::Bait, contact_bait::CUES), (Cue::Promise, easy_money::CUES), (Cue::Promotion, self_promotion::CUES)];

/// The cues of a reading, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cues(u8);

impl Cues {
    pub(super) fn has(self, cue: Cue) -> bool {
        self.0 >> cue as u8 & 1 == 1
    }

    /// The cues of each reading of a text: of the plain one and of the undone one.
    pub(crate) fn of(body: &Normalized) -> [Self; 2] {
        [Some(&body.plain), body.undone.as_ref()]
            .map(|reading| reading.map(|reading| FINDER.find(&reading.text)).unwrap_or_default())
    }
}

/// The readings of a comment's text with the cues in each, the plain one first.
pub(super) fn readings(comment: &Comment) -> impl Iterator<Item = (&Reading, Cues)> {
    let [plain, undone] = comment.cues;
    let body = &comment.body;
    [(Some(&body.plain), plain), (body.undone.as_ref(), undone)]
        .into_iter()
        .filter_map(|(reading, cues)| Some((reading?, cues)))
}

static FINDER: LazyLock<Finder> = LazyLock::new(Finder::new);

struct Finder {
    words: DFA,
    /// What each word is a cue for.
    cues: Vec<Cue>,
}

impl Finder {
    fn new() -> Self {
        let all = || WORDS.iter().flat_map(|(cue, words)| words.iter().map(move |word| (*cue, *word)));
        let words = DFA::builder().prefilter(false).build(all().map(|(_, word)| word)).expect("few short words");
        Self { words, cues: all().map(|(cue, _)| cue).collect() }
    }

    fn find(&self, text: &str) -> Cues {
        let mut found = Cues::default();
        let dfa = &self.words;
        let Ok(mut state) = dfa.start_state(Anchored::No) else { return found };
        for byte in text.bytes() {
            state = dfa.next_state(Anchored::No, state, byte);
            if dfa.is_special(state) && dfa.is_match(state) {
                for i in 0..dfa.match_len(state) {
                    found.0 |= 1 << self.cues[dfa.match_pattern(state, i).as_usize()] as u8;
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_found_wherever_it_stands() {
        for (cue, words) in WORDS {
            for word in words {
                for text in [(*word).to_owned(), format!("x{word}y"), format!("ж {word}{word}")] {
                    assert!(FINDER.find(&text).has(cue), "{text}");
                }
            }
        }
    }

    #[test]
    fn ordinary_texts_have_no_cue() {
        for text in ["", "I read the whole article twice.", "Спасибо за статью", "我不同意作者的观点"]
        {
            assert_eq!(FINDER.find(text), Cues::default(), "{text}");
        }
    }
}
