//! The queue: comments of some sites in an order, a page at a time, near-duplicates as one.

use std::collections::HashMap;

use super::comments::Row;
use super::filter::{CommentFilter, Reach, add_conditions, fetch};
use super::{Result, Store, StoredComment};
use crate::id::{CommentId, SiteId};

/// Most comments of one campaign that are decided together.
pub const CAMPAIGN: usize = 1_000;

/// In which order comments are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// What is worth most first: see [`crate::worth`]. Only for held comments.
    Worth,
    /// The latest first.
    #[default]
    Newest,
    /// What has waited longest first.
    Oldest,
}

/// Where a page of the queue ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The last comment's worth.
    pub worth: f64,
    /// The last comment.
    pub id: CommentId,
}

/// Part of the queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// The comments.
    pub comments: Vec<StoredComment>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Place>,
}

/// Leaves out held comments of a campaign that has an earlier held one.
const FIRST_OF_CAMPAIGN: &str = " AND (campaign IS NULL OR NOT (
    EXISTS (SELECT 1 FROM comments e WHERE e.site_id = comments.site_id AND e.campaign = comments.campaign
        AND e.status = 0 AND e.id < comments.id)
    OR EXISTS (SELECT 1 FROM comments h WHERE h.site_id = comments.site_id AND h.id = comments.campaign AND h.status = 0)))";

impl Store {
    /// Comments of `sites` that pass `filter`, in an order, from `after` on; at most `limit`. With `as_campaigns`, of held comments with
    /// nearly the same text only the first is listed.
    ///
    /// # Errors
    ///
    /// When the database fails, or the search takes too long.
    pub async fn queue(
        &self,
        sites: &[SiteId],
        filter: &CommentFilter,
        order: QueueOrder,
        after: Option<Place>,
        limit: usize,
        as_campaigns: bool,
    ) -> Result<Listed> {
        // Each site's part comes from its own index; a few more rows than needed are cheaper than an order over all sites.
        let mut places: Vec<(f64, i64)> = Vec::new();
        for &site in sites {
            let filter = CommentFilter { site: Some(site), ..filter.clone() };
            places.extend(self.places(&filter, order, after, limit + 1, as_campaigns).await?);
        }
        match order {
            QueueOrder::Worth => places.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1))),
            QueueOrder::Newest => places.sort_by_key(|&(_, id)| std::cmp::Reverse(id)),
            QueueOrder::Oldest => places.sort_by_key(|&(_, id)| id),
        }
        let has_more = places.len() > limit;
        places.truncate(limit);
        let next = places.last().filter(|_| has_more).map(|&(worth, id)| Place { worth, id: CommentId(id) });
        let ids: Vec<i64> = places.into_iter().map(|(_, id)| id).collect();
        Ok(Listed { comments: self.comments_of(&ids).await?, next })
    }

    async fn places(
        &self,
        filter: &CommentFilter,
        order: QueueOrder,
        after: Option<Place>,
        limit: usize,
        as_campaigns: bool,
    ) -> Result<Vec<(f64, i64)>> {
        let reaches = match order {
            QueueOrder::Newest => Reach::for_newest(filter, after.map(|place| place.id.0)),
            QueueOrder::Worth | QueueOrder::Oldest => vec![Reach::FULL],
        };
        let mut places = Vec::new();
        for reach in reaches {
            places = self.places_within(reach, filter, order, after, limit, as_campaigns).await?;
            if places.len() == limit {
                break;
            }
        }
        Ok(places)
    }

    async fn places_within(
        &self,
        reach: Reach,
        filter: &CommentFilter,
        order: QueueOrder,
        after: Option<Place>,
        limit: usize,
        as_campaigns: bool,
    ) -> Result<Vec<(f64, i64)>> {
        let dialect = self.dialect();
        fetch!(self, |query| {
            query.push("SELECT worth, id FROM comments WHERE true");
            add_conditions(&mut query, filter, dialect, reach);
            if as_campaigns {
                query.push(FIRST_OF_CAMPAIGN);
            }
            match (order, after) {
                (_, None) => {}
                (QueueOrder::Worth, Some(place)) => {
                    query
                        .push(" AND (worth, id) < (")
                        .push_bind(place.worth)
                        .push(", ")
                        .push_bind(place.id.0)
                        .push(")");
                }
                (QueueOrder::Newest, Some(place)) => {
                    query.push(" AND id < ").push_bind(place.id.0);
                }
                (QueueOrder::Oldest, Some(place)) => {
                    query.push(" AND id > ").push_bind(place.id.0);
                }
            }
            query.push(match order {
                QueueOrder::Worth => " ORDER BY worth DESC, id DESC LIMIT ",
                QueueOrder::Newest => " ORDER BY id DESC LIMIT ",
                QueueOrder::Oldest => " ORDER BY id LIMIT ",
            });
            query.push_bind(limit as i64)
        })
    }

    /// The comments of these ids, in their order. Those that are gone are left out.
    async fn comments_of(&self, ids: &[i64]) -> Result<Vec<StoredComment>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<Row> = fetch!(self, |query| {
            query.push("SELECT * FROM comments WHERE id IN (");
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(*id);
            }
            query.push(")")
        })?;
        let comments: Vec<StoredComment> = rows.into_iter().map(StoredComment::try_from).collect::<Result<_>>()?;
        let mut by_id: HashMap<i64, StoredComment> = comments.into_iter().map(|c| (c.id.0, c)).collect();
        Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
    }

    /// How many held comments each of these campaigns of a site has; 1 where a comment stands alone.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn campaign_sizes(&self, site: SiteId, campaigns: &[CommentId]) -> Result<HashMap<CommentId, i64>> {
        let mut sizes = HashMap::new();
        if campaigns.is_empty() {
            return Ok(sizes);
        }
        for column in ["campaign", "id"] {
            let rows: Vec<(i64, i64)> = fetch!(self, |query| {
                query.push("SELECT ").push(column).push(", COUNT(*) FROM comments WHERE site_id = ").push_bind(site.0);
                query.push(" AND status = 0 AND ").push(column).push(" IN (");
                let mut list = query.separated(", ");
                for campaign in campaigns {
                    list.push_bind(campaign.0);
                }
                query.push(") GROUP BY ").push(column)
            })?;
            for (campaign, n) in rows {
                *sizes.entry(CommentId(campaign)).or_default() += n;
            }
        }
        Ok(sizes)
    }

    /// The held comments of a campaign, oldest first; at most [`CAMPAIGN`].
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn campaign(&self, site: SiteId, campaign: CommentId) -> Result<Vec<StoredComment>> {
        let rows: Vec<Row> = with_pool!(self, |pool| {
            sqlx::query_as(
            "SELECT * FROM comments WHERE site_id = $1 AND status = 0 AND (campaign = $2 OR id = $2) ORDER BY id LIMIT $3",
        )
        .bind(site)
        .bind(campaign)
        .bind(CAMPAIGN as i64)
        .fetch_all(pool)
        .await
        })?;
        rows.into_iter().map(StoredComment::try_from).collect()
    }
}
