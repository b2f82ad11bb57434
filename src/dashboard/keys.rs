//! What can be done by key: one table of actions, from which help, palette and settings are made. Everybody may give an action
//! another key, or none.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use askama::Template;
use axum::extract::{RawForm, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::problem::Failure;
use super::session::SignedIn;
use super::{Frame, assets, page, reader, texts};
use crate::app::App;
use crate::id::UserId;

/// Something that a key does: its name, and its key unless somebody chose another. `g s` is two keys, one after the other.
pub(super) struct Action {
    pub name: &'static str,
    pub key: &'static str,
}

const fn action(name: &'static str, key: &'static str) -> Action {
    Action { name, key }
}

/// Every action, in the order of the help.
pub(super) const ACTIONS: [Action; 35] = [
    action("next", "j"),
    action("previous", "k"),
    action("approve", "a"),
    action("reject", "r"),
    action("hold", "h"),
    action("reason-1", "1"),
    action("reason-2", "2"),
    action("reason-3", "3"),
    action("reason-4", "4"),
    action("reason-5", "5"),
    action("reason-6", "6"),
    action("undo", "z"),
    action("redo", "Z"),
    action("select", "x"),
    action("range", "X"),
    action("campaign", "*"),
    action("matching", "M"),
    action("clear", "Escape"),
    action("open", "o"),
    action("unveil", "v"),
    action("note", "n"),
    action("new", "."),
    action("search", "/"),
    action("view-before", "["),
    action("view-after", "]"),
    action("keep", "K"),
    action("overrule", "O"),
    action("palette", "p"),
    action("help", "?"),
    action("go-queue", "g q"),
    action("go-mine", "g m"),
    action("go-stats", "g s"),
    action("go-policy", "g p"),
    action("go-audit", "g a"),
    action("go-keys", "g k"),
];

/// Longest key, as in `Escape`, with a second one after a blank.
const MAX_KEY: usize = 24;
/// In what is stored: no key does anything.
const OFF: &str = "*";

/// The keys of somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Keys {
    changed: HashMap<String, String>,
    pub is_off: bool,
}

impl Keys {
    /// The keys of a person.
    pub(super) async fn of_user(app: &App, user: UserId) -> Result<Self, Failure> {
        let stored = app.store.key_bindings(user).await?;
        Ok(stored.map(|text| Self::parse(&text)).unwrap_or_default())
    }

    fn parse(text: &str) -> Self {
        let mut changed: HashMap<String, String> = serde_json::from_str(text).unwrap_or_default();
        let is_off = changed.remove(OFF).is_some();
        Self { changed, is_off }
    }

    /// The key of an action; empty when it has none.
    pub(super) fn of(&self, name: &str) -> &str {
        if self.is_off {
            return "";
        }
        self.chosen(name)
    }

    /// The same, whether or not keys are switched off.
    pub(super) fn chosen(&self, name: &str) -> &str {
        let own = ACTIONS.iter().find(|action| action.name == name).map_or("", |action| action.key);
        self.changed.get(name).map_or(own, String::as_str)
    }

    /// Key to action, for our script.
    pub(super) fn json(&self) -> String {
        let keys: BTreeMap<&str, &str> = ACTIONS
            .iter()
            .map(|action| (self.of(action.name), action.name))
            .filter(|(key, _)| !key.is_empty())
            .collect();
        serde_json::to_string(&keys).unwrap_or_default()
    }

