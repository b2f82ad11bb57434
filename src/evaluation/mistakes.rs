//! What was judged wrongly, worst first, with the reasons: what a person reads to see why.

use super::judging::{Outcome, verdict};
use crate::classifier::training::label;
use crate::classifier::{HeadKind, Model};
use crate::dataset::Row;
use crate::verdict::{Decision, Reason};

/// Most mistakes of one kind.
const SHOWN: usize = 24;
/// Most characters of a text.
const SHOWN_TEXT: usize = 320;
/// Most reasons of a mistake.
const SHOWN_REASONS: usize = 6;

/// Mistakes of one kind.
#[derive(Clone, Debug)]
pub struct Kind {
    /// What is wrong with them, in a few words.
    pub title: &'static str,
    /// How many there are in all; of a head every row is counted that it was wrong about, that is on the wrong side
    /// of one half.
    pub all: usize,
    /// The worst of them.
    pub worst: Vec<Mistake>,
}

/// A row that was judged wrongly.
#[derive(Clone, Debug)]
pub struct Mistake {
    /// Where it comes from.
    pub source: String,
    /// What was posted, shortened.
    pub text: String,
    /// What was decided.
    pub decision: Decision,
    /// The sum of all reasons.
    pub score: f64,
    /// The probability of spam.
    pub spam: Option<f64>,
    /// The probability of toxicity.
    pub toxic: Option<f64>,
    /// The weightiest reasons.
    pub reasons: Vec<Reason>,
}

/// Finds the mistakes among `rows`, whose `outcomes` stand in the same order; kinds without any are left out.
pub fn find(rows: &[Row], outcomes: &[Outcome], model: &Model) -> Vec<Kind> {
    let decided = |spam, wrong: Decision| {
        move |row: &Row, outcome: &Outcome| {
            let badness = if spam { -outcome.score } else { outcome.score };
            (row.spam == Some(spam) && outcome.decision == wrong).then_some(badness)
        }
    };
    let head = |kind: HeadKind, positive: bool| {
        move |row: &Row, outcome: &Outcome| {
            let probability = match kind {
                HeadKind::Spam => outcome.scores.spam,
                HeadKind::Toxic => outcome.scores.toxic,
            }?;
            let wrong = (probability >= 0.5) != positive && label(row, kind) == Some(positive);
            wrong.then_some(if positive { -probability } else { probability })
        }
    };
    let kind = |title, badness: &dyn Fn(&Row, &Outcome) -> Option<f64>| {
        let mut found: Vec<(f64, usize)> =
            rows.iter().zip(outcomes).enumerate().filter_map(|(i, (row, o))| Some((badness(row, o)?, i))).collect();
        // Of equally bad ones the first comes first.
        found.sort_by(|a, b| b.0.total_cmp(&a.0));
        let worst = found.iter().take(SHOWN).map(|&(_, i)| mistake(&rows[i], model)).collect();
        Kind { title, all: found.len(), worst }
    };
    let kinds = [
        kind("Ham that the pipeline rejected", &decided(false, Decision::Reject)),
        kind("Ham that the pipeline held", &decided(false, Decision::Hold)),
        kind("Spam that the pipeline approved", &decided(true, Decision::Approve)),
        kind("Spam head: ham that it takes for spam", &head(HeadKind::Spam, false)),
        kind("Spam head: spam that it takes for ham", &head(HeadKind::Spam, true)),
        kind("Toxic head: harmless text that it takes for toxic", &head(HeadKind::Toxic, false)),
        kind("Toxic head: toxic text that it takes for harmless", &head(HeadKind::Toxic, true)),
    ];
    kinds.into_iter().filter(|kind| kind.all > 0).collect()
}

fn mistake(row: &Row, model: &Model) -> Mistake {
    let mut verdict = verdict(row, model);
    verdict.reasons.truncate(SHOWN_REASONS);
    Mistake {
        source: row.source.to_string(),
        text: shortened(&row.text),
        decision: verdict.decision,
        score: verdict.score,
        spam: verdict.scores.spam,
        toxic: verdict.scores.toxic,
        reasons: verdict.reasons,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::judging::judge;
    use super::*;

    #[test]
    fn the_worst_come_first_with_reasons_and_no_more_than_some_dozen() {
        let model = Model::embedded().expect("the embedded model is sound");
        let row = |text: String| Row { text, spam: Some(false), source: "own".into(), ..Row::default() };
        let mut rows: Vec<Row> = (0..60)
            .map(|i| {
                row(format!("FREE CASINO BONUS {i}!!! http://casino{i}.example/join [url=http://c.example]win[/url]"))
            })
            .collect();
        rows.push(row("ж".repeat(2_000)));
        let kinds = find(&rows, &judge(&rows, &model), &model);
        let lost: Vec<&Kind> = kinds.iter().filter(|kind| kind.title.starts_with("Ham that")).collect();
        assert_eq!(lost.iter().map(|kind| kind.all).sum::<usize>(), 60, "{kinds:?}");
        for kind in lost {
            assert!(kind.worst.len() <= SHOWN);
            assert!(kind.worst.is_sorted_by(|a, b| a.score >= b.score));
            assert!(kind.worst.iter().all(|mistake| !mistake.reasons.is_empty()));
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let cut = shortened(&"ж".repeat(2_000));
        assert_eq!(cut.chars().count(), SHOWN_TEXT + 1);
        assert_eq!(shortened("short"), "short");
    }
}
