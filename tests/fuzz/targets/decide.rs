//! Any comment is judged: reasons add up to the score, contributions to the log-odds, and all spans lie within the text.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use moderato::classifier::{HeadKind, Model};
use moderato::comment::{Comment, Submission};
use moderato::facts::Facts;
use moderato::id::SiteId;
use moderato::pipeline::assess;
use moderato::policy::Policy;
use moderato::span::Span;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::embedded().expect("the built-in model loads"));
static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let document = r#"{
        "lists": { "words": ["pills", "加微信", "скидка"], "domains": ["bad.example"], "trusted_domains": ["good.example"] },
        "patterns": [{ "regex": "gn[o0]me\\b", "score": 2.5 }, { "regex": "[a-z]{3}[0-9]+", "score": -0.5 }]
    }"#;
    Policy::compile(1, serde_json::from_str(document).expect("a document")).expect("a policy")
});

fuzz_target!(|data: &str| {
    // The fields of the form stand one after the other; the text comes first.
    let mut parts = data.split('\u{1}').map(str::to_owned);
    let text = parts.next().unwrap_or_default();
    let submission =
        Submission { text, name: parts.next(), email: parts.next(), url: parts.next(), ..Submission::default() };
    let len = submission.text.chars().count() as u32;
    let comment = Comment::from_submission(SiteId(1), submission, jiff::Timestamp::UNIX_EPOCH);
    let within = |spans: &[Span]| spans.iter().all(|span| span.start <= span.end && span.end <= len);

    let verdict = assess(&comment, &Facts::default(), &POLICY, Some(&*MODEL));
    let sum: f64 = verdict.reasons.iter().map(|reason| reason.score).sum();
    assert!(verdict.score.is_finite() && (sum - verdict.score).abs() < 1e-6);
    assert!(verdict.reasons.iter().all(|reason| within(&reason.spans)));
    for probability in [verdict.scores.spam, verdict.scores.toxic] {
        assert!(probability.is_some_and(|p| (0.0..=1.0).contains(&p)));
    }

    let judgement = MODEL.judge(&comment);
    for (kind, head) in HeadKind::ALL.into_iter().zip([judgement.spam, judgement.toxic]) {
        let head = head.expect("both heads");
        let all = MODEL.contributions(kind, &comment).expect("both heads");
        let sum: f64 = all.iter().map(|term| term.score).sum();
        assert!((sum - head.log_odds).abs() < 1e-6, "{sum} and {}", head.log_odds);
        assert!(all.iter().all(|term| within(&term.spans)));
    }
});
