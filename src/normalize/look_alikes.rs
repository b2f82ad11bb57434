//! Letters of one script in the words of another, as in `pаypal` with a Cyrillic а.

use super::Disguise;
use super::reading::over;
use super::script::{Script, is_east_asian, script};
use super::undone::Letter;
use crate::span::Span;

/// The letters of a text or word, counted by script.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    latin: u32,
    greek: u32,
    cyrillic: u32,
    rare: u32,
    apart: u32,
    /// Latin letters that no language of many readers uses: phonetic signs, small capitals.
    odd: u32,
    /// Latin letters that look like no Cyrillic one.
    only_latin: u32,
    /// Greek and Cyrillic letters that look like no Latin one.
    only_foreign: u32,
}

impl Counts {
    pub(super) fn of(letters: impl Iterator<Item = char>) -> Self {
        let mut counts = Self::default();
        for c in letters {
            let letter = Letter { c, at: Span::default(), upper: false, kept: false };
            match script(c) {
                Script::Latin => counts.only_latin += u32::from(cyrillic(&letter).is_none()),
                Script::Greek | Script::Cyrillic => counts.only_foreign += u32::from(latin(&letter).is_none()),
                _ => {}
            }
            match script(c) {
                Script::Latin => {
                    counts.latin += 1;
                    counts.odd += u32::from(is_odd(c));
                }
                Script::Greek => counts.greek += 1,
                Script::Cyrillic => counts.cyrillic += 1,
                Script::Rare => counts.rare += 1,
                Script::Apart => counts.apart += 1,
                Script::None => {}
            }
        }
        counts
    }

    /// Whether the text is a Latin one. Letters that may be either do not count: in a disguised text they are many.
    fn mostly_latin(&self) -> bool {
        self.only_latin > 2 * (self.only_foreign + self.apart)
            && self.latin > self.greek + self.cyrillic + self.rare + self.apart
    }
}

/// What was found in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing to undo.
    Nothing,
    /// Letters were replaced, though their being there may be honest.
    Folded,
    /// Letters of another script were replaced.
    Disguised,
    /// Small capitals were replaced.
    Styled,
}

/// Whether several words of a Latin text have letters of other scripts in them.
pub(super) fn is_habit(letters: &[Letter], text: &Counts) -> bool {
    let is_mixed = |word: &[Letter]| {
        let counts = Counts::of(word.iter().map(|letter| letter.c));
        let foreign = counts.greek + counts.cyrillic + counts.rare;
        counts.latin > 0
            && foreign > 0
            && !is_formula(word, &counts)
            && word.iter().all(|letter| latin(letter).is_some())
    };
    let words = letters.chunk_by(|a, b| a.c.is_alphabetic() == b.c.is_alphabetic());
    text.mostly_latin() && words.filter(|word| word.len() > 2 && is_mixed(word)).nth(1).is_some()
}

/// Gives a word the letters of one script, and notes in `changed` which ones were replaced. `text` counts the letters of
/// the whole text; `habit` says that other words of it are mixed.
pub(super) fn fold(word: &mut [Letter], text: &Counts, habit: bool, changed: &mut Vec<usize>) -> Found {
    changed.clear();
    if word.iter().all(|letter| letter.c.is_ascii()) {
        return Found::Nothing;
    }
    let counts = Counts::of(word.iter().map(|letter| letter.c));
    if counts.odd > 0 {
        return odd(word, &counts, changed);
    }
    let foreign = counts.greek + counts.cyrillic + counts.rare;
    if counts.latin == 0 {
        let whole = text.mostly_latin() && counts.apart == 0 && (foreign >= 2 || habit);
        let known = |letter: &Letter| latin(letter).filter(|(_, strong)| *strong || habit).map(|(c, _)| (c, true));
        let written: Option<String> = word.iter().map(|letter| known(letter).map(|(c, _)| c)).collect();
        let is_word = |word: String| habit || super::dictionary::contains(&word) || super::lexicon::contains(&word);
        return if whole && written.is_some_and(is_word) && replace(word, changed, known) {
            if foreign >= 4 { Found::Disguised } else { Found::Folded }
        } else {
            Found::Nothing
        };
    }
    if foreign == 0 {
        return if counts.apart > 0 { among_latin(word, changed) } else { Found::Nothing };
    }
    if is_formula(word, &counts) {
        return Found::Nothing;
    }
    let honest_ending = !text.mostly_latin() && is_latin_with_ending(word);
    // In a Cyrillic text a word that is mostly Cyrillic is meant to be.
    let loose = text.mostly_latin() || counts.latin > foreign;
    let sure = text.mostly_latin() && counts.latin >= 2;
    if replace(word, changed, |letter| {
        let (c, strong) = latin(letter).filter(|(_, strong)| *strong || loose || script(letter.c) == Script::Latin)?;
        Some((c, strong || sure && script(letter.c) != Script::Latin))
    }) {
        return if honest_ending { Found::Folded } else { Found::Disguised };
    }
    let acronym = word.iter().filter(|letter| script(letter.c) == Script::Latin).all(|letter| letter.upper)
        && word.iter().filter(|letter| script(letter.c) == Script::Cyrillic).any(|letter| !letter.upper);
    if counts.cyrillic > 0 && counts.greek + counts.rare == 0 && replace(word, changed, cyrillic) {
        return if acronym { Found::Folded } else { Found::Disguised };
    }
    Found::Nothing
}

