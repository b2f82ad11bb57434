//! A policy as a form: one entry a line, so that a mistake has a line; and back.

use std::collections::BTreeMap;

use super::texts::t;
use crate::policy::{Pattern, Policy, PolicyDocument, PolicyError};

/// What stands between a pattern and its note.
const NOTE: &str = " ## ";
/// The thresholds, in the order of the form.
pub(super) const THRESHOLDS: [&str; 5] = ["hold_score", "reject_score", "hold_spam", "reject_spam", "hold_toxic"];
/// The fields that hold one entry a line.
pub(super) const LISTS: [&str; 5] = ["words", "domains", "trusted_domains", "patterns", "languages"];

/// What somebody typed; every field by its name, as the form sends it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Draft(BTreeMap<String, String>);

/// Something that was typed wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The field.
    pub field: String,
    /// The line, from 1; `None` where the field has none or all of it is meant.
    pub line: Option<usize>,
    /// What stands there.
    pub text: String,
    /// What is wrong with it.
    pub detail: String,
}

impl Draft {
    /// What the fields of a form say. Those that are no part of a policy are left out.
    pub(super) fn from_fields(fields: &[(String, String)]) -> Self {
        let is_ours = |name: &str| LISTS.contains(&name) || name.starts_with("threshold.") || name.starts_with("rule.");
        let fields = fields.iter().filter(|(name, _)| is_ours(name));
        Self(fields.map(|(name, value)| (name.clone(), value.replace("\r\n", "\n"))).collect())
    }

    /// A policy as the form shows it.
    pub(super) fn of(document: &PolicyDocument) -> Self {
        let mut fields = BTreeMap::new();
        let limits = &document.thresholds;
        let values = [limits.hold_score, limits.reject_score, limits.hold_spam, limits.reject_spam, limits.hold_toxic];
        for (name, value) in THRESHOLDS.into_iter().zip(values) {
            fields.insert(format!("threshold.{name}"), value.to_string());
        }
        for (rule, score) in &document.rules {
            fields.insert(format!("rule.{rule}"), score.to_string());
        }
        let patterns: Vec<String> = document.patterns.iter().map(pattern_line).collect();
        for (name, list) in LISTS.into_iter().zip([
            &document.lists.words,
            &document.lists.domains,
            &document.lists.trusted_domains,
            &patterns,
            &document.languages,
        ]) {
            fields.insert(name.to_owned(), list.join("\n"));
        }
        Self(fields)
    }

    /// What stands in a field.
    pub(super) fn field(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The policy, based on `current` where the form says nothing.
    pub(super) fn document(&self, current: &PolicyDocument) -> Result<PolicyDocument, Vec<Mistake>> {
        let mut document = current.clone();
        let mut mistakes = Vec::new();
        self.read_thresholds(&mut document, &mut mistakes);
        self.read_rules(&mut document, &mut mistakes);
        let texts = |name| self.lines(name).into_iter().map(|(_, entry)| entry.to_owned()).collect::<Vec<_>>();
        document.lists.words = texts("words");
        document.lists.domains = texts("domains");
        document.lists.trusted_domains = texts("trusted_domains");
        document.languages = texts("languages").iter().map(|code| code.to_lowercase()).collect();
        document.patterns.clear();
        for (line, entry) in self.lines("patterns") {
            match read_pattern(entry) {
                Some(pattern) => document.patterns.push(pattern),
                None => mistakes.push(Mistake {
                    field: "patterns".to_owned(),
                    line: Some(line),
                    text: entry.to_owned(),
                    detail: t("policy-pattern-form").to_string(),
                }),
            }
        }
        if mistakes.is_empty() { Ok(document) } else { Err(mistakes) }
    }

    /// The policy, ready to be applied.
    pub(super) fn compile(&self, version: i64, current: &PolicyDocument) -> Result<Policy, Vec<Mistake>> {
        let document = self.document(current)?;
        Policy::compile(version, document)
            .map_err(|errors| errors.into_iter().map(|error| self.locate(error)).collect())
    }

    fn read_thresholds(&self, document: &mut PolicyDocument, mistakes: &mut Vec<Mistake>) {
        let limits = &mut document.thresholds;
        let places = [
            &mut limits.hold_score,
            &mut limits.reject_score,
            &mut limits.hold_spam,
            &mut limits.reject_spam,
            &mut limits.hold_toxic,
        ];
        for (name, place) in THRESHOLDS.into_iter().zip(places) {
            let field = format!("threshold.{name}");
            if let Some(number) = self.number(field, mistakes) {
                *place = number;
            }
        }
    }

    fn read_rules(&self, document: &mut PolicyDocument, mistakes: &mut Vec<Mistake>) {
        for field in self.0.keys().filter(|field| field.starts_with("rule.")) {
            let rule = field.trim_start_matches("rule.").to_owned();
            document.rules.remove(&rule);
            if let Some(number) = self.number(field.clone(), mistakes) {
                document.rules.insert(rule, number);
            }
        }
    }

    /// The number in a field; `None` where nothing stands. A comma counts as a point.
    fn number(&self, field: String, mistakes: &mut Vec<Mistake>) -> Option<f64> {
        let text = self.field(&field).trim().replace(',', ".");
        if text.is_empty() {
            return None;
        }
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            mistakes.push(Mistake { field, line: None, text, detail: t("policy-no-number").to_string() });
        }
        number
    }

