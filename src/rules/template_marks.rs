//! What a program that fills in templates leaves behind when it fails.

use std::sync::LazyLock;

use regex::Regex;

use super::{Match, Rule};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

pub(super) struct TemplateMarks;

/// `{great|nice|good} {post|article}`, `%KEYWORD%`, `#file_links["x.txt",1,L]`. The variants of spintax are words, so a set
/// or a regular expression in code is none.
static MARKS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\{[A-Za-z' ,.]{2,40}(?:\|[A-Za-z' ,.]{1,40}){1,20}\}",
        r"|#file_links?\b|#links?\[",
        r"|%(?i:keyword|anchor|anchor_?text|link|url|site|blog_?(?:title|name|url)|post_?title|first_?name|spin)s?%",
        r"|\{\{?(?i:keyword|anchor|anchor_?text|spin|insert keyword|your (?:url|link|site|keyword))s?\}?\}",
        r"|\[(?i:insert (?:your )?(?:link|url|keyword|name)[a-z ]{0,12}|your (?:link|url|keyword) here)\]",
    ))
    .expect("a constant expression")
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
        if !visible.text.bytes().any(|b| matches!(b, b'{' | b'#' | b'%' | b'[')) {
            return None;
        }
        let found = MARKS.find(&visible.text)?;
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
