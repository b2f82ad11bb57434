//! What the dashboard says, in the reader's language.
//!
//! Texts are Fluent files in `texts/`, one folder a language; another language is another folder. Templates write
//! `{{ texts::t("login-title") }}`, with arguments `{{ texts::t("problem-status").with("status", status) }}`; a key that depends on a
//! value is `texts::of("status", "held")`, which looks up `status-held`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use fluent_langneg::{NegotiationStrategy, negotiate_languages, parse_accepted_languages};
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader};

use super::reader;

fluent_templates::static_loader! {
    static TEXTS = {
        locales: "./src/dashboard/texts",
        fallback_language: "en",
        // Templates isolate what a stranger wrote by <bdi>.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The languages there are, in alphabetical order of their codes.
static LANGUAGES: LazyLock<Vec<LanguageIdentifier>> = LazyLock::new(|| {
    let mut languages: Vec<_> = TEXTS.locales().cloned().collect();
    languages.sort_by_key(ToString::to_string);
    languages
});

/// A language of the dashboard.
pub(super) type Language = &'static LanguageIdentifier;

/// The languages there are, in alphabetical order of their codes.
pub(super) fn languages() -> &'static [LanguageIdentifier] {
    &LANGUAGES
}

/// The language of that code.
pub(super) fn language(code: &str) -> Option<Language> {
    LANGUAGES.iter().find(|language| language.to_string() == code)
}

/// The language of a browser that sends this `Accept-Language`; English when it speaks none of ours.
pub(super) fn accepted(header: &str) -> Language {
    let wanted = parse_accepted_languages(header);
    let found = negotiate_languages(&wanted, languages(), None, NegotiationStrategy::Filtering);
    found.first().copied().unwrap_or_else(|| fallback())
}

/// The language of texts that have no other.
pub(super) fn fallback() -> Language {
    LANGUAGES.iter().find(|language| *language == TEXTS.fallback()).unwrap_or(TEXTS.fallback())
}

/// The text of a key.
pub(super) fn t(key: &'static str) -> Text {
    Text { key: Cow::Borrowed(key), args: Vec::new() }
}

/// The text of a key that ends in a value: `of("status", "held")` is `status-held`.
pub(super) fn of(family: &'static str, value: impl fmt::Display) -> Text {
    Text { key: Cow::Owned(format!("{family}-{value}")), args: Vec::new() }
}

/// What a rule or head of the classifier looks for, by the code of its reason; none where the code is not one of ours.
pub(super) fn rule(code: &str) -> Option<Text> {
    let text = of("rule", code.replace('.', "-"));
    TEXTS.lookup_no_default_fallback::<&str>(fallback(), &text.key, None).is_some().then_some(text)
}

/// No text, where there may be one.
pub(super) fn none() -> Option<Text> {
    None
}

/// What a language calls itself.
pub(super) fn name_of(language: Language) -> String {
    t("language-name").said(language)
}

/// A text on its way to a page: what it says is decided when it is written, in the language of whoever reads then.
#[derive(Clone, Debug)]
pub(super) struct Text {
    key: Cow<'static, str>,
    args: Vec<(&'static str, Given)>,
}

/// What a text is given to speak of.
#[derive(Clone, Debug)]
pub(super) enum Given {
    /// Words.
    Words(String),
    /// A number, by which a language chooses its plural.
    Number(f64),
}

impl Text {
    /// The text with an argument.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<Given>) -> Self {
        self.args.push((name, value.into()));
        self
    }

    /// The text in a language.
    fn said(&self, language: Language) -> String {
        let value = |given: &Given| match given {
            Given::Words(words) => FluentValue::from(words.clone()),
            Given::Number(number) => FluentValue::from(*number),
        };
        let args: HashMap<_, _> = self.args.iter().map(|(name, given)| (Cow::Borrowed(*name), value(given))).collect();
        TEXTS.lookup_complete(language, &self.key, Some(&args))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said(reader::language()))
    }
}

/// By value or by reference, as templates pass it.
macro_rules! words {
    ($($kind:ty),*) => { $(
        impl From<$kind> for Given {
            fn from(words: $kind) -> Self {
                Self::Words(words.to_string())
            }
        }
    )* };
}

words!(&str, String, &String, &&str, &&String, Text, &Text);

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl From<$number> for Given {
            fn from(number: $number) -> Self {
                Self::Number(number as f64)
            }
        }
        impl From<&$number> for Given {
            fn from(number: &$number) -> Self {
                Self::Number(*number as f64)
            }
        }
        impl From<&&$number> for Given {
            fn from(number: &&$number) -> Self {
                Self::Number(**number as f64)
            }
        }
    )* };
}

