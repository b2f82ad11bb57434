//! The history as a whole: what happened to comments, and what people did to the service.

use jiff::Timestamp;
use serde::Serialize;
use sqlx::QueryBuilder;

use super::history::{EVENT_COLUMNS, Event, EventRow};
use super::{Actor, Result, Store, micros, time};
use crate::id::{CommentId, EventId, SiteId};

/// Which entries of the history are wanted. What is not named does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditFilter {
    /// Only these sites'.
    pub sites: Vec<SiteId>,
    /// Only about this comment.
    pub comment: Option<CommentId>,
    /// Only of this kind; all but arrivals when `None`, unless a comment is named.
    pub kind: Option<String>,
    /// Only by this actor, as in [`Event::actor`].
    pub actor: Option<String>,
    /// Only at this time or later.
    pub since: Option<Timestamp>,
    /// Only before this time.
    pub until: Option<Timestamp>,
}

/// An entry with the site it happened on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditEntry {
    /// The site.
    pub site: SiteId,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

#[derive(sqlx::FromRow)]
struct AuditRow {
    site_id: i64,
    #[sqlx(flatten)]
    event: EventRow,
}

/// Something that somebody did to the service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ServiceEvent {
    /// Its id.
    pub id: EventId,
    /// The site it was about; `None` for the service as a whole.
    pub site: Option<SiteId>,
    /// What: `signed_in`, `sign_in_failed`, `policy_saved` and so on.
    pub kind: String,
    /// Who, as in [`Event::actor`]; an empty text for nobody known.
    pub actor: String,
    /// To what, in a few words.
    pub detail: String,
    /// The network it came from.
    pub network: Option<String>,
    /// When.
    #[serde(serialize_with = "crate::clock::rfc3339")]
    pub at: Timestamp,
}

/// What is to be noted of what somebody did to the service.
#[derive(Clone, Debug)]
pub struct ServiceNote {
    /// The site it is about.
    pub site: Option<SiteId>,
    /// What, in `snake_case`.
    pub kind: &'static str,
    /// Who, if it is known.
    pub actor: Option<Actor>,
    /// To what, in a few words; never a secret.
    pub detail: String,
    /// The network it came from.
    pub network: Option<String>,
    /// When.
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct ServiceRow {
    site_id: i64,
    id: i64,
    kind: String,
    actor: String,
    detail: String,
    network: Option<String>,
    created_at: i64,
}

impl Store {
    /// Entries of the history that pass `filter`, newest first; at most `limit`, from before `before` on.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn audit(&self, filter: &AuditFilter, before: Option<EventId>, limit: usize) -> Result<Vec<AuditEntry>> {
        let rows: Vec<AuditRow> = with_pool!(self, |pool| {
            let mut query =
                QueryBuilder::new(format!("SELECT site_id, {EVENT_COLUMNS} FROM events WHERE site_id IN ("));
            let mut sites = query.separated(", ");
            for site in &filter.sites {
                sites.push_bind(site.0);
            }
            // An empty list of sites is nobody's history.
            sites.push_bind(-1_i64);
            query.push(")");
            match (&filter.kind, filter.comment) {
                (Some(kind), _) if kind == "created" => drop(query.push(" AND kind = 'created'")),
                (Some(kind), _) => drop(query.push(" AND kind <> 'created' AND kind = ").push_bind(kind.clone())),
                (None, Some(_)) => {}
                (None, None) => drop(query.push(" AND kind <> 'created'")),
            }
            if let Some(comment) = filter.comment {
                query.push(" AND comment_id = ").push_bind(comment.0);
            }
            if let Some(actor) = &filter.actor {
                query.push(" AND actor = ").push_bind(actor.clone());
            }
            if let Some(since) = filter.since {
                query.push(" AND id >= ").push_bind(crate::id::floor(since));
            }
            if let Some(until) = filter.until {
                query.push(" AND id < ").push_bind(crate::id::floor(until));
            }
            if let Some(before) = before {
                query.push(" AND id < ").push_bind(before.0);
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(limit as i64);
            query.build_query_as().fetch_all(pool).await
        })?;
        Ok(rows.into_iter().map(|row| AuditEntry { site: SiteId(row.site_id), event: row.event.into() }).collect())
    }

    /// What people did to the service, newest first; at most `limit`, from before `before` on.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn service_events(&self, before: Option<EventId>, limit: usize) -> Result<Vec<ServiceEvent>> {
        let rows: Vec<ServiceRow> = with_pool!(self, |pool| sqlx::query_as(
            "SELECT site_id, id, kind, actor, detail, network, created_at FROM service_events
             WHERE id < $1 ORDER BY id DESC LIMIT $2",
        )
        .bind(before.map_or(i64::MAX, |before| before.0))
        .bind(limit as i64)
        .fetch_all(pool)
        .await)?;
        let event = |row: ServiceRow| ServiceEvent {
            id: EventId(row.id),
            site: Some(SiteId(row.site_id)).filter(|site| site.0 != 0),
            kind: row.kind,
            actor: row.actor,
            detail: row.detail,
            network: row.network,
            at: time(row.created_at),
        };
        Ok(rows.into_iter().map(event).collect())
    }

    /// Notes what somebody did to the service.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn note_service_event(&self, note: ServiceNote) -> Result<()> {
        self.writer
            .transact(move |conn| {
                let note = note.clone();
                Box::pin(async move {
                    execute!(
                        conn,
                        sqlx::query(
                            "INSERT INTO service_events (site_id, id, kind, actor, detail, network, created_at)
                             VALUES ($1, $2, $3, $4, $5, $6, $7)",
                        )
                        .bind(note.site.map_or(0, |site| site.0))
                        .bind(EventId::fresh(note.at))
                        .bind(note.kind)
                        .bind(note.actor.as_ref().map(ToString::to_string).unwrap_or_default())
                        .bind(&note.detail)
                        .bind(&note.network)
                        .bind(micros(note.at))
                    )?;
                    Ok(())
                })
            })
            .await
    }
}
