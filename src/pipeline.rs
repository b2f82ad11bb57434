//! The way of a comment: limit → normalise → facts → assess (rules, classifier, policy) → record → reply.
//!
//! Awaiting happens here; deciding is [`assess()`], a pure function, which replays and tests call too.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use tokio::sync::{Semaphore, SemaphorePermit};
use tracing::{info, warn};

use crate::classifier::Model;
use crate::comment::{Comment, Submission};
use crate::facts::{Facts, StandingFact};
use crate::id::{CommentId, KeyId, SiteId};
use crate::limits::{Allowance, Exceeded, Limits};
use crate::metrics::{Metrics, Stage};
use crate::policy::Policy;
use crate::recent::{self, Recent};
use crate::store::{Idempotency, Recording, SiteEntry, StandingDecision, Store, StoreError, StoredComment};
use crate::verdict::{Decision, Status, Verdict};

mod assess;
mod reasoning;

pub use assess::assess;

/// Longest wait for the facts; a comment without them is held.
const FACTS_TIME: Duration = Duration::from_millis(500);

/// Comments that are on their way at the same time. More are refused before they cost anything, so that those that were taken
/// are answered soon: these are a little more than a full commit.
const AT_ONCE: usize = 320;
/// Comments for each core that are thought about at the same time. The others wait without being in the way of requests that
/// need no thought, such as those that are refused.
const AT_ONCE_ON_A_CORE: usize = 2;

/// Everything a comment passes on its way.
#[derive(Debug)]
pub struct Pipeline {
    store: Store,
    limits: ArcSwap<Limits>,
    model: ArcSwap<std::result::Result<Model, String>>,
    recent: Mutex<Recent>,
    places: Semaphore,
    turns: Semaphore,
    metrics: Arc<Metrics>,
}

/// A judged comment, as the site is told. Its JSON is the answer of the API.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Judged {
    /// The stored comment; `None` when it was only checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<CommentId>,
    /// Where it stands.
    pub status: Status,
    /// What was decided, and why.
    #[serde(flatten, serialize_with = "as_verdict")]
    #[schema(value_type = Verdict)]
    pub verdict: Arc<Verdict>,
    /// When it arrived.
    #[serde(serialize_with = "crate::clock::rfc3339")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// How long deciding took, in microseconds.
    pub took_us: u64,
}

fn as_verdict<S: Serializer>(verdict: &Arc<Verdict>, serializer: S) -> Result<S::Ok, S::Error> {
    verdict.as_ref().serialize(serializer)
}

/// A request that wants its answer again if it comes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The client's key.
    pub key: String,
    /// Hash of the request's body.
    pub body_hash: i64,
}

