//! Letters in boxes and flags, `🅥🅘🅟`, `🇻🇮🇵`; and text that is turned round.

use super::Disguise;
use super::reading::{Reading, over};
use super::script::is_right_to_left;
use super::undone::Letter;
use crate::letters;
use crate::span::Span;

/// The letter in a box.
pub(super) fn unboxed(c: char) -> Option<char> {
    let first = match c as u32 {
        0x1F150..=0x1F169 => 0x1F150,
        0x1F170..=0x1F189 => 0x1F170,
        0x1F1E6..=0x1F1FF => 0x1F1E6,
        _ => return None,
    };
    char::from_u32(c as u32 - first + 0x61)
}

/// Letters in boxes and flags, where the flags are none.
pub(super) fn spell(letters: &mut [Letter], disguise: &mut Disguise) {
    let mut before = None;
    let mut runs = letters.chunk_by_mut(|a, b| unboxed(a.c).is_some() == unboxed(b.c).is_some()).peekable();
    while let Some(run) = runs.next() {
        let Some(read) = run.iter().map(|letter| unboxed(letter.c)).collect::<Option<Vec<char>>>() else {
            before = run.last().map(|letter| letter.c);
            continue;
        };
        let after = runs.peek().and_then(|run| run.first()).map(|letter| letter.c);
        let touches = |c: Option<char>| c.is_some_and(letters::is_alphabetic);
        let within = touches(before) && touches(after);
        let flags = run.iter().all(|letter| letter.c as u32 >= 0x1F1E6) && are_flags(&read);
        if run.len() < 2 && !touches(before) && !touches(after) || flags {
            continue;
        }
        if run.len() >= 2 || within {
            let spans: Vec<Span> = run.iter().map(|letter| letter.at).collect();
            disguise.styled.push(over(&spans));
        }
        run.iter_mut().zip(read).for_each(|(letter, c)| letter.c = c);
    }
    disguise.styled.sort_unstable();
}

/// Two-letter codes that have a flag, one after the other.
const FLAGS: &str = "acadaeafagaialamaoaqarasatauawaxazbabbbdbebfbgbhbibjblbmbnbobqbrbsbtbvbwbybzcacccdcfcgchcickclcmcncocpcrcucvcwcxcy\
    czdedgdjdkdmdodzeaeceeegehereseteufifjfkfmfofrgagbgdgegfggghgiglgmgngpgqgrgsgtgugwgyhkhmhnhrhthuicidieiliminiqirisitjejmjojpkekg\
    khkikmknkpkrkwkykzlalblclilklrlsltlulvlymamcmdmemfmgmhmkmlmmmnmompmqmrmsmtmumvmwmxmymznancnenfngninlnonpnrnunzompapepfpgphpkplpm\
    pnprpsptpwpyqarerorsrurwsasbscsdsesgshsisjskslsmsnsosrssstsvsxsysztatctdtftgthtjtktltmtntotrtttvtwtzuaugumunusuyuzvavcvevgvivnvu\
    wfwsxkyeytzazmzw";

fn are_flags(letters: &[char]) -> bool {
    letters.len().is_multiple_of(2)
        && letters.chunks_exact(2).all(|pair| {
            FLAGS
                .as_bytes()
                .chunks_exact(2)
                .any(|code| code.iter().zip(pair).all(|(known, c)| known.eq_ignore_ascii_case(&(*c as u32 as u8))))
        })
}

/// Turns text round that an override shows from right to left. Each of its letters stands for the whole of it.
pub(super) fn turn(letters: &mut [Letter], visible: &Reading) {
    let mut from = None;
    let mut first = 0;
    let last = visible.origin.last().map_or(0, |at| at.end);
    let ends = visible.text.chars().zip(&visible.origin).map(|(c, at)| (c, *at)).chain([('\n', Span::new(last, last))]);
    for (c, at) in ends {
        match c {
            '\u{202E}' if from.is_none() => from = Some(at.end),
            '\u{202C}' | '\n' => {
                let Some(start) = from.take() else { continue };
                first += letters[first..].partition_point(|letter| letter.at.start < start);
                let count = letters[first..].partition_point(|letter| letter.at.start < at.start);
                let turned = &mut letters[first..first + count];
                if !turned.iter().any(|letter| is_right_to_left(letter.c)) {
                    let whole = over(&turned.iter().map(|letter| letter.at).collect::<Vec<_>>());
                    turned.reverse();
                    turned.iter_mut().for_each(|letter| letter.at = whole);
                }
                first += count;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_told_from_letters() {
        assert!(are_flags(&['d', 'e', 'f', 'r']));
        assert!(!are_flags(&['v', 'i', 'a', 'g', 'r', 'a']));
        assert!(!are_flags(&['d', 'e', 'f']));
    }
}
