//! Training without a source: the only way to know what a head does on a site that it has never seen.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use super::choosing::without_each;
use super::course::in_parallel;
use super::training::{Choices, Settings, TrainError, check, finished, label, steps_of};
use super::{HeadKind, Model};
use crate::dataset::Row;

/// Sources of spam that is not comment spam: learned from, but not what is measured.
const OTHER_SPAM: &[&str] = &["sms", "enron", "spamassassin"];
/// Fewest ham rows that a false-positive rate can be told from.
const MIN_HAM: usize = 200;
/// Ham that is left out too, and lent to blogs that have hardly any of their own.
const LENT_HAM: &str = "blog_haacked";
/// Fewest positive rows of a source that is worth leaving out.
const MIN_POSITIVE: usize = 50;

/// A source without which no head could be trained.
#[derive(Debug, thiserror::Error)]
#[error("without {source_name}: {error}")]
pub struct Failed {
    /// The source.
    pub source_name: String,
    /// Why not.
    pub error: TrainError,
}

/// The sources that are left out in turn: those with enough positive rows, and any negative ones.
pub fn sources(rows: &[Row], kind: HeadKind) -> Vec<&str> {
    let mut counts: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    for row in rows {
        if let Some(positive) = label(row, kind) {
            counts.entry(&row.source).or_default()[usize::from(positive)] += 1;
        }
    }
    let worth = |(source, [negative, positive]): &(&str, [usize; 2])| {
        let measured = kind != HeadKind::Spam || !OTHER_SPAM.contains(source);
        *positive >= MIN_POSITIVE && *negative > 0 && measured
    };
    counts.into_iter().filter(worth).map(|(source, _)| source).collect()
}

/// What is left out at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeftOut<'a> {
    source: &'a str,
    /// Whether ham of [`LENT_HAM`] is lent to it.
    borrows: bool,
}

impl<'a> LeftOut<'a> {
    fn of(rows: &[Row], kind: HeadKind, source: &'a str) -> Self {
        let ham = rows.iter().filter(|row| row.spam == Some(false) && *row.source == *source).count();
        Self { source, borrows: kind == HeadKind::Spam && source.starts_with("blog") && ham < MIN_HAM }
    }

    /// Whether rows of this source are left out.
    pub(super) fn has(self, source: &str) -> bool {
        source == self.source || (self.borrows && source == LENT_HAM)
    }
}

/// How many rows [`run`] learns from, for all sources together.
pub fn steps(rows: &[Row], kind: HeadKind, settings: Settings) -> u64 {
    steps_of(rows, kind, &Choices::none(settings))
}

/// Trains a head without each source in turn, calibrated as the shipped one is, and asks `measure` what it makes of the
/// rows that were left out. The model that `measure` gets has its other head from `with`.
///
/// # Errors
///
/// When what is left does not allow a sound head.
pub fn run<T: Send>(
    rows: &[Row],
    kind: HeadKind,
    with: &Model,
    seed: u64,
    settings: Settings,
    done: &AtomicU64,
    measure: &(dyn Fn(&str, Vec<Row>, &Model) -> T + Sync),
) -> Result<BTreeMap<String, T>, Failed> {
    let left_out: Vec<LeftOut<'_>> =
        sources(rows, kind).into_iter().map(|source| LeftOut::of(rows, kind, source)).collect();
    let failed = |source: &str, error| Failed { source_name: source.to_owned(), error };
    for one in &left_out {
        let kept = rows.iter().filter(|row| !one.has(&row.source));
        check(kept, kind).map_err(|error| failed(one.source, error))?;
    }
    let chosen = without_each(rows, kind, seed, settings, &left_out, done);
    let work: Vec<_> = left_out.into_iter().zip(chosen).collect();
    let measured = in_parallel(&work, |_, (one, chosen)| {
        let source = one.source;
        let (head, _) = finished(chosen, kind).map_err(|error| failed(source, error))?;
        let mut heads = with.heads.clone();
        heads[kind as usize] = Some(head);
        let model = Model { version: format!("without {source}"), heads };
        Ok((source.to_owned(), measure(source, rows_of(rows, kind, *one), &model)))
    });
    measured.into_iter().collect()
}

/// The labelled rows that are left out.
fn rows_of(rows: &[Row], kind: HeadKind, left_out: LeftOut<'_>) -> Vec<Row> {
    rows.iter().filter(|row| left_out.has(&row.source) && label(row, kind).is_some()).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(source: &str, n: usize, spam: bool) -> Row {
        let text = if spam {
            format!("Buy cheap pills number {n} at http://{n}.{source}.example/shop")
        } else {
            format!("I walked {n} miles along the {source} river and saw a heron.")
        };
        Row { text, spam: Some(spam), source: source.into(), ..Row::default() }
    }

    fn rows() -> Vec<Row> {
        let of = |source: &'static str| (0..60).flat_map(move |n| [row(source, n, true), row(source, n, false)]);
        let haacked = (0..40).map(|n| row(LENT_HAM, n, false));
        ["blog_a", "video_b", "sms"].into_iter().flat_map(of).chain(haacked).collect()
    }

    #[test]
    fn mail_and_short_messages_and_sources_without_spam_are_not_left_out() {
        assert_eq!(sources(&rows(), HeadKind::Spam), ["blog_a", "video_b"]);
        assert!(sources(&rows(), HeadKind::Toxic).is_empty());
    }

    #[test]
    fn a_blog_without_much_ham_is_lent_some_that_is_left_out_too() {
        let rows = rows();
        let left_out = |source| {
            let left_out = LeftOut::of(&rows, HeadKind::Spam, source);
            (rows_of(&rows, HeadKind::Spam, left_out).len(), left_out.has(LENT_HAM))
        };
        assert_eq!(left_out("blog_a"), (160, true));
        assert_eq!(left_out("video_b"), (120, false));
    }

    #[test]
    fn what_is_measured_was_not_learned_from_and_the_other_head_is_kept() {
        let with = Model::embedded().expect("the embedded model is sound");
        let settings = Settings { folds: 2, passes: 1, ..Settings::of(HeadKind::Spam) };
        let found = run(&rows(), HeadKind::Spam, &with, 1, settings, &AtomicU64::new(0), &|source, rows, model| {
            assert!(rows.iter().all(|row| *row.source == *source || *row.source == *LENT_HAM));
            assert!(model.has(HeadKind::Spam) && model.has(HeadKind::Toxic) == with.has(HeadKind::Toxic));
            rows.len()
        })
        .expect("learns");
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("blog_a".to_owned(), 160), ("video_b".to_owned(), 120)]);
    }

    #[test]
    fn what_is_left_must_allow_a_head() {
        let rows: Vec<Row> = (0..60).flat_map(|n| [row("video_b", n, true), row("video_b", n, false)]).collect();
        let with = Model::embedded().expect("the embedded model is sound");
        let settings = Settings::of(HeadKind::Spam);
        let error =
            run(&rows, HeadKind::Spam, &with, 1, settings, &AtomicU64::new(0), &|_, _, _| ()).expect_err("fails");
        assert!(error.to_string().starts_with("without video_b: "), "{error}");
    }
}
