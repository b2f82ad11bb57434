//! The pieces of an address that was taken apart: names, dots however they are written, its beginning and its path.

use super::undone::Letter;

/// Most dots of an address, and characters of one of its names.
const MAX_DOTS: usize = 8;
const MAX_NAME: usize = 63;

/// Longest beginning of an address that is looked back for, spaces and all.
const MAX_SCHEME: usize = 24;

/// How a dot is written, the least doubtful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dot {
    /// `.`
    Plain,
    /// `[.]`, `(dot)`
    Bracketed,
    /// ` dot `
    Word,
    /// `。`, `•`
    Sign,
    /// ` . `
    Spaced,
    /// ` .` or `. `
    Loose,
    /// `,`
    Comma,
}

pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || (0x80..0x2000).contains(&(c as u32)) && c.is_alphanumeric()
}

pub(super) fn end_of_name(letters: &[Letter], start: usize) -> usize {
    let end = start + letters[start..].iter().take_while(|letter| is_name(letter.c)).count();
    // `example-dot-com`
    let name = &letters[start..end.min(start + MAX_NAME)];
    let dot = name.windows(5).position(|part| part.iter().map(|letter| letter.c).eq("-dot-".chars()));
    dot.map_or(end, |dot| start + dot)
}

/// A name of an address and the dot behind it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) start: usize,
    pub(super) end: usize,
    /// How the dot in front is written; plain for the first.
    pub(super) dot: Dot,
}

/// Names with dots between, however they are written, from the name at `start..end` on: two at least.
pub(super) fn chain(letters: &[Letter], start: usize, end: usize) -> Option<Vec<Part>> {
    let (mut dot_end, mut kind) = dot(letters, end)?;
    let mut parts = vec![Part { start, end, dot: Dot::Plain }];
    loop {
        let name_end = end_of_name(letters, dot_end);
        if name_end == dot_end || name_end - dot_end > MAX_NAME {
            break;
        }
        parts.push(Part { start: dot_end, end: name_end, dot: kind });
        match dot(letters, name_end) {
            Some(next) if parts.len() <= MAX_DOTS => (dot_end, kind) = next,
            _ => break,
        }
    }
    (parts.len() >= 2).then_some(parts)
}

pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t') || matches!(c as u32, 0x2190..=0x21FF | 0x2600..=0x27BF | 0x1F300..=0x1FAFF)
}

fn spaces(letters: &[Letter], from: usize, most: usize) -> usize {
    from + letters.get(from..).unwrap_or_default().iter().take(most).take_while(|letter| is_space(letter.c)).count()
}

/// The dot at `from`: where it ends, and how it is written.
fn dot(letters: &[Letter], from: usize) -> Option<(usize, Dot)> {
    let at = |i: usize| letters.get(i).map(|letter| letter.c);
    let begin = spaces(letters, from, 2);
    match at(begin)? {
        '.' => {
            let end = spaces(letters, begin + 1, 2);
            Some((
                end,
                match (begin > from, end > begin + 1) {
                    (false, false) => Dot::Plain,
                    (true, true) => Dot::Spaced,
                    _ => Dot::Loose,
                },
            ))
        }
        '[' | '(' | '{' | '<' | '-' | '_' | '*' | '|' => {
            let inner = spaces(letters, begin + 1, 1);
            let inner = match at(inner)? {
                '.' | ',' | '·' | '•' | '。' => inner + 1,
                _ => spelled(letters, inner)?,
            };
            let close = spaces(letters, inner, 1);
            let closes = matches!(at(close)?, ']' | ')' | '}' | '>' | '-' | '_' | '*' | '|');
            closes.then(|| (spaces(letters, close + 1, 2), Dot::Bracketed))
        }
        '。' | '·' | '•' | '∙' | '⋅' | '‧' | '●' | '⚫' | '◦' => {
            Some((spaces(letters, begin + 1, 2), Dot::Sign))
        }
        ',' if begin == from && at(begin + 1).is_some_and(is_name) => Some((begin + 1, Dot::Comma)),
        _ if begin > from => {
            let end = spelled(letters, begin).filter(|_| matches!(at(begin), Some('d' | 'т' | '点')))?;
            let next = spaces(letters, end, 2);
            (next > end).then_some((next, Dot::Word))
        }
        _ => None,
    }
}

