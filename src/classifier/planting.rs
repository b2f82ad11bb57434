//! Adverts that are made up for teaching: a brand or an address planted in an ordinary comment, and phrases of advertising in
//! any language.
//!
//! Such spam has the words of its neighbours, whatever language they write, so a head that has only learned words cannot see it
//! on a site that is new to it. Put into comments of all sources, it teaches what is left: how a brand is written, how little of
//! the text is disguised, which concepts come together.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::dice::Dice;
use super::obfuscation::Disguise;
use crate::concepts::{self, Concept};

/// What is made of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Planted {
    /// A brand or an address stands between its words.
    Brand,
    /// It begins or ends in an advert, or gives way to one.
    Advert,
}

impl Planted {
    pub(super) const ALL: [Self; 2] = [Self::Brand, Self::Advert];

    /// The comment with what is planted in it.
    pub(super) fn in_text(self, text: &str, dice: &mut Dice) -> String {
        match self {
            Self::Brand => {
                let planted = if dice.chance(0.75) { brand(dice) } else { address(dice) };
                between_words(text, &planted, dice)
            }
            Self::Advert => {
                let advert = advert(dice);
                match dice.below(3) {
                    0 => format!("{advert} {text}"),
                    1 => format!("{text} {advert}"),
                    _ => advert,
                }
            }
        }
    }
}

#[rustfmt::skip]
const STARTS: &[&str] = &[
    "b", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "br", "dr", "gr", "kl", "pl", "st", "tr",
];
const VOWELS: &[&str] = &["a", "e", "i", "o", "u", "a", "o", "i", "ia", "au"];
const ENDS: &[&str] = &["", "", "", "n", "r", "s", "x", "l", "ng", "t", "k"];
/// What advertised names end in, the world over.
#[rustfmt::skip]
const SUFFIXES: &[&str] =
    &["bet", "win", "slot", "play", "spin", "club", "vip", "pro", "coin", "trade", "cash", "shop", "fx"];
/// What a name is put between.
#[rustfmt::skip]
const FRAMES: &[(&str, &str)] = &[
    ("⭐", "⭐"), ("🔥", "🔥"), ("★ ", " ★"), ("👉 ", " 👈"), ("《", "》"), ("【", "】"), ("░", "░"), ("✦", "✦"),
    ("“", "”"), ("🚩", " "), ("➡️ ", ""), ("_", "_"), ("*", "*"), ("👉", ""), ("💎 ", " 💎"),
];
/// What stands between a name and its number; mostly nothing.
const JOINTS: &[&str] = &["", "", "", "", "", " ", "⭐", "-", "'", "🔥", ".", "💎"];
/// Names of messengers, with what stands between name and address.
#[rustfmt::skip]
const MESSENGERS: &[&str] = &[
    "t.me/", "https://t.me/", "http://wa.me/", "telegram: @", "WhatsApp ", "tg @", "wechat: ", "QQ ", "line id ",
    "instagram @",
];
/// How brands are disguised: most of them in styled letters.
const DISGUISES: &[Disguise] = &[
    Disguise::Styled,
    Disguise::Styled,
    Disguise::Styled,
    Disguise::LookAlike,
    Disguise::Spacing,
    Disguise::Mixed,
    Disguise::Invisible,
];

/// A name that nobody has, as brands are called.
fn name(dice: &mut Dice) -> String {
    let mut name = String::new();
    for _ in 0..1 + dice.below(3) {
        for part in [STARTS, VOWELS, ENDS] {
            name.push_str(dice.pick(part));
        }
    }
    if dice.chance(0.35) || name.len() < 4 {
        name.push_str(dice.pick(SUFFIXES));
    }
    name
}

/// A number as brands have it.
fn number(dice: &mut Dice) -> String {
    let (first, second) = (1 + dice.below(9), dice.below(10));
    match dice.below(5) {
        0 | 1 => format!("{second}{second}"),
        2 => format!("{second}{second}{second}"),
        3 => format!("{first}{second}"),
        _ => format!("{first}{}{second}", dice.below(10)),
    }
}

fn in_some_case(name: String, dice: &mut Dice) -> String {
    match dice.below(4) {
        0 | 1 => name.to_uppercase(),
        2 => name,
        _ => {
            let mut letters = name.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }
    }
}

/// A brand as spammers write it: mostly with a number, mostly disguised.
fn brand(dice: &mut Dice) -> String {
    let mut brand = name(dice);
    brand = in_some_case(brand, dice);
    let numbered = dice.chance(0.75);
    if numbered {
        brand.push_str(dice.pick(JOINTS));
        brand.push_str(&number(dice));
    }
    // Without a number and without a disguise it would be a word like any other.
    if dice.chance(0.55) || !numbered {
        brand = dice.pick(DISGUISES).apply_for_training(&brand, dice);
    }
    if dice.chance(0.25) {
        let (before, after) = dice.pick(FRAMES);
        brand = format!("{before}{brand}{after}");
    }
    brand
}

