//! Which language a text is written in, where that can be told: by its script, and by the small words and the letters that only
//! some languages have. No script or language is suspicious by itself.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::normalize::Reading;

/// Writes the enum and its codes from one table.
macro_rules! languages {
    ($($language:ident $code:literal,)+) => {
        /// A language, named by its code in ISO 639.
        #[expect(missing_docs, reason = "the codes name them")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Language {
            $($language,)+
        }

        impl Language {
            /// Every language that can be told, in the order of its code.
            pub const ALL: &[Language] = &[$(Language::$language,)+];

            /// Its code in lower case. `zh` is Chinese in either writing, `id` stands for Malay too, `no` for both kinds of Norwegian.
            pub fn code(self) -> &'static str {
                match self {
                    $(Language::$language => $code,)+
                }
            }
        }
    };
}

languages! {
    Ar "ar", Bg "bg", Cs "cs", Da "da", De "de", El "el", En "en", Es "es", Fa "fa", Fi "fi", Fil "fil", Fr "fr", He "he",
    Hi "hi", Hu "hu", Id "id", It "it", Ja "ja", Ko "ko", Nl "nl", No "no", Pl "pl", Pt "pt", Ro "ro", Ru "ru", Sr "sr",
    Sv "sv", Th "th", Tr "tr", Uk "uk", Vi "vi", Zh "zh",
}

impl Language {
    /// The language of a code in lower case.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|language| language.code() == code)
    }
}

/// How often a language's words and letters must have been seen.
const MIN_WEIGHT: f32 = 2.0;
/// How many times as often as those of any other.
const MIN_LEAD: f32 = 1.3;
/// Which share of all words they must be, at least.
const MIN_SHARE: f32 = 0.12;
/// What a letter that few languages have weighs, for each word it stands in.
const LETTER_WEIGHT: f32 = 0.5;
/// No more of a text is looked at, in characters.
const MAX_CHARACTERS: usize = 2_000;
/// Fewest letters of a script that settles the language.
const MIN_LETTERS: usize = 4;

/// The language of a text in lower case; `None` if it is too short, mixed or in a language that is not known.
pub fn language(reading: &Reading) -> Option<Language> {
    let end = reading.text.char_indices().nth(MAX_CHARACTERS).map_or(reading.text.len(), |(at, _)| at);
    let text = &reading.text[..end];
    match script(text)? {
        Script::One(language) => Some(language),
        Script::Arabic => arabic(text),
        Script::Han => Some(if text.chars().any(is_kana) { Language::Ja } else { Language::Zh }),
        Script::Words => by_words(text),
    }
}

/// What most letters of a text belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    /// A script of one language, as far as it is known here.
    One(Language),
    Arabic,
    /// Chinese characters, alone or with kana.
    Han,
    /// Latin and Cyrillic: words tell.
    Words,
}

