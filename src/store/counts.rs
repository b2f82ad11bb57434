//! How many comments of a site have which status, kept in the transaction that changes it.

use std::collections::BTreeMap;

use super::Conn;
use super::tallies::Tallies;
use crate::id::SiteId;
use crate::verdict::Status;

/// What a transaction changes about the counters. Written at its end, always in the same order: the counters are the
/// rows that all replicas want, so they are held for the shortest time, and nobody waits in a circle.
#[derive(Debug, Default)]
pub(super) struct Counts {
    by_status: BTreeMap<(SiteId, i16), i64>,
    /// What it changes about the tallies.
    pub(super) tallies: Tallies,
}

impl Counts {
    /// `by` more comments with this status.
    pub(super) fn add(&mut self, site: SiteId, status: Status, by: i64) {
        *self.by_status.entry((site, status as i16)).or_default() += by;
    }

    /// One more comment with this status.
    pub(super) fn added(&mut self, site: SiteId, status: Status) {
        self.add(site, status, 1);
    }

    /// One comment fewer with this status.
    pub(super) fn removed(&mut self, site: SiteId, status: Status) {
        self.add(site, status, -1);
    }

    /// A comment went from one status to another.
    pub(super) fn moved(&mut self, site: SiteId, from: Status, to: Status) {
        self.removed(site, from);
        self.added(site, to);
    }

    /// Site, status and how many more; only what changes.
    pub(super) fn changes(&self) -> impl Iterator<Item = (SiteId, i16, i64)> {
        self.by_status.iter().filter(|(_, by)| **by != 0).map(|(&(site, status), &by)| (site, status, by))
    }

    /// Writes the changes.
    pub(super) async fn apply(self, conn: &mut Conn) -> sqlx::Result<()> {
        for (site, status, by) in self.changes() {
            execute!(
                conn,
                sqlx::query(
                    "INSERT INTO comment_counts (site_id, status, comments) VALUES ($1, $2, $3)
                     ON CONFLICT (site_id, status) DO UPDATE SET comments = comment_counts.comments + excluded.comments",
                )
                .bind(site)
                .bind(status)
                .bind(by)
            )?;
        }
        self.tallies.apply(conn).await
    }
}
