//! Links: those in plain sight, and what is known of each.

use std::ops::Range;

use super::reading::{Reading, add};
use crate::letters;
use crate::span::Span;

/// A link, as markup or in plain sight.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Where it points, as written.
    pub url: String,
    /// Its host in lower case, without `www.`; international names in their ASCII form; empty when there is none.
    pub host: String,
    /// The registrable domain of `host` by the Public Suffix List; the host itself where the list has none.
    pub domain: String,
    /// The words that are shown in its place; empty where the address itself is shown.
    pub anchor: String,
    /// How it was written.
    pub kind: LinkKind,
    /// The whole link in the original, markup included.
    pub span: Span,
}

impl Link {
    /// The host that the words of the link show, if it belongs to another site than the link leads to.
    pub fn false_front(&self) -> Option<String> {
        let shown = host_of(&self.anchor);
        let domain = psl::domain(shown.as_bytes()).filter(|domain| domain.suffix().is_known())?;
        let other = domain.as_bytes() != self.domain.as_bytes() && !shown.contains(char::is_whitespace);
        other.then_some(shown)
    }
}

/// How a link was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// `https://…` or `www.…` in the text.
    Plain,
    /// `<a href="…">`.
    Html,
    /// `[url=…]`, `[link=…]`.
    BbCode,
    /// `[text](…)`.
    Markdown,
}

/// Endings that make a bare `name.ending` a domain. Those that are English words (`in`, `it`, `is`, `to`, `me`, `so`) need a
/// path behind them: people forget the space after a full stop.
const ENDINGS: &[&str] = &[
    "app", "art", "asia", "au", "bar", "bet", "biz", "blog", "br", "buzz", "ca", "casino", "cc", "cf", "ch", "click",
    "cloud", "club", "cn", "co", "com", "cyou", "cz", "de", "dev", "dk", "edu", "es", "eu", "fi", "fit", "fr", "fun",
    "ga", "gov", "gq", "hu", "icu", "id", "ie", "info", "ink", "io", "jp", "kr", "link", "live", "ltd", "mobi",
    "monster", "mx", "net", "news", "nl", "nz", "one", "online", "org", "ph", "pl", "pro", "pw", "ro", "ru", "sbs",
    "se", "shop", "site", "sk", "space", "store", "stream", "su", "tech", "tk", "today", "top", "tv", "ua", "uk", "us",
    "vip", "vn", "website", "win", "work", "world", "ws", "xxx", "xyz", "za",
];

/// Names of things that only look like domains.
const NO_DOMAINS: &[&str] = &["ado.net", "asp.net", "ml.net", "paint.net", "vb.net"];

/// Longest name of a host.
const MAX_HOST: usize = 253;

/// What is known of a link to `url` that is shown as `anchor`.
pub(super) fn link(url: &str, anchor: &str, kind: LinkKind, span: Span) -> Link {
    let host = host_of(url);
    let domain = psl::domain_str(&host).unwrap_or(&host).to_owned();
    let shows_address = anchor == url || without_scheme(anchor).trim_end_matches('/') == host;
    let anchor = if shows_address { "" } else { anchor };
    Link { url: url.to_owned(), host, domain, anchor: anchor.to_owned(), kind, span }
}

/// The host that an address points to, in lower case and without `www.`; empty where it names none, as in `/about`.
pub fn host_of(url: &str) -> String {
    let url = url.trim();
    let has_scheme = url.contains("://") || url.starts_with("//");
    let end = |part: &str| part.find(['/', '?', '#', '\\']).unwrap_or(part.len());
    let rest = without_scheme(url);
    let authority = &rest[..end(rest)];
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().trim_end_matches('.');
    let plausible = host.len() <= MAX_HOST && (has_scheme || (host.contains('.') && !url.starts_with(['.', '#'])));
    if !plausible || url.starts_with("mailto:") {
        return String::new();
    }
    let host = if host.is_ascii() {
        host.to_ascii_lowercase()
    } else {
        match url::Host::parse(host) {
            Ok(host) => host.to_string(),
            Err(_) => host.to_lowercase(),
        }
    };
    host.strip_prefix("www.").filter(|rest| rest.contains('.')).map(str::to_owned).unwrap_or(host)
}