fn script(text: &str) -> Option<Script> {
    let mut counts: [(Script, usize); 8] = [
        (Script::Words, 0),
        (Script::Han, 0),
        (Script::Arabic, 0),
        (Script::One(Language::Ko), 0),
        (Script::One(Language::El), 0),
        (Script::One(Language::He), 0),
        (Script::One(Language::Hi), 0),
        (Script::One(Language::Th), 0),
    ];
    for c in text.chars() {
        // A Chinese or Korean character is about as much as half a word.
        let (place, weight) = match c as u32 {
            0x61..=0x7A | 0xC0..=0x24F | 0x400..=0x52F | 0x1E00..=0x1EFF => (0, 1),
            0x3041..=0x30FF | 0x3400..=0x9FFF | 0x20000..=0x3FFFF => (1, 3),
            0x620..=0x64A | 0x66E..=0x6D3 => (2, 1),
            0x1100..=0x11FF | 0x3131..=0x318E | 0xAC00..=0xD7A3 => (3, 2),
            0x370..=0x3FF | 0x1F00..=0x1FFF => (4, 1),
            0x5D0..=0x5EA => (5, 1),
            0x900..=0x97F => (6, 1),
            0xE01..=0xE4E => (7, 1),
            _ => continue,
        };
        counts[place].1 += weight;
    }
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let (script, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    // Two thirds, so that a quoted word does not decide.
    (count >= MIN_LETTERS && count * 3 >= all * 2).then_some(script)
}

fn is_kana(c: char) -> bool {
    matches!(c as u32, 0x3041..=0x30FF)
}

/// Arabic or Persian, by the letters that only one of them has. Urdu and others are not known.
fn arabic(text: &str) -> Option<Language> {
    let count = |letters: &[char]| text.chars().filter(|c| letters.contains(c)).count();
    let (arabic, persian, others) = (
        count(&['ي', 'ك', 'ة', 'ى', 'إ', 'أ']),
        count(&['ی', 'ک', 'پ', 'چ', 'گ', 'ژ']),
        count(&['ٹ', 'ڈ', 'ے', 'ں', 'ہ', 'ڕ', 'ێ', 'ۆ']),
    );
    match (arabic, persian) {
        _ if others > 0 => None,
        (1.., 0) => Some(Language::Ar),
        (0, 1..) => Some(Language::Fa),
        (arabic, persian) if arabic > 2 * persian => Some(Language::Ar),
        (arabic, persian) if persian > arabic => Some(Language::Fa),
        _ => None,
    }
}

/// A set of languages, a bit each.
#[derive(Clone, Copy, Default)]
struct Languages(u32);

impl Languages {
    fn of(languages: &[Language]) -> Self {
        Self(languages.iter().fold(0, |bits, language| bits | 1 << *language as u32))
    }

    fn iter(self) -> impl Iterator<Item = usize> {
        (0..Language::ALL.len()).filter(move |i| self.0 >> i & 1 == 1)
    }
}

/// Small words with the languages they belong to.
static WORDS: LazyLock<HashMap<&'static str, Languages>> = LazyLock::new(|| {
    let mut words: HashMap<&str, Languages> = HashMap::new();
    for (language, word) in lines().flat_map(|(language, rest)| rest.split(' ').map(move |word| (language, word))) {
        words.entry(word).or_default().0 |= 1 << language as u32;
    }
    words
});

fn lines() -> impl Iterator<Item = (Language, &'static str)> {
    include_str!("../models/lists/function_words.txt")
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .filter_map(|(code, rest)| Some((Language::from_code(code)?, rest)))
}

fn by_words(text: &str) -> Option<Language> {
    let mut weights = [0.0_f32; Language::ALL.len()];
    let mut count = 0_u32;
    for word in text.split(|c: char| !c.is_alphabetic() && c != '\'' && c != '’').filter(|word| !word.is_empty()) {
        count += 1;
        let known = WORDS.get(word).copied().unwrap_or_default();
        // A word of many languages says little for each.
        let weight = 1.0 / known.0.count_ones().max(1) as f32;
        known.iter().for_each(|i| weights[i] += weight);
        let mut letters = Languages::default();
        for c in word.chars().filter(|c| !c.is_ascii()) {
            letters.0 |= letter(c).0;
        }
        letters.iter().for_each(|i| weights[i] += LETTER_WEIGHT / letters.0.count_ones() as f32);
    }
    let (best, weight) = weights.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let second = weights.iter().copied().enumerate().filter(|(i, _)| *i != best).map(|(_, w)| w).fold(0.0, f32::max);
    let sure = weight >= MIN_WEIGHT && weight >= MIN_LEAD * second && weight >= MIN_SHARE * count as f32;
    Language::ALL.get(best).copied().filter(|_| sure)
}

