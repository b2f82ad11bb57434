//! What a stranger wrote, in a form that can be looked at without harm: cut into pieces that templates escape one by one,
//! with characters that nobody would see spelled out, evidence marked, and hosts of links in plain letters.

use url::Url;

use crate::span::Span;

/// Longest excerpt in a row of the queue, in characters.
const EXCERPT: usize = 160;

/// A run of text that looks the same throughout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Piece {
    /// The text; for an invisible character, its short name.
    pub text: String,
    /// How it looks: CSS classes; empty for plain text.
    pub class: String,
    /// What it means, in words.
    pub title: String,
    /// Numbers of the reasons that end here.
    pub numbers: Vec<usize>,
}

/// Evidence of one kind to be marked in a text.
#[derive(Clone, Debug)]
pub(super) struct Layer<'a> {
    /// CSS class.
    pub class: &'static str,
    /// What it is evidence of.
    pub title: String,
    /// Its number in the list of reasons, if it is to be shown at the end of each place.
    pub number: Option<usize>,
    /// Where.
    pub spans: &'a [Span],
}

/// A text without evidence.
pub(super) fn plain(text: &str) -> Vec<Piece> {
    marked(text, &[])
}

/// The beginning of a text on one line.
pub(super) fn excerpt(text: &str) -> Vec<Piece> {
    plain(&short(text, EXCERPT))
}

/// The first `length` characters of a text, blanks and lines joined.
pub(super) fn short(text: &str, length: usize) -> String {
    let mut line = String::new();
    // Twenty thousand blanks are not worth a look.
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > 4 * length {
            break;
        }
    }
    match line.char_indices().nth(length) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// A text with its evidence. Layers may overlap; spans count scalar values.
pub(super) fn marked(text: &str, layers: &[Layer<'_>]) -> Vec<Piece> {
    let mut changes: Vec<(u32, usize, bool)> = Vec::new();
    for (layer, of) in layers.iter().enumerate() {
        for span in of.spans.iter().filter(|span| span.start < span.end) {
            changes.push((span.start, layer, true));
            changes.push((span.end, layer, false));
        }
    }
    changes.sort_unstable();
    let mut changes = changes.into_iter().peekable();
    let mut open = vec![0u32; layers.len()];
    let mut out = Pieces { layers, done: Vec::new(), run: String::new() };
    let mut before = None;
    let mut letters = text.chars().peekable();
    let mut place = 0u32;
    while let Some(letter) = letters.next() {
        while let Some((_, layer, begins)) = changes.next_if(|change| change.0 <= place) {
            out.turn(&mut open, layer, begins);
        }
        match hidden(letter, before, letters.peek().copied()) {
            None => out.run.push(letter),
            Some(Hidden::Nothing) => {}
            Some(Hidden::Named(name)) => out.spell_out(&open, letter, name),
        }
        before = Some(letter);
        place += 1;
    }
    for (_, layer, begins) in changes {
        out.turn(&mut open, layer, begins);
    }
    out.flush(&open);
    out.done
}

struct Pieces<'a> {
    layers: &'a [Layer<'a>],
    done: Vec<Piece>,
    run: String,
}

impl Pieces<'_> {
    /// A layer begins or ends.
    fn turn(&mut self, open: &mut [u32], layer: usize, begins: bool) {
        let was = open[layer];
        let is = if begins { was + 1 } else { was.saturating_sub(1) };
        if (was == 0) != (is == 0) {
            self.flush(open);
        }
        open[layer] = is;
        if was > 0
            && is == 0
            && let (Some(number), Some(last)) = (self.layers[layer].number, self.done.last_mut())
        {
            last.numbers.push(number);
        }
    }

    fn flush(&mut self, open: &[u32]) {
        if !self.run.is_empty() {
            let text = std::mem::take(&mut self.run);
            let (class, title) = self.looks(open);
            self.done.push(Piece { text, class, title, numbers: Vec::new() });
        }
    }

    fn spell_out(&mut self, open: &[u32], letter: char, name: &'static str) {
        self.flush(open);
        let (class, title) = self.looks(open);
        let text = if name.is_empty() { format!("U+{:04X}", letter as u32) } else { name.to_owned() };
        let title = [format!("invisible character U+{:04X}", letter as u32), title];
        let title = title.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
        self.done.push(Piece {
            text,
            class: format!("{class} hidden").trim_start().to_owned(),
            title,
            numbers: Vec::new(),
        });
    }

    fn looks(&self, open: &[u32]) -> (String, String) {
        let mut classes: Vec<&str> = Vec::new();
        let mut titles: Vec<&str> = Vec::new();
        for (layer, _) in self.layers.iter().zip(open).filter(|(_, count)| **count > 0) {
            if !classes.contains(&layer.class) {
                classes.push(layer.class);
            }
            titles.push(&layer.title);
        }
        (classes.join(" "), titles.join("; "))
    }
}

