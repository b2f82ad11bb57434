//! The loop that delivers: takes what is due under a lease, posts it, and settles what came of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::courier::{Answer, Courier, Parcel, TIME};
use super::message::{Message, webhook_id};
use super::schedule;
use super::signature::Secret;
use super::target::Target;
use crate::app::App;
use crate::id::{EventId, SiteId};
use crate::metrics::DeliveryResult;
use crate::store::{Attempt, Delivery, DeliveryOutcome as Outcome, Settlement, StoreError, Webhook};

/// How often it is looked whether something is due.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Deliveries at once to one site, so that a slow site does not take all places.
const PER_SITE: usize = 16;
/// Deliveries at once.
const AT_ONCE: usize = 128;
/// How long a delivery is nobody else's; then it is due again.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
/// How long a site that is overloaded is left alone when it does not say.
const PAUSE: Duration = Duration::from_secs(30);
/// How long deliveries on their way may take when the service ends.
const DRAIN: Duration = Duration::from_secs(5);

/// Delivers until `stop`.
pub async fn deliver(app: &Arc<App>, stop: &CancellationToken) {
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut round =
        Round { app: app.clone(), on_their_way: JoinSet::new(), busy: HashMap::new(), paused: HashMap::new() };
    loop {
        tokio::select! {
            _ = ticks.tick() => round.send_what_is_due().await,
            Some(first) = round.on_their_way.join_next() => round.settle(first).await,
            () = stop.cancelled() => break,
        }
    }
    let rest = async {
        while let Some(first) = round.on_their_way.join_next().await {
            round.settle(first).await;
        }
    };
    if tokio::time::timeout(DRAIN, rest).await.is_err() {
        info!("deliveries on their way were left; they are due again when their lease ends");
    }
}

/// Sends a test to a site's webhook now, outside of the queue, and keeps what came of it.
///
/// # Errors
///
/// When the store fails; that the receiver did not take it is part of the answer.
pub async fn test(
    store: &crate::store::Store,
    courier: &Courier,
    webhook: &Webhook,
    now: Timestamp,
) -> anyhow::Result<Answer> {
    let event = EventId::fresh(now);
    let answer = match courier.target(&webhook.url) {
        Ok(target) => {
            let (id, body) = (webhook_id(event), Message::test(now).to_json()?);
            let secrets = webhook.secrets(now);
            courier.post(Parcel { target: &target, id: &id, secrets: &secrets, body: &body }, now).await
        }
        Err(error) => refused(error),
    };
    let attempt = attempt(&answer, "test", now);
    store.keep_attempt(webhook.site, event, attempt).await?;
    Ok(answer)
}

/// What came of one delivery.
struct Done {
    delivery: Delivery,
    answer: Answer,
}

struct Round {
    app: Arc<App>,
    on_their_way: JoinSet<Done>,
    busy: HashMap<SiteId, usize>,
    paused: HashMap<SiteId, Instant>,
}

impl Round {
    async fn send_what_is_due(&mut self) {
        let now = crate::clock::now();
        if let Err(error) = self.take(now).await {
            warn!("webhooks wait, the store does not give them out: {error:?}");
        }
    }

    async fn take(&mut self, now: Timestamp) -> Result<(), StoreError> {
        let instant = Instant::now();
        self.paused.retain(|_, until| *until > instant);
        for site in self.app.store.sites_with_due_deliveries(now).await? {
            let busy = self.busy.get(&site).copied().unwrap_or_default();
            let free = PER_SITE.saturating_sub(busy).min(AT_ONCE.saturating_sub(self.on_their_way.len()));
            if free == 0 || self.paused.contains_key(&site) {
                continue;
            }
            let webhook = self.app.store.webhook(site).await?;
            for delivery in self.app.store.claim_deliveries(site, now, now + LEASE, free).await? {
                *self.busy.entry(site).or_default() += 1;
                let (app, webhook) = (self.app.clone(), webhook.clone());
                self.on_their_way.spawn(async move {
                    let answer = post(&app, webhook.as_ref(), &delivery).await;
                    Done { delivery, answer }
                });
            }
        }
        Ok(())
    }

    /// Settles this one and all others that have come back by now, in one transaction.
    async fn settle(&mut self, first: Result<Done, tokio::task::JoinError>) {
        let mut settlements = Vec::new();
        let mut next = Some(first);
        while let Some(joined) = next {
            match joined {
                Ok(done) => settlements.push(self.judge(done)),
                Err(error) => warn!("a delivery broke off and is due again when its lease ends: {error}"),
            }
            next = self.on_their_way.try_join_next();
        }
        let count = settlements.len();
        if let Err(error) = self.app.store.settle_deliveries(settlements).await {
            warn!("what came of {count} deliveries could not be kept, so they will be sent again: {error:?}");
        }
    }

