//! From what was sent to what is read: markup out, links found, disguise undone, each with a way back to the original.

use crate::span::Span;

/// A text as it is read, with a map back to the original.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The text.
    pub text: String,
    /// For each character of `text` (not byte) the range of scalar values in the original it was made from.
    pub origin: Vec<Span>,
}

/// A link, as markup or in plain sight.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Where it points, as written.
    pub url: String,
    /// Its host in lower case, without `www.`; punycode decoded to ASCII form; empty when there is none.
    pub host: String,
    /// The registrable domain of `host` by the Public Suffix List; the host itself where the list has none.
    pub domain: String,
    /// The words that are shown in its place; empty where the address itself is shown.
    pub anchor: String,
    /// How it was written.
    pub kind: LinkKind,
    /// The whole link in the original, markup included.
    pub span: Span,
}

/// How a link was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// `https://…` or `www.…` in the text.
    Plain,
    /// `<a href="…">`.
    Html,
    /// `[url=…]`, `[link=…]`.
    BbCode,
    /// `[text](…)`.
    Markdown,
}

/// What had to be undone to read the text, as evidence. All spans are places in the original.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Disguise {
    /// Zero-width characters, soft hyphens and other marks without width, where no script or emoji needs them.
    pub invisible: Vec<Span>,
    /// Bidi overrides and isolates that reorder what is shown.
    pub bidi: Vec<Span>,
    /// Letters of another script inside a word (`pаypal` with a Cyrillic а).
    pub look_alike: Vec<Span>,
    /// Mathematical, full-width, enclosed and other styled letters.
    pub styled: Vec<Span>,
    /// Letters under more combining marks than any language uses.
    pub stacked_marks: Vec<Span>,
    /// Digits and signs in place of letters (`v1agra`).
    pub leet: Vec<Span>,
    /// Words with their letters set apart (`v i a g r a`).
    pub spaced: Vec<Span>,
}

/// A text in all its readings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Normalized {
    /// Number of scalar values of the original.
    pub original_len: u32,
    /// What a reader sees: markup and invisible characters gone, entities decoded; case and letters as sent.
    pub visible: Reading,
    /// `visible` after NFKC and in lower case.
    pub plain: Reading,
    /// `plain` with look-alikes, styled letters, leetspeak and spaced-out words undone; `None` where nothing differs.
    pub undone: Option<Reading>,
    /// All links, in order.
    pub links: Vec<Link>,
    /// What had to be undone.
    pub disguise: Disguise,
}

impl Normalized {
    /// The reading with the least disguise.
    pub fn reading(&self) -> &Reading {
        self.undone.as_ref().unwrap_or(&self.plain)
    }
}

/// Normalises `original`. Takes time linear in its length and never fails.
pub fn normalize(original: &str) -> Normalized {
    let origin: Vec<Span> = (0..original.chars().count() as u32).map(|i| Span::new(i, i + 1)).collect();
    let visible = Reading { text: original.to_owned(), origin: origin.clone() };
    let plain = Reading { text: original.to_owned(), origin };
    Normalized { original_len: visible.origin.len() as u32, visible, plain, ..Normalized::default() }
}
