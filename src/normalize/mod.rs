//! From what was sent to what is read: markup out, links found, disguise undone, each with a way back to the original.
//!
//! [`normalize`] is the way of a text; each step is a file.

use crate::span::Span;

mod accents;
mod address_parts;
mod ascii;
mod bbcode;
mod boxes;
mod broken;
mod controls;
mod dictionary;
mod drawn;
mod entities;
mod html;
mod leet;
mod lexicon;
mod links;
mod look_alikes;
mod markup;
mod odd_letters;
mod plain;
mod reading;
mod script;
mod segment;
mod spaced;
mod split_links;
mod suspicion;
mod undone;

pub use links::{Link, LinkKind, host_of};
pub use reading::{Places, Reading};

/// What had to be undone to read the text, as evidence. All spans are places in the original.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Disguise {
    /// Zero-width characters, soft hyphens and other marks without width, where no script or emoji needs them.
    pub invisible: Vec<Span>,
    /// Bidi overrides and isolates that reorder what is shown.
    pub bidi: Vec<Span>,
    /// Letters of another script inside a word (`pаypal` with a Cyrillic а).
    pub look_alike: Vec<Span>,
    /// Mathematical, full-width, enclosed and other styled letters.
    pub styled: Vec<Span>,
    /// Letters under more combining marks than any language uses, and words with a mark on letter after letter.
    pub stacked_marks: Vec<Span>,
    /// Digits and signs in place of letters (`v1agra`).
    pub leet: Vec<Span>,
    /// Words with their letters set apart (`v i a g r a`) or cut in pieces (`cas ino`).
    pub spaced: Vec<Span>,
    /// Links taken apart (`example (dot) com`) or written with letters that machines do not expect in one.
    pub links: Vec<Span>,
    /// Words in elements that are not shown.
    pub hidden: Vec<Span>,
}

/// A text in all its readings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Normalized {
    /// Number of scalar values of the original.
    pub original_len: u32,
    /// What a reader sees: markup and invisible characters gone, entities decoded; case and letters as sent.
    pub visible: Reading,
    /// `visible` after NFKC and in lower case.
    pub plain: Reading,
    /// `plain` with look-alikes, styled letters, leetspeak and spaced-out words undone; `None` where nothing differs.
    pub undone: Option<Reading>,
    /// All links, in order.
    pub links: Vec<Link>,
    /// What had to be undone.
    pub disguise: Disguise,
}

impl Normalized {
    /// The reading with the least disguise.
    pub fn reading(&self) -> &Reading {
        self.undone.as_ref().unwrap_or(&self.plain)
    }
}

