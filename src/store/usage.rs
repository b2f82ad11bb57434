//! How much a site was used: what its comments came to, and what was corrected afterwards.

use std::ops::Add;

use jiff::Timestamp;

use super::{Result, Store};
use crate::id::{SiteId, floor};
use crate::verdict::Status;

/// Comments of some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageCounts {
    /// Rejected now.
    pub spam: u64,
    /// Approved or held now.
    pub ham: u64,
    /// Approved first and rejected by a person later.
    pub missed_spam: u64,
    /// Rejected first and approved by a person later.
    pub false_positives: u64,
}

impl UsageCounts {
    /// All comments.
    pub fn all(&self) -> u64 {
        self.spam + self.ham
    }
}

impl Add for UsageCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            spam: self.spam + other.spam,
            ham: self.ham + other.ham,
            missed_spam: self.missed_spam + other.missed_spam,
            false_positives: self.false_positives + other.false_positives,
        }
    }
}

impl Store {
    /// What a site's comments came to that arrived from `from` on and before `until`. Reads all of them: for reports.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn usage_between(&self, site: SiteId, from: Timestamp, until: Timestamp) -> Result<UsageCounts> {
        let (from, until) = (floor(from), floor(until));
        let by_status: Vec<(Status, i64)> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT status, COUNT(*) FROM comments WHERE site_id = $1 AND id >= $2 AND id < $3 GROUP BY status",
        )
        .bind(site)
        .bind(from)
        .bind(until)
        .fetch_all(pool)
        .await)?;
        let corrected: Vec<(Status, i64)> = with_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT to_status, COUNT(*) FROM events WHERE site_id = $1 AND id >= $2 AND id < $3 AND kind = 'decided'
                AND ((from_status = 1 AND to_status = 2) OR (from_status = 2 AND to_status = 1)) GROUP BY to_status",
        )
        .bind(site)
        .bind(from)
        .bind(until)
        .fetch_all(pool)
        .await
        })?;
        let count = |rows: &[(Status, i64)], wanted: Status| {
            let row = rows.iter().find(|(status, _)| *status == wanted);
            row.and_then(|&(_, n)| u64::try_from(n).ok()).unwrap_or_default()
        };
        Ok(UsageCounts {
            spam: count(&by_status, Status::Rejected),
            ham: count(&by_status, Status::Approved) + count(&by_status, Status::Held),
            missed_spam: count(&corrected, Status::Rejected),
            false_positives: count(&corrected, Status::Approved),
        })
    }
}
