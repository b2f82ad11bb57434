//! `comment-check`: three decisions in a language that has two words.
//!
//! `true` is spam, `false` is none. What is held is said the way the client understands: the plugin for WordPress puts a comment
//! in its queue when it hears `false` together with `X-akismet-error`; all others keep it back when they hear `true`. Only
//! what is rejected may be thrown away unseen. When the plugin asks again, it looks at the word alone and publishes at
//! `false`; a comment that waits stays in its queue when the word is neither.

use std::time::Duration;

use jiff::Timestamp;

use super::answer::Answer;
use super::sender::SiteKey;
use super::{Call, Request};
use crate::comment::Submission;
use crate::id::CommentId;
use crate::pipeline::NotModerated;
use crate::store::{NewCallback, Resolution, StoreError};
use crate::verdict::{Scores, Status};

/// Longest time for an answer: some clients wait one second.
const ANSWER_TIME: Duration = Duration::from_millis(900);

/// Why a site's comment could not be judged.
enum Trouble {
    /// A limit is used up.
    Limited,
    /// The store does not answer.
    Store,
}

impl From<NotModerated> for Trouble {
    fn from(error: NotModerated) -> Self {
        match error {
            NotModerated::Limited(_) => Self::Limited,
            error => {
                tracing::warn!("a comment could not be taken: {error:?}");
                Self::Store
            }
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        NotModerated::Store(error).into()
    }
}

/// What is known of a comment that was judged.
struct Checked {
    id: CommentId,
    status: Status,
    scores: Scores,
    /// Whether the pipeline was certain.
    is_certain: bool,
}

/// Judges a comment, and stores it unless it is a test.
pub(super) async fn check(request: &Request) -> Answer {
    let call = &request.call;
    let sender = match request.sender().await {
        Ok(sender) => sender,
        Err(why) => return Answer::invalid(why),
    };
    for needed in ["blog", "user_ip"] {
        if call.get(needed).is_none() {
            return Answer::invalid(&format!("Empty \"{needed}\" value"));
        }
    }
    let now = crate::clock::now();
    let checked = tokio::time::timeout(ANSWER_TIME, judge(request, &sender, now)).await;
    match checked {
        Ok(Ok(checked)) => answer(call, &checked),
        Ok(Err(Trouble::Limited)) => not_judged(call, now, "too-many-requests"),
        Ok(Err(Trouble::Store)) => not_judged(call, now, "temporarily-unavailable"),
        Err(_) => not_judged(call, now, "timeout"),
    }
}

async fn judge(request: &Request, sender: &SiteKey, now: Timestamp) -> Result<Checked, Trouble> {
    let (app, call) = (&request.app, &request.call);
    let submission = call.submission(call.is_slashed());
    let overruled = overruled(call, sender);
    if call.is_test() {
        let (judged, _) = app.pipeline.rehearse(&sender.site, submission, now).await;
        let status = overruled.map_or(judged.status, |(status, _)| status);
        return Ok(Checked::new(CommentId::fresh(now), status, judged.status, judged.verdict.scores));
    }
    if call.is_asked_again()
        && let Some(checked) = known(request, sender, &submission).await?
    {
        return Ok(checked);
    }
    let (judged, _) = app.pipeline.moderate(&sender.site, sender.limited_as(), submission, None, now).await?;
    let id = judged.id.unwrap_or(CommentId::fresh(now));
    let site = sender.site.site.id;
    if let Some(callback) = callback(call, sender) {
        app.store.ask_for_callback(site, id, callback, now).await?;
    }
    let Some((status, reason)) = overruled.filter(|(status, _)| *status != judged.status) else {
        return Ok(Checked::new(id, judged.status, judged.status, judged.verdict.scores));
    };
    let resolution = Resolution {
        status,
        reason: Some(reason.to_owned()),
        note: None,
        actor: sender.actor(),
        at: now,
        shown_at: None,
    };
    app.resolve(site, vec![(id, None)], resolution).await?;
    Ok(Checked::new(id, status, judged.status, judged.verdict.scores))
}

/// The values that are promised to give a certain result, whatever the comment says. Those for spam come first.
fn overruled(call: &Call, sender: &SiteKey) -> Option<(Status, &'static str)> {
    if call.is_guaranteed_spam() {
        Some((Status::Rejected, "test value"))
    } else if call.is_by_administrator() && sender.key.is_some() {
        Some((Status::Approved, "administrator"))
    } else {
        None
    }
}

/// The stored comment that is asked about again: its status counts, whoever decided it.
async fn known(request: &Request, sender: &SiteKey, submission: &Submission) -> Result<Option<Checked>, Trouble> {
    let site = sender.site.site.id;
    let Some(id) = request.app.store.comment_like(site, submission).await? else { return Ok(None) };
    let Some(stored) = request.app.store.comment(Some(site), id).await? else { return Ok(None) };
    Ok(Some(Checked::new(id, stored.status, stored.verdict.decision.status(), stored.verdict.scores)))
}

/// Where changes of the verdict are to be told. Only a site that has shown its key is called back, because the call carries the key.
fn callback(call: &Call, sender: &SiteKey) -> Option<NewCallback> {
    let text = |name: &str| call.get(name).unwrap_or_default().to_owned();
    sender.key?;
    Some(NewCallback {
        url: call.get("callback")?.chars().take(2_048).collect(),
        key: call.key()?.to_owned(),
        actor: sender.actor().to_string(),
        post: text("comment_post_ID"),
        parent: text("comment_parent"),
        email: text("comment_author_email"),
    })
}

impl Checked {
    fn new(id: CommentId, status: Status, judged: Status, scores: Scores) -> Self {
        Self { id, status, scores, is_certain: status == Status::Rejected && judged == Status::Rejected }
    }
}

fn answer(call: &Call, checked: &Checked) -> Answer {
    let word = match checked.status {
        Status::Approved => "false",
        Status::Held if call.is_wordpress() => undecided(call),
        Status::Held | Status::Rejected => "true",
    };
    let mut answer = Answer::text(word).with("x-akismet-guid", checked.id.to_string());
    if checked.status == Status::Held && call.is_wordpress() {
        answer = answer.with("x-akismet-error", "held-for-review");
    }
    if checked.is_certain {
        answer = answer.with("x-akismet-pro-tip", "discard");
    }
    if call.is_on("classify") {
        answer = answer.with("x-akismet-classification", classification(checked));
    }
    answer
}

/// What kind of comment it is, in a word.
fn classification(checked: &Checked) -> &'static str {
    let Scores { spam, toxic } = checked.scores;
    match checked.status {
        Status::Approved => "ham",
        _ if toxic > spam => "toxic",
        _ => "spam",
    }
}

/// The word, beside an error, at which the plugin for WordPress leaves a comment in its queue.
fn undecided(call: &Call) -> &'static str {
    if call.is_wordpress() && call.is_asked_again() { "invalid" } else { "false" }
}

/// The comment is neither spam nor published: a person decides.
fn not_judged(call: &Call, now: Timestamp, why: &str) -> Answer {
    Answer::text(undecided(call)).with("x-akismet-guid", CommentId::fresh(now).to_string()).with("x-akismet-error", why)
}
