//! From labelled rows to a model.
//!
//! A row counts as much as its source and class allow, so that no source speaks for all. In every pass a row is
//! seen a little differently: fields of the author are dropped, because which fields there are depends on the site;
//! some texts are disguised, because spammers do that and others do not. Calibration rests on sources that were left
//! out: that a model is too sure of itself shows only there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::calibration::Calibration;
use super::dice::Dice;
use super::features::{BIAS, Features, Sparse};
use super::learner::{Learner, Rates};
use super::obfuscation::Disguise;
use super::{Head, HeadKind, Model};
use crate::dataset::Row;

/// Fewest rows of each class.
pub const MIN_ROWS: usize = 10;

/// How a head is trained. The defaults were chosen by leaving sources out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// How fast it learns.
    pub rates: Rates,
    /// How often it sees all rows; averaged over the last time.
    pub passes: usize,
    /// Most rows of one source and class that one pass sees.
    pub cap: usize,
    /// How much a source and class of `n` rows counts: `n` to this power.
    pub balance: f64,
    /// Probability that an author's field is dropped.
    pub drop_field: f64,
    /// Probability that the words are forgotten, so that structure is learned for its own sake.
    pub forget_words: f64,
    /// Probability that a text of the positive class is disguised.
    pub disguise_positive: f64,
    /// The same for the negative class.
    pub disguise_negative: f64,
    /// What rows count that nobody has labelled for this head and that are presumed negative.
    pub presumed: f64,
    /// How many groups of sources are left out in turn for calibration.
    pub folds: usize,
}

impl Settings {
    /// The settings of a head.
    pub fn of(kind: HeadKind) -> Self {
        match kind {
            HeadKind::Spam => Self {
                rates: Rates { alpha: 0.3, beta: 0.1, l1: 0.002, l2: 0.0 },
                passes: 3,
                cap: 3_000,
                balance: 0.3,
                drop_field: 0.6,
                forget_words: 0.15,
                disguise_positive: 0.3,
                disguise_negative: 0.03,
                presumed: 0.25,
                folds: 3,
            },
            HeadKind::Toxic => Self {
                rates: Rates { alpha: 0.3, beta: 0.1, l1: 0.002, l2: 0.0 },
                passes: 2,
                cap: 6_000,
                balance: 0.5,
                drop_field: 0.8,
                forget_words: 0.0,
                disguise_positive: 0.1,
                disguise_negative: 0.05,
                presumed: 0.0,
                folds: 3,
            },
        }
    }
}

impl Settings {
    /// Changes one setting, `NAME=VALUE`: for experiments.
    ///
    /// # Errors
    ///
    /// When there is no such setting or the value is no number.
    pub fn change(&mut self, change: &str) -> Result<(), String> {
        let (name, value) = change.split_once('=').ok_or_else(|| format!("{change}: not of the form NAME=VALUE"))?;
        let value: f64 = value.parse().map_err(|_| format!("{change}: {value} is no number"))?;
        match name {
            "alpha" => self.rates.alpha = value as f32,
            "beta" => self.rates.beta = value as f32,
            "l1" => self.rates.l1 = value as f32,
            "l2" => self.rates.l2 = value as f32,
            "passes" => self.passes = value as usize,
            "cap" => self.cap = value as usize,
            "balance" => self.balance = value,
            "drop_field" => self.drop_field = value,
            "forget_words" => self.forget_words = value,
            "disguise_positive" => self.disguise_positive = value,
            "disguise_negative" => self.disguise_negative = value,
            "presumed" => self.presumed = value,
            _ => return Err(format!("{change}: there is no setting {name}")),
        }
        Ok(())
    }
}

