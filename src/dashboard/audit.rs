//! The history as a whole: who decided what, by which policy and model; and what people did to the service.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::detail::Moment;
use super::problem::Failure;
use super::session::SignedIn;
use super::texts::{Text, of, t};
use super::{Frame, assets, page, reader, texts};
use crate::app::App;
use crate::id::{EventId, SiteId};
use crate::store::{Actor, AuditEntry, AuditFilter, ServiceEvent};

/// Entries on one page.
const PAGE: usize = 100;
/// Entries that an export reads at once.
const EXPORT_PAGE: usize = 1_000;
/// Kinds of entries that can be asked for.
const KINDS: [&str; 4] = ["created", "edited", "decided", "undone"];

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    frame: Frame,
    asked: Asked,
    sites: Vec<(String, String)>,
    actors: Vec<(String, String)>,
    rows: Vec<Row>,
    service: Vec<ServiceRow>,
    is_service: bool,
    may_see_service: bool,
    older: Option<String>,
    mistake: Option<Text>,
}

impl AuditPage {
    fn kinds(&self) -> [&'static str; 4] {
        KINDS
    }
}

struct Row {
    at: Moment,
    site: String,
    comment: String,
    who: String,
    what: String,
    reason: String,
    note: String,
    versions: String,
}

struct ServiceRow {
    at: Moment,
    who: String,
    what: Text,
    detail: String,
    network: String,
}

/// What is asked for, as the address says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    site: String,
    kind: String,
    actor: String,
    comment: String,
    /// Days, both included, in the reader's time zone.
    since: String,
    until: String,
    before: String,
    view: String,
}

impl Asked {
    fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("site", &self.site),
            ("kind", &self.kind),
            ("actor", &self.actor),
            ("comment", &self.comment),
            ("since", &self.since),
            ("until", &self.until),
            ("view", &self.view),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    fn older_than(&self, id: EventId) -> String {
        format!("/audit?{}&before={id}", self.query())
    }

    fn export(&self, format: &str) -> String {
        format!("/audit/export/{format}?{}", self.query())
    }

    /// What the store is asked for; an error is a day that is none.
    fn filter(&self, signed_in: &SignedIn, app: &App) -> Result<AuditFilter, Text> {
        let visible: Vec<SiteId> = signed_in.sites(app).into_iter().map(|(id, _)| id).collect();
        let site = self.site.parse().ok().filter(|site| visible.contains(site));
        Ok(AuditFilter {
            sites: site.map_or(visible, |site| vec![site]),
            comment: self.comment.trim().parse().ok(),
            kind: Some(self.kind.clone()).filter(|kind| KINDS.contains(&kind.as_str())),
            actor: Some(self.actor.clone()).filter(|actor| !actor.is_empty()),
            since: day(&self.since, 0)?,
            until: day(&self.until, 1)?,
        })
    }
}

/// When a day begins for the reader, `later` days on.
fn day(text: &str, later: i64) -> Result<Option<Timestamp>, Text> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let begin = |date: Date| {
        let date = date.checked_add(jiff::Span::new().days(later)).ok()?;
        Some(date.to_zoned(reader::time_zone()).ok()?.timestamp())
    };
    text.trim().parse().ok().and_then(begin).map(Some).ok_or_else(|| t("audit-no-day").with("day", text))
}

/// The names of accounts, sites and keys that an entry may speak of.
struct Names {
    users: HashMap<String, String>,
    sites: HashMap<SiteId, String>,
}

impl Names {
    async fn read(app: &App) -> Result<Self, Failure> {
        let users = app.store.users().await?;
        Ok(Self {
            users: users.into_iter().map(|user| (Actor::User(user.id).to_string(), user.name)).collect(),
            sites: app.directory().sites.values().map(|entry| (entry.site.id, entry.site.name.clone())).collect(),
        })
    }

    fn actor(&self, actor: &str) -> String {
        match (self.users.get(actor), actor) {
            (Some(name), _) => name.clone(),
            (None, "pipeline") => t("audit-pipeline").to_string(),
            (None, "") => t("audit-nobody").to_string(),
            (None, other) => other.to_owned(),
        }
    }

    fn site(&self, site: SiteId) -> String {
        self.sites.get(&site).cloned().unwrap_or_else(|| site.to_string())
    }
}

/// `GET /audit`
pub(super) async fn audit(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let now = Timestamp::now();
    let names = Names::read(&app).await?;
    let before = asked.before.parse().ok();
    let may_see_service = signed_in.is_administrator();
    let mut audit = AuditPage {
        frame: Frame::of_section(&app, &signed_in, "audit", t("audit-title")),
        sites: signed_in.sites(&app).into_iter().map(|(id, name)| (id.to_string(), name)).collect(),
        actors: names.users.iter().map(|(actor, name)| (actor.clone(), name.clone())).collect(),
        rows: Vec::new(),
        service: Vec::new(),
        is_service: may_see_service && asked.view == "service",
        may_see_service,
        older: None,
        mistake: None,
        asked,
    };
    audit.actors.sort_by(|a, b| a.1.cmp(&b.1));
    let last = if audit.is_service {
        let events = app.store.service_events(before, PAGE).await?;
        let last = events.get(PAGE - 1).map(|event| event.id);
        audit.service = events.into_iter().map(|event| service_row(&names, event, now)).collect();
        last
    } else {
        match audit.asked.filter(&signed_in, &app) {
            Ok(filter) => {
                let entries = app.store.audit(&filter, before, PAGE).await?;
                let last = entries.get(PAGE - 1).map(|entry| entry.event.id);
                audit.rows = entries.into_iter().map(|entry| row(&names, entry, now)).collect();
                last
            }
            Err(mistake) => {
                audit.mistake = Some(mistake);
                return page(StatusCode::UNPROCESSABLE_ENTITY, &audit);
            }
        }
    };
    audit.older = last.map(|id| audit.asked.older_than(id));
    page(StatusCode::OK, &audit)
}

