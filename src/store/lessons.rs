//! What the moderators of each site have taught: lessons by number, the newest in force, and the labels that are new since.

use std::collections::HashMap;

use jiff::Timestamp;
use tracing::error;

use super::directory::bump;
use super::{Conn, Result, Store, micros, time};
use crate::classifier::lesson::Lesson;
use crate::dataset::{Row, truth};
use crate::id::SiteId;

/// How many lessons of a site are kept; verdicts name the one that they were judged with.
const KEPT: i64 = 20;

/// Labels that no lesson was learned from yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewLabels {
    /// How many there are.
    pub number: u64,
    /// When the first of them was given.
    pub since: Timestamp,
    /// The id of the newest.
    pub newest: i64,
}

/// Has what a site taught learned anew, because comments that it was learned from are gone.
pub(super) async fn outdate(conn: &mut Conn, site: SiteId) -> sqlx::Result<()> {
    execute!(conn, sqlx::query("UPDATE lessons SET newest_label = 0 WHERE site_id = $1").bind(site))?;
    Ok(())
}

impl Store {
    /// Labels of a site that came after the label `after`; `None` where there are none. Those of a key that may stand in a
    /// public form do not count, because any visitor could give them.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn new_labels(&self, site: SiteId, after: i64) -> Result<Option<NewLabels>> {
        let (number, since, newest): (i64, Option<i64>, Option<i64>) = with_pool!(self, |pool| sqlx::query_as(
            "SELECT COUNT(*), MIN(created_at), MAX(id) FROM labels
             WHERE site_id = $1 AND id > $2 AND actor NOT LIKE 'form:%'"
        )
        .bind(site)
        .bind(after)
        .fetch_one(pool)
        .await)?;
        let labels = since.zip(newest).map(|(since, newest)| NewLabels {
            number: number.unsigned_abs(),
            since: time(since),
            newest,
        });
        Ok(labels)
    }

    /// What is to be learned on a site: the comments that were labelled last, newest first, each with the last label that
    /// counts. What was published is neither spam nor toxic.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn taught_comments(&self, site: SiteId, limit: usize) -> Result<Vec<Row>> {
        type Found = (String, Option<String>, Option<String>, Option<String>, String);
        let rows: Vec<Found> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT c.text, c.name, c.email, c.url, l.label FROM labels l
             JOIN comments c ON c.site_id = l.site_id AND c.id = l.comment_id
             WHERE l.site_id = $1 AND l.id = (
                SELECT MAX(id) FROM labels
                WHERE site_id = l.site_id AND comment_id = l.comment_id AND actor NOT LIKE 'form:%')
             ORDER BY l.id DESC LIMIT $2",
        )
        .bind(site)
        .bind(limit as i64)
        .fetch_all(pool)
        .await)?;
        let row = |(text, name, email, url, label): Found| {
            let (spam, toxic) = truth(&label);
            let toxic = toxic.or((spam == Some(false)).then_some(false));
            Row { text, name, email, url, spam, toxic, ..Row::default() }
        };
        Ok(rows.into_iter().map(row).collect())
    }

    /// The newest label that the lesson in force on a site was learned from; 0 where there is no lesson.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn newest_label_taught(&self, site: SiteId) -> Result<i64> {
        let newest: Option<i64> = with_pool!(self, |pool| sqlx::query_scalar(
            "SELECT newest_label FROM lessons WHERE site_id = $1 ORDER BY number DESC LIMIT 1"
        )
        .bind(site)
        .fetch_optional(pool)
        .await)?;
        Ok(newest.unwrap_or(0))
    }

    /// Puts a lesson in force on a site; `false` when another replica was faster with its own of that number.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn put_lesson(&self, site: SiteId, lesson: &Lesson, newest_label: i64, now: Timestamp) -> Result<bool> {
        let (number, model, comments) = (lesson.number, lesson.model.clone(), i64::from(lesson.comments));
        let differences = lesson.to_bytes();
        self.writer
            .transact(move |conn| {
                let (model, differences) = (model.clone(), differences.clone());
                Box::pin(async move {
                    let put = execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO lessons (site_id, number, model, comments, newest_label, differences, created_at)
                             VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (site_id, number) DO NOTHING",
                        )
                        .bind(site)
                        .bind(number)
                        .bind(model)
                        .bind(comments)
                        .bind(newest_label)
                        .bind(differences)
                        .bind(micros(now))
                    )?;
                    execute!(
                        conn,
                        sqlx::query("DELETE FROM lessons WHERE site_id = $1 AND number <= $2")
                            .bind(site)
                            .bind(number - KEPT)
                    )?;
                    if put == 1 {
                        bump(conn).await?;
                    }
                    Ok(put == 1)
                })
            })
            .await
    }

    /// Number of the newest lesson of each site.
    pub(super) async fn lessons_in_force(&self) -> Result<HashMap<SiteId, i64>> {
        let rows: Vec<(i64, i64)> =
            with_pool!(self, |pool| sqlx::query_as("SELECT site_id, MAX(number) FROM lessons GROUP BY site_id")
                .fetch_all(pool)
                .await)?;
        Ok(rows.into_iter().map(|(site, number)| (SiteId(site), number)).collect())
    }

    /// A lesson of a site; `None` where there is none of that number, or one that cannot be read, which is logged.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn lesson(&self, site: SiteId, number: i64) -> Result<Option<Lesson>> {
        let row: Option<(String, i64, Vec<u8>)> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT model, comments, differences FROM lessons WHERE site_id = $1 AND number = $2"
        )
        .bind(site)
        .bind(number)
        .fetch_optional(pool)
        .await)?;
        let read = |(model, comments, differences): (String, i64, Vec<u8>)| {
            let comments = u32::try_from(comments).unwrap_or(u32::MAX);
            Lesson::from_bytes(number, model, comments, &differences)
                .inspect_err(|error| error!("lesson {number} of site {site} cannot be used: {error}"))
                .ok()
        };
        Ok(row.and_then(read))
    }
}
