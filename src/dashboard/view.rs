//! Which part of the queue somebody looks at; it is its address.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::texts::{Text, t};
use crate::app::App;
use crate::id::{CommentId, SiteId, UserId};
use crate::search::Search;
use crate::store::{CommentFilter, Place, QueueOrder};
use crate::verdict::Status;

/// Which part of the queue somebody looks at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    /// Comments with this status; with any when `None`.
    pub status: Option<Status>,
    /// Of this site; of all when `None`.
    pub site: Option<SiteId>,
    /// What is searched for.
    pub search: String,
    /// In which order, where somebody chose one.
    pub order: Option<QueueOrder>,
    /// What comes after this place.
    pub after: Option<Place>,
}

impl Default for View {
    fn default() -> Self {
        Self { status: Some(Status::Held), site: None, search: String::new(), order: None, after: None }
    }
}

/// The query of the queue's address.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct QueueQuery {
    /// What is listed.
    pub view: View,
    /// The comment in the detail pane.
    pub comment: Option<CommentId>,
    /// The event to be told about: a comment and the action, if it had one, that was just done to it.
    pub told: Option<(CommentId, Option<String>)>,
    /// Whether it came from the filter form, so that the search is not yet its address.
    pub is_form: bool,
}

/// Fields of the filter form that become part of the search.
const FOLDED: [&str; 6] = ["reason", "lang", "score", "age", "author", "page"];

impl QueueQuery {
    /// Reads a query. What cannot be understood is left out: an old bookmark still shows a queue.
    pub(super) fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        let mut told = (None, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let view = &mut parsed.view;
            match &*name {
                "status" if value == "any" => view.status = None,
                "status" => view.status = Some(Status::parse(&value).unwrap_or(Status::Held)),
                "site" => view.site = value.parse().ok(),
                "q" => view.search = format!("{} {}", value.trim(), view.search).trim().to_owned(),
                "sort" => view.order = order(&value),
                "after" => view.after = place(&value),
                "comment" => parsed.comment = value.parse().ok(),
                "of" => told.0 = value.parse().ok(),
                "done" => told.1 = Some(value.into_owned()),
                field if FOLDED.contains(&field) => {
                    view.fold(field, value.trim());
                    parsed.is_form = true;
                }
                _ => {}
            }
        }
        parsed.told = told.0.map(|comment| (comment, told.1));
        parsed
    }
}

fn order(name: &str) -> Option<QueueOrder> {
    match name {
        "worth" => Some(QueueOrder::Worth),
        "newest" => Some(QueueOrder::Newest),
        "oldest" => Some(QueueOrder::Oldest),
        _ => None,
    }
}

/// The name of an order in addresses.
pub(super) fn order_name(order: QueueOrder) -> &'static str {
    match order {
        QueueOrder::Worth => "worth",
        QueueOrder::Newest => "newest",
        QueueOrder::Oldest => "oldest",
    }
}

/// `<comment>` or `<comment>.<bits of its worth>`.
fn place(text: &str) -> Option<Place> {
    let (id, worth) = text.split_once('.').unwrap_or((text, "0"));
    let worth = f64::from_bits(u64::from_str_radix(worth, 16).ok()?);
    worth.is_finite().then_some(Place { worth, id: id.parse().ok()? })
}

/// What a view asks of the store.
pub(super) struct Asked {
    /// The conditions.
    pub filter: CommentFilter,
    /// The sites to look at; none when the search names one that there is not.
    pub sites: Vec<SiteId>,
    /// What was not understood.
    pub mistakes: Vec<Text>,
    /// Whether near-duplicates are one row: not where something particular is searched for.
    pub as_campaigns: bool,
}

impl View {
    /// The view in a form's hidden field.
    pub(super) fn parse(query: &str) -> Self {
        QueueQuery::parse(query).view
    }

    /// Adds a filter to the search, in the place of an earlier one of that name.
    fn fold(&mut self, field: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let value = if value.contains(char::is_whitespace) { format!("\"{value}\"") } else { value.to_owned() };
        let _ = write!(self.search, "{}{field}:{value}", if self.search.is_empty() { "" } else { " " });
    }

