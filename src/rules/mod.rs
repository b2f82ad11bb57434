//! What is looked for in a comment. One file per rule; [`RULES`] is the only list.
//!
//! A rule states an observation, never a conclusion. All rules run, and every hit is kept.

use serde::Serialize;

use crate::comment::Comment;
use crate::facts::Facts;
use crate::normalize::{Link, host_of};
use crate::policy::{Policy, is_within};
use crate::span::Span;

mod contact_bait;
mod cues;
mod deep_author_url;
mod disguised_words;
mod disposable_email;
mod easy_money;
mod filled_too_fast;
mod honeypot_filled;
mod invisible_characters;
mod keyword_link;
mod keyword_name;
mod keywords;
mod known_author;
mod link_share;
mod listed_domain;
mod listed_word;
mod many_links;
mod masked_link;
mod mixed_scripts;
mod named;
mod near_text;
mod other_language;
mod pattern;
mod phrases;
mod rejected_author;
mod repeated_characters;
mod repeated_name;
mod same_text;
mod self_promotion;
mod short_link;
mod shouting;
mod spam_markup;
mod stock_praise;
mod template_marks;
#[cfg(test)]
mod testing;
mod url_name;

pub use cues::Cues;

/// Looks for one thing in a comment. Knows nothing of database, HTTP or clock.
pub trait Rule: Sync {
    /// Its stable name: the reason code in verdicts, policies and metrics.
    fn name(&self) -> &'static str;

    /// What it looks for, in a sentence for the reference table.
    fn description(&self) -> &'static str;

    /// What a hit adds to the score unless the policy says otherwise, in log-odds of spam.
    fn score(&self) -> f64;

    /// The observation, if it can be made.
    fn check(&self, comment: &Comment, facts: &Facts, policy: &Policy) -> Option<Match>;
}

/// What a rule saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    /// A sentence for moderators.
    pub detail: String,
    /// Where, in the original text; empty where it is not in the text.
    pub spans: Vec<Span>,
    /// How strongly, as a factor on the rule's score; 1 for most rules.
    pub strength: f64,
}

impl Match {
    /// A match of ordinary strength.
    pub fn new(detail: impl Into<String>, spans: Vec<Span>) -> Self {
        Self { detail: detail.into(), spans, strength: 1.0 }
    }

    /// The same match, `strength` times as strong.
    pub fn times(self, strength: f64) -> Self {
        Self { strength, ..self }
    }
}

/// A rule's match with the score that the policy gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    /// The rule's name.
    pub code: &'static str,
    /// What it adds to the verdict's score.
    pub score: f64,
    /// What was seen.
    pub seen: Match,
}

/// Every rule there is, in the order of the reference table.
pub static RULES: &[&dyn Rule] = &[
    &many_links::ManyLinks,
    &link_share::LinkShare,
    &short_link::ShortLink,
    &masked_link::MaskedLink,
    &keyword_link::KeywordLink,
    &spam_markup::SpamMarkup,
    &listed_word::ListedWord,
    &listed_domain::ListedDomain,
    &pattern::Pattern,
    &other_language::OtherLanguage,
    &shouting::Shouting,
    &repeated_characters::RepeatedCharacters,
    &mixed_scripts::MixedScripts,
    &invisible_characters::InvisibleCharacters,
    &disguised_words::DisguisedWords,
    &template_marks::TemplateMarks,
    &stock_praise::StockPraise,
    &self_promotion::SelfPromotion,
    &easy_money::EasyMoney,
    &contact_bait::ContactBait,
    &keyword_name::KeywordName,
    &url_name::UrlName,
    &repeated_name::RepeatedName,
    &deep_author_url::DeepAuthorUrl,
    &disposable_email::DisposableEmail,
    &honeypot_filled::HoneypotFilled,
    &filled_too_fast::FilledTooFast,
    &same_text::SameText,
    &near_text::NearText,
    &known_author::KnownAuthor,
    &rejected_author::RejectedAuthor,
];

/// One row of the reference table.
#[derive(Clone, Debug, Serialize)]
pub struct RuleInfo {
    /// The rule's name.
    pub name: &'static str,
    /// What it looks for.
    pub description: &'static str,
    /// Its score unless the policy says otherwise.
    pub score: f64,
}

/// Runs all rules that the policy has not switched off.
pub fn run(comment: &Comment, facts: &Facts, policy: &Policy) -> Vec<Hit> {
    RULES
        .iter()
        .filter_map(|rule| {
            let weight = policy.rule_score(rule.name()).unwrap_or_else(|| rule.score());
            if weight == 0.0 {
                return None;
            }
            let seen = rule.check(comment, facts, policy)?;
            Some(Hit { code: rule.name(), score: weight * seen.strength, seen })
        })
        .collect()
}