/// Replaces every letter that is not yet of the wanted script, or none.
fn replace(word: &mut [Letter], changed: &mut Vec<usize>, to: impl Fn(&Letter) -> Option<(char, bool)>) -> bool {
    let mut any_strong = false;
    let mut new = Vec::with_capacity(word.len());
    for letter in word.iter() {
        match to(letter) {
            Some((c, strong)) => {
                any_strong |= strong && c != letter.c;
                new.push(c);
            }
            None => return false,
        }
    }
    if !any_strong {
        return false;
    }
    for (i, (letter, c)) in word.iter_mut().zip(new).enumerate() {
        if letter.c != c {
            letter.c = c;
            changed.push(i);
        }
    }
    true
}

/// A Greek letter in front or behind, as in `Δt`, `µm`, `λx`, `10kΩ`.
fn is_formula(word: &[Letter], counts: &Counts) -> bool {
    let greek_at = |letter: Option<&Letter>| letter.is_some_and(|letter| script(letter.c) == Script::Greek);
    let edges = u32::from(greek_at(word.first())) + u32::from(greek_at(word.last()));
    // Capitals that look Latin and small letters that do are names only before one or two others.
    let names = |letter: &Letter| match letter.c {
        'δ' | 'λ' | 'π' | 'ω' | 'σ' | 'θ' | 'φ' | 'ψ' | 'ξ' => !letter.upper || counts.latin <= 2,
        'μ' => !letter.upper,
        'α' | 'β' | 'γ' | 'ε' => !letter.upper && counts.latin <= 2,
        _ => false,
    };
    counts.cyrillic + counts.rare == 0
        && counts.greek <= edges
        && word.iter().filter(|letter| script(letter.c) == Script::Greek).all(names)
        && (counts.greek == 1 || counts.latin <= 2)
        && (word.len() <= 4 || greek_at(word.first()))
}

/// A Latin name with an ending of the text's own language, as in `vpnом`.
fn is_latin_with_ending(word: &[Letter]) -> bool {
    let latin = word.iter().take_while(|letter| script(letter.c) != Script::Cyrillic).count();
    latin >= 2 && latin < word.len() && word[latin..].iter().all(|letter| script(letter.c) == Script::Cyrillic)
}

/// Letters of far-off scripts between Latin ones. At the edges they are prefixes and endings of Hebrew, Korean and so on.
fn among_latin(word: &mut [Letter], changed: &mut Vec<usize>) -> Found {
    let is_latin = |letter: &Letter| script(letter.c) == Script::Latin;
    let (Some(first), Some(last)) = (word.iter().position(is_latin), word.iter().rposition(is_latin)) else {
        return Found::Nothing;
    };
    let inner = &mut word[first..=last];
    let latin_letters = inner.iter().filter(|letter| is_latin(letter)).count();
    if latin_letters * 2 <= inner.len() || inner.iter().any(|letter| is_east_asian(letter.c)) {
        return Found::Nothing;
    }
    let done = replace(inner, changed, |letter| {
        if is_latin(letter) || script(letter.c) == Script::None { Some((letter.c, false)) } else { cured(letter.c) }
    });
    changed.iter_mut().for_each(|i| *i += first);
    if done { Found::Disguised } else { Found::Nothing }
}

/// Phonetic signs and small capitals.
fn odd(word: &mut [Letter], counts: &Counts, changed: &mut Vec<usize>) -> Found {
    let small_capitals = word.iter().filter(|letter| is_small_capital(letter.c)).count();
    let foreign = counts.greek + counts.cyrillic + counts.rare > 0;
    let done = replace(word, changed, |letter| {
        if is_odd(letter.c) { cured(letter.c) } else { latin(letter).or(Some((letter.c, false))) }
    });
    match done {
        true if foreign => Found::Disguised,
        true if small_capitals >= 3 => Found::Styled,
        true => Found::Folded,
        false => Found::Nothing,
    }
}

