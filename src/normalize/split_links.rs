//! Links that are taken apart so that machines do not see them: `example (dot) com`, `hxxp://`, `t . me / name`.

use super::Disguise;
use super::address_parts::{Dot, Part, Scheme, chain, end_of_name, is_name, is_space, path, text};
use super::ascii;
use super::links::{self, Link, LinkKind};
use super::reading::{add, over};
use super::undone::Letter;
use crate::letters;
use crate::span::Span;

/// Endings that follow a dot in hardly anything but an address.
const SURE: &[&str] = &[
    "biz", "br", "cc", "cn", "co", "com", "cz", "de", "edu", "fr", "gov", "icu", "id", "info", "io", "jp", "kr",
    "mobi", "net", "nl", "org", "pl", "ru", "su", "tv", "ua", "uk", "us", "vn", "xyz",
];

/// Endings that stand alone in hardly any sentence.
const TOP: &[&str] = &["biz", "com", "info", "io", "net", "org", "ru", "xyz"];

/// Addresses with an ending that is a word.
const SHORT: &[&str] = &[
    "bit.ly",
    "chat.whatsapp",
    "cutt.ly",
    "fb.me",
    "goo.gl",
    "is.gd",
    "lin.ee",
    "t.me",
    "telegram.me",
    "wa.me",
    "youtu.be",
];

/// Words before `dot com` that make it a thing, not an address.
const NO_NAMES: &[&str] = &[
    "a", "about", "all", "and", "any", "as", "at", "be", "by", "each", "every", "first", "for", "from", "his", "i",
    "in", "is", "it", "its", "like", "many", "my", "new", "no", "of", "old", "on", "or", "other", "our", "some",
    "that", "the", "their", "these", "this", "those", "to", "use", "was", "with", "your",
];

/// Words of Portuguese, in which `com` means `with`.
const PORTUGUESE: &[&str] = &[
    "agora", "da", "das", "de", "do", "dos", "ela", "ele", "em", "essa", "esse", "eu", "foi", "mais", "meu", "minha",
    "mas", "muito", "na", "nao", "no", "não", "os", "pra", "pro", "que", "se", "sem", "só", "tá", "tem", "uma", "vai",
    "vc", "você",
];

/// Whether there may be a link taken apart in a text. Most texts are done with after this one look.
pub(super) fn may_be_in(text: &str) -> bool {
    let bytes = text.as_bytes();
    let at = |i: usize| bytes.get(i).copied().unwrap_or(b' ');
    let word = |i: usize| {
        let rest = bytes.get(i..).unwrap_or_default();
        let length = rest.iter().take(6).take_while(|b| b.is_ascii_lowercase()).count();
        std::str::from_utf8(&rest[..length]).unwrap_or_default()
    };
    let may_show = |(_, b): &(usize, &u8)| ascii::class(**b) & ascii::LINK != 0;
    bytes.iter().enumerate().filter(may_show).any(|(i, &b)| match b {
        b'.' => {
            let ending = word(if at(i + 1) == b' ' { i + 2 } else { i + 1 });
            let apart = at(i + 1) == b' ' || i > 0 && !at(i - 1).is_ascii_alphanumeric();
            i > 0 && at(i - 1) > 0x7F && at(i + 1) > 0x7F
                || apart && (SURE.binary_search(&ending).is_ok() || i > 0 && at(i - 1) == b' ' && ending.len() > 1)
                || matches!(at(i + 1), b']' | b')' | b'}' | b'>')
        }
        b'd' if matches!(at(i + 1), b'o' | b'0') => {
            matches!(word(i), "dot") && !at(i.wrapping_sub(1)).is_ascii_alphanumeric() || bytes[i..].starts_with(b"d0t")
        }
        b'p' if matches!(at(i + 1), b'o' | b'u') => {
            matches!(word(i), "punkt" | "ponto" | "punto") && !at(i.wrapping_sub(1)).is_ascii_alphanumeric()
        }
        b't' if at(i + 1) == b'i' => word(i) == "titik",
        b'x' => bytes[i..].starts_with(b"xp") && i > 1 && at(i - 1) == b'x',
        b'/' => {
            let slashes = at(i + 1) == b'/' && i > 0 && (at(i - 1) != b':' || at(i.wrapping_sub(2)) == b' ');
            slashes || at(i + 1) == b' ' && at(i + 2) == b'/'
        }
        b',' => bytes[i + 1..].starts_with(b"com/"),
        // Signs that stand for a dot, and the Russian and Chinese words for it.
        0xC2 => at(i + 1) == 0xB7,
        0xE2 | 0xE3 => {
            matches!(
                bytes.get(i..i + 3),
                Some(
                    [0xE2, 0x80, 0xA2 | 0xA7]
                        | [0xE2, 0x88, 0x99]
                        | [0xE2, 0x8B, 0x85]
                        | [0xE2, 0x97, 0x8F | 0xA6]
                        | [0xE2, 0x9A, 0xAB]
                        | [0xE3, 0x80, 0x82]
                )
            ) && at(i + 3).is_ascii_alphanumeric()
        }
        0xD1 => text.get(i..).is_some_and(|rest| rest.starts_with("точка")),
        // The Chinese word for it is one for a bit and for the hour, too; as a dot it stands behind a space or bracket,
        // never behind another Chinese character.
        0xE7 | 0xE9 => {
            matches!(bytes.get(i..i + 3), Some([0xE7, 0x82, 0xB9] | [0xE9, 0xBB, 0x9E]))
                && !text[..i].chars().next_back().is_some_and(|c| matches!(c as u32, 0x3000..=0x9FFF))
        }
        _ => false,
    })
}