/// Why no model could be trained.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// There is nothing to learn from.
    #[error("there are no rows to learn from")]
    NoRows,
    /// No row carries a label.
    #[error("no row has a label: `label_spam` or `label_toxic` must be 0 or 1")]
    NoLabels,
    /// A head cannot tell what it has seen only one side of.
    #[error("all {rows} rows labelled for {head} are {class}: both classes are needed")]
    OneClass {
        /// The head.
        head: &'static str,
        /// How many there are.
        rows: usize,
        /// What they all are.
        class: &'static str,
    },
    /// What could be learned would be chance.
    #[error("only {rows} rows are labelled {class} for {head}: at least {MIN_ROWS} are needed")]
    TooFew {
        /// The head.
        head: &'static str,
        /// How many there are.
        rows: usize,
        /// Which class.
        class: &'static str,
    },
    /// The scores of rows left out follow no line.
    #[error("{head} could not be calibrated: {detail}")]
    Calibration {
        /// The head.
        head: &'static str,
        /// What linfa says.
        detail: String,
    },
}

/// A trained model, with what its card tells of it.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// The heads' calibrations, in the order of [`HeadKind::ALL`].
    pub calibrations: [Option<Calibration>; 2],
}

/// The label that a row has for a head.
pub fn label(row: &Row, kind: HeadKind) -> Option<bool> {
    match kind {
        HeadKind::Spam => row.spam,
        HeadKind::Toxic => row.toxic,
    }
}

/// Trains the heads that the labels allow; the heads side by side. `done` counts rows learned from, of
/// [`steps`] in all.
///
/// # Errors
///
/// When the rows do not allow a sound model.
pub fn train(rows: &[Row], seed: u64, settings: [Settings; 2], done: &AtomicU64) -> Result<Trained, TrainError> {
    if rows.is_empty() {
        return Err(TrainError::NoRows);
    }
    let labelled = HeadKind::ALL.map(|kind| rows.iter().any(|row| label(row, kind).is_some()));
    if labelled == [false, false] {
        return Err(TrainError::NoLabels);
    }
    let one = |kind: HeadKind| {
        let settings = settings[kind as usize];
        labelled[kind as usize].then(|| train_head(rows, kind, seed, settings, done)).transpose()
    };
    let (spam, toxic) = std::thread::scope(|scope| {
        let spam = scope.spawn(|| one(HeadKind::Spam));
        let toxic = one(HeadKind::Toxic);
        (spam.join().expect("training does not panic"), toxic)
    });
    let (spam, toxic) = (spam?, toxic?);
    let calibrations = [spam.as_ref().map(|head| head.1), toxic.as_ref().map(|head| head.1)];
    let heads = [spam.map(|head| head.0), toxic.map(|head| head.0)];
    Ok(Trained { model: Model { version: "untitled".to_owned(), heads }, calibrations })
}

/// How many rows [`train`] will learn from, all passes and folds together.
pub fn steps(rows: &[Row], settings: [Settings; 2]) -> u64 {
    // Each fold leaves about its share out.
    let of = |kind| {
        let settings = settings[kind as usize];
        steps_of(rows, kind, settings) * settings.folds.max(1) as u64
    };
    HeadKind::ALL.into_iter().filter(|kind| rows.iter().any(|row| label(row, *kind).is_some())).map(of).sum()
}

/// How many rows a head learns from when it learns once, all passes together.
pub(super) fn steps_of(rows: &[Row], kind: HeadKind, settings: Settings) -> u64 {
    (Examples::of(rows, kind, settings).in_a_pass() * settings.passes) as u64
}

fn train_head(
    rows: &[Row],
    kind: HeadKind,
    seed: u64,
    settings: Settings,
    done: &AtomicU64,
) -> Result<(Head, Calibration), TrainError> {
    check(rows, kind)?;
    let mut held_out = Vec::new();
    let folds = Folds::of(rows, kind, settings.folds);
    for fold in 0..folds.count {
        let weights = RawHead::learn(rows, kind, seed, settings, &|row| folds.of_row(row) != fold, done);
        held_out.extend(weights.sample(rows, kind, seed, &|row| folds.of_row(row) == fold));
    }
    let calibration = Calibration::fit(&held_out)
        .map_err(|error| TrainError::Calibration { head: kind.as_str(), detail: error.to_string() })?;
    let raw = RawHead::learn(rows, kind, seed, settings, &|_| true, done);
    Ok((raw.calibrated(calibration), calibration))
}