pub(super) fn is_odd(c: char) -> bool {
    match c {
        // Letters of Hausa, Ewe, Twi, Azerbaijani, Vietnamese, Romanian and of Pinyin.
        'ɓ' | 'ɖ' | 'ɗ' | 'ɛ' | 'ƒ' | 'ɣ' | 'ɔ' | 'ʋ' | 'ƙ' | 'ƴ' | 'ə' | 'ǝ' | 'ɩ' | 'ɲ' | 'ơ' | 'ư' => {
            false
        }
        _ => {
            matches!(c as u32, 0x180..=0x1CC | 0x1DD..=0x1E5 | 0x221..=0x225 | 0x234..=0x2AF | 0x1D00..=0x1D25 | 0x1D6B..=0x1D9A
            | 0x2C60..=0x2C7F | 0xA722..=0xA787 | 0xA78B..=0xA7FF | 0xAB30..=0xAB64)
        }
    }
}

fn is_small_capital(c: char) -> bool {
    matches!(c as u32, 0x1D00..=0x1D22 | 0xA730 | 0xA731) || matches!(c, 'ʀ' | 'ɪ' | 'ɴ' | 'ʟ' | 'ʏ' | 'ʜ' | 'ʙ' | 'ɢ')
}

/// Chinese characters and letters of Bopomofo that are drawn like Latin capitals.
const DRAWN: &[(char, char)] = &[
    ('丂', 's'),
    ('丄', 'l'),
    ('丅', 't'),
    ('丁', 't'),
    ('丨', 'i'),
    ('丫', 'y'),
    ('乂', 'x'),
    ('乃', 'b'),
    ('乇', 'e'),
    ('乙', 'z'),
    ('冂', 'n'),
    ('几', 'n'),
    ('凵', 'u'),
    ('匚', 'c'),
    ('千', 'f'),
    ('卂', 'a'),
    ('卄', 'h'),
    ('卩', 'p'),
    ('口', 'o'),
    ('尺', 'r'),
    ('山', 'w'),
    ('工', 'i'),
    ('爪', 'm'),
    ('片', 'k'),
    ('ㄒ', 't'),
    ('ㄖ', 'o'),
    ('ㄚ', 'y'),
    ('ㄥ', 'l'),
    ('ㄩ', 'u'),
    ('ᐯ', 'v'),
    ('ᗪ', 'd'),
    ('ꮆ', 'g'),
    ('ᘜ', 'g'),
];

/// Spells words that are drawn with Chinese characters, `卂尺乇`, in a text that has no other ones.
pub(super) fn undraw(letters: &mut [Letter], disguise: &mut Disguise) {
    let drawn = |c: char| DRAWN.iter().find(|(sign, _)| *sign == c).map(|(_, letter)| *letter);
    let is_asian = |letter: &&Letter| is_east_asian(letter.c);
    if !letters.iter().any(|letter| is_east_asian(letter.c))
        || letters.iter().filter(is_asian).any(|letter| drawn(letter.c).is_none())
    {
        return;
    }
    for word in letters.chunk_by_mut(|a, b| a.c.is_alphabetic() == b.c.is_alphabetic()) {
        let signs = word.iter().filter(is_asian).count();
        let first_and_last = [word.first(), word.last()].into_iter().flatten().any(|letter| is_east_asian(letter.c));
        let readable = word.iter().all(|letter| letter.c.is_ascii_lowercase() || drawn(letter.c).is_some());
        if signs == 0 || !readable || word.len() < 3 || signs < 3 && first_and_last {
            continue;
        }
        disguise.styled.push(over(&word.iter().map(|letter| letter.at).collect::<Vec<_>>()));
        word.iter_mut().for_each(|letter| letter.c = drawn(letter.c).unwrap_or(letter.c));
    }
    disguise.styled.sort_unstable();
}

/// What a letter stands for by decancer's table.
fn cured(c: char) -> Option<(char, bool)> {
    match decancer::cure_char!(c) {
        decancer::Translation::Character(cured) if cured.is_ascii_alphabetic() => Some((cured, true)),
        _ => None,
    }
}

