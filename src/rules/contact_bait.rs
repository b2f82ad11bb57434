//! Asks to be contacted elsewhere: on WhatsApp, Telegram, WeChat, by telephone, or with crypto money.

use std::sync::LazyLock;

use regex::Regex;

use super::cues::{self, Cue, Cues};
use super::named::named;
use super::phrases::expression;
use super::{Match, Rule, listing};
use crate::comment::Comment;
use crate::concepts::Concept;
use crate::facts::Facts;
use crate::normalize::{Normalized, Reading};
use crate::policy::Policy;

pub(super) struct ContactBait;

/// A messenger with something to reach somebody by, or a request with the same. A number alone is no bait: news
/// are full of them.
const REACH: &str = r"(?:\+?\(?\d[\d\s().-]{6,}\d|@[a-z0-9_.]{4,})";

/// A telephone number.
const NUMBER: &str = r"\+?\(?\d[\d\s().-]{6,}\d";

static BAIT: LazyLock<Regex> = LazyLock::new(|| {
    let messenger = r"(?:\b(?:whats\s?app|watsapp|whatsap|telegram|t[eé]l[eé]gramm?|viber|wechat|we\s?chat|signal app|kik|skype|icq|snapchat|hangouts?)\b|телегра+мм?|ватсап+|вотсап+|вайбер)";
    let request = r"(?:пиши(?:те)?|обращайтесь|звоните|\b(?:contact|call|text|message|dm|inbox|e-?mail|reach|write|add|hit|chat with|talk to|consult|hubungi|contacte[rz]?|escr[ií]beme)\b)(?: (?:me|us|him|her|them|to|now|today|via|on|at|up|out|мне|нам|в|на|по)){0,4}";
    let pattern = [
        format!(r"{messenger}[^\n]{{0,24}}?{REACH}"),
        format!(r"{request}[\s:.,=>-]{{0,8}}{NUMBER}"),
        r"\b(?:t\.me|wa\.me|telegram\.me|chat\.whatsapp\.com|api\.whatsapp\.com|discord\.gg)/[\w+/?=-]{3,}".to_owned(),
        r"(?:微信|威信|薇信|扣扣|\bqq群?|加v|\bvx|飞机|电报)(?:号|：|:|\s|联系|加)*[a-z0-9_-]{5,}".to_owned(),
        r"\b(?:contact|hire|consult|recommend|thanks to|message|dm) [^\n]{0,60}\b(?:on|via|through) (?:his|her|their)? ?(?:whats\s?app|telegram|instagram|ig|gmail|email|facebook page)\b".to_owned(),
        format!(r"\b(?:invest|trader|trading|profit|hacker|recovery|spell|loan)[^\n]{{0,120}}{messenger}"),
    ]
    .join("|");
    expression(&pattern)
});

/// An address of Bitcoin, Ethereum or Tron where the text speaks of sending.
static WALLET: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"\b(?:bc1[a-z0-9]{25,59}|0x[0-9a-fA-F]{40}|T[1-9A-HJ-NP-Za-km-z]{33}|[13][1-9A-HJ-NP-Za-km-z]{26,34})\b",
    )
});

/// What somebody can be reached by.
static REACHED: LazyLock<Regex> = LazyLock::new(|| expression(REACH));

/// An arrow or a hand that points to a name.
static POINTED: LazyLock<Regex> = LazyLock::new(|| expression(r"[👉👇➡⬇▶➤➜→]\s{0,2}@[a-z0-9_]{4,}"));

/// Shortest address of a wallet, in letters and digits.
const MIN_WALLET: usize = 27;

/// Without one of these, or the digits of a telephone number, there is no bait, and the expression need not run.
pub(super) const CUES: &[&str] = &[
    "whats",
    "watsapp",
    "telegram",
    "telégram",
    "télegram",
    "télégram",
    "viber",
    "chat",
    "signal app",
    "kik",
    "skype",
    "icq",
    "hangout",
    "телегра",
    "ватсап",
    "вотсап",
    "вайбер",
    "t.me/",
    "wa.me/",
    "discord.gg/",
    "微信",
    "威信",
    "薇信",
    "扣扣",
    "qq",
    "加v",
    "vx",
    "飞机",
    "电报",
    "instagram",
    " ig",
    "gmail",
    "email",
    "facebook page",
];

/// Fewest digits of a telephone number.
const MIN_DIGITS: usize = 7;

fn has_digits(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= MIN_DIGITS
}

impl Rule for ContactBait {
    fn name(&self) -> &'static str {
        "contact_bait"
    }

    fn description(&self) -> &'static str {
        "Asks to be contacted by telephone or messenger, or names a crypto wallet."
    }

    fn score(&self) -> f64 {
        1.5
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        messenger(comment)
            .or_else(|| wallet(&comment.body))
            .or_else(|| pointed(&comment.body.plain))
            .or_else(|| in_other_words(comment))
    }
}