fn check(rows: &[Row], kind: HeadKind) -> Result<(), TrainError> {
    let names = match kind {
        HeadKind::Spam => ["ham", "spam"],
        HeadKind::Toxic => ["not toxic", "toxic"],
    };
    let count = |class| rows.iter().filter(|row| label(row, kind) == Some(class)).count();
    let counts = [count(false), count(true)];
    let head = kind.as_str();
    for class in [0, 1] {
        if counts[class] == 0 {
            return Err(TrainError::OneClass { head, rows: counts[1 - class], class: names[1 - class] });
        }
    }
    for class in [0, 1] {
        if counts[class] < MIN_ROWS {
            return Err(TrainError::TooFew { head, rows: counts[class], class: names[class] });
        }
    }
    Ok(())
}

/// Groups of sources; of rows where there are hardly any sources.
struct Folds {
    by_source: BTreeMap<Arc<str>, usize>,
    count: usize,
}

impl Folds {
    fn of(rows: &[Row], kind: HeadKind, count: usize) -> Self {
        let mut by_source = BTreeMap::new();
        for row in rows.iter().filter(|row| label(row, kind).is_some()) {
            by_source.insert(Arc::clone(&row.source), 0);
        }
        for (place, (_, fold)) in by_source.iter_mut().enumerate() {
            *fold = place % count.max(1);
        }
        if by_source.len() < 2 * count {
            by_source.clear();
        }
        Self { by_source, count }
    }

    fn of_row(&self, row: &Row) -> usize {
        match self.by_source.get(&row.source) {
            Some(fold) => *fold,
            None if self.by_source.is_empty() => xxhash_rust::xxh3::xxh3_64(row.text.as_bytes()) as usize % self.count,
            // A source without labels is never left out.
            None => usize::MAX,
        }
    }
}

/// The rows of one head by source and class, with what each group counts.
struct Examples<'a> {
    groups: Vec<Group<'a>>,
    settings: Settings,
}

struct Group<'a> {
    rows: Vec<&'a Row>,
    positive: bool,
    weight: f64,
}

impl<'a> Examples<'a> {
    fn of(rows: impl IntoIterator<Item = &'a Row>, kind: HeadKind, settings: Settings) -> Self {
        let mut by_group: BTreeMap<(&str, bool, bool), Vec<&Row>> = BTreeMap::new();
        for row in rows {
            let known = label(row, kind);
            if known.is_some() || (settings.presumed > 0.0 && presumed_negative(row, kind)) {
                by_group.entry((&row.source, known == Some(true), known.is_some())).or_default().push(row);
            }
        }
        let mut groups: Vec<Group<'_>> = by_group
            .into_iter()
            .map(|((_, positive, known), rows)| {
                let seen = rows.len().min(settings.cap) as f64;
                let weight = seen.powf(settings.balance) / seen * if known { 1.0 } else { settings.presumed };
                Group { rows, positive, weight }
            })
            .collect();
        let mass = |groups: &[Group<'_>], positive: bool| -> f64 {
            let of_class = groups.iter().filter(|group| group.positive == positive);
            of_class.map(|group| group.weight * group.rows.len().min(settings.cap) as f64).sum()
        };
        let (negative, positive) = (mass(&groups, false), mass(&groups, true));
        for group in groups.iter_mut().filter(|group| group.positive) {
            group.weight *= negative / positive;
        }
        // The heaviest rows count in full; a hundredth of it is the least.
        let heaviest = groups.iter().map(|group| group.weight).fold(f64::MIN_POSITIVE, f64::max);
        for group in &mut groups {
            group.weight = (group.weight / heaviest).max(0.01);
        }
        Self { groups, settings }
    }

    fn in_a_pass(&self) -> usize {
        self.groups.iter().map(|group| group.rows.len().min(self.settings.cap)).sum()
    }