    fn judge(&mut self, Done { delivery, answer }: Done) -> Settlement {
        let now = crate::clock::now();
        let site = delivery.site;
        if let Some(busy) = self.busy.get_mut(&site) {
            *busy = busy.saturating_sub(1);
        }
        if answer.is_overloaded() {
            let pause = answer.retry_after.unwrap_or(PAUSE).min(schedule::LONGEST_PAUSE);
            self.paused.insert(site, Instant::now() + pause);
        }
        let gone = answer.is_gone() && delivery.target.is_empty();
        let due = if answer.is_gone() {
            None
        } else {
            schedule::next(delivery.attempts, now, rand::random(), answer.retry_after)
        };
        let (result, outcome) = match (answer.is_delivered(), due) {
            (true, _) => (DeliveryResult::Delivered, Outcome::Delivered),
            (false, Some(at)) => (DeliveryResult::Failed, Outcome::Again(at)),
            (false, None) => (DeliveryResult::Dead, Outcome::Dead),
        };
        self.app.metrics.delivery(result);
        if result == DeliveryResult::Delivered {
            let delay = now.duration_since(crate::id::time_of(delivery.event.0));
            self.app.metrics.webhook_delay(delay.try_into().unwrap_or_default());
        }
        debug!(event.id = %delivery.event, status = ?answer.status, "webhook {} is {}", delivery.event, result.as_str());
        Settlement { attempt: attempt(&answer, result.as_str(), now), delivery, outcome, gone }
    }
}

fn attempt(answer: &Answer, result: &'static str, at: Timestamp) -> Attempt {
    Attempt { result, status: answer.status, error: answer.error.clone(), took: answer.took, at }
}

fn refused(error: String) -> Answer {
    Answer { status: None, error: Some(error), retry_after: None, took: Duration::ZERO }
}

async fn post(app: &App, webhook: Option<&Webhook>, delivery: &Delivery) -> Answer {
    let now = crate::clock::now();
    let prepared = tokio::time::timeout(TIME, prepare(app, webhook, delivery, now)).await;
    let (target, secrets, body) = match prepared {
        Ok(Ok(Some(prepared))) => prepared,
        // The comment was erased, or nobody wants to be told any more: there is nothing left to send.
        Ok(Ok(None)) => return Answer { status: None, error: None, retry_after: None, took: Duration::ZERO },
        Ok(Err(error)) => return refused(error),
        Err(_) => return refused("the store did not answer in time".to_owned()),
    };
    let target = match target_of(app, delivery, &target) {
        Ok(target) => target,
        Err(error) => return refused(error),
    };
    let id = webhook_id(delivery.event);
    app.courier.post(Parcel { target: &target, id: &id, secrets: &secrets, body: &body }, now).await
}

/// Where a delivery goes. A call back to the very origin that its site was registered with may be on a private network; an
/// address that a caller gave otherwise may not.
fn target_of(app: &App, delivery: &Delivery, address: &str) -> Result<Target, String> {
    let directory = app.directory();
    let site = directory.sites.get(&delivery.site).and_then(|entry| entry.site.url.as_deref());
    let home = site.filter(|_| !delivery.target.is_empty()).and_then(|site| Target::on_site(address, site));
    home.map_or_else(|| app.courier.target(address), Ok)
}

/// Address, secrets and body of a delivery; `None` when there is nothing to send.
async fn prepare(
    app: &App,
    webhook: Option<&Webhook>,
    delivery: &Delivery,
    now: Timestamp,
) -> Result<Option<(String, Vec<Secret>, String)>, String> {
    if !delivery.target.is_empty() {
        let body = delivery.payload.clone().unwrap_or_default();
        return Ok(Some((delivery.target.clone(), Vec::new(), body)));
    }
    let Some(webhook) = webhook else { return Ok(None) };
    if let Some((_, why)) = &webhook.off {
        return Err(format!("the webhook is switched off: {why}"));
    }
    let secrets = webhook.secrets(now);
    if secrets.is_empty() {
        return Err("the webhook has no secret that can be used; make a new one".to_owned());
    }
    let store = |error: StoreError| {
        warn!("a webhook could not be prepared: {error:?}");
        "the store did not answer".to_owned()
    };
    let event = app.store.event(delivery.site, delivery.event).await.map_err(store)?;
    let comment = app.store.comment(Some(delivery.site), delivery.comment).await.map_err(store)?;
    let (Some(event), Some(comment)) = (event, comment) else { return Ok(None) };
    let body = Message::of(&event, comment).to_json().map_err(|error| error.to_string())?;
    Ok(Some((webhook.url.clone(), secrets, body)))
}
