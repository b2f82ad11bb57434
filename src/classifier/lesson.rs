//! What the moderators of a site have taught the heads: differences to some weights of the model.
//!
//! A lesson is a sum over the same features as the model, so what it adds is explained in the same terms. It is bounded: the
//! moderators of a site can move a comment that the model is unsure about, and cannot turn round what it is certain of.

use super::explanation::{Readings, Scores};
use super::features::Features;
use super::{HeadKind, HeadScore, Model, probability};

/// The most that a lesson adds to the log-odds of a head, or takes away. What would be more is scaled down as a whole.
pub const MOST: f64 = 4.0;
/// Most buckets of a head, the ones with the greatest differences.
pub(super) const MOST_BUCKETS: usize = 16_384;

/// What was taught, for one model.
#[derive(Debug)]
pub struct Lesson {
    /// Counts the lessons of a site, from 1 on.
    pub number: i64,
    /// The version of the model that it belongs to.
    pub model: String,
    /// How many labelled comments it was learned from.
    pub comments: u32,
    heads: [Head; 2],
}

/// What one head was taught.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Taught {
    /// What is added to the log-odds of every comment; never positive.
    pub(super) everywhere: f32,
    /// Differences of weights, each bucket once.
    pub(super) differences: Vec<(u32, f32)>,
}

/// The same, to be looked up.
#[derive(Debug)]
struct Head {
    everywhere: f64,
    differences: Differences,
}

impl From<Taught> for Head {
    fn from(taught: Taught) -> Self {
        Self { everywhere: f64::from(taught.everywhere), differences: Differences::of(taught.differences) }
    }
}

/// Why bytes are no lesson.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lesson is cut off, too long, or has impossible numbers")]
pub struct BrokenLesson;

impl Lesson {
    /// A lesson of these differences, spam first.
    pub(super) fn new(number: i64, model: &Model, comments: u32, heads: [Taught; 2]) -> Self {
        Self { number, model: model.version.clone(), comments, heads: heads.map(Head::from) }
    }

    /// What was taught as bytes: for each head what is added everywhere and the number of differences, then bucket and
    /// difference of each, little-endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for head in &self.heads {
            let pairs: Vec<(u32, f32)> = head.differences.pairs().collect();
            bytes.extend((head.everywhere as f32).to_le_bytes());
            bytes.extend((pairs.len() as u32).to_le_bytes());
            for (bucket, difference) in pairs {
                bytes.extend(bucket.to_le_bytes());
                bytes.extend(difference.to_le_bytes());
            }
        }
        bytes
    }

    /// The lesson that [`Lesson::to_bytes`] has written.
    ///
    /// # Errors
    ///
    /// When the bytes are something else.
    pub fn from_bytes(number: i64, model: String, comments: u32, mut bytes: &[u8]) -> Result<Self, BrokenLesson> {
        let spam = read_head(&mut bytes)?;
        let toxic = read_head(&mut bytes)?;
        if !bytes.is_empty() {
            return Err(BrokenLesson);
        }
        Ok(Self { number, model, comments, heads: [spam, toxic].map(Head::from) })
    }

    /// What it adds to what a head says; `None` where nothing of the comment was taught. The probability is that of both
    /// together.
    pub(super) fn score(
        &self,
        kind: HeadKind,
        head: &HeadScore,
        readings: &Readings<'_>,
        features: &Features,
    ) -> Option<HeadScore> {
        let Head { everywhere, differences } = &self.heads[kind as usize];
        if differences.is_empty() {
            return None;
        }
        let scores = Scores::sum(features, |bucket| differences.get(bucket)).everywhere(*everywhere).within(MOST);
        let taught = scores.head_score(readings, features);
        (taught.log_odds != 0.0)
            .then(|| HeadScore { probability: probability(head.log_odds + taught.log_odds), ..taught })
    }
}

