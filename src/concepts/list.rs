//! The lists of words: one entry a line, `language<TAB>words`, `any` for words of many languages. A `*` at the end stands for any ending.

use std::borrow::Cow;

use crate::language::Language;
use crate::letters;

/// A line of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) language: Option<Language>,
    /// One or more words, with single spaces.
    pub(super) words: &'static str,
    /// Whether the last word may go on.
    pub(super) open: bool,
}

/// Every entry of a list, or the line that is none.
pub(super) fn entries(text: &'static str) -> impl Iterator<Item = Result<Entry, &'static str>> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| entry(line).ok_or(line))
}

fn entry(line: &'static str) -> Option<Entry> {
    let (code, words) = line.split_once('\t')?;
    let language = if code == "any" { None } else { Some(Language::from_code(code)?) };
    let (words, open) = words.strip_suffix('*').map_or((words, false), |stem| (stem, true));
    (!words.is_empty()).then_some(Entry { language, words, open })
}

/// Words as people type them: as they are listed, and without the marks that many keyboards lack. Each goes to `add` once.
///
/// Short words keep their marks: without them they are often words of another language.
pub(super) fn spellings(entry: Entry, mut add: impl FnMut(Cow<'static, str>)) {
    add(Cow::Borrowed(entry.words));
    if entry.words.is_ascii() {
        return;
    }
    let is_marked = |c: char| without_marks(c) != c;
    let letters = || entry.words.chars().filter(|c| letters::is_alphabetic(*c)).count();
    let bare = (entry.words.chars().any(is_marked) && letters() >= MIN_LETTERS_WITHOUT_MARKS)
        .then(|| entry.words.chars().map(without_marks).collect::<String>());
    let umlauts = (entry.language == Some(Language::De) && entry.words.contains(['ä', 'ö', 'ü']))
        .then(|| entry.words.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue"));
    umlauts.filter(|spelt| bare.as_ref() != Some(spelt)).into_iter().chain(bare).for_each(|spelt| add(spelt.into()));
}

const MIN_LETTERS_WITHOUT_MARKS: usize = 7;

/// The letter under the marks of Latin, Cyrillic and Arabic letters.
fn without_marks(c: char) -> char {
    match c {
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ạ' | 'ả' | 'ấ'..='ặ' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' | 'đ' => 'd',
        'è'..='ë' | 'ē' | 'ę' | 'ě' | 'ẹ' | 'ẻ' | 'ẽ' | 'ế'..='ệ' => 'e',
        'ğ' => 'g',
        'ì'..='ï' | 'ī' | 'ĩ' | 'ı' | 'ỉ' | 'ị' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ő' | 'ơ' | 'ọ'..='ợ' => 'o',
        'ř' => 'r',
        'ś' | 'š' | 'ş' | 'ș' => 's',
        'ť' | 'ţ' | 'ț' => 't',
        'ù'..='ü' | 'ū' | 'ũ' | 'ů' | 'ű' | 'ư' | 'ụ'..='ự' => 'u',
        'ý' | 'ỳ'..='ỹ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'ё' => 'е',
        'أ' | 'إ' | 'آ' => 'ا',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::concepts::LISTS;
    use crate::normalize::normalize;

    #[test]
    fn every_line_of_every_list_is_sound() {
        for (concept, text) in LISTS {
            assert!(text.starts_with("# Licence: ") && text.contains("\n# Source: "), "{concept:?}");
            let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(lines.is_sorted(), "{concept:?} is not in order");
            let mut seen = BTreeSet::new();
            for found in entries(text) {
                let entry = found.unwrap_or_else(|line| panic!("{concept:?}: “{line}”"));
                let words = entry.words;
                assert!(seen.insert((words, entry.open, entry.language)), "{concept:?}: “{words}” stands twice");
                assert_eq!(normalize(words).plain.text, words, "{concept:?}: lower case and NFKC");
                assert_eq!(words.split_whitespace().collect::<Vec<_>>().join(" "), words, "{concept:?}: “{words}”");
                assert!(!words.contains(['*', '’']), "{concept:?}: “{words}”");
                assert!(words.chars().count() >= 2, "{concept:?}: “{words}” is too short");
            }
        }
    }

    #[test]
    fn words_are_found_without_their_marks() {
        let spelt = |words, language| {
            let mut all = BTreeSet::new();
            spellings(Entry { language: Some(language), words, open: false }, |spelt| {
                assert!(all.insert(spelt.into_owned()), "{words} stands twice");
            });
            all
        };
        assert!(spelt("crédito rápido", Language::Es).contains("credito rapido"));
        assert!(spelt("đánh đề online", Language::Vi).contains("danh de online"));
        assert!(spelt("für männer", Language::De).contains("fuer maenner"));
        assert!(!spelt("şans", Language::Tr).contains("sans"));
    }
}
