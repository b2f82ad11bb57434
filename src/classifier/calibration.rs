//! From a head's scores to probabilities: Platt scaling, done by linfa.

use linfa::ParamGuard;
use linfa::composing::platt_scaling::{PlattError, PlattParams, platt_newton_method};
use ndarray::Array1;

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

    /// The log-odds of a score.
    pub fn apply(self, score: f64) -> f64 {
        self.slope * score + self.intercept
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::super::probability;
    use super::*;

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
