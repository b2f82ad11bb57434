//! A quick look at a text: most have nothing in them that needs undoing, and are done with after it.

use super::ascii::{BREAKER, LETTER, SIGN, SPACE, class};
use super::plain::is_generic_mark;
use super::script::{Script, is_east_asian, script};
use super::{accents, boxes, broken, leet, odd_letters};

/// Whether a text in lower case may need undoing: a digit or sign at a letter, signs within a word, letters of two scripts side by side,
/// marks, boxes, or words of another script in a Latin text. Most texts are done with after this one look.
pub(super) fn is_in(text: &str) -> bool {
    if text.is_ascii() { in_ascii(text.as_bytes()) } else { in_any(text) }
}

/// Whether a sign between two letters is usual, the first of them at the end of a word of `length` letters.
fn joins(sign: char, length: usize) -> bool {
    // Behind a dot a sentence or a domain goes on; behind a lone letter it does not.
    matches!(sign, '-' | '\'' | ',' | '/' | ':') || sign == '.' && length > 2
}

/// As [`in_any`]: in ASCII only the ends of words have to be looked at.
fn in_ascii(text: &[u8]) -> bool {
    let (mut before, mut last) = (0, 0);
    let (mut hyphens, mut start, mut length) = (0_u32, 0, 0);
    for (i, &b) in text.iter().enumerate() {
        let class = class(b);
        match (last & LETTER, class & LETTER) {
            (0, LETTER) => {
                if last & SIGN != 0 {
                    return true;
                }
                if before & LETTER != 0 && last & BREAKER != 0 {
                    let sign = text[i - 1];
                    hyphens += u32::from(sign == b'-');
                    if !joins(char::from(sign), length) || hyphens > 1 {
                        return true;
                    }
                }
                start = i;
            }
            (LETTER, 0) => {
                if b == b'*' || b != b'!' && class & SIGN != 0 {
                    return true;
                }
                length = i - start;
            }
            _ => {}
        }
        if class & SPACE != 0 {
            hyphens = 0;
        }
        before = std::mem::replace(&mut last, class);
    }
    false
}

fn in_any(text: &str) -> bool {
    let is_sign = |c: char| c.is_ascii_digit() || leet::is_sign(c);
    let (mut latin, mut other) = (0_u32, 0_u32);
    let (mut before, mut last) = ((' ', Script::None), (' ', Script::None));
    let mut hyphens = 0;
    let mut length = 0;
    let mut accents = accents::Look::default();
    for c in text.chars() {
        let script = script(c);
        if accents.sees(c, script) {
            return true;
        }
        match script {
            Script::None => {
                let leet = last.0.is_ascii_lowercase() && (is_sign(c) && c != '!' || c == '*');
                if leet || is_generic_mark(c) || boxes::unboxed(c).is_some() {
                    return true;
                }
                if c.is_ascii_whitespace() {
                    hyphens = 0;
                }
            }
            Script::Rare => return true,
            _ => {
                if c.is_ascii() && is_sign(last.0) || !c.is_ascii() && odd_letters::is_odd(c) {
                    return true;
                }
                if last.1 != Script::None && last.1 != script && !is_east_asian(c) && !is_east_asian(last.0) {
                    return true;
                }
                if before.0.is_ascii_lowercase() && c.is_ascii() && broken::is_breaker(last.0) {
                    hyphens += u32::from(last.0 == '-');
                    if !joins(last.0, length) || hyphens > 1 {
                        return true;
                    }
                }
                match script {
                    Script::Latin => latin += 1,
                    _ => other += u32::from(script != Script::Apart),
                }
            }
        }
        length = match script {
            Script::None => length,
            _ if last.1 == Script::None => 1,
            _ => length + 1,
        };
        before = std::mem::replace(&mut last, (c, script));
    }
    other > 0 && latin > 2 * other
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ascii_is_looked_at_like_any_text(text in "[a-d1!@*.'/ \n-]{0,24}", any in "[ -@\\[-~\t\n]{0,24}") {
            prop_assert_eq!(in_ascii(text.as_bytes()), in_any(&text));
            prop_assert_eq!(in_ascii(any.as_bytes()), in_any(&any));
        }
    }
}