/// The Latin letter that this one looks like, and whether readers really take it for that.
fn latin(letter: &Letter) -> Option<(char, bool)> {
    let c = letter.c;
    match script(c) {
        Script::Latin | Script::None => return Some((c, false)),
        Script::Apart => return None,
        Script::Rare => return cured(c),
        Script::Greek | Script::Cyrillic => {}
    }
    let strong = |to| Some((to, true));
    let weak = |to| Some((to, letter.upper));
    match c {
        'а' | 'α' | 'ά' | 'ӑ' | 'ӓ' => strong('a'),
        'с' | 'ϲ' | 'ҫ' => strong('c'),
        'ԁ' => strong('d'),
        'е' | 'ё' | 'є' | 'ҽ' | 'ε' | 'έ' | 'ѐ' => strong('e'),
        'һ' => strong('h'),
        'і' | 'ї' | 'ι' | 'ί' | 'ϊ' => strong('i'),
        'ј' | 'ϳ' => strong('j'),
        'κ' => strong('k'),
        'ӏ' => strong('l'),
        'о' | 'ο' | 'ό' | 'ӧ' | 'ө' | 'σ' => strong('o'),
        'р' | 'ρ' => strong('p'),
        'ԛ' => strong('q'),
        'ѕ' => strong('s'),
        'τ' => strong('t'),
        'υ' | 'ύ' if letter.upper => strong('y'),
        'υ' | 'ύ' | 'μ' if !letter.upper => strong('u'),
        'ν' if letter.upper => strong('n'),
        'ν' | 'ѵ' => strong('v'),
        'ԝ' | 'ω' | 'ώ' if !letter.upper => strong('w'),
        'ԝ' => strong('w'),
        'х' | 'χ' => strong('x'),
        'у' | 'γ' | 'ү' | 'ў' => strong('y'),
        'ζ' if letter.upper => strong('z'),
        'λ' if letter.upper => strong('a'),
        'η' | 'ή' if letter.upper => strong('h'),
        'η' | 'ή' | 'π' => weak('n'),
        'μ' => strong('m'),
        'в' | 'ь' | 'β' => weak('b'),
        'к' => weak('k'),
        'м' => weak('m'),
        'н' => weak('h'),
        'т' => weak('t'),
        'п' | 'и' => Some(('n', false)),
        'г' | 'я' => Some(('r', false)),
        'ш' => Some(('w', false)),
        'ц' => Some(('u', false)),
        'д' => Some(('a', false)),
        'э' => Some(('e', false)),
        _ => None,
    }
}

/// The Cyrillic letter that this Latin one looks like.
fn cyrillic(letter: &Letter) -> Option<(char, bool)> {
    match script(letter.c) {
        Script::Cyrillic | Script::None => return Some((letter.c, false)),
        Script::Latin => {}
        _ => return None,
    }
    // These are taken for each other only among letters that really look alike.
    let weak = matches!(letter.c, 'n' | 'r' | 's' | 'u');
    let to = match letter.c {
        'a' => 'а',
        'b' if letter.upper => 'в',
        'c' => 'с',
        'e' => 'е',
        'h' if letter.upper => 'н',
        'i' => 'і',
        'k' => 'к',
        'm' => 'м',
        'n' => 'п',
        'o' => 'о',
        'p' => 'р',
        'r' => 'г',
        's' => 'ѕ',
        't' => 'т',
        'u' => 'и',
        'x' => 'х',
        'y' => 'у',
        _ => return None,
    };
    Some((to, !weak))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str, word: &str) -> (String, Found) {
        let counts = Counts::of(text.chars().flat_map(char::to_lowercase));
        let mut letters: Vec<Letter> = word
            .chars()
            .map(|c| Letter {
                c: c.to_lowercase().next().unwrap_or(c),
                at: Span::default(),
                upper: c.is_uppercase(),
                kept: false,
            })
            .collect();
        let found = fold(&mut letters, &counts, false, &mut Vec::new());
        (letters.into_iter().map(|letter| letter.c).collect(), found)
    }

    #[test]
    fn letters_of_another_script_are_replaced() {
        let english = "please visit my page about this thing";
        for (word, expected) in [
            ("pаypal", "paypal"),
            ("vіаgrа", "viagra"),
            ("ΒUY", "buy"),
            ("сrурtо", "crypto"),
            ("ϲasinο", "casino"),
            ("роrnо", "porno"),
            ("Ꭰrugs", "drugs"),
        ] {
            assert_eq!(folded(english, word), (expected.to_owned(), Found::Disguised), "{word}");
        }
        assert_eq!(folded("это обычный русский текст", "пpивeт"), ("привет".to_owned(), Found::Disguised));
        assert_eq!(folded(english, "ᴠɪᴀɢʀᴀ"), ("viagra".to_owned(), Found::Styled));
    }

    #[test]
    fn honest_words_are_no_disguise() {
        let russian = "это обычный русский текст про программы";
        let english = "the time step and the voltage in the formula are";
        for (text, word) in [
            (russian, "привет"),
            (russian, "vpnом"),
            (russian, "IPтелефония"),
            (russian, "хор"),
            (russian, "nГде"),
            (english, "Δt"),
            (english, "μm"),
            (english, "λx"),
            (english, "kΩ"),
            (english, "привет"),
            (english, "или"),
            (english, "λόγος"),
            (english, "naïve"),
            (english, "ʋɛɖoƒe"),
            ("我用手机", "iphone手机app"),
            ("אני עובד", "בgoogle"),
            ("한국어", "pc방"),
        ] {
            let found = folded(text, word).1;
            assert!(matches!(found, Found::Nothing | Found::Folded), "{word}: {found:?}");
        }
    }
}
