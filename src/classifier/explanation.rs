//! Why a head says what it says: what each word and each observation adds to the log-odds.

use super::features::{self, Features, Place};
use super::{Head, HeadScore, SHOWN_TERMS, probability};
use crate::comment::Comment;
use crate::concepts::Concept;
use crate::normalize::Reading;
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
        let mut scores = Self::sum(features, |bucket| head.weight(bucket));
        // The bias keeps its full precision.
        scores.by_term[0] = head.bias;
        scores
    }

    /// The sum over features of these weights of their buckets.
    #[inline]
    pub(super) fn sum(features: &Features, weight: impl Fn(u32) -> f64) -> Self {
        let mut by_term = vec![0.0; features.terms.len()];
        features.for_each(|buckets, value, term| {
            let score = &mut by_term[term as usize];
            *score = buckets.iter().fold(*score, |score, bucket| score + weight(*bucket) * value);
        });
        Self { by_term }
    }

    /// The same, with what every comment gets.
    pub(super) fn everywhere(mut self, score: f64) -> Self {
        self.by_term[0] += score;
        self
    }

    /// The same, scaled down as a whole where it is more than `most` in either direction.
    pub(super) fn within(mut self, most: f64) -> Self {
        let log_odds = self.log_odds();
        if log_odds.abs() > most {
            let scale = most / log_odds.abs();
            self.by_term.iter_mut().for_each(|score| *score *= scale);
        }
        self
    }

    fn log_odds(&self) -> f64 {
        self.by_term.iter().sum()
    }

    pub(super) fn head_score(&self, readings: &Readings<'_>, features: &Features) -> HeadScore {
        let log_odds = self.log_odds();
        let strongest = self.strongest();
        let terms = self.explain(&strongest, readings, features);
        HeadScore { log_odds, probability: probability(log_odds), terms }
    }

    /// The terms that count most, strongest first; the bias is none of them.
    fn strongest(&self) -> Vec<usize> {
        let mut strongest: Vec<usize> = Vec::with_capacity(SHOWN_TERMS + 1);
        let mut least = 0.0;
        for (i, score) in self.by_term.iter().enumerate().skip(1) {
            // Of equally strong ones the first count, so a later one has to be stronger.
            if score.abs() > least {
                let place = strongest.partition_point(|&other| self.by_term[other].abs() >= score.abs());
                strongest.insert(place, i);
                strongest.truncate(SHOWN_TERMS);
                if strongest.len() == SHOWN_TERMS {
                    least = strongest.last().map_or(0.0, |&last| self.by_term[last].abs());
                }
            }
        }
        strongest
    }

    pub(super) fn all(&self, readings: &Readings<'_>, features: &Features) -> Vec<Term> {
        let all: Vec<usize> = (0..self.by_term.len()).collect();
        let mut all = self.explain(&all, readings, features);
        all.sort_by(|a, b| b.score.abs().total_cmp(&a.score.abs()));
        all
    }

    /// The terms with these numbers, in words. All places are gone through once, however many terms there are.
    fn explain(&self, numbers: &[usize], readings: &Readings<'_>, features: &Features) -> Vec<Term> {
        let comment = readings.comment;
        let mut at = vec![u32::MAX; features.terms.len()];
        let mut spans: Vec<Vec<Span>> = vec![Vec::new(); numbers.len()];
        for (i, number) in numbers.iter().enumerate() {
            at[*number] = i as u32;
        }
        for (place, number) in &features.places {
            if let Some(spans) = spans.get_mut(at[*number as usize] as usize)
                && spans.len() < MAX_SPANS
            {
                spans.extend(readings.span(*place));
            }
        }
        let explain = |(number, mut spans): (&usize, Vec<Span>)| {
            let term = &features.terms[*number];
            // A pair of words is not among the places; it stands where it was first seen.
            if let features::Term::Text(place) = term
                && spans.is_empty()
            {
                spans.extend(readings.span(*place));
            }
            let term = match term {
                features::Term::Bias => "every comment".to_owned(),
                features::Term::Concept(concept) => {
                    named(comment, |named| named == *concept, &mut spans);
                    format!("talks about {}", concept.name().replace('_', " "))
                }
                features::Term::Advertised(count) => {
                    named(comment, Concept::is_advertised, &mut spans);
                    format!("subjects of advertising: {count}")
                }
                features::Term::Abuse(count) => {
                    named(comment, Concept::is_abuse, &mut spans);
                    format!("kinds of abuse: {count}")
                }
                features::Term::Named(name) => (*name).to_owned(),
                features::Term::Counted(name, count) => format!("{name}: {count}"),
                features::Term::Together(first, second) => format!("{first} and {second} together"),
                features::Term::Detail(name, detail) => format!("{name} {}", shortened(detail)),
                features::Term::Link(link) => {
                    let link = &comment.body.links[*link as usize];
                    spans.push(link.span);
                    shortened(&link.url)
                }
                features::Term::Text(place) => shortened(readings.part(*place)),
            };
            spans.sort_unstable();
            spans.dedup();
            Term { term, score: self.by_term[*number], spans }
        };
        numbers.iter().zip(spans).map(explain).collect()
    }
}