enum Hidden {
    /// Left out without loss.
    Nothing,
    /// Shown by this name, or by its number when empty.
    Named(&'static str),
}

/// Whether a character takes no place, or moves others, and so has to be spelled out.
fn hidden(letter: char, before: Option<char>, after: Option<char>) -> Option<Hidden> {
    let name = match letter {
        '\n' | '\t' => return None,
        '\r' if after == Some('\n') => return Some(Hidden::Nothing),
        // Emoji and the scripts of Arabia and India need these.
        '\u{200c}' | '\u{200d}' if before.is_some_and(needs_joiners) => return None,
        '\u{ad}' => "SHY",
        '\u{200b}' => "ZWSP",
        '\u{200c}' => "ZWNJ",
        '\u{200d}' => "ZWJ",
        '\u{200e}' => "LRM",
        '\u{200f}' => "RLM",
        '\u{202a}' => "LRE",
        '\u{202b}' => "RLE",
        '\u{202c}' => "PDF",
        '\u{202d}' => "LRO",
        '\u{202e}' => "RLO",
        '\u{2060}' => "WJ",
        '\u{2066}' => "LRI",
        '\u{2067}' => "RLI",
        '\u{2068}' => "FSI",
        '\u{2069}' => "PDI",
        '\u{feff}' => "BOM",
        '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{2061}'..='\u{2065}'
        | '\u{206a}'..='\u{206f}'
        | '\u{3164}'
        | '\u{ffa0}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => "",
        other if other.is_control() => "",
        _ => return None,
    };
    Some(Hidden::Named(name))
}

fn needs_joiners(letter: char) -> bool {
    matches!(letter, '\u{600}'..='\u{fff}' | '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// A link as a stranger gave it: never clickable, its host in the letters that the network uses.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// As written.
    pub written: Vec<Piece>,
    /// Its host in ASCII, or why there is none.
    pub host: String,
}

/// Takes a link apart.
pub(super) fn link(written: &str) -> Link {
    let host = match Url::parse(written.trim()) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url.host_str().unwrap_or_default().to_owned(),
        Ok(url) => format!("no website: {}:", short(url.scheme(), 20)),
        Err(_) => "no complete address".to_owned(),
    };
    Link { written: plain(&short(written, 300)), host }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer<'a>(class: &'static str, number: Option<usize>, spans: &'a [Span]) -> Layer<'a> {
        Layer { class, title: class.to_owned(), number, spans }
    }

    fn looks(pieces: &[Piece]) -> Vec<(&str, &str)> {
        pieces.iter().map(|piece| (piece.text.as_str(), piece.class.as_str())).collect()
    }

    #[test]
    fn overlapping_evidence_is_cut_where_it_changes() {
        let (one, two) = ([Span::new(1, 5)], [Span::new(3, 7)]);
        let pieces = marked("abcdefgh", &[layer("rule", Some(1), &one), layer("term", None, &two)]);
        assert_eq!(looks(&pieces), [("a", ""), ("bc", "rule"), ("de", "rule term"), ("fg", "term"), ("h", "")]);
        assert_eq!(pieces[2].numbers, [1]);
    }

    #[test]
    fn spans_count_characters_and_may_reach_too_far() {
        let spans = [Span::new(1, 2), Span::new(3, 99)];
        let pieces = marked("äöü😀x", &[layer("rule", Some(2), &spans)]);
        assert_eq!(looks(&pieces), [("ä", ""), ("ö", "rule"), ("ü", ""), ("😀x", "rule")]);
        assert_eq!(pieces[3].numbers, [2]);
    }

    #[test]
    fn the_pieces_are_the_text() {
        let text = "Line one\r\n\tand <b>two</b> & \"three\"";
        let spans = [Span::new(0, 3), Span::new(2, 9), Span::new(2, 9)];
        let pieces = marked(text, &[layer("rule", None, &spans)]);
        let joined: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(joined, text.replace('\r', ""));
    }

    #[test]
    fn what_cannot_be_seen_is_spelled_out() {
        let pieces = plain("a\u{200b}b\u{202e}c\0");
        assert_eq!(
            looks(&pieces),
            [("a", ""), ("ZWSP", "hidden"), ("b", ""), ("RLO", "hidden"), ("c", ""), ("U+0000", "hidden")]
        );
    }

    #[test]
    fn what_scripts_and_emoji_need_stays() {
        for text in ["👩\u{200d}👧", "می\u{200c}خواهم", "क्\u{200d}ष", "❤\u{fe0f}"] {
            assert_eq!(looks(&plain(text)), [(text, "")]);
        }
    }

    #[test]
    fn hosts_are_spelled_in_the_letters_of_the_network() {
        assert_eq!(link("https://pаypal.com/x").host, "xn--pypal-4ve.com");
        assert_eq!(link("javascript:alert(1)").host, "no website: javascript:");
        assert_eq!(link("example").host, "no complete address");
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(short("  a\n\n b\tc ", 10), "a b c");
        assert_eq!(short("aaaa bbbb", 6), "aaaa b…");
    }
}
