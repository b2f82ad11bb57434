//! Any document is a policy that can be applied, or every mistake in it has a place.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use moderato::comment::{Comment, Submission};
use moderato::facts::Facts;
use moderato::id::SiteId;
use moderato::pipeline::assess;
use moderato::policy::{Policy, PolicyDocument};

static COMMENT: LazyLock<Comment> = LazyLock::new(|| {
    let text = "Сheap pills, see <a href=\"http://shop.bad.example/x\">http://good.example</a> and 加微信 v i a g r a";
    let submission = Submission { text: text.to_owned(), ..Submission::default() };
    Comment::from_submission(SiteId(1), submission, jiff::Timestamp::UNIX_EPOCH)
});

fuzz_target!(|data: &[u8]| {
    let Ok(document) = serde_json::from_slice::<PolicyDocument>(data) else { return };
    match Policy::compile(1, document) {
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(errors.iter().all(|error| error.pointer.starts_with('/') && !error.detail.is_empty()));
        }
        Ok(policy) => {
            let written = serde_json::to_vec(&policy.document).expect("a document can be written");
            let read: PolicyDocument = serde_json::from_slice(&written).expect("what was written can be read");
            assert_eq!(read, policy.document);
            let verdict = assess(&COMMENT, &Facts::default(), &policy, None);
            assert!(verdict.score.is_finite());
        }
    }
});
