//! The lists of words: one entry a line, `language<TAB>words`, `any` for words of many languages. A `*` at the end stands for any ending.

use std::collections::BTreeSet;

use crate::language::Language;

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

/// Words as people type them: as they are listed, and without the marks that many keyboards lack.
///
/// Short words keep their marks: without them they are often words of another language.
pub(super) fn spellings(entry: Entry) -> BTreeSet<String> {
    let mut all = BTreeSet::from([entry.words.to_owned()]);
    let letters = entry.words.chars().filter(|c| c.is_alphabetic()).count();
    if letters >= MIN_LETTERS_WITHOUT_MARKS {
        all.insert(entry.words.chars().map(without_marks).collect());
    }
    if entry.language == Some(Language::De) {
        all.insert(entry.words.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue"));
    }
    all
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
        let spelt = |words, language| spellings(Entry { language: Some(language), words, open: false });
        assert!(spelt("crédito rápido", Language::Es).contains("credito rapido"));
        assert!(spelt("đánh đề online", Language::Vi).contains("danh de online"));
        assert!(spelt("für männer", Language::De).contains("fuer maenner"));
        assert!(!spelt("şans", Language::Tr).contains("sans"));
    }
}
