//! Who calls. A key of 12 hexadecimal digits belongs to a site and may check and submit, nothing else.

use std::sync::Arc;
use std::time::{Duration, Instant};

use url::Url;

use super::super::auth;
use super::Request;
use crate::app::App;
use crate::id::KeyId;
use crate::secrets;
use crate::store::{Actor, ApiKey, Scope, SiteEntry, StoreError};
use crate::throttle::Throttle;

/// Wrong keys of each network.
pub(in crate::api) struct Guesses(Throttle);

impl Guesses {
    /// 60 at once and one more each second: with 2⁴⁸ keys, guessing one takes millions of years.
    pub(in crate::api) fn new() -> Self {
        Self(Throttle::new(60, Duration::from_secs(1)))
    }
}

/// A site, found by a key.
#[derive(Clone)]
pub(in crate::api) struct SiteKey {
    pub(in crate::api) site: Arc<SiteEntry>,
    /// The key; `None` when the site was found by its address alone.
    pub(in crate::api) key: Option<KeyId>,
    /// Whether what it says of a comment counts: not if the site was found by its address alone, or by a key that may stand in
    /// a public form.
    pub(in crate::api) is_trusted: bool,
}

impl SiteKey {
    /// What limits count by.
    pub(in crate::api) fn limited_as(&self) -> KeyId {
        self.key.unwrap_or(KeyId(self.site.site.id.0))
    }

    /// How the history names it.
    pub(in crate::api) fn actor(&self) -> Actor {
        Actor::Site(self.limited_as().to_string())
    }
}

/// Why a key leads to no site.
pub(in crate::api) enum NoSite {
    /// No site has this key.
    Unknown,
    /// Too many wrong keys came from there.
    TooManyGuesses,
    /// Keys cannot be read.
    Store(StoreError),
}

/// Whether the text has the form of a key for this API: 12 lower-case hexadecimal digits.
pub(in crate::api) fn is_short_key(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The site of a key, short or long. Wrong ones are counted for `network`.
pub(in crate::api) async fn site_by_key(
    app: &App,
    guesses: &Guesses,
    network: &str,
    text: &str,
) -> Result<SiteKey, NoSite> {
    let now = Instant::now();
    if guesses.0.is_used_up(network, now) {
        return Err(NoSite::TooManyGuesses);
    }
    let key = if is_short_key(text) {
        short_key(app, text).await.map_err(NoSite::Store)?
    } else {
        match auth::find(app, text).await {
            Ok(key) => Some(key),
            Err(super::super::Problem::Unauthorized(_)) => None,
            Err(_) => return Err(NoSite::Unknown),
        }
    };
    let key = key.filter(|key| key.revoked_at.is_none() && key.scopes.has(Scope::Submit));
    let site = key.as_ref().and_then(|key| app.directory().sites.get(&key.site).cloned());
    match (key, site) {
        (Some(key), Some(site)) => {
            let is_trusted = is_short_key(text) || !key.scopes.only_submit();
            Ok(SiteKey { site, key: Some(key.id), is_trusted })
        }
        _ => Err(guesses.0.attempt(network, now).map_or(NoSite::TooManyGuesses, |()| NoSite::Unknown)),
    }
}

/// The short key of that text. One that is not known yet may have been made a moment ago.
async fn short_key(app: &App, text: &str) -> Result<Option<ApiKey>, StoreError> {
    let known = || app.directory().keys.values().find(|key| secrets::matches(text, &key.digest)).cloned();
    match known() {
        Some(key) => Ok(Some(key)),
        None => {
            app.refresh_directory().await?;
            Ok(known())
        }
    }
}

impl Request {
    /// The site that calls.
    ///
    /// # Errors
    ///
    /// Why it is not known, in words for its owner.
    pub(super) async fn sender(&self) -> Result<SiteKey, &'static str> {
        let Some(key) = self.call.key() else { return self.site_by_address().ok_or("a key is needed, as api_key") };
        site_by_key(&self.app, &self.guesses, &self.network, key).await.map_err(|why| match why {
            NoSite::Unknown => "no site has this key",
            NoSite::TooManyGuesses => "too many wrong keys came from your address; try again in a minute",
            NoSite::Store(error) => {
                tracing::warn!("keys cannot be read: {error:?}");
                "the service cannot look up keys at the moment"
            }
        })
    }

    /// The one site whose front page is `blog`, for clients that send no key.
    fn site_by_address(&self) -> Option<SiteKey> {
        let blog = Url::parse(self.call.get("blog")?).ok()?;
        let is_that = |url: &str| {
            let same = |url: Url| {
                url.host_str() == blog.host_str()
                    && url.path().trim_end_matches('/') == blog.path().trim_end_matches('/')
            };
            Url::parse(url).is_ok_and(same)
        };
        let directory = self.app.directory();
        let mut sites = directory.sites.values().filter(|entry| entry.site.url.as_deref().is_some_and(is_that));
        match (sites.next(), sites.next()) {
            (Some(site), None) => Some(SiteKey { site: site.clone(), key: None, is_trusted: false }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_key_has_twelve_hexadecimal_digits() {
        assert!(is_short_key("0123456789ab"));
        for text in ["", "0123456789a", "0123456789abc", "0123456789AB", "0123456789ag", "127"] {
            assert!(!is_short_key(text), "{text}");
        }
    }
}
