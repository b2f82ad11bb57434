//! Domain lists that come with the service, from `models/lists/`. Their README names source, licence and date of each.

use std::sync::LazyLock;

static DISPOSABLE: LazyLock<List> =
    LazyLock::new(|| List::read(include_str!("../models/lists/disposable_email_domains.txt")));
static SHORTENERS: LazyLock<List> = LazyLock::new(|| List::read(include_str!("../models/lists/url_shorteners.txt")));

/// Whether a mail domain in lower case, or one above it, gives out throw-away addresses.
pub fn is_disposable(domain: &str) -> bool {
    DISPOSABLE.contains(domain)
}

/// Whether a host in lower case, or one above it, shortens addresses.
pub fn is_shortener(host: &str) -> bool {
    SHORTENERS.contains(host)
}

/// Domains in order of bytes.
struct List(Vec<&'static str>);

impl List {
    fn read(text: &'static str) -> Self {
        let mut domains: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
        domains.sort_unstable();
        Self(domains)
    }

    /// Whether `host` or one of its parents is listed; a top-level domain alone never is.
    fn contains(&self, host: &str) -> bool {
        let mut rest = host;
        while rest.contains('.') {
            if self.0.binary_search(&rest).is_ok() {
                return true;
            }
            rest = rest.split_once('.').map_or("", |(_, parent)| parent);
        }
        false
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
    fn every_file_names_its_licence_and_is_in_order() {
        for text in [
            include_str!("../models/lists/disposable_email_domains.txt"),
            include_str!("../models/lists/url_shorteners.txt"),
        ] {
            assert!(text.starts_with('#') && text.contains("# Licence: "));
            let domains: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(domains.is_sorted() && domains.len() > 50);
            assert!(domains.iter().all(|domain| domain.contains('.') && *domain == domain.to_lowercase()));
        }
    }
}
