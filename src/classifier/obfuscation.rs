//! The disguises of spammers, put on: for teaching the classifier, and for testing what it does about them.
//!
//! The attack of a test is stronger than what is taught: it has more letters, styles and signs to choose from, so that a
//! figure tells what happens with disguises that were never seen.

use super::dice::Dice;

mod tables;

use tables::{LEET, LOOK_ALIKES, Style, Table};

/// A way to disguise a text from machines while people can still read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disguise {
    /// Digits and signs for letters: `v1agr@`.
    Leet,
    /// Letters of other scripts that look the same.
    LookAlike,
    /// Characters that cannot be seen, inside words.
    Invisible,
    /// Letters set apart: `v i a g r a`.
    Spacing,
    /// Mathematical, full-width, enclosed and other styled letters.
    Styled,
    /// Combining marks on letters.
    Marks,
    /// Links taken apart: `example (dot) com`.
    LinkSplit,
    /// For every word another one of these.
    Mixed,
}

/// How much a disguise may choose from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strength {
    Training,
    Attack,
}

impl Strength {
    /// The part of a list that may be chosen from: all of it, or what comes first.
    fn of<T>(self, all: &[T], taught: usize) -> &[T] {
        match self {
            Self::Attack => all,
            Self::Training => &all[..taught.min(all.len())],
        }
    }
}

/// What stays the same for one text.
#[derive(Clone, Copy)]
struct Manner {
    strength: Strength,
    /// Part of the words that are disguised.
    share: f64,
    /// What letters are set apart by.
    gap: &'static str,
    style: Style,
    /// Most marks on one letter.
    marks: usize,
}

impl Disguise {
    /// All disguises.
    pub const ALL: [Self; 8] = [
        Self::Leet,
        Self::LookAlike,
        Self::Invisible,
        Self::Spacing,
        Self::Styled,
        Self::Marks,
        Self::LinkSplit,
        Self::Mixed,
    ];

    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Leet => "leet",
            Self::LookAlike => "look-alike",
            Self::Invisible => "invisible",
            Self::Spacing => "spacing",
            Self::Styled => "styled",
            Self::Marks => "marks",
            Self::LinkSplit => "link split",
            Self::Mixed => "mixed",
        }
    }

    /// Puts the disguise on a text, as an attack. Links stay whole, but for [`Disguise::LinkSplit`].
    pub fn apply(self, text: &str, dice: &mut Dice) -> String {
        self.put_on(text, Strength::Attack, dice)
    }

    /// Puts the disguise on a text as it is taught: with fewer letters, styles and signs than an attack has.
    pub fn apply_for_training(self, text: &str, dice: &mut Dice) -> String {
        self.put_on(text, Strength::Training, dice)
    }

    fn put_on(self, text: &str, strength: Strength, dice: &mut Dice) -> String {
        let manner = Manner {
            strength,
            // A hurried spammer disguises some words, a thorough one nearly all.
            share: dice.pick(&[0.4, 0.7, 1.0]),
            gap: dice.pick(strength.of(GAPS, 5)),
            style: dice.pick(strength.of(Style::ALL, 4)),
            marks: dice.pick(strength.of(&[1, 1, 1, 2, 4], 3)),
        };
        let shown;
        let text = if self == Self::LinkSplit {
            shown = with_addresses_shown(text);
            &shown
        } else {
            text
        };
        let mut out = String::with_capacity(text.len() * 2);
        // Where a space is between letters, words need more than that between them, as a careful spammer knows.
        let wide = manner.gap == " " && dice.chance(0.7);
        let mut apart = false;
        for word in text.split_inclusive(char::is_whitespace) {
            let disguise = if self == Self::Mixed { dice.pick(&Self::ALL[..7]) } else { self };
            let is_link = is_link(word);
            let put_on = !is_link && dice.chance(manner.share);
            let set_apart = put_on && disguise == Self::Spacing && letters(word) >= MIN_LETTERS;
            if wide && (set_apart || apart) && out.ends_with(' ') {
                out.push_str("  ");
            }
            apart = set_apart;
            if is_link && disguise == Self::LinkSplit {
                out.push_str(&split_link(word, strength, dice));
            } else if put_on {
                disguise.word(word, manner, dice, &mut out);
            } else {
                out.push_str(word);
            }
        }
        out
    }

    fn word(self, word: &str, manner: Manner, dice: &mut Dice, out: &mut String) {
        if letters(word) < MIN_LETTERS {
            return out.push_str(word);
        }
        let strength = manner.strength;
        let mut chars = word.chars().peekable();
        while let Some(c) = chars.next() {
            let inside = chars.peek().is_some_and(|next| next.is_alphanumeric()) && c.is_alphanumeric();
            match self {
                Self::Leet => out.push(if dice.chance(0.6) { replaced(LEET, c, strength, dice) } else { c }),
                Self::LookAlike => {
                    out.push(if dice.chance(0.5) { replaced(LOOK_ALIKES, c, strength, dice) } else { c })
                }
                Self::Invisible => {
                    out.push(c);
                    if inside && dice.chance(0.4) {
                        out.push(dice.pick(strength.of(INVISIBLE, 6)));
                    }
                }
                Self::Spacing => {
                    out.push(c);
                    if inside {
                        out.push_str(manner.gap);
                    }
                }
                Self::Styled => match manner.style.letter(c) {
                    Some(styled) => out.push(styled),
                    None => out.push(c),
                },
                Self::Marks => {
                    out.push(c);
                    if c.is_alphabetic() && dice.chance(0.6) {
                        for _ in 0..=dice.below(manner.marks) {
                            out.push(mark(strength, dice));
                        }
                    }
                }
                Self::LinkSplit | Self::Mixed => out.push(c),
            }
        }
    }
}