    /// In which order it is listed.
    pub(super) fn order(&self) -> QueueOrder {
        match self.order {
            Some(QueueOrder::Worth) | None if self.status == Some(Status::Held) => QueueOrder::Worth,
            Some(QueueOrder::Worth) | None => QueueOrder::Newest,
            Some(order) => order,
        }
    }

    /// The status in addresses.
    pub(super) fn status_name(&self) -> &'static str {
        self.status.map_or("any", Status::as_str)
    }

    /// The view as a query.
    pub(super) fn query(&self) -> String {
        let mut query = url::form_urlencoded::Serializer::new(format!("status={}", self.status_name()));
        if let Some(site) = self.site {
            query.append_pair("site", &site.to_string());
        }
        if !self.search.is_empty() {
            query.append_pair("q", &self.search);
        }
        if let Some(order) = self.order {
            query.append_pair("sort", order_name(order));
        }
        if let Some(Place { worth, id }) = self.after {
            query.append_pair("after", &format!("{id}.{:x}", worth.to_bits()));
        }
        query.finish()
    }

    /// The address of the view.
    pub(super) fn address(&self) -> String {
        format!("/queue?{}", self.query())
    }

    /// The address of the view with a comment in the detail pane.
    pub(super) fn address_of(&self, comment: CommentId) -> String {
        format!("/queue?{}&comment={comment}", self.query())
    }

    /// What the store is asked for.
    pub(super) fn asked(&self, app: &App, user: UserId, now: Timestamp) -> Asked {
        let search = Search::parse(&self.search, now);
        let mut mistakes: Vec<Text> =
            search.mistakes.iter().map(|said| t("search-mistake").with("said", said)).collect();
        let mut filter = search.filter;
        filter.status = filter.status.or(self.status);
        filter.assigned_to = search.for_me.then_some(user);
        let directory = app.directory();
        let mut sites: Vec<SiteId> = match self.site {
            Some(site) => vec![site],
            None => directory.sites.keys().copied().collect(),
        };
        if let Some(name) = &search.site {
            sites.retain(|site| directory.sites.get(site).is_some_and(|entry| entry.site.name == *name));
            if sites.is_empty() {
                mistakes.push(t("search-no-site").with("name", name));
            }
        }
        sites.sort_unstable();
        let as_campaigns = filter.is_plain() && filter.status == Some(Status::Held);
        Asked { filter, sites, mistakes, as_campaigns }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_its_address() {
        let view = View {
            status: Some(Status::Rejected),
            site: Some(SiteId(7)),
            search: "cheap \"watches & more\" lang:de".to_owned(),
            order: Some(QueueOrder::Oldest),
            after: Some(Place { worth: -123.456, id: CommentId(99) }),
        };
        assert_eq!(View::parse(&view.query()), view);
        assert_eq!(View::parse(&View::default().query()), View::default());
        let all = View { status: None, ..View::default() };
        assert_eq!(View::parse(&all.query()), all);
    }

    #[test]
    fn fields_of_the_filter_form_become_a_search() {
        let view = View::parse("status=held&reason=many_links&lang=&author=Ann+Example&q=tram");
        assert_eq!(view.search, "tram reason:many_links author:\"Ann Example\"");
    }

    #[test]
    fn only_what_is_held_is_ordered_by_worth() {
        let order = |query: &str| View::parse(query).order();
        assert_eq!(order(""), QueueOrder::Worth);
        assert_eq!(order("sort=oldest"), QueueOrder::Oldest);
        assert_eq!(order("status=rejected&sort=worth"), QueueOrder::Newest);
    }

    #[test]
    fn nonsense_shows_the_queue() {
        assert_eq!(QueueQuery::parse("status=zzz&site=%00&after=&comment=x&done=1&what"), QueueQuery::default());
        assert_eq!(QueueQuery::parse("after=0000000000001.7ff0000000000000"), QueueQuery::default());
    }
}
