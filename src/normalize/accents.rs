//! Marks on letters: those that languages write, and those that only hide a word, as in `vïàgrà`.

use std::sync::LazyLock;

use icu_normalizer::{DecomposingNormalizer, DecomposingNormalizerBorrowed};

use super::plain::is_generic_mark;
use super::reading::over;
use super::script::{Script, is_east_asian, script};
use super::undone::Letter;
use super::{Disguise, lexicon};
use crate::letters;
use crate::span::Span;

const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfd();

/// The letters beyond ASCII of one language or a few close ones, in lower case.
const LANGUAGES: [&str; 30] = [
    // In these nearly every letter can bear a mark.
    "àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ",
    "āáǎàēéěèêīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ",
    "áàâāéèêēẹíìîīóòôōọúùûūṣńǹḿǹḱẽĩõũ",
    // And in these it is few.
    "äöüßé",
    "àâæçéèêëîïôœùûüÿ",
    "áéíóúüñçàòïè",
    "áâãàçéêíóôõúü",
    "àèéìíîòóùú",
    "éëïöüáóèêíúâôû",
    "åäöæøéüèáêôòó",
    "áðéíóúýþæöø",
    "ąćęłńóśźż",
    "áčďéěíňóřšťúůýžäĺľôŕ",
    "áéíóöőúüű",
    "ăâîșțşţéàèáñ",
    "çğıöşüâîûəé",
    "ąčęėįšųūžāēģīķļņŗõōḩ",
    "äöõüšž",
    "čćđšžáàëéèîôȁȃȅȇȉȋȍȏȑȓȕȗ",
    "çëéâêîôûŵŷäïöüáẃẁẅỳ",
    "ċġħżàèìòùîâ",
    "áéíóúàèìòùâêîôûḃċḋḟġṁṗṡṫ",
    "ĉĝĥĵŝŭ",
    "āīūēōṛṝḷṃḥṅñṭḍṇśṣẓḫḵġšžčǧʿ",
    "āēīōūâêîôû",
    "ãẽĩñõũỹáéíóúý",
    "ąęįǫłńáéíóǫ",
    "çêîşûñäöüýžň",
    "ẹọṣịụṅáàéèíìóòúùńǹ",
    "áčđŋšŧžåäöæøñǥǧȟǩʒǯâõ",
];

/// Languages at the front of the list in which nearly every letter can bear a mark.
const DENSE: u32 = 0b111;

/// The first letters and the sizes of the blocks of accented Latin letters.
const BLOCKS: [(u32, usize); 2] = [(0xC0, 0x190), (0x1E00, 0x100)];

/// For each accented letter the languages that write it, as bits.
static WRITTEN: LazyLock<[Vec<u32>; 2]> = LazyLock::new(|| {
    let mut written = BLOCKS.map(|(_, size)| vec![0; size]);
    for (bit, letters) in LANGUAGES.iter().enumerate() {
        for c in letters.chars() {
            if let Some((block, place)) = place(c) {
                written[block][place] |= 1 << bit;
            }
        }
    }
    written
});

fn place(c: char) -> Option<(usize, usize)> {
    BLOCKS.iter().enumerate().find_map(|(block, (first, size))| {
        let place = (c as u32).checked_sub(*first)? as usize;
        (place < *size).then_some((block, place))
    })
}

/// The letter under a stroke.
pub(super) fn bare_stroke(c: char) -> Option<char> {
    Some(match c {
        'ł' => 'l',
        'ø' => 'o',
        'đ' | 'ð' => 'd',
        'ħ' => 'h',
        'ŧ' => 't',
        'ı' => 'i',
        _ => return None,
    })
}

/// The Latin letter under the marks, if this is one with marks.
fn bare(c: char) -> Option<char> {
    place(c)?;
    match bare_stroke(c) {
        Some(bare) => Some(bare),
        None => NFD.normalize_iter(std::iter::once(c)).next().filter(|bare| *bare != c),
    }
}

/// A quick look, letter by letter, for marks that may hide something.
#[derive(Debug)]
pub(super) struct Look {
    languages: u32,
    marked: u32,
    words: u32,
}