/// Puts links together that were taken apart; adds them to `links`.
pub(super) fn mend(letters: &mut Vec<Letter>, links: &mut Vec<Link>, disguise: &mut Disguise) {
    let mut out: Vec<Letter> = Vec::new();
    let mut done = 0;
    let mut i = 0;
    let mut portuguese = None;
    let mut mended = Vec::new();
    while i < letters.len() {
        if !is_name(letters[i].c) {
            i += 1;
            continue;
        }
        let end = end_of_name(letters, i);
        let Some(chain) = chain(letters, i, end) else {
            i = end;
            continue;
        };
        let whole = Scheme::before(letters, i, done);
        i = chain.last().map_or(end, |part| part.end);
        let mut is_portuguese = || *portuguese.get_or_insert_with(|| is_portuguese(letters));
        let Some(found) = judge(letters, &chain, whole, &mut is_portuguese) else {
            continue;
        };
        out.extend(&letters[done..found.start]);
        let from = out.len();
        found.push(letters, &mut out);
        let span = over(&spans(&letters[found.start..found.end]));
        add(&mut disguise.links, span);
        let url: String = out[from..].iter().map(|letter| letter.c).collect();
        mended.push(links::link(&url, "", LinkKind::Plain, span));
        done = found.end;
        i = found.end;
    }
    if done > 0 {
        out.extend(&letters[done..]);
        *letters = out;
        links::merge(links, mended);
    }
}

fn spans(letters: &[Letter]) -> Vec<Span> {
    letters.iter().map(|letter| letter.at).collect()
}

/// An address that was taken apart.
struct Found {
    start: usize,
    end: usize,
    scheme: Option<Scheme>,
    parts: Vec<Part>,
    /// Where its path begins, spaces before it and all.
    path: usize,
}

impl Found {
    /// Appends the address put together.
    fn push(&self, letters: &[Letter], out: &mut Vec<Letter>) {
        let mut push = |c: char, from: &[Letter]| {
            if let Some(first) = from.first() {
                out.push(Letter { c, at: over(&spans(from)), kept: true, ..*first });
            }
        };
        if let Some(scheme) = self.scheme {
            let from = &letters[scheme.start..scheme.end];
            if scheme.whole {
                from.iter().for_each(|letter| push(letter.c, std::slice::from_ref(letter)));
            } else {
                // Its letters are not where they should be; each stands for the whole.
                if scheme.secure { "https://" } else { "http://" }.chars().for_each(|c| push(c, from));
            }
        }
        let mut before = None;
        for part in &self.parts {
            if let Some(before) = before {
                push('.', &letters[before..part.start]);
            }
            letters[part.start..part.end].iter().for_each(|letter| push(letter.c, std::slice::from_ref(letter)));
            before = Some(part.end);
        }
        let path = &letters[self.path..self.end];
        match path.iter().position(|letter| letter.c == '/') {
            // `slash` in words.
            None if !path.is_empty() => {
                let word = path.iter().rposition(|letter| is_space(letter.c)).map_or(0, |space| space + 1);
                push('/', &path[..word]);
                path[word..].iter().for_each(|letter| push(letter.c, std::slice::from_ref(letter)));
            }
            _ => path
                .iter()
                .filter(|letter| !is_space(letter.c))
                .for_each(|letter| push(letter.c, std::slice::from_ref(letter))),
        }
    }
}