/// The word `dot` in some language.
fn spelled(letters: &[Letter], from: usize) -> Option<usize> {
    ["dot", "d0t", "punkt", "punto", "ponto", "точка", "点", "點", "titik"].iter().find_map(|word| {
        let end = from + word.chars().count();
        letters.get(from..end)?.iter().map(|letter| letter.c).eq(word.chars()).then_some(end)
    })
}

/// The beginning of an address: `http://`, whole or taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scheme {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) secure: bool,
    pub(super) whole: bool,
}

impl Scheme {
    /// The one that ends where the name at `end` begins. Does not look before `floor`.
    pub(super) fn before(letters: &[Letter], end: usize, floor: usize) -> Option<Self> {
        let window = &letters[floor.max(end.saturating_sub(MAX_SCHEME))..end];
        if window.iter().rev().find(|letter| !is_space(letter.c)).is_none_or(|letter| letter.c != '/') {
            return None;
        }
        // The signs and letters from the end on, without what is between them.
        let signs: Vec<(usize, char)> = window
            .iter()
            .enumerate()
            .rev()
            .map(|(i, letter)| (i, letter.c))
            .filter(|(_, c)| !is_space(*c) && !matches!(c, '[' | ']' | '(' | ')'))
            .collect();
        let slashes = signs.iter().take_while(|(_, c)| *c == '/').count();
        let colon = usize::from(signs.get(slashes).is_some_and(|(_, c)| matches!(c, ':' | ';' | '.')));
        if !(1..=2).contains(&slashes) || slashes + colon < 2 {
            return None;
        }
        let word = &signs[slashes + colon..];
        ["sptth", "ptth", "spxxh", "pxxh", "sp**h", "p**h"].iter().find_map(|name| {
            let fits = word.len() >= name.len() && word.iter().zip(name.chars()).all(|((_, c), known)| *c == known);
            let first = word.get(name.len() - 1).filter(|_| fits)?.0;
            let start = end - window.len() + first;
            let secure = name.starts_with('s');
            let whole =
                letters[start..end]
                    .iter()
                    .map(|letter| letter.c)
                    .eq(if secure { "https://" } else { "http://" }.chars());
            Some(Self { start, end, secure, whole })
        })
    }
}

/// Where the path ends that follows a host.
pub(super) fn path(letters: &[Letter], host_end: usize) -> Option<usize> {
    let at = |i: usize| letters.get(i).map(|letter| letter.c);
    let begin = spaces(letters, host_end, 1);
    let from = if at(begin) == Some('/') {
        spaces(letters, begin + 1, usize::from(begin > host_end))
    } else if at(begin) == Some('?') && begin == host_end && at(begin + 1).is_some_and(is_name) {
        begin
    } else if begin > host_end && text(letters.get(begin..begin + 6)?) == "slash " {
        begin + 6
    } else {
        return None;
    };
    let rest = letters.get(from..).unwrap_or_default();
    let stops =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '[' | ']' | '|' | ')') || c as u32 >= 0x2000;
    let length = rest.iter().take_while(|letter| !stops(letter.c)).count();
    let kept = rest[..length].iter().rposition(|letter| !matches!(letter.c, '.' | ',' | ';' | ':' | '!' | '?' | '\''));
    match kept {
        Some(last) => Some(from + last + 1),
        None if begin == host_end && at(begin) == Some('/') => Some(begin + 1),
        None => None,
    }
}

pub(super) fn text(letters: &[Letter]) -> String {
    letters.iter().map(|letter| letter.c).collect()
}
