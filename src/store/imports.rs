//! Comments that come from other systems: which are here already, and what is known of them.

use std::collections::HashMap;

use jiff::Timestamp;

use super::batch::external_hash;
use super::{Result, Store, micros, time};
use crate::id::{CommentId, SiteId};

/// Who labelled what was imported.
const ACTOR: &str = "import";

/// A comment with its latest label.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledComment {
    /// The comment.
    pub id: CommentId,
    /// When it was written.
    pub created_at: Timestamp,
    /// What was written.
    pub text: String,
    /// The author's name.
    pub name: Option<String>,
    /// The author's e-mail address.
    pub email: Option<String>,
    /// The author's website.
    pub url: Option<String>,
    /// `spam`, `ham`, `toxic` or `clean`.
    pub label: String,
}

impl Store {
    /// Which of these names of a site's comments are taken, and by which comments.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn known_external_ids(&self, site: SiteId, names: &[&str]) -> Result<HashMap<String, CommentId>> {
        let mut known = HashMap::new();
        for name in names {
            let id: Option<i64> = with_pool!(self, |pool| sqlx::query_scalar(
                "SELECT comment_id FROM external_ids WHERE site_id = $1 AND external_hash = $2"
            )
            .bind(site)
            .bind(external_hash(name))
            .fetch_optional(pool)
            .await)?;
            known.extend(id.map(|id| ((*name).to_owned(), CommentId(id))));
        }
        Ok(known)
    }

    /// Labels comments that have no label yet; returns how many.
    ///
    /// # Errors
    ///
    /// When the database fails; then none was labelled.
    pub async fn label_imported(
        &self,
        site: SiteId,
        labels: Vec<(CommentId, &'static str)>,
        at: Timestamp,
    ) -> Result<u64> {
        const LABEL: &str = "INSERT INTO labels (site_id, id, comment_id, label, actor, created_at)
            SELECT $1, $2, $3, $4, $5, $6
            WHERE NOT EXISTS (SELECT 1 FROM labels WHERE site_id = $1 AND comment_id = $3)";
        self.writer
            .transact(move |conn| {
                let labels = labels.clone();
                Box::pin(async move {
                    let mut labelled = 0;
                    for (comment, label) in labels {
                        let id = crate::id::fresh(at);
                        labelled += execute!(
                            conn,
                            sqlx::query(LABEL)
                                .bind(site)
                                .bind(id)
                                .bind(comment)
                                .bind(label)
                                .bind(ACTOR)
                                .bind(micros(at))
                        )?;
                    }
                    Ok(labelled)
                })
            })
            .await
    }

    /// Labelled comments of a site, newest first, from before `before` on; at most `limit` labels.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn labelled_comments(
        &self,
        site: SiteId,
        before: CommentId,
        limit: usize,
    ) -> Result<Vec<LabelledComment>> {
        type Row = (i64, i64, String, Option<String>, Option<String>, Option<String>, String);
        let rows: Vec<Row> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT c.id, c.created_at, c.text, c.name, c.email, c.url, l.label FROM comments c
             JOIN labels l ON l.site_id = c.site_id AND l.comment_id = c.id
             WHERE c.site_id = $1 AND c.id < $2
                AND l.id = (SELECT MAX(id) FROM labels WHERE site_id = c.site_id AND comment_id = c.id)
             ORDER BY c.id DESC LIMIT $3",
        )
        .bind(site)
        .bind(before)
        .bind(limit as i64)
        .fetch_all(pool)
        .await)?;
        let comment = |(id, created_at, text, name, email, url, label): Row| LabelledComment {
            id: CommentId(id),
            created_at: time(created_at),
            text,
            name,
            email,
            url,
            label,
        };
        Ok(rows.into_iter().map(comment).collect())
    }
}
