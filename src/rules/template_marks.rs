//! What a program that fills in templates leaves behind when it fails.

use std::sync::LazyLock;

use regex::Regex;

use super::phrases::expression;
use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

pub(super) struct TemplateMarks;

/// `{great|nice|good} {post|article}`, `%KEYWORD%`, `#file_links["x.txt",1,L]`. The variants of spintax are words, so a set
/// or a regular expression in code is none.
static MARKS: LazyLock<Regex> = LazyLock::new(|| {
    expression(concat!(
        r"\{[A-Za-z' ,.]{2,40}(?:\|[A-Za-z' ,.]{1,40}){1,20}\}",
        r"|#file_links?\b|#links?\[",
        r"|%(?i:keyword|anchor|anchor_?text|link|url|site|blog_?(?:title|name|url)|post_?title|first_?name|spin)s?%",
        r"|\{\{?(?i:keyword|anchor|anchor_?text|spin|insert keyword|your (?:url|link|site|keyword))s?\}?\}",
        r"|\[(?i:insert (?:your )?(?:link|url|keyword|name)[a-z ]{0,12}|your (?:link|url|keyword) here)\]",
    ))
});

impl Rule for TemplateMarks {
    fn name(&self) -> &'static str {
        "template_marks"
    }

    fn description(&self) -> &'static str {
        "Unfilled placeholders or alternatives, as in {good|great} {post|article}."
    }

    fn score(&self) -> f64 {
        3.0
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        let visible = &comment.body.visible;
        // Without a way out in the middle, so that many bytes are compared at once.
        let may_hit = visible.text.bytes().fold(false, |any, b| any | matches!(b, b'{' | b'#' | b'%' | b'['));
        if !may_hit {
            return None;
        }
        // `{integer|false}` is a type in a comment on code; alternatives come in threes or in groups.
        let is_type = visible.text.contains("@param") || visible.text.contains("@return");
        let certain = |found: &regex::Match<'_>| found.as_str().matches('|').count() != 1;
        let mut marks = MARKS.find_iter(&visible.text).take(2);
        let found = marks.next()?;
        if is_type || !certain(&found) && marks.next().is_none() {
            return None;
        }
        let shown: String = found.as_str().chars().take(60).collect();
        Some(Match::new(format!("An unfilled template: “{shown}”"), vec![visible.span(found.range())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn unfilled_templates_are_seen() {
        for text in [
            "{Great|Nice|Good} {post|article}!",
            "visit %KEYWORD% now",
            "#file_links[\"a.txt\",1,L]",
            "see [insert link here]",
        ] {
            assert!(hits(&TemplateMarks, text), "{text}");
        }
    }

    #[test]
    fn code_passes() {
        for text in [
            "a{1,3}|b",
            "{ x | x > 0 }",
            "/** @param {string|null} a @return {int|false|null} */",
            "{yes|no}",
            "printf(\"%s%d\", a)",
            "if (a) { b || c }",
            "{{ user.name }}",
            "100%",
            "#links",
        ] {
            assert!(!hits(&TemplateMarks, text), "{text}");
        }
    }
}