/// The address in a chain of names, if that is one and was taken apart.
fn judge(
    letters: &[Letter],
    chain: &[Part],
    scheme: Option<Scheme>,
    is_portuguese: &mut impl FnMut() -> bool,
) -> Option<Found> {
    let first = chain.first()?;
    // `name (at) example (dot) com` is somebody's address.
    let mail = letters[first.start.saturating_sub(5)..first.start].iter().any(|letter| letter.c == '@')
        || is_behind_at(&letters[..first.start]);
    if mail {
        return None;
    }
    // `… to read. www.example.com` begins with `www`.
    let www = chain.iter().position(|part| text(&letters[part.start..part.end]) == "www").unwrap_or(0);
    let chain = &chain[www..];
    let first = chain.first()?;
    let scheme = scheme.filter(|_| www == 0);
    (2..=chain.len()).rev().find_map(|count| {
        let parts = &chain[..count];
        let worst = parts[1..].iter().map(|part| part.dot).max()?;
        let apart = parts[1..].iter().filter(|part| part.dot != Dot::Plain).count();
        // A sentence ends before a whole one.
        let sentence = apart == 1 && count > 2 && matches!(parts[1].dot, Dot::Loose | Dot::Spaced) && www == 0;
        if (worst == Dot::Plain || sentence && scheme.is_none() && text(&letters[first.start..first.end]) != "www")
            && scheme.is_none_or(|scheme| scheme.whole)
        {
            return None;
        }
        let host: Vec<String> = parts.iter().map(|part| text(&letters[part.start..part.end])).collect();
        let host_end = parts.last()?.end;
        let path = path(letters, host_end);
        let start = scheme.map_or(first.start, |scheme| scheme.start);
        let found = || Found { start, end: path.unwrap_or(host_end), scheme, parts: parts.to_vec(), path: host_end };
        is_address(&host, worst, scheme.is_some(), path.is_some(), is_portuguese).then(found)
    })
}

/// Whether the letters end with `(at)` or `[at]`.
fn is_behind_at(letters: &[Letter]) -> bool {
    let mut last = letters.iter().rev().map(|letter| letter.c).filter(|c| *c != ' ').take(4);
    matches!(last.next(), Some(')' | ']' | '}' | '>' | '_' | '-')) && last.eq(['t', 'a', '(']) || {
        let last: String = letters.iter().rev().map(|letter| letter.c).filter(|c| *c != ' ').take(4).collect();
        matches!(last.as_str(), "]ta[" | "}ta{" | ">ta<" | "_ta_" | "-ta-")
    }
}

fn is_address(
    names: &[String],
    worst: Dot,
    scheme: bool,
    path: bool,
    is_portuguese: &mut impl FnMut() -> bool,
) -> bool {
    let (Some(ending), Some(first)) = (names.last(), names.first()) else {
        return false;
    };
    let host = names.join(".");
    let name = &names[names.len() - 2];
    let short = SHORT.contains(&host.as_str());
    let www = first == "www" && names.len() > 2;
    let known = links::is_ending(ending) || psl::suffix(host.as_bytes()).is_some_and(|suffix| suffix.is_known());
    let named = name.chars().any(letters::is_alphabetic) && !NO_NAMES.contains(&name.as_str());
    if !known || !(named || short) || ending.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let sure = SURE.binary_search(&ending.as_str()).is_ok();
    let cue = scheme || www || short && path;
    match worst {
        Dot::Plain => scheme,
        Dot::Bracketed => cue || links::is_ending(ending) || path,
        Dot::Word => cue || sure || path,
        Dot::Sign => cue || sure && name.len() > 1,
        Dot::Spaced => {
            let com = ending == "com" && name.len() > 2;
            cue || TOP.contains(&ending.as_str()) && (path || names.len() > 2) && !is_portuguese()
                || com && !is_portuguese()
        }
        Dot::Loose => {
            cue || links::is_ending(ending) && names.len() > 2 && path && !is_portuguese()
                || TOP.contains(&ending.as_str()) && (path || names.len() > 2) && !is_portuguese()
        }
        Dot::Comma => cue || ending == "com" && path && !is_portuguese(),
    }
}

