//! What goes on in the background while the service runs.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::app::App;
use crate::events::Told;
use crate::lessons::Lessons;
use crate::store::{Indexing, Retention, StoreError};

/// How often other processes' changes of sites, keys and policies are looked for.
pub const DIRECTORY_EVERY: Duration = Duration::from_millis(250);
/// How often new events are looked for while somebody listens.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// How often new comments are put into the search index.
const INDEX_EVERY: Duration = Duration::from_millis(500);
/// How often labels that are new are looked for.
const LEARN_EVERY: Duration = Duration::from_secs(5);
/// How often what has expired is removed.
const FORGET_EVERY: Duration = Duration::from_secs(600);
/// How long answers to requests with an idempotency key are kept.
const ANSWERS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// How long it is kept what came of attempts to deliver webhooks.
const ATTEMPTS_KEPT: SignedDuration = SignedDuration::from_hours(24 * 30);

/// Runs until `stop`.
pub async fn run(app: Arc<App>, stop: CancellationToken) {
    tokio::join!(
        tell(&app, &stop),
        index(&app, &stop),
        refresh(&app, &stop),
        learn(&app, &stop),
        forget(&app, &stop),
        crate::webhooks::deliver(&app, &stop)
    );
}

/// Tells those who listen what happens.
async fn tell(app: &App, stop: &CancellationToken) {
    let mut ticks = interval(TELL_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = Told::default();
    while next(&mut ticks, stop).await {
        if let Err(error) = app.events.poll(&app.store, &mut told, crate::clock::now()).await {
            warn!("new events cannot be read, they are told later: {error:?}");
        }
    }
    app.events.close();
}

/// Lets new comments be found by their words. Where comments wait to be stored, they go first: the index then grows by one
/// portion a turn, and catches up later.
async fn index(app: &App, stop: &CancellationToken) {
    let mut ticks = interval(INDEX_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut indexing = Indexing::default();
    while next(&mut ticks, stop).await {
        loop {
            match app.store.index_comments(crate::clock::now(), &mut indexing).await {
                Ok(true) if !stop.is_cancelled() && app.store.writer().waiting() == 0 => {}
                Ok(_) => break,
                Err(error) => {
                    warn!("new comments cannot be indexed, they are found later: {error:?}");
                    break;
                }
            }
        }
    }
}

async fn refresh(app: &App, stop: &CancellationToken) {
    let mut ticks = interval(DIRECTORY_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            goes_on = next(&mut ticks, stop) => if !goes_on { return },
            () = app.store.changed() => {}
        }
        if let Err(error) = app.refresh_directory().await {
            warn!("sites, keys and policies stay as they were: {error:?}");
        }
    }
}

/// Lets decisions teach the classifier.
async fn learn(app: &App, stop: &CancellationToken) {
    if !app.config.learning {
        return;
    }
    let mut ticks = interval(LEARN_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut lessons = Lessons::default();
    while next(&mut ticks, stop).await {
        if let Err(error) = lessons.learn(app, crate::clock::now()).await {
            warn!("nothing can be learned from decisions now, it is tried again: {error:?}");
        }
    }
}

async fn forget(app: &App, stop: &CancellationToken) {
    let mut ticks = interval(FORGET_EVERY);
    while next(&mut ticks, stop).await {
        if let Err(error) = forget_expired(app, crate::clock::now()).await {
            warn!("what has expired could not be removed: {error:?}");
        }
    }
}

async fn forget_expired(app: &App, now: Timestamp) -> Result<(), StoreError> {
    let answers = app.store.forget_answers(now - ANSWERS_KEPT).await?;
    let sessions = app.store.forget_sessions(now).await?;
    let attempts = app.store.forget_attempts(now - ATTEMPTS_KEPT).await?;
    debug!(answers, sessions, attempts, "removed what had expired");
    app.store.make_partitions(now).await?;
    let removed = app.store.retain(app.config.retention, now).await?;
    if removed != Retention::default() {
        info!(
            comments = removed.comments,
            addresses = removed.addresses,
            months = removed.months,
            "removed what is kept no longer"
        );
    }
    Ok(())
}

/// Waits for the next tick; `false` when it is time to stop.
async fn next(ticks: &mut tokio::time::Interval, stop: &CancellationToken) -> bool {
    tokio::select! {
        _ = ticks.tick() => true,
        () = stop.cancelled() => false,
    }
}
