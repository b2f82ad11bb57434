//! Lets what moderators decide teach the classifier: looks for new labels, learns a lesson of every site that has some, and
//! puts it in force on all replicas.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tracing::{debug, info};

use crate::app::App;
use crate::classifier::Model;
use crate::classifier::teaching::{self, NothingTaught};
use crate::id::SiteId;
use crate::store::{SiteEntry, StoreError};

/// New labels that are learned from at once.
const ENOUGH: u64 = 10;
/// Fewer are learned from when the first has waited this long.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_secs(60);
/// Most comments of a site that a lesson is learned from, the ones labelled last.
const MOST_COMMENTS: usize = 2_000;

/// Which labels were learned from. One process has one.
#[derive(Debug, Default)]
pub struct Lessons {
    /// The newest label of each site that was tried in vain, and the model.
    tried: HashMap<SiteId, (i64, String)>,
}

impl Lessons {
    /// Learns from what is new on all sites. Called again and again.
    ///
    /// # Errors
    ///
    /// When the database fails; the next call tries again.
    pub async fn learn(&mut self, app: &App, now: Timestamp) -> anyhow::Result<()> {
        let model = app.pipeline.model();
        if model.is_err() {
            return Ok(());
        }
        for entry in app.directory().sites.values() {
            self.learn_of(app, entry, &model, now).await?;
        }
        Ok(())
    }

    async fn learn_of(
        &mut self,
        app: &App,
        entry: &SiteEntry,
        model: &Arc<Result<Model, String>>,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let Ok(Model { version, .. }) = model.as_ref() else { return Ok(()) };
        let site = entry.site.id;
        let after = self.learned_up_to(app, entry, version).await?;
        let Some(new) = app.store.new_labels(site, after).await? else { return Ok(()) };
        if new.number < ENOUGH && now.duration_since(new.since) < LONGEST_WAIT {
            return Ok(());
        }
        let rows = app.store.taught_comments(site, MOST_COMMENTS).await?;
        let number = entry.lesson.as_ref().map_or(1, |lesson| lesson.number + 1);
        let model = model.clone();
        let learn = move || match model.as_ref() {
            Ok(model) => teaching::teach(model, number, &rows),
            Err(_) => Err(NothingTaught::TooFew),
        };
        // Up to some seconds of computing: not on a thread that serves others.
        let outcome = tokio::task::spawn_blocking(learn).await?;
        match &outcome {
            // The database knows, and says otherwise when comments were erased.
            Ok(_) => self.tried.remove(&site),
            Err(_) => self.tried.insert(site, (new.newest, version.clone())),
        };
        match outcome {
            Ok(lesson) => {
                if app.store.put_lesson(site, &lesson, new.newest, now).await? {
                    let comments = lesson.comments;
                    info!(site = %entry.site.name, number, comments, "lesson {number} of {} is in force", entry.site.name);
                    app.metrics.taught(true);
                }
                app.refresh_directory().await?;
            }
            Err(why @ NothingTaught::TooFew) => debug!("{} has taught nothing yet: {why}", entry.site.name),
            Err(why @ NothingTaught::NoBetter) => {
                app.metrics.taught(false);
                info!(site = %entry.site.name, "a lesson of {} is not put in force: {why}", entry.site.name);
            }
        }
        Ok(())
    }

    /// The newest label that need not be looked at again. With another model everything is learned anew.
    async fn learned_up_to(&self, app: &App, entry: &SiteEntry, version: &str) -> Result<i64, StoreError> {
        if let Some((newest, _)) = self.tried.get(&entry.site.id).filter(|(_, tried)| tried == version) {
            return Ok(*newest);
        }
        match &entry.lesson {
            Some(lesson) if lesson.model == version => app.store.newest_label_taught(entry.site.id).await,
            _ => Ok(0),
        }
    }
}