/// Normalises `original`. Takes time linear in its length and never fails.
pub fn normalize(original: &str) -> Normalized {
    let original_len = original.chars().count() as u32;
    let mut disguise = Disguise::default();
    let (visible, mut links) = markup::strip(original, &mut disguise.hidden);
    links::add_plain(&visible, &mut links);
    let plain = plain::read(&visible, &mut disguise);
    links::add_disguised(&visible, &plain, &mut links, &mut disguise.links);
    let undone = undone::read(&visible, &plain, &mut links, &mut disguise);
    Normalized { original_len, visible, plain, undone, links, disguise }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> String {
        normalize(text).reading().text.clone()
    }

    #[test]
    fn disguise_is_undone() {
        for (text, expected) in [
            ("Buy V1AGRA here", "buy viagra here"),
            ("buy v i @ g r a now", "buy viagra now"),
            ("c.a.s.i.n.o", "casino"),
            ("vi.ag.ra and c-a-s-i-n-o", "viagra and casino"),
            ("𝓿𝓲𝓪𝓰𝓻𝓪", "viagra"),
            ("🅥🅘🅐🅖🅡🅐", "viagra"),
            ("🇻🇮🇦🇬🇷🇦", "viagra"),
            ("vіаgrа", "viagra"),
            ("v\u{200B}i\u{200D}a\u{AD}gra", "viagra"),
            ("v\u{336}i\u{336}a\u{336}g\u{336}r\u{336}a\u{336}", "viagra"),
            ("v<b>i</b>agra", "viagra"),
            ("&#118;iagra", "viagra"),
            ("ᴄᴀꜱɪɴᴏ", "casino"),
            ("c\u{332}a\u{332}s\u{332}i\u{332}n\u{332}o\u{332}", "casino"),
            ("cas🅘no ΛLEXIS", "casino alexis"),
            ("cas🅘no ΛLEXIS at 🅒asino", "casino alexis at casino"),
            ("7h3 b3s+ c4s1n0 0n|ine", "the best casino online"),
            ("vïàgrà and cäsïnö", "viagra and casino"),
            ("b u y   c h e a p   p i l l s", "buy   cheap   pills"),
            ("w\u{36F}a\u{35C}t\u{317}ches", "watches"),
            ("hɛlp mє get monєy", "help me get money"),
            ("wа\u{E0061}tсh th\u{34F}is", "watch this"),
            ("v<!-- x -->i<b></b>ag<span style='display:none'>z</span>ra", "viagra"),
            ("&#0000118;ia&shy;gra", "viagra"),
            ("\u{202E}argaiv\u{202C} here", "viagra here"),
            ("v\u{2800}i\u{2800}a\u{2800}g\u{2800}r\u{2800}a", "viagra"),
            ("увeличь дoхoд", "увеличь доход"),
            ("c@$1n0", "casino"),
            ("pаypal c0m", "paypal com"),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn real_people_come_through_unharmed() {
        for text in [
            "I read the whole article twice and still disagree with point 3.",
            "Это обычный комментарий, спасибо за статью!",
            "Це звичайний коментар, дякую за статтю про їжу.",
            "Αυτό είναι ένα συνηθισμένο σχόλιο.",
            "هذا تعليق عادي، شكرا لكم.",
            "این یک نظر معمولی است و می\u{200C}خواهم",
            "זו תגובה רגילה, תודה רבה.",
            "这篇文章写得很好，谢谢分享！iPhone手机",
            "これは普通のコメントです。",
            "일반적인 댓글입니다. PC방",
            "यह एक सामान्य टिप्पणी है।",
            "Merci, très intéressant ! À bientôt, Zoë",
            "Cảm ơn bạn, bài viết được lắm",
            "👨\u{200D}👩\u{200D}👧 great ❤\u{FE0F} 🇩🇪🇫🇷",
            "for (int i = 0; i < n; i++) { a[i] = b[i] + 1; }",
            "E = mc², Δt = 5 μs, x ≤ y, ∑ a_i",
            "mp3 b2b covid19 4k i18n utf8 H1N1 h264 log4j Win32 IPv6 x64",
            "me@example.com @anna #tag1 C:\\temp\\x1.txt",
            "J. R. R. Tolkien, U.S.A., e.g. a.k.a. Ph.D.",
            "Plan A, B or C? A B C D",
            "in 1990s, 5pm, 2nd, 100k, $20, 50%",
            "Děkuji za článek, příště víc. Dziękuję, świetny wpis! Köszönöm szépen a cikket.",
            "Mulțumesc și bună ziua.",
            "Şoför çağırdı, ışık açık, kızıl ırmak.",
            "Þetta er ágætt, þú ert góður.",
            "Ẹ ṣé, mo fẹ́ràn rẹ̀. Nǐ hǎo, xièxie. Grüße aus Österreich, tschüß!",
            "C'est préféré à Noël, garçon. ¿Cómo está? Ação não é fácil. Làm ơn đừng nói nữa.",
            "ეს ჩვეულებრივი კომენტარია. Սա սովորական մեկնաբանություն է։",
            "ความคิดเห็นธรรมดา นี่คือ. சாதாரண கருத்து. সাধারণ মন্তব্য",
            "I read the news. Come here, e.g. this.is Node.js by Yahoo.com, end.Next one",
            "webhost4life, top5, Win95, 4ever, gr8, 2day, 0xFF, $x.date$, select@cmd",
            "whats app, web cam, pay pal; soooo gooood, noooo! Hmmm, aaah",
            "(o_o) ¯\\_(ツ)_/¯ ( ͡° ͜ʖ ͡°) :-) ^_^ ٩(◕‿◕)۶",
            "print(\"a.b\", x[0], y->z, a|b, c&d, !e, f*g) // ok",
            "Das kostet 5,50 €. Preis: £4 oder ¥100, 3×4, ½ Liter",
        ] {
            let found = normalize(text);
            assert_eq!(found.disguise, Disguise::default(), "{text}");
            assert_eq!(found.undone.map(|undone| undone.text), None, "{text}");
        }
    }

    #[test]
    fn spans_point_at_what_the_reader_sees() {
        let text = "<p>buy <b>v\u{200B}і</b>agra &amp; more</p>";
        let found = normalize(text);
        let undone = found.undone.expect("it differs");
        let at = undone.text.find("viagra").expect("it is there");
        let span = undone.span(at..at + "viagra".len());
        let original: String = text.chars().skip(span.start as usize).take((span.end - span.start) as usize).collect();
        assert_eq!(original, "v\u{200B}і</b>agra");
        assert_eq!(found.disguise.look_alike, [Span::new(12, 13)]);
    }

    fn check(text: &str) -> Normalized {
        let found = normalize(text);
        let len = text.chars().count() as u32;
        assert_eq!(found.original_len, len);
        for reading in [Some(&found.visible), Some(&found.plain), found.undone.as_ref()].into_iter().flatten() {
            assert_eq!(reading.origin.len(), reading.text.chars().count());
            assert!(reading.origin.iter().all(|span| span.start < span.end && span.end <= len), "in bounds: {text:?}");
            assert!(reading.origin.is_sorted_by_key(|span| span.start), "in order: {text:?}");
        }
        let Disguise { invisible, bidi, look_alike, styled, stacked_marks, leet, spaced, links, hidden } =
            &found.disguise;
        for spans in [invisible, bidi, look_alike, styled, stacked_marks, leet, spaced, links, hidden] {
            assert!(spans.is_sorted() && spans.iter().all(|span| span.start < span.end && span.end <= len), "{text:?}");
        }
        assert!(found.links.iter().all(|link| link.span.end <= len && link.span.start < link.span.end), "{text:?}");
        found
    }

    #[test]
    fn links_in_disguise_are_told_in_the_order_of_the_text() {
        let found = check("see example (dot) com, and www.x\u{200D}y.example.com, or example . com/x");
        assert_eq!(found.disguise.links.len(), 3, "{:?}", found.disguise.links);
    }

    /// Pieces that mean something to one of the steps.
    fn piece() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<char>().prop_map(String::from),
            "[ -~]{0,8}",
            prop::sample::select(vec![
                "<a href=\"http://e.example/x\">",
                "</a>",
                "<b>",
                "<br>",
                "<script>",
                "</script>",
                "<!--",
                "-->",
                "[url=x.example]",
                "[/url]",
                "[url]",
                "[b]",
                "[/b]",
                "[a](http://e.example)",
                "&amp;",
                "&#118;",
                "&",
                "http://",
                "hxxp://",
                "example (dot) com",
                "t . me / x",
                " dot com",
                "<span hidden>",
                "</span>",
                "cas ino",
                "f**k",
                "viaaagra",
                "\\/iagra",
                "vïàgrà",
                "卂丂工几口",
                "₥Ø₦",
                "ɛ",
                "\u{202C}",
                "\u{2800}",
                "www.",
                ".com",
                "://",
                "v i a g r a",
                "c.a.s.i.n.o",
                "v1agra",
                "c@$h",
                "vіаgrа",
                "п",
                "ο",
                "\u{200B}",
                "\u{202E}",
                "\u{301}",
                "\u{336}",
                "𝓿𝓲",
                "🇻",
                "🅥",
                "한",
                "\u{1161}",
                "م\u{200C}ی",
                "İ",
                "ﷺ",
                "👨\u{200D}👩",
                "\u{FE0F}",
                " ",
                "\n",
                "\"",
                "'",
                "[",
                "<",
            ])
            .prop_map(str::to_owned),
        ]
    }

    proptest! {
        #[test]
        fn letters_stand_where_they_are_read(text in "[a-e .]{0,80}") {
            let found = check(&text);
            for (c, at) in found.reading().text.chars().zip(&found.reading().origin) {
                let shown: String = text.chars().skip(at.start as usize).take((at.end - at.start) as usize).collect();
                // A letter that was left out, as in `c.c...e`, stands where its sign does.
                prop_assert!(shown.contains(c) || shown.chars().all(|sign| sign == '.'), "{c:?} in {shown:?}");
            }
        }

        #[test]
        fn any_text_is_read_with_sound_spans(text in any::<String>()) {
            check(&text);
        }

        #[test]
        fn any_mixture_of_markup_and_disguise_is_read_with_sound_spans(pieces in prop::collection::vec(piece(), 0..24)) {
            check(&pieces.concat());
        }

        #[test]
        fn plain_text_is_read_as_it_is(text in "[a-zA-Z0-9 .,;:!?()\n-]{0,200}") {
            let found = check(&text);
            prop_assert_eq!(&found.visible, &Reading::identity(&text));
            prop_assert_eq!(found.plain.text, text.to_ascii_lowercase());
            prop_assert_eq!(found.plain.origin, found.visible.origin);
        }
    }

    /// Hostile texts take no more than the time of a long one: each of these would take minutes were any step quadratic.
    #[test]
    fn hostile_texts_are_read_in_linear_time() {
        let mut texts = vec![
            "a".repeat(200_000),
            "http://e.example/x ".repeat(10_000),
            format!("a{}", "\u{301}".repeat(100_000)),
            format!("{}{}", "[b]".repeat(30_000), "[/b]".repeat(30_000)),
            format!("{}{}", "<a href=x.com>".repeat(30_000), "</a>".repeat(30_000)),
        ];
        for unit in [
            "[url=",
            "<a",
            "<a \"",
            "<a '",
            "<a \"<a '",
            "<a href=",
            "<!--",
            "<script>",
            "[a](",
            "[",
            "<",
            "&",
            "&#",
            "[/b",
            "a.",
            "a.a",
            "://",
            "http://",
            "www.",
            "a b ",
            "v.i",
            "a@",
            "1a",
            "а1",
            "\u{200B}",
            "\u{202E}",
            "🇻",
            "\u{1161}",
            "[url=x.com]",
            "[url]",
            "[/url]",
            "x.com",
            "x.com/(",
            "a-",
            "@",
            "𝓿",
            "п a",
            "ᴠ",
            "é́́",
            "http://x.com](",
            "<a href='x.com'>",
            "x (dot) com ",
            "x . com / ",
            "http : // ",
            "h t t p : / / ",
            "hxxp://x.com ",
            "dot ",
            "[.]",
            "cas ino ",
            "f**k ",
            "aaa ",
            "\\/",
            "()",
            "1a+ ",
            "7h15 ",
            "ïà",
            "ɛ",
            "卂",
            "₥Ø",
            "<span hidden>",
            "</span>",
            "\u{202E}a\u{202C}",
            "a.b ",
            "a\u{2800}",
        ] {
            texts.push(unit.repeat(60_000));
        }
        for text in texts {
            check(&text);
        }
    }
}