impl Default for Look {
    fn default() -> Self {
        Self { languages: u32::MAX, marked: 0, words: 0 }
    }
}

impl Look {
    /// Whether there may be something to take off, up to this character.
    pub(super) fn sees(&mut self, c: char, script: Script) -> bool {
        if c.is_ascii() {
            if !c.is_ascii_alphanumeric() && self.marked > 0 {
                (self.languages, self.marked) = (u32::MAX, 0);
            }
            return false;
        }
        if script != Script::Latin {
            return false;
        }
        let Some((block, place)) = place(c) else {
            return false;
        };
        self.languages &= WRITTEN[block][place];
        self.marked += 1;
        self.words += u32::from(self.marked == 1);
        self.languages == 0 || self.marked > 1 || self.words >= FEW_WORDS
    }
}

/// Fewer words with marks are not looked at together.
const FEW_WORDS: u32 = 5;

/// What is known of the marks of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// It bears none.
    Bare,
    /// Languages that may write it, as bits.
    Written(u32),
    /// No language writes it.
    Disguised,
}

/// From this many letters on, marks on nearly all of them are decoration.
const MANY: usize = 4;

fn judge(word: &[Letter]) -> Word {
    let (mut letters, mut marked, mut loose, mut languages) = (0, 0, 0, u32::MAX);
    let mut marks = 0;
    let mut base = ' ';
    for letter in word {
        let c = letter.c;
        if is_generic_mark(c) {
            // Yoruba, Igbo, Navajo and others have no letters of their own for some; Lithuanian and stress in Russian, too.
            if !letters::is_alphanumeric(base) {
                // A sign with a mark is part of a picture.
                continue;
            }
            if is_east_asian(base) {
                loose += 4;
            }
            let usual = matches!(
                c,
                '\u{300}'..='\u{304}' | '\u{307}' | '\u{308}' | '\u{30C}' | '\u{323}' | '\u{328}' | '\u{331}'
            );
            let vowel = !base.is_ascii() || "aeioumnlr".contains(base);
            marks += 1;
            let keycap = base.is_ascii_digit() || c == '\u{20E3}';
            loose += match (usual && vowel, keycap) {
                (_, true) => 0,
                (true, _) => 1,
                (false, _) => 4,
            };
            continue;
        }
        base = c;
        letters += 1;
        if let Some((block, place)) = place(c) {
            marked += 1;
            languages &= WRITTEN[block][place];
        }
    }
    if marked == 0 && loose == 0 {
        return Word::Bare;
    }
    let dense = letters >= MANY && marked * 4 > letters * 3 && languages & DENSE == 0 && {
        let mut distinct: Vec<char> = word.iter().map(|letter| letter.c).filter(|c| place(*c).is_some()).collect();
        distinct.dedup();
        distinct.len() > 2
    };
    if languages == 0 || dense || loose >= 4 || loose * 2 > letters.max(4) || hides(word, marked + marks) {
        return Word::Disguised;
    }
    Word::Written(languages)
}

/// Whether several marks stand in the way of reading a telling word.
fn hides(word: &[Letter], marked: usize) -> bool {
    if marked < 2 || word.len() > 2 * lexicon::LONGEST {
        return false;
    }
    let text: String = word
        .iter()
        .filter(|letter| !is_generic_mark(letter.c))
        .map(|letter| bare(letter.c).unwrap_or(letter.c))
        .collect();
    lexicon::is_telling(&text)
}

