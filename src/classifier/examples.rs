//! What a head learns from: rows by source and class, each with its weight, and groups of sources to leave out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::HeadKind;
use super::dice::Dice;
use super::planting::Planted;
use super::settings::Settings;
use crate::dataset::Row;

/// The label that a row has for a head.
pub fn label(row: &Row, kind: HeadKind) -> Option<bool> {
    match kind {
        HeadKind::Spam => row.spam,
        HeadKind::Toxic => row.toxic,
    }
}

/// Groups of sources; of rows where there are hardly any sources.
pub(super) struct Folds {
    by_source: BTreeMap<Arc<str>, usize>,
    /// How many groups there are.
    pub(super) count: usize,
}

impl Folds {
    pub(super) fn of(rows: &[Row], kind: HeadKind, count: usize) -> Self {
        let mut by_source = BTreeMap::new();
        for row in rows.iter().filter(|row| label(row, kind).is_some()) {
            by_source.insert(Arc::clone(&row.source), 0);
        }
        for (place, (_, fold)) in by_source.iter_mut().enumerate() {
            *fold = place % count.max(1);
        }
        if by_source.len() < 2 * count {
            by_source.clear();
        }
        Self { by_source, count }
    }

    pub(super) fn of_row(&self, row: &Row) -> usize {
        match self.by_source.get(&row.source) {
            Some(fold) => *fold,
            None if self.by_source.is_empty() => xxhash_rust::xxh3::xxh3_64(row.text.as_bytes()) as usize % self.count,
            // A source without labels is never left out.
            None => usize::MAX,
        }
    }
}

/// The rows of one head by source and class.
pub(super) struct Examples<'a> {
    groups: Vec<Group<'a>>,
    settings: Settings,
}

struct Group<'a> {
    rows: Vec<&'a Row>,
    positive: bool,
    label: Label,
}

/// Where the label of a group comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Label {
    /// Presumed negative.
    Presumed,
    /// Given with the rows.
    Known,
    /// Negative rows that become positive by what is planted in them.
    Planted(Planted),
}

/// An advert is planted in one of so many rows of a source.
const PLANTED_IN_ONE_OF: usize = 5;
/// Longest text that one is planted in, in characters.
const LONGEST_PLANTED: usize = 400;

impl Group<'_> {
    fn planted(&self) -> Option<Planted> {
        match self.label {
            Label::Planted(planted) => Some(planted),
            Label::Known | Label::Presumed => None,
        }
    }

    /// The most rows that one pass sees of it.
    fn most(&self, cap: usize) -> usize {
        match self.label {
            Label::Planted(_) => cap.min(self.rows.len()) / PLANTED_IN_ONE_OF,
            Label::Known | Label::Presumed => cap,
        }
    }
}

/// One row on its way to the learners.
#[derive(Clone, Copy)]
pub(super) struct Example<'a> {
    /// The row.
    pub(super) row: &'a Row,
    /// Its label.
    pub(super) positive: bool,
    /// What is planted in it.
    pub(super) planted: Option<Planted>,
    /// Number of its group.
    pub(super) group: usize,
}

impl<'a> Examples<'a> {
    pub(super) fn of(rows: &'a [Row], kind: HeadKind, settings: Settings) -> Self {
        let mut by_group: BTreeMap<(&str, bool, Label), Vec<&Row>> = BTreeMap::new();
        for row in rows {
            let (positive, how) = match label(row, kind) {
                Some(positive) => (positive, Label::Known),
                None if settings.presumed > 0.0 && presumed_negative(row, kind) => (false, Label::Presumed),
                None => continue,
            };
            by_group.entry((&row.source, positive, how)).or_default().push(row);
            if settings.planted > 0.0 && !positive && row.text.chars().nth(LONGEST_PLANTED).is_none() {
                for planted in Planted::ALL {
                    by_group.entry((&row.source, true, Label::Planted(planted))).or_default().push(row);
                }
            }
        }
        let group = |((_, positive, label), rows)| Group { rows, positive, label };
        Self { groups: by_group.into_iter().map(group).collect(), settings }
    }

