//! How good scores are: ranking, recall at few false alarms, calibration.

use serde::Serialize;

/// How many bins expected calibration error has.
const BINS: usize = 15;

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
        let both = positives > 0 && positives < n;
        let mut sorted = scores.to_vec();
        sorted.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let points = curve(&sorted);
        Self {
            n,
            positives,
            roc_auc: both.then(|| roc_auc(&points)),
            pr_auc: both.then(|| average_precision(&points)),
            recall_at_fpr_1pct: both.then(|| recall_at(&points, 0.01)),
            recall_at_fpr_0_1pct: both.then(|| recall_at(&points, 0.001)),
            log_loss: Some(log_loss(scores)),
            ece: Some(calibration_error(scores)),
        }
    }
}

/// Negative and positive rows at or above each distinct score, from the highest score down.
fn curve(sorted: &[(f64, bool)]) -> Vec<(usize, usize)> {
    let mut points = vec![(0, 0)];
    let (mut negative, mut positive) = (0, 0);
    for (i, (score, is_positive)) in sorted.iter().enumerate() {
        *(if *is_positive { &mut positive } else { &mut negative }) += 1;
        if sorted.get(i + 1).is_none_or(|next| next.0 != *score) {
            points.push((negative, positive));
        }
    }
    points
}

fn roc_auc(points: &[(usize, usize)]) -> f64 {
    let (negatives, positives) = points[points.len() - 1];
    let doubled: usize = points.windows(2).map(|pair| (pair[1].0 - pair[0].0) * (pair[1].1 + pair[0].1)).sum();
    doubled as f64 / (2 * negatives * positives) as f64
}

fn average_precision(points: &[(usize, usize)]) -> f64 {
    let positives = points[points.len() - 1].1;
    let step = |pair: &[(usize, usize)]| {
        let (negative, positive) = pair[1];
        (positive - pair[0].1) as f64 * positive as f64 / (negative + positive) as f64
    };
    points.windows(2).map(step).sum::<f64>() / positives as f64
}

fn recall_at(points: &[(usize, usize)], false_positive_rate: f64) -> f64 {
    let (negatives, positives) = points[points.len() - 1];
    let allowed = (negatives as f64 * false_positive_rate).floor() as usize;
    let reached = points.iter().take_while(|point| point.0 <= allowed).last().map_or(0, |point| point.1);
    reached as f64 / positives as f64
}

fn log_loss(scores: &[(f64, bool)]) -> f64 {
    let loss = |(p, positive): &(f64, bool)| -(if *positive { *p } else { 1.0 - p }).clamp(1e-15, 1.0).ln();
    scores.iter().map(loss).sum::<f64>() / scores.len() as f64
}

fn calibration_error(scores: &[(f64, bool)]) -> f64 {
    // Of each bin how far what was said is from what was true, summed over its rows.
    let mut gaps = [0.0; BINS];
    for (p, positive) in scores {
        gaps[((p * BINS as f64) as usize).min(BINS - 1)] += p - f64::from(u8::from(*positive));
    }
    gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / scores.len() as f64
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