/// Words of fewer letters are left alone.
const MIN_LETTERS: usize = 3;

/// What letters are set apart by; those that are taught first.
const GAPS: &[&str] = &[" ", ".", "-", "_", "*", "  ", "|", "·", "~", "•", "\u{2009}", "/", "+", "♥"];

/// What cannot be seen; those that are taught first.
const INVISIBLE: &[char] = &[
    '\u{200b}',
    '\u{200c}',
    '\u{200d}',
    '\u{2060}',
    '\u{ad}',
    '\u{feff}',
    '\u{34f}',
    '\u{2063}',
    '\u{180e}',
    '\u{fe0f}',
    '\u{e0061}',
    '\u{1d173}',
    '\u{206a}',
    '\u{115f}',
];

fn letters(word: &str) -> usize {
    word.chars().filter(|c| c.is_alphabetic()).count()
}

fn is_link(word: &str) -> bool {
    word.contains("://") || word.contains("www.") || word.contains("href")
}

/// A mark; of those that are taught, one of the first.
fn mark(strength: Strength, dice: &mut Dice) -> char {
    let below = if strength == Strength::Training { 0x30 } else { 0x50 };
    let mark = char::from_u32(0x300 + dice.below(below) as u32).unwrap_or('\u{300}');
    // The grapheme joiner is no mark.
    if mark == '\u{34f}' { '\u{336}' } else { mark }
}

fn replaced(table: Table, c: char, strength: Strength, dice: &mut Dice) -> char {
    let lower = c.to_lowercase().next().unwrap_or(c);
    let Some((_, taught, more)) = table.iter().find(|(from, ..)| *from == lower) else {
        return c;
    };
    let more = if strength == Strength::Attack { *more } else { "" };
    let choices: Vec<char> = taught.chars().chain(more.chars()).collect();
    if choices.is_empty() { c } else { dice.pick(&choices) }
}

/// A text whose marked links show their addresses, as they must to be typed by hand: a link in markup has no place for an
/// address taken apart.
fn with_addresses_shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, address, words, after)) = next_marked(rest) {
        out.push_str(before);
        out.push_str(words);
        if !words.is_empty() {
            out.push(' ');
        }
        out.push_str(address);
        rest = after;
        if !rest.starts_with(char::is_whitespace) {
            out.push(' ');
        }
    }
    out + rest
}

