//! Letters and what they are disguised as.

/// For each letter what it is disguised as: what is taught, and what only attacks have.
pub(super) type Table = &'static [(char, &'static str, &'static str)];

/// Digits and signs.
#[rustfmt::skip]
pub(super) const LEET: Table = &[
    ('a', "4@", ""),
    ('b', "8", ""),
    ('c', "", "¢©"),
    ('e', "3", "€"),
    ('g', "9", "6"),
    ('i', "1!", "|¡"),
    ('l', "1|", "£"),
    ('o', "0", ""),
    ('s', "5$", ""),
    ('t', "7+", ""),
    ('z', "2", ""),
];

/// Letters of other scripts, hooks and strokes.
#[rustfmt::skip]
pub(super) const LOOK_ALIKES: Table = &[
    ('a', "аα", "ɑаꭺ𐊠"),
    ('b', "", "ЬᏏƅ"),
    ('c', "сϲ", "ⅽⲥƈꮯ"),
    ('d', "", "ԁɗⅾꓒ"),
    ('e', "её", "єҽɛ℮"),
    ('f', "", "ƒẝꓝ"),
    ('g', "", "ɡցǥɠ"),
    ('h', "һ", "հⱨꮒ"),
    ('i', "іι", "ɩꭵⲓı"),
    ('j', "ј", "ϳյ"),
    ('k', "кκ", "ƙⲕᏦ"),
    ('l', "", "ӏⅼɭꓡ"),
    ('m', "м", "ⅿⲙᎷ"),
    ('n', "п", "ոηռɲ"),
    ('o', "оοօ", "ⲟ𐐬ဝഠ"),
    ('p', "рρ", "ⲣƥꓑ"),
    ('q', "", "ԛզɋ"),
    ('r', "г", "ꮁɼⲅ"),
    ('s', "ѕ", "ꜱꮪꓢ"),
    ('t', "т", "τƭⲧꓔ"),
    ('u', "υս", "ʋꞟꓴ"),
    ('v', "ν", "ѵⅴꮩ"),
    ('w', "", "ԝѡꮃ"),
    ('x', "хχ", "ⅹⲭꓫ"),
    ('y', "уγ", "үƴᎩ"),
    ('z', "", "ʐᴢꓜ"),
    ('а', "a", ""),
    ('е', "e", ""),
    ('о', "o", "0"),
    ('р', "p", ""),
    ('с', "c", ""),
    ('у', "y", ""),
    ('х', "x", ""),
    ('и', "", "u"),
    ('к', "", "k"),
    ('т', "", "t"),
    ('м', "", "m"),
    ('п', "", "n"),
    ('г', "", "r"),
    ('в', "", "b"),
    ('н', "", "h"),
    ('і', "", "i"),
];

/// A style of letters.
#[derive(Clone, Copy, Debug)]
pub(super) enum Style {
    /// An alphabet in a row: its first capital, and how far behind it the small letters begin; 0 where there are none.
    Row(char, u32),
    /// The 26 letters, one by one.
    Letters(&'static str),
}

impl Style {
    /// All styles; those that are taught first.
    pub(super) const ALL: &[Self] = &[
        Self::Row('\u{1d400}', 26),
        Self::Row('\u{1d5d4}', 26),
        Self::Row('\u{1d63c}', 26),
        Self::Row('\u{ff21}', 32),
        Self::Row('\u{1d608}', 26),
        Self::Row('\u{1d670}', 26),
        Self::Row('\u{1d4d0}', 26),
        Self::Row('\u{1d56c}', 26),
        Self::Row('\u{1d468}', 26),
        Self::Row('\u{1d5a0}', 26),
        Self::Row('\u{24b6}', 26),
        Self::Row('\u{1f150}', 0),
        Self::Row('\u{1f130}', 0),
        Self::Row('\u{1f170}', 0),
        Self::Row('\u{1f1e6}', 0),
        Self::Letters("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ"),
        Self::Letters("ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖqʳˢᵗᵘᵛʷˣʸᶻ"),
        Self::Letters("卂乃匚ᗪ乇千Ꮆ卄丨ﾌҜㄥ爪几ㄖ卩Ɋ尺丂ㄒㄩᐯ山乂ㄚ乙"),
        Self::Letters("₳฿₵ĐɆ₣₲ⱧłJ₭Ⱡ₥₦Ø₱QⱤ₴₮ɄV₩ӾɎⱫ"),
    ];

    /// The letter in this style, if it has one.
    pub(super) fn letter(self, c: char) -> Option<char> {
        let lower = c.to_ascii_lowercase();
        let place = lower.is_ascii_lowercase().then(|| u32::from(lower) - u32::from('a'))?;
        match self {
            Self::Row(capital, small) => {
                let place = if c.is_ascii_lowercase() { place + small } else { place };
                char::from_u32(u32::from(capital) + place)
            }
            Self::Letters(letters) => letters.chars().nth(place as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_are_letters_of_unicode() {
        assert_eq!(Style::Row('\u{1d400}', 26).letter('a'), Some('𝐚'));
        assert_eq!(Style::Row('\u{1d400}', 26).letter('Z'), Some('𝐙'));
        assert_eq!(Style::Row('\u{ff21}', 32).letter('b'), Some('ｂ'));
        assert_eq!(Style::Row('\u{1f150}', 0).letter('b'), Some('🅑'));
        assert_eq!(Style::Row('\u{ff21}', 32).letter('é'), None);
    }

    #[test]
    fn every_style_has_the_whole_alphabet() {
        for style in Style::ALL {
            assert!(('a'..='z').all(|c| style.letter(c).is_some()), "{style:?}");
        }
    }
}
