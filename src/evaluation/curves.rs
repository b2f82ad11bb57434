//! Scores against labels as curves: what is found, and at the cost of how many false alarms.

use serde::Serialize;

/// How many bins expected calibration error has.
const BINS: usize = 15;
/// How many bars a histogram has.
const BARS: usize = 20;

/// False-positive rates at which recall is told.
pub const RATES: [f64; 7] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];

/// How many rows of each class lie at or above each distinct score.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    points: Vec<Point>,
}

/// One distinct score with the rows at or above it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    score: f64,
    negatives: usize,
    positives: usize,
}

/// Rows whose probability lies between two bounds: what was said of them, and what was true.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Its lower bound.
    pub from: f64,
    /// Its upper bound.
    pub to: f64,
    /// Rows in it.
    pub n: usize,
    /// Their mean probability.
    pub said: f64,
    /// The share of them that is positive.
    pub found: f64,
}

/// Rows of each class whose probability lies between two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bar {
    /// The lower bound.
    pub from: f64,
    /// The upper bound.
    pub to: f64,
    /// Negative rows.
    pub negatives: usize,
    /// Positive rows.
    pub positives: usize,
}

impl Curve {
    /// The curve of `scores`: the higher, the more positive; and whether the row is positive.
    pub fn of(scores: &[(f64, bool)]) -> Self {
        let mut sorted = scores.to_vec();
        sorted.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut last = Point { score: f64::INFINITY, negatives: 0, positives: 0 };
        let mut points = vec![last];
        for (i, (score, is_positive)) in sorted.iter().enumerate() {
            *(if *is_positive { &mut last.positives } else { &mut last.negatives }) += 1;
            if sorted.get(i + 1).is_none_or(|next| next.0 != *score) {
                last.score = *score;
                points.push(last);
            }
        }
        Self { points }
    }

    /// How many rows of each class there are: negative, positive.
    pub fn totals(&self) -> (usize, usize) {
        self.points.last().map_or((0, 0), |last| (last.negatives, last.positives))
    }

    fn has_both_classes(&self) -> bool {
        let (negatives, positives) = self.totals();
        negatives > 0 && positives > 0
    }

    /// How often a positive row is above a negative one.
    pub fn roc_auc(&self) -> Option<f64> {
        let (negatives, positives) = self.totals();
        let trapezoid =
            |pair: &[Point]| (pair[1].negatives - pair[0].negatives) * (pair[1].positives + pair[0].positives);
        let doubled: usize = self.points.windows(2).map(trapezoid).sum();
        self.has_both_classes().then(|| doubled as f64 / (2 * negatives * positives) as f64)
    }

    /// Average precision: the area under precision and recall, without interpolation.
    pub fn average_precision(&self) -> Option<f64> {
        let (_, positives) = self.totals();
        let step = |pair: &[Point]| (pair[1].positives - pair[0].positives) as f64 * precision(&pair[1]);
        self.has_both_classes().then(|| self.points.windows(2).map(step).sum::<f64>() / positives as f64)
    }

    /// Share of positive rows found when at most this share of the negative ones is flagged.
    pub fn recall_at(&self, false_positive_rate: f64) -> Option<f64> {
        let (_, positives) = self.totals();
        self.has_both_classes().then(|| self.point_at(false_positive_rate).positives as f64 / positives as f64)
    }

    /// Recall at each of [`RATES`]; empty where there is one class only.
    pub fn recalls(&self) -> Vec<(f64, f64)> {
        RATES.into_iter().filter_map(|rate| Some((rate, self.recall_at(rate)?))).collect()
    }

    /// The lowest score from which on at most this share of the negative rows is flagged; infinite where even the
    /// highest score flags more. `None` without negative rows.
    pub fn threshold_at(&self, false_positive_rate: f64) -> Option<f64> {
        (self.totals().0 > 0).then(|| self.point_at(false_positive_rate).score)
    }

    fn point_at(&self, false_positive_rate: f64) -> Point {
        let allowed = (self.totals().0 as f64 * false_positive_rate).floor() as usize;
        // The first point flags nothing.
        self.points.iter().take_while(|point| point.negatives <= allowed).last().copied().unwrap_or(self.points[0])
    }

    /// Precision where at least this share of the positive rows is found.
    pub fn precision_at(&self, recall: f64) -> Option<f64> {
        let (_, positives) = self.totals();
        let found = |point: &&Point| point.positives > 0 && point.positives as f64 >= recall * positives as f64;
        self.has_both_classes().then(|| self.points.iter().find(found).map(precision)).flatten()
    }

    /// False-positive rate and recall, from none flagged to all; at most about `most` points.
    pub fn roc(&self, most: usize) -> Vec<(f64, f64)> {
        let (negatives, positives) = self.totals();
        let share = |part: usize, all: usize| part as f64 / all.max(1) as f64;
        self.thinned(most).map(|point| (share(point.negatives, negatives), share(point.positives, positives))).collect()
    }

    /// Recall and precision, from the highest score down; at most about `most` points.
    pub fn precision_recall(&self, most: usize) -> Vec<(f64, f64)> {
        let (_, positives) = self.totals();
        let recall = |point: &Point| point.positives as f64 / positives.max(1) as f64;
        self.thinned(most).filter(|p| p.score.is_finite()).map(|point| (recall(point), precision(point))).collect()
    }

