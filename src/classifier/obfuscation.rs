//! The disguises of spammers, put on: for teaching the classifier, and for testing what it does about them.

use super::dice::Dice;

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
    /// Mathematical and full-width letters.
    Styled,
    /// Combining marks on letters.
    Marks,
    /// Links taken apart: `example (dot) com`.
    LinkSplit,
    /// For every word another one of these.
    Mixed,
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

    /// Puts the disguise on a text. Links stay whole, but for [`Disguise::LinkSplit`].
    pub fn apply(self, text: &str, dice: &mut Dice) -> String {
        // A hurried spammer disguises some words, a thorough one nearly all.
        let share = dice.pick(&[0.4, 0.7, 1.0]);
        let style = dice.pick(STYLES);
        let mut out = String::with_capacity(text.len() * 2);
        for word in text.split_inclusive(char::is_whitespace) {
            let disguise = if self == Self::Mixed { dice.pick(&Self::ALL[..7]) } else { self };
            let is_link = word.contains("://") || word.contains("www.") || word.contains("href");
            if is_link && disguise == Self::LinkSplit {
                out.push_str(&split_link(word, dice));
            } else if is_link || !dice.chance(share) {
                out.push_str(word);
            } else {
                disguise.word(word, style, dice, &mut out);
            }
        }
        out
    }

    fn word(self, word: &str, style: (char, char), dice: &mut Dice, out: &mut String) {
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        if letters < 3 {
            return out.push_str(word);
        }
        let mut chars = word.chars().peekable();
        while let Some(c) = chars.next() {
            let inside = chars.peek().is_some_and(|next| next.is_alphanumeric()) && c.is_alphanumeric();
            match self {
                Self::Leet => out.push(if dice.chance(0.6) { replaced(LEET, c, dice) } else { c }),
                Self::LookAlike => out.push(if dice.chance(0.5) { replaced(LOOK_ALIKES, c, dice) } else { c }),
                Self::Invisible => {
                    out.push(c);
                    if inside && dice.chance(0.4) {
                        out.push(dice.pick(&['\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{ad}', '\u{feff}']));
                    }
                }
                Self::Spacing => {
                    out.push(c);
                    if inside {
                        out.push(style.0);
                    }
                }
                Self::Styled => out.push(styled(c, style.1)),
                Self::Marks => {
                    out.push(c);
                    if c.is_alphabetic() && dice.chance(0.6) {
                        out.extend(char::from_u32(0x300 + dice.below(0x30) as u32));
                    }
                }
                Self::LinkSplit | Self::Mixed => out.push(c),
            }
        }
    }
}

/// What a text is set apart by, and the first capital of a style.
const STYLES: &[(char, char)] = &[
    (' ', '\u{1d400}'),
    (' ', '\u{1d5d4}'),
    ('.', '\u{1d608}'),
    ('-', '\u{1d63c}'),
    ('_', '\u{1d670}'),
    ('*', '\u{ff21}'),
    (' ', '\u{1d4d0}'),
];

const LEET: &[(char, &str)] = &[
    ('a', "4@"),
    ('b', "8"),
    ('e', "3"),
    ('g', "9"),
    ('i', "1!"),
    ('l', "1|"),
    ('o', "0"),
    ('s', "5$"),
    ('t', "7+"),
    ('z', "2"),
];

const LOOK_ALIKES: &[(char, &str)] = &[
    ('a', "аα"),
    ('c', "сϲ"),
    ('e', "её"),
    ('h', "һ"),
    ('i', "іι"),
    ('j', "ј"),
    ('k', "кκ"),
    ('m', "м"),
    ('n', "п"),
    ('o', "оοօ"),
    ('p', "рρ"),
    ('r', "г"),
    ('s', "ѕ"),
    ('t', "т"),
    ('u', "υս"),
    ('v', "ν"),
    ('x', "хχ"),
    ('y', "уγ"),
    ('а', "a"),
    ('е', "e"),
    ('о', "o"),
    ('р', "p"),
    ('с', "c"),
    ('у', "y"),
    ('х', "x"),
];

fn replaced(table: &[(char, &str)], c: char, dice: &mut Dice) -> char {
    let lower = c.to_lowercase().next().unwrap_or(c);
    match table.iter().find(|(from, _)| *from == lower) {
        Some((_, to)) => to.chars().nth(dice.below(to.chars().count())).unwrap_or(c),
        None => c,
    }
}

/// The letter in a style whose `capital` A is given. Full-width small letters come 32 after the capitals, others 26.
fn styled(c: char, capital: char) -> char {
    let small = if capital == '\u{ff21}' { 32 } else { 26 };
    let place = match c {
        'A'..='Z' => u32::from(c) - u32::from('A'),
        'a'..='z' => u32::from(c) - u32::from('a') + small,
        _ => return c,
    };
    char::from_u32(u32::from(capital) + place).unwrap_or(c)
}

fn split_link(word: &str, dice: &mut Dice) -> String {
    let dot = dice.pick(&[" . ", " (dot) ", "[.]", " dot ", " ."]);
    let bare = if dice.chance(0.5) {
        word.replace("https://", "").replace("http://", "")
    } else {
        word.replace("://", ": //")
    };
    bare.replace('.', dot)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disguise_changes_the_text_and_most_keep_links() {
        let text = "Best replica watches today at http://shop.example.com/sale right here";
        for disguise in Disguise::ALL {
            let mut dice = Dice::new(5, 5);
            let other = disguise.apply(text, &mut dice);
            assert_ne!(other, text, "{}", disguise.as_str());
            let whole = other.contains("http://shop.example.com/sale");
            assert!(whole || matches!(disguise, Disguise::LinkSplit | Disguise::Mixed), "{other}");
        }
    }

    #[test]
    fn the_same_dice_disguise_the_same_way() {
        let disguised = || Disguise::Mixed.apply("some ordinary words to hide", &mut Dice::new(1, 2));
        assert_eq!(disguised(), disguised());
    }

    #[test]
    fn styles_are_letters_of_unicode() {
        assert_eq!(styled('a', '\u{1d400}'), '𝐚');
        assert_eq!(styled('Z', '\u{1d400}'), '𝐙');
        assert_eq!(styled('b', '\u{ff21}'), 'ｂ');
        assert_eq!(styled('é', '\u{ff21}'), 'é');
    }
}
