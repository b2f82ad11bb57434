//! From a site's labelled comments to a [`Lesson`]: the steps of the training, begun at the weights of the model.
//!
//! FTRL's state is made so that its weights are the model's, and every label moves the weights of its comment's features a
//! little. Three things guard a site against its own labels: too few of a kind teach nothing, both kinds count the same
//! however many there are, and a lesson counts only if it judges comments better that it was not taught.

use super::dice::Dice;
use super::features::{BIAS, BUCKETS, Features, Sparse};
use super::learner::{Rates, load, step};
use super::lesson::{Lesson, MOST, MOST_BUCKETS};
use super::{Head, HeadKind, Model, probability};
use crate::dataset::Row;

/// Fewest comments of each kind that teach a head.
pub const FEWEST: usize = 20;
/// How often each comment is gone through.
const PASSES: usize = 3;
/// The comments are cut into so many parts; each is judged by what the others teach.
const PARTS: usize = 4;
/// Slower than training: what many sites have taught must not be forgotten over a few comments.
const RATES: Rates = Rates { alpha: 0.3, beta: 1.0, l1: 0.0, l2: 0.0 };
/// What FTRL takes for the squared gradients so far of a weight that it meets for the first time.
const KNOWN: f32 = 0.05;
/// The same for the bias, which shall stay: what moderators see is not what a site gets.
const SETTLED: f32 = 1e12;
/// Differences that are no difference.
const LEAST: f32 = 1e-4;
/// Decides the order of the comments.
const SEED: u64 = 1;

/// Why there is no lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NothingTaught {
    /// No head has enough comments of both kinds.
    #[error("fewer than {FEWEST} comments of a kind")]
    TooFew,
    /// Comments that a lesson was not taught are judged no better with it.
    #[error("what was learned from some of the comments judges the others no better")]
    NoBetter,
}

/// What `rows` teach, as lesson `number` of a site. The same rows give the same lesson.
///
/// # Errors
///
/// When they teach nothing that helps.
pub fn teach(model: &Model, number: i64, rows: &[Row]) -> Result<Lesson, NothingTaught> {
    let seen: Vec<Sparse> = rows.iter().map(|row| Features::of(&row.comment()).sparse()).collect();
    let mut outcomes = HeadKind::ALL.map(|kind| {
        let label = |row: &Row| match kind {
            HeadKind::Spam => row.spam,
            HeadKind::Toxic => row.toxic,
        };
        let labelled = rows.iter().zip(&seen).filter_map(|(row, seen)| Some((seen, label(row)?))).collect();
        let head = model.heads[kind as usize].as_ref().ok_or(NothingTaught::TooFew)?;
        School { head, labelled }.differences()
    });
    if outcomes.iter().all(Result::is_err) {
        // What was tried and did not help is the better reason.
        outcomes.sort_by_key(|outcome| outcome.as_ref().err() == Some(&NothingTaught::TooFew));
        let [outcome, _] = outcomes;
        return Err(outcome.err().unwrap_or(NothingTaught::TooFew));
    }
    let heads = outcomes.map(Result::unwrap_or_default);
    Ok(Lesson::new(number, model, u32::try_from(rows.len()).unwrap_or(u32::MAX), heads))
}

/// A head and the comments that are to teach it.
struct School<'a> {
    head: &'a Head,
    labelled: Vec<(&'a Sparse, bool)>,
}