    /// The points a step apart on either axis, so that a steep part keeps its shape.
    fn thinned(&self, most: usize) -> impl Iterator<Item = &Point> {
        let (negatives, positives) = self.totals();
        let half = (most / 2).max(1);
        let cell =
            move |point: &Point| (point.negatives * half / negatives.max(1), point.positives * half / positives.max(1));
        let mut last = None;
        self.points.iter().enumerate().filter_map(move |(i, point)| {
            let here = cell(point);
            let keep = last != Some(here) || i + 1 == self.points.len();
            last = Some(here);
            keep.then_some(point)
        })
    }
}

fn precision(point: &Point) -> f64 {
    point.positives as f64 / (point.positives + point.negatives).max(1) as f64
}

/// What was said and what was true, in bins of equal width; empty ones are left out.
pub fn reliability(scores: &[(f64, bool)]) -> Vec<Bin> {
    let mut bins = [(0usize, 0.0f64, 0usize); BINS];
    for (probability, positive) in scores {
        let bin = &mut bins[((probability * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + 1, bin.1 + probability, bin.2 + usize::from(*positive));
    }
    let edge = |i: usize| i as f64 / BINS as f64;
    let filled = bins.into_iter().enumerate().filter(|(_, bin)| bin.0 > 0);
    filled
        .map(|(i, (n, sum, positives))| Bin {
            from: edge(i),
            to: edge(i + 1),
            n,
            said: sum / n as f64,
            found: positives as f64 / n as f64,
        })
        .collect()
}

/// Expected calibration error: how far what was said is from what was true, averaged over rows.
pub fn calibration_error(scores: &[(f64, bool)]) -> f64 {
    let gap: f64 = reliability(scores).iter().map(|bin| bin.n as f64 * (bin.said - bin.found).abs()).sum();
    gap / scores.len().max(1) as f64
}

/// How the probabilities are spread, in bars of equal width.
pub fn histogram(scores: &[(f64, bool)]) -> Vec<Bar> {
    let edge = |i: usize| i as f64 / BARS as f64;
    let mut bars: Vec<Bar> =
        (0..BARS).map(|i| Bar { from: edge(i), to: edge(i + 1), negatives: 0, positives: 0 }).collect();
    for (probability, positive) in scores {
        let bar = &mut bars[((probability * BARS as f64) as usize).min(BARS - 1)];
        *(if *positive { &mut bar.positives } else { &mut bar.negatives }) += 1;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCORES: [(f64, bool); 6] = [(0.9, true), (0.8, false), (0.8, true), (0.4, false), (0.3, false), (0.1, false)];

    #[test]
    fn a_threshold_flags_no_more_than_it_may() {
        let curve = Curve::of(&SCORES);
        assert_eq!(curve.threshold_at(0.0), Some(0.9));
        assert_eq!(curve.threshold_at(0.25), Some(0.8));
        assert_eq!(curve.threshold_at(1.0), Some(0.1));
        assert_eq!((curve.recall_at(0.0), curve.recall_at(0.25)), (Some(0.5), Some(1.0)));
        assert_eq!((curve.precision_at(0.5), curve.precision_at(1.0)), (Some(1.0), Some(2.0 / 3.0)));
        assert_eq!(curve.recalls()[6], (0.1, 0.5));
        let ham_on_top = Curve::of(&[(0.9, false), (0.2, true)]);
        assert_eq!((ham_on_top.threshold_at(0.0), ham_on_top.recall_at(0.0)), (Some(f64::INFINITY), Some(0.0)));
        assert_eq!(Curve::of(&[(0.9, true)]).threshold_at(0.01), None);
    }

    #[test]
    fn curves_begin_at_nothing_and_end_at_everything() {
        let curve = Curve::of(&SCORES);
        assert_eq!(curve.roc(100), [(0.0, 0.0), (0.0, 0.5), (0.25, 1.0), (0.5, 1.0), (0.75, 1.0), (1.0, 1.0)]);
        let found = curve.precision_recall(100);
        assert_eq!((found[0], *found.last().expect("points")), ((0.5, 1.0), (1.0, 2.0 / 6.0)));
    }

    #[test]
    fn many_points_are_thinned_and_the_ends_stay() {
        let scores: Vec<_> = (0..10_000).map(|i| (f64::from(i) / 10_000.0, i % 2 == 0)).collect();
        let thin = Curve::of(&scores).roc(100);
        assert!(thin.len() <= 205, "{}", thin.len());
        assert_eq!((thin[0], *thin.last().expect("points")), ((0.0, 0.0), (1.0, 1.0)));
    }

    #[test]
    fn bins_hold_what_was_said_and_what_was_true() {
        let bins = reliability(&[(0.8, true), (0.8, true), (0.8, true), (0.8, false), (1.0, true)]);
        assert_eq!(bins.len(), 2);
        assert!((bins[0].said - 0.8).abs() < 1e-12 && bins[0].found == 0.75 && bins[0].n == 4);
        assert_eq!((bins[1].to, bins[1].n), (1.0, 1));
        let bars = histogram(&[(0.0, false), (0.04, false), (1.0, true)]);
        assert_eq!((bars[0].negatives, bars[19].positives, bars.len()), (2, 1, 20));
    }
}