/// Why a submission got no verdict.
#[derive(Debug, thiserror::Error)]
pub enum NotModerated {
    /// A limit is used up.
    #[error(transparent)]
    Limited(#[from] Exceeded),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The answer could not be written down; a defect.
    #[error("the answer could not be written")]
    Answer(#[from] serde_json::Error),
}

impl Pipeline {
    /// A pipeline that remembers the newest comments of the store. `model` is the reason in words where there is none.
    ///
    /// # Errors
    ///
    /// When the newest comments cannot be read.
    pub async fn start(
        store: Store,
        limits: Limits,
        model: std::result::Result<Model, String>,
        metrics: Arc<Metrics>,
    ) -> Result<Self, StoreError> {
        let mut recent = Recent::new(recent::REMEMBERED);
        for text in store.newest_texts(recent::REMEMBERED).await? {
            recent.remember(text);
        }
        warm_up(model.as_ref().ok());
        metrics.model(model.as_ref().ok().map(|model| model.version.as_str()));
        Ok(Self {
            store,
            limits: ArcSwap::from_pointee(limits),
            model: ArcSwap::from_pointee(model),
            recent: Mutex::new(recent),
            places: Semaphore::new(AT_ONCE),
            turns: Semaphore::new(AT_ONCE_ON_A_CORE * std::thread::available_parallelism().map_or(1, usize::from)),
            metrics,
        })
    }

    /// Takes a submission all the way. When it returns, the comment is durable, with its verdict and the event that
    /// tells the site's webhook.
    ///
    /// # Errors
    ///
    /// A used-up limit, or a store that cannot take it; in both cases nothing was acknowledged.
    pub async fn moderate(
        &self,
        site: &SiteEntry,
        key: KeyId,
        submission: Submission,
        idempotency: Option<IdempotencyKey>,
        now: Timestamp,
    ) -> Result<(Judged, Allowance), NotModerated> {
        let _place = self.place()?;
        let allowance = self.limit(site, key, &submission).await?;
        Ok((self.take(site, submission, idempotency, now).await?, allowance))
    }

    /// Takes a submission that no limit applies to, because the site itself says what becomes of it.
    ///
    /// # Errors
    ///
    /// A store that cannot take it.
    pub async fn adopt(
        &self,
        site: &SiteEntry,
        submission: Submission,
        now: Timestamp,
    ) -> Result<Judged, NotModerated> {
        self.take(site, submission, None, now).await
    }

    async fn take(
        &self,
        site: &SiteEntry,
        submission: Submission,
        idempotency: Option<IdempotencyKey>,
        now: Timestamp,
    ) -> Result<Judged, NotModerated> {
        let turn = self.turn().await;
        let started = Instant::now();
        let comment = self.normalize(site, submission, now);
        let fingerprint = recent::fingerprint(&comment);
        drop(turn);
        let (facts, campaign) = self.facts_about(site, &comment, fingerprint, now).await;
        let turn = self.turn().await;
        let verdict = self.assess(site, &comment, &facts);
        let judged = Judged::new(Some(comment.id), verdict, now, started);
        let text = recent::Text { campaign, ..recent::Text::of(&comment, fingerprint, judged.status) };
        let recording = self.recording(site, comment, fingerprint, &facts, &judged, idempotency)?;
        drop(turn);
        self.record(recording.with_campaign(campaign)).await?;
        self.recent().remember(text);
        self.metrics.judged(&site.site.name, &judged.verdict);
        judged.log();
        Ok(judged)
    }

    /// Judges a stored comment anew, because the site sent it again with another content.
    ///
    /// # Errors
    ///
    /// As [`Pipeline::moderate`].
    pub async fn edit(
        &self,
        site: &SiteEntry,
        key: KeyId,
        stored: &StoredComment,
        submission: Submission,
        idempotency: Option<IdempotencyKey>,
        now: Timestamp,
    ) -> Result<(Judged, Allowance), NotModerated> {
        let _place = self.place()?;
        let allowance = self.limit(site, key, &submission).await?;
        let started = Instant::now();
        let mut comment = self.normalize(site, submission, stored.created_at);
        comment.id = stored.id;
        let fingerprint = recent::fingerprint(&comment);
        let (facts, campaign) = self.facts_about(site, &comment, fingerprint, now).await;
        let verdict = self.assess(site, &comment, &facts);
        let judged = Judged::new(Some(comment.id), verdict, stored.created_at, started);
        let recording = self.recording(site, comment, fingerprint, &facts, &judged, idempotency)?;
        self.store.edit(recording.with_campaign(campaign), now).await?;
        self.recent().update(stored.id, judged.status);
        judged.log();
        Ok((judged, allowance))
    }

    /// Judges a submission outside all limits, and stores nothing. Beside the verdict stands the comment in its normal form.
    pub async fn rehearse(&self, site: &SiteEntry, submission: Submission, now: Timestamp) -> (Judged, Comment) {
        let started = Instant::now();
        let comment = self.normalize(site, submission, now);
        let (facts, _) = self.facts_about(site, &comment, recent::fingerprint(&comment), now).await;
        let verdict = self.assess(site, &comment, &facts);
        (Judged::new(None, verdict, now, started), comment)
    }

    /// As [`Pipeline::rehearse`], but within the site's own limit.
    ///
    /// # Errors
    ///
    /// When the site's limit is used up, or too much arrives at once.
    pub async fn check(
        &self,
        site: &SiteEntry,
        key: KeyId,
        submission: Submission,
        now: Timestamp,
    ) -> Result<(Judged, Comment, Allowance), NotModerated> {
        let _place = self.place()?;
        let allowance = self.limits.load_full().check_key_everywhere(site.site.id, key).await;
        let allowance = allowance.inspect_err(|e| self.metrics.rate_limited(e.limit))?;
        let (judged, comment) = self.rehearse(site, submission, now).await;
        Ok((judged, comment, allowance))
    }

    /// Notes that moderators changed the status of comments.
    pub fn decided(&self, changes: impl Iterator<Item = (CommentId, Status, Status)>) {
        let mut recent = self.recent();
        for (id, from, to) in changes {
            recent.update(id, to);
            self.metrics.moderator_decided(from, to);
        }
    }

    /// How many other recent comments of a site came from the network of `ip`, and the newest of them.
    pub fn from_address(&self, site: SiteId, ip: std::net::IpAddr, own: CommentId) -> (usize, Vec<CommentId>) {
        self.recent().from_address(site, crate::comment::address_hash(ip), own)
    }

    /// The model in use, or why there is none.
    pub fn model(&self) -> Arc<std::result::Result<Model, String>> {
        self.model.load_full()
    }

    /// Judges with this model from now on; a comment that is being judged keeps the one before.
    pub fn use_model(&self, model: Model) {
        warm_up(Some(&model));
        self.metrics.model(Some(&model.version));
        self.model.store(Arc::new(Ok(model)));
    }

    /// The rate limits.
    pub fn limits(&self) -> Arc<Limits> {
        self.limits.load_full()
    }

    /// These limits hold from now on, with nothing used up but what is shared.
    pub fn use_limits(&self, limits: Limits) {
        self.limits.store(Arc::new(limits));
    }

    /// A place among those that are judged now. Nobody waits for one.
    fn place(&self) -> Result<SemaphorePermit<'_>, StoreError> {
        self.places.try_acquire().map_err(|_| StoreError::Overloaded)
    }

    /// Whether a submission would be refused now.
    pub fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// Waits for the turn to think. `None` never comes: nobody closes the semaphore.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.turns.acquire().await.ok()
    }

