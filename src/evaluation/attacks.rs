//! How much spam gets away when it is disguised: the spam of each source in each disguise, ham as it is.

use std::collections::BTreeMap;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::curves::Curve;
use super::judging::{Outcome, judge, on_all_processors, outcome};
use crate::classifier::Model;
use crate::classifier::dice::Dice;
use crate::classifier::obfuscation::Disguise;
use crate::dataset::Row;
use crate::verdict::Decision;

/// Fewest spam rows that a recall can be told from.
const MIN_SPAM: usize = 20;

/// What disguises cost.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Attacks {
    /// The probability of spam from which on 1 % of the ham is flagged.
    pub threshold: Option<f64>,
    /// What was found, by source.
    pub sources: BTreeMap<String, Attacked>,
    /// The mean over sources.
    pub mean: Attacked,
}

/// Spam plain and in each disguise.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Attacked {
    /// Spam rows.
    pub n: usize,
    /// The share that is flagged at the threshold, undisguised.
    pub recall: f64,
    /// The share that the whole pipeline approves, undisguised.
    pub approved: f64,
    /// The same in disguise.
    pub disguises: BTreeMap<&'static str, Disguised>,
}

/// Spam in one disguise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Disguised {
    /// The share that is flagged at the threshold.
    pub recall: f64,
    /// How much lower that is than undisguised.
    pub lost: f64,
    /// The share that the whole pipeline approves.
    pub approved: f64,
}

/// The row in a disguise. The same seed always gives the same text, whatever other rows there are.
pub fn disguised(row: &Row, disguise: Disguise, seed: u64) -> Row {
    let mut dice = Dice::new(seed, xxh3_64(row.text.as_bytes()) ^ disguise as u64);
    Row { text: disguise.apply(&row.text, &mut dice), ..row.clone() }
}

/// Disguises the spam among `rows` and measures what is found of it.
pub fn measure(rows: &[Row], model: &Model, seed: u64) -> Attacks {
    let plain = judge(rows, model);
    let ham = rows.iter().zip(&plain).filter(|(row, _)| row.spam == Some(false));
    let ham: Vec<(f64, bool)> = ham.filter_map(|(_, outcome)| Some((outcome.scores.spam?, false))).collect();
    let threshold = Curve::of(&ham).threshold_at(0.01);

    let mut by_source: BTreeMap<&str, (Vec<&Row>, Vec<Outcome>)> = BTreeMap::new();
    for (row, outcome) in rows.iter().zip(&plain).filter(|(row, _)| row.spam == Some(true)) {
        let (rows, outcomes) = by_source.entry(&row.source).or_default();
        rows.push(row);
        outcomes.push(*outcome);
    }
    by_source.retain(|_, (rows, _)| rows.len() >= MIN_SPAM);
    let sources: BTreeMap<String, Attacked> = by_source
        .into_iter()
        .map(|(source, (rows, plain))| (source.to_owned(), attack(&rows, &plain, threshold, model, seed)))
        .collect();
    let mean = mean(&sources);
    Attacks { threshold, sources, mean }
}

fn attack(rows: &[&Row], plain: &[Outcome], threshold: Option<f64>, model: &Model, seed: u64) -> Attacked {
    let recall = recall(plain, threshold);
    let disguises = Disguise::ALL.map(|disguise| {
        let outcomes = on_all_processors(rows, |row| outcome(&disguised(row, disguise, seed), model));
        let found = self::recall(&outcomes, threshold);
        (disguise.as_str(), Disguised { recall: found, lost: recall - found, approved: approved(&outcomes) })
    });
    Attacked { n: rows.len(), recall, approved: approved(plain), disguises: disguises.into() }
}

fn recall(outcomes: &[Outcome], threshold: Option<f64>) -> f64 {
    let flagged = |outcome: &&Outcome| outcome.scores.spam.zip(threshold).is_some_and(|(spam, from)| spam >= from);
    outcomes.iter().filter(flagged).count() as f64 / outcomes.len().max(1) as f64
}

fn approved(outcomes: &[Outcome]) -> f64 {
    let approved = outcomes.iter().filter(|outcome| outcome.decision == Decision::Approve).count();
    approved as f64 / outcomes.len().max(1) as f64
}

fn mean(sources: &BTreeMap<String, Attacked>) -> Attacked {
    let mean = |of: &dyn Fn(&Attacked) -> f64| sources.values().map(of).sum::<f64>() / sources.len().max(1) as f64;
    let of_disguise = |disguise: Disguise| {
        let name = disguise.as_str();
        let at = |of: fn(&Disguised) -> f64| mean(&|source| source.disguises.get(name).map_or(0.0, of));
        (name, Disguised { recall: at(|d| d.recall), lost: at(|d| d.lost), approved: at(|d| d.approved) })
    };
    Attacked {
        n: sources.values().map(|source| source.n).sum(),
        recall: mean(&|source| source.recall),
        approved: mean(&|source| source.approved),
        disguises: Disguise::ALL.map(of_disguise).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Row> {
        let row = |text: String, spam| Row { text, spam: Some(spam), source: "own".into(), ..Row::default() };
        let spam =
            (0..30).map(|i| row(format!("Best casino bonus number {i}, play at http://casino{i}.example/win"), true));
        let ham = (0..200).map(|i| row(format!("I planted {i} tulips and they all came up this spring."), false));
        spam.chain(ham).collect()
    }

    #[test]
    fn the_same_seed_disguises_a_row_the_same_way_wherever_it_stands() {
        let rows = rows();
        let once = disguised(&rows[3], Disguise::Leet, 1);
        assert_eq!(once, disguised(&rows[3].clone(), Disguise::Leet, 1));
        assert_ne!(once.text, rows[3].text);
        assert_eq!((&once.source, once.spam), (&rows[3].source, Some(true)));
    }

    #[test]
    fn what_is_lost_is_the_difference_to_plain_and_ham_stays_as_it_is() {
        let model = Model::embedded().expect("the embedded model is sound");
        let found = measure(&rows(), &model, 1);
        let own = &found.sources["own"];
        assert_eq!((own.n, own.disguises.len()), (30, 8));
        for disguised in own.disguises.values() {
            assert!((own.recall - disguised.recall - disguised.lost).abs() < 1e-12);
        }
        assert_eq!(found, measure(&rows(), &model, 1));
    }
}
