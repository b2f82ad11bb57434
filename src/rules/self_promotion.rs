//! “Check out my channel.”

use std::sync::LazyLock;

use super::cues::Cue;
use super::named::named;
use super::phrases::Phrases;
use super::{Match, Rule, listing};
use crate::comment::Comment;
use crate::concepts::Concept;
use crate::facts::Facts;
use crate::policy::Policy;

/// What is offered must be the writer's own, so that a viewer who praises a channel is none.
static ASKS: LazyLock<Phrases> = LazyLock::new(|| {
    let own = r"(?:my|our|mine|this guys?|to me\b)";
    let what = r"(?:channel|chanel|chanell|video|vid|vids|videos|cover|covers|song|songs|music|remix|page|profile|playlist|youtube|instagram|insta|ig|soundcloud|facebook|website|site|blog|stream|podcast|account|bio)";
    let pattern = [
        format!(r"\b(?:check|checking|watch|visit|see|view|follow|join|like|support|listen to|look at)\b(?: (?:it|me))?(?: (?:out|on|to|at|over|please|also|and))*(?: {own})(?: \w+){{0,3}} {what}\b"),
        r"\bsub(?:scribe|s|b)?(?: (?:to|2|for|and|please|back|like|share|watch))* (?:me|us|my|our|mine)\b(?: (?:channel|back|please|plz|pls))?".to_owned(),
        r"\b(?:please|plz|pls|plss)\s+(?:sub(?:scribe)?|like and sub|follow me|check (?:me )?out|help me (?:get|reach))\b".to_owned(),
        r"\bsub ?(?:4|for) ?sub\b|\bs4s\b|\bi(?:'ll)? (?:will )?sub(?:scribe)? back\b|\bf4f\b".to_owned(),
        r"\bhelp me (?:to )?(?:get|reach|hit) \d+[\dk]* (?:sub|follow|view)".to_owned(),
        r"\b(?:link (?:is )?in (?:my )?(?:bio|profile|description)|click (?:on )?my (?:profile|name|picture|avatar|channel)|check my (?:profile|page|channel|bio))\b".to_owned(),
        r"подпи(?:шись|шитесь|сывайтесь) на (?:мой|наш|мою)|(?:переходи|заходи)(?:те)? (?:ко мне|в (?:мой )?профиль|по ссылке)|ссылка в профиле|suscr[ií]bete a mi|inscreva-se no meu|abonniert? meinen".to_owned(),
    ]
    .join("|");
    Phrases::new(&pattern, Cue::Promotion)
});

/// Each alternative of what is asked has one of these in it.
#[rustfmt::skip]
pub(super) const CUES: &[&str] = &[
    " channel", " chanel", " vid", " cover", " song", " music", " remix", " page", " profile", " playlist", " youtube", " insta",
    " ig", " soundcloud", " facebook", " website", " site", " blog", " stream", " podcast", " account", " bio", " description",
    "sub", "follow me", "check ", "help me", "click ", "s4s", "f4f", "подпи", "переходи", "заходи", "ссылка в профиле", "suscr",
    "inscreva-se", "abonnier",
];

pub(super) struct SelfPromotion;

impl Rule for SelfPromotion {
    fn name(&self) -> &'static str {
        "self_promotion"
    }

    fn description(&self) -> &'static str {
        "Asks to visit, watch or subscribe to the author's own channel, page or site."
    }

    fn score(&self) -> f64 {
        1.5
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        // `sub4sub` is read as leetspeak in the undone reading.
        let asks = ASKS.find(comment).map(|(reading, found)| {
            let shown: String = found.as_str().chars().take(60).collect();
            // Readers of a blog are asked to read another one, too.
            let about_a_page = ["blog", "site", "page"].iter().any(|word| found.as_str().ends_with(word));
            let seen = Match::new(format!("Asks for visitors: “{shown}”"), vec![reading.span(found.range())]);
            seen.times(if about_a_page { 0.5 } else { 1.0 })
        });
        asks.or_else(|| in_other_words(comment))
    }
}

/// What other languages say for it. “My channel” alone is no request, so two are needed.
fn in_other_words(comment: &Comment) -> Option<Match> {
    let found = named(comment, &[Concept::Followers]);
    let detail = format!("Asks for visitors: {}", listing(found.words.iter().map(String::as_str)));
    (found.words.len() >= 2).then(|| Match::new(detail, found.spans))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn asking_for_visitors_is_seen() {
        for text in [
            "Check out my new guitar channel!",
            "please subscribe to my channel",
            "sub4sub anyone?",
            "help me reach 1000 subs",
            "PLZ SUBSCRIBE",
            "Подпишись на мой канал",
            "mampir ke channel saya ya, jangan lupa subscribe",
            "abone olun kanalıma, karşılıklı takip",
            "Passa no meu canal e se inscreve, sigo de volta",
            "互关互粉，订阅我的频道",
            "채널 놀러오세요 맞구독 해요",
        ] {
            assert!(hits(&SelfPromotion, text), "{text}");
        }
    }

    #[test]
    fn viewers_and_readers_pass() {
        for text in [
            "I subscribed to this channel years ago, great video.",
            "Check out the second chapter of the book.",
            "I like this song more than his others",
            "Watch the video again at 2:10",
            "My page numbers are wrong",
            "I like my coffee black",
            "Ich habe den Kanal abonniert, tolles Video.",
            "Я давно подписан на этот канал.",
            "Este canal es muy bueno.",
            "このチャンネルは好きです。",
        ] {
            assert!(!hits(&SelfPromotion, text), "{text}");
        }
    }
}