/// A way to be reached.
fn address(dice: &mut Dice) -> String {
    let mut address = dice.pick(MESSENGERS).to_owned();
    if dice.chance(0.4) {
        (0..6 + dice.below(5)).for_each(|_| address.push_str(&dice.below(10).to_string()));
    } else {
        address.push_str(&name(dice));
        if dice.chance(0.6) {
            address.push_str(&dice.below(10_000).to_string());
        }
    }
    address
}

/// `text` with `planted` between two words or at an end.
fn between_words(text: &str, planted: &str, dice: &mut Dice) -> String {
    let gaps: Vec<usize> = text.match_indices(' ').map(|(at, _)| at).collect();
    match dice.below(4) {
        0 => format!("{planted} {text}"),
        2 | 3 if !gaps.is_empty() => {
            let (before, after) = text.split_at(gaps[dice.below(gaps.len())]);
            format!("{before} {planted}{after}")
        }
        _ => format!("{text} {planted}"),
    }
}

/// Phrases of advertising in one language.
struct Phrases {
    /// By what is offered.
    subjects: Vec<Vec<&'static str>>,
    /// What to do about it.
    calls: Vec<&'static str>,
    /// What stands between phrases.
    joints: &'static [&'static str],
}

static PHRASES: LazyLock<Vec<Phrases>> = LazyLock::new(|| {
    let mut by_language: BTreeMap<&str, BTreeMap<Concept, Vec<&str>>> = BTreeMap::new();
    for (concept, language, words) in concepts::listed().filter(|(concept, ..)| concept.is_advertised()) {
        if let Some(language) = language {
            by_language.entry(language.code()).or_default().entry(concept).or_default().push(words);
        }
    }
    let phrases = |(code, lists): (&str, BTreeMap<Concept, Vec<&'static str>>)| {
        let (calls, subjects): (Vec<_>, Vec<_>) = lists.into_iter().partition(|(concept, _)| is_call(*concept));
        Phrases {
            subjects: subjects.into_iter().map(|(_, words)| words).collect(),
            calls: calls.into_iter().flat_map(|(_, words)| words).collect(),
            joints: match code {
                "zh" | "ja" | "th" => &["", "，", "！", " ", "\n"],
                _ => &[" ", " ", ", ", "! ", "\n", " - "],
            },
        }
    };
    let is_whole = |phrases: &Phrases| !phrases.subjects.is_empty() && !phrases.calls.is_empty();
    by_language.into_iter().map(phrases).filter(is_whole).collect()
});

fn is_call(concept: Concept) -> bool {
    matches!(concept, Concept::Messenger | Concept::Contact | Concept::CallToClick | Concept::Offers)
}

/// An advert put together from the lists of one language: a subject or two, and what to do about it.
fn advert(dice: &mut Dice) -> String {
    let phrases = &PHRASES[dice.below(PHRASES.len())];
    let mut parts = Vec::new();
    for _ in 0..1 + dice.below(2) {
        let subject = &phrases.subjects[dice.below(phrases.subjects.len())];
        (0..1 + dice.below(2)).for_each(|_| parts.push(dice.pick(subject).to_owned()));
    }
    (0..1 + dice.below(2)).for_each(|_| parts.push(dice.pick(&phrases.calls).to_owned()));
    dice.shuffle(&mut parts);
    if dice.chance(0.4) {
        parts.push(if dice.chance(0.4) { brand(dice) } else { address(dice) });
    }
    parts.join(dice.pick(phrases.joints))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::normalize;

    fn planted(kind: Planted, text: &str) -> Vec<String> {
        (0..200).map(|n| kind.in_text(text, &mut Dice::new(1, n))).collect()
    }

    #[test]
    fn a_brand_stands_among_the_words_of_the_comment() {
        let text = "what a lovely day";
        let all = planted(Planted::Brand, text);
        for found in &all {
            assert!(found.len() > text.len() && text.split(' ').all(|word| found.contains(word)), "{found}");
        }
        assert!(all.iter().any(|found| !normalize(found).disguise.styled.is_empty()));
        assert!(all.iter().any(|found| found.contains("t.me/")));
        assert_eq!(all, planted(Planted::Brand, text), "the same dice plant the same");
    }

    #[test]
    fn an_advert_names_what_is_advertised_in_any_language() {
        let all = planted(Planted::Advert, "ok");
        let names = |text: &&String| {
            concepts::find(&normalize(text).reading().text).iter().any(|hit| hit.concept.is_advertised())
        };
        // A stem from a list alone may be no word of its language.
        assert!(all.iter().filter(names).count() > 180);
        assert!(PHRASES.len() >= 30, "{}", PHRASES.len());
    }

    #[test]
    fn a_comment_without_a_gap_is_planted_in_too() {
        for text in ["", "嗨", "word"] {
            assert!(planted(Planted::Brand, text).iter().all(|found| found.contains(text) && found.len() > text.len()));
        }
    }
}
