//! A site's policy: which evidence counts how much, and from where on a comment is held or rejected.
//!
//! [`PolicyDocument`] is what people write and the store keeps, in versions. [`Policy`] is the same, compiled.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::language::Language;
use crate::lists::Domains;
use crate::verdict::{Decision, Scores};

/// Longest accepted pattern, in bytes.
pub const MAX_PATTERN: usize = 1_000;
/// Most patterns a policy may have.
pub const MAX_PATTERNS: usize = 200;
/// Most entries a list of a policy may have.
pub const MAX_ENTRIES: usize = 20_000;
/// Largest compiled size of one pattern, in bytes. Hostile patterns take 20–170 ms to be refused at the library's default of
/// 10 MB, and less than one at this size.
const PATTERN_SIZE: usize = 64 * 1024;
/// Deepest nesting of one pattern.
const PATTERN_NESTING: u32 = 32;

/// What a site can decide about deciding. Everything has a default.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyDocument {
    /// From where on a comment is held or rejected.
    pub thresholds: Thresholds,
    /// Scores of rules by name, in place of their own; 0 switches a rule off.
    pub rules: BTreeMap<String, f64>,
    /// Words, domains and names that the site wants or does not want.
    pub lists: PolicyLists,
    /// Regular expressions over the visible text.
    pub patterns: Vec<Pattern>,
    /// Languages that comments of the site are written in, as two-letter codes such as `en`; empty for any. Another
    /// language is weak evidence (the rule `other_language`), never a reason by itself.
    pub languages: Vec<String>,
    /// Whether authors are not told why a comment of theirs is not published.
    pub withhold_reasons: bool,
}

/// A score that every comment reaches: as `hold_score` it holds all of them.
pub const HOLD_EVERYTHING: f64 = -1_000.0;

/// From where on a comment is held or rejected.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// Held from this score on.
    pub hold_score: f64,
    /// Rejected from this score on, if the probability of spam is at least `reject_spam` too.
    pub reject_score: f64,
    /// Held from this probability of spam on.
    #[schema(minimum = 0, maximum = 1)]
    pub hold_spam: f64,
    /// Needed probability of spam for a rejection.
    #[schema(minimum = 0, maximum = 1)]
    pub reject_spam: f64,
    /// Held from this probability of toxicity on.
    #[schema(minimum = 0, maximum = 1)]
    pub hold_toxic: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { hold_score: 1.0, reject_score: 7.0, hold_spam: 0.7, reject_spam: 0.9997, hold_toxic: 0.96 }
    }
}

/// Lists of a policy. Entries match whole words, in any case.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PolicyLists {
    /// Words and phrases that count against a comment.
    pub words: Vec<String>,
    /// Domains that count against a comment that links to them, subdomains included.
    pub domains: Vec<String>,
    /// Domains whose links are never counted, subdomains included; the site's own belongs here.
    pub trusted_domains: Vec<String>,
}

/// A regular expression of a policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// The expression, in the syntax of the `regex` crate; case is ignored.
    pub regex: String,
    /// What a match adds to the score.
    pub score: f64,
    /// What a match means, for moderators.
    #[serde(default)]
    pub note: String,
}

/// Something in a policy that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct PolicyError {
    /// JSON pointer to the value.
    pub pointer: String,
    /// What is wrong with it and what would be right.
    pub detail: String,
}

/// A policy ready to be applied.
#[derive(Debug)]
pub struct Policy {
    /// Its version; 0 is the built-in one.
    pub version: i64,
    /// What it was compiled from.
    pub document: PolicyDocument,
    /// Finds the entries of `lists.words`; `None` when there are none. Matches may lie inside words.
    pub words: Option<AhoCorasick>,
    /// The patterns, in the order of the document.
    pub patterns: Vec<Regex>,
    /// The languages of the document; empty for any.
    pub languages: Vec<Language>,
    /// `lists.trusted_domains`, ready to be looked up.
    trusted: Domains,
    /// `lists.domains`, ready to be looked up.
    unwanted: Domains,
}

impl Policy {
    /// Compiles a document.
    ///
    /// # Errors
    ///
    /// Every value that cannot be used, with its place.
    pub fn compile(version: i64, document: PolicyDocument) -> Result<Self, Vec<PolicyError>> {
        let mut errors = Vec::new();
        check_thresholds(&document.thresholds, &mut errors);
        check_rules(&document.rules, &mut errors);
        check_lists(&document.lists, &mut errors);
        let languages = compile_languages(&document.languages, &mut errors);
        let patterns = compile_patterns(&document.patterns, &mut errors);
        let words = compile_words(&document.lists.words, &mut errors);
        if !errors.is_empty() {
            return Err(errors);
        }
        let trusted = Domains::new(document.lists.trusted_domains.iter().map(String::as_str));
        let unwanted = Domains::new(document.lists.domains.iter().map(String::as_str));
        Ok(Self { version, document, words, patterns, languages, trusted, unwanted })
    }

