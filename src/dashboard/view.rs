//! Which part of the queue somebody looks at; it is its address.

use std::fmt::Write as _;

use crate::id::{CommentId, SiteId};
use crate::store::{CommentFilter, Cursor};
use crate::verdict::Status;

/// Which part of the queue somebody looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    /// Comments with this status.
    pub status: Status,
    /// Of this site; of all when `None`.
    pub site: Option<SiteId>,
    /// Those that are older than this one.
    pub after: Option<CommentId>,
}

impl Default for View {
    fn default() -> Self {
        Self { status: Status::Held, site: None, after: None }
    }
}

/// The query of the queue's address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct QueueQuery {
    /// What is listed.
    pub view: View,
    /// The comment in the detail pane.
    pub comment: Option<CommentId>,
    /// The event to be told about: a comment and the action, if it had one, that was just done to it.
    pub told: Option<(CommentId, Option<String>)>,
}

impl QueueQuery {
    /// Reads a query. What cannot be understood is left out: an old bookmark still shows a queue.
    pub(super) fn parse(query: &str) -> Self {
        let mut parsed = Self::default();
        let mut told = (None, None);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "status" => parsed.view.status = Status::parse(&value).unwrap_or(Status::Held),
                "site" => parsed.view.site = value.parse().ok(),
                "after" => parsed.view.after = value.parse().ok(),
                "comment" => parsed.comment = value.parse().ok(),
                "of" => told.0 = value.parse().ok(),
                "done" => told.1 = Some(value.into_owned()),
                _ => {}
            }
        }
        parsed.told = told.0.map(|comment| (comment, told.1));
        parsed
    }
}

impl View {
    /// The view in a form's hidden field.
    pub(super) fn parse(query: &str) -> Self {
        QueueQuery::parse(query).view
    }

    /// The view as a query.
    pub(super) fn query(&self) -> String {
        let mut query = format!("status={}", self.status);
        // Writing to a string cannot fail.
        if let Some(site) = self.site {
            let _ = write!(query, "&site={site}");
        }
        if let Some(after) = self.after {
            let _ = write!(query, "&after={after}");
        }
        query
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
    pub(super) fn filter(&self) -> CommentFilter {
        CommentFilter { site: self.site, status: Some(self.status), ..CommentFilter::default() }
    }

    /// Where the list begins.
    pub(super) fn cursor(&self) -> Option<Cursor> {
        self.after.map(Cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_its_address() {
        let view = View { status: Status::Rejected, site: Some(SiteId(7)), after: Some(CommentId(99)) };
        assert_eq!(View::parse(&view.query()), view);
        assert_eq!(View::parse(&View::default().query()), View::default());
    }

    #[test]
    fn nonsense_shows_the_queue() {
        assert_eq!(QueueQuery::parse("status=zzz&site=%00&after=&comment=x&done=1&what"), QueueQuery::default());
    }
}
