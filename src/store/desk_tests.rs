//! What the moderators' screen asks the store, on a real database.

use jiff::{SignedDuration, Timestamp};

use super::{
    Actor, CommentFilter, Directory, Indexing, Note, Place, QueueOrder, Recording, Resolution, SavedView,
    StandingDecision, Store,
};
use crate::comment::{Comment, Submission};
use crate::events::{EventSource, Told};
use crate::facts::Facts;
use crate::id::{ActionId, CommentId, SiteId, UserId};
use crate::search::Search;
use crate::verdict::{Decision, Reason, Scores, Status, Verdict};

const SITE: SiteId = SiteId(7);

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("a time")
}

fn minutes(n: i64) -> Timestamp {
    now() + SignedDuration::from_mins(n)
}

async fn store() -> (Store, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a directory");
    (Store::open(&dir.path().join("moderato.db")).await.expect("a store"), dir)
}

async fn add(
    store: &Store,
    site: SiteId,
    text: &str,
    spam: f64,
    at: Timestamp,
    campaign: Option<CommentId>,
) -> CommentId {
    let submission = Submission {
        text: text.to_owned(),
        name: Some("Ann Example".to_owned()),
        email: Some("Ann@example.org".to_owned()),
        ip: Some("203.0.113.9".parse().expect("an address")),
        ..Submission::default()
    };
    let comment = Comment::from_submission(site, submission, at);
    let reason = Reason { code: "many_links".into(), score: 2.0, detail: String::new(), spans: vec![], terms: vec![] };
    let verdict = Verdict {
        decision: Decision::Hold,
        score: 2.0,
        scores: Scores { spam: Some(spam), toxic: Some(0.0) },
        reasons: vec![reason],
        policy: 0,
        model: None,
    };
    let id = comment.id;
    let recording = Recording::new(comment, 0, &Facts::default(), verdict, false, None).expect("a recording");
    store.record(recording.with_campaign(campaign)).await.expect("stored");
    id
}

async fn found(store: &Store, text: &str) -> Vec<CommentId> {
    let search = Search::parse(text, minutes(60));
    assert_eq!(search.mistakes, [""; 0]);
    let filter = CommentFilter { site: Some(SITE), ..search.filter };
    let page = store.comments(&filter, None, 50).await.expect("a page");
    page.items.into_iter().map(|comment| comment.id).collect()
}

async fn index(store: &Store) {
    let mut indexing = Indexing::default();
    while store.index_comments(minutes(60), &mut indexing).await.expect("indexed") {}
}

#[tokio::test]
async fn words_phrases_and_filters_find_comments() {
    let (store, _dir) = store().await;
    let tram = add(&store, SITE, "Why is tram line 4 delayed again today?", 0.1, minutes(0), None).await;
    let watches = add(&store, SITE, "CHEAP watches, cheap!", 0.9, minutes(1), None).await;
    let german = add(
        &store,
        SITE,
        "Ich sehe das ganz anders als der Autor, und die Zahlen stimmen auch nicht.",
        0.3,
        minutes(2),
        None,
    )
    .await;
    let chinese = add(&store, SITE, "请加微信联系我们", 0.5, minutes(3), None).await;
    add(&store, SiteId(8), "cheap watches elsewhere", 0.9, minutes(4), None).await;
    assert_eq!(found(&store, "watches").await, [], "nothing is indexed yet");
    index(&store).await;
    for (text, expected) in [
        ("watches", vec![watches]),
        ("watch*", vec![watches]),
        ("\"line 4 delayed\"", vec![tram]),
        ("\"4 line\"", vec![]),
        ("微信", vec![chinese]),
        ("lang:de", vec![german]),
        ("spam:>0.8", vec![watches]),
        ("spam:<0.4 is:held", vec![german, tram]),
        ("author:ann@EXAMPLE.org ip:203.0.113.0/24 cheap", vec![watches]),
        ("author:\"ann example\" ip:203.0.113.9 tram", vec![tram]),
        ("ip:198.51.100.1", vec![]),
        ("reason:many_links ann", vec![chinese, german, watches, tram]),
        ("reason:shouting", vec![]),
        ("is:approved", vec![]),
    ] {
        assert_eq!(found(&store, text).await, expected, "{text}");
    }
}

