//! Everything goes from either database into the other.

use moderato::comment::Submission;
use moderato::id::UserId;
use moderato::store::{Actor, DumpedRow, Idempotency, Progress, Resolution, Role, Store, User};
use moderato::verdict::Status;

use crate::databases::Database;
use crate::{SITE, World, agreed_counts, now, on_both, recording, says};

on_both!(what_is_dumped_can_be_loaded_into_the_other_database);

async fn fill(world: &World) {
    for n in 0..1_200 {
        let submission = Submission {
            email: Some(format!("reader{n}@example.org")),
            external_id: (n % 3 == 0).then(|| format!("c{n}")),
            ..says(&format!("Comment {n}, \"quoted\" and späť \u{1F600}"))
        };
        let key = Idempotency { key: format!("k{n}"), body_hash: i64::MIN + n, answer: "{}".to_owned() };
        let (id, row) = recording(submission, now(), Some(key));
        world.record(row).await.expect("stored");
        if n % 100 == 0 {
            let actor = Actor::User(UserId(9));
            let reason = Some("spam".to_owned());
            let decision =
                Resolution { status: Status::Rejected, reason, note: None, actor, at: now(), shown_at: None };
            world.resolve(SITE, vec![(id, None)], decision).await.expect("decided");
        }
    }
    let user = User {
        id: UserId(9),
        email: "ann@example.org".to_owned(),
        name: "Ann".to_owned(),
        role: Role::Administrator,
        password_hash: "$argon2id$".to_owned(),
        created_at: now(),
        disabled_at: None,
    };
    world.create_user(user).await.expect("a user");
    world
        .begin_session(vec![0, 1, 255], UserId(9), "Firefox".to_owned(), Progress::Whole, now(), now())
        .await
        .expect("a session");
}

async fn dumped(store: &Store) -> Vec<DumpedRow> {
    let mut rows = Vec::new();
    let push = |row| {
        rows.push(row);
        Ok(())
    };
    store.dump(push).await.expect("dumped");
    rows
}

/// As text, in an order that does not depend on the database.
async fn contents(store: &Store) -> Vec<String> {
    let mut rows: Vec<String> =
        dumped(store).await.iter().map(|row| serde_json::to_string(row).expect("JSON")).collect();
    rows.sort_unstable();
    rows
}

async fn what_is_dumped_can_be_loaded_into_the_other_database(world: World) {
    fill(&world).await;
    let other = match world.database.as_ref() {
        Database::Sqlite(_) => Database::postgres(),
        Database::Postgres { .. } => Database::sqlite(),
    };
    let target = Store::connect(&other.location()).await.expect("the store opens");
    let rows = dumped(&world).await;
    // A load that broke off in the middle goes on where it was; what is written already is not looked at again.
    let (half, so_far) = (rows.len() / 2, "SELECT COALESCE(MAX(comment_id), 0) FROM progress");
    let broken = rows[..half].iter().cloned().map(Ok).chain([Err(std::io::Error::other("the disk is gone"))]);
    target.load("a", broken).await.expect_err("it breaks off");
    let written = crate::databases::number(&other.url(), so_far).await as usize;
    assert!(0 < written && written <= half, "{written} of {half}");
    let rest = rows.iter().cloned().enumerate().map(|(n, row)| match n {
        n if n < written => Err(std::io::Error::other("this was written before")),
        _ => Ok(row),
    });
    assert_eq!(target.load("a", rest).await.expect("loaded"), rows.len() as u64);
    assert_eq!(crate::databases::number(&other.url(), so_far).await, 0);
    // Another file begins at its beginning, and changes nothing that is the same.
    assert_eq!(target.load("b", rows.iter().cloned().map(Ok)).await.expect("loaded"), rows.len() as u64);
    let (mine, theirs) = (contents(&world).await, contents(&target).await);
    assert_eq!(mine.len(), theirs.len());
    for (mine, theirs) in mine.iter().zip(&theirs) {
        assert_eq!(mine, theirs);
    }
    target.close().await;
    drop(other);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_moves_to_postgresql_and_the_file_takes_nothing_any_more() {
    crate::on(Database::sqlite(), |world| async move {
        fill(&world).await;
        let other = Database::postgres();
        let target = Store::connect(&other.location()).await.expect("the store opens");
        let before = contents(&world).await;
        target.take_over(&world, |_| ()).await.expect("moved");
        assert_eq!(contents(&target).await, before);
        let (_, late) = recording(says("too late"), now(), None);
        assert!(world.record(late).await.is_err(), "a comment would be lost in the old file");
        assert_eq!(agreed_counts(&world).await.iter().sum::<i64>(), 1_200);
        let (_, next) = recording(says("the first on PostgreSQL"), now(), None);
        target.record(next).await.expect("stored");
        target.close().await;
        drop(other);
    })
    .await;
}