    async fn limit(&self, site: &SiteEntry, key: KeyId, submission: &Submission) -> Result<Allowance, Exceeded> {
        let checked = self.limits.load_full().check_everywhere(site.site.id, key, submission).await;
        checked.inspect_err(|e| self.metrics.rate_limited(e.limit))
    }

    fn normalize(&self, site: &SiteEntry, submission: Submission, now: Timestamp) -> Comment {
        let started = Instant::now();
        let comment = Comment::from_submission(site.site.id, submission, now);
        self.metrics.stage(Stage::Normalize, started.elapsed());
        comment
    }

    /// What is known of author and text. What cannot be told in time is named in the facts, and holds the comment.
    /// Beside them stands the campaign that the text belongs to.
    async fn facts_about(
        &self,
        site: &SiteEntry,
        comment: &Comment,
        fingerprint: u64,
        now: Timestamp,
    ) -> (Facts, Option<CommentId>) {
        let started = Instant::now();
        let known = self.recent().facts_about(comment, fingerprint);
        let standing = standing_for(&site.standing, comment.text_hash(), fingerprint, now);
        let mut facts = Facts { same_text: known.same, near_text: known.near, standing, ..Facts::default() };
        if let Some(author) = comment.author_hash() {
            match tokio::time::timeout(FACTS_TIME, self.store.author_facts(comment.site, author)).await {
                Ok(Ok(author)) => facts.author = author,
                Ok(Err(error)) => {
                    warn!(comment.id = %comment.id, "the author of comment {} cannot be looked up: {error:?}", comment.id);
                    facts.missing.push("author".to_owned());
                }
                Err(_) => facts.missing.push("author".to_owned()),
            }
        }
        self.metrics.stage(Stage::Facts, started.elapsed());
        (facts, known.campaign.filter(|&first| first != comment.id))
    }

    fn assess(&self, site: &SiteEntry, comment: &Comment, facts: &Facts) -> Verdict {
        let started = Instant::now();
        let model = self.model.load();
        let verdict = assess(comment, facts, &site.policy, site.classifier(&model));
        self.metrics.stage(Stage::Assess, started.elapsed());
        verdict
    }

