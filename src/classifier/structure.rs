//! What a comment is like, whatever its words: links, length, signs, disguise, and the shape of name and addresses.
//!
//! A number lights one bucket for each step it reaches (`3 or more links` is `1 or more` too). An author's field that
//! is not there lights nothing: which fields exist depends on the site, not on the author.

use super::counts::{Counts, looks_random};
use super::features::{Block, Features, SPACE_STRUCTURE, Term};
use super::signs;
use super::tokens::Hash;
use crate::comment::Comment;
use crate::concepts::{self, Concept};
use crate::letters;
use crate::lists;
use crate::normalize::LinkKind;
use crate::policy::is_within;

/// Steps of numbers that are counted.
const COUNTS: &[f64] = &[1.0, 2.0, 3.0, 5.0, 8.0, 15.0];
/// Steps of shares, in per cent.
const SHARES: &[f64] = &[1.0, 3.0, 6.0, 10.0, 20.0, 40.0, 60.0, 80.0];

/// Adds what can be observed of `comment` to `features`.
pub(super) fn observe(comment: &Comment, features: &mut Features) {
    let mut seen = Observer { features };
    text(comment, &mut seen);
    concepts(comment, &mut seen);
    disguise(comment, &mut seen);
    links(comment, &mut seen);
    author(comment, &mut seen);
}

pub(super) struct Observer<'a> {
    pub(super) features: &'a mut Features,
}

impl Observer<'_> {
    /// A number with the steps that it can reach.
    pub(super) fn number(&mut self, name: &'static str, value: f64, steps: &[f64]) {
        self.steps(name, Term::Counted(name, value.min(1e9) as u32), value, steps);
    }

    fn steps(&mut self, name: &'static str, term: Term, value: f64, steps: &[f64]) {
        let reached = steps.iter().take_while(|step| value >= **step).count();
        if reached > 0 {
            let term = self.features.term(term);
            for step in 0..reached {
                let hash = Hash::of(SPACE_STRUCTURE + 1 + step as u64).then_ascii(name);
                self.features.add(Block::Structure, hash, term);
            }
        }
    }

    /// A part of a whole, in per cent.
    fn share(&mut self, name: &'static str, part: usize, whole: usize) {
        self.number(name, 100.0 * part as f64 / whole.max(1) as f64, SHARES);
    }

    pub(super) fn fact(&mut self, name: &'static str, holds: bool) {
        if holds {
            let term = self.features.term(Term::Named(name));
            self.features.add(Block::Structure, Hash::of(SPACE_STRUCTURE).then_ascii(name), term);
        }
    }

    fn detail(&mut self, name: &'static str, detail: &str) {
        let term = self.features.term(Term::Detail(name, detail.to_owned()));
        let hash = Hash::of(SPACE_STRUCTURE).then_ascii(name).then('=').then_all(detail.chars());
        self.features.add(Block::Structure, hash, term);
    }
}