/// The reference table: every rule with what it looks for and how much it counts.
pub fn table() -> Vec<RuleInfo> {
    let info = |rule: &&dyn Rule| RuleInfo { name: rule.name(), description: rule.description(), score: rule.score() };
    RULES.iter().map(info).collect()
}

/// The links of a comment that count: those with a host, to sites that are neither trusted nor the commented one.
fn counted_links<'a>(comment: &'a Comment, policy: &Policy) -> Vec<&'a Link> {
    if comment.body.links.is_empty() {
        return Vec::new();
    }
    let own = comment.submission.page.as_deref().map(host_of).filter(|host| !host.is_empty());
    let counts = |link: &&Link| {
        let host = &link.host;
        !host.is_empty() && !policy.trusts(host) && !own.as_deref().is_some_and(|own| is_within(host, own))
    };
    comment.body.links.iter().filter(counts).collect()
}

/// “1 link”, “2 links”.
fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Most that a detail lists.
const MAX_LISTED: usize = 5;

/// “a”, “b”, and so on, for a detail.
fn listing<'a>(mut items: impl Iterator<Item = &'a str>) -> String {
    let shown: Vec<String> = items.by_ref().take(MAX_LISTED).map(|item| format!("“{item}”")).collect();
    let rest = items.count();
    let shown = shown.join(", ");
    if rest > 0 { format!("{shown} and {rest} more") } else { shown }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::comment::Submission;

    #[test]
    fn names_are_unique_and_in_snake_case() {
        let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name()).collect();
        assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn the_reference_table() {
        let mut text = String::new();
        for RuleInfo { name, description, score } in table() {
            writeln!(text, "{name} {score:+}: {description}").expect("writing to a string");
        }
        insta::assert_snapshot!(text, @r"
        many_links +0.3: Three or more links to sites that the policy does not trust; each further one counts again.
        link_share +0.4: Links and their words make up most of the text.
        short_link +0.7: A link through a service that shortens addresses.
        masked_link +2.5: A link that shows the address of one site and leads to another.
        keyword_link +2: A link, the author's own included, whose words or address advertise: casinos, pills, replicas, loans.
        spam_markup +2: Links in BBCode, or in several kinds of markup at once; HTML alone counts little.
        listed_word +2: A word or phrase from the policy's list `words`, whole and in any case; each further one counts again.
        listed_domain +4: A link, the author's own included, to a domain from the policy's list `domains` or below it.
        pattern +1: A regular expression from the policy matches the visible text; each has a score of its own, which this one scales.
        other_language +0.3: Written in none of the policy's `languages`, where it has any. Visitors write in their own language, so it counts little.
        shouting +0.3: Most letters are capitals. Rude at worst, so it counts little.
        repeated_characters +0.2: Eight or more times the same letter or sign; lines of dashes or dots and written laughter are none.
        mixed_scripts +1.5: Look-alike letters of another script within words, in the text or the name.
        invisible_characters +1.5: Zero-width characters inside words, or controls that turn the direction of text round.
        disguised_words +1: Digits for letters, letters set apart, styled letters or piles of marks, in the text or the name.
        template_marks +3: Unfilled placeholders or alternatives, as in {good|great} {post|article}.
        stock_praise +0.6: Praise that fits under every text, two phrases of it or one beside a link or website of the author.
        self_promotion +1.5: Asks to visit, watch or subscribe to the author's own channel, page or site.
        easy_money +1.5: Promises income by the day or hour, guaranteed profit, prizes, loans or the return of lost funds.
        contact_bait +1.5: Asks to be contacted by telephone or messenger, or names a crypto wallet.
        keyword_name +2: The name is a search term or a trade, not what a person is called.
        url_name +0.8: The name is or contains the address of a site.
        repeated_name +1.2: The text links its author's name, or says it twice or more.
        deep_author_url +0.8: The author's website is a single page deep in a site, or a domain made of search terms.
        disposable_email +1.2: The e-mail address belongs to a service of throw-away addresses.
        honeypot_filled +3: The form field that people cannot see was filled. Password managers and screen readers do that too, so it is evidence only.
        filled_too_fast +1.5: The form was sent within two seconds, or faster than the text can be typed.
        same_text +1: The same text was sent before; more so by others or if it was rejected.
        near_text +0.8: Nearly the same text was sent before; more so by others or if it was rejected.
        known_author -2: Earlier comments of the author were approved and none was rejected: speaks for the comment, the more the better.
        rejected_author +1.5: Earlier comments of the author were rejected; counts by their share.
        ");
    }

    fn total(text: &str) -> f64 {
        run(&testing::comment(text), &Facts::default(), &Policy::built_in()).iter().map(|hit| hit.score).sum()
    }

    #[test]
    fn real_comments_stay_low() {
        for text in [
            "Great post, thanks!",
            "THIS GOVERNMENT IS A DISGRACE AND THEY SHOULD ALL RESIGN NOW!!!!!!!!!!",
            "You clearly have not read the bill. Page 14 says the opposite of what you claim, you liar.",
            "Sources: https://news.example/a https://gov.example/b https://uni.example/c and https://lab.example/d",
            "Use `List<String> x = a[i];` and then call foo(x) { return x > 0 ? {a|b} : c; }",
            "The price of insulin went from $20 to $300 a month. Pharma makes money, we pay.",
            "I lost 20 kg and the casino next door closed. Best year ever 🎉🎉🎉",
            "Спасибо, очень полезная статья! Подробнее: https://ru.wikipedia.example/wiki/Тест",
            "<a href=\"https://blog.example/post\">I wrote about this last year</a>, might help.",
        ] {
            assert!(total(text) <= 1.0, "{text}: {}", total(text));
        }
    }

    #[test]
    fn real_comments_of_ten_languages_stay_low() {
        for text in [
            "Ich habe 2019 einen Kredit für das Haus aufgenommen, heute könnte ich ihn nicht mehr bezahlen.",
            "Le gouvernement ferme les yeux et les prix montent. Merci pour cet article.",
            "El casino del pueblo cerró y nadie lo extraña. Buen artículo, gracias.",
            "Obrigado pelo texto. Só falta dizer quem vai pagar essa conta.",
            "Статья хорошая, но про цены на лекарства ни слова. Аптеки закрываются одна за другой.",
            "Stanowisko rządu jest niejasne, a kredyty drożeją z miesiąca na miesiąc.",
            "Pemerintah harus tegas memberantas judi online dan pinjol ilegal.",
            "Yazı güzel ama bahis reklamlarının neden yasaklanmadığı anlatılmamış.",
            "我觉得作者说得有道理，但是房贷利率的问题没有提到。",
            "記事ありがとうございます。年金だけでは生活できません。",
            "기사 잘 봤습니다. 대출 금리가 너무 높아요.",
            "Lån og renter fylder alt for meget i den debat.",
        ] {
            assert!(total(text) <= 1.0, "{text}: {}", total(text));
        }
    }

    #[test]
    fn plain_spam_adds_up() {
        for text in [
            "[url=http://cheap-viagra.example/]Buy viagra[/url] <a href=http://cheap-viagra.example/>viagra</a> http://a.example",
            "I earn $500 per day, contact Mr Bob on WhatsApp +1 555 010 0199",
            "{Great|Nice} {post|article}! http://x.example http://y.example http://z.example",
            "Займ на карту без отказа! Пишите в лс, подробности в профиле. <a href='http://e.example'>Займ онлайн</a>",
            "Situs judi slot gacor, hubungi admin, chat WA aja, pinjol langsung cair <a href='http://e.example'>slot online</a>",
        ] {
            assert!(total(text) >= 3.0, "{text}: {}", total(text));
        }
    }

    #[test]
    fn links_to_the_page_s_own_site_and_trusted_ones_do_not_count() {
        let text = "https://www.news.example/1 https://m.news.example/2 https://news.example/3 https://x.example/4";
        let page = Some("https://news.example/story".to_owned());
        let comment = testing::from_submission(Submission { text: text.to_owned(), page, ..Submission::default() });
        assert_eq!(counted_links(&comment, &Policy::built_in()).len(), 1);
    }

    /// Each takes milliseconds, and would take minutes were any rule quadratic.
    #[test]
    fn hostile_texts_are_judged_in_linear_time() {
        let document = serde_json::from_str(
            r#"{"lists": {"words": ["a", "aa", "aaa"]}, "patterns": [{"regex": "a+b", "score": 1.0}]}"#,
        );
        let policy = Policy::compile(1, document.expect("a document")).expect("a sound policy");
        let max = crate::comment::MAX_TEXT;
        for unit in [
            "a",
            "é",
            "éa ",
            "http://e.example/ ",
            "[url=x.example]",
            "telegram ",
            "1",
            "{a|b}",
            "contact ",
            "sub ",
            "🎉",
            "\u{301}",
        ] {
            let text: String = unit.chars().cycle().take(max).collect();
            run(&testing::comment(&text), &Facts::default(), &policy);
        }
    }

    #[test]
    fn a_rule_that_the_policy_switches_off_does_not_run() {
        let document = serde_json::from_str(r#"{"rules": {"shouting": 0.0, "short_link": 9.0}}"#).expect("a document");
        let policy = Policy::compile(1, document).expect("a sound policy");
        let hits = run(&testing::comment("GO TO HTTPS://BIT.LY/ABC NOW OR NEVER"), &Facts::default(), &policy);
        assert!(hits.iter().all(|hit| hit.code != "shouting"));
        assert!(hits.iter().any(|hit| hit.code == "short_link" && hit.score == 9.0));
    }
}