fn read_head(bytes: &mut &[u8]) -> Result<Taught, BrokenLesson> {
    let mut word = || {
        let (word, rest) = bytes.split_first_chunk::<4>().ok_or(BrokenLesson)?;
        *bytes = rest;
        Ok(*word)
    };
    let everywhere = f32::from_le_bytes(word()?);
    let number = u32::from_le_bytes(word()?) as usize;
    if number > MOST_BUCKETS || !(everywhere <= 0.0 && everywhere.is_finite()) {
        return Err(BrokenLesson);
    }
    let mut pairs = Vec::with_capacity(number);
    for _ in 0..number {
        let (bucket, difference) = (u32::from_le_bytes(word()?), f32::from_le_bytes(word()?));
        if bucket == 0 || !difference.is_finite() {
            return Err(BrokenLesson);
        }
        pairs.push((bucket, difference));
    }
    Ok(Taught { everywhere, differences: pairs })
}

/// Differences by bucket: a hash table that is looked up for every feature of every comment, so the bucket, which is a hash
/// already, is its own hash. Bucket 0, the bias, is never taught and stands for a free slot.
#[derive(Debug)]
struct Differences {
    slots: Vec<(u32, f32)>,
}

impl Differences {
    fn of(pairs: Vec<(u32, f32)>) -> Self {
        if pairs.is_empty() {
            return Self { slots: Vec::new() };
        }
        let mut slots = vec![(0, 0.0); (pairs.len() * 2).next_power_of_two()];
        for pair in pairs {
            let slot = Self::slot(&slots, pair.0);
            slots[slot] = pair;
        }
        Self { slots }
    }

    fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    fn get(&self, bucket: u32) -> f64 {
        f64::from(self.slots[Self::slot(&self.slots, bucket)].1)
    }

    /// Where a bucket stands, or would. Half of the slots are free at least.
    fn slot(slots: &[(u32, f32)], bucket: u32) -> usize {
        let mask = slots.len() - 1;
        let mut slot = bucket as usize & mask;
        while slots[slot].0 != bucket && slots[slot].0 != 0 {
            slot = (slot + 1) & mask;
        }
        slot
    }

    /// By bucket, so that the same lesson has the same bytes.
    fn pairs(&self) -> impl Iterator<Item = (u32, f32)> + use<> {
        let mut pairs: Vec<(u32, f32)> = self.slots.iter().copied().filter(|(bucket, _)| *bucket != 0).collect();
        pairs.sort_unstable_by_key(|(bucket, _)| *bucket);
        pairs.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson(heads: [(f32, &[(u32, f32)]); 2]) -> Lesson {
        let head = |(everywhere, differences): (f32, &[(u32, f32)])| {
            Head::from(Taught { everywhere, differences: differences.to_vec() })
        };
        Lesson { number: 3, model: "m".to_owned(), comments: 40, heads: heads.map(head) }
    }

    fn read(bytes: &[u8]) -> Result<Lesson, BrokenLesson> {
        Lesson::from_bytes(3, "m".to_owned(), 40, bytes)
    }

    #[test]
    fn a_lesson_is_read_as_it_was_written() {
        let bytes = lesson([(-0.5, &[(7, 0.5), (1 << 19, -2.0), (7 + (1 << 10), 0.25)]), (0.0, &[])]).to_bytes();
        let read = read(&bytes).expect("a lesson");
        assert_eq!(read.to_bytes(), bytes);
        let [spam, toxic] = &read.heads;
        assert_eq!([7, 1 << 19, 8].map(|bucket| spam.differences.get(bucket)), [0.5, -2.0, 0.0]);
        assert_eq!(spam.everywhere, -0.5);
        assert!(toxic.differences.is_empty());
    }

    #[test]
    fn what_is_no_lesson_is_refused() {
        let refused = |bytes: &[u8]| read(bytes).err() == Some(BrokenLesson);
        let bytes = lesson([(0.0, &[(9, 1.0)]), (-1.0, &[(5, 1.0)])]).to_bytes();
        assert!(!refused(&bytes));
        for end in 0..bytes.len() {
            assert!(refused(&bytes[..end]), "cut off after {end}");
        }
        assert!(refused(&[bytes.as_slice(), &[0]].concat()));
        assert!(refused(&[255; 8]));
        for (everywhere, difference) in [(0.0, f32::NAN), (f32::NAN, 1.0), (1.0, 1.0)] {
            assert!(refused(&lesson([(everywhere, &[(9, difference)]), (0.0, &[])]).to_bytes()));
        }
    }
}
