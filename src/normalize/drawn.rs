//! Words that are drawn with signs of other writing: `卂尺乇`, `₥Ø₦ɆɎ`, letters of scripts that hardly anybody reads.

use super::Disguise;
use super::accents;
use super::look_alikes::latin;
use super::odd_letters::{cured, is_odd};
use super::reading::over;
use super::script::is_east_asian;
use super::undone::Letter;

/// Chinese characters and letters of Bopomofo that are drawn like Latin capitals.
const CHINESE: &[(&str, char)] = &[
    ("卂", 'a'),
    ("乃", 'b'),
    ("匚", 'c'),
    ("乇", 'e'),
    ("千", 'f'),
    ("卄", 'h'),
    ("丨工", 'i'),
    ("フ", 'j'),
    ("片", 'k'),
    ("丄ㄥ", 'l'),
    ("爪", 'm'),
    ("几冂", 'n'),
    ("口ㄖ", 'o'),
    ("卩", 'p'),
    ("尺", 'r'),
    ("丂", 's'),
    ("丁丅ㄒ", 't'),
    ("凵ㄩ", 'u'),
    ("山", 'w'),
    ("乂", 'x'),
    ("丫ㄚ", 'y'),
    ("乙", 'z'),
];

/// Signs of money that are drawn like letters with strokes.
const MONEY: &[(&str, char)] = &[
    ("₳", 'a'),
    ("฿₿", 'b'),
    ("₵₡", 'c'),
    ("₫", 'd'),
    ("€", 'e'),
    ("₣", 'f'),
    ("₲", 'g'),
    ("₭", 'k'),
    ("₤£", 'l'),
    ("₥", 'm'),
    ("₦", 'n'),
    ("₱₽", 'p'),
    ("₴$", 's'),
    ("₮₸", 't'),
    ("₩", 'w'),
    ("¥", 'y'),
];

/// Letters of rare scripts, hooks and strokes, as what they look like. Where this is silent, decancer is asked.
const RARE: &[(&str, char)] = &[
    ("ꭺ𐊠ꓮ", 'a'),
    ("ᏼꮟƅꓐ", 'b'),
    ("ⲥꮯꓚƈ", 'c'),
    ("ꭰꓓꓒɗᗪ", 'd'),
    ("ɇꭼꓰ", 'e'),
    ("ẝꓝᵮ", 'f'),
    ("ցɠǥꮐꮆᘜ", 'g'),
    ("հⱨꮋꓧ", 'h'),
    ("ꭵⲓꓲɨ", 'i'),
    ("յꭻꓙɉ", 'j'),
    ("ⲕꮶꓗⱪ", 'k'),
    ("ꮮꓡɭⱡⳑ", 'l'),
    ("ⲙꮇꓟ", 'm'),
    ("ոռꓠⲛɳ", 'n'),
    ("օⲟ𐐬ꓳ", 'o'),
    ("ⲣꮲꓑƥ", 'p'),
    ("ɋզ", 'q'),
    ("ɽⲅɼꮢꓣꮁ", 'r'),
    ("ꮪꓢꜱ", 's'),
    ("ⲧꭲꓔƭ", 't'),
    ("սꞟꓴʉᴜ", 'u'),
    ("ꮩꓦᐯ", 'v'),
    ("ꮃꓪ", 'w'),
    ("ⲭꓫ", 'x'),
    ("ꭹꓬɏ", 'y'),
    ("ꮓꓜⱬʐ", 'z'),
];

fn among(table: &[(&str, char)], c: char) -> Option<char> {
    table.iter().find(|(signs, _)| signs.contains(c)).map(|(_, letter)| *letter)
}

/// The letter that a sign of money is drawn like.
fn money(c: char) -> Option<char> {
    // Most characters are none, and the table is long.
    let may_be = matches!(c, '$' | '£' | '¥' | '\u{e3f}' | '\u{20a0}'..='\u{20cf}');
    if may_be { among(MONEY, c) } else { None }
}

/// The Latin letter that a letter of a rare script or one with a hook looks like.
pub(super) fn rare(c: char) -> Option<char> {
    if c.is_ascii() { None } else { among(RARE, c) }
}

/// What a character of a drawn word stands for.
fn read(letter: &Letter) -> Option<char> {
    let c = letter.c;
    if c.is_ascii_lowercase() {
        return Some(c);
    }
    among(CHINESE, c)
        .or_else(|| money(c))
        .or_else(|| accents::bare_stroke(c))
        .or_else(|| if is_odd(c) { cured(c) } else { latin(letter) }.map(|(c, _)| c))
        .filter(char::is_ascii_lowercase)
}

/// Whether there may be such a word in a text: a Chinese one has other characters, too.
pub(super) fn may_be_in(text: &str) -> bool {
    let mut asian = text.chars().filter(|c| is_east_asian(*c)).peekable();
    let chinese = asian.peek().is_some() && asian.all(|c| among(CHINESE, c).is_some());
    chinese || text.chars().filter(|c| !c.is_ascii() && money(*c).is_some()).nth(1).is_some()
}

/// Spells words that are drawn with Chinese characters, in a text that has no other ones, or with signs of money.
pub(super) fn undraw(letters: &mut [Letter], disguise: &mut Disguise) {
    let is_asian = |letter: &&Letter| is_east_asian(letter.c);
    let is_money = |letter: &&Letter| !letter.c.is_ascii() && money(letter.c).is_some();
    let has_asian = letters.iter().any(|letter| is_asian(&letter));
    let chinese = has_asian && letters.iter().filter(is_asian).all(|letter| among(CHINESE, letter.c).is_some());
    if !chinese && letters.iter().filter(is_money).nth(1).is_none() {
        return;
    }
    let is_part = |letter: &Letter| letter.c.is_alphabetic() || is_money(&letter);
    for word in letters.chunk_by_mut(|a, b| is_part(a) == is_part(b)) {
        if word.len() < 3 || !is_part(&word[0]) {
            continue;
        }
        let asian = word.iter().filter(is_asian).count();
        let at_edge = [word.first(), word.last()].into_iter().flatten().any(|letter| is_asian(&letter));
        let foreign = word.iter().filter(|letter| !letter.c.is_ascii()).count();
        let drawn = chinese && asian > 0 && (foreign >= 3 || !at_edge)
            || asian == 0 && word.iter().filter(is_money).count() >= 2;
        let Some(read) = (if drawn { word.iter().map(read).collect::<Option<Vec<char>>>() } else { None }) else {
            continue;
        };
        disguise.styled.push(over(&word.iter().map(|letter| letter.at).collect::<Vec<_>>()));
        word.iter_mut().zip(read).for_each(|(letter, c)| letter.c = c);
    }
    disguise.styled.sort_unstable();
}

#[cfg(test)]
mod tests {
    use super::super::normalize;

    #[test]
    fn drawn_words_are_spelled() {
        for (text, expected) in
            [("buy 匚卂丂工几口 now", "buy casino now"), ("₥Ø₦ɆɎ here", "money here"), ("c卂sino", "casino")]
        {
            assert_eq!(normalize(text).reading().text, expected);
        }
    }

    #[test]
    fn chinese_names_and_prices_stay() {
        for text in ["我是山口", "山口 and me", "山口san", "costs €5 or £4 or ₹300", "₿ and ₽ are currencies"]
        {
            assert_eq!(normalize(text).reading().text, text);
        }
    }
}