fn without_scheme(url: &str) -> &str {
    url.split_once("://").map_or_else(|| url.strip_prefix("//").unwrap_or(url), |(_, rest)| rest)
}

/// Finds the links that stand in the visible text and adds them to those that were marked, in order.
pub(super) fn add_plain(visible: &Reading, links: &mut Vec<Link>) {
    let marked = links.len();
    let mut next_marked = 0;
    let mut places = visible.places();
    let mut from = 0;
    while let Some(found) = next_plain(&visible.text, from) {
        from = found.end;
        let span = places.span(found.clone());
        // An address shown by a marked link is that link.
        while next_marked < marked && links[next_marked].span.end <= span.start {
            next_marked += 1;
        }
        if next_marked == marked || !links[next_marked].span.overlaps(span) {
            links.push(link(&visible.text[found], "", LinkKind::Plain, span));
        }
    }
    links.sort_by_key(|link| link.span);
}

/// Whether a bare name with this ending is a domain.
pub(super) fn is_ending(ending: &str) -> bool {
    ENDINGS.binary_search(&ending).is_ok()
}

/// Finds the links that are whole in the plain reading only, as `ｅｘａｍｐｌｅ．ｃｏｍ` is, and notes them in `disguised`.
pub(super) fn add_disguised(visible: &Reading, plain: &Reading, links: &mut Vec<Link>, disguised: &mut Vec<Span>) {
    if visible.text.is_ascii() {
        return;
    }
    let mut places = plain.places();
    let mut from = 0;
    let mut next = 0;
    let mut found_links = Vec::new();
    let mut shown = visible.text.chars().zip(&visible.origin).peekable();
    while let Some(found) = next_plain(&plain.text, from) {
        from = found.end;
        let span = places.span(found.clone());
        while next < links.len() && links[next].span.end <= span.start {
            next += 1;
        }
        let found = link(&plain.text[found], "", LinkKind::Plain, span);
        while shown.next_if(|(_, at)| at.end <= span.start).is_some() {}
        let mut as_it_is = true;
        let mut written = found.url.chars();
        while let Some((c, _)) = shown.next_if(|(_, at)| at.start < span.end) {
            as_it_is &= written.next() == Some(c.to_ascii_lowercase());
        }
        if as_it_is || !found.host.contains(|c: char| c.is_ascii_alphanumeric()) {
            continue;
        }
        let known = links[next..].iter().take_while(|link| link.span.start < span.end);
        // Of a link that is broken in the visible text a part may have been found.
        if known.clone().all(|link| link.kind == LinkKind::Plain && link.host.len() < found.host.len()) {
            add(disguised, span);
            found_links.push(found);
        }
    }
    merge(links, found_links);
}

/// Adds links that were put together from pieces. They take the place of plain ones that are parts of them; a marked link
/// stays.
pub(super) fn merge(links: &mut Vec<Link>, found: Vec<Link>) {
    if found.is_empty() {
        return;
    }
    let mut merged = Vec::with_capacity(links.len() + found.len());
    let mut found = found.into_iter().peekable();
    for link in links.drain(..) {
        while let Some(earlier) = found.next_if(|found| found.span.end <= link.span.start) {
            merged.push(earlier);
        }
        let overlaps = |found: &Link| found.span.overlaps(link.span);
        if link.kind != LinkKind::Plain {
            while found.next_if(overlaps).is_some() {}
            merged.push(link);
        } else if !found.peek().is_some_and(overlaps) {
            merged.push(link);
        }
    }
    merged.extend(found);
    merged.sort_by_key(|link| link.span);
    *links = merged;
}

