//! HTML tags, found about as tolerantly as browsers do.

use super::entities;

/// An HTML tag at the start of a text.
#[derive(Debug, PartialEq)]
pub(super) struct Tag {
    /// Its length in bytes.
    pub(super) len: usize,
    /// What it does to the text.
    pub(super) kind: TagKind,
    /// The name of its element.
    pub(super) name: &'static str,
    /// Whether it begins or ends its element.
    pub(super) shape: Shape,
}

/// Whether a tag begins or ends its element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// It begins it.
    Opening,
    /// It begins it, and the element is not shown.
    Concealing,
    /// It ends it.
    Closing,
    /// It is all there is.
    Void,
}

/// What a tag does to the text.
#[derive(Debug, PartialEq)]
pub(super) enum TagKind {
    /// Opens a link to the address, if it names one.
    Link(Option<String>),
    /// Closes a link.
    LinkEnd,
    /// Begins a new line.
    Break,
    /// What follows is not shown, up to the closing tag of this name.
    Hidden(&'static str),
    /// Changes the look, not the words.
    Inline,
}

/// Elements on a line of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Elements within a line. Anything else in angle brackets is text: comments on programming are full of `List<String>`.
const INLINES: &[&str] = &[
    "abbr", "acronym", "audio", "b", "big", "button", "cite", "code", "del", "details", "em", "embed", "font", "i",
    "iframe", "img", "input", "ins", "kbd", "label", "mark", "marquee", "meta", "noscript", "object", "option", "q",
    "s", "samp", "select", "small", "source", "span", "strike", "strong", "sub", "summary", "sup", "textarea", "time",
    "title", "tt", "u", "var", "video", "wbr",
];

/// Elements without content.
const VOIDS: &[&str] = &["br", "embed", "hr", "img", "input", "meta", "source", "wbr"];

const HIDDEN: &[&str] = &["script", "style", "template"];

/// Longest name of an element.
const MAX_NAME: usize = 12;

/// The tag at the start of `text`, which starts with `<`.
///
/// An open angle bracket outside quotes ends the search. So over all calls for one text no character is looked at more
/// than three times: two searches in different quotes never come into the same state.
pub(super) fn tag(text: &str) -> Option<Tag> {
    let bytes = text.as_bytes();
    let closing = bytes.get(1) == Some(&b'/');
    let start = 1 + usize::from(closing);
    let name_len = bytes.get(start..)?.iter().take(MAX_NAME + 1).take_while(|b| b.is_ascii_alphanumeric()).count();
    let mut lower = [0; MAX_NAME];
    let name = lower.get_mut(..name_len).filter(|name| !name.is_empty())?;
    name.copy_from_slice(&bytes[start..start + name_len]);
    name.make_ascii_lowercase();
    let name = std::str::from_utf8(name).ok()?;
    let (kind, name) = kind(name, closing)?;
    let attributes = start + name_len;
    if !matches!(bytes.get(attributes)?, b'>' | b'/' | b' ' | b'\t' | b'\n' | b'\r') {
        return None;
    }
    let end = attributes + end_of_tag(&bytes[attributes..])?;
    let kind = match kind {
        TagKind::Link(_) => TagKind::Link(attribute(&text[attributes..end], "href")),
        other => other,
    };
    let shape = match () {
        () if closing => Shape::Closing,
        () if VOIDS.contains(&name) || text[..end].ends_with('/') => Shape::Void,
        () if is_concealing(&text[attributes..end]) => Shape::Concealing,
        () => Shape::Opening,
    };
    Some(Tag { len: end + 1, kind, name, shape })
}

/// Whether the attributes say that the element is not shown.
fn is_concealing(attributes: &str) -> bool {
    if attributes.len() < " hidden".len() {
        return false;
    }
    let Some(style) = attribute(attributes, "style") else {
        return attribute(attributes, "hidden").is_some();
    };
    let style: String = style.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect();
    let zero = |property: &str| {
        style.split(';').filter_map(|rule| rule.strip_prefix(property)).any(|value| {
            let number = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%' || c == '!');
            number.parse() == Ok(0.0)
        })
    };
    style.contains("display:none") || style.contains("visibility:hidden") || zero("font-size:") || zero("opacity:")
}

fn kind(name: &str, closing: bool) -> Option<(TagKind, &'static str)> {
    let among = |names: &[&'static str]| names.iter().find(|known| **known == name).copied();
    if name == "a" {
        Some((if closing { TagKind::LinkEnd } else { TagKind::Link(None) }, "a"))
    } else if let Some(name) = among(BLOCKS) {
        Some((TagKind::Break, name))
    } else if let Some(name) = among(INLINES) {
        Some((TagKind::Inline, name))
    } else {
        let hidden = among(HIDDEN)?;
        Some((if closing { TagKind::Inline } else { TagKind::Hidden(hidden) }, hidden))
    }
}

/// Where the `>` is that ends the tag.
fn end_of_tag(bytes: &[u8]) -> Option<usize> {
    let mut quote = None;
    for (i, &b) in bytes.iter().enumerate() {
        match (quote, b) {
            (None, b'>') => return Some(i),
            (None, b'<') => return None,
            (None, b'"' | b'\'') => quote = Some(b),
            (Some(open), _) if open == b => quote = None,
            _ => {}
        }
    }
    None
}

/// The value of an attribute.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            return None;
        }
        let name_end = rest.find(|c: char| c.is_ascii_whitespace() || c == '=' || c == '/').unwrap_or(rest.len());
        let name = &rest[..name_end];
        rest = rest[name_end..].trim_start();
        let value = if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let (value, len) = match after.chars().next() {
                Some(quote @ ('"' | '\'')) => {
                    let end = after[1..].find(quote).map_or(after.len(), |end| end + 1);
                    (&after[1..end], (end + 1).min(after.len()))
                }
                _ => {
                    let end = after.find(|c: char| c.is_ascii_whitespace()).unwrap_or(after.len());
                    (&after[..end], end)
                }
            };
            rest = &after[len..];
            value
        } else {
            ""
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(entities::decode_all(value.trim()));
        }
        if name.is_empty() && !rest.is_empty() && value.is_empty() {
            // A lone `=`: go on behind it.
            rest = rest.strip_prefix('=').unwrap_or(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(text: &str) -> Option<String> {
        match tag(text)?.kind {
            TagKind::Link(url) => url,
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn addresses_are_found_however_they_are_quoted() {
        for text in [
            r#"<a href="http://e.example/?a=1&amp;b=2">"#,
            "<a href='http://e.example/?a=1&b=2'>",
            "<A title=\"x > y\" HREF = http://e.example/?a=1&b=2 >",
            "<a\nrel=nofollow\nhref=http://e.example/?a=1&b=2>",
        ] {
            assert_eq!(link(text).as_deref(), Some("http://e.example/?a=1&b=2"), "{text}");
        }
        assert_eq!(link("<a name=x>"), None);
        assert_eq!(link("<a = = \"\" / href>"), Some(String::new()));
    }

    #[test]
    fn what_only_looks_like_a_tag_is_text() {
        for text in ["<3", "<", "</", "< b>", "<string>", "<T>", "<a", "<a href=\"x", "<abc <b>", "<b-1>", "<ä>"] {
            assert_eq!(tag(text), None, "{text}");
        }
    }

    #[test]
    fn kinds_are_told_apart() {
        assert_eq!(tag("<br/>x"), Some(Tag { len: 5, kind: TagKind::Break, name: "br", shape: Shape::Void }));
        assert_eq!(
            tag("</STRONG>"),
            Some(Tag { len: 9, kind: TagKind::Inline, name: "strong", shape: Shape::Closing })
        );
        assert_eq!(tag("<script src=x>").map(|t| t.kind), Some(TagKind::Hidden("script")));
    }
}
