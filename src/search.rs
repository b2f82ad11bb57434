//! The search language of queue and API: words and “phrases” of a comment, and filters such as `author:`, `score:>0.8`, `is:held`.
//! What is typed is the address of what is found.

use jiff::{SignedDuration, Timestamp};
use unicode_segmentation::UnicodeSegmentation;

use crate::language::Language;
use crate::store::CommentFilter;
use crate::verdict::Status;

/// Longest accepted search, in characters.
pub const MAX_SEARCH: usize = 500;
/// Most words and phrases of one search.
const MAX_WORDS: usize = 16;
/// Longest term of the index, in characters; longer ones are cut.
const MAX_TERM: usize = 40;

/// The filters, for help texts: name, example, meaning.
pub const FILTERS: [(&str, &str, &str); 12] = [
    ("is", "is:held", "held, approved, rejected or appealed"),
    ("author", "author:ann@example.org", "e-mail address or name"),
    ("ip", "ip:203.0.113.0/24", "address or network it was sent from"),
    ("reason", "reason:many_links", "a reason of the verdict"),
    ("score", "score:>0.8", "the verdict's score; with >, >=, < or <="),
    ("spam", "spam:>=0.5", "probability of spam, 0 to 1"),
    ("toxic", "toxic:<0.2", "probability of toxicity, 0 to 1"),
    ("site", "site:blog", "name of the site"),
    ("lang", "lang:de", "language of the text"),
    ("page", "page:https://news.example/a", "address of the page"),
    ("age", "age:<2d", "time since it arrived, in m, h, d or w"),
    ("for", "for:me", "handed over to you"),
];

/// Which way a number is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Less than.
    Below,
    /// At most.
    AtMost,
    /// At least.
    AtLeast,
    /// More than.
    Above,
}

/// Which number of a verdict is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// The sum of all reasons, in log-odds.
    Score,
    /// Probability of spam.
    Spam,
    /// Probability of toxicity.
    Toxic,
}

/// A condition on a number of the verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Which number.
    pub number: Number,
    /// Which way.
    pub order: Order,
    /// With what.
    pub value: f64,
}

/// A word or phrase to be found in comments, as terms of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase {
    /// The terms, one after the other; never empty.
    pub terms: Vec<String>,
    /// Whether the last one may go on.
    pub is_prefix: bool,
}

/// What a search asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// What the store is asked for. The site is not in it: see [`Search::site`].
    pub filter: CommentFilter,
    /// Name of a site.
    pub site: Option<String>,
    /// Only what was handed over to whoever asks.
    pub for_me: bool,
    /// What could not be understood, in sentences.
    pub mistakes: Vec<String>,
}

impl Search {
    /// Reads a search. What cannot be understood is told, and the rest is still searched for.
    pub fn parse(text: &str, now: Timestamp) -> Self {
        let mut search = Self::default();
        let text: String = text.chars().take(MAX_SEARCH).collect();
        for part in parts(&text) {
            match part.filter {
                Some(name) if is_filter(name) => search.read_filter(name, part.value, now),
                // `http://…` and `12:30` are words.
                _ => search.read_words(part.whole, part.is_quoted),
            }
        }
        if search.filter.words.len() > MAX_WORDS {
            search.filter.words.truncate(MAX_WORDS);
            search.mistakes.push(format!("Only the first {MAX_WORDS} words are searched for."));
        }
        search
    }

    fn read_words(&mut self, text: &str, is_quoted: bool) {
        let terms: Vec<String> = terms(text).collect();
        if terms.is_empty() {
            return;
        }
        self.filter.words.push(Phrase { terms, is_prefix: !is_quoted && text.ends_with('*') });
    }

