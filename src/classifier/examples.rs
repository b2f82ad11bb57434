//! What a head learns from: rows by source and class, each with its weight, and groups of sources to leave out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::HeadKind;
use super::dice::Dice;
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

/// The rows of one head by source and class, with what each group counts.
pub(super) struct Examples<'a> {
    groups: Vec<Group<'a>>,
    settings: Settings,
}

struct Group<'a> {
    rows: Vec<&'a Row>,
    positive: bool,
    weight: f64,
}

impl<'a> Examples<'a> {
    pub(super) fn of(rows: impl IntoIterator<Item = &'a Row>, kind: HeadKind, settings: Settings) -> Self {
        let mut by_group: BTreeMap<(&str, bool, bool), Vec<&Row>> = BTreeMap::new();
        for row in rows {
            let known = label(row, kind);
            if known.is_some() || (settings.presumed > 0.0 && presumed_negative(row, kind)) {
                by_group.entry((&row.source, known == Some(true), known.is_some())).or_default().push(row);
            }
        }
        let mut groups: Vec<Group<'_>> = by_group
            .into_iter()
            .map(|((_, positive, known), rows)| {
                let seen = rows.len().min(settings.cap) as f64;
                let weight = seen.powf(settings.balance) / seen * if known { 1.0 } else { settings.presumed };
                Group { rows, positive, weight }
            })
            .collect();
        let mass = |groups: &[Group<'_>], positive: bool| -> f64 {
            let of_class = groups.iter().filter(|group| group.positive == positive);
            of_class.map(|group| group.weight * group.rows.len().min(settings.cap) as f64).sum()
        };
        let (negative, positive) = (mass(&groups, false), mass(&groups, true));
        for group in groups.iter_mut().filter(|group| group.positive) {
            group.weight *= negative / positive;
        }
        // The heaviest rows count in full; a hundredth of it is the least.
        let heaviest = groups.iter().map(|group| group.weight).fold(f64::MIN_POSITIVE, f64::max);
        for group in &mut groups {
            group.weight = (group.weight / heaviest).max(0.01);
        }
        Self { groups, settings }
    }

    pub(super) fn in_a_pass(&self) -> usize {
        self.groups.iter().map(|group| group.rows.len().min(self.settings.cap)).sum()
    }

    /// The rows of one pass, in the order that they are learned in.
    pub(super) fn pass(&self, dice: &mut Dice) -> Vec<(&'a Row, bool, f32)> {
        let mut all = Vec::with_capacity(self.in_a_pass());
        for group in &self.groups {
            let mut rows = group.rows.clone();
            dice.shuffle(&mut rows);
            rows.truncate(self.settings.cap);
            all.extend(rows.into_iter().map(|row| (row, group.positive, group.weight as f32)));
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
