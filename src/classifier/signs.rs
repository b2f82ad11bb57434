//! Signs of advertising that need no language: names to write to, numbers to call, sums, pictures that point, and
//! what is left of markup or of an excerpt.
//!
//! One sign alone is common in honest comments; adverts have several, so pairs of them are features too.

use super::features::{Block, Features, SPACE_STRUCTURE, Term};
use super::structure::Observer;
use super::tokens::Hash;
use crate::comment::Comment;
use crate::concepts::Concept;
use crate::normalize::Disguise;

/// Steps of numbers that are counted.
const COUNTS: &[f64] = &[1.0, 2.0, 3.0, 5.0, 8.0];
/// Fewest characters of a name behind an at sign.
const MIN_NAME: usize = 4;
/// Fewest digits of a number that somebody can be reached by.
const MIN_NUMBER: usize = 7;
/// Most signs in a row between two digits of one number.
const MAX_GAP: usize = 2;
/// Most words of a short text.
const SHORT: usize = 6;
/// Fewest disguised words that are no chance.
const DISGUISED: usize = 2;

/// What pictures stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Picture {
    Pointing,
    Money,
    Contact,
    Adult,
    Luck,
}

impl Picture {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Pointing, "pictures that point"),
        (Self::Money, "pictures of money"),
        (Self::Contact, "pictures of telephones and letters"),
        (Self::Adult, "pictures of lust"),
        (Self::Luck, "pictures of luck"),
    ];

    /// What a character stands for; most pictures stand for nothing of the kind. Fire, stars and ticks are everybody's.
    fn of(c: char) -> Option<Self> {
        Some(match c {
            '👆'..='👉'
            | '☝'
            | '☞'
            | '➡'
            | '⬅'..='⬇'
            | '➤'
            | '➜'
            | '⤵'
            | '▶'
            | '⏩'
            | '🔼'
            | '🔽'
            | '🔜'
            | '→'
            | '↓' => Self::Pointing,
            '💰'..='💹' | '🤑' | '🪙' | '📈' | '📊' | '🏦' | '🏧' => Self::Money,
            '📱' | '📲' | '☎' | '📞' | '✉' | '📧' | '📩' | '📨' | '📥' | '📬' | '💬' | '🔗' | '🖇' => {
                Self::Contact
            }
            '🔞' | '🍑' | '🍆' | '🍓' | '💋' | '👅' | '😈' | '💦' | '🫦' => Self::Adult,
            '🎁' | '🎰' | '🎲' | '🎯' | '🏆' | '💎' | '👑' | '🚀' | '🍀' => Self::Luck,
            _ => return None,
        })
    }
}

/// What was seen of a text.
#[derive(Debug, Default, PartialEq)]
struct Signs {
    /// Names behind an at sign, other than the one that a reply begins with.
    names: usize,
    /// Of those, the ones that nobody is called: with a digit or a low line.
    made_up_names: usize,
    /// Whether it ends in such a name.
    ends_in_name: bool,
    /// Digits of the longest number, whatever stands between them.
    longest_number: usize,
    /// Numbers that somebody can be reached by.
    long_numbers: usize,
    /// Sums of money: a sign of a currency beside a digit.
    sums: usize,
    pictures: [usize; Picture::ALL.len()],
    /// Lines that begin with a picture.
    picture_lines: usize,
    /// What is left of links in BBCode.
    markup: usize,
    /// Dots in brackets, as an excerpt of another page has them.
    cuts: usize,
}

impl Signs {
    fn of(text: &str) -> Self {
        let mut signs = Self::default();
        let mut number = Number::default();
        let (mut before, mut begins_line) = (' ', true);
        for (at, c) in text.char_indices() {
            signs.ends_number(number.goes_on(c));
            match c {
                '@' if !before.is_alphanumeric() => signs.name(&text[at + 1..], at),
                '[' => signs.bracket(&text[at + 1..]),
                '$' | '€' | '£' | '₽' | '¥' | '₿' => signs.sum(before, &text[at + c.len_utf8()..]),
                _ if c >= '\u{2000}' => signs.picture(c, begins_line),
                _ => {}
            }
            if c == '\n' {
                begins_line = true;
            } else if !c.is_whitespace() {
                begins_line = false;
            }
            if c != ' ' || before == '\n' {
                before = c;
            }
        }
        signs.ends_number(number.digits);
        signs
    }

