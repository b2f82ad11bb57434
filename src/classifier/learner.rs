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
    z: Vec<f32>,
    n: Vec<f32>,
    average: Option<Average>,
}

/// Sums of weights over steps, brought up to date only where a weight changes.
struct Average {
    step: u32,
    sums: Vec<f64>,
    current: Vec<f32>,
    since: Vec<u32>,
}

impl Learner {
    /// A head that knows nothing.
    pub fn new(rates: Rates) -> Self {
        Self { rates, z: vec![0.0; BUCKETS], n: vec![0.0; BUCKETS], average: None }
    }

    /// Learns that a row is `positive`, with a weight from 0 to 1. `doubt` is what is left of the weight where the head
    /// is surer than 95 % of the contrary: after the first pass such a label is more likely wrong than not.
    pub fn learn(&mut self, row: &Sparse, positive: bool, weight: f32, doubt: f32) {
        let mut model = self.gather(row);
        let values = Array2::from_shape_vec((1, row.values.len()), row.values.clone())
            .expect("a row has as many columns as values");
        let row_of_one = Dataset::new(values, Array1::from_elem(1, positive));
        let predicted: Array1<Pr> = model.predict(row_of_one.records());
        // FTRL knows no weights: a prediction that is nearer to the label makes the same step, only smaller.
        let label = f32::from(u8::from(positive));
        let weight = if (*predicted[0] - label).abs() > CONTRARY { weight * doubt } else { weight };
        let nearer = (label + weight * (*predicted[0] - label)).clamp(0.0, 1.0);
        model.update(&row_of_one, Array1::from_elem(1, Pr::new(nearer)).view());
        self.scatter(row, &model);
    }

    /// From here on weights are averaged over steps, which takes out the noise of the last rows.
    pub fn start_averaging(&mut self) {
        let current = self.current_weights();
        self.average = Some(Average { step: 0, sums: vec![0.0; BUCKETS], current, since: vec![0; BUCKETS] });
    }

    /// The weights: averaged, if averaging was started.
    pub fn weights(self) -> Vec<f32> {
        let Some(average) = self.average else {
            return self.current_weights();
        };
        let steps = f64::from(average.step.max(1));
        let last = |i: usize| f64::from(average.current[i]) * f64::from(average.step - average.since[i]);
        (0..BUCKETS).map(|i| ((average.sums[i] + last(i)) / steps) as f32).collect()
    }

    fn current_weights(&self) -> Vec<f32> {
        load(self.rates, self.z.iter().copied(), self.n.iter().copied()).get_weights().to_vec()
    }

    fn gather(&self, row: &Sparse) -> Ftrl<f32> {
        let at = |state: &'_ [f32]| row.buckets.iter().map(|&bucket| state[bucket as usize]).collect::<Vec<_>>();
        load(self.rates, at(&self.z).into_iter(), at(&self.n).into_iter())
    }

    fn scatter(&mut self, row: &Sparse, model: &Ftrl<f32>) {
        for (i, &bucket) in row.buckets.iter().enumerate() {
            self.z[bucket as usize] = model.z()[i];
            self.n[bucket as usize] = model.n()[i];
        }
        if let Some(average) = &mut self.average {
            for (&bucket, &weight) in row.buckets.iter().zip(&model.get_weights()) {
                let i = bucket as usize;
                average.sums[i] += f64::from(average.current[i]) * f64::from(average.step - average.since[i]);
                average.current[i] = weight;
                average.since[i] = average.step;
            }
            average.step += 1;
        }
    }
}

/// A linfa model of this state. Its serde form is the only way to give it one.
fn load(rates: Rates, z: impl ExactSizeIterator<Item = f32>, n: impl ExactSizeIterator<Item = f32>) -> Ftrl<f32> {
    Ftrl::deserialize(State { rates, z, n }).expect("linfa-ftrl is pinned, and a test keeps to its serde form")
}

/// The serde form of `Ftrl`: four rates, `z`, `n`.
struct State<Z, N> {
    rates: Rates,
    z: Z,
    n: N,
}

impl<'de, Z, N> serde::Deserializer<'de> for State<Z, N>
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
