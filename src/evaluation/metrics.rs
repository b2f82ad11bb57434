//! How good scores are: ranking, recall at few false alarms, calibration.

use serde::Serialize;

use super::curves::{Curve, calibration_error};

/// What can be said of scores against labels; `None` where there is too little to say it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Metrics {
    /// Labelled rows.
    pub n: usize,
    /// Positive ones among them.
    pub positives: usize,
    /// Area under the receiver operating characteristic: how often a positive row is above a negative one.
    pub roc_auc: Option<f64>,
    /// Average precision.
    pub pr_auc: Option<f64>,
    /// Share of positive rows found when 1 % of the negative ones are flagged.
    pub recall_at_fpr_1pct: Option<f64>,
    /// Share of positive rows found when 0.1 % of the negative ones are flagged.
    pub recall_at_fpr_0_1pct: Option<f64>,
    /// Mean negative logarithm of the probability given to what is true.
    pub log_loss: Option<f64>,
    /// Expected calibration error over bins of equal width.
    pub ece: Option<f64>,
}

impl Metrics {
    /// Measures `scores`: probability, and whether the row is positive.
    pub fn of(scores: &[(f64, bool)]) -> Self {
        let n = scores.len();
        let positives = scores.iter().filter(|(_, positive)| *positive).count();
        if n == 0 {
            return Self::default();
        }
        let curve = Curve::of(scores);
        Self {
            n,
            positives,
            roc_auc: curve.roc_auc(),
            pr_auc: curve.average_precision(),
            recall_at_fpr_1pct: curve.recall_at(0.01),
            recall_at_fpr_0_1pct: curve.recall_at(0.001),
            log_loss: Some(log_loss(scores)),
            ece: Some(calibration_error(scores)),
        }
    }

    /// The mean of each figure over those that have it, and the sum of the counts.
    pub fn mean<'a>(all: impl Iterator<Item = &'a Self> + Clone) -> Self {
        let mean = |of: fn(&Self) -> Option<f64>| {
            let values: Vec<f64> = all.clone().filter_map(of).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        Self {
            n: all.clone().map(|metrics| metrics.n).sum(),
            positives: all.clone().map(|metrics| metrics.positives).sum(),
            roc_auc: mean(|m| m.roc_auc),
            pr_auc: mean(|m| m.pr_auc),
            recall_at_fpr_1pct: mean(|m| m.recall_at_fpr_1pct),
            recall_at_fpr_0_1pct: mean(|m| m.recall_at_fpr_0_1pct),
            log_loss: mean(|m| m.log_loss),
            ece: mean(|m| m.ece),
        }
    }
}

fn log_loss(scores: &[(f64, bool)]) -> f64 {
    let loss = |(p, positive): &(f64, bool)| -(if *positive { *p } else { 1.0 - p }).clamp(1e-15, 1.0).ln();
    scores.iter().map(loss).sum::<f64>() / scores.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(values: &[(f64, u8)]) -> Vec<(f64, bool)> {
        values.iter().map(|(score, label)| (*score, *label == 1)).collect()
    }

    #[test]
    fn a_perfect_order_scores_one_and_a_reversed_one_zero() {
        let perfect = Metrics::of(&scores(&[(0.9, 1), (0.8, 1), (0.2, 0), (0.1, 0)]));
        assert_eq!((perfect.roc_auc, perfect.pr_auc, perfect.recall_at_fpr_1pct), (Some(1.0), Some(1.0), Some(1.0)));
        assert_eq!(Metrics::of(&scores(&[(0.1, 1), (0.9, 0)])).roc_auc, Some(0.0));
        assert_eq!(Metrics::of(&scores(&[(0.5, 1), (0.5, 0)])).roc_auc, Some(0.5));
    }

    #[test]
    fn known_values_are_met() {
        // The example of scikit-learn's documentation for average_precision_score and roc_auc_score.
        let found = Metrics::of(&scores(&[(0.1, 0), (0.4, 0), (0.35, 1), (0.8, 1)]));
        assert_eq!(found.roc_auc, Some(0.75));
        assert!((found.pr_auc.expect("both classes") - 0.833_333).abs() < 1e-5);
        assert_eq!(found.recall_at_fpr_1pct, Some(0.5));
    }

    #[test]
    fn calibration_error_is_the_gap_between_said_and_true() {
        let found = Metrics::of(&scores(&[(0.8, 1), (0.8, 1), (0.8, 1), (0.8, 0)]));
        assert!((found.ece.expect("rows") - 0.05).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_told_is_null() {
        let found = Metrics::of(&scores(&[(0.8, 1), (0.7, 1)]));
        assert_eq!((found.n, found.positives, found.roc_auc, found.pr_auc), (2, 2, None, None));
        assert!(found.log_loss.is_some());
        assert_eq!(Metrics::of(&[]), Metrics::default());
    }
}