/// The next plain link at or after `from`, as a range of bytes.
fn next_plain(text: &str, from: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut i = from;
    // What lies before this was looked at and is no part of a link.
    let mut floor = from;
    while let Some(next) = bytes[i..].iter().position(|b| matches!(b, b'.' | b':')) {
        i += next;
        let found = match bytes[i] {
            b':' if bytes[i..].starts_with(b"://") => with_scheme(text, floor, i),
            b'.' => bare(text, floor, i),
            _ => None,
        };
        match found {
            Some(Ok(range)) => return Some(range),
            Some(Err(end)) => {
                i = end.max(i + 1);
                floor = i;
            }
            None => i += 1,
        }
    }
    None
}

/// A link around `://` at `colon`, or how far was looked.
fn with_scheme(text: &str, floor: usize, colon: usize) -> Option<Result<Range<usize>, usize>> {
    let bytes = text.as_bytes();
    let letters = bytes[floor..colon].iter().rev().take(8).take_while(|b| b.is_ascii_alphabetic()).count();
    let start = colon - letters;
    let scheme = &bytes[start..colon];
    let known = [&b"https"[..], b"http", b"ftp", b"hxxps", b"hxxp"];
    let scheme = known.iter().find(|known| {
        scheme.len() >= known.len() && scheme[scheme.len() - known.len()..].eq_ignore_ascii_case(known)
    })?;
    let after = colon + 3;
    let end = end_of_host(text, after);
    // `http:///` and `http://?` point nowhere.
    if end == after { Some(Err(after)) } else { Some(Ok(colon - scheme.len()..end_of_path(text, end))) }
}

