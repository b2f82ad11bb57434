//! The plain reading: compatibility forms, one case, nothing invisible.

use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointMapDataBorrowed};

use super::Disguise;
use super::controls::{Unseen, needs_directions, splits_a_word, unseen};
use super::reading::{Reading, add, over};
use super::script::is_east_asian;
use crate::letters::Table;
use crate::span::Span;

const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();
const CATEGORY: CodePointMapDataBorrowed<'static, GeneralCategory> = CodePointMapData::<GeneralCategory>::new();

/// No language sets more of these marks on one letter.
const MAX_MARKS: usize = 3;

/// The plain reading of what is visible; notes what it had to undo.
pub(super) fn read(visible: &Reading, disguise: &mut Disguise) -> Reading {
    if visible.text.is_ascii() { ascii(visible, disguise) } else { any(visible, disguise) }
}

fn ascii(visible: &Reading, disguise: &mut Disguise) -> Reading {
    let is_control = |b: u8| (b < 0x20) & !matches!(b, b'\t' | b'\n' | b'\r') | (b == 0x7F);
    if visible.text.bytes().fold(false, |any, b| any | is_control(b)) {
        return any(visible, disguise);
    }
    Reading { text: visible.text.to_ascii_lowercase(), origin: visible.origin.clone() }
}

fn any(visible: &Reading, disguise: &mut Disguise) -> Reading {
    let mut out = Reading::with_capacity(visible.text.len());
    let seen = drop_unseen(visible, disguise);
    let wide_is_usual = visible.text.chars().any(is_east_asian);
    let mut styled = StyledRun::default();
    let mut i = 0;
    while i < seen.len() {
        let (c, at) = seen[i];
        let marks = seen[i + 1..].iter().take_while(|(c, _)| FORMS.get(*c).joins_backwards()).count();
        let cluster = &seen[i..=i + marks];
        i += cluster.len();
        let from = Span::new(at.start, cluster[marks].1.end);
        if is_as_it_will_be(cluster) {
            styled.end(disguise);
            cluster.iter().for_each(|(c, _)| out.push(c.to_ascii_lowercase(), from));
            continue;
        }
        if cluster[1..].iter().filter(|(c, _)| is_generic_mark(*c)).count() > MAX_MARKS {
            add(&mut disguise.stacked_marks, from);
        }
        let before = out.origin.len();
        for c in NFKC.normalize_iter(cluster.iter().map(|(c, _)| *c)) {
            c.to_lowercase().for_each(|c| out.push(c, from));
        }
        let made = out.origin.len() - before;
        if made == 1 && marks == 0 && is_styled(c, out.text.chars().next_back(), wide_is_usual) {
            styled.add(from, c.is_numeric());
        } else {
            styled.end(disguise);
        }
    }
    styled.end(disguise);
    out
}

/// The visible text without invisible characters.
fn drop_unseen(visible: &Reading, disguise: &mut Disguise) -> Vec<(char, Span)> {
    let mut out: Vec<(char, Span)> = Vec::with_capacity(visible.origin.len());
    let mut pending: Vec<(char, Span)> = Vec::new();
    let mut needs = None;
    for (c, at) in visible.text.chars().zip(visible.origin.iter().copied()) {
        match unseen(c) {
            // Braille without dots has the width of a space.
            None if c == '\u{2800}' => {
                note_invisible(out.last().map(|(c, _)| *c), &mut pending, Some(' '), disguise);
                out.push((' ', at));
            }
            None => {
                note_invisible(out.last().map(|(c, _)| *c), &mut pending, Some(c), disguise);
                out.push((c, at));
            }
            Some(Unseen::Invisible) => pending.push((c, at)),
            Some(Unseen::Override) => add(&mut disguise.bidi, at),
            Some(Unseen::Direction) => {
                if !*needs.get_or_insert_with(|| needs_directions(&visible.text)) {
                    add(&mut disguise.bidi, at);
                }
            }
            Some(Unseen::Harmless) => {}
        }
    }
    note_invisible(out.last().map(|(c, _)| *c), &mut pending, None, disguise);
    out
}

/// More invisible characters than this on one place hide something wherever they stand.
const MANY_INVISIBLE: usize = 8;

