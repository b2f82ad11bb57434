//! Where one word ends and the next begins in letters that were set apart: `besttablets` is two words.

use super::dictionary;

/// More letters than this are not looked at: nobody reads on.
const MAX_LETTERS: usize = 400;

/// What a word costs beside its rarity.
const WORD: u32 = 6;

/// What a letter costs that belongs to no word.
const LETTER: u32 = 9;

/// The cheapest way to read the letters as words: how long each is. `None` where they are no words, or one.
pub(super) fn words(letters: &[char]) -> Option<Vec<usize>> {
    let n = letters.len();
    if n > MAX_LETTERS {
        return None;
    }
    let text: String = letters.iter().map(|c| if c.is_ascii_lowercase() { *c } else { '.' }).collect();
    // For each place the cost of all before it, where the last piece began, and whether that is a word.
    let mut best: Vec<(u32, usize, bool)> = vec![(0, 0, false); n + 1];
    for end in 1..=n {
        let (cost, ..) = best[end - 1];
        let mut cheapest = (cost + LETTER, end - 1, false);
        for length in 1..=end.min(dictionary::LONGEST) {
            let start = end - length;
            let before = best[start].0;
            if before + WORD >= cheapest.0 {
                continue;
            }
            let part = &text[start..end];
            let rarity = match part {
                "a" | "i" => Some(2),
                _ if length == 1 => None,
                _ => dictionary::rarity(part),
            };
            if let Some(rarity) = rarity {
                let cost = before + WORD + u32::from(rarity);
                if cost < cheapest.0 {
                    cheapest = (cost, start, true);
                }
            }
        }
        best[end] = cheapest;
    }
    lengths(&best)
}

fn lengths(best: &[(u32, usize, bool)]) -> Option<Vec<usize>> {
    let n = best.len() - 1;
    let mut lengths = Vec::new();
    let mut unknown = 0;
    let mut end = n;
    while end > 0 {
        let (_, start, is_word) = best[end];
        unknown += usize::from(!is_word);
        lengths.push((end - start, is_word));
        end = start;
    }
    // A name among words is no reason to give up; letters of an unknown language are.
    if unknown * 3 > n || lengths.len() < 2 {
        return None;
    }
    lengths.reverse();
    let mut words: Vec<(usize, bool)> = Vec::new();
    for (length, is_word) in lengths {
        match words.last_mut() {
            Some((last, false)) if !is_word => *last += length,
            _ => words.push((length, is_word)),
        }
    }
    (words.len() > 1).then(|| words.into_iter().map(|(length, _)| length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Option<String> {
        let letters: Vec<char> = text.chars().collect();
        let mut at = 0;
        let cut = |length: usize| {
            at += length;
            letters[at - length..at].iter().collect::<String>()
        };
        Some(words(&letters)?.into_iter().map(cut).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn letters_are_read_as_words() {
        for (text, expected) in [
            ("besttablets", "best tablets"),
            ("checkoutmychannel", "check out my channel"),
            ("makemoneyfromhome", "make money from home"),
            ("visitzzxqnow", "visit zzxq now"),
        ] {
            assert_eq!(cut(text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn one_word_and_other_languages_stay_whole() {
        for text in ["watches", "", "xqzzkwv", "казино", &"a".repeat(1_000)] {
            assert_eq!(cut(text), None);
        }
    }
}
