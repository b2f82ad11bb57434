//! A text as it is read, with a way back to the original.

use std::ops::Range;

use crate::span::Span;

/// A text as it is read, with a map back to the original.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The text.
    pub text: String,
    /// For each character of `text` (not byte) the range of scalar values in the original it was made from.
    pub origin: Vec<Span>,
}

impl Reading {
    /// A text that is read as it stands.
    pub fn identity(text: &str) -> Self {
        let len = if text.is_ascii() { text.len() } else { text.chars().count() };
        Self { text: text.to_owned(), origin: (0..len as u32).map(Span::at).collect() }
    }

    /// An empty reading with room for `bytes` bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), origin: Vec::with_capacity(bytes) }
    }

    /// Appends a character made from `from`.
    pub(super) fn push(&mut self, c: char, from: Span) {
        self.text.push(c);
        self.origin.push(from);
    }

    /// Appends characters that stand in the original from `at` on.
    pub(super) fn push_str(&mut self, text: &str, at: u32) {
        let before = self.origin.len();
        self.text.push_str(text);
        let len = if text.is_ascii() { text.len() } else { text.chars().count() };
        self.origin.reserve(len);
        self.origin.extend((at..at + len as u32).map(Span::at));
        debug_assert_eq!(self.origin.len(), before + len);
    }

    /// The place in the original of a range of bytes of `text`, as a regular expression gives it.
    ///
    /// Looks at the text from its start; for many ranges use [`Reading::places`].
    pub fn span(&self, bytes: Range<usize>) -> Span {
        self.places().span(bytes)
    }

    /// Finds the places of many ranges, near each other, without starting over for each.
    pub fn places(&self) -> Places<'_> {
        Places { reading: self, byte: 0, index: 0 }
    }
}

/// Turns ranges of bytes of a reading into places in the original.
#[derive(Debug)]
pub struct Places<'a> {
    reading: &'a Reading,
    byte: usize,
    index: usize,
}

impl Places<'_> {
    /// The place in the original of a range of bytes; empty at the end where the range is empty or out of bounds.
    pub fn span(&mut self, bytes: Range<usize>) -> Span {
        let from = self.index_of(bytes.start);
        let to = self.index_of(bytes.end.max(bytes.start));
        over(self.reading.origin.get(from..to).unwrap_or_default())
    }

    fn index_of(&mut self, byte: usize) -> usize {
        let text = &self.reading.text;
        if text.len() == self.reading.origin.len() {
            return byte.min(text.len());
        }
        // Overlapping matches go back a little; the way is as long as the step.
        if byte < self.byte {
            let part = text.get(byte..self.byte).unwrap_or_default();
            self.index -= part.chars().count();
            self.byte -= part.len();
        } else {
            let part = text.get(self.byte..byte.min(text.len())).unwrap_or_default();
            self.index += part.chars().count();
            self.byte += part.len();
        }
        self.index
    }
}

/// The span from the first to the last of these.
pub(super) fn over(origin: &[Span]) -> Span {
    match (origin.first(), origin.last()) {
        (Some(first), Some(last)) => Span::new(first.start, last.end),
        _ => Span::default(),
    }
}

/// Adds a span to a list, joined to the last one where they touch.
pub(super) fn add(spans: &mut Vec<Span>, span: Span) {
    match spans.last_mut() {
        Some(last) if span.start <= last.end && span.start >= last.start => last.end = last.end.max(span.end),
        _ => spans.push(span),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_lead_back_to_characters() {
        let reading = Reading::identity("naïve café");
        let at = reading.text.find("café").expect("it is there");
        assert_eq!(reading.span(at..at + "café".len()), Span::new(6, 10));
        assert_eq!(reading.span(50..60), Span::default());
    }

    #[test]
    fn places_may_be_asked_in_any_order() {
        let reading = Reading::identity("äöü");
        let mut places = reading.places();
        assert_eq!(places.span(4..6), Span::new(2, 3));
        assert_eq!(places.span(0..2), Span::new(0, 1));
    }
}
