//! Words that the site does not want.

use aho_corasick::AhoCorasick;

use super::{Match, Rule, listing};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::letters;
use crate::normalize::Reading;
use crate::policy::Policy;
use crate::span::Span;

/// More different words than this make it no worse.
const MAX_STRENGTH: usize = 3;

pub(super) struct ListedWord;

impl Rule for ListedWord {
    fn name(&self) -> &'static str {
        "listed_word"
    }

    fn description(&self) -> &'static str {
        "A word or phrase from the policy's list `words`, whole and in any case; each further one counts again."
    }

    fn score(&self) -> f64 {
        2.0
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let words = policy.words.as_ref()?;
        let mut found = Vec::new();
        let mut spans = Vec::new();
        for reading in [Some(&comment.body.plain), comment.body.undone.as_ref()].into_iter().flatten() {
            find(words, reading, &mut found, &mut spans);
        }
        find(words, comment.name.reading(), &mut found, &mut Vec::new());
        if found.is_empty() {
            return None;
        }
        found.sort_unstable();
        found.dedup();
        spans.sort_unstable();
        spans.dedup();
        let named = found.iter().filter_map(|i| policy.document.lists.words.get(*i)).map(String::as_str);
        let detail = format!("On the site's list: {}", listing(named));
        Some(Match::new(detail, spans).times(found.len().min(MAX_STRENGTH) as f64))
    }
}

fn find(words: &AhoCorasick, reading: &Reading, found: &mut Vec<usize>, spans: &mut Vec<Span>) {
    let text = &reading.text;
    let mut places = reading.places();
    for hit in words.find_overlapping_iter(text) {
        let is_letter = |c: Option<char>| c.is_some_and(letters::is_alphanumeric);
        let inside = |edge: Option<char>, beyond: Option<char>| {
            // Chinese and its neighbours are written without spaces: there every place is the end of a word.
            is_letter(edge) && is_letter(beyond) && edge.is_none_or(|c| (c as u32) < 0x2E80)
        };
        let word = &text[hit.range()];
        if inside(word.chars().next(), text[..hit.start()].chars().next_back())
            || inside(word.chars().next_back(), text[hit.end()..].chars().next())
        {
            continue;
        }
        found.push(hit.pattern().as_usize());
        spans.push(places.span(hit.range()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits_with;

    const POLICY: &str = r#"{"lists": {"words": ["Garden Gnome", "ass", "скидка", "加微信"]}}"#;

    #[test]
    fn listed_words_are_found_in_any_case_and_disguise() {
        for text in ["my GARDEN GNOME!", "an a$$", "Скидка тут", "请加微信吧", "g a r d e n gnome, garden gnоme"]
        {
            assert!(hits_with(&ListedWord, text, POLICY), "{text}");
        }
    }

    #[test]
    fn parts_of_words_are_not() {
        for text in ["a classy assassin", "garden gnomes", "garden"] {
            assert!(!hits_with(&ListedWord, text, POLICY), "{text}");
        }
        assert!(!hits_with(&ListedWord, "an ass", "{}"));
    }
}