    fn read_filter(&mut self, name: &str, value: &str, now: Timestamp) {
        let read = match name {
            "is" if value == "appealed" => {
                self.filter.appealed = true;
                Ok(())
            }
            "is" => Status::parse(value)
                .map(|status| self.filter.status = Some(status))
                .ok_or("is: knows held, approved, rejected and appealed".to_owned()),
            "author" => {
                self.filter.author = Some(value.to_owned());
                Ok(())
            }
            "ip" => network(value).map(|network| self.filter.network = Some(network)),
            "reason" => {
                self.filter.reason = Some(value.to_owned());
                Ok(())
            }
            "score" => self.compare(Number::Score, value),
            "spam" => self.compare(Number::Spam, value),
            "toxic" => self.compare(Number::Toxic, value),
            "site" => {
                self.site = Some(value.to_owned());
                Ok(())
            }
            "lang" => Language::from_code(&value.to_lowercase())
                .map(|language| self.filter.language = Some(language))
                .ok_or(format!("lang:{value} is no language that can be told; de, en or zh are")),
            "page" => {
                self.filter.page = Some(value.to_owned());
                Ok(())
            }
            "age" => self.read_age(value, now),
            _ => match value {
                "me" => {
                    self.for_me = true;
                    Ok(())
                }
                _ => Err("for: knows only for:me".to_owned()),
            },
        };
        self.mistakes.extend(read.err());
    }

    fn compare(&mut self, number: Number, value: &str) -> Result<(), String> {
        let (order, digits) = comparison(value);
        let value: f64 = digits.parse().map_err(|_| format!("“{value}” is no number to compare with, as in >0.8"))?;
        if !value.is_finite() {
            return Err("infinity is no number to compare with".to_owned());
        }
        self.filter.numbers.push(Comparison { number, order, value });
        Ok(())
    }

    fn read_age(&mut self, value: &str, now: Timestamp) -> Result<(), String> {
        let wrong = || format!("“{value}” is no age; <2d and >3h are");
        let (order, length) = comparison(value);
        let unit = length.chars().last().ok_or_else(wrong)?;
        let number: i64 = length[..length.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
        let minutes = match unit {
            'm' => 1,
            'h' => 60,
            'd' => 24 * 60,
            'w' => 7 * 24 * 60,
            _ => return Err(wrong()),
        };
        let age = number.checked_mul(minutes * 60).map(SignedDuration::from_secs).ok_or_else(wrong)?;
        let then = now.checked_sub(age).map_err(|_| wrong())?;
        match order {
            Order::Below | Order::AtMost => self.filter.since = Some(then),
            Order::Above | Order::AtLeast => self.filter.until = Some(then),
        }
        Ok(())
    }
}

/// The terms under which a text is found: its words in lower case, without what stands between them. Chinese and Japanese
/// characters are a term each, so that any of their words is a phrase.
pub fn terms(text: &str) -> impl Iterator<Item = String> {
    text.unicode_words()
        .flat_map(|word| word.split(|c: char| !c.is_alphanumeric()))
        .filter(|part| !part.is_empty())
        .map(|part| part.chars().take(MAX_TERM).flat_map(char::to_lowercase).collect())
}

fn is_filter(name: &str) -> bool {
    FILTERS.iter().any(|(known, _, _)| *known == name)
}

struct Part<'a> {
    whole: &'a str,
    filter: Option<&'a str>,
    value: &'a str,
    is_quoted: bool,
}

/// Cuts a search at blanks that do not stand in quotation marks. An open quotation ends with the text.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let mut quoted = false;
        let end = rest
            .find(|c: char| {
                quoted ^= c == '"';
                c.is_whitespace() && !quoted
            })
            .unwrap_or(rest.len());
        let whole = &rest[..end];
        let (filter, value) = match whole.split_once(':') {
            Some((name, value)) if !value.is_empty() => (Some(name), value),
            _ => (None, whole),
        };
        let is_quoted = value.contains('"');
        parts.push(Part { whole, filter, value: value.trim_matches('"'), is_quoted });
        rest = rest[end..].trim_start();
    }
    parts
}

fn comparison(value: &str) -> (Order, &str) {
    for (sign, order) in [(">=", Order::AtLeast), ("<=", Order::AtMost), (">", Order::Above), ("<", Order::Below)] {
        if let Some(rest) = value.strip_prefix(sign) {
            return (order, rest);
        }
    }
    (Order::AtLeast, value)
}