/// The languages that have a letter which most others lack.
fn letter(c: char) -> Languages {
    use Language::*;
    Languages::of(match c {
        'ß' => &[De],
        'ä' | 'ö' => &[De, Sv, Fi],
        'ü' => &[De, Tr, Hu],
        'ñ' | '¿' | '¡' => &[Es],
        'ã' | 'õ' => &[Pt],
        'ç' => &[Fr, Pt, Tr],
        'è' | 'à' => &[Fr, It],
        'ù' | 'ò' | 'ì' => &[It],
        'ê' | 'â' | 'ô' => &[Fr, Pt, Vi],
        'œ' | 'û' | 'ë' | 'î' => &[Fr],
        'ł' | 'ą' | 'ę' | 'ż' | 'ź' | 'ś' | 'ć' | 'ń' => &[Pl],
        'ř' | 'ě' | 'ů' | 'č' | 'š' | 'ž' | 'ď' | 'ť' | 'ň' => &[Cs],
        'ő' | 'ű' => &[Hu],
        'ğ' | 'ı' | 'ş' => &[Tr],
        'ă' | 'ț' | 'ș' | 'ţ' => &[Ro],
        'å' => &[Sv, Da, No],
        'æ' | 'ø' => &[Da, No],
        'đ' | 'ơ' | 'ư' | 'ạ'..='ỹ' => &[Vi],
        'і' | 'ї' | 'є' | 'ґ' => &[Uk],
        'ы' | 'э' | 'ё' => &[Ru],
        'ъ' => &[Bg],
        'ј' | 'љ' | 'њ' | 'ђ' | 'ћ' | 'џ' => &[Sr],
        _ => &[],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::normalize;

    fn of(text: &str) -> Option<&'static str> {
        language(normalize(text).reading()).map(Language::code)
    }

    #[test]
    fn texts_are_told_by_script_letters_and_words() {
        for (code, text) in [
            ("en", "I have read this twice and still do not know what the author wants to say."),
            ("de", "Das ist doch nicht wahr, ich habe den Artikel zweimal gelesen."),
            ("fr", "Je ne suis pas d'accord avec vous, mais l'article est très intéressant."),
            ("es", "No estoy de acuerdo con lo que dice el autor, pero la pregunta es buena."),
            ("pt", "Não concordo com o que o autor diz, mas a pergunta é muito boa."),
            ("it", "Non sono d'accordo con quello che dice l'autore, ma la domanda è giusta."),
            ("nl", "Ik ben het niet eens met wat de schrijver zegt, maar het is een goede vraag."),
            ("pl", "Nie zgadzam się z autorem, ale to jest bardzo dobre pytanie."),
            ("cs", "Nesouhlasím s tím, co autor říká, ale je to dobrá otázka."),
            ("ru", "Я не согласен с автором, но вопрос очень хороший."),
            ("uk", "Я не згоден з автором, але питання дуже добре і важливе."),
            ("bg", "Не съм съгласен с автора, но въпросът е много добър."),
            ("tr", "Yazarın söylediklerine katılmıyorum ama bu çok güzel bir soru."),
            ("id", "Saya tidak setuju dengan penulis, tapi ini adalah pertanyaan yang bagus."),
            ("vi", "Tôi không đồng ý với tác giả nhưng đó là một câu hỏi hay."),
            ("ro", "Nu sunt de acord cu autorul, dar este o întrebare foarte bună."),
            ("hu", "Nem értek egyet a szerzővel, de ez egy nagyon jó kérdés."),
            ("sv", "Jag håller inte med om det som står här, men frågan är bra."),
            ("fi", "En ole samaa mieltä kirjoittajan kanssa, mutta kysymys on hyvä."),
            ("ar", "لا أتفق مع الكاتب ولكن السؤال جيد"),
            ("fa", "من با نویسنده موافق نیستم ولی پرسش خوبی است"),
            ("he", "אני לא מסכים עם הכותב"),
            ("el", "Δεν συμφωνώ με τον συγγραφέα"),
            ("hi", "मैं लेखक से सहमत नहीं हूँ"),
            ("th", "ฉันไม่เห็นด้วยกับผู้เขียน"),
            ("zh", "我不同意作者的观点"),
            ("ja", "筆者の意見には賛成できません"),
            ("ko", "나는 글쓴이의 의견에 동의하지 않는다"),
        ] {
            assert_eq!(of(text), Some(code), "{text}");
        }
    }

    #[test]
    fn short_and_mixed_texts_have_no_language() {
        for text in
            ["", "ok", "LOL", "12345 !!!", "Madrid Berlin Tokio", "http://example.org/a/b", "foo(bar) => baz[0]"]
        {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn every_line_of_words_is_sound() {
        let text = include_str!("../models/lists/function_words.txt");
        assert!(text.starts_with("# Licence: ") && text.contains("\n# Source: "));
        assert_eq!(text.lines().filter(|line| !line.starts_with('#')).count(), lines().count());
        for (language, rest) in lines() {
            let words: Vec<&str> = rest.split(' ').collect();
            assert!(words.len() >= 30, "{language:?}");
            for word in words {
                assert!(!word.is_empty() && normalize(word).plain.text == word, "{language:?}: “{word}”");
            }
        }
    }
}
