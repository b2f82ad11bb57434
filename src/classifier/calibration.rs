//! From a head's scores to probabilities: Platt scaling, done by linfa.

use std::collections::BTreeMap;
use std::sync::Arc;

use linfa::ParamGuard;
use linfa::composing::platt_scaling::{PlattError, PlattParams, platt_newton_method};
use ndarray::Array1;

/// Fewest rows of each class that tell a line for a source.
const FEWEST: usize = 20;

/// The odds of the positive class that probabilities assume: one in four. Sources of training have far more spam than a site.
const ODDS: f64 = 1.0 / 3.0;

/// The score of a row that the head has not learned from.
#[derive(Clone, Debug)]
pub(super) struct HeldOutScore {
    pub(super) source: Arc<str>,
    pub(super) score: f64,
    pub(super) positive: bool,
}

/// A line that turns scores into log-odds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Calibration {
    /// What a score is multiplied by; positive.
    pub slope: f64,
    /// What is added.
    pub intercept: f64,
}

impl Calibration {
    /// Leaves scores as they are.
    pub const NONE: Self = Self { slope: 1.0, intercept: 0.0 };

    /// Fits the line to scores of rows that the head has not learned from.
    ///
    /// # Errors
    ///
    /// When linfa finds no line.
    pub fn fit(scores: &[(f64, bool)]) -> Result<Self, PlattError> {
        let params = PlattParams::<f64, ()>::default().check()?;
        let values: Array1<f64> = scores.iter().map(|(score, _)| *score).collect();
        let labels: Array1<bool> = scores.iter().map(|(_, positive)| *positive).collect();
        let (a, b) = platt_newton_method(values.view(), labels.view(), &params)?;
        // linfa has p = 1 / (1 + exp(a x + b)). A head that orders unseen rows the wrong way round would get a negative
        // slope; it is flattened instead, never turned round.
        Ok(Self { slope: (-a).max(0.05), intercept: -b })
    }

    /// The median of the lines that fit each source by itself, as if one in four of its rows were positive. What spam scores
    /// differs more between sources than within one, so one line through all of them is too flat for each.
    ///
    /// # Errors
    ///
    /// When linfa finds no line for a source.
    pub(super) fn fit_each(scores: &[HeldOutScore]) -> Result<Self, PlattError> {
        let mut by_source: BTreeMap<&str, Vec<(f64, bool)>> = BTreeMap::new();
        for HeldOutScore { source, score, positive } in scores {
            by_source.entry(source).or_default().push((*score, *positive));
        }
        let mut lines = Vec::new();
        for scores in by_source.values() {
            let positive = scores.iter().filter(|(_, positive)| *positive).count();
            let negative = scores.len() - positive;
            if positive.min(negative) >= FEWEST {
                let Self { slope, intercept } = Self::fit(scores)?;
                lines.push(Self { slope, intercept: intercept + (ODDS * negative as f64 / positive as f64).ln() });
            }
        }
        if lines.is_empty() {
            return Self::fit(&scores.iter().map(|row| (row.score, row.positive)).collect::<Vec<_>>());
        }
        let of_all = |part: fn(&Self) -> f64| median(lines.iter().map(part).collect());
        Ok(Self { slope: of_all(|line| line.slope), intercept: of_all(|line| line.intercept) })
    }

    /// The log-odds of a score.
    pub fn apply(self, score: f64) -> f64 {
        self.slope * score + self.intercept
    }
}

/// The middle one of some values, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len().is_multiple_of(2) { f64::midpoint(values[half - 1], values[half]) } else { values[half] }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::super::probability;
    use super::*;

    /// Rows of a source whose true log-odds are its score plus `shift`.
    fn source(name: &str, shift: f64, dice: &mut Dice) -> Vec<HeldOutScore> {
        let row = |_| {
            let score = dice.below(1_200) as f64 / 100.0 - 6.0;
            HeldOutScore { source: name.into(), score, positive: dice.chance(probability(score + shift)) }
        };
        (0..10_000).map(row).collect()
    }

    #[test]
    fn sources_that_lie_apart_do_not_flatten_the_line() {
        let mut dice = Dice::new(4, 4);
        let apart: Vec<_> =
            [("chat", 3.0), ("blog", -3.0)].map(|(name, shift)| source(name, shift, &mut dice)).concat();
        let pooled = Calibration::fit(&apart.iter().map(|row| (row.score, row.positive)).collect::<Vec<_>>());
        let each = Calibration::fit_each(&apart).expect("converges");
        assert!(pooled.expect("converges").slope < 0.8 && (each.slope - 1.0).abs() < 0.05, "{each:?}");
        assert!((each.intercept - ODDS.ln()).abs() < 0.2, "{each:?}");
    }

    #[test]
    fn a_source_of_one_class_tells_nothing() {
        let mut dice = Dice::new(5, 5);
        let mut rows = source("video", 0.0, &mut dice);
        let alone = Calibration::fit_each(&rows).expect("converges");
        rows.extend((0..500).map(|_| HeldOutScore { source: "ham".into(), score: 2.0, positive: false }));
        assert_eq!(Calibration::fit_each(&rows).expect("converges"), alone);
    }

    #[test]
    fn overconfident_scores_are_calmed() {
        // True log-odds are a third of the score, minus one.
        let mut dice = Dice::new(3, 3);
        let scores: Vec<(f64, bool)> = (0..20_000)
            .map(|_| {
                let score = dice.below(2_000) as f64 / 100.0 - 10.0;
                (score, dice.chance(probability(score / 3.0 - 1.0)))
            })
            .collect();
        let found = Calibration::fit(&scores).expect("converges");
        assert!((found.slope - 1.0 / 3.0).abs() < 0.02 && (found.intercept + 1.0).abs() < 0.08, "{found:?}");
    }
}
