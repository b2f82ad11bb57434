//! What moderators tell each other, and what they arrange for themselves: notes, handing over, saved views.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::form::Fields;
use super::problem::Failure;
use super::queue::find;
use super::session::{Moderator, SignedIn};
use super::texts::t;
use super::view::View;
use crate::app::App;
use crate::id::UserId;
use crate::store::{Note, SavedView};

/// Longest note, in characters.
const MAX_NOTE: usize = 2_000;
/// Longest name of a view, in characters.
const MAX_NAME: usize = 40;

/// A note as a form sends it.
#[derive(Deserialize)]
pub(super) struct Written {
    #[serde(default)]
    text: String,
    /// The colleague who is asked to decide.
    #[serde(default)]
    to: String,
    /// The view to go on in.
    #[serde(default)]
    view: String,
}

/// `POST /comments/{id}/notes`
pub(super) async fn add(
    State(app): State<Arc<App>>,
    moderator: Moderator,
    Path(id): Path<String>,
    Fields(written): Fields<Written>,
) -> Result<Response, Failure> {
    let comment = moderator.signed_in.see(find(&app, &id).await?)?;
    moderator.decides_on(comment.site)?;
    let text: String = written.text.trim().chars().take(MAX_NOTE).collect();
    let handed_to = written.to.parse::<UserId>().ok();
    if text.is_empty() && handed_to.is_none() {
        return Err(Failure::BadForm(t("note-empty").to_string()));
    }
    let people = app.store.deciders(comment.site).await?;
    if handed_to.is_some_and(|user| !people.contains_key(&user)) {
        return Err(Failure::NotFound("account"));
    }
    let mentioned = people.iter().filter(|(_, name)| mentions(&text, name)).map(|(id, _)| *id).collect();
    let note = Note {
        site: comment.site,
        comment: comment.id,
        user: moderator.user.id,
        text,
        handed_to,
        at: Timestamp::now(),
    };
    app.store.add_note(note, mentioned).await?;
    let view = View::parse(&written.view);
    Ok(Redirect::to(&view.address_of(comment.id)).into_response())
}

/// Whether a text names somebody: `@` and the whole name or its first word, in any case.
fn mentions(text: &str, name: &str) -> bool {
    let (text, name) = (text.to_lowercase(), name.to_lowercase());
    let first = name.split_whitespace().next().unwrap_or_default();
    [name.as_str(), first].into_iter().filter(|name| !name.is_empty()).any(|name| {
        text.match_indices('@').any(|(at, _)| {
            let rest = &text[at + 1..];
            rest.strip_prefix(name).is_some_and(|after| !after.starts_with(char::is_alphanumeric))
        })
    })
}

/// A view to be kept.
#[derive(Deserialize)]
pub(super) struct Kept {
    name: String,
    query: String,
    #[serde(default)]
    shared: Option<String>,
}

/// `POST /views`
pub(super) async fn save_view(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Fields(kept): Fields<Kept>,
) -> Result<Response, Failure> {
    let name: String = kept.name.trim().chars().take(MAX_NAME).collect();
    if name.is_empty() {
        return Err(Failure::BadForm(t("view-nameless").to_string()));
    }
    let view = View { after: None, ..View::parse(&kept.query) };
    let shared = kept.shared.is_some() && signed_in.may_moderate();
    let saved = SavedView { id: 0, user: signed_in.user.id, name, query: view.query(), shared };
    app.store.save_view(saved, Timestamp::now()).await?;
    Ok(Redirect::to(&view.address()).into_response())
}

/// `POST /views/{id}/remove`
pub(super) async fn remove_view(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    Path(id): Path<i64>,
) -> Result<Response, Failure> {
    if !app.store.remove_view(signed_in.user.id, id).await? {
        return Err(Failure::NotFound("view"));
    }
    Ok(Redirect::to("/queue").into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mention_is_a_name_after_an_at() {
        for text in ["@Ana what now?", "see @ana example", "(@ANA)"] {
            assert!(mentions(text, "Ana Example"), "{text}");
        }
        for text in ["ana", "@anatol", "mail@bo.example", "@"] {
            assert!(!mentions(text, "Ana Example"), "{text}");
        }
    }
}
