//! Takes markup out: HTML, entities, BBCode and Markdown links become the words a reader sees, and a list of links.

use super::links::{self, Link, LinkKind};
use super::reading::{Reading, add};
use super::{bbcode, entities, html};
use crate::span::Span;

/// What a reader sees, and the links that were marked as such. Elements that are not shown are noted in `hidden`.
pub(super) fn strip(original: &str, hidden: &mut Vec<Span>) -> (Reading, Vec<Link>) {
    // Without a way out in the middle, so that many bytes are compared at once.
    if !original.bytes().fold(false, |any, b| any | is_special(b)) {
        return (Reading::identity(original), Vec::new());
    }
    let mut stripper = Stripper::new(original);
    stripper.run();
    *hidden = stripper.hidden;
    (stripper.out, stripper.links)
}

fn is_special(b: u8) -> bool {
    matches!(b, b'<' | b'[' | b'&')
}

/// A link whose end has not come yet. As in browsers there is one at most: the next one closes it.
struct OpenLink {
    url: String,
    kind: LinkKind,
    /// Where it begins in the original.
    start: u32,
    /// Where its opening tag ends in the original.
    tag_end: u32,
    /// Where its words begin in the visible text, in bytes.
    words: usize,
}

/// An element that its style hides.
struct Concealed {
    name: &'static str,
    /// How many elements of this name are open in it, itself included.
    depth: u32,
    /// Where it begins in the original.
    start: u32,
    /// How much was shown before it, in bytes and in characters.
    shown: (usize, usize),
    /// How many links there were before it.
    links: usize,
}

/// Hidden words up to this many characters only break up what is shown around them. Longer ones are shown: they are what
/// the comment is about, and many sites take styles out.
const MAX_CONCEALED: usize = 40;

struct Stripper<'a> {
    text: &'a str,
    /// Where we are, in bytes.
    byte: usize,
    /// Where we are, in characters.
    at: u32,
    out: Reading,
    links: Vec<Link>,
    open: Option<OpenLink>,
    /// For each BBCode name, where its last closing tag stands: `a[i]` is code unless an `[/i]` follows.
    closers: [Option<usize>; bbcode::NAMES.len()],
    /// For each BBCode name, how many are open.
    depth: [u32; bbcode::NAMES.len()],
    /// From where on no comment or hidden element ends, so that the search is not repeated.
    endless: usize,
    concealed: Option<Concealed>,
    hidden: Vec<Span>,
}

impl<'a> Stripper<'a> {
    fn new(text: &'a str) -> Self {
        let mut closers = [None; bbcode::NAMES.len()];
        for (at, _) in text.match_indices("[/") {
            if let Some(tag) = bbcode::tag(&text[at..]) {
                closers[tag.name] = Some(at);
            }
        }
        Self {
            text,
            byte: 0,
            at: 0,
            out: Reading::with_capacity(text.len()),
            links: Vec::new(),
            open: None,
            closers,
            depth: [0; bbcode::NAMES.len()],
            endless: usize::MAX,
            concealed: None,
            hidden: Vec::new(),
        }
    }

    fn run(&mut self) {
        while self.byte < self.text.len() {
            let rest = &self.text[self.byte..];
            match rest.bytes().position(is_special) {
                Some(0) => {
                    let handled = match rest.as_bytes()[0] {
                        b'<' => self.html(rest),
                        b'[' => self.bbcode(rest) || self.markdown(rest),
                        _ => self.entity(rest),
                    };
                    if !handled {
                        self.keep(1);
                    }
                }
                Some(next) => self.keep(next),
                None => self.keep(rest.len()),
            }
        }
        self.close(self.at);
    }

    /// Shows the next `len` bytes as they are.
    fn keep(&mut self, len: usize) {
        let part = &self.text[self.byte..self.byte + len];
        let before = self.out.origin.len();
        self.out.push_str(part, self.at);
        self.byte += len;
        self.at += (self.out.origin.len() - before) as u32;
    }

    /// Passes over the next `len` bytes and says where they stood.
    fn skip(&mut self, len: usize) -> Span {
        let part = &self.text[self.byte..self.byte + len];
        let start = self.at;
        self.byte += len;
        self.at += part.chars().count() as u32;
        Span::new(start, self.at)
    }

