//! How rules look for what a comment names, in whatever language.

use std::collections::BTreeSet;

use crate::comment::Comment;
use crate::concepts::{self, Concept};
use crate::span::Span;

/// What a text names of some concepts.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Named {
    /// The words, in the order of the text, each once.
    pub(super) words: Vec<String>,
    /// All places in the original.
    pub(super) spans: Vec<Span>,
    /// Which of the concepts.
    pub(super) concepts: BTreeSet<Concept>,
}

/// What a comment names of `wanted`.
pub(super) fn named(comment: &Comment, wanted: &[Concept]) -> Named {
    let reading = comment.body.reading();
    let mut found = Named::default();
    let mut places = reading.places();
    let mut seen = BTreeSet::new();
    for hit in comment.concepts.iter().filter(|hit| wanted.contains(&hit.concept)) {
        let word = &reading.text[hit.range.clone()];
        if seen.insert(word) {
            found.words.push(word.to_owned());
        }
        found.spans.push(places.span(hit.range.clone()));
        found.concepts.insert(hit.concept);
    }
    found
}

/// What advertisers want to be found for: people seldom have such words in their names and links.
const ADVERTISED: &[Concept] = &[
    Concept::Gambling,
    Concept::Adult,
    Concept::Pharmacy,
    Concept::Loans,
    Concept::EasyMoney,
    Concept::SeoServices,
    Concept::Counterfeit,
    Concept::Documents,
    Concept::Essays,
    Concept::BodyShape,
    Concept::Spells,
    Concept::Hackers,
    Concept::Contraband,
];

/// The first words of a text in lower case that name what advertisers want to be found for.
pub(super) fn advertised(text: &str) -> Option<String> {
    let hit = concepts::find(text).into_iter().find(|hit| ADVERTISED.contains(&hit.concept))?;
    Some(text[hit.range].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::comment;

    #[test]
    fn words_of_a_concept_are_found_with_their_places() {
        let found = named(&comment("Kredyt online! <b>Kasyno</b>, k r e d y t  online"), &[Concept::Loans]);
        assert_eq!(found.words[0], "kredyt online");
        assert_eq!(found.spans[0], Span::new(0, 13));
        assert_eq!(found.concepts, BTreeSet::from([Concept::Loans]));
    }

    #[test]
    fn advertisers_words_are_found_in_any_language() {
        for text in ["en iyi bahis siteleri", "купить диплом вуза", "situs slot gacor", "prêt entre particuliers"]
        {
            assert!(advertised(text).is_some(), "{text}");
        }
        assert_eq!(advertised("анна каренина"), None);
    }
}