fn is_portuguese(letters: &[Letter]) -> bool {
    let mut seen = 0;
    for word in letters.chunk_by(|a, b| letters::is_alphabetic(a.c) == letters::is_alphabetic(b.c)) {
        if word.len() <= 6 && letters::is_alphabetic(word[0].c) && PORTUGUESE.contains(&text(word).as_str()) {
            seen += 1;
        }
    }
    seen >= 2
}

#[cfg(test)]
mod tests {
    use super::super::normalize;

    fn found(text: &str) -> Vec<String> {
        let found = normalize(text);
        let evidence: Vec<_> = found.disguise.links;
        found
            .links
            .into_iter()
            .filter(|link| evidence.iter().any(|span| span.overlaps(link.span)))
            .map(|link| link.url)
            .collect()
    }

    #[test]
    fn links_that_were_taken_apart_are_found() {
        for (text, expected) in [
            ("see example [dot] com now", "example.com"),
            ("see example(dot)com", "example.com"),
            ("visit example . com today", "example.com"),
            ("hxxp://example.com/x", "http://example.com/x"),
            ("go http : // example . com", "http://example.com"),
            ("h t t p s : / / example . com / x", "https://example.com/x"),
            ("http://example,com/x", "http://example.com/x"),
            ("example,com/x", "example.com/x"),
            ("t . me / name", "t.me/name"),
            ("t dot me slash name", "t.me/name"),
            ("join t[.]me/name", "t.me/name"),
            ("http: //shop .example .com/sale", "http://shop.example.com/sale"),
            ("www dot example dot co dot uk", "www.example.co.uk"),
            ("e x a m p l e . c o m", "example.com"),
            ("example。com", "example.com"),
            ("example•com", "example.com"),
            ("example 🔥.🔥 com", "example.com"),
            ("ｅｘａｍｐｌｅ．ｃｏｍ", "example.com"),
            ("exa\u{200B}mple.com", "example.com"),
            ("http[:]//example[.]ru", "http://example.ru"),
            ("writing example dot com is easy", "example.com"),
        ] {
            assert_eq!(found(text), [expected], "{text}");
        }
    }

    #[test]
    fn the_place_of_a_link_is_all_of_it() {
        let text = "go to example (dot) com / x now";
        let found = normalize(text);
        let span = found.links[0].span;
        let shown: String = text.chars().skip(span.start as usize).take((span.end - span.start) as usize).collect();
        assert_eq!(
            (shown.as_str(), found.reading().text.as_str()),
            ("example (dot) com / x", "go to example.com/x now")
        );
    }

    #[test]
    fn sentences_code_and_names_are_no_links_taken_apart() {
        for text in [
            "I read the news. Come here",
            "e.g. this.is it",
            "node.js and foo.bar() and setup.py",
            "Yahoo.com said, and http://example.com/x too",
            "the end.Next one. net result . org chart",
            "version 1.2.3 . 4 costs 5 . 50",
            "the dot com bubble and a dot net developer",
            "in .NET and ASP .NET core",
            "gostei do filme . com certeza foi o melhor que vi",
            "um amigo,com ele eu vou / não vou",
            "john (at) example (dot) com",
            "fine. in fact. it is. me too / you too",
            "connect the dot shop, red dot top",
            "我用手机。com是什么",
            "and/or, him/her . us / them",
        ] {
            assert!(found(text).is_empty(), "{text}: {:?}", found(text));
        }
    }
}
