//! Judging: what is known of a comment goes in, a verdict with its reasons comes out.

use super::reasoning;
use crate::classifier::{Classifier, HeadScore, Judgement};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;
use crate::rules;
use crate::verdict::{Decision, Reason, Scores, Verdict};

/// Judges a comment: a pure function of what it is given, without database, clock or network.
///
/// A comment that could not be judged completely (no model, a fact that is missing) is held, whatever else was found.
pub fn assess<'a>(comment: &Comment, facts: &Facts, policy: &Policy, classifier: impl Into<Classifier<'a>>) -> Verdict {
    let classifier: Classifier<'a> = classifier.into();
    let Judgement { spam, toxic, taught_spam, taught_toxic } = classifier.judge(comment);
    let probability = |taught: &Option<HeadScore>, head: &Option<HeadScore>| {
        taught.as_ref().or(head.as_ref()).map(|head| head.probability)
    };
    let scores = Scores { spam: probability(&taught_spam, &spam), toxic: probability(&taught_toxic, &toxic) };

    let mut reasons: Vec<Reason> = rules::run(comment, facts, policy).into_iter().map(reasoning::from_rule).collect();
    reasons.extend(taught_spam.map(reasoning::from_spam_lesson));
    if let (Some(head), Some(taught)) = (&toxic, taught_toxic) {
        reasons.push(reasoning::from_toxic_lesson(head.log_odds, taught));
    }
    reasons.extend(spam.map(reasoning::from_spam_head));
    reasons.extend(toxic.map(reasoning::from_toxic_head));
    reasons.extend(facts.standing.as_ref().map(reasoning::from_standing));
    reasons.extend(reasoning::what_is_missing(facts, classifier.model.is_some()));
    reasons.sort_by(|a, b| b.score.abs().total_cmp(&a.score.abs()).then_with(|| a.code.cmp(&b.code)));

    let score = reasoning::rounded(reasons.iter().map(|reason| reason.score).sum());
    let complete = classifier.model.is_some() && facts.missing.is_empty();
    let decision = if complete { policy.decide(score, scores) } else { Decision::Hold };
    let decision = with_standing(decision, facts);
    Verdict { decision, score, scores, reasons, policy: policy.version, model: classifier.version() }
}

/// A moderator's decision about the same text goes before what the pipeline would say, unless a fact is missing. It does not
/// approve what would be rejected: something else is wrong with that one.
fn with_standing(decision: Decision, facts: &Facts) -> Decision {
    match &facts.standing {
        Some(standing) if facts.missing.is_empty() => match (standing.decision, decision) {
            (Decision::Approve, Decision::Reject) => Decision::Hold,
            (standing, _) => standing,
        },
        _ => decision,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::classifier::Model;
    use crate::comment::Submission;
    use crate::facts::StandingFact;
    use crate::id::SiteId;

    fn comment(text: &str) -> Comment {
        let submission = Submission { text: text.to_owned(), ..Submission::default() };
        Comment::from_submission(SiteId(1), submission, Timestamp::UNIX_EPOCH)
    }

    const SPAM: &str =
        "FREE CASINO BONUS!!! http://casino.example/join http://casino.example/now [url=http://c.example]win[/url]";

    #[test]
    fn without_a_model_nothing_is_approved_or_rejected() {
        for text in ["What a lovely day.", SPAM] {
            let verdict = assess(&comment(text), &Facts::default(), &Policy::built_in(), None);
            assert_eq!((verdict.decision, verdict.scores), (Decision::Hold, Scores::default()));
            assert!(verdict.reasons.iter().any(|reason| reason.code == "missing.model"));
        }
    }

    #[test]
    fn a_fact_that_is_missing_holds() {
        let model = Model::embedded().expect("the embedded model is sound");
        let facts = Facts { missing: vec!["author".to_owned()], ..Facts::default() };
        for text in ["What a lovely day.", SPAM] {
            let verdict = assess(&comment(text), &facts, &Policy::built_in(), Some(&model));
            assert_eq!(verdict.decision, Decision::Hold);
            assert!(verdict.reasons.iter().any(|reason| reason.code == "missing.facts"));
        }
    }

    #[test]
    fn a_standing_decision_is_a_reason_and_does_not_approve_spam() {
        let model = Model::embedded().expect("the embedded model is sound");
        let standing = |decision| StandingFact {
            decision,
            is_same: true,
            reason: None,
            at: Timestamp::UNIX_EPOCH,
            until: Timestamp::MAX,
        };
        let judged = |text: &str, decision| {
            let facts = Facts { standing: Some(standing(decision)), ..Facts::default() };
            assess(&comment(text), &facts, &Policy::built_in(), Some(&model))
        };
        let rejected = judged("What a lovely day.", Decision::Reject);
        assert_eq!(rejected.decision, Decision::Reject);
        assert!(rejected.reasons.iter().any(|reason| reason.code == "standing.decision" && reason.score == 0.0));
        assert_ne!(judged(SPAM, Decision::Approve).decision, Decision::Reject);
    }

    #[test]
    fn reasons_are_complete_additive_and_ordered() {
        let model = Model::embedded().expect("the embedded model is sound");
        let verdict = assess(&comment(SPAM), &Facts::default(), &Policy::built_in(), Some(&model));
        let scores: Vec<f64> = verdict.reasons.iter().map(|reason| reason.score).collect();
        assert!((scores.iter().sum::<f64>() - verdict.score).abs() < 1e-9);
        assert!(scores.is_sorted_by(|a, b| a.abs() >= b.abs()), "{scores:?}");
        assert!(scores.len() >= 4, "{:?}", verdict.reasons);
    }

    #[test]
    fn the_same_input_gives_the_same_verdict() {
        let model = Model::embedded().expect("the embedded model is sound");
        let judge = || assess(&comment(SPAM), &Facts::default(), &Policy::built_in(), Some(&model));
        assert_eq!(judge(), judge());
    }
}