fn text(comment: &Comment, seen: &mut Observer<'_>) {
    let counts = Counts::of(&comment.body.visible.text);
    seen.number("length of the text", counts.all as f64, &[20.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1_600.0, 4_000.0]);
    seen.number("words", counts.words as f64, &[2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]);
    seen.number("lines", counts.lines as f64, COUNTS);
    if counts.letters >= 8 {
        seen.share("capitals in per cent of the letters", counts.upper, counts.letters);
    }
    seen.share("digits in per cent of the text", counts.digits, counts.all);
    seen.share("signs in per cent of the text", counts.signs, counts.all);
    seen.share("pictures in per cent of the text", counts.pictures, counts.all);
    seen.number("digits in the longest number", counts.longest_number as f64, &[3.0, 4.0, 5.0, 7.0, 9.0, 11.0]);
    seen.number("exclamation marks", counts.exclamations as f64, COUNTS);
    seen.number("question marks", counts.questions as f64, COUNTS);
    seen.number("at signs", counts.ats as f64, COUNTS);
    seen.number("faces and hearts", counts.faces as f64, COUNTS);
    seen.number("hash signs", counts.hashes as f64, COUNTS);
    seen.number("money signs", counts.money as f64, COUNTS);
    seen.number("pictures", counts.pictures as f64, COUNTS);
    seen.number("words with digits inside", counts.digits_in_words as f64, COUNTS);
    seen.number("capitals with a number", counts.brands as f64, COUNTS);
    let undone = comment.body.undone.as_ref().map(|undone| Counts::of(&undone.text));
    let read = undone.as_ref().unwrap_or(&counts);
    seen.number("words with a number at the end", read.numbered as f64, COUNTS);
    seen.number("numbers of one digit only", read.doubled as f64, COUNTS);
    seen.number("numbers of three digits or more", read.numbers as f64, COUNTS);
    // Where all is in capitals, no word stands out.
    if 2 * counts.upper < counts.letters {
        seen.number("words in capitals among others", counts.shouted as f64, COUNTS);
    }
    let disguised = signs::words_in(&comment.body.disguise);
    if read.numbered > 0 {
        seen.fact("a name with a number and no link", !has_address(comment));
        seen.fact("a name with a number in a short text", (3..=25).contains(&counts.words));
        seen.fact("a name with a number beside disguise", disguised > 0);
    }
    seen.fact("a few disguised words among others", (1..=3).contains(&disguised) && counts.words >= 5);
    seen.number("words that look random", counts.odd_words as f64, COUNTS);
    signs::observe(comment, counts.words, seen);
    if counts.words >= 5 {
        seen.share("disguised words in per cent", disguised.min(counts.words), counts.words);
        seen.share("lone letters in per cent of the words", counts.lone_letters, counts.words);
        seen.share("random-looking words in per cent", counts.odd_words, counts.words);
        let (words, different) = seen.features.words();
        seen.share("repeated words in per cent", words - different, words);
    }
}

/// Whether a word is a second person, in the languages where abuse is known.
fn is_second_person(word: &str) -> bool {
    matches!(
        word,
        "you"
            | "your"
            | "you're"
            | "youre"
            | "ur"
            | "u"
            | "yourself"
            | "du"
            | "dich"
            | "dir"
            | "dein"
            | "ihr"
            | "euch"
            | "tu"
            | "te"
            | "toi"
            | "ton"
            | "vous"
            | "eres"
            | "usted"
            | "ustedes"
            | "tú"
            | "ti"
            | "você"
            | "voce"
            | "vc"
            | "vocês"
            | "seu"
            | "sei"
            | "voi"
            | "je"
            | "jij"
            | "jou"
            | "jullie"
            | "ty"
            | "ci"
            | "ciebie"
            | "wy"
            | "ты"
            | "тебя"
            | "тебе"
            | "твой"
            | "вы"
            | "вас"
            | "вам"
            | "ви"
            | "sen"
            | "seni"
            | "siz"
            | "kamu"
            | "anda"
            | "lu"
            | "lo"
            | "kau"
            | "أنت"
            | "انت"
            | "أنتم"
            | "너"
            | "넌"
            | "니"
            | "네"
            | "당신"
            | "あなた"
            | "お前"
            | "おまえ"
    )
}

fn concepts(comment: &Comment, seen: &mut Observer<'_>) {
    let mut counts = [0usize; Concept::ALL.len()];
    for hit in &comment.concepts {
        counts[hit.concept as usize] += 1;
    }
    let (mut wares, mut abuses) = (0u32, 0u32);
    for (concept, count) in Concept::ALL.iter().zip(counts).filter(|(_, count)| *count > 0) {
        let term = seen.features.term(Term::Concept(*concept));
        for (step, _) in COUNTS.iter().enumerate().take_while(|(_, step)| count as f64 >= **step) {
            let hash = Hash::of(SPACE_STRUCTURE + 1 + step as u64).then_ascii(concept.name());
            seen.features.add(Block::Structure, hash, term);
        }
        wares += u32::from(concept.is_advertised());
        abuses += u32::from(concept.is_abuse());
    }
    seen.steps("subjects of advertising", Term::Advertised(wares), f64::from(wares), COUNTS);
    seen.steps("kinds of abuse", Term::Abuse(abuses), f64::from(abuses), COUNTS);
    seen.fact("a subject of advertising beside a link", wares > 0 && !comment.body.links.is_empty());
    seen.fact("stock praise beside a link", counts[Concept::StockPraise as usize] > 0 && has_address(comment));
    if abuses > 0 {
        let text = &comment.body.reading().text;
        let you = text.split(|c: char| !letters::is_alphanumeric(c) && c != '\'').any(is_second_person);
        seen.fact("abuse beside a second person", you || text.contains(['你', '您']));
    }
    for concept in concepts::find(&comment.name.reading().text).into_iter().map(|hit| hit.concept) {
        seen.detail("the name talks about", concept.name());
    }
}

