//! What a text talks about, whatever its language: gambling, loans, insults. A model that has seen spam in one language knows
//! nothing of another's words; it carries over what it learned about a concept.
//!
//! A hit says that words were found, no more: a report on casinos names gambling too.

use std::ops::Range;
use std::sync::LazyLock;

use crate::language::Language;

mod folded;
mod list;
mod matcher;

use matcher::Matcher;

/// Writes the enum, its names and its lists from one table, so that none can be forgotten.
macro_rules! concepts {
    ($($(#[doc = $doc:literal])+ $concept:ident = $name:literal,)+) => {
        /// What words stand for. Those up to [`Concept::Inheritance`] are spam's, those after it abuse's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Concept {
            $($(#[doc = $doc])+ $concept,)+
        }

        impl Concept {
            /// Every concept, in order.
            pub const ALL: &[Concept] = &[$(Concept::$concept,)+];

            /// Its stable name, in snake case.
            pub fn name(self) -> &'static str {
                match self {
                    $(Concept::$concept => $name,)+
                }
            }
        }

        /// The lists, in the order of the concepts.
        const LISTS: &[(Concept, &str)] = &[
            $((Concept::$concept, include_str!(concat!("../../models/lists/concepts/", $name, ".txt"))),)+
        ];
    };
}

concepts! {
    /// Casinos, betting, slots, lotteries.
    Gambling = "gambling",
    /// Pornography, escorts, cams, dating offers.
    Adult = "adult",
    /// Medicines that are sold without a doctor.
    Pharmacy = "pharmacy",
    /// Offers of loans and credit.
    Loans = "loans",
    /// Crypto currencies, forex, brokers and investment that cannot fail.
    Investment = "investment",
    /// Income by the day, from home, without experience.
    EasyMoney = "easy_money",
    /// Prizes, gift cards, giveaways.
    Prizes = "prizes",
    /// Search engine optimisation, links, traffic and mailings for sale.
    SeoServices = "seo_services",
    /// Replicas, outlets and the brands they copy.
    Counterfeit = "counterfeit",
    /// Diplomas, passports, certificates and invoices for sale.
    Documents = "documents",
    /// Essays and homework written for money.
    Essays = "essays",
    /// Slimming and enlargement.
    BodyShape = "body_shape",
    /// Fortune tellers, spell casters, love spells.
    Spells = "spells",
    /// Hackers for hire and the recovery of lost money.
    Hackers = "hackers",
    /// Cracked software, free downloads, streams of films.
    Downloads = "downloads",
    /// Subscribers, followers and likes, asked for or sold.
    Followers = "followers",
    /// Names of messengers. To name one is no request.
    Messenger = "messenger",
    /// Requests to go on elsewhere: by messenger, telephone, in private.
    Contact = "contact",
    /// Requests to click, visit, look.
    CallToClick = "call_to_click",
    /// Discounts, urgency and the language of shops.
    Offers = "offers",
    /// Praise that fits under every text.
    StockPraise = "stock_praise",
    /// Drugs, weapons and stolen cards for sale.
    Contraband = "contraband",
    /// Heirs wanted, funds to be transferred, donations to be claimed.
    Inheritance = "inheritance",
    /// Obscene words, whoever they are meant for.
    Profanity = "profanity",
    /// Words that call somebody stupid, mean or worthless.
    Insult = "insult",
    /// Threats, and the wish that somebody die or come to harm.
    Threat = "threat",
    /// Words that make people vermin, waste or disease.
    Dehumanising = "dehumanising",
    /// Words whose only use is contempt for a group. What groups are called without contempt is in no list.
    Slur = "slur",
    /// Sexual remarks and demands.
    SexualHarassment = "sexual_harassment",
    /// Telling somebody to be silent or to go away.
    Dismissal = "dismissal",
}

impl Concept {
    /// Whether it is abuse that the concept is about, not advertising.
    pub fn is_abuse(self) -> bool {
        self > Concept::Inheritance
    }

    /// Whether it is something that advertisers offer or ask for; praise is only how they begin.
    pub fn is_advertised(self) -> bool {
        !self.is_abuse() && self != Self::StockPraise
    }
}

/// A place where a text names a concept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What is named.
    pub concept: Concept,
    /// The language of the word; `None` for words of many languages.
    pub language: Option<Language>,
    /// Where, in bytes of the text.
    pub range: Range<usize>,
}

static MATCHER: LazyLock<Matcher> = LazyLock::new(|| Matcher::new(LISTS));

/// Every place where a text in lower case and NFKC, as a [`crate::normalize::Reading`] has it, names a concept: in order, and of the same
/// concept's places none overlaps another. Takes time linear in the text.
pub fn find(text: &str) -> Vec<Hit> {
    MATCHER.find(text)
}

/// Everything that the lists hold: the concept, the language (`None` for words of many), and the words or the stem of the last one.
pub fn listed() -> impl Iterator<Item = (Concept, Option<Language>, &'static str)> {
    let entries = |(concept, text): &(Concept, &'static str)| {
        let concept = *concept;
        list::entries(text).flatten().map(move |entry| (concept, entry.language, entry.words))
    };
    LISTS.iter().flat_map(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::normalize;

    fn names(text: &str) -> Vec<&'static str> {
        let mut found: Vec<_> = find(&normalize(text).reading().text).iter().map(|hit| hit.concept.name()).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    #[test]
    fn a_concept_is_found_in_many_languages() {
        for text in [
            "best online casino here",
            "лучшее казино города",
            "najlepsze kasyno online",
            "situs judi online terpercaya",
            "en iyi bahis siteleri",
            "娱乐城注册送彩金",
            "온라인카지노 추천",
            "nhà cái uy tín",
            "apuestas deportivas",
            "קזינו אונליין",
            "أفضل كازينو",
        ] {
            assert!(names(text).contains(&"gambling"), "{text}: {:?}", names(text));
        }
    }

    #[test]
    fn a_hit_says_where_and_in_which_language() {
        let text = "schaut mal: das beste online-casino, kredit ohne schufa";
        let hits = find(text);
        let hit = hits.iter().find(|hit| hit.concept == Concept::Loans).expect("it is about loans");
        assert_eq!((&text[hit.range.clone()], hit.language), ("kredit ohne schufa", Some(Language::De)));
    }

    #[test]
    fn ordinary_texts_name_nothing() {
        for text in [
            "The bank raised its rates again, and the drug companies too.",
            "Я читал эту статью вчера, спорная мысль.",
            "Ich sehe das anders, der Artikel lässt vieles aus.",
            "Saya setuju dengan pendapat penulis artikel ini.",
            "我觉得这篇文章的观点不对。",
            "Gays, Muslims, Jews and black people live here, as do women and refugees.",
        ] {
            assert!(names(text).is_empty(), "{text}: {:?}", names(text));
        }
    }
}