/// A link around the dot at `dot` with no scheme in front, or how far was looked.
fn bare(text: &str, floor: usize, dot: usize) -> Option<Result<Range<usize>, usize>> {
    let bytes = text.as_bytes();
    if !bytes.get(dot + 1).is_some_and(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let before = bytes[floor..dot].iter().rev().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    let start = dot - before;
    if before == 0 {
        return None;
    }
    let end = end_of_host(text, dot + 1);
    let host = text[start..end].trim_end_matches(['.', '-']);
    let end = start + host.len();
    // Part of an e-mail address, a path, a longer word.
    let joined = text[floor..start].ends_with(['@', '/', '\\', '_', '.', '$', '~'])
        || bytes.get(end) == Some(&b'@')
        || text[end..].starts_with(['(', '_', '=', '\\', '[', '<']);
    // `post.http://example.org`: the full stop belongs to the sentence, and its last word to the address.
    if text[end..].starts_with("://") {
        let scheme = bytes[dot + 1..end].iter().rev().take(8).take_while(|b| b.is_ascii_alphabetic()).count();
        return Some(Err(end - scheme));
    }
    if joined || host.len() > MAX_HOST || !is_domain(host, bytes.get(end) == Some(&b'/')) {
        return Some(Err(end.max(dot + 1)));
    }
    Some(Ok(start..end_of_path(text, end)))
}

fn is_domain(host: &str, has_path: bool) -> bool {
    let mut lower = host.to_ascii_lowercase();
    let www = lower.starts_with("www.") && lower.len() > 6;
    if www {
        lower.drain(..4);
    }
    let Some((rest, ending)) = lower.rsplit_once('.') else {
        return www;
    };
    let letters = rest.bytes().any(|b| b.is_ascii_alphabetic());
    if !letters || NO_DOMAINS.contains(&lower.as_str()) {
        return false;
    }
    // `end.Com` is the end of a sentence, `Example.COM` is not.
    let tail = &host[host.len() - ending.len()..];
    let one_case = !tail.bytes().any(|b| b.is_ascii_uppercase()) || !tail.bytes().any(|b| b.is_ascii_lowercase());
    let known_suffix = || psl::suffix(lower.as_bytes()).is_some_and(|suffix| suffix.is_known());
    one_case && (www || ENDINGS.binary_search(&ending).is_ok() || (has_path && known_suffix()))
}

/// Where the host ends that begins at `from`.
fn end_of_host(text: &str, from: usize) -> usize {
    let tail = &text[from..];
    let end =
        tail.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@') || is_letter_of_host(c)));
    from + end.unwrap_or(tail.len())
}

/// Letters beyond ASCII that names of hosts are written in. Chinese and Japanese text goes on behind a link without a
/// space, so it ends there.
fn is_letter_of_host(c: char) -> bool {
    c as u32 > 0x7F && (c as u32) < 0x2000 && letters::is_alphanumeric(c)
}

/// Where the address ends whose host ends at `from`: at a space, quote or wide sign, less the punctuation of the sentence.
fn end_of_path(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    if !rest.starts_with(['/', '?', '#', ':']) {
        return from - (text[..from].len() - text[..from].trim_end_matches(['.', '-']).len());
    }
    let stops = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '<' | '>' | '"' | '[' | ']' | '{' | '}' | '|' | '`' | '\\')
            || c as u32 >= 0x2000
    };
    let path = &rest[..rest.find(stops).unwrap_or(rest.len())];
    let mut open = 0_i32;
    let mut end = 0;
    for (i, c) in path.char_indices() {
        match c {
            '(' => open += 1,
            ')' if open == 0 => break,
            ')' => open -= 1,
            _ => {}
        }
        if !matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' | '(' | '~') {
            end = i + c.len_utf8();
        }
    }
    from + end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut links = Vec::new();
        add_plain(&Reading::identity(text), &mut links);
        links.into_iter().map(|link| link.url).collect()
    }

    #[test]
    fn the_endings_are_in_order() {
        assert!(ENDINGS.is_sorted());
    }

    #[test]
    fn links_in_plain_sight_are_found_without_the_punctuation_of_the_sentence() {
        for (text, expected) in [
            ("see https://example.org/a_(b), or", "https://example.org/a_(b)"),
            ("(http://example.org/x?a=1&b=2).", "http://example.org/x?a=1&b=2"),
            ("go to www.example.org!", "www.example.org"),
            ("on Example.COM you", "Example.COM"),
            ("at example.in/x now", "example.in/x"),
            ("请看http://example.cn/a谢谢", "http://example.cn/a"),
            ("http://пример.рф/путь тут", "http://пример.рф/путь"),
            ("xhttp://example.org", "http://example.org"),
            ("a lovely post.http://www.example.org", "http://www.example.org"),
            ("as I said...https://example.org/x", "https://example.org/x"),
            ("shop.example.co.uk.", "shop.example.co.uk"),
        ] {
            assert_eq!(found(text), [expected], "{text}");
        }
    }

    #[test]
    fn ordinary_dots_and_colons_are_no_links() {
        for text in [
            "the end.It was late.In fact e.g. this, i.e. that.",
            "ASP.NET and Node.js, list.map(x), foo.bar.baz()",
            "file.txt is 3.14 MB, version 1.2.3, at 10.30",
            "mail me@example.com please",
            "http:// and ://x and C://",
            "...and so on... .",
            "this.in = that.co_op",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }

    #[test]
    fn hosts_are_read_from_all_kinds_of_addresses() {
        for (url, host) in [
            ("HTTP://www.Example.ORG:8080/x", "example.org"),
            ("http://user:pw@example.org/", "example.org"),
            ("//cdn.example.org/x", "cdn.example.org"),
            ("http://bücher.example/", "xn--bcher-kva.example"),
            ("example.org?x", "example.org"),
            ("/about", ""),
            ("#top", ""),
            ("mailto:me@example.org", ""),
            ("http://", ""),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }

    #[test]
    fn the_registrable_domain_is_known() {
        let link = link("http://a.b.example.co.uk/", "x", LinkKind::Html, Span::default());
        assert_eq!(link.domain, "example.co.uk");
    }

    #[test]
    fn an_address_shown_by_a_marked_link_is_not_a_second_one() {
        let marked = link("http://example.org", "", LinkKind::Html, Span::new(0, 30));
        let mut links = vec![marked];
        add_plain(&Reading::identity("http://example.org and then ... http://example.com"), &mut links);
        assert_eq!(links.len(), 2);
    }
}
