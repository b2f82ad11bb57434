//! What is erased or kept no longer is gone from every table, and from the file.

use jiff::{SignedDuration, Timestamp};
use moderato::comment::Submission;
use moderato::id::{CommentId, UserId};
use moderato::store::{Actor, Kept, Person, Resolution};
use moderato::verdict::Status;

use crate::databases::Database;
use crate::{SITE, World, agreed_counts, now, on_both, says};

on_both!(
    erasing_a_person_leaves_nothing_of_them,
    erasing_by_address_finds_every_form_of_it,
    erasing_one_comment_leaves_the_others,
    old_comments_are_removed_by_status,
    old_addresses_are_forgotten,
    months_that_nothing_keeps_are_dropped,
);

const SECRET: &str = "Zanzibar-7421";

fn actor() -> Actor {
    Actor::User(UserId(9))
}

fn days_ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}

async fn decide(world: &World, id: CommentId, status: Status) {
    let resolution = Resolution {
        status,
        reason: Some("spam".to_owned()),
        note: Some(SECRET.to_owned()),
        actor: actor(),
        at: now(),
        shown_at: None,
    };
    world.resolve(SITE, vec![(id, None)], resolution).await.expect("decided");
}

async fn erasing_a_person_leaves_nothing_of_them(world: World) {
    let text = format!("My name is {SECRET}. {}", "It is a long story. ".repeat(400));
    let theirs = Submission {
        name: Some(SECRET.to_owned()),
        email: Some(format!("{SECRET}@Example.org")),
        user_agent: Some(SECRET.to_owned()),
        ..says(&text)
    };
    for n in 0..40 {
        let with_id = Submission { external_id: Some(format!("{SECRET} {n}")), ..theirs.clone() };
        let key = moderato::store::Idempotency { key: format!("k{n}"), body_hash: 1, answer: SECRET.to_owned() };
        let (id, row) = crate::recording(with_id, now(), Some(key));
        world.record(row).await.expect("stored");
        world.comment(says(&format!("somebody else, {n}")), now()).await;
        if n % 3 == 0 {
            decide(&world, id, Status::Rejected).await;
        }
    }
    let person = Person::Email(format!("{}@example.ORG", SECRET.to_lowercase()));
    assert_eq!(world.erase(SITE, &person, &actor(), now()).await.expect("erased").len(), 40);

    assert_eq!(agreed_counts(&world).await.iter().sum::<i64>(), 40);
    for table in ["labels", "idempotent_answers", "external_ids", "outbox"] {
        assert_eq!(world.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(world.number("SELECT COUNT(*) FROM events WHERE kind = 'erased'").await, 40);
    assert_eq!(world.number("SELECT COUNT(*) FROM events WHERE note IS NOT NULL").await, 0);
    if let Database::Sqlite(dir) = world.database.as_ref() {
        for file in std::fs::read_dir(dir.path()).expect("a directory") {
            let path = file.expect("a file").path();
            let bytes = std::fs::read(&path).expect("readable").to_ascii_lowercase();
            let secret = SECRET.to_ascii_lowercase();
            let found = bytes.windows(secret.len()).filter(|window| *window == secret.as_bytes()).count();
            assert_eq!(found, 0, "{} still has it", path.display());
        }
    }
}

async fn erasing_by_address_finds_every_form_of_it(world: World) {
    let from = |ip: &str| Submission { ip: Some(ip.parse().expect("an address")), ..says("text") };
    world.comment(from("192.0.2.1"), now()).await;
    world.comment(from("::ffff:192.0.2.1"), now()).await;
    world.comment(from("192.0.2.2"), now()).await;
    let person = Person::Address("192.0.2.1".parse().expect("an address"));
    assert_eq!(world.erase(SITE, &person, &actor(), now()).await.expect("erased").len(), 2);
    assert_eq!(agreed_counts(&world).await.iter().sum::<i64>(), 1);
}

async fn erasing_one_comment_leaves_the_others(world: World) {
    let gone = world.comment(says("one"), now()).await;
    let stays = world.comment(says("two"), now()).await;
    assert!(world.erase_comment(SITE, gone, &actor(), now()).await.expect("erased"));
    assert!(!world.erase_comment(SITE, gone, &actor(), now()).await.expect("answered"));
    assert!(world.store.comment(None, gone).await.expect("read").is_none());
    assert!(world.store.comment(None, stays).await.expect("read").is_some());
    let history = world.history(SITE, gone).await.expect("read");
    assert_eq!(history.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(), ["erased"]);
}

async fn old_comments_are_removed_by_status(world: World) {
    let mut comments = Vec::new();
    // Oldest first: ids grow.
    for days in [40, 20, 1] {
        for status in [Status::Held, Status::Approved, Status::Rejected] {
            let id = world.comment(says(&format!("{days} days old")), days_ago(days)).await;
            comments.push((id, status));
        }
    }
    for (id, status) in comments {
        decide(&world, id, status).await;
    }
    let kept = Kept { held: Some(30), rejected: Some(10), ..Kept::default() };
    assert_eq!(world.retain(kept, now()).await.expect("done").comments, 3);
    assert_eq!(agreed_counts(&world).await, [2, 3, 1]);
    assert_eq!(world.retain(kept, now()).await.expect("done"), Default::default());
}

async fn old_addresses_are_forgotten(world: World) {
    let from = || Submission {
        ip: Some("192.0.2.1".parse().expect("an address")),
        user_agent: Some("Mozilla".to_owned()),
        ..says("text")
    };
    let old = world.comment(from(), days_ago(40)).await;
    let young = world.comment(from(), days_ago(5)).await;
    let kept = Kept { addresses: Some(30), ..Kept::default() };
    assert_eq!(world.retain(kept, now()).await.expect("done").addresses, 1);
    let read = async |id| world.store.comment(None, id).await.expect("read").expect("there").submission;
    assert_eq!((read(old).await.ip, read(old).await.user_agent), (None, None));
    assert_eq!(read(young).await, from());
    let hashes = "SELECT COUNT(*) FROM comments WHERE author_hash IS NOT NULL";
    assert_eq!(world.number(hashes).await, 1);
}

async fn months_that_nothing_keeps_are_dropped(world: World) {
    let long_ago = "2026-03-15T00:00:00Z".parse().expect("a time");
    world.make_partitions(long_ago).await.expect("made");
    for n in 0..5 {
        let external_id = Some(format!("old {n}"));
        world.comment(Submission { external_id, ..says("old") }, long_ago).await;
    }
    world.comment(says("new"), now()).await;
    let kept = Kept { held: Some(30), approved: Some(90), rejected: Some(30), addresses: None };
    let done = world.retain(kept, now()).await.expect("done");
    assert_eq!(done.comments, 5);
    if let Database::Postgres { .. } = world.database.as_ref() {
        assert!(done.months >= 4, "March to June were made, {} are dropped", done.months);
        assert_eq!(world.number("SELECT COUNT(*) FROM pg_class WHERE relname = 'comments_2026_03'").await, 0);
    }
    assert_eq!(agreed_counts(&world).await.iter().sum::<i64>(), 1);
    assert_eq!(world.number("SELECT COUNT(*) FROM external_ids").await, 0);
    assert_eq!(world.number("SELECT COUNT(*) FROM events").await, 1);
}