    /// The rows of one pass, in the order that they are learned in.
    fn pass(&self, dice: &mut Dice) -> Vec<(&'a Row, bool, f32)> {
        let mut all = Vec::with_capacity(self.in_a_pass());
        for group in &self.groups {
            let mut rows = group.rows.clone();
            dice.shuffle(&mut rows);
            rows.truncate(self.settings.cap);
            all.extend(rows.into_iter().map(|row| (row, group.positive, group.weight as f32)));
        }
        dice.shuffle(&mut all);
        all
    }
}

/// Rows that are labelled for the other head only are mostly neither: spam is not what abuse is collected from, nor
/// the other way round.
fn presumed_negative(row: &Row, kind: HeadKind) -> bool {
    match kind {
        HeadKind::Spam => row.toxic.is_some(),
        HeadKind::Toxic => row.spam.is_some(),
    }
}

/// A head before calibration.
pub struct RawHead {
    weights: Vec<f32>,
}

impl RawHead {
    /// Learns from the rows that `keep` keeps.
    pub fn learn(
        rows: &[Row],
        kind: HeadKind,
        seed: u64,
        settings: Settings,
        keep: &dyn Fn(&Row) -> bool,
        done: &AtomicU64,
    ) -> Self {
        let examples = Examples::of(rows.iter().filter(|row| keep(row)), kind, settings);
        let mut dice = Dice::new(seed, kind as u64);
        let mut learner = Learner::new(settings.rates);
        for pass in 0..settings.passes {
            if pass + 1 == settings.passes {
                learner.start_averaging();
            }
            for (row, positive, weight) in examples.pass(&mut dice) {
                let disguise = if positive { settings.disguise_positive } else { settings.disguise_negative };
                let varied = varied(row, settings.drop_field, disguise, &mut dice);
                let mut features = Features::of(&varied.comment());
                if dice.chance(settings.forget_words) {
                    features.forget_words();
                }
                learner.learn(&features.sparse(), positive, weight);
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
        Self { weights: learner.weights() }
    }

    /// What it gives a row, uncalibrated.
    pub fn score(&self, row: &Row) -> f64 {
        let Sparse { buckets, values } = Features::of(&row.comment()).sparse();
        buckets.iter().zip(values).map(|(bucket, value)| f64::from(self.weights[*bucket as usize] * value)).sum()
    }

    /// Scores of labelled rows that `keep` keeps, at most some hundred of each source and class.
    pub fn sample(&self, rows: &[Row], kind: HeadKind, seed: u64, keep: &dyn Fn(&Row) -> bool) -> Vec<(f64, bool)> {
        const MOST: usize = 500;
        let mut by_group: BTreeMap<(&str, bool), Vec<&Row>> = BTreeMap::new();
        for row in rows.iter().filter(|row| keep(row)) {
            if let Some(positive) = label(row, kind) {
                by_group.entry((&row.source, positive)).or_default().push(row);
            }
        }
        let mut dice = Dice::new(seed, 100 + kind as u64);
        let mut scores = Vec::new();
        for ((_, positive), mut group) in by_group {
            dice.shuffle(&mut group);
            for row in group.into_iter().take(MOST) {
                // As on a site that sends less than the source has.
                let row = varied(row, 0.5, 0.0, &mut dice);
                scores.push((self.score(&row), positive));
            }
        }
        scores
    }

    fn calibrated(self, calibration: Calibration) -> Head {
        let bias = calibration.apply(f64::from(self.weights[BIAS as usize]));
        let weight = |(bucket, weight): (usize, &f32)| {
            if bucket == BIAS as usize { 0.0 } else { calibration.slope * f64::from(*weight) }
        };
        Head::pack(bias, self.weights.iter().enumerate().map(weight))
    }
}

/// A row as another site or another spammer might have sent it.
fn varied(row: &Row, drop_field: f64, disguise: f64, dice: &mut Dice) -> Row {
    let mut varied = row.clone();
    for field in [&mut varied.name, &mut varied.email, &mut varied.url] {
        if dice.chance(drop_field) {
            *field = None;
        }
    }
    if dice.chance(disguise) {
        let kind = dice.pick(&Disguise::ALL);
        varied.text = kind.apply(&varied.text, dice);
    }
    varied
}