    /// The keys of a form, or the actions that cannot all have the key that they ask for.
    fn from_form(fields: &[u8]) -> Result<Self, Vec<String>> {
        let mut keys = Self::default();
        for (name, value) in url::form_urlencoded::parse(fields) {
            let value: String = value.trim().chars().take(MAX_KEY).collect();
            match ACTIONS.iter().find(|action| name.strip_prefix("key-") == Some(action.name)) {
                Some(action) if action.key != value => {
                    keys.changed.insert(action.name.to_owned(), value);
                }
                Some(_) => {}
                None => keys.is_off |= name == "off",
            }
        }
        let mut by_key: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for action in &ACTIONS {
            by_key.entry(keys.chosen(action.name)).or_default().push(action.name);
        }
        let clashes = by_key.into_iter().filter(|(key, names)| !key.is_empty() && names.len() > 1);
        let clashes: Vec<String> = clashes.flat_map(|(_, names)| names).map(str::to_owned).collect();
        if clashes.is_empty() { Ok(keys) } else { Err(clashes) }
    }

    fn stored(&self) -> String {
        let mut all = self.changed.clone();
        if self.is_off {
            all.insert(OFF.to_owned(), "off".to_owned());
        }
        serde_json::to_string(&all).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "keys-page.html")]
struct KeysPage {
    frame: Frame,
    rows: Vec<Row>,
    is_off: bool,
    has_clash: bool,
}

struct Row {
    name: &'static str,
    key: String,
    own: &'static str,
    clashes: bool,
}

fn shown(app: &App, signed_in: &SignedIn, keys: &Keys, clashes: &[String]) -> KeysPage {
    let row = |action: &Action| Row {
        name: action.name,
        key: keys.chosen(action.name).to_owned(),
        own: action.key,
        clashes: clashes.iter().any(|name| name == action.name),
    };
    KeysPage {
        frame: Frame::of_section(app, signed_in, "account", texts::t("keys-title")),
        rows: ACTIONS.iter().map(row).collect(),
        is_off: keys.is_off,
        has_clash: !clashes.is_empty(),
    }
}

/// `GET /keys`
pub(super) async fn keys(State(app): State<Arc<App>>, signed_in: SignedIn) -> Result<Response, Failure> {
    let keys = Keys::of_user(&app, signed_in.user.id).await?;
    page(StatusCode::OK, &shown(&app, &signed_in, &keys, &[]))
}

/// `POST /keys`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    RawForm(form): RawForm,
) -> Result<Response, Failure> {
    match Keys::from_form(&form) {
        Ok(keys) => {
            app.store.save_key_bindings(signed_in.user.id, keys.stored()).await?;
            Ok(Redirect::to("/keys").into_response())
        }
        Err(clashes) => {
            let mut tried = Keys::default();
            for (name, value) in url::form_urlencoded::parse(&form) {
                if let Some(name) = name.strip_prefix("key-") {
                    tried.changed.insert(name.to_owned(), value.into_owned());
                }
            }
            page(StatusCode::UNPROCESSABLE_ENTITY, &shown(&app, &signed_in, &tried, &clashes))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_key_of_its_own() {
        let mut keys: Vec<&str> = ACTIONS.iter().map(|action| action.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), ACTIONS.len());
        assert!(!keys.contains(&""));
    }

    #[test]
    fn only_what_was_changed_is_kept_and_read_back() {
        let keys = Keys::from_form(b"key-approve=y&key-reject=r&key-hold=&nonsense=1").expect("no clash");
        assert_eq!(Keys::parse(&keys.stored()), keys);
        assert_eq!((keys.of("approve"), keys.of("reject"), keys.of("hold")), ("y", "r", ""));
        assert!(keys.json().contains("\"y\":\"approve\"") && !keys.json().contains("hold"));
    }

    #[test]
    fn one_key_cannot_do_two_things() {
        assert_eq!(Keys::from_form(b"key-approve=r"), Err(vec!["approve".to_owned(), "reject".to_owned()]));
    }

    #[test]
    fn keys_can_be_switched_off() {
        let keys = Keys::from_form(b"off=on").expect("no clash");
        assert_eq!((keys.of("approve"), keys.chosen("approve"), keys.json().as_str()), ("", "a", "{}"));
        assert_eq!(Keys::parse(&keys.stored()), keys);
        assert_eq!(Keys::parse("nonsense"), Keys::default());
    }
}
