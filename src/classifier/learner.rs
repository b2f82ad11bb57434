//! Learning: linfa's FTRL-proximal on the coordinates that are not zero in a row.
//!
//! linfa takes dense rows only, and a hashed row has a million columns of which some hundred count. FTRL touches only
//! those, so each step gathers their state into a small `linfa_ftrl::Ftrl`, lets linfa predict and update it, and
//! scatters the state back: the same result as on the full width.

use linfa::Dataset;
use linfa::dataset::Pr;
use linfa::traits::Predict;
use linfa_ftrl::Ftrl;
use ndarray::{Array1, Array2};
use serde::Deserialize;
use serde::de::value::{Error as ValueError, F32Deserializer, SeqDeserializer};
use serde::de::{DeserializeSeed, IntoDeserializer, SeqAccess, Visitor};

use super::features::{BUCKETS, Sparse};

/// How fast and how boldly a head learns; the names are those of FTRL-proximal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Learning rate.
    pub alpha: f32,
    /// Keeps the first steps of a coordinate small.
    pub beta: f32,
    /// Pulls weights to zero; what stays below is exactly zero.
    pub l1: f32,
    /// Pulls weights towards zero.
    pub l2: f32,
}

/// How sure a head must be of the contrary to doubt a label.
const CONTRARY: f32 = 0.95;

/// A head while it learns.
pub struct Learner {
    rates: Rates,
    buckets: Vec<State>,
    /// Steps since averaging began, if it has.
    averaged: Option<u32>,
}

/// What is known of one bucket, side by side: a row touches hundreds of them far apart in memory.
#[derive(Clone, Copy, Default)]
struct State {
    z: f32,
    n: f32,
    /// The weight since the step `since`, while weights are averaged.
    weight: f32,
    since: u32,
    /// The sum of weights over the steps before that, brought up to date only where the weight changes.
    sum: f64,
}

impl Learner {
    /// A head that knows nothing.
    pub fn new(rates: Rates) -> Self {
        Self { rates, buckets: vec![State::default(); BUCKETS], averaged: None }
    }

    /// Learns that a row is `positive`, with a weight from 0 to 1. `doubt` is what is left of the weight where the head
    /// is surer than 95 % of the contrary: after the first pass such a label is more likely wrong than not.
    pub fn learn(&mut self, row: &Sparse, positive: bool, weight: f32, doubt: f32) {
        let mut model = self.gather(row);
        step(&mut model, row, positive, weight, doubt);
        self.scatter(row, &model);
    }

    /// From here on weights are averaged over steps, which takes out the noise of the last rows.
    pub fn start_averaging(&mut self) {
        let weights = self.current_weights();
        for (bucket, weight) in self.buckets.iter_mut().zip(weights) {
            *bucket = State { weight, since: 0, sum: 0.0, ..*bucket };
        }
        self.averaged = Some(0);
    }

    /// The weights: averaged, if averaging was started.
    pub fn weights(&self) -> Vec<f32> {
        let Some(steps) = self.averaged else {
            return self.current_weights();
        };
        let mean = |bucket: &State| {
            let last = f64::from(bucket.weight) * f64::from(steps - bucket.since);
            ((bucket.sum + last) / f64::from(steps.max(1))) as f32
        };
        self.buckets.iter().map(mean).collect()
    }

    fn current_weights(&self) -> Vec<f32> {
        let (z, n) = (self.buckets.iter().map(|bucket| bucket.z), self.buckets.iter().map(|bucket| bucket.n));
        load(self.rates, z, n).get_weights().to_vec()
    }

    fn gather(&self, row: &Sparse) -> Ftrl<f32> {
        let states = || row.buckets.iter().map(|&bucket| &self.buckets[bucket as usize]);
        load(self.rates, states().map(|state| state.z), states().map(|state| state.n))
    }

    fn scatter(&mut self, row: &Sparse, model: &Ftrl<f32>) {
        for (&bucket, (&z, &n)) in row.buckets.iter().zip(model.z().iter().zip(model.n())) {
            let state = &mut self.buckets[bucket as usize];
            (state.z, state.n) = (z, n);
        }
        if let Some(step) = &mut self.averaged {
            for (&bucket, &weight) in row.buckets.iter().zip(&model.get_weights()) {
                let state = &mut self.buckets[bucket as usize];
                state.sum += f64::from(state.weight) * f64::from(*step - state.since);
                (state.weight, state.since) = (weight, *step);
            }
            *step += 1;
        }
    }
}

/// One step of linfa's on the coordinates of a row.
pub(super) fn step(model: &mut Ftrl<f32>, row: &Sparse, positive: bool, weight: f32, doubt: f32) {
    let values =
        Array2::from_shape_vec((1, row.values.len()), row.values.clone()).expect("a row has as many columns as values");
    let row_of_one = Dataset::new(values, Array1::from_elem(1, positive));
    let predicted: Array1<Pr> = model.predict(row_of_one.records());
    // FTRL knows no weights: a prediction that is nearer to the label makes the same step, only smaller.
    let label = f32::from(u8::from(positive));
    let weight = if (*predicted[0] - label).abs() > CONTRARY { weight * doubt } else { weight };
    let nearer = (label + weight * (*predicted[0] - label)).clamp(0.0, 1.0);
    model.update(&row_of_one, Array1::from_elem(1, Pr::new(nearer)).view());
}

