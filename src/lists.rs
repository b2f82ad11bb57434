//! Domain lists: those that come with the service, from `models/lists/`, and those that an operator has put in their place.
//!
//! The lists in use are chosen when the program starts and by a reload ([`use_directory`]); nothing that decides reads a file.

mod file;

use std::borrow::Cow;
use std::path::Path;
use std::sync::LazyLock;

use arc_swap::ArcSwap;

pub use file::{Checked, ListError, Mistake, check, import, path};

/// A list that the service looks things up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Domains that give out throw-away e-mail addresses.
    DisposableEmailDomains,
    /// Services that hide where a link leads.
    UrlShorteners,
}

impl Kind {
    /// All lists.
    pub const ALL: [Self; 2] = [Self::DisposableEmailDomains, Self::UrlShorteners];

    /// Its name on the command line and, with `.txt`, of its file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DisposableEmailDomains => "disposable_email_domains",
            Self::UrlShorteners => "url_shorteners",
        }
    }

    /// The text of the list that comes with the service.
    pub fn shipped(self) -> &'static str {
        match self {
            Self::DisposableEmailDomains => include_str!("../models/lists/disposable_email_domains.txt"),
            Self::UrlShorteners => include_str!("../models/lists/url_shorteners.txt"),
        }
    }
}

/// A list with what its file says of it.
#[derive(Clone, Debug)]
pub struct List {
    /// Its entries.
    pub domains: Domains,
    /// The line `Source:`.
    pub source: Option<String>,
    /// The line `Licence:`.
    pub licence: Option<String>,
    /// The line `Date:`.
    pub date: Option<String>,
}

impl List {
    /// The list that comes with the service.
    pub fn shipped(kind: Kind) -> Self {
        // A test makes sure that they have no mistakes; a line that had one would be missing and nothing else.
        let (list, _) = file::parse(kind.shipped());
        list
    }

    /// The list that takes the place of the shipped one in `dir`; `None` where there is none.
    ///
    /// # Errors
    ///
    /// When there is one that cannot be used.
    pub fn imported(kind: Kind, dir: &Path) -> Result<Option<Self>, ListError> {
        let path = file::path(kind, dir);
        if path.exists() { Ok(Some(check(&path)?.list)) } else { Ok(None) }
    }
}

static DISPOSABLE: LazyLock<ArcSwap<Domains>> = LazyLock::new(|| shipped(Kind::DisposableEmailDomains));
static SHORTENERS: LazyLock<ArcSwap<Domains>> = LazyLock::new(|| shipped(Kind::UrlShorteners));

fn shipped(kind: Kind) -> ArcSwap<Domains> {
    ArcSwap::from_pointee(List::shipped(kind).domains)
}

/// Whether a mail domain in lower case, or one above it, gives out throw-away addresses.
pub fn is_disposable(domain: &str) -> bool {
    DISPOSABLE.load().contains(domain)
}

/// Whether a host in lower case, or one above it, shortens addresses.
pub fn is_shortener(host: &str) -> bool {
    SHORTENERS.load().contains(host)
}

/// Puts the lists of a directory in place of the shipped ones, for this process. Where a file is missing the shipped list is
/// used; where it cannot be used, the list before stays. The errors say which.
pub fn use_directory(dir: &Path) -> Vec<ListError> {
    let mut errors = Vec::new();
    for (kind, place) in [(Kind::DisposableEmailDomains, &DISPOSABLE), (Kind::UrlShorteners, &SHORTENERS)] {
        match List::imported(kind, dir) {
            Ok(Some(list)) => place.store(list.domains.into()),
            Ok(None) => place.store(List::shipped(kind).domains.into()),
            Err(error) => errors.push(error),
        }
    }
    errors
}

/// Domains, each of which means those below it, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domains(Vec<Box<str>>);

impl Domains {
    /// A set of these, in any case and order.
    pub fn new<'a>(domains: impl Iterator<Item = &'a str>) -> Self {
        let mut domains: Vec<Box<str>> = domains.map(|domain| domain.trim().to_ascii_lowercase().into()).collect();
        domains.sort_unstable();
        domains.dedup();
        Self(domains)
    }

    /// Whether `host` or a domain above it is one of them. Takes no longer for a long list than for a short one, nearly.
    pub fn contains(&self, host: &str) -> bool {
        if self.0.is_empty() || host.is_empty() {
            return false;
        }
        let host = if host.bytes().any(|b| b.is_ascii_uppercase()) {
            host.to_ascii_lowercase().into()
        } else {
            Cow::from(host)
        };
        let mut rest = Some(host.as_ref());
        while let Some(domain) = rest {
            if self.0.binary_search_by(|entry| entry.as_ref().cmp(domain)).is_ok() {
                return true;
            }
            rest = domain.split_once('.').map(|(_, parent)| parent);
        }
        false
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_and_those_below_are_listed() {
        assert!(is_disposable("mailinator.com") && is_disposable("x.y.mailinator.com"));
        assert!(is_shortener("bit.ly"));
    }

    #[test]
    fn others_are_not() {
        for host in ["gmail.com", "mailinator.com.example.org", "mailinatorx.example", "com", "", "."] {
            assert!(!is_disposable(host) && !is_shortener(host), "{host}");
        }
    }

    #[test]
    fn every_shipped_list_has_no_mistake_is_in_order_and_names_where_it_is_from() {
        for kind in Kind::ALL {
            let (list, mistakes) = file::parse(kind.shipped());
            assert_eq!(mistakes, [], "{}", kind.as_str());
            assert!(list.source.is_some() && list.licence.is_some() && list.date.is_some(), "{}", kind.as_str());
            let lines: Vec<&str> = kind.shipped().lines().filter(|line| !line.starts_with('#')).collect();
            assert!(list.domains.iter().eq(lines) && list.domains.len() > 50, "{}", kind.as_str());
        }
    }
}
