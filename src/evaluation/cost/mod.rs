//! Thresholds from data: what a decision costs, and which thresholds make the least of it.
//!
//! Half of the rows choose; the other half, which had no say, tells what to expect, and how sure it is that hardly any
//! real comment is rejected. Only round numbers are tried, so that what comes out can be read and remembered.

mod holding;

use serde::Serialize;
use statrs::distribution::{Beta, ContinuousCDF};
use xxhash_rust::xxh3::xxh3_64;

use super::judging::{Counts, Outcome};
use crate::dataset::Row;
use crate::policy::Thresholds;
use crate::verdict::Decision;

/// No comment reaches this score, so none is rejected.
pub const NEVER: f64 = 1_000.0;

const REJECT_SCORES: &[f64] = &[3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 14.0, 16.0, 20.0];
const REJECT_SPAM: &[f64] = &[0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9997, 0.9999];

/// What decisions cost, in minutes of a moderator, and what must not happen however cheap it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Costs {
    /// A real comment that is rejected.
    pub lost_comment: f64,
    /// Spam or abuse that is published.
    pub published: f64,
    /// A comment that a moderator has to look at.
    pub held: f64,
    /// The share of spam among the comments of the site.
    pub spam_share: f64,
    /// The share of abuse that is no spam.
    pub abuse_share: f64,
    /// Greatest share of real comments that may be rejected, as the upper bound at 95 %.
    pub max_false_rejects: f64,
    /// Greatest share of real comments that may be held.
    pub max_held: f64,
}

/// What a comment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    /// Neither spam nor abuse.
    Real,
    /// Spam.
    Spam,
    /// Abuse, but no spam: it may be held, but rejecting it loses a comment of a real person.
    Abuse,
}

/// A comment of which the truth is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    truth: Truth,
    score: f64,
    spam: f64,
    toxic: f64,
    chooses: bool,
}

/// What comes of thresholds on the rows that had no say in choosing them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Expected {
    /// Real comments.
    pub real: Counts,
    /// Spam.
    pub spam: Counts,
    /// Abuse that is no spam.
    pub abuse: Counts,
    /// Cost of a thousand comments of the site.
    pub cost_per_1000: f64,
    /// Share of comments of real people, abusive ones included, that is rejected: the upper bound at 95 %.
    pub false_rejects_at_most: f64,
}

/// Thresholds that were chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Chosen {
    /// The thresholds.
    pub thresholds: Thresholds,
    /// What to expect of them.
    pub expected: Expected,
    /// What to expect of the thresholds that were there before.
    pub before: Expected,
}

/// Why no thresholds can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CostError {
    /// There is nothing to protect.
    #[error("there is no ham (label_spam 0) to choose thresholds from")]
    NoHam,
    /// There is nothing to find.
    #[error("there is no spam (label_spam 1) to choose thresholds from")]
    NoSpam,
}

impl Case {
    /// A labelled row with what was found; `None` where nobody has said whether it is spam, or the model cannot tell.
    pub fn of(row: &Row, outcome: &Outcome) -> Option<Self> {
        let truth = match (row.spam?, row.toxic) {
            (true, _) => Truth::Spam,
            (false, Some(true)) => Truth::Abuse,
            (false, _) => Truth::Real,
        };
        Some(Self {
            truth,
            score: outcome.score,
            spam: outcome.scores.spam?,
            toxic: outcome.scores.toxic.unwrap_or(0.0),
            chooses: xxh3_64(row.text.as_bytes()).is_multiple_of(2),
        })
    }

    fn decision(&self, t: &Thresholds) -> Decision {
        if self.score >= t.reject_score && self.spam >= t.reject_spam {
            Decision::Reject
        } else if self.score >= t.hold_score || self.spam >= t.hold_spam || self.toxic >= t.hold_toxic {
            Decision::Hold
        } else {
            Decision::Approve
        }
    }
}

/// The upper bound of a share at 95 %, when `found` of `n` were found (Clopper and Pearson, one-sided); 1 when nothing
/// was looked at.
pub fn upper_bound(found: usize, n: usize) -> f64 {
    if found >= n {
        return 1.0;
    }
    Beta::new(found as f64 + 1.0, (n - found) as f64).map_or(1.0, |beta| beta.inverse_cdf(0.95))
}