    /// The policy of a site that has said nothing.
    pub fn built_in() -> Self {
        Self {
            version: 0,
            document: PolicyDocument::default(),
            words: None,
            patterns: Vec::new(),
            languages: Vec::new(),
            trusted: Domains::default(),
            unwanted: Domains::default(),
        }
    }

    /// The score that this policy gives a rule in place of the rule's own.
    pub fn rule_score(&self, rule: &str) -> Option<f64> {
        self.document.rules.get(rule).copied()
    }

    /// Whether links to this host are not counted.
    pub fn trusts(&self, host: &str) -> bool {
        self.trusted.contains(host)
    }

    /// Whether links to this host count against a comment.
    pub fn is_unwanted(&self, host: &str) -> bool {
        self.unwanted.contains(host)
    }

    /// Maps a score and probabilities to a decision. Nothing is rejected that the classifier could not judge.
    pub fn decide(&self, score: f64, scores: Scores) -> Decision {
        let limits = &self.document.thresholds;
        let reaches = |probability: Option<f64>, limit: f64| probability.is_some_and(|p| p >= limit);
        if score >= limits.reject_score && reaches(scores.spam, limits.reject_spam) {
            Decision::Reject
        } else if score >= limits.hold_score
            || reaches(scores.spam, limits.hold_spam)
            || reaches(scores.toxic, limits.hold_toxic)
        {
            Decision::Hold
        } else {
            Decision::Approve
        }
    }
}

/// Whether `host` is `domain` or below it, in any case.
pub fn is_within(host: &str, domain: &str) -> bool {
    let Some(start) = host.len().checked_sub(domain.len()) else {
        return false;
    };
    host.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(domain))
        && (start == 0 || host.as_bytes()[start - 1] == b'.')
}

fn check_thresholds(t: &Thresholds, errors: &mut Vec<PolicyError>) {
    let mut refuse = |name: &str, detail: String| {
        errors.push(PolicyError { pointer: format!("/thresholds/{name}"), detail });
    };
    for (name, value) in [("hold_spam", t.hold_spam), ("reject_spam", t.reject_spam), ("hold_toxic", t.hold_toxic)] {
        if !(0.0..=1.0).contains(&value) {
            refuse(name, format!("{value} is no probability: it must lie between 0 and 1"));
        }
    }
    for (name, value) in [("hold_score", t.hold_score), ("reject_score", t.reject_score)] {
        if !value.is_finite() {
            refuse(name, "must be a finite number".to_owned());
        }
    }
    if t.reject_score < t.hold_score {
        refuse("reject_score", format!("{} is below hold_score, {}", t.reject_score, t.hold_score));
    }
}

fn check_rules(rules: &BTreeMap<String, f64>, errors: &mut Vec<PolicyError>) {
    for (name, score) in rules {
        let mut refuse = |detail| errors.push(PolicyError { pointer: format!("/rules/{name}"), detail });
        if !crate::rules::RULES.iter().any(|rule| rule.name() == name) {
            refuse("there is no rule of this name".to_owned());
        } else if !(-100.0..=100.0).contains(score) {
            refuse(format!("{score} is outside -100 to 100"));
        }
    }
}

fn check_lists(lists: &PolicyLists, errors: &mut Vec<PolicyError>) {
    for (name, list) in
        [("words", &lists.words), ("domains", &lists.domains), ("trusted_domains", &lists.trusted_domains)]
    {
        if list.len() > MAX_ENTRIES {
            let detail = format!("{} entries: at most {MAX_ENTRIES} are allowed", list.len());
            errors.push(PolicyError { pointer: format!("/lists/{name}"), detail });
        }
        for (i, entry) in list.iter().enumerate() {
            if entry.trim().is_empty() {
                let detail = "an empty entry would match everything".to_owned();
                errors.push(PolicyError { pointer: format!("/lists/{name}/{i}"), detail });
            }
        }
    }
}

fn compile_languages(codes: &[String], errors: &mut Vec<PolicyError>) -> Vec<Language> {
    let mut languages = Vec::with_capacity(codes.len());
    for (i, code) in codes.iter().enumerate() {
        match Language::from_code(code) {
            Some(language) => languages.push(language),
            None => {
                let known: Vec<&str> = Language::ALL.iter().map(|language| language.code()).collect();
                let detail = format!("no language that can be told apart; these can: {}", known.join(", "));
                errors.push(PolicyError { pointer: format!("/languages/{i}"), detail });
            }
        }
    }
    languages
}

fn compile_patterns(patterns: &[Pattern], errors: &mut Vec<PolicyError>) -> Vec<Regex> {
    if patterns.len() > MAX_PATTERNS {
        let detail = format!("{} patterns: at most {MAX_PATTERNS} are allowed", patterns.len());
        errors.push(PolicyError { pointer: "/patterns".to_owned(), detail });
        return Vec::new();
    }
    let mut compiled = Vec::with_capacity(patterns.len());
    for (i, pattern) in patterns.iter().enumerate() {
        match compile_pattern(pattern) {
            Ok(regex) => compiled.push(regex),
            Err((field, detail)) => {
                errors.push(PolicyError { pointer: format!("/patterns/{i}/{field}"), detail });
            }
        }
    }
    compiled
}

