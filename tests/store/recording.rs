//! What is stored, together and once.

use moderato::comment::Submission;
use moderato::store::{CommentFilter, Idempotency, StoreError};
use tokio::task::JoinSet;

use crate::{World, agreed_counts, now, on_both, recording, says};

on_both!(
    a_comment_is_read_as_it_was_stored,
    comments_of_one_commit_are_read_as_they_were_stored,
    each_who_asks_for_an_author_gets_that_author,
    a_batch_with_one_bad_row_stores_the_others,
    one_key_a_hundred_times_at_once_stores_one_comment,
    a_name_of_the_site_is_given_once,
    comments_of_long_ago_and_of_the_far_future_are_stored,
    comments_are_found_by_reason_page_author_and_time,
);

async fn a_comment_is_read_as_it_was_stored(world: World) {
    let submission = Submission {
        name: Some("Ann".to_owned()),
        email: Some("Ann@Example.org".to_owned()),
        text: "Grüße, 世界 \u{1F600}\nand a second line".to_owned(),
        page: Some("https://news.example/a".to_owned()),
        ip: Some("2001:db8::1".parse().expect("an address")),
        external_id: Some("c-1".to_owned()),
        elapsed_ms: Some(u64::from(u32::MAX) * 2),
        submitted_at: Some(now()),
        ..Submission::default()
    };
    let id = world.comment(submission.clone(), now()).await;
    let stored = world.store.comment(None, id).await.expect("read").expect("there");
    assert_eq!(stored.submission, submission);
    assert_eq!((stored.revision, stored.created_at), (1, now()));
    let same = world.comment_by_external_id(crate::SITE, "c-1").await.expect("read").expect("there");
    assert_eq!(same, stored);
    assert_eq!(world.history(crate::SITE, id).await.expect("read").len(), 1);
}

/// More than fit into one statement, with fields that differ.
async fn comments_of_one_commit_are_read_as_they_were_stored(world: World) {
    let mut writes = JoinSet::new();
    for n in 0..45u8 {
        let field = |name: &str| (n % 3 > 0).then(|| format!("{name} {n}"));
        let submission = Submission {
            name: field("name"),
            email: field("email"),
            url: field("url"),
            page: field("page"),
            page_title: field("title"),
            ip: Some([10, 0, 0, n].into()),
            user_agent: field("browser"),
            referrer: field("referrer"),
            locale: field("locale"),
            external_id: field("external"),
            author_role: field("role"),
            honeypot: field("honeypot"),
            elapsed_ms: Some(n.into()),
            ..says(&format!("text {n}"))
        };
        let (id, row) = recording(submission.clone(), now(), None);
        let store = world.store.clone();
        writes.spawn(async move { store.record(row).await.map(|()| (id, submission)) });
    }
    for outcome in writes.join_all().await {
        let (id, submission) = outcome.expect("stored");
        let stored = world.store.comment(Some(crate::SITE), id).await.expect("read").expect("there");
        assert_eq!(stored.submission, submission);
        assert_eq!(world.history(crate::SITE, id).await.expect("read").len(), 1);
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM events WHERE id = action_id AND kind = 'created'").await, 45);
}

async fn each_who_asks_for_an_author_gets_that_author(world: World) {
    let by = |n: usize| Submission { email: Some(format!("reader{n}@example.org")), ..says("Good point.") };
    for n in 0..9 {
        for _ in 0..n % 3 {
            world.comment(by(n), now()).await;
        }
    }
    let mut questions = JoinSet::new();
    for n in 0..600 {
        let store = world.store.clone();
        let author = by(n % 30).author_hash().expect("an author");
        questions.spawn(async move { (n % 30, store.author_facts(crate::SITE, author).await) });
    }
    for (n, facts) in questions.join_all().await {
        let facts = facts.expect("read");
        let wanted = if n < 9 { n % 3 } else { 0 };
        assert_eq!((facts.held + facts.approved + facts.rejected) as usize, wanted, "reader {n}");
    }
    let elsewhere = world.author_facts(moderato::id::SiteId(2), by(1).author_hash().expect("an author")).await;
    assert_eq!(elsewhere.expect("read"), Default::default());
}

async fn a_batch_with_one_bad_row_stores_the_others(world: World) {
    world.comment(Submission { external_id: Some("taken".to_owned()), ..says("first") }, now()).await;
    let mut writes = JoinSet::new();
    for n in 0..40 {
        let external_id = if n == 17 { "taken".to_owned() } else { format!("free {n}") };
        let (_, row) = recording(Submission { external_id: Some(external_id), ..says("another") }, now(), None);
        let store = world.store.clone();
        writes.spawn(async move { store.record(row).await });
    }
    let outcomes = writes.join_all().await;
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 39);
    assert!(outcomes.iter().any(|o| matches!(o, Err(StoreError::Exists))));
    assert_eq!(agreed_counts(&world).await.iter().sum::<i64>(), 40);
}

