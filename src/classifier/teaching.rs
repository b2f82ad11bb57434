//! From a site's labelled comments to a [`Lesson`]: the steps of the training, begun at the weights of the model.
//!
//! FTRL's state is made so that its weights are the model's, and every label moves the weights of its comment's words, addresses
//! and name a little; characters and structure, which all comments share, stay as the model has them. Four things guard a site against its own labels: too few of a kind teach nothing, both kinds count the same
//! however many there are, a lesson counts only if it tells comments apart better that it was not taught, and it does not
//! make every comment more suspicious: what moderators see is not what a site gets.

use super::dice::Dice;
use super::features::{BIAS, BUCKETS, Features, Sparse};
use super::learner::{Rates, load, step};
use super::lesson::{Lesson, MOST_BUCKETS, Taught};
use super::{Head, HeadKind, Model, probability};
use crate::dataset::Row;

/// Fewest comments of each kind that teach a head.
pub const FEWEST: usize = 20;
/// Steps of a lesson, about; few comments are gone through more often.
const STEPS: usize = 16_000;
/// How much smaller the log loss of comments that were not taught has to be, per comment.
const BETTER: f64 = 0.01;
/// The comments are cut into so many parts; each is judged by what the others teach.
const PARTS: usize = 4;
/// Slower than training: what many sites have taught must not be forgotten over a few comments.
const RATES: Rates = Rates { alpha: 0.3, beta: 1.0, l1: 0.0, l2: 0.0 };
/// What FTRL takes for the squared gradients so far of a weight that it meets for the first time.
const KNOWN: f32 = 0.05;
/// The same for what stays as it is.
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
    let seen: Vec<Seen> = rows.iter().map(Seen::of).collect();
    let mut outcomes = HeadKind::ALL.map(|kind| {
        let label = |row: &Row| match kind {
            HeadKind::Spam => row.spam,
            HeadKind::Toxic => row.toxic,
        };
        let head = model.heads[kind as usize].as_ref().ok_or(NothingTaught::TooFew)?;
        let labelled = rows.iter().zip(&seen).filter_map(|(row, seen)| Some(seen.labelled(head, label(row)?)));
        School { head, labelled: labelled.collect() }.teach()
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

/// What the classifier sees of a comment.
struct Seen {
    all: Sparse,
    words: Sparse,
}

impl Seen {
    fn of(row: &Row) -> Self {
        let mut features = Features::of(&row.comment());
        let all = features.sparse();
        features.keep_words();
        Self { all, words: features.sparse() }
    }

    fn labelled(&self, head: &Head, positive: bool) -> Labelled<'_> {
        Labelled { words: &self.words, known: head.bias + sum(&self.all, |bucket| head.weight(bucket)), positive }
    }
}

/// A comment with its label.
struct Labelled<'a> {
    /// What can be taught.
    words: &'a Sparse,
    /// The log-odds of the model.
    known: f64,
    positive: bool,
}

/// A head and the comments that are to teach it.
struct School<'a> {
    head: &'a Head,
    labelled: Vec<Labelled<'a>>,
}

impl School<'_> {
    fn teach(&self) -> Result<Taught, NothingTaught> {
        let positive = self.labelled.iter().filter(|comment| comment.positive).count();
        if positive.min(self.labelled.len() - positive) < FEWEST {
            return Err(NothingTaught::TooFew);
        }
        let untaught = self.judged_untaught();
        let before = loss_at_best(untaught.iter().map(|judged| (judged.known, judged.positive)));
        let after = loss_at_best(untaught.iter().map(|judged| (judged.known + judged.learned, judged.positive)));
        if after > before - BETTER {
            return Err(NothingTaught::NoBetter);
        }
        let mut differences = self.taught(|_| true).differences();
        differences.sort_unstable_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(&b.0)));
        differences.truncate(MOST_BUCKETS);
        // What all comments have in common must not make genuine ones more suspicious than they were.
        let genuine = untaught.iter().filter(|judged| !judged.positive);
        let raised = genuine.clone().map(|judged| judged.learned).sum::<f64>() / genuine.count() as f64;
        Ok(Taught { everywhere: -raised.max(0.0) as f32, differences })
    }

    /// Every comment, judged by the model and by what the other parts of the comments teach.
    fn judged_untaught(&self) -> Vec<Judged> {
        let mut judged = Vec::with_capacity(self.labelled.len());
        for part in 0..PARTS {
            let pupil = self.taught(|i| i % PARTS != part);
            for &Labelled { words, known, positive } in self.labelled.iter().skip(part).step_by(PARTS) {
                let learned = sum(words, |bucket| f64::from(pupil.difference(bucket)));
                judged.push(Judged { known, learned, positive });
            }
        }
        judged
    }

    /// What the weights are after the comments whose numbers are `wanted`.
    fn taught(&self, wanted: impl Fn(usize) -> bool) -> Pupil<'_> {
        let mut pupil = Pupil { head: self.head, states: vec![(0.0, 0.0); BUCKETS] };
        let weights = self.weights(&wanted);
        let mut order: Vec<usize> = (0..self.labelled.len()).filter(|i| wanted(*i)).collect();
        let mut dice = Dice::new(SEED, 0);
        for _ in 0..(STEPS / order.len().max(1)).clamp(2, 16) {
            dice.shuffle(&mut order);
            for &i in &order {
                pupil.learn(&self.labelled[i], weights[usize::from(self.labelled[i].positive)]);
            }
        }
        pupil
    }

    /// What a negative and a positive comment weigh, so that all of either kind weigh the same together.
    fn weights(&self, wanted: impl Fn(usize) -> bool) -> [f32; 2] {
        let mut counts = [0usize; 2];
        for (_, comment) in self.labelled.iter().enumerate().filter(|(i, _)| wanted(*i)) {
            counts[usize::from(comment.positive)] += 1;
        }
        let least = counts[0].min(counts[1]);
        counts.map(|count| least as f32 / count.max(1) as f32)
    }
}