    fn entity(&mut self, rest: &str) -> bool {
        let Some((c, len)) = entities::decode(rest) else {
            return false;
        };
        let from = self.skip(len);
        self.out.push(c, from);
        true
    }

    fn html(&mut self, rest: &str) -> bool {
        if rest.starts_with("<!--") {
            return self.hidden(4, "-->");
        }
        let Some(tag) = html::tag(rest) else {
            return false;
        };
        let (name, shape, start) = (tag.name, tag.shape, self.at);
        match tag.kind {
            html::TagKind::Link(url) => {
                let tag = self.skip(tag.len);
                self.close(tag.start);
                self.open(url.filter(|url| !url.is_empty()), LinkKind::Html, tag);
            }
            html::TagKind::LinkEnd => {
                let end = self.skip(tag.len).end;
                self.close(end);
            }
            html::TagKind::Break => {
                let from = self.skip(tag.len);
                self.break_line(from);
            }
            html::TagKind::Hidden(name) => {
                let end = format!("</{name}");
                if !self.hidden(tag.len, &end) {
                    self.skip(tag.len);
                }
            }
            html::TagKind::Inline => {
                self.skip(tag.len);
            }
        }
        self.conceal(name, shape, start);
        true
    }

    /// Keeps count of an element that is not shown, and takes out its words when it ends.
    fn conceal(&mut self, name: &'static str, shape: html::Shape, start: u32) {
        let shown = (self.out.text.len(), self.out.origin.len());
        match (&mut self.concealed, shape) {
            (None, html::Shape::Concealing) => {
                self.concealed = Some(Concealed { name, depth: 1, start, shown, links: self.links.len() });
            }
            (Some(open), html::Shape::Opening | html::Shape::Concealing) if open.name == name => open.depth += 1,
            (Some(open), html::Shape::Closing) if open.name == name => {
                open.depth -= 1;
                if open.depth == 0 {
                    self.take_out();
                }
            }
            _ => {}
        }
    }

    fn take_out(&mut self) {
        let Some(concealed) = self.concealed.take() else {
            return;
        };
        add(&mut self.hidden, Span::new(concealed.start, self.at));
        let (bytes, chars) = concealed.shown;
        let linked = self.links.len() > concealed.links || self.open.as_ref().is_some_and(|open| open.words > bytes);
        if !linked && self.out.origin.len() - chars.min(self.out.origin.len()) <= MAX_CONCEALED {
            self.out.text.truncate(bytes);
            self.out.origin.truncate(chars);
        }
    }

    /// Passes over everything up to and including `end`, in any case; does nothing where that does not come.
    fn hidden(&mut self, from: usize, end: &str) -> bool {
        if self.byte >= self.endless {
            return false;
        }
        let bytes = self.text.as_bytes();
        let found =
            bytes[self.byte + from..].windows(end.len()).position(|part| part.eq_ignore_ascii_case(end.as_bytes()));
        match found {
            Some(at) => {
                self.skip(from + at + end.len());
                if end.starts_with('<') {
                    let rest = self.text[self.byte..].find('>').map_or(0, |end| end + 1);
                    self.skip(rest);
                }
            }
            None => self.endless = self.byte,
        }
        found.is_some()
    }

    fn bbcode(&mut self, rest: &str) -> bool {
        let Some(tag) = bbcode::tag(rest) else {
            return false;
        };
        let is_link = tag.name < bbcode::LINKS;
        if tag.closing {
            if self.depth[tag.name] == 0 && !is_link {
                return false;
            }
            self.depth[tag.name] = self.depth[tag.name].saturating_sub(1);
            let end = self.skip(tag.len).end;
            if is_link {
                self.close(end);
            }
            return true;
        }
        let closes = self.closers[tag.name].is_some_and(|closer| closer > self.byte);
        let value = tag.value.to_owned();
        if !(closes || is_link && value.contains('.')) {
            return false;
        }
        self.depth[tag.name] += 1;
        let at = self.skip(tag.len);
        if is_link {
            self.close(at.start);
            self.open(Some(value), LinkKind::BbCode, at);
        }
        true
    }

    fn markdown(&mut self, rest: &str) -> bool {
        let Some(link) = bbcode::markdown(rest) else {
            return false;
        };
        let start = self.at;
        self.skip(1);
        let words = self.out.text.len();
        self.keep(link.text.len());
        self.skip(link.len - 1 - link.text.len());
        let open = OpenLink { url: link.url.to_owned(), kind: LinkKind::Markdown, start, tag_end: start + 1, words };
        self.close(start);
        self.add(open, self.at);
        true
    }