    /// What a row of each group counts for a learner that only sees the rows that `keep` keeps: both classes weigh the
    /// same together, and a source of `n` rows `n` to the power of [`Settings::balance`]. What is planted comes on top.
    pub(super) fn weights(&self, keep: &dyn Fn(&Row) -> bool) -> Vec<f32> {
        let seen = |group: &Group<'_>| {
            let kept = group.rows.iter().filter(|row| keep(row)).count();
            kept.min(group.most(self.settings.cap)) as f64
        };
        let counts: Vec<f64> = self.groups.iter().map(seen).collect();
        let weigh = |(group, seen): (&Group<'_>, &f64)| {
            let weight = seen.max(1.0).powf(self.settings.balance - 1.0);
            match group.label {
                Label::Known => weight,
                Label::Presumed => weight * self.settings.presumed,
                Label::Planted(_) => 0.0,
            }
        };
        let mut weights: Vec<f64> = self.groups.iter().zip(&counts).map(weigh).collect();
        let mass = |positive: bool| -> f64 {
            let of_class = |i: &usize| self.groups[*i].positive == positive;
            (0..self.groups.len()).filter(of_class).map(|i| weights[i] * counts[i]).sum()
        };
        let negative = mass(false);
        let lift = negative / mass(true).max(f64::MIN_POSITIVE);
        let planted: f64 =
            self.groups.iter().zip(&counts).filter(|(group, _)| group.planted().is_some()).map(|(_, seen)| seen).sum();
        let each_planted = self.settings.planted * negative / planted.max(1.0);
        for (group, weight) in self.groups.iter().zip(&mut weights).filter(|(group, _)| group.positive) {
            *weight = if group.planted().is_some() { each_planted } else { *weight * lift };
        }
        // The heaviest rows count in full; a hundredth of it is the least.
        let heaviest = weights.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        weights.iter().map(|weight| (weight / heaviest).max(0.01) as f32).collect()
    }

    pub(super) fn in_a_pass(&self) -> usize {
        self.groups.iter().map(|group| group.rows.len().min(group.most(self.settings.cap))).sum()
    }

    /// The rows of one pass, in the order that they are learned in.
    pub(super) fn pass(&self, dice: &mut Dice) -> Vec<Example<'a>> {
        let mut all = Vec::with_capacity(self.in_a_pass());
        for (number, group) in self.groups.iter().enumerate() {
            let mut rows = group.rows.clone();
            dice.shuffle(&mut rows);
            rows.truncate(group.most(self.settings.cap));
            let (positive, planted) = (group.positive, group.planted());
            all.extend(rows.into_iter().map(|row| Example { row, positive, planted, group: number }));
        }
        dice.shuffle(&mut all);
        all
    }
}

/// Rows that are labelled for the other head only are mostly neither: spam is not what abuse is collected from, nor
/// the other way round.
fn presumed_negative(row: &Row, kind: HeadKind) -> bool {
    match kind {
        HeadKind::Spam => row.toxic.is_some(),
        HeadKind::Toxic => row.spam.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let row =
            |source: &str, text: String, spam| Row { text, spam: Some(spam), source: source.into(), ..Row::default() };
        let of = |source: &'static str| {
            (0..50).map(move |n| row(source, format!("Heron number {n}, seen from the bridge"), false))
        };
        let long = row("blog", "long ".repeat(LONGEST_PLANTED), false);
        let spam = (0..50).map(|n| row("video", format!("Buy pills number {n}"), true));
        of("blog").chain(of("video")).chain(spam).chain([long]).collect()
    }

    fn examples(rows: &[Row], planted: f64) -> Examples<'_> {
        Examples::of(rows, HeadKind::Spam, Settings { planted, ..Settings::of(HeadKind::Spam) })
    }

    #[test]
    fn adverts_are_planted_in_some_short_rows_of_the_negative_class() {
        let rows = rows();
        let pass = examples(&rows, 0.2).pass(&mut Dice::new(1, 1));
        let planted: Vec<_> = pass.iter().filter(|example| example.planted.is_some()).collect();
        assert_eq!(planted.len(), 2 * 2 * 50 / PLANTED_IN_ONE_OF);
        assert!(planted.iter().all(|example| example.positive && example.row.spam == Some(false)));
        assert!(planted.iter().all(|example| example.row.text.starts_with("Heron")));
        assert!(examples(&rows, 0.0).pass(&mut Dice::new(1, 1)).iter().all(|example| example.planted.is_none()));
    }

    #[test]
    fn what_is_planted_weighs_a_part_of_the_negative_class_and_leaves_with_its_source() {
        let rows = rows();
        for (keep, sources) in
            [(&(|_: &Row| true) as &dyn Fn(&Row) -> bool, 2), (&|row: &Row| &*row.source == "video", 1)]
        {
            let examples = examples(&rows, 0.2);
            let weights = examples.weights(keep);
            let pass = examples.pass(&mut Dice::new(1, 1));
            let kept = || pass.iter().filter(|example| keep(example.row));
            assert_eq!(kept().filter(|example| example.planted.is_some()).count(), sources * 20);
            let weigh = |of: &dyn Fn(&Example<'_>) -> bool| -> f32 {
                kept().filter(|example| of(example)).map(|example| weights[example.group]).sum()
            };
            let (negative, planted) =
                (weigh(&|example| !example.positive), weigh(&|example| example.planted.is_some()));
            assert!((planted / negative - 0.2).abs() < 0.02, "{planted} of {negative}");
        }
    }
}