    fn ends_number(&mut self, digits: usize) {
        self.longest_number = self.longest_number.max(digits);
        self.long_numbers += usize::from(digits >= MIN_NUMBER);
    }

    /// `rest` stands behind an at sign at `at`.
    fn name(&mut self, rest: &str, at: usize) {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end < MIN_NAME {
            return;
        }
        self.ends_in_name = rest[end..].chars().all(|c| !c.is_alphanumeric());
        if at == 0 && !self.ends_in_name {
            return;
        }
        self.names += 1;
        self.made_up_names += usize::from(rest[..end].contains(|c: char| c == '_' || c.is_ascii_digit()));
    }

    /// `rest` stands behind a bracket.
    fn bracket(&mut self, rest: &str) {
        let tag = rest.strip_prefix('/').unwrap_or(rest);
        self.markup += usize::from(["url=", "url]", "url ", "link="].iter().any(|start| tag.starts_with(start)));
        self.cuts += usize::from(rest.starts_with("...]") || rest.starts_with("…]"));
    }

    fn sum(&mut self, before: char, rest: &str) {
        let amount = before.is_ascii_digit() || rest.trim_start_matches(' ').starts_with(|c: char| c.is_ascii_digit());
        self.sums += usize::from(amount);
    }

    fn picture(&mut self, c: char, begins_line: bool) {
        if let Some(picture) = Picture::of(c) {
            self.pictures[picture as usize] += 1;
            self.picture_lines += usize::from(begins_line);
        }
    }
}

/// A number while its digits are counted.
#[derive(Default)]
struct Number {
    digits: usize,
    gap: usize,
}

impl Number {
    /// How many digits the number has that ends before `c`; 0 while it goes on.
    fn goes_on(&mut self, c: char) -> usize {
        if c.is_ascii_digit() {
            (self.digits, self.gap) = (self.digits + 1, 0);
            return 0;
        }
        if self.digits == 0 {
            return 0;
        }
        self.gap += 1;
        if self.gap <= MAX_GAP && matches!(c, ' ' | '-' | '.' | '(' | ')' | '+' | '_' | '·') {
            return 0;
        }
        std::mem::take(self).digits
    }
}

/// Adds the signs of a comment, and their pairs, to its features.
pub(super) fn observe(comment: &Comment, words: usize, seen: &mut Observer<'_>) {
    let signs = Signs::of(&comment.body.plain.text);
    seen.number("names behind an at sign", signs.names as f64, COUNTS);
    seen.number("made-up names behind an at sign", signs.made_up_names as f64, COUNTS);
    seen.fact("ends in a name behind an at sign", signs.ends_in_name);
    seen.number("digits of the longest number with gaps", signs.longest_number as f64, &[5.0, 7.0, 9.0, 11.0, 14.0]);
    seen.number("numbers to be reached by", signs.long_numbers as f64, COUNTS);
    seen.number("sums of money", signs.sums as f64, COUNTS);
    for (picture, name) in Picture::ALL {
        seen.number(name, signs.pictures[picture as usize] as f64, COUNTS);
    }
    seen.number("lines that begin with a picture", signs.picture_lines as f64, COUNTS);
    seen.number("remains of links in BBCode", signs.markup as f64, COUNTS);
    seen.number("cuts of an excerpt", signs.cuts as f64, COUNTS);
    together(comment, &signs, words, seen);
}