/// A linfa model of this state. Its serde form is the only way to give it one.
pub(super) fn load(
    rates: Rates,
    z: impl ExactSizeIterator<Item = f32>,
    n: impl ExactSizeIterator<Item = f32>,
) -> Ftrl<f32> {
    Ftrl::deserialize(Form { rates, z, n }).expect("linfa-ftrl is pinned, and a test keeps to its serde form")
}

/// The serde form of `Ftrl`: four rates, `z`, `n`.
struct Form<Z, N> {
    rates: Rates,
    z: Z,
    n: N,
}

impl<'de, Z, N> serde::Deserializer<'de> for Form<Z, N>
where
    Z: ExactSizeIterator<Item = f32>,
    N: ExactSizeIterator<Item = f32>,
{
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        let Rates { alpha, beta, l1, l2 } = self.rates;
        visitor.visit_seq(Fields { numbers: [alpha, beta, l1, l2], next: 0, z: Some(self.z), n: Some(self.n) })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Fields<Z, N> {
    numbers: [f32; 4],
    next: usize,
    z: Option<Z>,
    n: Option<N>,
}

impl<'de, Z, N> SeqAccess<'de> for Fields<Z, N>
where
    Z: ExactSizeIterator<Item = f32>,
    N: ExactSizeIterator<Item = f32>,
{
    type Error = ValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ValueError> {
        if let Some(&number) = self.numbers.get(self.next) {
            self.next += 1;
            let number: F32Deserializer<ValueError> = number.into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        if let Some(z) = self.z.take() {
            return seed.deserialize(Vector(z)).map(Some);
        }
        self.n.take().map(|n| seed.deserialize(Vector(n))).transpose()
    }
}

/// The serde form of a one-dimensional ndarray: version 1, its length, its values.
struct Vector<I>(I);

impl<'de, I: ExactSizeIterator<Item = f32>> serde::Deserializer<'de> for Vector<I> {
    type Error = ValueError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ValueError> {
        visitor.visit_seq(VectorFields { next: 0, values: Some(self.0) })
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct VectorFields<I> {
    next: u8,
    values: Option<I>,
}

impl<'de, I: ExactSizeIterator<Item = f32>> SeqAccess<'de> for VectorFields<I> {
    type Error = ValueError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, ValueError> {
        self.next += 1;
        match self.next {
            1 => seed.deserialize(IntoDeserializer::<ValueError>::into_deserializer(1u8)).map(Some),
            2 => {
                let len = self.values.as_ref().map_or(0, ExactSizeIterator::len);
                seed.deserialize(SeqDeserializer::new(std::iter::once(len))).map(Some)
            }
            _ => self.values.take().map(|values| seed.deserialize(SeqDeserializer::new(values))).transpose(),
        }
    }
}

#[cfg(test)]
mod tests {
    use linfa::ParamGuard;
    use linfa::traits::FitWith;

    use super::*;

    const RATES: Rates = Rates { alpha: 0.5, beta: 1.0, l1: 0.01, l2: 0.1 };

    #[test]
    fn a_sparse_step_is_linfas_dense_step() {
        // Three dense columns; the sparse rows have them at far-apart buckets.
        let buckets = [3, 70_000, 1_000_000];
        let rows =
            [([1.0, 0.0, 0.5], true), ([0.0, 1.0, 0.5], false), ([0.3, 0.7, 0.0], true), ([1.0, 1.0, 1.0], false)];
        let mut learner = Learner::new(RATES);
        let mut dense = load(RATES, [0.0; 3].into_iter(), [0.0; 3].into_iter());
        let params = Ftrl::params().alpha(0.5).beta(1.0).l1_ratio(0.01).l2_ratio(0.1).check().expect("valid rates");
        for (values, positive) in rows {
            let active: Vec<usize> = (0..3).filter(|&i| values[i] != 0.0).collect();
            let row = Sparse {
                buckets: active.iter().map(|&i| buckets[i]).collect(),
                values: active.iter().map(|&i| values[i]).collect(),
            };
            learner.learn(&row, positive, 1.0, 1.0);
            let values = Array2::from_shape_vec((1, 3), values.to_vec()).expect("a row");
            dense = params
                .fit_with(Some(dense), &Dataset::new(values, Array1::from_elem(1, positive)))
                .expect("linfa learns");
        }
        let weights = learner.weights();
        for (bucket, expected) in buckets.iter().zip(dense.get_weights()) {
            assert!((weights[*bucket as usize] - expected).abs() < 1e-6);
        }
    }

    #[test]
    fn a_weight_of_nothing_teaches_nothing_and_averages_lie_between() {
        let row = Sparse { buckets: vec![5], values: vec![1.0] };
        let mut learner = Learner::new(RATES);
        learner.learn(&row, true, 0.0, 1.0);
        assert_eq!(learner.current_weights()[5], 0.0);
        learner.start_averaging();
        for _ in 0..10 {
            learner.learn(&row, true, 1.0, 1.0);
        }
        let last = learner.current_weights()[5];
        let averaged = learner.weights()[5];
        assert!(0.0 < averaged && averaged < last, "{averaged} {last}");
    }
}