/// Chooses thresholds; `before` are those that they are compared with.
///
/// # Errors
///
/// When one class is not there.
pub fn choose(cases: &[Case], costs: &Costs, before: &Thresholds) -> Result<Chosen, CostError> {
    let (choosing, judging): (Vec<Case>, Vec<Case>) = cases.iter().partition(|case| case.chooses);
    for part in [&choosing, &judging] {
        let has = |spam| part.iter().any(|case| (case.truth == Truth::Spam) == spam);
        if !has(false) {
            return Err(CostError::NoHam);
        }
        if !has(true) {
            return Err(CostError::NoSpam);
        }
    }
    let mut thresholds = holding::choose(&choosing, costs, before);
    (thresholds.reject_score, thresholds.reject_spam) = reject(&choosing, costs, &thresholds);
    thresholds.reject_score = assured(&judging, costs, &thresholds);
    let expected = expected(&judging, costs, &thresholds);
    Ok(Chosen { thresholds, expected, before: self::expected(&judging, costs, before) })
}

/// How much one row of a class counts, so that classes have the shares that they have on the site.
fn weights(cases: &[Case], costs: &Costs) -> impl Fn(Truth) -> f64 + use<> {
    let count = |truth| cases.iter().filter(|case| case.truth == truth).count();
    let (real, spam, abuse) = (count(Truth::Real), count(Truth::Spam), count(Truth::Abuse));
    let abuse_share = if abuse == 0 { 0.0 } else { costs.abuse_share };
    let real_share = (1.0 - costs.spam_share - abuse_share).max(0.0);
    let spam_share = costs.spam_share;
    move |truth| match truth {
        Truth::Real => real_share / real.max(1) as f64,
        Truth::Spam => spam_share / spam.max(1) as f64,
        Truth::Abuse => abuse_share / abuse.max(1) as f64,
    }
}

fn cost(truth: Truth, decision: Decision, costs: &Costs) -> f64 {
    match (truth, decision) {
        (_, Decision::Hold) => costs.held,
        (Truth::Spam, Decision::Reject) | (Truth::Real, Decision::Approve) => 0.0,
        (Truth::Real | Truth::Abuse, Decision::Reject) => costs.lost_comment,
        (Truth::Spam | Truth::Abuse, Decision::Approve) => costs.published,
    }
}

/// From where on to reject: the cheapest that does not lose more than it may on these rows.
fn reject(cases: &[Case], costs: &Costs, held: &Thresholds) -> (f64, f64) {
    let weight = weights(cases, costs);
    let mut best = (0.0, NEVER, 1.0);
    for &reject_score in REJECT_SCORES.iter().filter(|score| **score >= held.hold_score) {
        for &reject_spam in REJECT_SPAM {
            let limits = Thresholds { reject_score, reject_spam, ..*held };
            let (mut saved, mut people, mut lost) = (0.0, 0usize, 0usize);
            for case in cases {
                let rejected = case.decision(&limits) == Decision::Reject;
                people += usize::from(case.truth != Truth::Spam);
                lost += usize::from(rejected && case.truth != Truth::Spam);
                if rejected {
                    saved += weight(case.truth) * (costs.held - cost(case.truth, Decision::Reject, costs));
                }
            }
            if saved > best.0 && lost as f64 <= costs.max_false_rejects * people as f64 {
                best = (saved, reject_score, reject_spam);
            }
        }
    }
    (best.1, best.2)
}

/// The score from which on it is sure enough, on rows that had no say, that no more is lost than may be. It is looked
/// for from the greatest score down to the chosen one, and the search ends at the first that is not sure: so the
/// bound holds for what comes out, however many were tried.
fn assured(cases: &[Case], costs: &Costs, chosen: &Thresholds) -> f64 {
    let people = cases.iter().filter(|case| case.truth != Truth::Spam).count();
    let sure = |reject_score: &f64| {
        let limits = Thresholds { reject_score: *reject_score, ..*chosen };
        let is_lost = |case: &&Case| case.truth != Truth::Spam && case.decision(&limits) == Decision::Reject;
        upper_bound(cases.iter().filter(is_lost).count(), people) <= costs.max_false_rejects
    };
    let down = REJECT_SCORES.iter().rev().copied().take_while(|score| *score >= chosen.reject_score);
    down.take_while(sure).last().unwrap_or(NEVER)
}

