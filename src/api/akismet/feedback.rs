//! `submit-spam` and `submit-ham`: the site knows better.

use super::Request;
use super::answer::Answer;
use super::sender::SiteKey;
use crate::id::CommentId;
use crate::pipeline::NotModerated;
use crate::store::{Outcome, Resolution};
use crate::verdict::Status;

const THANKS: &str = "Thanks for making the web a better place.";

/// What the site says of a comment.
#[derive(Clone, Copy)]
pub(super) enum Said {
    Spam,
    Ham,
}

impl Said {
    fn label(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Ham => "ham",
        }
    }

    fn status(self) -> Status {
        match self {
            Self::Spam => Status::Rejected,
            Self::Ham => Status::Approved,
        }
    }
}

/// Notes what the site says. The last word counts, all stand in the history.
pub(super) async fn submit(request: &Request, said: Said) -> Answer {
    let sender = match request.sender().await {
        Ok(sender) => sender,
        Err(why) => return Answer::invalid(why),
    };
    // Otherwise any visitor could publish his own comment, and teach the classifier.
    if request.call.is_test() || !sender.is_trusted {
        return Answer::text(THANKS);
    }
    match note(request, &sender, said).await {
        Ok(()) => Answer::text(THANKS),
        Err(error) => {
            tracing::warn!("feedback could not be noted: {error:?}");
            Answer::invalid("the service cannot note it at the moment; send it again")
        }
    }
}

async fn note(request: &Request, sender: &SiteKey, said: Said) -> Result<(), NotModerated> {
    let (store, now) = (&request.app.store, crate::clock::now());
    let site = sender.site.site.id;
    let comment = find_or_store(request, sender).await?;
    let resolution = Resolution {
        status: said.status(),
        reason: matches!(said, Said::Spam).then(|| "spam".to_owned()),
        note: None,
        actor: sender.actor(),
        at: now,
        shown_at: None,
    };
    let resolved = request.app.resolve(site, vec![(comment, None)], resolution).await?;
    if let Some((_, Outcome::Unchanged { .. })) = resolved.outcomes.first() {
        store.label_once(site, comment, said.label(), sender.actor(), now).await?;
    }
    Ok(())
}

/// The comment that was checked; one that never was is stored, because a label needs a text to learn from.
async fn find_or_store(request: &Request, sender: &SiteKey) -> Result<CommentId, NotModerated> {
    let (app, site) = (&request.app, sender.site.site.id);
    for name in ["akismet_guid", "guid"] {
        if let Some(id) = request.call.get(name).and_then(|id| id.parse().ok())
            && app.store.comment(Some(site), id).await?.is_some()
        {
            return Ok(id);
        }
    }
    let submission = request.call.submission(false);
    if let Some(id) = app.store.comment_like(site, &submission).await? {
        return Ok(id);
    }
    let now = crate::clock::now();
    let judged = app.pipeline.adopt(&sender.site, submission, now).await?;
    Ok(judged.id.unwrap_or(CommentId::fresh(now)))
}