numbers!(i64, u64, u32, u16, usize, f64, i32);

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::path::Path;

    use regex::Regex;

    use super::*;

    const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/dashboard");

    fn files(dir: &Path, extensions: &[&str], found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                files(&entry, extensions, found);
            } else if entry.extension().is_some_and(|e| extensions.iter().any(|x| e == *x)) {
                found.push((entry.display().to_string(), std::fs::read_to_string(&entry).expect("a text")));
            }
        }
    }

    /// Every key of a language with the names of its arguments.
    fn keys(language: &LanguageIdentifier) -> BTreeMap<String, BTreeSet<String>> {
        let mut sources = Vec::new();
        files(&Path::new(HERE).join("texts").join(language.to_string()), &["ftl"], &mut sources);
        let key = Regex::new(r"^([a-z][a-z0-9_.-]*) *=").expect("a pattern");
        let argument = Regex::new(r"\$([a-z_]+)").expect("a pattern");
        let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (file, source) in sources {
            let mut last = String::new();
            for line in source.lines() {
                if let Some(found) = key.captures(line) {
                    last = found[1].to_owned();
                    assert!(keys.insert(last.clone(), BTreeSet::new()).is_none(), "{file}: {last} stands twice");
                }
                for found in argument.captures_iter(line) {
                    keys.get_mut(&last).expect("a key before").insert(found[1].to_owned());
                }
            }
        }
        keys
    }

    #[test]
    fn every_language_says_everything_with_the_same_arguments() {
        let english = keys(fallback());
        for language in languages() {
            let here = keys(language);
            for key in english.keys() {
                assert!(here.contains_key(key), "{language} has no {key}");
            }
            for (key, arguments) in &here {
                assert_eq!(english.get(key), Some(arguments), "{language}: {key}");
                if arguments.is_empty() {
                    assert!(
                        TEXTS.lookup_no_default_fallback::<&str>(language, key, None).is_some(),
                        "{language}: {key}"
                    );
                }
            }
        }
    }

    #[test]
    fn pages_use_only_keys_that_exist_and_all_of_them() {
        let keys = keys(fallback());
        let mut sources = Vec::new();
        files(Path::new(HERE), &["rs", "html"], &mut sources);
        let (mut used, mut families) = (BTreeSet::new(), BTreeSet::new());
        let one = Regex::new(r#"\bt\(\s*"([^"]+)""#).expect("a pattern");
        let family = Regex::new(r#"\bof\(\s*"([^"]+)""#).expect("a pattern");
        for (file, source) in &sources {
            let source = source.split("mod tests {").next().expect("a beginning");
            for found in one.captures_iter(source) {
                assert!(keys.contains_key(&found[1]), "{file} uses {}, which does not exist", &found[1]);
                used.insert(found[1].to_owned());
            }
            families.extend(family.captures_iter(source).map(|found| format!("{}-", &found[1])));
        }
        let dead: Vec<_> = keys
            .keys()
            .filter(|key| !used.contains(*key) && !families.iter().any(|family| key.starts_with(family.as_str())))
            .collect();
        assert!(dead.is_empty(), "nobody uses {dead:?}");
    }

    #[test]
    fn the_english_texts_of_rules_are_those_of_the_rules() {
        for known in crate::rules::RULES {
            let said = rule(known.name()).expect("a text").said(fallback());
            assert_eq!(said, known.description(), "{}", known.name());
        }
        assert!(rule("spam.classifier").is_some() && rule("no_such_rule").is_none());
    }

    #[test]
    fn a_browser_gets_the_first_of_its_languages_that_there_is() {
        for (header, code) in [
            ("de-AT,de;q=0.9,en;q=0.8", "de"),
            ("en-GB", "en"),
            ("tlh, de;q=0.5", "de"),
            ("tlh", "en"),
            ("*", "en"),
            ("", "en"),
            (";;;,,,\u{1}", "en"),
        ] {
            assert_eq!(accepted(header).to_string(), code, "{header:?}");
        }
    }

    #[test]
    fn a_text_is_said_with_its_arguments() {
        let [german, english] = ["de", "en"].map(|code| language(code).expect("a language"));
        let text = t("problem-too-many-detail").with("seconds", 7);
        assert_eq!(text.said(english), "Wait 7 seconds, then try once more.");
        assert_eq!(text.said(german), "Warten Sie 7 Sekunden und versuchen Sie es dann noch einmal.");
    }
}
