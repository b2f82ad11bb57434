//! Ham that looks like spam at first sight: what a careless filter loses.
//!
//! The kinds are found by simple signs of the text alone, which know nothing of rules or model.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::curves::Curve;
use super::judging::{Counts, Outcome};
use crate::dataset::Row;

/// A kind of ham that is easily taken for spam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HardHam {
    /// At least two links.
    SeveralLinks,
    /// Speaks of money.
    MoneyWords,
    /// Quotes program text or markup.
    Code,
    /// Says thanks or well done in a few words.
    ShortPraise,
    /// At least half of its letters are capitals.
    Capitals,
}

/// How often ham of each kind is flagged where 1 % of all ham is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HardHamFound {
    /// The probability of spam from which on 1 % of all ham is flagged.
    pub threshold: Option<f64>,
    /// What was found, by kind.
    pub kinds: BTreeMap<HardHam, KindFound>,
}

/// Ham of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct KindFound {
    /// How much there is.
    pub n: usize,
    /// How much of it is flagged at the threshold.
    pub flagged: usize,
    /// The share that is flagged; `None` where there is none of the kind.
    pub false_positive_rate: Option<f64>,
    /// What the whole pipeline decided.
    pub decisions: Counts,
}

impl HardHam {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::SeveralLinks, Self::MoneyWords, Self::Code, Self::ShortPraise, Self::Capitals];

    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SeveralLinks => "several links",
            Self::MoneyWords => "money words",
            Self::Code => "code",
            Self::ShortPraise => "short praise",
            Self::Capitals => "capitals",
        }
    }

    /// Whether a text is of this kind.
    pub fn holds(self, text: &str) -> bool {
        match self {
            Self::SeveralLinks => links(text) >= 2,
            Self::MoneyWords => has_money(text),
            Self::Code => has_code(text),
            Self::ShortPraise => is_short_praise(text),
            Self::Capitals => is_in_capitals(text),
        }
    }
}

/// Addresses of pages, each counted once: an address that is the text of its own link is one link.
fn links(text: &str) -> usize {
    let lower = text.to_lowercase();
    let mut found = BTreeSet::new();
    for (at, start) in lower.match_indices("://").chain(lower.match_indices("www.")) {
        let rest = lower[at..].trim_start_matches(start);
        let end = rest.find(|c: char| c.is_whitespace() || "\"'<>()[]".contains(c)).unwrap_or(rest.len());
        let address = rest[..end].trim_start_matches("www.").trim_end_matches(['.', ',', '/', '!', '?', ';', ':']);
        if address.contains('.') {
            found.insert(address.to_owned());
        }
    }
    found.len()
}

/// Words of money in the languages of comments that we know most of.
const MONEY: &str = "money cash dollar dollars euro euros price prices pay paid paying buy buying bought sell selling sale cheap \
    cheaper free discount earn income profit loan credit bank invest investment bitcoin casino dinheiro preço \
    comprar grátis dinero geld kaufen argent acheter деньги цена купить бесплатно uang harga beli gratis";

fn has_money(text: &str) -> bool {
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if "$€£¥₽".contains(c) && characters.peek().is_some_and(char::is_ascii_digit) {
            return true;
        }
    }
    has_word_of(text, MONEY)
}

/// Marks that stand in program text and hardly anywhere else; two different ones make a quotation.
#[rustfmt::skip]
const CODE: &[&str] = &[
    "();", ");", "};", "{}", "[]", "=>", "->", "==", "!=", "&&", "||", "</", "/>", "::", "//", "+=", "${", "<?",
    "#include", "function(", "function (", "public ", "private ", "return ", "var ", "const ", "def ", "select *",
    "import ",
];

fn has_code(text: &str) -> bool {
    let lower = text.to_lowercase();
    if ["```", "<code", "<pre"].iter().any(|mark| lower.contains(mark)) {
        return true;
    }
    // Links have slashes and tags of their own.
    let bare = lower.replace("://", " ").replace("</a>", " ");
    CODE.iter().filter(|mark| bare.contains(**mark)).count() >= 2 && bare.contains(['(', '{', '=', '<'])
}

/// Words of praise and thanks.
const PRAISE: &str = "great thanks thank thx nice awesome excellent good cool love loved amazing brilliant helpful useful congrats \
    congratulations perfect wonderful fantastic best obrigado parabéns ótimo legal gracias danke merci спасибо \
    отлично bagus keren mantap 谢谢 감사합니다";
/// Most words that short praise has.
const SHORT: usize = 12;

fn is_short_praise(text: &str) -> bool {
    words(text).count() <= SHORT && has_word_of(text, PRAISE)
}

/// Fewest letters that capitals can be told from.
const MIN_LETTERS: usize = 10;

