//! From where on comments are held.

use ndarray::{Array3, Axis};

use super::{Case, Costs, Truth, cost, weights};
use crate::policy::Thresholds;
use crate::verdict::Decision;

const HOLD_SCORES: &[f64] =
    &[-1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5, 2.75, 3.0, 3.5, 4.0, 5.0, 6.0];
const HOLD_SPAM: &[f64] =
    &[0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99];
const HOLD_TOXIC: &[f64] =
    &[0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 1.0];

/// Sums over all comments that thresholds approve, at the places of the thresholds in the lists above.
struct Approved {
    /// What approving them costs more than holding them.
    more: Array3<f64>,
    /// How many real comments there are among them.
    real: Array3<usize>,
}

impl Approved {
    fn of(cases: &[Case], costs: &Costs, hold_toxic: &[f64]) -> Self {
        let weight = weights(cases, costs);
        let shape = (HOLD_SCORES.len() + 1, HOLD_SPAM.len() + 1, hold_toxic.len() + 1);
        let (mut more, mut real) = (Array3::zeros(shape), Array3::zeros(shape));
        for case in cases {
            let place = |limits: &[f64], value: f64| limits.partition_point(|limit| *limit <= value);
            let at = [place(HOLD_SCORES, case.score), place(HOLD_SPAM, case.spam), place(hold_toxic, case.toxic)];
            let approving = cost(case.truth, Decision::Approve, costs) - cost(case.truth, Decision::Hold, costs);
            more[at] += weight(case.truth) * approving;
            real[at] += usize::from(case.truth == Truth::Real);
        }
        // Summed along each axis, every place has the sum of the whole box below it.
        for axis in 0..3 {
            more.accumulate_axis_inplace(Axis(axis), |before, here| *here += before);
            real.accumulate_axis_inplace(Axis(axis), |before, here| *here += before);
        }
        Self { more, real }
    }
}

/// The cheapest thresholds for holding, as if everything that is rejected were held. All combinations are tried.
pub(super) fn choose(cases: &[Case], costs: &Costs, before: &Thresholds) -> Thresholds {
    // Without abuse to learn from, its threshold stays where it was.
    let has_abuse = cases.iter().any(|case| case.truth == Truth::Abuse);
    let toxic = if has_abuse { HOLD_TOXIC } else { std::slice::from_ref(&before.hold_toxic) };
    let approved = Approved::of(cases, costs, toxic);
    let real = cases.iter().filter(|case| case.truth == Truth::Real).count();
    let mut best: Option<(bool, f64, Thresholds)> = None;
    // From the strictest on: of equally cheap ones the one that holds least comes last and stays.
    for (i, &hold_score) in HOLD_SCORES.iter().enumerate() {
        for (j, &hold_spam) in HOLD_SPAM.iter().enumerate() {
            for (k, &hold_toxic) in toxic.iter().enumerate() {
                let held = real - approved.real[(i, j, k)];
                let (too_many, more) = (held as f64 > costs.max_held * real as f64, approved.more[(i, j, k)]);
                if best.is_none_or(|(worst, cost, _)| (too_many, more) <= (worst, cost + 1e-12)) {
                    best = Some((too_many, more, Thresholds { hold_score, hold_spam, hold_toxic, ..*before }));
                }
            }
        }
    }
    best.map_or(*before, |(_, _, thresholds)| thresholds)
}