fn has_address(comment: &Comment) -> bool {
    !comment.body.links.is_empty() || comment.submission.url.is_some()
}

fn disguise(comment: &Comment, seen: &mut Observer<'_>) {
    let found = &comment.body.disguise;
    let (mut kinds, mut disguised) = (0, 0);
    for (name, spans) in [
        ("invisible characters", &found.invisible),
        ("characters that reorder the text", &found.bidi),
        ("look-alike letters", &found.look_alike),
        ("styled letters", &found.styled),
        ("letters under stacked marks", &found.stacked_marks),
        ("digits and signs for letters", &found.leet),
        ("words with letters set apart", &found.spaced),
        ("links taken apart", &found.links),
        ("elements that nobody sees", &found.hidden),
    ] {
        seen.number(name, spans.len() as f64, COUNTS);
        kinds += usize::from(!spans.is_empty());
        disguised += spans.iter().map(|span| (span.end - span.start) as usize).sum::<usize>();
    }
    seen.number("kinds of disguise", kinds as f64, COUNTS);
    seen.share("disguised characters in per cent of the text", disguised, comment.body.original_len as usize);
}

fn links(comment: &Comment, seen: &mut Observer<'_>) {
    let links = &comment.body.links;
    if links.is_empty() {
        return;
    }
    seen.number("links", links.len() as f64, COUNTS);
    let mut domains: Vec<&str> = links.iter().map(|link| link.domain.as_str()).collect();
    domains.sort_unstable();
    domains.dedup();
    seen.number("different domains", domains.len() as f64, COUNTS);
    seen.number("links to the same domain", (links.len() - domains.len()) as f64, COUNTS);
    let linked: u32 = links.iter().map(|link| link.span.end - link.span.start).sum();
    seen.share("links in per cent of the text", linked as usize, comment.body.original_len as usize);
    let anchors: usize = links.iter().map(|link| link.anchor.chars().count()).sum();
    let words = comment.body.visible.origin.len();
    seen.share("link text in per cent of the text", anchors, words);
    for (name, kind) in [
        ("links in HTML", LinkKind::Html),
        ("links in BBCode", LinkKind::BbCode),
        ("links in Markdown", LinkKind::Markdown),
        ("bare links", LinkKind::Plain),
    ] {
        seen.number(name, links.iter().filter(|link| link.kind == kind).count() as f64, COUNTS);
    }
    seen.fact("a link is shortened", links.iter().any(|link| lists::is_shortener(&link.host)));
    seen.fact("a link's words name another address", links.iter().any(|link| link.false_front().is_some()));
    seen.fact("the text begins with a link", links[0].span.start == 0);
    seen.fact(
        "a link stands at the end",
        links.last().is_some_and(|link| link.span.end + 3 >= comment.body.original_len),
    );
    for link in links.iter().take(10) {
        address("link", &link.host, &link.url, seen);
    }
}