/// The next marked link: what is before it, its address, its words, what is behind it.
fn next_marked(text: &str) -> Option<(&str, &str, &str, &str)> {
    let html = text.find("<a ").and_then(|at| {
        let (tag, inner) = text[at..].split_once('>')?;
        let value = tag.split_once("href=")?.1.trim_start_matches(['"', '\'']);
        let address = &value[..value.find(['"', '\'', ' ']).unwrap_or(value.len())];
        let (words, after) = inner.split_once("</a>")?;
        Some((&text[..at], address, words, after))
    });
    html.or_else(|| {
        let at = text.find("[url=")?;
        let (address, inner) = text[at + "[url=".len()..].split_once(']')?;
        let (words, after) = inner.split_once("[/url]")?;
        Some((&text[..at], address.trim_matches(['"', '\'']), words, after))
    })
}

/// How the dots of a link are written; those that are taught first.
const DOTS: &[&str] = &[
    " . ", " (dot) ", "[.]", " dot ", " .", "(dot)", "[dot]", "(.)", " [dot] ", "{dot}", ". ", "。", "．", " d0t ",
    "-dot-", "•",
];

/// How `http://` is written; those that are taught first. Empty where it is left out.
const SCHEMES: &[(&str, &str)] = &[
    ("", ""),
    ("http: //", "https: //"),
    ("hxxp://", "hxxps://"),
    ("http : // ", "https : // "),
    ("http[:]//", "https[:]//"),
    ("h t t p : / / ", "h t t p s : / / "),
    ("ｈｔｔｐ：／／", "ｈｔｔｐｓ：／／"),
    ("http:\u{200b}//", "https:\u{200b}//"),
];

fn split_link(word: &str, strength: Strength, dice: &mut Dice) -> String {
    let dot = dice.pick(strength.of(DOTS, 5));
    let (plain, secure) = dice.pick(strength.of(SCHEMES, 2));
    let (scheme, rest) = match (word.split_once("https://"), word.split_once("http://")) {
        (Some((before, rest)), _) => (format!("{before}{secure}"), rest),
        (_, Some((before, rest))) => (format!("{before}{plain}"), rest),
        _ => (String::new(), word),
    };
    // The dots of the name of the host; those of a path do no harm.
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.trim_end_matches(['.', '\n', ' ']).len()));
    format!("{scheme}{}{path}", host.replace('.', dot))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Best replica watches today at http://shop.example.com/sale right here";

    #[test]
    fn every_disguise_changes_the_text_and_most_keep_links() {
        for disguise in Disguise::ALL {
            for strength in [Strength::Training, Strength::Attack] {
                let other = disguise.put_on(TEXT, strength, &mut Dice::new(5, 5));
                assert_ne!(other, TEXT, "{}", disguise.as_str());
                let whole = other.contains("http://shop.example.com/sale");
                assert!(whole || matches!(disguise, Disguise::LinkSplit | Disguise::Mixed), "{other}");
            }
        }
    }

    #[test]
    fn the_same_dice_disguise_the_same_way() {
        let disguised = || Disguise::Mixed.apply("some ordinary words to hide", &mut Dice::new(1, 2));
        assert_eq!(disguised(), disguised());
    }

    #[test]
    fn an_attack_has_letters_that_are_not_taught() {
        for disguise in [Disguise::Leet, Disguise::LookAlike, Disguise::Invisible, Disguise::Styled] {
            let used = |strength| {
                let texts = (0..200).map(|seed| disguise.put_on(TEXT, strength, &mut Dice::new(seed, 1)));
                texts.flat_map(|text| text.chars().collect::<Vec<_>>()).collect::<std::collections::BTreeSet<_>>()
            };
            let (taught, attack) = (used(Strength::Training), used(Strength::Attack));
            assert!(taught.is_subset(&attack) && attack.len() > taught.len(), "{}", disguise.as_str());
        }
    }

    #[test]
    fn marked_links_show_their_address_before_it_is_taken_apart() {
        assert_eq!(
            with_addresses_shown(
                "see <a href=\"http://e.example/x\" rel=nofollow>my shop</a>! [url=http://b.example]b[/url]"
            ),
            "see my shop http://e.example/x ! b http://b.example "
        );
        assert_eq!(with_addresses_shown("nothing here"), "nothing here");
    }

    #[test]
    fn hosts_are_taken_apart_and_paths_are_not() {
        let split = |seed| split_link("http://e.example.com/x.html", Strength::Training, &mut Dice::new(seed, 1));
        for link in (0..20).map(split) {
            assert!(!link.contains("example.com") && link.ends_with("/x.html"), "{link}");
        }
    }
}