/// Lights what is seen together.
fn together(comment: &Comment, signs: &Signs, words: usize, seen: &mut Observer<'_>) {
    let names = |wanted: fn(Concept) -> bool| comment.concepts.iter().any(|hit| wanted(hit.concept));
    let observations = [
        ("link", !comment.body.links.is_empty()),
        ("name", signs.names > 0),
        ("number", signs.long_numbers > 0),
        ("sum", signs.sums > 0),
        ("lines of pictures", signs.picture_lines > 1),
        ("disguise", words_in(&comment.body.disguise) >= DISGUISED),
        ("contact", names(|concept| matches!(concept, Concept::Contact | Concept::Messenger))),
        ("click", names(|concept| concept == Concept::CallToClick)),
        ("offer", names(|concept| concept == Concept::Offers)),
        ("followers", names(|concept| concept == Concept::Followers)),
        ("praise", names(|concept| concept == Concept::StockPraise)),
        ("wares", names(is_ware)),
    ];
    let mut found = Vec::with_capacity(observations.len() + 2);
    found.extend(observations.iter().filter(|(_, holds)| *holds).map(|(name, _)| *name));
    // One kind alone has features of its own.
    seen.number("kinds of advertising signs", found.len() as f64, &[2.0, 3.0, 4.0, 5.0, 6.0]);
    if signs.pictures.iter().any(|count| *count > 0) {
        found.push("pictures");
    }
    if words <= SHORT {
        found.push("few words");
    }
    for (i, first) in found.iter().enumerate() {
        for second in &found[i + 1..] {
            seen.pair(first, second);
        }
    }
}

fn is_ware(concept: Concept) -> bool {
    use Concept::{CallToClick, Contact, Followers, Messenger, Offers};
    concept.is_advertised() && !matches!(concept, Contact | Messenger | CallToClick | Offers | Followers)
}

/// How many words are written to be read by people only.
pub(super) fn words_in(found: &Disguise) -> usize {
    [&found.styled, &found.look_alike, &found.spaced, &found.invisible, &found.stacked_marks, &found.leet]
        .iter()
        .map(|spans| spans.len())
        .sum()
}

impl Observer<'_> {
    fn pair(&mut self, first: &'static str, second: &'static str) {
        let features: &mut Features = self.features;
        let term = features.term(Term::Together(first, second));
        let hash = Hash::of(SPACE_STRUCTURE).then_ascii(first).then('+').then_ascii(second);
        features.add(Block::Structure, hash, term);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pictures(text: &str) -> usize {
        Signs::of(text).pictures.iter().sum()
    }

    #[test]
    fn names_to_write_to_are_seen_and_replies_are_none() {
        let signs = Signs::of("➡️ @some_shop_bot ➡️ @some_shop_bot");
        assert_eq!((signs.names, signs.made_up_names, signs.ends_in_name), (2, 2, true));
        let signs = Signs::of("@gardener i agree, the roses were early");
        assert_eq!((signs.names, signs.ends_in_name), (0, false));
        assert_eq!(Signs::of("mail me@example.com, or pay 3 @ 5").names, 0);
    }

    #[test]
    fn a_number_goes_on_behind_a_gap() {
        for (text, digits) in [
            ("call 0171- 23 45 67!", 10),
            ("3 of 12 in 2019", 4),
            ("+7 (900) 000-00-00", 11),
            ("pages 12, 345", 3),
            ("", 0),
        ] {
            assert_eq!(Signs::of(text).longest_number, digits, "{text}");
        }
        assert_eq!(Signs::of("9000 1234, 8000 5678").long_numbers, 2);
    }

    #[test]
    fn sums_have_their_currency_on_either_side() {
        for text in ["$500", "€ 20", "от 750$", "80₽"] {
            assert_eq!(Signs::of(text).sums, 1, "{text}");
        }
        for text in ["$home", "us$", "£ is sterling"] {
            assert_eq!(Signs::of(text).sums, 0, "{text}");
        }
    }

    #[test]
    fn pictures_of_people_and_plants_mean_nothing() {
        assert_eq!(pictures("📞 call 👉 here 💰"), 3);
        assert_eq!(pictures("😀 🌻 👍 ❤ 🔥 ⭐ 日本語"), 0);
        assert_eq!(Signs::of("👉 one\n  💰 two\nthree 👉").picture_lines, 2);
    }

    #[test]
    fn remains_of_markup_and_of_excerpts_are_counted() {
        assert_eq!(Signs::of("[url=http://e.example - bags[/url - now").markup, 2);
        assert_eq!(Signs::of("a[i] and [urls] in [docs](x)").markup, 0);
        assert_eq!(Signs::of("news... [...]a title[...]...").cuts, 2);
    }

    /// Takes milliseconds; a quadratic one would take minutes.
    #[test]
    fn hostile_texts_are_read_in_linear_time() {
        for unit in ["@", "@aaaa", "[", "$ ", "1 ", "👉\n", "@name "] {
            Signs::of(&unit.repeat(20_000));
        }
    }
}