    fn recording(
        &self,
        site: &SiteEntry,
        comment: Comment,
        fingerprint: u64,
        facts: &Facts,
        judged: &Judged,
        idempotency: Option<IdempotencyKey>,
    ) -> Result<Recording, NotModerated> {
        let answer = |request: IdempotencyKey| {
            let answer = serde_json::to_string(judged)?;
            Ok::<_, serde_json::Error>(Idempotency { key: request.key, body_hash: request.body_hash, answer })
        };
        let idempotency = idempotency.map(answer).transpose()?;
        let tell = site.site.webhook_url.is_some();
        Ok(Recording::new(comment, fingerprint as i64, facts, judged.verdict.clone(), tell, idempotency)?)
    }

    /// The comment, its verdict, its event and the webhook's outbox row are one transaction.
    async fn record(&self, recording: Recording) -> Result<(), StoreError> {
        let started = Instant::now();
        let outcome = self.store.record(recording).await;
        self.metrics.stage(Stage::Record, started.elapsed());
        outcome
    }

    /// Nothing that holds the lock can leave the memory half-changed in a way that matters.
    fn recent(&self) -> std::sync::MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Judged {
    fn new(id: Option<CommentId>, verdict: Verdict, now: Timestamp, started: Instant) -> Self {
        let took_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        Self { id, status: verdict.decision.status(), verdict: Arc::new(verdict), created_at: now, took_us }
    }

    fn log(&self) {
        let Some(id) = self.id else { return };
        let (decision, score, took_us) = (self.verdict.decision, self.verdict.score, self.took_us);
        info!(comment.id = %id, %decision, score, took_us, "comment {id} is {}", self.status);
    }
}

/// Judges a comment that has something of everything, so that tables which are built at first use are built before
/// anybody waits for them.
fn warm_up(model: Option<&Model>) {
    let submission = Submission {
        name: Some("Best Offers".to_owned()),
        email: Some("ann@example.org".to_owned()),
        text: "<b>Hi</b> [url=http://example.org/a]v1agra[/url], p\u{430}y m\u{e9} v i s i t https://example.org &amp; call +1 555 0100"
            .to_owned(),
        url: Some("https://example.org/a/b".to_owned()),
        ..Submission::default()
    };
    let comment = Comment::from_submission(SiteId(0), submission, Timestamp::UNIX_EPOCH);
    assess(&comment, &Facts::default(), &Policy::built_in(), model);
}

/// The newest decision that stands for a text. Nearly the same text is enough to reject it and not enough to approve it: one
/// changed link is all that a spammer needs.
fn standing_for(
    standing: &[StandingDecision],
    text_hash: i64,
    fingerprint: u64,
    now: Timestamp,
) -> Option<StandingFact> {
    let applies = |standing: &&StandingDecision| {
        let is_same = standing.text_hash == text_hash;
        let is_near = standing.status == Status::Rejected && recent::is_near(standing.fingerprint, fingerprint);
        (is_same || is_near) && standing.at <= now && now < standing.until
    };
    let found = standing.iter().find(applies)?;
    let decision = match found.status {
        Status::Approved => Decision::Approve,
        Status::Held => return None,
        Status::Rejected => Decision::Reject,
    };
    let is_same = found.text_hash == text_hash;
    Some(StandingFact { decision, is_same, reason: found.reason.clone(), at: found.at, until: found.until })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_decision_applies_to_the_same_text_while_it_lasts() {
        let at = Timestamp::UNIX_EPOCH;
        let after = |hours| at + jiff::SignedDuration::from_hours(hours);
        let standing = |status| StandingDecision {
            action: crate::id::ActionId(1),
            text_hash: 7,
            fingerprint: 0b1111,
            status,
            reason: Some("spam".to_owned()),
            user: crate::id::UserId(1),
            at,
            until: after(24),
        };
        let decided = |status, text_hash, fingerprint, hours| {
            standing_for(&[standing(status)], text_hash, fingerprint, after(hours)).map(|fact| fact.decision)
        };
        assert_eq!(decided(Status::Rejected, 7, 0, 1), Some(Decision::Reject));
        assert_eq!(decided(Status::Rejected, 8, 0b1110, 1), Some(Decision::Reject));
        assert_eq!(decided(Status::Approved, 8, 0b1110, 1), None);
        assert_eq!(decided(Status::Approved, 7, 0, 1), Some(Decision::Approve));
        assert_eq!(decided(Status::Rejected, 7, 0, 24), None);
        assert_eq!(decided(Status::Rejected, 8, 0, 1), None);
    }
}