fn expected(cases: &[Case], costs: &Costs, thresholds: &Thresholds) -> Expected {
    let weight = weights(cases, costs);
    let mut expected = Expected::default();
    for case in cases {
        let decision = case.decision(thresholds);
        match case.truth {
            Truth::Real => &mut expected.real,
            Truth::Spam => &mut expected.spam,
            Truth::Abuse => &mut expected.abuse,
        }
        .add(decision);
        expected.cost_per_1000 += 1_000.0 * weight(case.truth) * cost(case.truth, decision, costs);
    }
    let lost = expected.real.reject + expected.abuse.reject;
    expected.false_rejects_at_most = upper_bound(lost, expected.real.all() + expected.abuse.all());
    expected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classifier::dice::Dice;
    use crate::policy::Policy;
    use crate::verdict::Scores;

    const COSTS: Costs = Costs {
        lost_comment: 1_000.0,
        published: 10.0,
        held: 1.0,
        spam_share: 0.5,
        abuse_share: 0.02,
        max_false_rejects: 0.001,
        max_held: 1.0,
    };

    /// Comments whose score tells the truth but for some in between.
    fn cases(n: usize) -> Vec<Case> {
        let mut dice = Dice::new(1, 1);
        let mut noise = move || dice.below(1_000) as f64 / 100.0 - 5.0;
        (0..n)
            .map(|i| {
                let truth = [Truth::Real, Truth::Spam, Truth::Real, Truth::Spam, Truth::Abuse][i % 5];
                let score = noise() + if truth == Truth::Spam { 5.0 } else { -3.0 };
                let toxic = if truth == Truth::Abuse { 0.96 } else { 0.2 };
                Case { truth, score, spam: 1.0 / (1.0 + (-score).exp()), toxic, chooses: (i / 5) % 2 == 0 }
            })
            .collect()
    }

    fn before() -> Thresholds {
        Thresholds::default()
    }

    #[test]
    fn the_bound_is_that_of_clopper_and_pearson() {
        // From R: binom.test(k, n, alternative = "less")$conf.int[2].
        for (found, n, bound) in [
            (0, 100, 0.029_513),
            (1, 100, 0.046_560),
            (5, 50, 0.198_833),
            (0, 3_000, 0.000_998),
            (3, 10_000, 0.000_775),
        ] {
            assert!((upper_bound(found, n) - bound).abs() < 5e-6, "{found} of {n}: {}", upper_bound(found, n));
        }
        assert_eq!((upper_bound(7, 7), upper_bound(0, 0)), (1.0, 1.0));
    }

    #[test]
    fn the_decision_is_that_of_the_policy() {
        let policy = Policy::built_in();
        for case in cases(500) {
            let scores = Scores { spam: Some(case.spam), toxic: Some(case.toxic) };
            assert_eq!(case.decision(&policy.document.thresholds), policy.decide(case.score, scores));
        }
    }

    #[test]
    fn chosen_thresholds_are_no_dearer_and_make_a_policy() {
        let chosen = choose(&cases(20_000), &COSTS, &before()).expect("both classes");
        assert!(chosen.expected.cost_per_1000 <= chosen.before.cost_per_1000, "{chosen:?}");
        assert!(chosen.expected.false_rejects_at_most <= 0.001, "{chosen:?}");
        assert!(chosen.expected.spam.reject > 0 && chosen.expected.abuse.approve == 0, "{chosen:?}");
        let document = crate::policy::PolicyDocument { thresholds: chosen.thresholds, ..Default::default() };
        assert!(Policy::compile(1, document).is_ok());
    }

    #[test]
    fn too_few_comments_prove_nothing_and_nothing_is_rejected() {
        let chosen = choose(&cases(2_000), &COSTS, &before()).expect("both classes");
        assert_eq!((chosen.thresholds.reject_score, chosen.expected.real.reject), (NEVER, 0));
    }

    #[test]
    fn ham_that_is_surely_taken_for_spam_is_never_rejected_beyond_the_bound() {
        let mut cases = cases(20_000);
        // One real comment in a hundred looks exactly like spam.
        for case in cases.iter_mut().filter(|case| case.truth == Truth::Real).step_by(100) {
            (case.score, case.spam) = (15.0, 0.999_9);
        }
        let chosen = choose(&cases, &COSTS, &before()).expect("both classes");
        assert!(chosen.expected.real.reject == 0 && chosen.expected.false_rejects_at_most <= 0.001, "{chosen:?}");
    }

    #[test]
    fn cheap_moderators_look_at_more() {
        let cases = cases(20_000);
        let held = |costs: Costs| choose(&cases, &costs, &before()).expect("both classes").expected.real.hold;
        assert!(held(Costs { held: 0.01, ..COSTS }) > held(Costs { held: 8.0, ..COSTS }));
        let bounded = held(Costs { held: 0.01, max_held: 0.02, ..COSTS });
        assert!(bounded as f64 <= 0.03 * 4_000.0, "{bounded}");
    }

    #[test]
    fn both_classes_are_needed() {
        let of = |keep: fn(&Case) -> bool| cases(500).into_iter().filter(keep).collect::<Vec<_>>();
        let no_spam = choose(&of(|case| case.truth != Truth::Spam), &COSTS, &before());
        let no_ham = choose(&of(|case| case.truth == Truth::Spam), &COSTS, &before());
        assert_eq!((no_spam, no_ham), (Err(CostError::NoSpam), Err(CostError::NoHam)));
    }
}
