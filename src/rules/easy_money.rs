//! Money for nothing.

use std::sync::LazyLock;

use super::cues::Cue;
use super::named::named;
use super::phrases::Phrases;
use super::{Match, Rule, listing};
use crate::comment::Comment;
use crate::concepts::Concept;
use crate::facts::Facts;
use crate::policy::Policy;

static PROMISES: LazyLock<Phrases> = LazyLock::new(|| {
    let pattern = concat!(
        r"\b(?:earn|earning|earned|make|making|made|get|got|paid|pays|profit of|up to)\b(?: \w+){0,3} ?[$€£]\s?\d[\d,.]*k?(?: ?(?:usd|dollars))?(?: \w+)? ?(?:per|a|an|every|each|/) ?(?:day|week|month|hour|hr)\b",
        r"|\b(?:earn|make|making) (?:(?:some|extra|easy|fast|quick|real|good|free|huge) ){1,2}(?:money|cash|income) (?:online|from home|at home|now|today|working)",
        r"|\b(?:earn|make) money (?:online|from home)\b|\bwork(?:ing)? from home and (?:earn|make)|\bonline job",
        r"|\b(?:double|triple) your (?:money|bitcoin|btc|investment|income)\b|\bguaranteed (?:profit|returns?|income|approval)\b",
        r"|\b(?:free|claim your|win an?|won an?) (?:\$\d+|bitcoin|btc|gift ?cards?|iphone|crypto|usdt|airdrop)\b",
        r"|\b(?:my (?:best friend|roomate|roommate|neighbor|neighbour|co-?worker|classmate|buddy|last pay check|last paycheck)(?:'s| s)?)(?: \w+){0,6} (?:makes?|made|earns?|earned|gets paid) (?:\w+ ){0,3}[$€£]\d",
        r"|\b(?:forex|crypto|bitcoin|binary) (?:trader|expert|broker|investment|signals|trading (?:platform|expert))\b[^\n]{0,80}\b(?:profit|returns?|recover|help(?:ed)? me|withdraw)",
        r"|\brecover(?:ed|y of)? (?:my|your|all|lost|stolen)(?: \w+){0,3} (?:funds|bitcoin|btc|crypto|money)\b",
        r"|\b(?:personal|business|urgent|quick|instant) loans? (?:at|with|offer|of)\b|\bloan (?:offer|lender)\b",
        r"|заработ(?:ок|ка|ай|ать|ку)(?: \S+){0,3} (?:онлайн|в интернете|от \d|на дому|без вложений|\d+)|(?:доход|прибыль) от \d[\d .]*(?:\$|руб|₽|usdt|долл)|(?:удал[её]нн\S+|дополнительн\S+) (?:заработ|доход|работ)",
        r"|日赚|日入\d|月入过?万|躺赚|兼职日结|稳赚|日结\d",
    );
    Phrases::new(pattern, Cue::Promise)
});

/// Each alternative of the promises has one of these in it.
#[rustfmt::skip]
pub(super) const CUES: &[&str] = &[
    "$", "€", "£", "money", "cash", "income", "from home", "online job", "double your", "triple your", "guaranteed ", "bitcoin",
    "btc", "gift", "iphone", "crypto", "usdt", "airdrop", "forex", "binary", "recover", "loan", "заработ", "доход от",
    "прибыль от", "удаленн", "удалённ", "дополнительн", "日赚", "日入", "月入", "躺赚", "兼职日结", "稳赚", "日结",
];

pub(super) struct EasyMoney;

impl Rule for EasyMoney {
    fn name(&self) -> &'static str {
        "easy_money"
    }

    fn description(&self) -> &'static str {
        "Promises income by the day or hour, guaranteed profit, prizes, loans or the return of lost funds."
    }

    fn score(&self) -> f64 {
        1.5
    }

    fn check(&self, comment: &Comment, _: &Facts, _: &Policy) -> Option<Match> {
        // `$` was read as a letter in the undone reading.
        let promise = PROMISES.find(comment).map(|(reading, found)| {
            let shown: String = found.as_str().chars().take(60).collect();
            Match::new(format!("Promises money: “{shown}”"), vec![reading.span(found.range())])
        });
        promise.or_else(|| in_other_words(comment))
    }
}

/// What is offered, in any language. One word of it is talk of money; two different ones, or one with a request to get in
/// touch or to click, are an offer.
const OFFERED: &[Concept] =
    &[Concept::EasyMoney, Concept::Loans, Concept::Investment, Concept::Prizes, Concept::Hackers, Concept::Inheritance];

fn in_other_words(comment: &Comment) -> Option<Match> {
    let offered = named(comment, OFFERED);
    if offered.words.is_empty() {
        return None;
    }
    let asked = named(comment, &[Concept::Contact, Concept::CallToClick]);
    let strength = match (offered.words.len(), asked.words.len()) {
        (1, 0) => return None,
        (2.., 1..) => 1.0,
        // Coins, brokers and loans are talked about, too.
        _ => 0.4,
    };
    let words = offered.words.iter().chain(&asked.words).map(String::as_str);
    let spans = offered.spans.iter().chain(&asked.spans).copied().collect();
    Some(Match::new(format!("Offers money: {}", listing(words)), spans).times(strength))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn promises_are_seen() {
        for text in [
            "I am making $120 per hour from my kitchen table",
            "Earn extra cash online with this",
            "double your bitcoin in a week",
            "Удалённая работа, доход от 3000 руб",
            "d0uble y0ur m0ney here",
            "兼职日结 300",
            "Pinjaman online tanpa jaminan, hubungi WA kami",
            "Offre de prêt entre particuliers, contactez-moi",
            "Praca zdalna bez doświadczenia, napisz na priv",
            "Evden para kazanmak isteyen dm atsın, ek gelir",
            "Geld verdienen im Internet, schreib mir privat",
            "Gana dinero desde casa sin experiencia, escríbeme",
            "無擔保貸款，加微信 急用錢",
        ] {
            assert!(hits(&EasyMoney, text), "{text}");
        }
    }

    #[test]
    fn talk_of_money_passes() {
        for text in [
            "The minimum wage is $15 an hour and should be more.",
            "They spend 3 million dollars a year on this road.",
            "Banks make money, we pay.",
            "Мой доход упал, работа плохая",
            "My neighbour was angry about the $5 fee",
            "Die Zinsen steigen und der Kredit für das Haus wird teuer.",
            "El gobierno pide un préstamo y lo pagamos todos.",
            "Bitcoin braucht zu viel Strom.",
            "Pemerintah harus menutup pinjol ilegal.",
        ] {
            assert!(!hits(&EasyMoney, text), "{text}");
        }
    }
}