/// An address, or the beginning that all addresses of a network have in text: a whole number of its groups.
fn network(value: &str) -> Result<String, String> {
    let wrong =
        || format!("“{value}” is neither an address nor a network that ends at a group, such as 203.0.113.0/24");
    if let Ok(ip) = value.parse::<std::net::IpAddr>() {
        return Ok(ip.to_string());
    }
    let network: ipnet::IpNet = value.parse().map_err(|_| wrong())?;
    let (length, text) = (usize::from(network.prefix_len()), network.network().to_string());
    match network {
        ipnet::IpNet::V4(_) if length.is_multiple_of(8) && (8..32).contains(&length) => {
            let groups: Vec<&str> = text.split('.').take(length / 8).collect();
            Ok(format!("{}.", groups.join(".")))
        }
        ipnet::IpNet::V6(_) if length.is_multiple_of(16) && (16..=64).contains(&length) => {
            let groups: Vec<&str> = text.split(':').take(length / 16).collect();
            Ok(format!("{}:", groups.join(":")))
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).expect("in range")
    }

    fn search(text: &str) -> Search {
        let search = Search::parse(text, now());
        assert_eq!(search.mistakes, [""; 0], "{text}");
        search
    }

    fn words(text: &str) -> Vec<String> {
        search(text).filter.words.iter().map(|phrase| phrase.terms.join("+")).collect()
    }

    #[test]
    fn words_and_phrases_are_told_apart() {
        assert_eq!(words("cheap \"watches here\" NOW"), ["cheap", "watches+here", "now"]);
        assert_eq!(words("\"open to the end"), ["open+to+the+end"]);
        assert_eq!(words("  "), [""; 0]);
        assert!(search("watch*").filter.words[0].is_prefix);
    }

    #[test]
    fn an_address_or_a_time_is_no_filter() {
        assert_eq!(words("http://spam.example/a 12:30 note:"), ["http+spam+example+a", "12+30", "note"]);
    }

    #[test]
    fn filters_are_read() {
        let found =
            search("is:held reason:many_links lang:DE site:blog author:ann@example.org score:>0.8 toxic:<=0.5 x");
        assert_eq!(found.filter.status, Some(Status::Held));
        assert_eq!(found.filter.reason.as_deref(), Some("many_links"));
        assert_eq!(found.filter.language, Some(Language::De));
        assert_eq!(found.site.as_deref(), Some("blog"));
        assert_eq!(found.filter.author.as_deref(), Some("ann@example.org"));
        assert_eq!(
            found.filter.numbers,
            [
                Comparison { number: Number::Score, order: Order::Above, value: 0.8 },
                Comparison { number: Number::Toxic, order: Order::AtMost, value: 0.5 }
            ]
        );
        assert_eq!(found.filter.words.len(), 1);
        assert_eq!(search("author:\"Ann Example\"").filter.author.as_deref(), Some("Ann Example"));
    }

    #[test]
    fn an_age_is_a_time_before_or_after() {
        assert_eq!(search("age:<2d").filter.since, Some(now() - SignedDuration::from_hours(48)));
        assert_eq!(search("age:>90m").filter.until, Some(now() - SignedDuration::from_mins(90)));
    }

    #[test]
    fn a_network_is_the_beginning_of_its_addresses() {
        let of = |text: &str| search(text).filter.network;
        assert_eq!(of("ip:203.0.113.0/24").as_deref(), Some("203.0.113."));
        assert_eq!(of("ip:203.0.113.9").as_deref(), Some("203.0.113.9"));
        assert_eq!(of("ip:2001:db8:1::/48").as_deref(), Some("2001:db8:1:"));
        assert_eq!(of("ip:2001:db8::1").as_deref(), Some("2001:db8::1"));
    }

    #[test]
    fn what_cannot_be_understood_is_told_and_the_rest_is_searched_for() {
        for text in [
            "is:spam x",
            "score:high x",
            "age:2 x",
            "age:2y x",
            "ip:1.2.3.0/23 x",
            "lang:xx x",
            "for:you x",
            "score:>inf x",
        ] {
            let found = Search::parse(text, now());
            assert_eq!((found.mistakes.len(), found.filter.words.len()), (1, 1), "{text}");
        }
    }

    #[test]
    fn chinese_characters_are_a_term_each() {
        assert_eq!(terms("加微信 now!").collect::<Vec<_>>(), ["加", "微", "信", "now"]);
        assert_eq!(
            terms("Don't visit www.Spam.example").collect::<Vec<_>>(),
            ["don", "t", "visit", "www", "spam", "example"]
        );
    }
}
