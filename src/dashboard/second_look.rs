//! A second look: when an author appeals, somebody else than whoever rejected the comment decides, and is shown what the first
//! one said only afterwards.

use super::problem::Failure;
use crate::app::App;
use crate::id::{CommentId, SiteId, UserId};
use crate::store::{Actor, Event, StoredComment};
use crate::verdict::Status;

/// An appeal that nobody has answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Appeal {
    /// Its place in the history: what people decided before it is the first look.
    pub place: usize,
    /// Whoever rejected the comment, if it was a person.
    pub rejected_by: Option<UserId>,
}

/// The appeal in a history that still waits.
pub(super) fn open(history: &[Event]) -> Option<Appeal> {
    let place = history.iter().rposition(|event| event.kind == "appealed")?;
    let count = |kind: &str| history[place..].iter().filter(|event| event.kind == kind).count();
    // A decision that was taken back is none.
    if count("decided") > count("undone") {
        return None;
    }
    let rejection = history[..place].iter().rfind(|event| event.to == Status::Rejected);
    Some(Appeal { place, rejected_by: rejection.and_then(|event| Actor::user(&event.actor)) })
}

/// Whether somebody else has to decide: this person did before the appeal, and is not alone.
pub(super) async fn is_anothers(app: &App, site: SiteId, comment: CommentId, user: UserId) -> Result<bool, Failure> {
    if app.store.appealed_at(site, comment).await?.is_none() {
        return Ok(false);
    }
    let appeal = open(&app.store.history(site, comment).await?);
    let is_own = appeal.is_some_and(|appeal| appeal.rejected_by == Some(user));
    Ok(is_own && app.store.deciders(site).await?.len() > 1)
}

/// Comments with the revisions that were looked at.
pub(super) type Picks = Vec<(CommentId, Option<i64>)>;

/// Leaves out what somebody else has to decide, and names it.
pub(super) async fn leave_out(
    app: &App,
    site: SiteId,
    comments: Picks,
    user: UserId,
) -> Result<(Picks, Vec<StoredComment>), Failure> {
    let (mut own, mut left_out) = (Vec::new(), Vec::new());
    for (id, revision) in comments {
        if is_anothers(app, site, id, user).await? {
            left_out.extend(app.store.comment(Some(site), id).await?);
        } else {
            own.push((id, revision));
        }
    }
    Ok((own, left_out))
}