fn compile_pattern(pattern: &Pattern) -> Result<Regex, (&'static str, String)> {
    if !(-100.0..=100.0).contains(&pattern.score) {
        return Err(("score", format!("{} is outside -100 to 100", pattern.score)));
    }
    if pattern.regex.len() > MAX_PATTERN {
        return Err(("regex", format!("{} bytes: at most {MAX_PATTERN} are allowed", pattern.regex.len())));
    }
    let regex = RegexBuilder::new(&pattern.regex)
        .case_insensitive(true)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE)
        .nest_limit(PATTERN_NESTING)
        .build()
        .map_err(|error| ("regex", error.to_string()))?;
    if regex.is_match("") {
        return Err(("regex", "it matches the empty text, so it would match every comment".to_owned()));
    }
    Ok(regex)
}

fn compile_words(words: &[String], errors: &mut Vec<PolicyError>) -> Option<AhoCorasick> {
    if words.is_empty() {
        return None;
    }
    let readings = words.iter().map(|word| crate::normalize::normalize(word).plain.text);
    AhoCorasick::new(readings)
        .map_err(|error| errors.push(PolicyError { pointer: "/lists/words".to_owned(), detail: error.to_string() }))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(json: serde_json::Value) -> Vec<String> {
        let document = serde_json::from_value(json).expect("a policy document");
        Policy::compile(1, document).expect_err("must be refused").iter().map(|e| e.pointer.clone()).collect()
    }

    #[test]
    fn every_mistake_is_named_with_its_place() {
        let found = errors(serde_json::json!({
            "thresholds": { "hold_spam": 1.5, "reject_score": -3.0 },
            "rules": { "no_such_rule": 1.0 },
            "lists": { "words": ["fine", " "] },
            "languages": ["de", "klingon"],
            "patterns": [{ "regex": "(", "score": 1.0 }, { "regex": "a*", "score": 1.0 }, { "regex": "b", "score": 1e9 }]
        }));
        assert_eq!(
            found,
            [
                "/thresholds/hold_spam",
                "/thresholds/reject_score",
                "/rules/no_such_rule",
                "/lists/words/1",
                "/languages/1",
                "/patterns/0/regex",
                "/patterns/1/regex",
                "/patterns/2/score"
            ]
        );
    }

    #[test]
    fn a_pattern_that_would_take_too_much_is_refused() {
        for hostile in [r"(?:a{1000}){1000}", r"\pL{5000}", &"(".repeat(600)] {
            let pattern = Pattern { regex: hostile.to_owned(), score: 1.0, note: String::new() };
            assert!(compile_pattern(&pattern).is_err(), "{hostile}");
        }
    }

    #[test]
    fn a_subdomain_is_within_and_a_lookalike_is_not() {
        assert!(is_within("shop.example.org", "example.org"));
        assert!(is_within("EXAMPLE.org", "example.ORG"));
        assert!(!is_within("badexample.org", "example.org"));
        assert!(!is_within("example.org.evil.net", "example.org"));
        assert!(!is_within("org", "example.org"));
    }

    #[test]
    fn domains_of_a_policy_are_meant_with_those_below_and_in_any_case() {
        let document =
            serde_json::json!({ "lists": { "trusted_domains": ["Example.ORG"], "domains": ["bad.example", "ru"] } });
        let policy = Policy::compile(1, serde_json::from_value(document).expect("a document")).expect("a policy");
        for host in ["example.org", "shop.example.org", "SHOP.example.org"] {
            assert!(policy.trusts(host) && !policy.is_unwanted(host), "{host}");
        }
        for host in ["bad.example", "a.b.bad.example", "shop.ru"] {
            assert!(policy.is_unwanted(host) && !policy.trusts(host), "{host}");
        }
        for host in ["badexample.org", "example.org.evil.net", "notbad.example", "org", ""] {
            assert!(!policy.is_unwanted(host) && !policy.trusts(host), "{host}");
        }
    }

    #[test]
    fn rejection_needs_score_and_probability_and_a_classifier() {
        let policy = Policy::built_in();
        let scores = |spam| Scores { spam, toxic: Some(0.0) };
        assert_eq!(policy.decide(20.0, scores(Some(0.9999))), Decision::Reject);
        assert_eq!(policy.decide(20.0, scores(Some(0.5))), Decision::Hold);
        assert_eq!(policy.decide(20.0, scores(None)), Decision::Hold);
        assert_eq!(policy.decide(-3.0, scores(Some(0.01))), Decision::Approve);
        assert_eq!(policy.decide(-3.0, Scores { spam: Some(0.0), toxic: Some(0.99) }), Decision::Hold);
    }
}
