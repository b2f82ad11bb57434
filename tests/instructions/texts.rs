//! What is judged while instructions are counted: ordinary texts, and texts that were made to take long.

/// Ordinary comments and disguised ones, each cut or repeated to 300 characters, with the most instructions that one may
/// take, in thousands: a third more than was counted when this was written.
pub(crate) const KINDS: &[(&str, u64, &str)] = &[
    (
        "plain English",
        490,
        "Thanks for writing this up. I tried the second approach last weekend and it mostly worked, except that the build \
         took far longer than you said. Did you measure it on a cold cache? My neighbour, who has the same machine, sees \
         about half of that. Either way, I learned something, and the diagram in the middle was really helpful to me.",
    ),
    (
        "disguised spam",
        2_000,
        "Bυy V1AGR@ and c.i.a.l.i.s 0nline n0w, 𝓯𝓻𝓮𝓮 shipping f\u{200B}o\u{200B}r y\u{200B}o\u{200B}u! Best \
         r e p l i c a wаtсhes, Ｃａｓｉｎｏ b0nu$ 100%, e\u{336}a\u{336}s\u{336}y m\u{336}o\u{336}n\u{336}e\u{336}y from home: \
         example (dot) com/w1n. Cоntасt me on wh@tsapp +1 555 0100, d o n t w a i t, l!mited 0ffer, g3t r1ch qu1ck t0day \
         with our cr.ed.it and l0ans 4 everyb0dy.",
    ),
    (
        "Russian",
        900,
        "Спасибо за подробную статью, было очень интересно читать. Я живу в Казани и могу подтвердить, что дороги в этом \
         году действительно стали лучше, хотя во дворах всё по-прежнему. Хотелось бы узнать, откуда взяты данные во втором \
         разделе: у меня на работе другие цифры, и мы долго спорили, какие из них правильные. Жду продолжения!",
    ),
    (
        "Chinese",
        1_020,
        "这篇文章写得很好，谢谢分享。我上个月也去过那里，风景确实很美，不过人太多了，停车要等一个小时。建议大家早上七点以前到，\
         带好水和帽子。另外，文中提到的那家面馆已经搬走了，现在在车站对面，味道还是一样。第二张照片是在哪里拍的？我很想带孩子们\
         去看看。我们住在北京，开车大概三个小时，周末的时候路上有点堵，但是还可以接受。希望作者以后多写一些这样的游记，最好\
         附上地图和费用，方便我们安排时间。",
    ),
    (
        "Hindi",
        970,
        "यह लेख पढ़कर बहुत अच्छा लगा, धन्यवाद। मैं पिछले महीने वहाँ गया था और मौसम सचमुच सुहावना था, लेकिन भीड़ बहुत थी। दूसरे भाग में \
         आपने जो आँकड़े दिए हैं, वे कहाँ से लिए गए हैं? मेरे शहर में हालात कुछ अलग हैं। आगे भी ऐसे ही लिखते रहिए, हम इंतज़ार करेंगे।",
    ),
    (
        "Thai",
        1_110,
        "ขอบคุณสำหรับบทความดีๆ ครับ ผมเคยไปเที่ยวที่นั่นเมื่อเดือนที่แล้ว อากาศดีมากแต่คนเยอะไปหน่อย ต้องรอที่จอดรถเกือบหนึ่งชั่วโมง \
         แนะนำให้ไปถึงก่อนเจ็ดโมงเช้า และร้านก๋วยเตี๋ยวในบทความย้ายไปอยู่ตรงข้ามสถานีแล้วนะครับ",
    ),
    (
        "Korean",
        1_230,
        "좋은 글 감사합니다. 지난달에 저도 다녀왔는데 경치는 정말 좋았지만 사람이 너무 많아서 주차하는 데 한 시간이나 걸렸어요. 아침 \
         일곱 시 전에 도착하는 것을 추천합니다. 그리고 글에 나온 국수집은 역 맞은편으로 이사했습니다.",
    ),
    (
        "HTML with links",
        680,
        "<p>Nice &amp; useful, see also <a href=\"https://blog.example.org/2024/05/notes.html\">my notes</a> and \
         <a href=\"http://cheap-watches.example.net/buy?id=7\" rel=nofollow>watches</a>.</p><br><b>Bold</b> claim: \
         [url=http://example.com/a]this[/url] [md](https://example.net) www.example.info &lt;ok&gt; and so on, thanks to you.</p>",
    ),
];

/// Pieces that mean something to one of the steps; each is repeated to the length that is wanted.
pub(crate) const HOSTILE: &[(&str, &str)] = &[
    ("the same character", "a"),
    ("the same capital with a mark", "A\u{301}"),
    ("links", "t.co "),
    ("links in HTML", "<a href=http://a.example>b</a>"),
    ("links in BBCode", "[url=http://a.example]b[/url]"),
    ("links in Markdown", "[b](http://a.example) "),
    ("BBCode that is never closed", "[b]"),
    ("links that are never closed", "[url="),
    ("anchors that are never closed", "<a href="),
    ("angle brackets", "<"),
    ("ampersands", "&"),
    ("entities", "&#97;"),
    ("alternatives", "{a|b}"),
    ("alternatives that are never closed", "{ab|"),
    ("letters set apart", "v i a g r a "),
    ("letters with dots", "v.i"),
    ("zero-width characters", "\u{200B}"),
    ("zero-width characters between letters", "a\u{200B}"),
    ("alternating scripts", "aа"),
    ("marks on one letter", "\u{301}"),
    ("characters that reorder", "\u{202E}"),
    ("digits and letters", "a1"),
    ("digits", "1"),
    ("signs", "$"),
    ("at signs", "a@"),
    ("styled letters", "𝓿"),
    ("flags", "🇻"),
    ("words of one letter", "a "),
    ("host labels", "a."),
    ("schemes", "http://"),
    ("Korean parts", "\u{1161}"),
    ("pictures", "🙂!"),
    ("Chinese", "澳门娱乐城博彩"),
    ("praise", "great post "),
    ("money", "earn $500 per day "),
    ("telephone numbers", "call +1 555 0100 "),
    ("messengers", "whatsapp "),
];

/// The first `length` characters of `unit`, again and again.
pub(crate) fn repeated(unit: &str, length: usize) -> String {
    unit.chars().cycle().take(length).collect()
}

/// `length` characters of words that hardly ever come again, as in a long comment.
pub(crate) fn varied(length: usize) -> String {
    const SYLLABLES: &[&str] =
        &["ta", "ren", "mo", "sil", "ver", "an", "in", "gor", "the", "un", "ly", "pos", "ki", "er", "est", "wa"];
    let mut state = 7u64;
    let mut draw = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut text = String::with_capacity(length + 16);
    while text.len() < length {
        for _ in 0..=draw(3) {
            text.push_str(SYLLABLES[draw(SYLLABLES.len())]);
        }
        text.push_str(if draw(9) == 0 { ". " } else { " " });
    }
    text.truncate(length);
    text
}
