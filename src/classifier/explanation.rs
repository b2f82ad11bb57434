//! Why a head says what it says: what each word and each observation adds to the log-odds.

use super::features::{self, Features};
use super::{Head, HeadScore, SHOWN_TERMS, probability};
use crate::comment::Comment;
use crate::span::Span;
use crate::verdict::Term;

/// Longest shown term, in characters.
const MAX_TERM: usize = 60;
/// Most places of one term.
const MAX_SPANS: usize = 20;

/// What each term of some features adds to one head's log-odds.
pub(super) struct Scores {
    by_term: Vec<f64>,
}

impl Scores {
    pub(super) fn of(head: &Head, features: &Features) -> Self {
        let levels = head.levels();
        let mut by_term = vec![0.0; features.terms.len()];
        for (bucket, value, term) in features.iter() {
            let level = (i16::from(head.weights[bucket as usize]) + 128) as usize;
            by_term[term as usize] += levels[level] * value;
        }
        // The bias keeps its full precision.
        by_term[0] = head.bias;
        Self { by_term }
    }

    fn log_odds(&self) -> f64 {
        self.by_term.iter().sum()
    }

    pub(super) fn head_score(&self, comment: &Comment, features: &Features) -> HeadScore {
        let log_odds = self.log_odds();
        let mut strongest: Vec<usize> = (1..self.by_term.len()).filter(|&i| self.by_term[i] != 0.0).collect();
        let stronger = |a: &usize, b: &usize| self.by_term[*b].abs().total_cmp(&self.by_term[*a].abs()).then(a.cmp(b));
        if strongest.len() > SHOWN_TERMS {
            strongest.select_nth_unstable_by(SHOWN_TERMS, stronger);
            strongest.truncate(SHOWN_TERMS);
        }
        strongest.sort_unstable_by(stronger);
        let terms = strongest.into_iter().map(|i| self.explain(i, comment, features)).collect();
        HeadScore { log_odds, probability: probability(log_odds), terms }
    }

    pub(super) fn all(&self, comment: &Comment, features: &Features) -> Vec<Term> {
        let mut all: Vec<Term> = (0..self.by_term.len()).map(|i| self.explain(i, comment, features)).collect();
        all.sort_by(|a, b| b.score.abs().total_cmp(&a.score.abs()));
        all
    }

    fn explain(&self, i: usize, comment: &Comment, features: &Features) -> Term {
        let mut spans = Vec::new();
        let term = match &features.terms[i] {
            features::Term::Bias => "every comment".to_owned(),
            features::Term::Concept(concept) => {
                let mut places = comment.body.reading().places();
                let hits = features.concepts.iter().filter(|hit| hit.concept == *concept).take(MAX_SPANS);
                spans.extend(hits.map(|hit| places.span(hit.range.clone())));
                format!("talks about {}", concept.name().replace('_', " "))
            }
            features::Term::Named(name) => (*name).to_owned(),
            features::Term::Counted(name, count) => format!("{name}: {count}"),
            features::Term::Detail(name, detail) => format!("{name} {}", shortened(detail.chars())),
            features::Term::Link(link) => {
                let link = &comment.body.links[*link as usize];
                spans.push(link.span);
                shortened(link.url.chars())
            }
            own @ features::Term::Text { reading, start, end } => {
                let places = features.places.iter().filter(|(_, term)| *term as usize == i).map(|(place, _)| place);
                // A pair of words is not among the places; it stands where it was first seen.
                spans.extend(places.chain([own]).filter_map(|place| span(comment, place)).take(MAX_SPANS));
                spans.sort_unstable();
                spans.dedup();
                let text = &reading_of(comment, *reading).text;
                shortened(text.chars().skip(*start as usize).take((end - start) as usize))
            }
        };
        Term { term, score: self.by_term[i], spans }
    }
}

fn reading_of(comment: &Comment, reading: u8) -> &crate::normalize::Reading {
    if reading == 0 { &comment.body.plain } else { comment.body.reading() }
}

/// Where a piece of a reading stands in the original.
fn span(comment: &Comment, place: &features::Term) -> Option<Span> {
    let features::Term::Text { reading, start, end } = place else { return None };
    let origin = reading_of(comment, *reading).origin.get(*start as usize..*end as usize)?;
    let first = origin.iter().map(|span| span.start).min()?;
    let last = origin.iter().map(|span| span.end).max()?;
    Some(Span::new(first, last))
}

fn shortened(mut chars: impl Iterator<Item = char>) -> String {
    let mut text: String = chars.by_ref().take(MAX_TERM).collect();
    if chars.next().is_some() {
        text.push('…');
    }
    text
}