/// The shape of an address. `of` is whose: a link's or the author's website's.
fn address(of: &'static str, host: &str, url: &str, seen: &mut Observer<'_>) {
    let website = of != "link";
    let pick = |link: &'static str, site: &'static str| if website { site } else { link };
    if let Some((_, ending)) = host.rsplit_once('.') {
        seen.detail(pick("link ends in", "website ends in"), ending);
    }
    let labels: usize = host.split('.').count();
    let hyphens = host.bytes().filter(|b| *b == b'-').count();
    let digits = host.bytes().filter(u8::is_ascii_digit).count();
    seen.number(pick("hyphens in a linked host", "hyphens in the website's host"), hyphens as f64, COUNTS);
    seen.number(pick("digits in a linked host", "digits in the website's host"), digits as f64, COUNTS);
    seen.number(pick("parts of a linked host", "parts of the website's host"), labels as f64, &[3.0, 4.0]);
    let longest = host.split('.').map(str::len).max().unwrap_or(0);
    seen.number(
        pick("letters of a linked host", "letters of the website's host"),
        longest as f64,
        &[12.0, 16.0, 20.0, 26.0],
    );
    let path = url.split_once("://").map_or(url, |(_, rest)| rest).split_once('/').map_or("", |(_, path)| path);
    let depth = path.split('/').filter(|part| !part.is_empty()).count();
    seen.number(pick("parts of a linked path", "parts of the website's path"), depth as f64, &[1.0, 2.0, 3.0, 5.0]);
    seen.fact(pick("a link has a query", "the website has a query"), path.contains('?'));
    seen.fact(pick("a link has a fragment", "the website has a fragment"), path.contains('#'));
    seen.fact(pick("a linked page ends in .html", "the website ends in .html"), path.contains(".htm"));
}

fn author(comment: &Comment, seen: &mut Observer<'_>) {
    let name = comment.name.visible.text.trim();
    if !name.is_empty() {
        let words = name.split_whitespace().count();
        let digits = name.bytes().filter(u8::is_ascii_digit).count();
        seen.number("words of the name", words as f64, &[2.0, 3.0, 4.0, 5.0, 6.0]);
        seen.number("digits of the name", digits as f64, &[1.0, 2.0, 3.0, 4.0, 6.0]);
        seen.number("letters of the name", name.chars().count() as f64, &[4.0, 8.0, 12.0, 16.0, 24.0, 32.0]);
        seen.fact("the name has no capital", words > 1 && !name.chars().any(char::is_uppercase));
        seen.fact("the name is an address", name.contains("http") || name.contains("www.") || name.contains(".com"));
        seen.fact("the name looks random", name.split_whitespace().any(looks_random));
        let plain = &comment.name.plain.text;
        seen.fact(
            "the text repeats the name",
            plain.chars().count() >= 4 && comment.body.plain.text.contains(plain.as_str()),
        );
    }
    email(comment, seen);
    if let (Some(url), Some(host)) = (&comment.submission.url, &comment.website) {
        address("website", host, url, seen);
    }
}

/// Names of mailboxes that belong to a post and not to a person.
const ROLES: &[&str] = &[
    "admin",
    "contact",
    "enquiries",
    "hello",
    "help",
    "info",
    "mail",
    "marketing",
    "office",
    "sales",
    "seo",
    "support",
];

fn email(comment: &Comment, seen: &mut Observer<'_>) {
    let Some((local, domain)) = comment.submission.email.as_deref().and_then(|email| email.rsplit_once('@')) else {
        return;
    };
    let (local, domain) = (local.to_lowercase(), domain.to_lowercase());
    let count = |what: fn(&u8) -> bool| local.bytes().filter(what).count() as f64;
    seen.number("digits of the e-mail address", count(u8::is_ascii_digit), &[2.0, 3.0, 4.0, 6.0]);
    seen.number("dots of the e-mail address", count(|b| *b == b'.'), &[2.0, 3.0, 4.0]);
    seen.fact("the e-mail address is a throw-away one", lists::is_disposable(&domain));
    seen.fact("the e-mail address belongs to a post", ROLES.contains(&local.as_str()));
    let name = comment.name.plain.text.as_str();
    let mut words = name.split_whitespace().filter(|word| word.len() >= 3);
    seen.fact("the e-mail address has a word of the name", words.any(|word| local.contains(word)));
    let website = comment.website.as_deref();
    seen.fact("e-mail and website share their domain", website.is_some_and(|host| is_within(host, &domain)));
}
