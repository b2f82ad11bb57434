//! How a head is trained.

use std::ops::RangeInclusive;

use super::HeadKind;
use super::learner::Rates;

/// How a head is trained. The defaults were chosen by leaving sources out; rates and passes are what [`Choices`] came to
/// on the data of the shipped model.
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
    /// What adverts planted in comments of the negative class weigh together, as a part of what those comments do.
    pub planted: f64,
    /// What is left, after the first pass, of the weight of a row whose label the head is all but sure to be wrong.
    pub doubt: f32,
    /// How many groups of sources are left out in turn for calibration.
    pub folds: usize,
}

/// What training chooses by itself, on sources that it leaves out.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// Everything that is not chosen.
    pub settings: Settings,
    /// The rates that are compared; not empty.
    pub rates: Vec<Rates>,
    /// The fewest and the most passes; the fewest are at least one.
    pub passes: RangeInclusive<usize>,
}

impl Choices {
    /// The choices for a head.
    pub fn of(kind: HeadKind) -> Self {
        let settings = Settings::of(kind);
        let tried = match kind {
            HeadKind::Spam => [(1.0, 0.0), (0.6, 0.0)],
            HeadKind::Toxic => [(0.6, 0.0), (0.4, 0.0)],
        };
        let rates = tried.map(|(alpha, l2)| Rates { alpha, l2, ..settings.rates }).to_vec();
        Self { settings, rates, passes: 2..=4 }
    }

    /// No choice at all.
    pub fn none(settings: Settings) -> Self {
        let passes = settings.passes.max(1);
        Self { settings, rates: vec![settings.rates], passes: passes..=passes }
    }
}

impl Settings {
    /// The settings of a head.
    pub fn of(kind: HeadKind) -> Self {
        match kind {
            HeadKind::Spam => Self {
                rates: Rates { alpha: 1.0, beta: 0.05, l1: 0.002, l2: 0.0 },
                passes: 4,
                cap: 3_000,
                balance: 0.6,
                drop_field: 0.85,
                forget_words: 0.15,
                disguise_positive: 0.3,
                disguise_negative: 0.02,
                presumed: 0.25,
                planted: 0.15,
                doubt: 0.2,
                folds: 6,
            },
            HeadKind::Toxic => Self {
                rates: Rates { alpha: 0.6, beta: 0.1, l1: 0.002, l2: 0.0 },
                passes: 5,
                cap: 12_000,
                balance: 0.6,
                drop_field: 0.9,
                forget_words: 0.0,
                disguise_positive: 0.1,
                disguise_negative: 0.05,
                presumed: 0.0,
                planted: 0.0,
                doubt: 0.2,
                folds: 6,
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
            "planted" => self.planted = value,
            "doubt" => self.doubt = value as f32,
            "folds" => self.folds = value as usize,
            _ => return Err(format!("{change}: there is no setting {name}")),
        }
        Ok(())
    }
}