fn row(names: &Names, AuditEntry { site, event }: AuditEntry, now: Timestamp) -> Row {
    let what = match event.from.filter(|from| *from != event.to) {
        Some(from) => format!("{}: {} → {}", of("event", &event.kind), of("status", from), of("status", event.to)),
        None => format!("{}: {}", of("event", &event.kind), of("status", event.to)),
    };
    let model = event.model.unwrap_or_else(|| "–".to_owned());
    Row {
        at: Moment::new(event.at, now),
        site: names.site(site),
        comment: event.comment_id.to_string(),
        who: names.actor(&event.actor),
        what,
        reason: event.reason.unwrap_or_default(),
        note: event.note.unwrap_or_default(),
        versions: t("audit-versions").with("policy", event.policy).with("model", model).to_string(),
    }
}

fn service_row(names: &Names, event: ServiceEvent, now: Timestamp) -> ServiceRow {
    let about = event.site.map(|site| names.site(site));
    ServiceRow {
        at: Moment::new(event.at, now),
        who: names.actor(&event.actor),
        what: of("service", event.kind.replace('_', "-")),
        detail: [about, Some(event.detail)]
            .into_iter()
            .flatten()
            .filter(|s| !s.is_empty())
            .collect::<Vec<_>>()
            .join(" · "),
        network: event.network.unwrap_or_default(),
    }
}

/// `GET /audit/export/{format}`: everything that the filter passes, newest first, written while it is read.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(format): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let write: fn(&Names, &AuditEntry) -> Result<Vec<u8>, anyhow::Error> = match format.as_str() {
        "csv" => csv_line,
        "jsonl" => json_line,
        _ => return Err(Failure::NotFound("file")),
    };
    let filter = asked.filter(&signed_in, &app).map_err(|mistake| Failure::BadForm(mistake.to_string()))?;
    let names = Arc::new(Names::read(&app).await?);
    let head = if format == "csv" { csv_head()? } else { Vec::new() };
    let pages = stream::try_unfold(Some((None, head)), move |state| {
        let (app, filter, names) = (app.clone(), filter.clone(), names.clone());
        async move {
            let Some((before, mut bytes)) = state else { return Ok(None) };
            let entries = app.store.audit(&filter, before, EXPORT_PAGE).await.map_err(anyhow::Error::from)?;
            for entry in &entries {
                bytes.extend(write(&names, entry)?);
            }
            let next = entries.get(EXPORT_PAGE - 1).map(|last| (Some(last.event.id), Vec::new()));
            Ok::<_, anyhow::Error>(Some((bytes, next)))
        }
    });
    let kind = if format == "csv" { "text/csv; charset=utf-8" } else { "application/jsonl; charset=utf-8" };
    let name = format!("attachment; filename=\"audit.{format}\"");
    let headers = [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(pages)).into_response())
}

const COLUMNS: [&str; 14] = [
    "at", "id", "site", "comment", "action", "kind", "actor", "name", "from", "to", "reason", "note", "policy", "model",
];

fn csv_head() -> Result<Vec<u8>, anyhow::Error> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(COLUMNS)?;
    Ok(csv.into_inner()?)
}

fn csv_line(names: &Names, AuditEntry { site, event }: &AuditEntry) -> Result<Vec<u8>, anyhow::Error> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        event.at.to_string(),
        event.id.to_string(),
        cell(&names.site(*site)),
        event.comment_id.to_string(),
        event.action_id.to_string(),
        event.kind.clone(),
        event.actor.clone(),
        cell(&names.actor(&event.actor)),
        event.from.map(|status| status.to_string()).unwrap_or_default(),
        event.to.to_string(),
        cell(event.reason.as_deref().unwrap_or_default()),
        cell(event.note.as_deref().unwrap_or_default()),
        event.policy.to_string(),
        event.model.clone().unwrap_or_default(),
    ])?;
    Ok(csv.into_inner()?)
}

/// A text that no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn json_line(_: &Names, entry: &AuditEntry) -> Result<Vec<u8>, anyhow::Error> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spreadsheet_calculates_what_a_stranger_wrote() {
        assert_eq!(cell("=HYPERLINK(\"http://evil.example\")"), "'=HYPERLINK(\"http://evil.example\")");
        assert_eq!(cell("spam"), "spam");
    }

    #[test]
    fn a_day_is_the_readers_and_nonsense_is_told() {
        assert_eq!(day("", 0).expect("no day"), None);
        let begin = day("2026-11-23", 1).expect("a day").expect("a day");
        assert_eq!(begin.to_string(), "2026-11-24T00:00:00Z");
        assert!(day("yesterday", 0).is_err());
    }
}