fn messenger(comment: &Comment) -> Option<Match> {
    let may_bait = |(reading, cues): &(&Reading, Cues)| cues.has(Cue::Bait) || has_digits(&reading.text);
    let (reading, found) =
        cues::readings(comment).filter(may_bait).find_map(|(reading, _)| Some((reading, BAIT.find(&reading.text)?)))?;
    let span = reading.span(found.range());
    Some(Match::new(format!("Asks to be contacted elsewhere: “{}”", shortened(found.as_str())), vec![span]))
}

fn wallet(body: &Normalized) -> Option<Match> {
    let text = &body.visible.text;
    if !has_long_run(text.as_bytes()) {
        return None;
    }
    let found = WALLET.find(text)?;
    // Hashes and ids of code have the same form as the old addresses.
    let speaks_of_money = || {
        ["btc", "bitcoin", "eth", "usdt", "wallet", "donat", "send"].iter().any(|word| body.plain.text.contains(word))
    };
    let certain = found.as_str().starts_with("bc1");
    (certain || speaks_of_money()).then(|| Match::new("Names a crypto wallet", vec![body.visible.span(found.range())]))
}

/// Whether there is a run of letters and digits that may be an address of a wallet. Each such run has a byte at a multiple of
/// its least length, so only the runs around those are measured.
fn has_long_run(text: &[u8]) -> bool {
    text.iter().enumerate().skip(MIN_WALLET - 1).step_by(MIN_WALLET).filter(|(_, b)| b.is_ascii_alphanumeric()).any(
        |(at, _)| {
            let before = text[..at].iter().rev().take_while(|b| b.is_ascii_alphanumeric()).take(MIN_WALLET).count();
            let after = text[at..].iter().take_while(|b| b.is_ascii_alphanumeric()).take(MIN_WALLET).count();
            before + after >= MIN_WALLET
        },
    )
}

fn pointed(plain: &Reading) -> Option<Match> {
    if plain.text.is_ascii() || !plain.text.contains('@') {
        return None;
    }
    let found = POINTED.find(&plain.text)?;
    Some(Match::new(format!("Points to a name: “{}”", found.as_str()), vec![plain.span(found.range())]))
}

/// Requests in other languages. One may be meant for the site; two, or one that names a messenger, are seldom. With a number or
/// a name to reach somebody by, one is enough.
fn in_other_words(comment: &Comment) -> Option<Match> {
    let asked = named(comment, &[Concept::Contact]);
    if asked.words.is_empty() {
        return None;
    }
    let strength = match asked.words.len() {
        _ if REACHED.is_match(&comment.body.plain.text) => 1.0,
        1 if named(comment, &[Concept::Messenger]).words.is_empty() => return None,
        _ => 0.6,
    };
    let detail = format!("Asks to be contacted elsewhere: {}", listing(asked.words.iter().map(String::as_str)));
    Some(Match::new(detail, asked.spans).times(strength))
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn bait_is_seen() {
        for text in [
            "Contact him on WhatsApp: +1 (555) 010-0199 for your loan",
            "text me +44 20 7946 0000",
            "Пишите в телеграм @zarabotok_tut",
            "join https://t.me/some_channel_x",
            "Лучшие фото тут ➡️ @some_shop_bot",
            "详情加我 13800000000",
            "加微信: abc12345",
            "contact Mrs Smith through her telegram",
            "donate bitcoin 1BoatSLRHtKNngkdXEeobR76b53LETtpyT",
            "W h a t s a p p +15550100199",
            "Yang minat hubungi admin, chat WA aja",
            "Пишите в лс, подробности в профиле",
            "Escríbeme al privado, más información por WhatsApp",
            "Chama no zap, mais informações no privado",
            "有需要的私聊我，加微信",
            "카톡문의 주세요, 텔레그램도 가능",
            "Liên hệ zalo, nhắn tin cho em",
        ] {
            assert!(hits(&ContactBait, text), "{text}");
        }
    }

    #[test]
    fn ordinary_mentions_pass() {
        for text in [
            "The ministry's hotline is 0800 123 4567, says the article.",
            "WhatsApp was down on 12 March 2021 for hours.",
            "I agree with @anna_b, call it what you like.",
            "Call 911 if you see smoke.",
            "Telegram and Signal are both messengers from the 2010s.",
            "commit 1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b",
            "You can add 100 to 200 and write it down.",
            "I text my mother every day.",
            "call @anna_b what you like",
            "WhatsApp und Signal verschlüsseln beide.",
            "Telegram, WhatsApp, Skype: they all read your mail.",
            "Telegram заблокировали, а толку?",
            "El ministro no contestó la llamada.",
            "微信用了很多年了，不想换。",
            "https://youtu.be/Cevxzvsjlk8 is the one I meant",
            "카톡이 또 멈췄네",
        ] {
            assert!(!hits(&ContactBait, text), "{text}");
        }
    }
}
