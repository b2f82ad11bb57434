//! What another policy would have decided about comments that are stored already: a pure function, with a table of changes.
//!
//! Both policies judge the same text with the same facts and the same model, so every change is the policy's doing.

use serde::Serialize;

use crate::classifier::Classifier;
use crate::comment::Comment;
use crate::id::CommentId;
use crate::pipeline::assess;
use crate::policy::Policy;
use crate::store::StoredComment;
use crate::verdict::{Decision, Status, Verdict};

/// Most comments that are judged again at once.
pub const MAX_REPLAYED: usize = 1_000;

/// What would be different.
#[derive(Clone, Debug, Default, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Replay {
    /// How many comments were judged again.
    pub comments: usize,
    /// How many of them would be decided differently.
    pub changed: usize,
    /// Numbers by decision now and decision then, each kind of change once.
    pub table: Vec<Cell>,
    /// The comments that would be decided differently, newest first.
    pub changes: Vec<Change>,
}

/// How many comments would go from one decision to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Cell {
    /// What the policy in force decides.
    pub from: Decision,
    /// What the other one would decide.
    pub to: Decision,
    /// Where the comments stand, which may be what a person made of them.
    pub status: Status,
    /// How many.
    pub comments: usize,
}

/// One comment that would be decided differently.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Change {
    /// The comment.
    pub id: CommentId,
    /// Where it stands.
    pub status: Status,
    /// What the policy in force decides.
    pub from: Decision,
    /// What the other one would decide.
    pub to: Decision,
    /// Its score with the policy in force.
    pub score_from: f64,
    /// Its score with the other one.
    pub score_to: f64,
}

impl Change {
    /// Whether the other policy would say the contrary of where the comment stands.
    pub fn is_against_status(&self) -> bool {
        matches!((self.status, self.to), (Status::Approved, Decision::Reject) | (Status::Rejected, Decision::Approve))
    }
}

/// Judges comments with the policy in force and with another one.
pub fn replay<'a>(
    comments: &[StoredComment],
    current: &Policy,
    other: &Policy,
    classifier: impl Into<Classifier<'a>>,
) -> Replay {
    let classifier: Classifier<'a> = classifier.into();
    let mut replay = Replay { comments: comments.len(), ..Replay::default() };
    for stored in comments {
        let comment = Comment::from_submission(stored.site, stored.submission.clone(), stored.created_at);
        let before = decided(stored, &comment, current, classifier);
        let after = assess(&comment, &stored.facts, other, classifier);
        let change = Change {
            id: stored.id,
            status: stored.status,
            from: before.0,
            to: after.decision,
            score_from: before.1,
            score_to: after.score,
        };
        if change.from != change.to {
            replay.note(change);
        }
    }
    replay
}

/// The decision and score of the policy in force: the stored ones, if it was the same policy, model and lesson.
fn decided(stored: &StoredComment, comment: &Comment, policy: &Policy, classifier: Classifier<'_>) -> (Decision, f64) {
    let Verdict { decision, score, policy: version, model: by, .. } = &stored.verdict;
    if *version == policy.version && *by == classifier.version() {
        return (*decision, *score);
    }
    let verdict = assess(comment, &stored.facts, policy, classifier);
    (verdict.decision, verdict.score)
}

impl Replay {
    fn note(&mut self, change: Change) {
        let Change { from, to, status, .. } = change;
        self.changed += 1;
        match self.table.iter_mut().find(|cell| (cell.from, cell.to, cell.status) == (from, to, status)) {
            Some(cell) => cell.comments += 1,
            None => self.table.push(Cell { from, to, status, comments: 1 }),
        }
        self.changes.push(change);
    }

    /// How many would go from one decision to another, wherever they stand.
    pub fn moved(&self, from: Decision, to: Decision) -> usize {
        self.table.iter().filter(|cell| cell.from == from && cell.to == to).map(|cell| cell.comments).sum()
    }

    /// The changes that say the contrary of where the comment stands.
    pub fn against_status(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(|change| change.is_against_status())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::classifier::Model;
    use crate::comment::Submission;
    use crate::facts::Facts;
    use crate::id::SiteId;

    fn stored(text: &str, status: Status, model: &Model) -> StoredComment {
        let now = Timestamp::from_second(1_800_000_000).expect("in range");
        let submission = Submission { text: text.to_owned(), ..Submission::default() };
        let comment = Comment::from_submission(SiteId(1), submission.clone(), now);
        let verdict = assess(&comment, &Facts::default(), &Policy::built_in(), Some(model));
        StoredComment {
            site: SiteId(1),
            id: comment.id,
            created_at: now,
            status,
            revision: 1,
            submission,
            verdict,
            facts: Facts::default(),
            lang: None,
            worth: 0.0,
            campaign: None,
        }
    }

    #[test]
    fn only_what_the_other_policy_decides_differently_is_told() {
        let model = Model::embedded().expect("the shipped model");
        let comments = [
            stored("We went to the lake on Sunday and it was lovely.", Status::Approved, &model),
            stored("The council met about the zebra crossing again.", Status::Rejected, &model),
        ];
        let document = serde_json::json!({ "patterns": [{ "regex": "zebra", "score": 20.0 }] });
        let other = Policy::compile(9, serde_json::from_value(document).expect("a document")).expect("a policy");
        let replay = replay(&comments, &Policy::built_in(), &other, Some(&model));
        assert_eq!((replay.comments, replay.changed), (2, 1));
        assert_eq!(replay.changes[0].id, comments[1].id);
        assert_eq!(replay.moved(Decision::Approve, Decision::Hold), 1);
        assert!(replay.changes[0].score_to > replay.changes[0].score_from);
        assert_eq!(replay.against_status().count(), 0);
    }

    #[test]
    fn the_same_policy_changes_nothing() {
        let model = Model::embedded().expect("the shipped model");
        let comments = [stored("Buy cheap pills at http://pills.example now", Status::Held, &model)];
        let same = replay(&comments, &Policy::built_in(), &Policy::built_in(), Some(&model));
        assert_eq!(same, Replay { comments: 1, ..Replay::default() });
    }
}
