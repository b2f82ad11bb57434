//! A text with one space for every run of white space and one kind of apostrophe, and the way back.

use std::borrow::Cow;
use std::ops::Range;

/// A text as phrases are looked for in it.
pub(super) struct Folded<'a> {
    pub(super) text: Cow<'a, str>,
    /// From which byte of `text` on the original is how many bytes ahead.
    ahead: Vec<(usize, usize)>,
}

impl<'a> Folded<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        if !needs_folding(text) {
            return Self { text: Cow::Borrowed(text), ahead: Vec::new() };
        }
        let mut folded = String::with_capacity(text.len());
        let mut ahead = Vec::new();
        for (at, c) in text.char_indices() {
            match c {
                c if c.is_whitespace() => {
                    if !folded.ends_with(' ') {
                        folded.push(' ');
                    }
                }
                '’' => folded.push('\''),
                c => folded.push(c),
            }
            let difference = at + c.len_utf8() - folded.len();
            if ahead.last().map_or(0, |(_, difference)| *difference) != difference {
                ahead.push((folded.len(), difference));
            }
        }
        Self { text: Cow::Owned(folded), ahead }
    }

    /// The same place in the original.
    pub(super) fn original(&self, range: Range<usize>) -> Range<usize> {
        let place = |byte: usize| {
            let passed = self.ahead.partition_point(|(from, _)| *from <= byte);
            byte + passed.checked_sub(1).map_or(0, |last| self.ahead[last].1)
        };
        place(range.start)..place(range.end)
    }
}

fn needs_folding(text: &str) -> bool {
    if text.is_ascii() {
        // Without a way out in the middle, so that many bytes are compared at once.
        let bytes = text.as_bytes();
        let other = bytes.iter().fold(false, |any, b| any | matches!(b, 0x09..=0x0D));
        let pairs = bytes.iter().zip(bytes.iter().skip(1));
        return other | pairs.fold(false, |any, (a, b)| any | (*a == b' ') & (*b == b' '));
    }
    let mut after_space = false;
    text.chars().any(|c| {
        let space = c == ' ';
        let folds = space && after_space || c == '’' || !space && c.is_whitespace();
        after_space = space;
        folds
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_lead_back_to_the_original() {
        let text = "one\n\n two  thrée’s a\u{A0}x";
        let folded = Folded::new(text);
        assert_eq!(folded.text, "one two thrée's a x");
        for word in ["one", "two", "a", "x"] {
            let at = folded.text.find(word).expect("it is there");
            assert_eq!(&text[folded.original(at..at + word.len())], word);
        }
        let at = folded.text.find("two thrée's").expect("it is there");
        assert_eq!(&text[folded.original(at..at + "two thrée's".len())], "two  thrée’s");
    }

    #[test]
    fn ascii_is_folded_too() {
        for (text, expected) in [("a  b", "a b"), ("a\nb\t\r c", "a b c"), ("a\u{B}b\u{C}", "a b "), ("a b ", "a b ")] {
            assert_eq!(Folded::new(text).text, expected);
        }
    }

    #[test]
    fn plain_text_is_left_as_it_is() {
        assert!(matches!(Folded::new("just a text").text, Cow::Borrowed(_)));
    }
}