async fn one_key_a_hundred_times_at_once_stores_one_comment(world: World) {
    let mut writes = JoinSet::new();
    for n in 0..100 {
        let key = Idempotency { key: "k".to_owned(), body_hash: 5, answer: format!("answer {n}") };
        let (_, row) = recording(says("once"), now(), Some(key));
        let store = world.store.clone();
        writes.spawn(async move { store.record(row).await });
    }
    let stored = writes.join_all().await.into_iter().filter(Result::is_ok).count();
    assert_eq!(stored, 1);
    assert_eq!(agreed_counts(&world).await.iter().sum::<i64>(), 1);
    let answer = world.idempotent_answer(crate::SITE, "k").await.expect("read").expect("there");
    assert!(answer.answer.starts_with("answer "));
}

async fn a_name_of_the_site_is_given_once(world: World) {
    let named = || Submission { external_id: Some("x".to_owned()), ..says("text") };
    world.comment(named(), now()).await;
    let (_, row) = recording(named(), now(), None);
    assert!(matches!(world.record(row).await, Err(StoreError::Exists)));
    assert_eq!(agreed_counts(&world).await.iter().sum::<i64>(), 1);
}

/// On PostgreSQL they are in no month's partition.
async fn comments_of_long_ago_and_of_the_far_future_are_stored(world: World) {
    for at in ["2024-01-01T00:00:00Z", "2025-03-01T00:00:00Z", "2099-01-01T00:00:00Z"] {
        let id = world.comment(says(at), at.parse().expect("a time")).await;
        assert!(world.store.comment(Some(crate::SITE), id).await.expect("read").is_some(), "{at}");
    }
}

async fn comments_are_found_by_reason_page_author_and_time(world: World) {
    let page = Some("https://news.example/a".to_owned());
    let by = |email: &str| Submission { email: Some(email.to_owned()), page: page.clone(), ..says("Hello there") };
    let early = now() - jiff::SignedDuration::from_hours(1);
    let first = world.comment(by("a@example.org"), early).await;
    let second = world.comment(by("b@example.org"), now()).await;
    let find = async |filter: CommentFilter| {
        let found = world.comments(&filter, None, 10).await.expect("read").items;
        found.into_iter().map(|comment| comment.id).collect::<Vec<_>>()
    };
    let stored = world.store.comment(None, first).await.expect("read").expect("there");
    let reason = stored.verdict.reasons[0].code.to_string();
    assert_eq!(find(CommentFilter { page: page.clone(), ..Default::default() }).await, [second, first]);
    assert_eq!(find(CommentFilter { author: Some("A@example.org".to_owned()), ..Default::default() }).await, [first]);
    assert_eq!(find(CommentFilter { reason: Some(reason), ..Default::default() }).await, [second, first]);
    assert!(find(CommentFilter { reason: Some("no.such".to_owned()), ..Default::default() }).await.is_empty());
    assert_eq!(find(CommentFilter { since: Some(now()), ..Default::default() }).await, [second]);
    assert_eq!(find(CommentFilter { until: Some(now()), ..Default::default() }).await, [first]);
}
