//! Letters of one script in the words of another, as in `pаypal` with a Cyrillic а.

use super::odd_letters::{african, cured, is_hidden, is_odd};
use super::script::{Script, is_east_asian, script};
use super::undone::Letter;
use super::{dictionary, lexicon, odd_letters};
use crate::letters;
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
    let words = letters.chunk_by(|a, b| letters::is_alphabetic(a.c) == letters::is_alphabetic(b.c));
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
    let foreign = counts.greek + counts.cyrillic + counts.rare;
    if counts.odd > 0 || word.iter().any(|letter| african(letter.c).is_some()) && is_hidden(word, habit) {
        return odd_letters::fold(word, foreign > 0, changed);
    }
    if counts.latin == 0 {
        let whole = text.mostly_latin() && counts.apart == 0 && (foreign >= 2 || habit);
        let known = |letter: &Letter| latin(letter).filter(|(_, strong)| *strong || habit).map(|(c, _)| (c, true));
        let written: Option<String> = word.iter().map(|letter| known(letter).map(|(c, _)| c)).collect();
        let is_word = |word: String| habit || dictionary::contains(&word) || lexicon::contains(&word);
        return if whole && written.is_some_and(is_word) && replace(word, changed, known) {
            if foreign >= 4 { Found::Disguised } else { Found::Folded }
        } else {
            Found::Nothing
        };
    }
    let circles = word.iter().all(|letter| latin(letter).is_some());
    if foreign == 0 && !(circles && text.mostly_latin()) {
        return if counts.apart > 0 { among_latin(word, changed) } else { Found::Nothing };
    }
    let reads_well = |word: &[Letter]| {
        let read: Option<String> = word.iter().map(|letter| latin(letter).map(|(c, _)| c)).collect();
        read.is_some_and(|read| read.len() > 2 && (dictionary::contains(&read) || lexicon::contains(&read)))
    };
    if is_formula(word, &counts) && !reads_well(word) {
        return Found::Nothing;
    }
    // In a Cyrillic text Latin letters hide in Cyrillic words, and not the other way round.
    let cyrillic_text = text.only_foreign > 2 * text.only_latin;
    if cyrillic_text && counts.cyrillic > counts.latin && !is_latin_with_ending(word) {
        round_zeros(word, changed);
        let zeros = changed.clone();
        if counts.greek + counts.rare == 0 && replace(word, changed, cyrillic) {
            changed.extend(zeros);
            changed.sort_unstable();
            return Found::Disguised;
        }
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

/// Zeros between Cyrillic letters are letters.
fn round_zeros(word: &mut [Letter], changed: &mut Vec<usize>) {
    let is_cyrillic = |letter: &Letter| script(letter.c) == Script::Cyrillic;
    for i in 1..word.len().saturating_sub(1) {
        if word[i].c == '0' && is_cyrillic(&word[i - 1]) && is_cyrillic(&word[i + 1]) {
            word[i].c = 'о';
            changed.push(i);
        }
    }
}

/// Replaces every letter that is not yet of the wanted script, or none.
pub(super) fn replace(
    word: &mut [Letter],
    changed: &mut Vec<usize>,
    to: impl Fn(&Letter) -> Option<(char, bool)>,
) -> bool {
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

/// The Latin letter that this one looks like, and whether readers really take it for that.
pub(super) fn latin(letter: &Letter) -> Option<(char, bool)> {
    let c = letter.c;
    match script(c) {
        Script::Latin | Script::None => return Some((c, false)),
        // Letters of Malayalam, Burmese and others that are but a circle.
        Script::Apart => return matches!(c, 'ഠ' | 'ဝ' | 'ዐ' | 'ଠ').then_some(('o', true)),
        Script::Rare => return cured(c),
        Script::Greek | Script::Cyrillic => {}
    }
    let strong = |to| Some((to, true));
    let weak = |to| Some((to, letter.upper));
    match c {
        'а' | 'α' | 'ά' | 'ӑ' | 'ӓ' => strong('a'),
        'с' | 'ϲ' | 'ҫ' | 'ς' => strong('c'),
        'ԁ' => strong('d'),
        'е' | 'ё' | 'є' | 'ҽ' | 'ε' | 'έ' | 'ѐ' => strong('e'),
        'һ' => strong('h'),
        'і' | 'ї' | 'ι' | 'ί' | 'ϊ' => strong('i'),
        'ј' | 'ϳ' => strong('j'),
        'κ' | 'ҝ' | 'қ' | 'ҡ' => strong('k'),
        'ғ' => strong('f'),
        'ԍ' => strong('g'),
        'ћ' => strong('h'),
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
        'ԝ' | 'ѡ' => strong('w'),
        'х' | 'χ' | 'ӿ' | 'ҳ' => strong('x'),
        'у' | 'γ' | 'ү' | 'ў' | 'ұ' => strong('y'),
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
    let weak = matches!(letter.c, 'n' | 'r' | 's' | 'u' | 'b' | 'h') && !letter.upper;
    let to = match letter.c {
        'a' => 'а',
        'b' => 'в',
        'c' => 'с',
        'e' => 'е',
        'h' => 'н',
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
