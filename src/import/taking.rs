//! Storing what was found: judged by the site's policy for comparison, with the status and label that it had.
//!
//! Every comment gets its id from its time and name, and is stored under that name once, so that a run that broke off is
//! simply repeated.

use std::collections::{HashMap, HashSet, VecDeque};

use futures_util::future::join_all;
use jiff::Timestamp;
use xxhash_rust::xxh3::xxh3_64;

use super::{Comments, Found};
use crate::classifier::Model;
use crate::comment::Comment;
use crate::facts::Facts;
use crate::id::{self, CommentId, SiteId};
use crate::policy::Policy;
use crate::store::{Recording, Store, StoreError};
use crate::{pipeline, recent};

/// Comments that are stored together.
const AT_ONCE: usize = 256;
/// Names of comments that are remembered for those that answer them; older ones are looked up.
const REMEMBERED: usize = 10_000;

/// What was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Comments that were stored.
    pub stored: u64,
    /// Comments that were there already.
    pub known: u64,
    /// Comments that got a label.
    pub labelled: u64,
}

/// Stores comments of one site.
pub struct Taking<'a> {
    store: &'a Store,
    site: SiteId,
    policy: &'a Policy,
    model: Option<&'a Model>,
    now: Timestamp,
    names: Names,
    /// Ids of comments that are on their way into the store.
    fresh: HashSet<CommentId>,
    taken: Taken,
}

/// The newest comments by their name in the other system.
#[derive(Default)]
struct Names {
    ids: HashMap<String, CommentId>,
    order: VecDeque<String>,
}

impl Names {
    fn remember(&mut self, name: String, id: CommentId) {
        if self.ids.insert(name.clone(), id).is_none() {
            self.order.push_back(name);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }
}

impl<'a> Taking<'a> {
    /// Begins at `now`.
    pub fn new(store: &'a Store, site: SiteId, policy: &'a Policy, model: Option<&'a Model>, now: Timestamp) -> Self {
        let (names, fresh, taken) = (Names::default(), HashSet::new(), Taken::default());
        Self { store, site, policy, model, now, names, fresh, taken }
    }

    /// What was taken so far; it stays, whatever comes after.
    pub fn taken(&self) -> Taken {
        self.taken
    }

    /// Takes everything to the end.
    ///
    /// # Errors
    ///
    /// When the file cannot be read any further, or the store fails. What came before is stored.
    pub async fn all(&mut self, comments: &mut dyn Comments) -> anyhow::Result<()> {
        loop {
            let mut some = Vec::with_capacity(AT_ONCE);
            let mut broken = None;
            while some.len() < AT_ONCE {
                match comments.next() {
                    Ok(Some(found)) => some.push(found),
                    Ok(None) => break,
                    Err(error) => {
                        broken = Some(error);
                        break;
                    }
                }
            }
            let is_last = some.len() < AT_ONCE;
            self.some(some).await?;
            if let Some(error) = broken {
                return Err(error.into());
            }
            if is_last {
                return Ok(());
            }
        }
    }

    async fn some(&mut self, some: Vec<Found>) -> anyhow::Result<()> {
        let names: Vec<&str> = some.iter().filter_map(|found| found.submission.external_id.as_deref()).collect();
        let known = self.store.known_external_ids(self.site, &names).await?;
        let (mut recordings, mut labels) = (Vec::new(), Vec::new());
        self.fresh.clear();
        for found in some {
            let name = found.submission.external_id.clone().unwrap_or_default();
            let label = found.standing.label();
            let id = match known.get(&name) {
                Some(&id) => {
                    self.taken.known += 1;
                    id
                }
                None => {
                    let (id, recording) = self.recording(found).await?;
                    recordings.push(recording);
                    id
                }
            };
            self.names.remember(name, id);
            labels.extend(label.map(|label| (id, label)));
        }
        for outcome in join_all(recordings.into_iter().map(|recording| self.store.record(recording))).await {
            match outcome {
                Ok(()) => self.taken.stored += 1,
                // The same name twice in one file.
                Err(StoreError::Exists) => self.taken.known += 1,
                Err(error) => return Err(error.into()),
            }
        }
        if !labels.is_empty() {
            self.taken.labelled += self.store.label_imported(self.site, labels, self.now).await?;
        }
        Ok(())
    }

    async fn recording(&mut self, found: Found) -> anyhow::Result<(CommentId, Recording)> {
        let mut submission = found.submission;
        submission.parent_id = match found.parent {
            Some(parent) => self.id_of(&parent).await?,
            None => None,
        };
        let name = submission.external_id.clone().unwrap_or_default();
        let mut comment = Comment::from_submission(self.site, submission, found.created_at);
        comment.id = self.free_id(found.created_at, &name).await?;
        let facts = Facts::default();
        let verdict = pipeline::assess(&comment, &facts, self.policy, self.model);
        let fingerprint = recent::fingerprint(&comment) as i64;
        let id = comment.id;
        let recording = Recording::new(comment, fingerprint, &facts, verdict, false, None)?;
        Ok((id, recording.with_status(found.standing.status())))
    }

    /// An id for a name that is not known yet. Ids of one millisecond can meet when thousands of comments have the same time,
    /// as they have where a system keeps days only; then the next one is tried, so that no comment is taken for another.
    async fn free_id(&mut self, at: Timestamp, name: &str) -> Result<CommentId, StoreError> {
        let hash = xxh3_64(format!("{} {name}", self.site).as_bytes());
        let mut attempt = 0;
        loop {
            let id = CommentId(id::at(at, hash.wrapping_add(attempt)));
            if !self.fresh.contains(&id) && self.store.comment(Some(self.site), id).await?.is_none() {
                self.fresh.insert(id);
                return Ok(id);
            }
            attempt += 1;
        }
    }

    async fn id_of(&self, name: &str) -> anyhow::Result<Option<CommentId>> {
        if let Some(id) = self.names.ids.get(name) {
            return Ok(Some(*id));
        }
        Ok(self.store.known_external_ids(self.site, &[name]).await?.get(name).copied())
    }
}