fn note_invisible(before: Option<char>, pending: &mut Vec<(char, Span)>, after: Option<char>, disguise: &mut Disguise) {
    let Some((first, _)) = pending.first() else {
        return;
    };
    let flag = before == Some('🏴');
    if !flag && (splits_a_word(before, *first, after) || pending.len() > MANY_INVISIBLE) {
        for (_, at) in pending.iter() {
            add(&mut disguise.invisible, *at);
        }
    }
    pending.clear();
}

/// What NFKC and lower case make of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Itself, when no mark follows.
    Stable,
    /// A mark that stays behind whatever it follows, and whatever follows it.
    Staying,
    /// A mark that stays where it is as the last of a cluster: of several ones NFKC changes the order.
    Last,
    /// Another mark.
    Mark,
    /// Something else, perhaps.
    Other,
}

static FORMS: Table<Form> = Table::new(|c| match c as u32 {
    _ if is_stable(c) => Form::Stable,
    0x901..=0x903 | 0x93E..=0x94C | 0xE31 | 0xE34..=0xE37 | 0xE47 | 0xE4D..=0xE4E => Form::Staying,
    0x94D | 0xE38..=0xE3A | 0xE48..=0xE4B => Form::Last,
    _ if joins_backwards(c) => Form::Mark,
    _ => Form::Other,
});

impl Form {
    fn joins_backwards(self) -> bool {
        matches!(self, Self::Staying | Self::Last | Self::Mark)
    }
}

/// Whether NFKC and lower case leave a letter with its marks as it is, but for ASCII capitals: most letters, and those of
/// Hindi and Thai, which are hardly ever without a mark.
fn is_as_it_will_be(cluster: &[(char, Span)]) -> bool {
    let form = |(c, _): &(char, Span)| FORMS.get(*c);
    match cluster {
        [letter] => form(letter) == Form::Stable,
        [letter, between @ .., last] => {
            form(letter) == Form::Stable
                && between.iter().all(|mark| form(mark) == Form::Staying)
                && matches!(form(last), Form::Staying | Form::Last)
        }
        [] => false,
    }
}

/// Whether NFKC and lower case leave this character as it is, when no mark follows, but for ASCII capitals.
fn is_stable(c: char) -> bool {
    matches!(c as u32,
        0..=0x7F | 0xDF..=0xFF | 0x3B1..=0x3C9 | 0x430..=0x45F | 0x5D0..=0x5EA | 0x621..=0x64A | 0x904..=0x939
        | 0xE01..=0xE30 | 0xE32 | 0xE40..=0xE46 | 0x3041..=0x3096
        | 0x30A1..=0x30FA | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 | 0x2010..=0x2010 | 0x2013..=0x2014 | 0x2018..=0x201D
        | 0x3001..=0x3002 | 0x1F300..=0x1F6FF | 0x1F900..=0x1F9FF)
}

/// Whether the character may combine with the one before it.
fn joins_backwards(c: char) -> bool {
    (c as u32) >= 0x300
        && !matches!(c as u32, 0x370..=0x482 | 0x48A..=0x590 | 0x5D0..=0x60F | 0x2010..=0x2027 | 0x3040..=0x3098 | 0x30A0..=0xA66E | 0xAC00..=0xD7A3)
        && (matches!(c as u32, 0x1160..=0x11FF) || GeneralCategoryGroup::Mark.contains(CATEGORY.get(c)))
}

/// Marks that can be set on any letter; those of Hebrew, Arabic or Thai are letters of theirs.
pub(super) fn is_generic_mark(c: char) -> bool {
    matches!(c as u32, 0x300..=0x36F | 0x483..=0x489 | 0x1AB0..=0x1AFF | 0x1DC0..=0x1DFF | 0x20D0..=0x20FF | 0xFE20..=0xFE2F)
}

/// Whether `c` is a letter or digit in fancy dress.
fn is_styled(c: char, plain: Option<char>, wide_is_usual: bool) -> bool {
    let ascii = plain.is_some_and(|plain| plain.is_ascii_alphanumeric());
    ascii
        && match c as u32 {
            0xFF21..=0xFF5A => !wide_is_usual,
            0x1D400..=0x1D7FF | 0x24B6..=0x24E9 | 0x1F110..=0x1F149 | 0x2100..=0x214F | 0x1D2C..=0x1D6A => true,
            0x2B0..=0x2B8 | 0x2071 | 0x207F | 0x2090..=0x209C => true,
            _ => false,
        }
}