#[tokio::test]
async fn an_edited_comment_is_found_by_its_new_words_only() {
    let (store, _dir) = store().await;
    let id = add(&store, SITE, "first words", 0.5, minutes(0), None).await;
    index(&store).await;
    let submission = Submission { text: "other ones".to_owned(), ..Submission::default() };
    let mut comment = Comment::from_submission(SITE, submission, minutes(1));
    comment.id = id;
    let verdict = store.comment(None, id).await.expect("a database").expect("a comment").verdict;
    let recording = Recording::new(comment, 0, &Facts::default(), verdict, false, None).expect("a recording");
    store.edit(recording, minutes(1)).await.expect("edited");
    index(&store).await;
    assert_eq!(found(&store, "words").await, []);
    assert_eq!(found(&store, "other").await, [id]);
}

#[tokio::test]
async fn a_comment_that_is_committed_late_is_indexed_all_the_same() {
    let (store, _dir) = store().await;
    let late = Timestamp::from_microsecond(minutes(0).as_microsecond() - 2_000_000).expect("in range");
    add(&store, SITE, "on time", 0.5, minutes(0), None).await;
    let mut indexing = Indexing::default();
    store.index_comments(minutes(0), &mut indexing).await.expect("indexed");
    assert_eq!(found(&store, "time").await.len(), 1);
    // Ids of one process never go back; another replica's may.
    let submission = Submission { text: "late".to_owned(), ..Submission::default() };
    let mut comment = Comment::from_submission(SITE, submission, late);
    comment.id = CommentId(crate::id::floor(late));
    let verdict = Verdict {
        decision: Decision::Hold,
        score: 0.0,
        scores: Scores::default(),
        reasons: vec![],
        policy: 0,
        model: None,
    };
    let id = comment.id;
    let recording = Recording::new(comment, 0, &Facts::default(), verdict, false, None).expect("a recording");
    store.record(recording).await.expect("stored");
    store.index_comments(minutes(0), &mut indexing).await.expect("indexed");
    assert_eq!(found(&store, "late").await, []);
    store.index_comments(minutes(1), &mut indexing).await.expect("indexed");
    assert_eq!(found(&store, "late").await, [id]);
}

async fn listed(store: &Store, order: QueueOrder, as_campaigns: bool) -> Vec<CommentId> {
    let filter = CommentFilter { status: Some(Status::Held), ..CommentFilter::default() };
    let mut all = Vec::new();
    let mut after: Option<Place> = None;
    loop {
        let page =
            store.queue(&[SITE, SiteId(8)], &filter, order, after, 2, as_campaigns).await.expect("a part of the queue");
        all.extend(page.comments.iter().map(|comment| comment.id));
        after = page.next;
        if after.is_none() {
            return all;
        }
    }
}

#[tokio::test]
async fn pages_of_any_order_hold_every_comment_once() {
    let (store, _dir) = store().await;
    let sure = add(&store, SITE, "one", 0.01, minutes(0), None).await;
    let doubt = add(&store, SiteId(8), "two", 0.6, minutes(1), None).await;
    let risk = add(&store, SITE, "three", 0.99, minutes(2), None).await;
    let late = add(&store, SITE, "four", 0.01, minutes(3), None).await;
    assert_eq!(listed(&store, QueueOrder::Newest, true).await, [late, risk, doubt, sure]);
    assert_eq!(listed(&store, QueueOrder::Oldest, true).await, [sure, doubt, risk, late]);
    assert_eq!(listed(&store, QueueOrder::Worth, true).await, [doubt, risk, sure, late]);
}

