//! HTML character references.

/// Names that comments use, in order. Without a semicolon only the oldest count, as in browsers.
const NAMED: &[(&str, char)] = &[
    ("AMP", '&'),
    ("Aacute", 'Á'),
    ("Agrave", 'À'),
    ("ApplyFunction", '\u{2061}'),
    ("Auml", 'Ä'),
    ("Ccedil", 'Ç'),
    ("Delta", 'Δ'),
    ("Eacute", 'É'),
    ("Egrave", 'È'),
    ("GT", '>'),
    ("Hat", '^'),
    ("InvisibleComma", '\u{2063}'),
    ("InvisibleTimes", '\u{2062}'),
    ("LT", '<'),
    ("NewLine", '\n'),
    ("NoBreak", '\u{2060}'),
    ("Ntilde", 'Ñ'),
    ("Oacute", 'Ó'),
    ("Omega", 'Ω'),
    ("Ouml", 'Ö'),
    ("QUOT", '"'),
    ("Tab", '\t'),
    ("Uuml", 'Ü'),
    ("ZeroWidthSpace", '\u{200B}'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("acute", '´'),
    ("aelig", 'æ'),
    ("af", '\u{2061}'),
    ("agrave", 'à'),
    ("alpha", 'α'),
    ("amp", '&'),
    ("apos", '\''),
    ("aring", 'å'),
    ("ast", '*'),
    ("atilde", 'ã'),
    ("auml", 'ä'),
    ("bdquo", '„'),
    ("beta", 'β'),
    ("bsol", '\\'),
    ("bull", '•'),
    ("ccedil", 'ç'),
    ("cent", '¢'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("copy", '©'),
    ("dash", '\u{2010}'),
    ("deg", '°'),
    ("delta", 'δ'),
    ("divide", '÷'),
    ("dollar", '$'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("egrave", 'è'),
    ("emsp", ' '),
    ("ensp", ' '),
    ("equals", '='),
    ("euml", 'ë'),
    ("euro", '€'),
    ("excl", '!'),
    ("frac12", '½'),
    ("gamma", 'γ'),
    ("ge", '≥'),
    ("grave", '`'),
    ("gt", '>'),
    ("hairsp", '\u{200A}'),
    ("hearts", '♥'),
    ("hellip", '…'),
    ("hyphen", '\u{2010}'),
    ("iacute", 'í'),
    ("ic", '\u{2063}'),
    ("icirc", 'î'),
    ("iexcl", '¡'),
    ("igrave", 'ì'),
    ("infin", '∞'),
    ("iquest", '¿'),
    ("it", '\u{2062}'),
    ("iuml", 'ï'),
    ("lambda", 'λ'),
    ("laquo", '«'),
    ("larr", '←'),
    ("lbrack", '['),
    ("lcub", '{'),
    ("ldquo", '“'),
    ("le", '≤'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lrm", '\u{200E}'),
    ("lsaquo", '‹'),
    ("lsqb", '['),
    ("lsquo", '‘'),
    ("lt", '<'),
    ("mdash", '—'),
    ("micro", 'µ'),
    ("middot", '·'),
    ("mu", 'μ'),
    ("nbsp", ' '),
    ("ndash", '–'),
    ("ne", '≠'),
    ("newline", '\n'),
    ("ntilde", 'ñ'),
    ("num", '#'),
    ("numsp", '\u{2007}'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("oelig", 'œ'),
    ("ograve", 'ò'),
    ("omega", 'ω'),
    ("oslash", 'ø'),
    ("otilde", 'õ'),
    ("ouml", 'ö'),
    ("para", '¶'),
    ("percnt", '%'),
    ("period", '.'),
    ("pi", 'π'),
    ("plus", '+'),
    ("plusmn", '±'),
    ("pound", '£'),
    ("puncsp", '\u{2008}'),
    ("quest", '?'),
    ("quot", '"'),
    ("radic", '√'),
    ("raquo", '»'),
    ("rarr", '→'),
    ("rbrack", ']'),
    ("rcub", '}'),
    ("rdquo", '”'),
    ("reg", '®'),
    ("rlm", '\u{200F}'),
    ("rpar", ')'),
    ("rsaquo", '›'),
    ("rsqb", ']'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("scaron", 'š'),
    ("sect", '§'),
    ("semi", ';'),
    ("shy", '\u{AD}'),
    ("sigma", 'σ'),
    ("sol", '/'),
    ("sup2", '²'),
    ("szlig", 'ß'),
    ("tab", '\t'),
    ("thinsp", ' '),
    ("times", '×'),
    ("trade", '™'),
    ("uacute", 'ú'),
    ("ucirc", 'û'),
    ("ugrave", 'ù'),
    ("uuml", 'ü'),
    ("verbar", '|'),
    ("vert", '|'),
    ("yacute", 'ý'),
    ("yen", '¥'),
    ("zwj", '\u{200D}'),
    ("zwnj", '\u{200C}'),
];

/// Longest reference that is looked at, in bytes.
const MAX_LEN: usize = 24;

/// The character that a reference at the start of `text` (which starts with `&`) stands for, and the reference's length
/// in bytes, which is also its length in characters.
pub(super) fn decode(text: &str) -> Option<(char, usize)> {
    let bytes = &text.as_bytes()[..text.len().min(MAX_LEN)];
    if bytes.get(1) == Some(&b'#') { numeric(bytes) } else { named(bytes) }
}

fn named(bytes: &[u8]) -> Option<(char, usize)> {
    let end = bytes.iter().skip(1).position(|b| !b.is_ascii_alphanumeric())? + 1;
    let name = std::str::from_utf8(&bytes[1..end]).ok()?;
    let closed = bytes[end] == b';';
    let alone = bytes[end].is_ascii_whitespace() || bytes[end] == b'&' || bytes[end] == b'<';
    let old = matches!(name, "amp" | "lt" | "gt" | "quot" | "nbsp");
    if !(closed || alone && old) {
        return None;
    }
    let i = NAMED.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
    Some((NAMED[i].1, end + usize::from(closed)))
}

fn numeric(bytes: &[u8]) -> Option<(char, usize)> {
    let hex = matches!(bytes.get(2), Some(b'x' | b'X'));
    let (start, radix) = if hex { (3, 16) } else { (2, 10) };
    let digits = bytes[start.min(bytes.len())..].iter().take_while(|b| char::from(**b).is_digit(radix)).count();
    let end = start + digits;
    let number = u32::from_str_radix(std::str::from_utf8(bytes.get(start..end)?).ok()?, radix).ok()?;
    // Browsers read these as Windows-1252; only the dashes and quotes of it are ever seen.
    let number = match number {
        0x85 => 0x2026,
        0x91 | 0x92 => 0x2018 + number - 0x91,
        0x93 | 0x94 => 0x201C + number - 0x93,
        0x96 | 0x97 => 0x2013 + number - 0x96,
        other => other,
    };
    Some((char::from_u32(number)?, end + usize::from(bytes.get(end) == Some(&b';'))))
}

/// `text` with all references decoded, for attribute values.
pub(super) fn decode_all(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (c, len) = decode(&rest[at..]).unwrap_or(('&', 1));
        out.push(c);
        rest = &rest[at + len..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order() {
        assert!(NAMED.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn references_are_decoded() {
        for (text, expected) in [
            ("&amp;", Some(('&', 5))),
            ("&lt b", Some(('<', 3))),
            ("&#118;", Some(('v', 6))),
            ("&#118&", Some(('v', 5))),
            ("&#x1F600;", Some(('😀', 9))),
            ("&#146;", Some(('’', 6))),
            ("&#0000000118;", Some(('v', 13))),
            ("&ZeroWidthSpace;", Some(('\u{200B}', 16))),
        ] {
            assert_eq!(decode(text), expected, "{text}");
        }
    }

    #[test]
    fn other_ampersands_stay() {
        for text in
            ["&", "&&", "& b", "&b=2", "&copy=1", "&nosuch;", "&#;", "&#x;", "&#xD800;", "&#99999999999;", "&amp"]
        {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn attribute_values_are_decoded() {
        assert_eq!(decode_all("a?b=1&amp;c=2&d"), "a?b=1&c=2&d");
    }
}