/// A comment that was not taught.
struct Judged {
    /// The log-odds of the model.
    known: f64,
    /// What was learned from others adds to them.
    learned: f64,
    positive: bool,
}

/// Log loss of labels of which either kind weighs the same, after all log-odds were shifted alike to fit them best. Two judges
/// can be compared so, whatever share of comments each takes for spam.
fn loss_at_best(log_odds: impl Iterator<Item = (f64, bool)> + Clone) -> f64 {
    let positive = log_odds.clone().filter(|(_, positive)| *positive).count() as f64;
    let negative = log_odds.clone().count() as f64 - positive;
    let weight = |is_positive| if is_positive { 0.5 / positive } else { 0.5 / negative };
    // The share of positives that is said grows with the shift, so the right one is between two that are not.
    let (mut low, mut high) = (-30.0, 30.0);
    for _ in 0..50 {
        let middle = (low + high) / 2.0;
        let said: f64 = log_odds.clone().map(|(score, is)| weight(is) * probability(score + middle)).sum();
        if said < 0.5 { low = middle } else { high = middle }
    }
    log_odds.map(|(score, is_positive)| weight(is_positive) * loss(score + low, is_positive)).sum()
}

/// A head that goes on learning.
struct Pupil<'a> {
    head: &'a Head,
    /// FTRL's `z` and `n`; an `n` of 0 is that of a bucket that it has not met.
    states: Vec<(f32, f32)>,
}

impl Pupil<'_> {
    fn learn(&mut self, comment: &Labelled<'_>, weight: f32) {
        let words = comment.words;
        // What cannot be taught stands in the place of the bias, which is in every row.
        let rest = comment.known - sum(words, |bucket| self.head.weight(bucket));
        let states: Vec<(f32, f32)> = words.buckets.iter().map(|bucket| self.state(*bucket, rest as f32)).collect();
        let mut model = load(RATES, states.iter().map(|(z, _)| *z), states.iter().map(|(_, n)| *n));
        step(&mut model, words, comment.positive, weight, 1.0);
        for (bucket, (z, n)) in words.buckets.iter().zip(model.z().iter().zip(model.n())) {
            self.states[*bucket as usize] = (*z, *n);
        }
    }

    fn state(&self, bucket: u32, rest: f32) -> (f32, f32) {
        match self.states[bucket as usize] {
            _ if bucket == BIAS => (-rest * slowness(SETTLED), SETTLED),
            (_, 0.0) => (-self.head.weight(bucket) as f32 * slowness(KNOWN), KNOWN),
            met => met,
        }
    }

    fn difference(&self, bucket: u32) -> f32 {
        match self.states[bucket as usize] {
            (z, n) if n > 0.0 && bucket != BIAS => -z / slowness(n) - self.head.weight(bucket) as f32,
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
fn sum(row: &Sparse, weight: impl Fn(u32) -> f64) -> f64 {
    let features = row.buckets.iter().zip(&row.values).filter(|(bucket, _)| **bucket != BIAS);
    features.map(|(bucket, value)| weight(*bucket) * f64::from(*value)).sum()
}

fn loss(log_odds: f64, positive: bool) -> f64 {
    -probability(if positive { log_odds } else { -log_odds }).max(1e-9).ln()
}

#[cfg(test)]
mod tests {
    use super::super::Classifier;
    use super::super::lesson::MOST;
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
    fn a_lesson_about_some_comments_makes_others_no_more_suspicious() {
        let model = Model::embedded().expect("the embedded model is sound");
        let lesson = teach(&model, 1, &history()).expect("a lesson");
        for other in ["What a day! We walked along the river until it was dark.", "Thank you, that helped me a lot."] {
            let (_, taught) = spam(&model, Some(&lesson), other);
            assert!(taught.unwrap_or(0.0) < 0.75, "{other}: {taught:?}");
        }
    }

    #[test]
    fn a_lesson_adds_up_to_what_its_terms_say_and_is_bounded() {
        let model = Model::embedded().expect("the embedded model is sound");
        let lesson = teach(&model, 1, &history()).expect("a lesson");
        let classifier = Classifier { model: Some(&model), lesson: Some(&lesson) };
        let judge = |text: &str| classifier.judge(&row(text.to_owned(), true).comment());
        let judged = judge("Velmora Velmora, I was at Velmora and they were so kind to me last Friday near the museum");
        let (head, taught) = (judged.spam.expect("a head"), judged.taught_spam.expect("taught"));
        assert!(taught.log_odds.abs() <= MOST + 1e-9);
        assert!((taught.probability - probability(head.log_odds + taught.log_odds)).abs() < 1e-12);
        let told = judge("Velmora opens at nine").taught_spam.expect("taught");
        assert!(told.terms.iter().any(|term| term.term == "velmora" && term.score > 0.0), "{:?}", told.terms);
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