    fn open(&mut self, url: Option<String>, kind: LinkKind, tag: Span) {
        let words = self.out.text.len();
        self.open = url.map(|url| OpenLink { url, kind, start: tag.start, tag_end: tag.end, words });
    }

    /// Ends the open link, if there is one, at `end`.
    fn close(&mut self, end: u32) {
        if let Some(open) = self.open.take() {
            self.add(open, end);
        }
    }

    fn add(&mut self, open: OpenLink, end: u32) {
        let words = self.out.text[open.words.min(self.out.text.len())..].trim();
        let url = if open.url.is_empty() { words } else { &open.url };
        // The end tag was forgotten: the rest of the text is no anchor.
        let (words, end) = if self.byte >= self.text.len() && !self.text.ends_with([']', '>', ')']) {
            ("", open.tag_end)
        } else {
            (words, end)
        };
        let link = links::link(url, words, open.kind, Span::new(open.start, end));
        self.links.push(link);
    }

    fn break_line(&mut self, from: Span) {
        if !self.out.text.is_empty() && !self.out.text.ends_with('\n') {
            self.out.push('\n', from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Reading, Vec<Link>) {
        strip(text, &mut Vec::new())
    }

    fn visible(text: &str) -> String {
        read(text).0.text
    }

    #[test]
    fn markup_becomes_what_a_reader_sees() {
        for (text, expected) in [
            ("a <b>bold</b> word", "a bold word"),
            ("v<b></b>iagra", "viagra"),
            ("one<br>two<p>three</p>", "one\ntwo\nthree\n"),
            ("<!-- no -->yes", "yes"),
            ("<script>alert(1)</SCRIPT >yes", "yes"),
            ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
            ("[b]bold[/b] and [url=http://e.example]here[/url]", "bold and here"),
            ("see [the docs](https://e.example/d)!", "see the docs!"),
            ("[quote=Ann]hi[/quote] there", "hi there"),
            ("via<span style='display: none'>x<span>y</span></span>gra", "viagra"),
            ("v<i hidden>x</i>ia<b style=\"font-size:0px\">z</b>gra", "viagra"),
            ("<span style='color:red'>red</span>", "red"),
            ("<div style='display:none'>never closed", "never closed"),
        ] {
            assert_eq!(visible(text), expected, "{text}");
        }
    }

    #[test]
    fn code_and_plain_brackets_stay() {
        for text in [
            "if (a[i] < b[i] && x > y) List<String> s;",
            "I <3 this [1] [citation needed] & more",
            "a <- b, c->d, x<y",
            "<!-- never closed",
            "AT&T and R&D",
        ] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn links_come_with_their_words_and_their_place() {
        let (_, links) = read("go <a href=\"http://www.Shop.example.com/x\">to <b>this</b> shop</a> now");
        assert_eq!(links.len(), 1);
        let link = &links[0];
        assert_eq!((link.host.as_str(), link.domain.as_str()), ("shop.example.com", "example.com"));
        assert_eq!((link.anchor.as_str(), link.kind), ("to this shop", LinkKind::Html));
        assert_eq!(link.span, Span::new(3, 66));
    }

    #[test]
    fn hidden_links_are_links_and_noted() {
        let mut hidden = Vec::new();
        let (reading, links) =
            strip("hi <div style='display:none'><a href='http://e.example/'>pills</a></div> all", &mut hidden);
        assert_eq!((reading.text.trim(), links.len()), ("hi \npills\n all", 1));
        assert_eq!(hidden, [Span::new(3, 72)]);
    }

    #[test]
    fn an_address_between_bbcode_tags_is_the_link() {
        let (reading, links) = read("[url]http://e.example/a[/url]");
        assert_eq!(reading.text, "http://e.example/a");
        assert_eq!((links[0].url.as_str(), links[0].anchor.as_str()), ("http://e.example/a", ""));
    }

    #[test]
    fn an_unclosed_link_is_only_its_tag() {
        let (reading, links) = read("[url=http://e.example]cheap things and much more");
        assert_eq!(reading.text, "cheap things and much more");
        assert_eq!((links.len(), links[0].anchor.as_str(), links[0].span), (1, "", Span::new(0, 22)));
    }
}