/// Styled letters side by side: one alone is a formula or a symbol.
#[derive(Default)]
struct StyledRun {
    spans: Vec<Span>,
    letters: usize,
}

impl StyledRun {
    fn add(&mut self, at: Span, is_digit: bool) {
        self.spans.push(at);
        self.letters += usize::from(!is_digit);
    }

    fn end(&mut self, disguise: &mut Disguise) {
        if self.letters >= 2 {
            add(&mut disguise.styled, over(&self.spans));
        }
        self.spans.clear();
        self.letters = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> (String, Disguise) {
        let mut disguise = Disguise::default();
        let reading = read(&Reading::identity(text), &mut disguise);
        assert_eq!(reading.text.chars().count(), reading.origin.len());
        (reading.text, disguise)
    }

    #[test]
    fn forms_and_case_are_levelled() {
        for (text, expected) in [
            ("HeLLo", "hello"),
            ("ＦＵＬＬ", "full"),
            ("𝐒𝐆𝐈𝟖𝟖", "sgi88"),
            ("ⓥⓘⓟ", "vip"),
            ("e\u{301}te\u{301}", "été"),
            ("ÉTÉ", "été"),
            ("ﬁne…", "fine..."),
            ("v\u{200B}i\u{AD}p", "vip"),
            ("İstanbul", "i\u{307}stanbul"),
            ("한국어", "한국어"),
            ("\u{1112}\u{1161}\u{11AB}", "한"),
            ("ПРИВЕТ Ґ", "привет ґ"),
        ] {
            assert_eq!(plain(text).0, expected, "{text}");
        }
    }

    #[test]
    fn disguise_is_noted_where_it_stands() {
        assert_eq!(plain("go 𝐒𝐆𝐈𝟖𝟖 now").1.styled, [Span::new(3, 8)]);
        assert_eq!(plain("v\u{200B}\u{200B}ip").1.invisible, [Span::new(1, 3)]);
        assert_eq!(plain("a \u{202E}gro.elpmaxe").1.bidi, [Span::new(2, 3)]);
        assert_eq!(plain("z\u{300}\u{301}\u{302}\u{303}\u{304}algo").1.stacked_marks, [Span::new(0, 6)]);
    }

    #[test]
    fn honest_writing_is_no_disguise() {
        for text in [
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "👨\u{200D}👩\u{200D}👧 ❤\u{FE0F} 1\u{FE0F}\u{20E3} 🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
            "\u{FEFF}copied\u{200B} text",
            "ＮＨＫのニュース",
            "שלום \u{202B}abc\u{202C}",
            "בְּרֵאשִׁית",
            "ế ự ặ",
            "x² + 𝑦 = ℝ ™ ½ №5",
            "\u{2068}@Anna\u{2069} yes",
            "กำลัง ที่นี่",
        ] {
            assert_eq!(plain(text).1, Disguise::default(), "{text}");
        }
    }

    #[test]
    fn what_is_called_stable_is() {
        for c in (0..0x20000).filter_map(char::from_u32).filter(|c| is_stable(*c)) {
            let mut low: String = NFKC.normalize_iter(std::iter::once(c)).flat_map(char::to_lowercase).collect();
            assert_eq!(low.pop(), Some(c.to_ascii_lowercase()), "{c:?}");
            assert!(low.is_empty(), "{c:?}");
        }
    }

    #[test]
    fn marks_that_are_said_to_stay_do() {
        let all = || (0..0x3000).filter_map(char::from_u32);
        let marks: Vec<char> = all().filter(|c| matches!(FORMS.get(*c), Form::Staying | Form::Last)).collect();
        let staying = all().filter(|c| FORMS.get(*c) == Form::Staying);
        for before in all().filter(|c| FORMS.get(*c) == Form::Stable && !c.is_ascii_uppercase()).chain(staying) {
            for mark in &marks {
                let pair = [before, *mark];
                assert!(NFKC.normalize_iter(pair.into_iter()).flat_map(char::to_lowercase).eq(pair), "{pair:?}");
            }
        }
    }

    #[test]
    fn nothing_that_combines_is_overlooked() {
        for c in (0x300..0x20000).filter_map(char::from_u32).filter(|c| !joins_backwards(*c)) {
            assert!(!GeneralCategoryGroup::Mark.contains(CATEGORY.get(c)), "U+{:X}", c as u32);
        }
    }
}
