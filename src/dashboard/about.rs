//! What stands beside a comment without a click: the thread it is part of, its author, and what colleagues noted.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;
use jiff::{SignedDuration, Timestamp};

use super::detail::{Moment, name};
use super::problem::Failure;
use super::shown::{self, Piece};
use crate::app::App;
use crate::id::UserId;
use crate::store::{Note, StoredComment};
use crate::verdict::Status;

/// How far up a thread is climbed for its first comment.
const CLIMBED: usize = 12;
/// Latest comments of an author that are shown as a strip.
const STRIP: usize = 8;

/// A comment of the thread, in short.
pub(super) struct Ancestor {
    pub address: String,
    pub name: Vec<Piece>,
    pub text: Vec<Piece>,
    pub status: Status,
    /// Whether it is the first of the thread and not the one that is answered.
    pub is_root: bool,
}

/// The comment that is answered, after the first of its thread.
pub(super) async fn thread(app: &App, comment: &StoredComment) -> Result<Vec<Ancestor>, Failure> {
    let mut above: Vec<StoredComment> = Vec::new();
    let mut next = comment.submission.parent_id;
    while let Some(id) = next.filter(|_| above.len() < CLIMBED) {
        // A site may name a parent that it never sent, or that was erased.
        let Some(parent) = app.store.comment(Some(comment.site), id).await? else { break };
        if above.iter().any(|seen| seen.id == parent.id) || parent.id == comment.id {
            break;
        }
        next = parent.submission.parent_id;
        above.push(parent);
    }
    let count = above.len();
    let shown = above.into_iter().enumerate().filter(|(i, _)| *i == 0 || *i + 1 == count).map(|(i, parent)| Ancestor {
        address: format!("/comments/{}", parent.id),
        name: name(parent.submission.name.as_deref()),
        text: shown::excerpt(&parent.submission.text),
        status: parent.status,
        is_root: i > 0,
    });
    let mut shown: Vec<Ancestor> = shown.collect();
    shown.reverse();
    Ok(shown)
}

/// An author on the comment's site.
#[derive(Default)]
pub(super) struct AuthorPanel {
    pub approved: usize,
    pub held: usize,
    pub rejected: usize,
    /// Whether there are more than were counted.
    pub is_more: bool,
    pub last_day: usize,
    pub first: Option<Moment>,
    /// The latest others: status and address.
    pub strip: Vec<(Status, String)>,
    /// The search for all of them.
    pub all: Option<String>,
    /// How many other recent comments came from the same network, and the search for them.
    pub same_address: Option<(usize, String)>,
}

/// What the author has done so far, as of now.
pub(super) async fn author(app: &App, comment: &StoredComment, now: Timestamp) -> Result<AuthorPanel, Failure> {
    let mut panel = AuthorPanel::default();
    if let Some(ip) = comment.submission.ip {
        let (count, _) = app.pipeline.from_address(comment.site, ip, comment.id);
        let search = format!("ip:{}", prefix(ip));
        panel.same_address = Some((count, address_of(comment, &search)));
    }
    let Some(hash) = comment.submission.author_hash() else { return Ok(panel) };
    let author = app.store.author(comment.site, hash).await?;
    let others = || author.latest.iter().filter(|(id, _, _)| *id != comment.id);
    let count = |wanted: Status| others().filter(|(_, status, _)| *status == wanted).count();
    let day_ago = now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MIN);
    panel.approved = count(Status::Approved);
    panel.held = count(Status::Held);
    panel.rejected = count(Status::Rejected);
    panel.is_more = author.latest.len() >= 200;
    panel.last_day = others().filter(|(_, _, at)| *at >= day_ago).count();
    panel.first = author.first.map(|at| Moment::new(at, now));
    panel.strip = others().take(STRIP).map(|(id, status, _)| (*status, format!("/comments/{id}"))).collect();
    let email = comment.submission.email.as_deref().filter(|email| !email.is_empty());
    panel.all = email.map(|email| address_of(comment, &format!("author:{}", quoted(email))));
    Ok(panel)
}

fn quoted(value: &str) -> String {
    if value.contains(char::is_whitespace) { format!("\"{value}\"") } else { value.to_owned() }
}

fn address_of(comment: &StoredComment, search: &str) -> String {
    let view = super::view::View {
        status: None,
        site: Some(comment.site),
        search: search.to_owned(),
        ..super::view::View::default()
    };
    view.address()
}

/// The network of an address, which tells neighbours apart and nobody's home: a /24 of IPv4, a /48 of IPv6.
pub(super) fn prefix(ip: IpAddr) -> String {
    let ip = ip.to_canonical();
    let length = if ip.is_ipv4() { 24 } else { 48 };
    IpNet::new(ip, length).map_or_else(|_| "unknown".to_owned(), |network| network.trunc().to_string())
}

/// A note, ready to be shown.
pub(super) struct NoteLine {
    pub at: Moment,
    pub who: String,
    pub text: String,
    pub handed_to: Option<String>,
}

/// The notes of a comment with the names of those who wrote them.
pub(super) fn notes(notes: Vec<Note>, names: &HashMap<UserId, String>, now: Timestamp) -> Vec<NoteLine> {
    let who = |id: UserId| names.get(&id).cloned().unwrap_or_else(|| "?".to_owned());
    notes
        .into_iter()
        .map(|note| NoteLine {
            at: Moment::new(note.at, now),
            who: who(note.user),
            text: note.text,
            handed_to: note.handed_to.map(who),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_to_their_network() {
        let cut = |ip: &str| prefix(ip.parse().expect("an address"));
        assert_eq!(cut("203.0.113.9"), "203.0.113.0/24");
        assert_eq!(cut("::ffff:203.0.113.9"), "203.0.113.0/24");
        assert_eq!(cut("2001:db8:1:2::7"), "2001:db8:1::/48");
    }
}