/// However many comments wait, a page is read from an index that is in its order.
#[tokio::test]
async fn a_search_goes_on_where_its_newest_matches_do_not_fill_a_page() {
    let (store, _dir) = store().await;
    let sought = add(&store, SITE, "a common word", 0.9, minutes(0), None).await;
    for _ in 0..310 {
        add(&store, SITE, "a common word", 0.1, minutes(1), None).await;
    }
    index(&store).await;
    assert_eq!(found(&store, "common spam:>0.8").await, [sought]);
    let filter = Search::parse("common", minutes(60)).filter;
    let mut after = None;
    let mut all = Vec::new();
    loop {
        let page = store.comments(&filter, after, 50).await.expect("a page");
        all.extend(page.items.into_iter().map(|comment| comment.id));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((all.len(), all.last()), (311, Some(&sought)));
    assert!(all.is_sorted_by(|a, b| a > b));
}

#[tokio::test]
async fn no_order_of_the_queue_has_to_sort() {
    let (store, _dir) = store().await;
    add(&store, SITE, "one", 0.5, minutes(0), None).await;
    let held = Some(Status::Held);
    for (status, order) in
        [(held, "worth DESC, id DESC"), (held, "id DESC"), (held, "id"), (None, "id DESC"), (None, "id")]
    {
        let filter = CommentFilter { site: Some(SITE), status, ..CommentFilter::default() };
        let mut query =
            sqlx::QueryBuilder::<sqlx::Sqlite>::new("EXPLAIN QUERY PLAN SELECT worth, id FROM comments WHERE true");
        super::filter::add_conditions(&mut query, &filter, super::Dialect::Sqlite, super::filter::Reach::FULL);
        query.push(" ORDER BY ").push(order).push(" LIMIT 50");
        let super::Readers::Sqlite(pool) = store.readers() else { panic!("this store is a file") };
        let plan: Vec<(i64, i64, i64, String)> = query.build_query_as().fetch_all(pool).await.expect("a plan");
        let said: String = plan.into_iter().map(|(_, _, _, said)| said).collect();
        assert!(!said.contains("TEMP B-TREE"), "{order}: {said}");
    }
}

#[tokio::test]
async fn a_campaign_is_one_row_until_its_first_is_decided() {
    let (store, _dir) = store().await;
    let first = add(&store, SITE, "same", 0.5, minutes(0), None).await;
    let second = add(&store, SITE, "same", 0.5, minutes(1), Some(first)).await;
    let third = add(&store, SITE, "same", 0.5, minutes(2), Some(first)).await;
    let alone = add(&store, SITE, "other", 0.5, minutes(3), None).await;
    assert_eq!(listed(&store, QueueOrder::Newest, true).await, [alone, first]);
    assert_eq!(listed(&store, QueueOrder::Newest, false).await, [alone, third, second, first]);
    let sizes = store.campaign_sizes(SITE, &[first, alone]).await.expect("sizes");
    assert_eq!((sizes[&first], sizes[&alone]), (3, 1));
    let decided = resolve(&store, vec![(first, None)]).await;
    assert_eq!(listed(&store, QueueOrder::Newest, true).await, [alone, second]);
    assert_eq!(store.campaign(SITE, first).await.expect("a campaign").len(), 2);
    store.undo(SITE, decided, Actor::User(UserId(1)), minutes(5)).await.expect("undone").expect("an action");
    assert_eq!(listed(&store, QueueOrder::Newest, true).await, [alone, first]);
}

async fn resolve(store: &Store, comments: Vec<(CommentId, Option<i64>)>) -> ActionId {
    let resolution = Resolution {
        status: Status::Rejected,
        reason: Some("spam".to_owned()),
        note: None,
        actor: Actor::User(UserId(1)),
        shown_at: None,
        at: minutes(4),
    };
    store.resolve(SITE, comments, resolution).await.expect("resolved").action
}

#[tokio::test]
async fn undoing_a_campaign_ends_what_it_let_stand() {
    let (store, _dir) = store().await;
    let site = super::Site { id: SITE, name: "blog".to_owned(), url: None, webhook_url: None, created_at: now() };
    store.create_site(site).await.expect("a site");
    let first = add(&store, SITE, "same", 0.5, minutes(0), None).await;
    let second = add(&store, SITE, "same", 0.5, minutes(1), Some(first)).await;
    let action = resolve(&store, vec![(first, None), (second, None)]).await;
    let standing = StandingDecision {
        action,
        text_hash: 1,
        fingerprint: 2,
        status: Status::Rejected,
        reason: None,
        user: UserId(1),
        at: minutes(4),
        until: minutes(400),
    };
    store.let_stand(SITE, standing.clone()).await.expect("stands");
    assert_eq!(store.directory(&Directory::default()).await.expect("a directory").sites[&SITE].standing, [standing]);
    store.undo(SITE, action, Actor::User(UserId(1)), minutes(5)).await.expect("undone").expect("an action");
    assert_eq!(store.directory(&Directory::default()).await.expect("a directory").sites[&SITE].standing, []);
    assert_eq!(listed(&store, QueueOrder::Newest, false).await, [second, first]);
}

#[tokio::test]
async fn a_lease_belongs_to_one_until_it_ends_or_is_given_back() {
    let (store, _dir) = store().await;
    let (ana, bo) = (UserId(1), UserId(2));
    let comment = CommentId(5);
    store.lease(ana, vec![(SITE, comment)], minutes(0)).await.expect("leased");
    store.lease(bo, vec![(SITE, comment)], minutes(1)).await.expect("asked");
    assert_eq!(store.leased_by_others(bo, minutes(1)).await.expect("leases"), [(SITE, comment, ana)]);
    assert_eq!(store.leased_by_others(ana, minutes(1)).await.expect("leases"), []);
    assert_eq!(store.leased_by_others(bo, minutes(2)).await.expect("leases"), []);
    store.lease(bo, vec![(SITE, comment)], minutes(2)).await.expect("leased");
    assert_eq!(store.leased_by_others(ana, minutes(2)).await.expect("leases"), [(SITE, comment, bo)]);
    store.release(bo).await.expect("released");
    assert_eq!(store.leased_by_others(ana, minutes(2)).await.expect("leases"), []);
}

#[tokio::test]
async fn notes_stand_beside_their_comment_and_wait_for_those_they_name() {
    let (store, _dir) = store().await;
    let id = add(&store, SITE, "text", 0.5, minutes(0), None).await;
    let note = Note {
        site: SITE,
        comment: id,
        user: UserId(1),
        text: "@Bo what do you think?".to_owned(),
        handed_to: None,
        at: minutes(1),
    };
    store.add_note(note.clone(), vec![UserId(2)]).await.expect("noted");
    store.add_note(Note { handed_to: Some(UserId(2)), at: minutes(2), ..note.clone() }, vec![]).await.expect("noted");
    assert_eq!(store.notes(SITE, id).await.expect("notes").len(), 2);
    assert_eq!(store.assigned(UserId(2)).await.expect("a number"), 1);
    let filter = CommentFilter { assigned_to: Some(UserId(2)), ..CommentFilter::default() };
    assert_eq!(store.comments(&filter, None, 5).await.expect("a page").items.len(), 1);
    resolve(&store, vec![(id, None)]).await;
    assert_eq!(store.assigned(UserId(2)).await.expect("a number"), 0);
}

#[tokio::test]
async fn views_and_keys_are_kept_for_their_owner() {
    let (store, _dir) = store().await;
    let view = |user, shared| SavedView { id: 0, user, name: "mine".to_owned(), query: "q=x".to_owned(), shared };
    store.save_view(view(UserId(1), false), now()).await.expect("saved");
    store.save_view(view(UserId(1), true), now()).await.expect("saved");
    let of = |user| store.views(user);
    assert_eq!((of(UserId(1)).await.expect("views").len(), of(UserId(2)).await.expect("views").len()), (2, 1));
    let id = of(UserId(2)).await.expect("views")[0].id;
    assert!(!store.remove_view(UserId(2), id).await.expect("asked"));
    assert!(store.remove_view(UserId(1), id).await.expect("asked"));
    for bindings in ["{}", "{\"a\":1}"] {
        store.save_key_bindings(UserId(1), bindings.to_owned()).await.expect("saved");
        assert_eq!(store.key_bindings(UserId(1)).await.expect("keys").as_deref(), Some(bindings));
    }
    assert_eq!(store.key_bindings(UserId(2)).await.expect("keys"), None);
}

#[tokio::test]
async fn whoever_listens_hears_everything_once_and_what_was_missed_first() {
    use futures_util::StreamExt;
    let (store, _dir) = store().await;
    let source = EventSource::default();
    let mut told = Told::default();
    let one = add(&store, SITE, "one", 0.5, minutes(0), None).await;
    let two = add(&store, SITE, "two", 0.5, minutes(1), None).await;
    let first = store.history(SITE, one).await.expect("a history")[0].id;
    let mut live = Box::pin(source.listen(store.clone(), Some(SITE), None, minutes(2)));
    let mut resumed = Box::pin(source.listen(store.clone(), Some(SITE), Some(first), minutes(2)));
    assert_eq!(resumed.next().await.expect("an event").event.comment_id, two);
    let three = add(&store, SITE, "three", 0.5, minutes(2), None).await;
    add(&store, SiteId(8), "elsewhere", 0.5, minutes(2), None).await;
    source.poll(&store, &mut told, minutes(2)).await.expect("polled");
    source.poll(&store, &mut told, minutes(2)).await.expect("polled");
    let four = add(&store, SITE, "four", 0.5, minutes(2), None).await;
    source.poll(&store, &mut told, minutes(2)).await.expect("polled");
    // Tests of one process share the clock of ids, so `live` may take what was before for new; nothing may come twice.
    for stream in [&mut live, &mut resumed] {
        let mut heard = Vec::new();
        while heard.last() != Some(&four) {
            heard.push(stream.next().await.expect("an event").event.comment_id);
        }
        heard.retain(|&id| id != one && id != two);
        assert_eq!(heard, [three, four]);
    }
    source.close();
    assert!(live.next().await.is_none() && resumed.next().await.is_none());
}
