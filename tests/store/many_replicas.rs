//! Two replicas on one database: nothing is decided twice, and nobody waits for ever.

use moderato::id::{SiteId, UserId};
use moderato::store::{Actor, Dialect, Outcome, Resolution, Store};
use moderato::verdict::Status;

use crate::{SITE, World, agreed_counts, now, on_both, says};

on_both!(
    two_moderators_on_two_replicas_decide_once,
    bulk_decisions_of_two_replicas_do_not_block_each_other,
    replicas_hear_what_others_change,
);

/// Races for one comment each.
const RACES: usize = 1_000;

fn decision(status: Status, user: i64) -> Resolution {
    Resolution {
        status,
        reason: Some("spam".to_owned()),
        note: None,
        actor: Actor::User(UserId(user)),
        at: now(),
        shown_at: None,
    }
}

async fn second_replica(world: &World) -> Store {
    Store::connect(&world.database.location()).await.expect("a second replica")
}

async fn two_moderators_on_two_replicas_decide_once(world: World) {
    let other = second_replica(&world).await;
    let webhook = "UPDATE sites SET webhook_url = 'https://news.example/hook'";
    crate::databases::execute(&world.database.url(), webhook).await;
    for n in 0..RACES {
        let id = world.comment(says(&format!("race {n}")), now()).await;
        let (a, b) = tokio::join!(
            world.resolve(SITE, vec![(id, Some(1))], decision(Status::Approved, 1)),
            other.resolve(SITE, vec![(id, Some(1))], decision(Status::Rejected, 2)),
        );
        let outcomes = [a.expect("answered").outcomes[0].1, b.expect("answered").outcomes[0].1];
        let changed = outcomes.iter().filter(|o| matches!(o, Outcome::Changed { .. })).count();
        let refused = outcomes.iter().filter(|o| matches!(o, Outcome::Conflict { .. })).count();
        assert_eq!((changed, refused), (1, 1), "race {n}: {outcomes:?}");
    }
    let races = RACES as i64;
    assert_eq!(world.number("SELECT COUNT(*) FROM events WHERE kind = 'decided'").await, races);
    assert_eq!(world.number("SELECT COUNT(*) FROM outbox").await, races);
    assert_eq!(world.number("SELECT COUNT(*) FROM comments WHERE revision <> 2").await, 0);
    agreed_counts(&world).await;
    other.close().await;
}

async fn bulk_decisions_of_two_replicas_do_not_block_each_other(world: World) {
    let other = second_replica(&world).await;
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push((world.comment(says(&format!("bulk {n}")), now()).await, None));
    }
    let reversed: Vec<_> = ids.iter().rev().copied().collect();
    for round in 0..20i64 {
        let (status, against) =
            if round % 2 == 0 { (Status::Approved, Status::Rejected) } else { (Status::Rejected, Status::Held) };
        let (a, b) = tokio::join!(
            world.resolve(SITE, ids.clone(), decision(status, 1)),
            other.resolve(SITE, reversed.clone(), decision(against, 2)),
        );
        a.expect("the first is done");
        b.expect("the second is done");
    }
    agreed_counts(&world).await;
    assert!(
        world.resolve(SiteId(99), ids, decision(Status::Held, 1)).await.expect("answered").changed().next().is_none()
    );
    other.close().await;
}

async fn replicas_hear_what_others_change(world: World) {
    if world.dialect() == Dialect::Sqlite {
        // One process has the file; commands that change it are found by looking.
        return;
    }
    let other = second_replica(&world).await;
    let heard = || tokio::time::timeout(std::time::Duration::from_secs(30), other.changed());
    heard().await.expect("it listens");
    for name in ["first", "second"] {
        world.rename_site(SITE, name.to_owned(), "https://news.example".to_owned()).await.expect("renamed");
        heard().await.expect("it is told");
    }
    other.close().await;
}
