//! What advertisers want to be found for: words that tell even inside a domain name, and beside them the concepts, in every
//! language. Shared by the rules that look at names, anchors and addresses, which people seldom fill with such words; in the text
//! itself they prove nothing.

use std::borrow::Cow;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::named;
use super::phrases::any_of;

/// Telling wherever they stand, even inside a domain name.
const TELLING: &[&str] = &[
    "acai berry",
    "adipex",
    "ambien",
    "backlink",
    "binary option",
    "blackjack",
    "bukmeker",
    "burberry outlet",
    "buy cheap",
    "buy online",
    "buyviagra",
    "canada goose",
    "canadian pharmacy",
    "cash advance",
    "casino",
    "cheap jersey",
    "cheap nfl",
    "cialis",
    "coach outlet",
    "credit repair",
    "diet pill",
    "escort service",
    "essay writing",
    "free money",
    "gambling",
    "garcinia",
    "generic viagra",
    "ghd hair",
    "handbags outlet",
    "hermes bag",
    "hydrocodone",
    "jackpot",
    "jerseys wholesale",
    "kazino",
    "kasino",
    "judi online",
    "keto gummies",
    "levitra",
    "loans online",
    "longchamp outlet",
    "louboutin",
    "louis vuitton",
    "louisvuitton",
    "lose weight",
    "male enhancement",
    "michael kors",
    "moncler",
    "no deposit",
    "nolvadex",
    "online loan",
    "onlinecasino",
    "online pharmacy",
    "oakley sunglasses",
    "paydayloan",
    "payday loan",
    "penis enlarge",
    "pharmacy online",
    "phentermine",
    "poker online",
    "porn",
    "ray ban sunglasses",
    "replica watch",
    "rolex",
    "roulette",
    "satta king",
    "seo service",
    "sex cam",
    "sex chat",
    "slot gacor",
    "slot online",
    "slotgacor",
    "situs slot",
    "sportsbook",
    "togel",
    "tramadol",
    "ugg boots",
    "uggs outlet",
    "valium",
    "viagra",
    "vigrx",
    "weight loss",
    "weightloss",
    "wholesale jersey",
    "xanax",
    "xenical",
    "казино",
    "виагра",
    "ставки на спорт",
    "микрозайм",
    "купить диплом",
    "порно",
    "займ онлайн",
    "кредит онлайн",
    "博彩",
    "娱乐城",
    "代开发票",
    "赌场",
    "办证",
    "私服",
    "카지노",
    "바카라",
    "토토사이트",
];

/// Telling only among other words, as the first or last word of a name: `Cheap Flights`, `Car Insurance`.
const IN_NAMES: &[&str] = &[
    "affordable",
    "buy",
    "cheap",
    "coupon",
    "coupons",
    "discount",
    "discounts",
    "download",
    "downloads",
    "free",
    "for sale",
    "handbags",
    "hosting",
    "insurance",
    "jerseys",
    "lawyer",
    "lawyers",
    "loan",
    "loans",
    "mortgage",
    "online",
    "outlet",
    "plumber",
    "promo",
    "replica",
    "review",
    "reviews",
    "sale",
    "seo",
    "service",
    "services",
    "shoes",
    "shop",
    "software",
    "sunglasses",
    "supplement",
    "supplements",
    "tips",
    "watches",
    "wholesale",
];

static TELLING_WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| any_of(TELLING));

/// The first telling word in a text in lower case in which words are divided by spaces, whatever its language.
pub(super) fn telling(text: &str) -> Option<Cow<'static, str>> {
    let inside = TELLING_WORDS.find(text).map(|found| Cow::Borrowed(TELLING[found.pattern().as_usize()]));
    inside.or_else(|| named::advertised(text).map(Cow::Owned))
}

/// The telling word in an address or part of one.
pub(super) fn telling_in_address(address: &str) -> Option<Cow<'static, str>> {
    let spaced: String =
        address.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { ' ' }).collect();
    telling(&spaced)
}

/// The word that makes a name in lower case a search term, and how telling it is, up to 1.
pub(super) fn in_name(name: &str) -> Option<(Cow<'static, str>, f64)> {
    if let Some(word) = telling(name) {
        return Some((word, 1.0));
    }
    let words: Vec<&str> = name.split_whitespace().collect();
    let ends = [words.first()?, words.last()?];
    let common =
        |known: &&&str| ends.contains(known) || name.strip_suffix(**known).is_some_and(|rest| rest.ends_with(' '));
    let word = IN_NAMES.iter().find(common).filter(|_| words.len() >= 2)?;
    Some((Cow::Borrowed(word), 0.4))
}