impl School<'_> {
    fn differences(&self) -> Result<Vec<(u32, f32)>, NothingTaught> {
        let positive = self.labelled.iter().filter(|(_, positive)| *positive).count();
        if positive.min(self.labelled.len() - positive) < FEWEST {
            return Err(NothingTaught::TooFew);
        }
        let (before, after) = self.losses();
        if after >= before {
            return Err(NothingTaught::NoBetter);
        }
        let mut differences = self.taught(|_| true).differences();
        differences.sort_unstable_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        differences.truncate(MOST_BUCKETS);
        Ok(differences)
    }

    /// Log loss of the model alone, and of the model with what the other parts of the comments teach. Both kinds weigh the
    /// same.
    fn losses(&self) -> (f64, f64) {
        let (mut before, mut after) = (0.0, 0.0);
        let weights = self.weights(|_| true);
        for part in 0..PARTS {
            let pupil = self.taught(|i| i % PARTS != part);
            for (seen, positive) in self.labelled.iter().skip(part).step_by(PARTS) {
                let known = self.head.bias + sum(seen, |bucket| self.head.weight(bucket));
                let learned = sum(seen, |bucket| f64::from(pupil.difference(bucket))).clamp(-MOST, MOST);
                let weight = f64::from(weights[usize::from(*positive)]);
                before += weight * loss(known, *positive);
                after += weight * loss(known + learned, *positive);
            }
        }
        (before, after)
    }

    /// What the weights are after the comments whose numbers are `wanted`.
    fn taught(&self, wanted: impl Fn(usize) -> bool) -> Pupil<'_> {
        let mut pupil = Pupil { head: self.head, states: vec![(0.0, 0.0); BUCKETS] };
        let weights = self.weights(&wanted);
        let mut order: Vec<usize> = (0..self.labelled.len()).filter(|i| wanted(*i)).collect();
        let mut dice = Dice::new(SEED, 0);
        for _ in 0..PASSES {
            dice.shuffle(&mut order);
            for &i in &order {
                let (seen, positive) = self.labelled[i];
                pupil.learn(seen, positive, weights[usize::from(positive)]);
            }
        }
        pupil
    }

    /// What a negative and a positive comment weigh, so that all of either kind weigh the same together.
    fn weights(&self, wanted: impl Fn(usize) -> bool) -> [f32; 2] {
        let mut counts = [0usize; 2];
        for (_, (_, positive)) in self.labelled.iter().enumerate().filter(|(i, _)| wanted(*i)) {
            counts[usize::from(*positive)] += 1;
        }
        let least = counts[0].min(counts[1]);
        counts.map(|count| least as f32 / count.max(1) as f32)
    }
}

/// A head that goes on learning.
struct Pupil<'a> {
    head: &'a Head,
    /// FTRL's `z` and `n`; an `n` of 0 is that of a bucket that it has not met.
    states: Vec<(f32, f32)>,
}

impl Pupil<'_> {
    fn learn(&mut self, seen: &Sparse, positive: bool, weight: f32) {
        let states: Vec<(f32, f32)> = seen.buckets.iter().map(|bucket| self.state(*bucket)).collect();
        let mut model = load(RATES, states.iter().map(|(z, _)| *z), states.iter().map(|(_, n)| *n));
        step(&mut model, seen, positive, weight, 1.0);
        for (bucket, (z, n)) in seen.buckets.iter().zip(model.z().iter().zip(model.n())) {
            self.states[*bucket as usize] = (*z, *n);
        }
    }

    fn state(&self, bucket: u32) -> (f32, f32) {
        match self.states[bucket as usize] {
            (_, 0.0) => {
                let n = if bucket == BIAS { SETTLED } else { KNOWN };
                (-self.known(bucket) * slowness(n), n)
            }
            met => met,
        }
    }

    /// The model's weight.
    fn known(&self, bucket: u32) -> f32 {
        (if bucket == BIAS { self.head.bias } else { self.head.weight(bucket) }) as f32
    }

    fn difference(&self, bucket: u32) -> f32 {
        match self.states[bucket as usize] {
            (z, n) if n > 0.0 && bucket != BIAS => -z / slowness(n) - self.known(bucket),
            _ => 0.0,
        }
    }

    fn differences(&self) -> Vec<(u32, f32)> {
        let differences = (0..BUCKETS as u32).map(|bucket| (bucket, self.difference(bucket)));
        differences.filter(|(_, difference)| difference.abs() >= LEAST).collect()
    }
}

/// What FTRL divides `z` by to get a weight; McMahan et al., Ad Click Prediction, KDD 2013, without regularisation.
fn slowness(n: f32) -> f32 {
    (RATES.beta + n.sqrt()) / RATES.alpha
}

/// A weighted sum over the features but the bias.
fn sum(seen: &Sparse, weight: impl Fn(u32) -> f64) -> f64 {
    let features = seen.buckets.iter().zip(&seen.values).filter(|(bucket, _)| **bucket != BIAS);
    features.map(|(bucket, value)| weight(*bucket) * f64::from(*value)).sum()
}

fn loss(log_odds: f64, positive: bool) -> f64 {
    -probability(if positive { log_odds } else { -log_odds }).max(1e-9).ln()
}

