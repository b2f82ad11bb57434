//! Praise that fits under every text.

use super::named::named;
use super::{Match, Rule, counted_links};
use crate::comment::Comment;
use crate::concepts::Concept;
use crate::facts::Facts;
use crate::policy::Policy;

/// More phrases make it no worse.
const ENOUGH: usize = 4;

pub(super) struct StockPraise;

impl Rule for StockPraise {
    fn name(&self) -> &'static str {
        "stock_praise"
    }

    fn description(&self) -> &'static str {
        "Praise that fits under every text, two phrases of it or one beside a link or website of the author."
    }

    fn score(&self) -> f64 {
        0.6
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let found = named(comment, &[Concept::StockPraise]);
        let count = found.words.len();
        let first = found.words.first()?;
        let advertises = || {
            comment.submission.url.as_deref().is_some_and(|url| !url.trim().is_empty())
                || !counted_links(comment, policy).is_empty()
        };
        if count < 2 && !advertises() {
            return None;
        }
        Some(Match::new(format!("Praise that fits everywhere: “{first}”"), found.spans).times(count.min(ENOUGH) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn praise_for_everything_is_seen() {
        assert!(hits(&StockPraise, "Superb blog! I have bookmarked it and will tell everyone."));
        for text in [
            "Very informative. <a href='http://e.example'>chairs</a>",
            "Отличная статья, добавил в закладки. http://e.example",
            "Gracias por compartir, excelente artículo http://e.example",
            "Artikelnya sangat bermanfaat, salam kenal dari http://e.example",
            "Harika bir yazı olmuş, emeğinize sağlık http://e.example",
            "感谢分享，受益匪浅 http://e.example",
            "Parabéns pelo blog, ótimo conteúdo! http://e.example",
        ] {
            assert!(hits(&StockPraise, text), "{text}");
        }
    }

    #[test]
    fn thanks_of_readers_pass() {
        for text in [
            "Great article, thank you!",
            "Thanks, this helped me a lot.",
            "Very informative, thanks.",
            "I love this band",
            "Спасибо за статью!",
            "Danke für den Artikel, das Problem war der Cache.",
            "Merci pour cet article.",
            "谢谢，问题解决了。",
            "Obrigado, funcionou aqui.",
        ] {
            assert!(!hits(&StockPraise, text), "{text}");
        }
    }
}
