//! BBCode tags and Markdown links: what forums and chats write in square brackets.

/// A BBCode tag at the start of a text.
#[derive(Debug, PartialEq)]
pub(super) struct Tag<'a> {
    /// Its length in bytes.
    pub(super) len: usize,
    /// Which of [`NAMES`] it is.
    pub(super) name: usize,
    /// Whether it closes.
    pub(super) closing: bool,
    /// What follows the equals sign.
    pub(super) value: &'a str,
}

/// The tags that are known; those of links first.
pub(super) const NAMES: &[&str] = &[
    "url",
    "link",
    "b",
    "i",
    "u",
    "s",
    "img",
    "quote",
    "code",
    "color",
    "colour",
    "size",
    "font",
    "center",
    "left",
    "right",
    "list",
    "email",
    "video",
    "youtube",
    "spoiler",
    "strike",
    "highlight",
    "align",
    "h1",
    "h2",
    "h3",
];

/// How many of [`NAMES`] are links.
pub(super) const LINKS: usize = 2;

/// Longest tag that is looked at, in bytes.
const MAX_TAG: usize = 2_100;

/// The BBCode tag at the start of `text`, which starts with `[`. No character is looked at for two tags.
pub(super) fn tag(text: &str) -> Option<Tag<'_>> {
    let inner = text.get(1..)?;
    let end = inner.bytes().take(MAX_TAG).position(|b| matches!(b, b'[' | b']' | b'\n'))?;
    if inner.as_bytes()[end] != b']' {
        return None;
    }
    let inner = &inner[..end];
    let (closing, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner));
    let (name, value) = inner.split_once('=').unwrap_or((inner, ""));
    let name = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name.trim()))?;
    let value = value.trim().trim_matches(|c| matches!(c, '"' | '\''));
    Some(Tag { len: end + 2, name, closing, value })
}

/// A Markdown link at the start of a text.
#[derive(Debug, PartialEq)]
pub(super) struct MarkdownLink<'a> {
    /// Its length in bytes.
    pub(super) len: usize,
    /// The words shown.
    pub(super) text: &'a str,
    /// Where it points.
    pub(super) url: &'a str,
}

/// The Markdown link at the start of `text`, which starts with `[`.
pub(super) fn markdown(text: &str) -> Option<MarkdownLink<'_>> {
    let end = 1 + text.get(1..)?.bytes().position(|b| matches!(b, b'[' | b']'))?;
    let inner = text.get(end + 1..)?.strip_prefix('(')?;
    let close = inner.bytes().take(MAX_TAG).position(|b| matches!(b, b')' | b'[' | b'\n'))?;
    if text.as_bytes()[end] != b']' || inner.as_bytes()[close] != b')' {
        return None;
    }
    // A title may follow the address.
    let url = inner[..close].split_ascii_whitespace().next()?.trim_matches(|c| matches!(c, '<' | '>'));
    // `items[i](x)` is code.
    let pointed = url.contains("://") || url.starts_with("www.") || url.starts_with('/') || url.contains(".com/");
    pointed.then_some(MarkdownLink { len: end + 2 + close + 1, text: &text[1..end], url })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read() {
        let tag = tag("[URL='http://e.example']x").expect("a tag");
        assert_eq!((tag.len, NAMES[tag.name], tag.closing, tag.value), (24, "url", false, "http://e.example"));
        assert!(super::tag("[/b]").expect("a tag").closing);
    }

    #[test]
    fn other_brackets_are_text() {
        for text in ["[", "[]", "[1]", "[citation needed]", "[url=", "[url=[url=", "[b\n]", "[é]"] {
            assert_eq!(tag(text), None, "{text}");
        }
    }

    #[test]
    fn markdown_links_are_read_and_code_is_not() {
        let link = markdown("[a book](https://e.example/b \"title\").").expect("a link");
        assert_eq!((link.len, link.text, link.url), (37, "a book", "https://e.example/b"));
        for text in
            ["[i](x)", "[a] (https://e.example)", "[a](https://e.example", "[a[b](https://e.example)", "[](", "["]
        {
            assert_eq!(markdown(text), None, "{text}");
        }
    }
}