#[cfg(test)]
mod tests {
    use super::super::Classifier;
    use super::*;

    fn row(text: String, spam: bool) -> Row {
        Row { text, spam: Some(spam), toxic: None, source: "site".into(), ..Row::default() }
    }

    /// A site whose moderators reject whoever praises one shop, in words that are no advertising anywhere else.
    fn history() -> Vec<Row> {
        let days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
        let places = ["bridge", "harbour", "station", "market", "museum"];
        let each = days.iter().flat_map(|day| places.iter().map(move |place| (day, place)));
        each.flat_map(|(day, place)| {
            [
                row(format!("I was at Velmora near the {place} last {day} and they were so kind to me"), true),
                row(format!("The {place} was closed last {day}, does anybody know why they did that?"), false),
            ]
        })
        .collect()
    }

    fn spam(model: &Model, lesson: Option<&Lesson>, text: &str) -> (f64, Option<f64>) {
        let comment = row(text.to_owned(), true).comment();
        let judged = Classifier { model: Some(model), lesson }.judge(&comment);
        (judged.spam.expect("a head").log_odds, judged.taught_spam.map(|taught| taught.log_odds))
    }

    #[test]
    fn what_moderators_decide_is_known_in_comments_that_they_have_not_seen() {
        let model = Model::embedded().expect("the embedded model is sound");
        let lesson = teach(&model, 1, &history()).expect("a lesson");
        let (_, praise) = spam(&model, Some(&lesson), "My sister went to Velmora in spring, so kind to her");
        let (_, question) = spam(&model, Some(&lesson), "Was the harbour closed in spring? Does anybody know?");
        let (praise, question) = (praise.expect("taught"), question.expect("taught"));
        assert!(praise > 0.5 && question < 0.0 && praise <= MOST, "{praise} {question}");
    }

    #[test]
    fn a_lesson_adds_up_to_what_its_terms_say_and_is_bounded() {
        let model = Model::embedded().expect("the embedded model is sound");
        let lesson = teach(&model, 1, &history()).expect("a lesson");
        let text = "Velmora Velmora, I was at Velmora and they were so kind to me last Friday near the museum";
        let comment = row(text.to_owned(), true).comment();
        let judged = Classifier { model: Some(&model), lesson: Some(&lesson) }.judge(&comment);
        let (head, taught) = (judged.spam.expect("a head"), judged.taught_spam.expect("taught"));
        assert!(taught.log_odds.abs() <= MOST + 1e-9);
        assert!((taught.probability - probability(head.log_odds + taught.log_odds)).abs() < 1e-12);
        assert!(taught.terms.iter().any(|term| term.term == "velmora" && term.score > 0.0), "{:?}", taught.terms);
    }

    #[test]
    fn the_same_comments_teach_the_same() {
        let model = Model::embedded().expect("the embedded model is sound");
        let bytes = || teach(&model, 1, &history()).expect("a lesson").to_bytes();
        assert_eq!(bytes(), bytes());
    }

    #[test]
    fn a_few_comments_or_labels_without_sense_teach_nothing() {
        let model = Model::embedded().expect("the embedded model is sound");
        let few: Vec<Row> = history().into_iter().take(2 * FEWEST - 1).collect();
        assert_eq!(teach(&model, 1, &few).map(drop), Err(NothingTaught::TooFew));
        let one_kind: Vec<Row> = history().into_iter().filter(|row| row.spam == Some(true)).collect();
        assert_eq!(teach(&model, 1, &one_kind).map(drop), Err(NothingTaught::TooFew));
        // Real advertising and real questions, with labels the wrong way round half of the time.
        let mut dice = Dice::new(7, 7);
        let senseless: Vec<Row> =
            history().into_iter().map(|row| Row { spam: Some(dice.below(2) == 0), ..row }).collect();
        assert_eq!(teach(&model, 1, &senseless).map(drop), Err(NothingTaught::NoBetter));
    }

    #[test]
    fn a_lesson_of_another_model_does_not_count() {
        let model = Model::embedded().expect("the embedded model is sound");
        let lesson = teach(&model, 1, &history()).expect("a lesson");
        let other = Lesson::from_bytes(1, "another".to_owned(), 60, &lesson.to_bytes()).expect("a lesson");
        assert_eq!(spam(&model, Some(&other), "I was at Velmora, so kind").1, None);
    }
}