/// Adds the places where a text names concepts.
fn named(comment: &Comment, wanted: impl Fn(Concept) -> bool, spans: &mut Vec<Span>) {
    let mut places = comment.body.reading().places();
    let hits = comment.concepts.iter().filter(|hit| wanted(hit.concept)).take(MAX_SPANS);
    spans.extend(hits.map(|hit| places.span(hit.range.clone())));
}

/// The readings of a comment, in which the places of terms are looked up. All heads share it.
pub(super) struct Readings<'a> {
    comment: &'a Comment,
    /// The plain one and, where there is one, the undone one.
    texts: [Option<Text<'a>>; 2],
}

impl<'a> Readings<'a> {
    pub(super) fn of(comment: &'a Comment) -> Self {
        let texts = [Some(&comment.body.plain), comment.body.undone.as_ref()].map(|reading| reading.map(Text::of));
        Self { comment, texts }
    }

    fn text(&self, place: Place) -> Option<&Text<'a>> {
        self.texts.get(usize::from(place.reading))?.as_ref()
    }

    fn part(&self, place: Place) -> &'a str {
        self.text(place).map_or("", |text| text.part(place.start as usize, place.end as usize))
    }

    /// Where a part stands in the original.
    fn span(&self, place: Place) -> Option<Span> {
        self.text(place)?.span(place.start as usize, place.end as usize)
    }
}

/// A reading in which characters are found by their number.
struct Text<'a> {
    reading: &'a Reading,
    /// Where each character begins, in bytes; empty where every character is a byte.
    starts: Vec<u32>,
}

impl<'a> Text<'a> {
    fn of(reading: &'a Reading) -> Self {
        let is_ascii = reading.text.len() == reading.origin.len();
        let starts = reading.text.char_indices().map(|(at, _)| at as u32);
        Self { reading, starts: if is_ascii { Vec::new() } else { starts.collect() } }
    }

    fn part(&self, start: usize, end: usize) -> &'a str {
        let text = self.reading.text.as_str();
        let byte =
            |i: usize| if self.starts.is_empty() { i } else { self.starts.get(i).map_or(text.len(), |b| *b as usize) };
        text.get(byte(start)..byte(end)).unwrap_or_default()
    }

    fn span(&self, start: usize, end: usize) -> Option<Span> {
        let origin = self.reading.origin.get(start..end)?;
        let first = origin.iter().map(|span| span.start).min()?;
        let last = origin.iter().map(|span| span.end).max()?;
        Some(Span::new(first, last))
    }
}

fn shortened(text: &str) -> String {
    // No character is shorter than a byte.
    let end = if text.len() > MAX_TERM { text.char_indices().nth(MAX_TERM) } else { None };
    end.map_or_else(|| text.to_owned(), |(end, _)| format!("{}…", &text[..end]))
}
