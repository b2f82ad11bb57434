//! What happens to comments, as it happens: one source for all who listen, in the dashboard and in the API.
//!
//! It is fed from the history in the database, so it tells what any replica did. A listener that was away names the last
//! event it has heard and gets the rest first. Nobody is asked when nobody listens.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use futures_util::Stream;
use futures_util::stream::unfold;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::id::{self, EventId, SiteId};
use crate::store::{Event, Store, StoreError};

/// Events that a slow listener may be behind before it reads them from the database again.
const BUFFERED: usize = 1_024;
/// Events read at once.
const READ: usize = 500;
/// Ids are given before the commit, so one may come late: how long an earlier id is still looked for.
const LATE: SignedDuration = SignedDuration::from_secs(3);

/// An event and the site it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Happened {
    /// The site.
    pub site: SiteId,
    /// What happened.
    pub event: Event,
}

/// Tells everybody who listens what happens.
#[derive(Debug)]
pub struct EventSource {
    sender: broadcast::Sender<Arc<Happened>>,
    closing: CancellationToken,
}

impl Default for EventSource {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BUFFERED), closing: CancellationToken::new() }
    }
}

/// What [`EventSource::poll`] has told already.
#[derive(Debug, Default)]
pub struct Told {
    /// `None` while nobody listens.
    since: Option<EventId>,
    ids: BTreeSet<EventId>,
}

impl EventSource {
    /// Looks for new events and tells them. Called again and again, with the same `told`.
    ///
    /// # Errors
    ///
    /// When the database fails; nothing is lost, the next call tells it.
    pub async fn poll(&self, store: &Store, told: &mut Told, now: Timestamp) -> Result<(), StoreError> {
        if self.sender.receiver_count() == 0 {
            *told = Told::default();
            return Ok(());
        }
        let window = EventId(id::floor(now - LATE) - 1);
        let since = *told.since.get_or_insert(window);
        let mut after = since.max(window);
        loop {
            let found = store.events_after(None, after, READ).await?;
            let is_all = found.len() < READ;
            for happened in found {
                after = happened.event.id;
                if told.ids.insert(happened.event.id) {
                    // Nobody listens any more: the next call notices.
                    let _ = self.sender.send(Arc::new(happened));
                }
            }
            if is_all {
                break;
            }
        }
        told.ids = told.ids.split_off(&window);
        Ok(())
    }

    /// Everything that happens from `now` on, or after the event `after`; on one site, or on all when `site` is `None`.
    /// Ends when the service does, or when the database fails while old events are read.
    pub fn listen(
        &self,
        store: Store,
        site: Option<SiteId>,
        after: Option<EventId>,
        now: Timestamp,
    ) -> impl Stream<Item = Arc<Happened>> + Send + use<> {
        let listener = Listener {
            receiver: self.sender.subscribe(),
            closing: self.closing.clone(),
            store,
            site,
            last: after.unwrap_or(EventId(id::floor(now) - 1)),
            oldest: after.map_or(id::floor(now), |heard| heard.0 + 1),
            behind: after.is_some(),
            backlog: VecDeque::new(),
            read: HashSet::new(),
        };
        unfold(listener, |mut listener| async move { listener.next().await.map(|happened| (happened, listener)) })
    }

    /// Ends all streams.
    pub fn close(&self) {
        self.closing.cancel();
    }
}

struct Listener {
    receiver: broadcast::Receiver<Arc<Happened>>,
    closing: CancellationToken,
    store: Store,
    site: Option<SiteId>,
    /// The newest event that was passed on.
    last: EventId,
    /// Ids below belong to what happened before anybody listened, or was heard.
    oldest: i64,
    /// Whether events have to be read from the database first.
    behind: bool,
    backlog: VecDeque<Arc<Happened>>,
    /// What was read from the database and may be told once more.
    read: HashSet<EventId>,
}

impl Listener {
    async fn next(&mut self) -> Option<Arc<Happened>> {
        loop {
            if let Some(happened) = self.backlog.pop_front() {
                self.last = self.last.max(happened.event.id);
                return Some(happened);
            }
            if self.behind {
                self.read_on().await?;
                continue;
            }
            let heard = tokio::select! {
                heard = self.receiver.recv() => heard,
                () = self.closing.cancelled() => return None,
            };
            match heard {
                Ok(happened) if self.is_new(&happened) => {
                    self.last = self.last.max(happened.event.id);
                    return Some(happened);
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => self.behind = true,
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn is_new(&mut self, happened: &Happened) -> bool {
        let id = happened.event.id;
        let is_wanted = self.site.is_none_or(|site| site == happened.site) && id.0 >= self.oldest;
        is_wanted && !self.read.remove(&id)
    }

    async fn read_on(&mut self) -> Option<()> {
        let found = match self.store.events_after(self.site, self.last, READ).await {
            Ok(found) => found,
            Err(error) => {
                warn!("a stream of events ends, because earlier ones cannot be read: {error:?}");
                return None;
            }
        };
        self.behind = found.len() == READ;
        if self.read.len() > 4 * BUFFERED {
            self.read.clear();
        }
        self.read.extend(found.iter().map(|happened| happened.event.id));
        self.backlog.extend(found.into_iter().map(Arc::new));
        Some(())
    }
}