    /// The entries of a field with their lines, from 1.
    fn lines(&self, name: &str) -> Vec<(usize, &str)> {
        let lines = self.field(name).lines().enumerate();
        lines.map(|(at, line)| (at + 1, line.trim())).filter(|(_, line)| !line.is_empty()).collect()
    }

    /// Where in the form an error of the policy is.
    fn locate(&self, PolicyError { pointer, detail }: PolicyError) -> Mistake {
        let parts: Vec<&str> = pointer.trim_start_matches('/').split('/').collect();
        let (field, entry) = match parts.as_slice() {
            ["thresholds", name] => (format!("threshold.{name}"), None),
            ["rules", name] => (format!("rule.{name}"), None),
            ["lists", list, entry, ..] => ((*list).to_owned(), entry.parse::<usize>().ok()),
            ["lists", list] => ((*list).to_owned(), None),
            [list, entry, ..] => ((*list).to_owned(), entry.parse().ok()),
            _ => (pointer.clone(), None),
        };
        let found =
            entry.and_then(|entry| self.lines(&field).get(entry).map(|(line, text)| (*line, (*text).to_owned())));
        let (line, text) =
            found.map_or_else(|| (None, self.0.get(&field).cloned()), |(line, text)| (Some(line), Some(text)));
        Mistake { text: text.filter(|text| text.len() < 200).unwrap_or_default(), field, line, detail }
    }
}

fn pattern_line(pattern: &Pattern) -> String {
    let note =
        if pattern.note.is_empty() { String::new() } else { format!("{NOTE}{}", pattern.note.replace('\n', " ")) };
    format!("{} {}{note}", pattern.score, pattern.regex)
}

/// `2.5 buy\s+now ## what it means`.
fn read_pattern(line: &str) -> Option<Pattern> {
    let (score, rest) = line.split_once(char::is_whitespace)?;
    let (regex, note) = rest.rsplit_once(NOTE).unwrap_or((rest, ""));
    let score = score.replace(',', ".").parse::<f64>().ok().filter(|score| score.is_finite())?;
    Some(Pattern { regex: regex.trim().to_owned(), score, note: note.trim().to_owned() })
        .filter(|pattern| !pattern.regex.is_empty())
}

/// A policy as lines, each of which is a setting of its own.
fn settings(document: &PolicyDocument) -> Vec<String> {
    let draft = Draft::of(document);
    let mut settings = Vec::new();
    for (field, text) in &draft.0 {
        for line in text.lines() {
            settings.push(format!("{field}: {line}"));
        }
    }
    settings
}

/// What one policy says and the other does not: settings that are gone, settings that are new.
pub(super) fn difference(before: &PolicyDocument, after: &PolicyDocument) -> (Vec<String>, Vec<String>) {
    let (before, after) = (settings(before), settings(after));
    let only =
        |these: &[String], others: &[String]| these.iter().filter(|line| !others.contains(line)).cloned().collect();
    (only(&before, &after), only(&after, &before))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(fields: &[(&str, &str)]) -> Draft {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Draft::from_fields(&fields)
    }

    #[test]
    fn a_policy_comes_back_from_its_form() {
        let document: PolicyDocument = serde_json::from_value(serde_json::json!({
            "thresholds": { "hold_score": 1.5, "hold_toxic": 0.8 },
            "rules": { "shouting": 0.0, "many_links": 2.5 },
            "lists": { "words": ["buy now", "casino"], "domains": ["bad.example"], "trusted_domains": ["own.example"] },
            "languages": ["de", "en"],
            "patterns": [{ "regex": "a {2}b", "score": 2.0, "note": "two blanks" }, { "regex": "x", "score": -1.0 }]
        }))
        .expect("a document");
        let read = Draft::of(&document).document(&PolicyDocument::default()).expect("a policy");
        assert_eq!(read, document);
        assert_eq!(difference(&document, &read), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_mistake_has_its_line() {
        let typed = draft(&[
            ("words", "fine\r\n\r\ncasino"),
            ("patterns", "1 fine\n\n2 (\nno number here"),
            ("threshold.hold_spam", "often"),
        ]);
        let mistakes = typed.compile(1, &PolicyDocument::default()).expect_err("must be refused");
        let places: Vec<_> = mistakes.iter().map(|m| (m.field.as_str(), m.line, m.text.as_str())).collect();
        assert_eq!(places, [("threshold.hold_spam", None, "often"), ("patterns", Some(4), "no number here")]);

        let typed =
            draft(&[("patterns", "1 fine\n\n2 ("), ("languages", "de\nklingon"), ("threshold.hold_spam", "1,5")]);
        let mistakes = typed.compile(1, &PolicyDocument::default()).expect_err("must be refused");
        let places: Vec<_> = mistakes.iter().map(|m| (m.field.as_str(), m.line, m.text.as_str())).collect();
        let expected =
            [("threshold.hold_spam", None, "1,5"), ("languages", Some(2), "klingon"), ("patterns", Some(3), "2 (")];
        assert_eq!(places, expected);
    }

    #[test]
    fn a_difference_names_what_went_and_what_came() {
        let before = draft(&[("words", "one\ntwo")]).document(&PolicyDocument::default()).expect("a policy");
        let after = draft(&[("words", "two\nthree")]).document(&PolicyDocument::default()).expect("a policy");
        assert_eq!(difference(&before, &after), (vec!["words: one".to_owned()], vec!["words: three".to_owned()]));
    }
}
