//! The classifier: two linear heads, spam and toxic, over hashed features, trained with linfa.
//!
//! A head's log-odds are a sum over features, so what each word contributes is exact and not an estimate.
//! [`features`] is what is seen, [`training`] how it is learned, [`mod@file`] how it is kept.

pub mod calibration;
pub mod card;
mod choosing;
mod counts;
mod course;
pub mod dice;
mod examples;
mod explanation;
pub mod features;
pub mod file;
pub mod identity;
pub mod learner;
pub mod leave_one_out;
pub mod lesson;
pub mod obfuscation;
mod planting;
mod settings;
mod signs;
mod structure;
pub mod teaching;
#[cfg(test)]
mod tests;
mod tokens;
pub mod training;

use crate::comment::Comment;
use crate::verdict::Term;

use explanation::{Readings, Scores};
use features::Features;
use lesson::Lesson;

/// How many terms an explanation shows.
pub const SHOWN_TERMS: usize = 8;

/// What a head looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadKind {
    /// Advertising and fraud.
    Spam,
    /// Abuse of a person or group.
    Toxic,
}

impl HeadKind {
    /// All heads.
    pub const ALL: [Self; 2] = [Self::Spam, Self::Toxic];

    /// Its name in reports and in the model card.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Toxic => "toxic",
        }
    }
}

/// What one head says of a comment.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadScore {
    /// Calibrated log-odds: the sum of what all features contribute.
    pub log_odds: f64,
    /// Calibrated probability, 0 to 1.
    pub probability: f64,
    /// The strongest terms, strongest first; at most [`SHOWN_TERMS`].
    pub terms: Vec<Term>,
}

/// What the model says of a comment; `None` for a head that it does not have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judgement {
    /// Whether it is spam.
    pub spam: Option<HeadScore>,
    /// Whether it is toxic.
    pub toxic: Option<HeadScore>,
    /// What the site's moderators have taught about spam; the probability is that of both together.
    pub taught_spam: Option<HeadScore>,
    /// The same about toxicity.
    pub taught_toxic: Option<HeadScore>,
}

/// What judges the comments of a site: the model, and what the site's moderators have taught it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Classifier<'a> {
    /// The model; without one nothing is judged.
    pub model: Option<&'a Model>,
    /// What was taught. It counts only for the model that it belongs to.
    pub lesson: Option<&'a Lesson>,
}

impl<'a> From<Option<&'a Model>> for Classifier<'a> {
    /// A model that nobody has taught anything.
    fn from(model: Option<&'a Model>) -> Self {
        Self { model, lesson: None }
    }
}

impl Classifier<'_> {
    /// Judges a comment with all heads.
    pub fn judge(self, comment: &Comment) -> Judgement {
        self.model.map(|model| model.judge_with(comment, self.lesson())).unwrap_or_default()
    }

    /// Names the model and, after a `+`, the lesson: `2026-11-22-a1b2c3+12`.
    pub fn version(self) -> Option<String> {
        let version = &self.model?.version;
        Some(self.lesson().map_or_else(|| version.clone(), |lesson| format!("{version}+{}", lesson.number)))
    }

    fn lesson(&self) -> Option<&Lesson> {
        self.lesson.filter(|lesson| self.model.is_some_and(|model| model.version == lesson.model))
    }
}

/// A trained model.
#[derive(Debug)]
pub struct Model {
    /// Names the model: date of training and start of its checksum, such as `2026-11-22-a1b2c3`.
    pub version: String,
    heads: [Option<Head>; 2],
}

/// One trained head: a weight for each bucket, in a byte.
#[derive(Clone, Debug, PartialEq)]
struct Head {
    /// What every comment gets, calibration included.
    bias: f64,
    /// The greatest weight, calibration included.
    scale: f64,
    /// The weights, as they stand in the file.
    weights: Vec<i8>,
    /// What each byte of a weight stands for.
    values: Box<[f64; 256]>,
}

impl Head {
    fn new(bias: f64, scale: f64, weights: Vec<i8>) -> Self {
        Self { bias, scale, weights, values: Box::new(SQUARES.map(|square| square * scale)) }
    }

    /// Bytes stand for squares, so that small weights, which are most, lie closer together than great ones.
    fn pack(bias: f64, weights: impl Iterator<Item = f64> + Clone) -> Self {
        let scale = weights.clone().fold(0.0f64, |greatest, weight| greatest.max(weight.abs()));
        let pack =
            |weight: f64| ((weight.abs() / scale.max(f64::MIN_POSITIVE)).sqrt() * 127.0).round().copysign(weight);
        Self::new(bias, scale, weights.map(|weight| pack(weight) as i8).collect())
    }

    /// The weight of a bucket.
    fn weight(&self, bucket: u32) -> f64 {
        self.values[usize::from(self.weights[bucket as usize].cast_unsigned())]
    }
}

/// What each byte of a weight stands for, before scaling.
static SQUARES: [f64; 256] = squares();

const fn squares() -> [f64; 256] {
    let mut squares = [0.0; 256];
    let mut byte = 0;
    while byte < squares.len() {
        let level = (byte as u8).cast_signed() as f64 / 127.0;
        squares[byte] = level * level.abs();
        byte += 1;
    }
    squares
}

impl Model {
    /// Judges a comment with all heads.
    pub fn judge(&self, comment: &Comment) -> Judgement {
        self.judge_with(comment, None)
    }

    fn judge_with(&self, comment: &Comment, lesson: Option<&Lesson>) -> Judgement {
        let features = Features::of(comment);
        let readings = Readings::of(comment);
        let score = |kind| {
            let head = self.score(kind, &features)?.head_score(&readings, &features);
            let taught = lesson.and_then(|lesson| lesson.score(kind, &head, &readings, &features));
            Some((head, taught))
        };
        let (spam, taught_spam) = score(HeadKind::Spam).unzip();
        let (toxic, taught_toxic) = score(HeadKind::Toxic).unzip();
        Judgement { spam, toxic, taught_spam: taught_spam.flatten(), taught_toxic: taught_toxic.flatten() }
    }

    /// Everything that adds to a head's log-odds, strongest first: with nothing left out, the scores add up to it.
    /// `None` where the model does not have the head.
    pub fn contributions(&self, kind: HeadKind, comment: &Comment) -> Option<Vec<Term>> {
        let features = Features::of(comment);
        Some(self.score(kind, &features)?.all(&Readings::of(comment), &features))
    }

    /// Whether it has this head.
    pub fn has(&self, kind: HeadKind) -> bool {
        self.heads[kind as usize].is_some()
    }

    fn score(&self, kind: HeadKind, features: &Features) -> Option<Scores> {
        Some(Scores::of(self.heads[kind as usize].as_ref()?, features))
    }
}

/// The logistic function.
pub(crate) fn probability(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}