fn is_in_capitals(text: &str) -> bool {
    let (upper, lower) = text.chars().fold((0usize, 0usize), |(upper, lower), c| {
        (upper + usize::from(c.is_uppercase()), lower + usize::from(c.is_lowercase()))
    });
    upper + lower >= MIN_LETTERS && upper >= lower
}

fn has_word_of(text: &str, list: &str) -> bool {
    words(text).any(|word| list.split(' ').any(|listed| listed == word))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// Measures hard ham among `rows`, whose `outcomes` stand in the same order.
pub fn measure(rows: &[Row], outcomes: &[Outcome]) -> HardHamFound {
    let ham = || rows.iter().zip(outcomes).filter(|(row, _)| row.spam == Some(false));
    let scores: Vec<(f64, bool)> = ham().filter_map(|(_, outcome)| Some((outcome.scores.spam?, false))).collect();
    let threshold = Curve::of(&scores).threshold_at(0.01);
    let mut kinds: BTreeMap<HardHam, KindFound> = HardHam::ALL.map(|kind| (kind, KindFound::default())).into();
    for (row, outcome) in ham() {
        for kind in HardHam::ALL.into_iter().filter(|kind| kind.holds(&row.text)) {
            let found = kinds.entry(kind).or_default();
            found.n += 1;
            let flagged = outcome.scores.spam.zip(threshold).is_some_and(|(spam, threshold)| spam >= threshold);
            found.flagged += usize::from(flagged);
            found.decisions.add(outcome.decision);
        }
    }
    for found in kinds.values_mut() {
        found.false_positive_rate = (found.n > 0).then(|| found.flagged as f64 / found.n as f64);
    }
    HardHamFound { threshold, kinds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Decision, Scores};

    fn kinds(text: &str) -> Vec<HardHam> {
        HardHam::ALL.into_iter().filter(|kind| kind.holds(text)).collect()
    }

    #[test]
    fn two_addresses_are_several_links_and_one_that_names_itself_is_not() {
        assert_eq!(kinds("See http://a.example/x and www.b.example for more"), [HardHam::SeveralLinks]);
        assert!(kinds("<a href=\"http://a.example/x\">http://a.example/x</a>").is_empty());
        assert!(kinds("See http://www.a.example/x please").is_empty());
    }

    #[test]
    fn money_is_a_word_or_a_sum() {
        assert_eq!(kinds("I would not pay that much for a bicycle"), [HardHam::MoneyWords]);
        assert_eq!(kinds("It was $20 at the corner shop"), [HardHam::MoneyWords]);
        assert!(kinds("The payload was delivered to orbit in $HOME").is_empty());
    }

    #[test]
    fn code_is_quoted_or_has_marks_of_its_own() {
        assert_eq!(kinds("Try if (a == b && c) { run(); }"), [HardHam::Code]);
        assert_eq!(kinds("It says <code>x</code> here"), [HardHam::Code]);
        assert!(kinds("I (and my brother) went there; it was raining.").is_empty());
        assert!(kinds("Look at <a href=\"https://a.example/b\">this</a>").is_empty());
    }

    #[test]
    fn praise_is_short_and_friendly() {
        assert_eq!(kinds("Great post, thanks!"), [HardHam::ShortPraise]);
        assert!(kinds("Well that did not help me at all").is_empty());
        let long = format!("Great {}", "word ".repeat(30));
        assert!(kinds(&long).is_empty());
    }

    #[test]
    fn capitals_need_letters() {
        assert_eq!(kinds("WHY DOES NOBODY LISTEN to me"), [HardHam::Capitals]);
        assert!(kinds("NASA and IEEE are acronyms that people know").is_empty());
        assert!(kinds("LOL").is_empty());
        assert!(kinds("漢字仮名交じり文は大文字を持たない").is_empty());
    }

    #[test]
    fn rates_are_told_at_the_threshold_of_all_ham() {
        let row = |text: &str| Row { text: text.to_owned(), spam: Some(false), ..Row::default() };
        let mut rows: Vec<Row> = (0..199).map(|i| row(&format!("ordinary text {i}"))).collect();
        rows.push(row("PLEASE READ THIS NOW"));
        let outcome = |spam| Outcome {
            decision: Decision::Approve,
            score: 0.0,
            scores: Scores { spam: Some(spam), toxic: None },
        };
        let mut outcomes: Vec<Outcome> = (0..199).map(|i| outcome(f64::from(i) / 1_000.0)).collect();
        outcomes.push(outcome(0.9));
        let found = measure(&rows, &outcomes);
        assert_eq!(found.threshold, Some(0.198));
        assert_eq!(found.kinds[&HardHam::Capitals].false_positive_rate, Some(1.0));
        assert_eq!(found.kinds[&HardHam::Code].false_positive_rate, None);
    }
}
