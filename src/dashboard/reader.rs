//! Who reads: language, time zone and looks that the answer to a request is written for.
//!
//! They are known to everything that writes a page without being passed along: [`for_reader`] sets them once for a
//! request. What somebody chose lies with the account and in a cookie, so that the sign-in form knows it too.

use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use jiff::tz::TimeZone;

use super::texts::{self, Language};

/// The cookie that holds what the reader chose.
const COOKIE: &str = "reader";

/// How light or dark pages are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All themes.
    pub(super) const ALL: [Theme; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// Its name in forms and in the page.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The theme of that name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == name)
    }
}

/// What somebody chose. What is not chosen follows the browser.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Choices {
    /// The language of the dashboard; the browser's when `None`.
    pub language: Option<Language>,
    /// The time zone of all times, by its IANA name; UTC when `None`.
    pub zone: Option<String>,
    /// How light or dark pages are.
    pub theme: Theme,
    /// Whether strong language stays veiled until it is asked for.
    pub veil: bool,
}

impl Choices {
    /// Reads what [`Choices::written`] wrote. What cannot be understood counts as not chosen.
    pub(super) fn parse(text: &str) -> Self {
        let mut choices = Self::default();
        for (name, value) in url::form_urlencoded::parse(text.as_bytes()) {
            match &*name {
                "language" => choices.language = texts::language(&value),
                "zone" => choices.zone = zone(&value).map(|_| value.into_owned()),
                "theme" => choices.theme = Theme::parse(&value).unwrap_or_default(),
                "veil" => choices.veil = value == "on",
                _ => {}
            }
        }
        choices
    }

    /// The choices as one line, for the account and the cookie.
    pub(super) fn written(&self) -> String {
        let mut line = url::form_urlencoded::Serializer::new(String::new());
        if let Some(language) = self.language {
            line.append_pair("language", &language.to_string());
        }
        if let Some(zone) = &self.zone {
            line.append_pair("zone", zone);
        }
        line.append_pair("theme", self.theme.as_str());
        if self.veil {
            line.append_pair("veil", "on");
        }
        line.finish()
    }

    /// The cookie that keeps them in this browser; `secure` unless pages travel unencrypted on purpose.
    pub(super) fn cookie(&self, secure: bool) -> Cookie<'static> {
        Cookie::build((COOKIE, self.written()))
            .path("/")
            .http_only(true)
            .secure(secure)
            .same_site(SameSite::Lax)
            .permanent()
            .build()
    }
}

/// The time zone of that IANA name.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    let plausible = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
    plausible.then(|| TimeZone::get(name).ok()).flatten()
}

#[derive(Clone, Debug)]
struct Reader {
    language: Language,
    zone: TimeZone,
    choices: Choices,
}

impl Reader {
    fn of(headers: &HeaderMap) -> Self {
        let jar = CookieJar::from_headers(headers);
        let choices = jar.get(COOKIE).map(|cookie| Choices::parse(cookie.value())).unwrap_or_default();
        let accepted = || {
            let header = headers.get(ACCEPT_LANGUAGE).and_then(|header| header.to_str().ok());
            texts::accepted(header.unwrap_or_default())
        };
        Self {
            language: choices.language.unwrap_or_else(accepted),
            zone: choices.zone.as_deref().and_then(zone).unwrap_or(TimeZone::UTC),
            choices,
        }
    }
}

tokio::task_local! { static READER: Reader; }

/// Answers a request for whoever sent it.
pub(super) async fn for_reader(request: Request, next: Next) -> Response {
    let reader = Reader::of(request.headers());
    let language = HeaderValue::from_str(&reader.language.to_string());
    let mut response = READER.scope(reader, next.run(request)).await;
    if let Ok(language) = language {
        response.headers_mut().entry(CONTENT_LANGUAGE).or_insert(language);
    }
    response
}

/// The reader's language; English outside of a request.
pub(super) fn language() -> Language {
    READER.try_with(|reader| reader.language).unwrap_or_else(|_| texts::fallback())
}

/// The reader's time zone; UTC outside of a request.
pub(super) fn time_zone() -> TimeZone {
    READER.try_with(|reader| reader.zone.clone()).unwrap_or(TimeZone::UTC)
}

/// What the reader chose.
pub(super) fn choices() -> Choices {
    READER.try_with(|reader| reader.choices.clone()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_read_as_they_were_written() {
        let choices = Choices {
            language: texts::language("de"),
            zone: Some("Europe/Berlin".to_owned()),
            theme: Theme::Dark,
            veil: true,
        };
        assert_eq!(Choices::parse(&choices.written()), choices);
        assert_eq!(Choices::parse(&Choices::default().written()), Choices::default());
    }

    #[test]
    fn nonsense_chooses_nothing() {
        let nonsense = "language=tlh&zone=../../etc/passwd&theme=pink&veil=maybe&&=&%ff";
        assert_eq!(Choices::parse(nonsense), Choices::default());
    }
}
