//! What the whole pipeline makes of labelled rows, with nothing known about author or site.

use serde::Serialize;

use crate::classifier::Model;
use crate::dataset::Row;
use crate::facts::Facts;
use crate::pipeline;
use crate::policy::Policy;
use crate::verdict::{Decision, Scores, Verdict};

/// What was decided on a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The decision at the built-in policy.
    pub decision: Decision,
    /// The sum of all reasons.
    pub score: f64,
    /// The heads' probabilities.
    pub scores: Scores,
}

/// What was decided, by label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Decisions {
    /// Rows labelled spam.
    pub spam: Counts,
    /// Rows labelled ham.
    pub ham: Counts,
    /// Rows labelled toxic.
    pub toxic: Counts,
    /// Rows labelled not toxic.
    pub clean: Counts,
}

/// How often each decision was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Approved.
    pub approve: usize,
    /// Held.
    pub hold: usize,
    /// Rejected.
    pub reject: usize,
}

impl Decisions {
    /// Counts a row under each label that it has.
    pub fn add(&mut self, row: &Row, decision: Decision) {
        if let Some(spam) = row.spam {
            if spam { &mut self.spam } else { &mut self.ham }.add(decision);
        }
        if let Some(toxic) = row.toxic {
            if toxic { &mut self.toxic } else { &mut self.clean }.add(decision);
        }
    }

    /// Adds the counts of others.
    pub fn add_all(&mut self, other: &Self) {
        self.spam.add_all(other.spam);
        self.ham.add_all(other.ham);
        self.toxic.add_all(other.toxic);
        self.clean.add_all(other.clean);
    }

    /// The counts with the name of their label.
    pub fn named(&self) -> [(&'static str, Counts); 4] {
        [("spam", self.spam), ("ham", self.ham), ("toxic", self.toxic), ("clean", self.clean)]
    }
}

impl Counts {
    /// Counts one decision.
    pub fn add(&mut self, decision: Decision) {
        *match decision {
            Decision::Approve => &mut self.approve,
            Decision::Hold => &mut self.hold,
            Decision::Reject => &mut self.reject,
        } += 1;
    }

    /// Adds the counts of others.
    pub fn add_all(&mut self, other: Self) {
        self.approve += other.approve;
        self.hold += other.hold;
        self.reject += other.reject;
    }

    /// How many there are.
    pub fn all(self) -> usize {
        self.approve + self.hold + self.reject
    }

    /// The shares of approved, held and rejected, from 0 to 1; `None` where there are none.
    pub fn shares(self) -> Option<[f64; 3]> {
        let all = self.all();
        (all > 0).then(|| [self.approve, self.hold, self.reject].map(|count| count as f64 / all as f64))
    }
}

/// The whole verdict on a row.
pub fn verdict(row: &Row, model: &Model) -> Verdict {
    pipeline::assess(&row.comment(), &Facts::default(), &Policy::built_in(), Some(model))
}

/// What is decided on each row, in order; on all processors.
pub fn judge(rows: &[Row], model: &Model) -> Vec<Outcome> {
    on_all_processors(rows, |row| outcome(row, model))
}

/// What is decided on one row.
pub fn outcome(row: &Row, model: &Model) -> Outcome {
    let Verdict { decision, score, scores, .. } = verdict(row, model);
    Outcome { decision, score, scores }
}

/// Does the same to each item, on all processors; the results stand in the order of the items.
pub(super) fn on_all_processors<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = &work;
    std::thread::scope(|scope| {
        let parts: Vec<_> = items
            .chunks(items.len().div_ceil(threads).max(1))
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().expect("judging does not panic")).collect()
    })
}