/// Takes marks off the letters that only hide words.
pub(super) fn take_off(letters: &mut Vec<Letter>, disguise: &mut Disguise) {
    if !letters.iter().any(|letter| is_generic_mark(letter.c) || place(letter.c).is_some()) {
        return;
    }
    let (mut words, mut marked, mut disguised) = (0_u32, 0_u32, 0_u32);
    let mut by_language = [0_u32; LANGUAGES.len()];
    for word in letters.chunk_by(|a, b| is_in_word(a.c) && is_in_word(b.c)).filter(|word| is_in_word(word[0].c)) {
        words += u32::from(word.len() > 3);
        match judge(word) {
            Word::Bare => {}
            Word::Disguised => disguised += 1,
            Word::Written(languages) => {
                marked += 1;
                (0..LANGUAGES.len()).for_each(|bit| by_language[bit] += languages >> bit & 1);
            }
        }
    }
    let best = by_language.into_iter().max().unwrap_or(0);
    // Marks of many languages on many words are of none.
    let motley = marked >= FEW_WORDS && best * 2 < marked && marked * 5 > words * 2;
    let habit = motley || disguised >= 2 && disguised * 2 > marked;
    if !habit && disguised == 0 {
        return;
    }
    let mut out = Vec::with_capacity(letters.len());
    for word in letters.chunk_by(|a, b| is_in_word(a.c) && is_in_word(b.c)) {
        let off = is_in_word(word[0].c)
            && match judge(word) {
                Word::Bare => false,
                Word::Written(_) => habit,
                Word::Disguised => true,
            };
        if off {
            strip(word, disguise, &mut out);
        } else {
            out.extend(word);
        }
    }
    *letters = out;
}

fn is_in_word(c: char) -> bool {
    is_generic_mark(c) || letters::is_alphanumeric(c)
}

/// From this many marks on a word is evidence.
const EVIDENCE: usize = 2;

fn strip(word: &[Letter], disguise: &mut Disguise, out: &mut Vec<Letter>) {
    let mut marks: Vec<Span> = Vec::new();
    let mut base = ' ';
    for letter in word {
        if is_generic_mark(letter.c) && letters::is_alphanumeric(base) {
            marks.push(letter.at);
            continue;
        }
        base = if is_generic_mark(letter.c) { base } else { letter.c };
        let bare = match script(letter.c) {
            Script::Latin => bare(letter.c),
            Script::Cyrillic => bare_cyrillic(letter.c),
            _ => None,
        };
        if bare.is_some() {
            marks.push(letter.at);
        }
        out.push(Letter { c: bare.unwrap_or(letter.c), ..*letter });
    }
    marks.dedup();
    if marks.len() >= EVIDENCE || word.iter().all(|letter| is_east_asian(letter.c)) {
        disguise.stacked_marks.push(over(&marks));
    }
}

/// The letter under marks that Russian and its neighbours do not write.
fn bare_cyrillic(c: char) -> Option<char> {
    if matches!(c, 'й' | 'ё' | 'ї' | 'ў' | 'ґ') {
        return None;
    }
    NFD.normalize_iter(std::iter::once(c)).next().filter(|bare| *bare != c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken_off(text: &str) -> String {
        let mut letters: Vec<Letter> = text
            .chars()
            .zip(0..)
            .map(|(c, i)| Letter { c, at: Span::new(i, i + 1), upper: false, kept: false })
            .collect();
        take_off(&mut letters, &mut Disguise::default());
        letters.into_iter().map(|letter| letter.c).collect()
    }

    #[test]
    fn marks_that_no_language_writes_are_taken_off() {
        for (text, expected) in [
            ("vïàgrà", "viagra"),
            ("cäsïnö", "casino"),
            ("ẃäťçĥěș", "watches"),
            ("q̆uit́ q̃uick̂", "quit quick"),
            ("ţhé cäsĩno ïş ôpeñ ŋow", "the casino is open ŋow"),
            ("казино̰ и̊гра", "казино игра"),
            ("微̂信̃", "微信"),
        ] {
            assert_eq!(taken_off(text), expected, "{text}");
        }
    }

    #[test]
    fn marks_of_languages_stay() {
        for text in [
            "cảm ơn bạn bài viết được lắm",
            "příliš žluťoučký kůň úpěl ďábelské ódy",
            "zażółć gęślą jaźń",
            "árvíztűrő tükörfúrógép",
            "nǐ hǎo wǒ jiào",
            "bawo ni ọ̀rẹ́ mi ẹ ṣé",
            "şoför çağrı ığdır",
            "voilà un élève préféré à noël",
            "ação não é fácil",
            "þór á ísafirði",
            "fête de zoë à malmö and são paulo",
            "за́мок и замо́к",
            "blåbærgrød på skærgård",
            "mulțumesc și bună",
        ] {
            assert_eq!(taken_off(text), text);
        }
    }
}
