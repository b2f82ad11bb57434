//! Words that are worth disguising, and short common ones beside them. To be among them is no evidence by itself: they
//! only settle whether a doubtful spelling (`ca$h`, `s e x`, `y0ur`) is one.

/// Words that nobody spells oddly but to hide them, in order.
#[rustfmt::skip]
const TELLING: &[&str] = &[
    "adderall", "ambien", "arsehole", "asshole", "bastard", "betting", "bitch", "bitches", "bitcoin", "blackjack",
    "casino", "casinos", "cialis", "cocaine", "cocksucker", "crypto", "cunt", "dickhead", "ejaculation", "erectile",
    "escort", "escorts", "fentanyl", "forex", "fuck", "fucked", "fucker", "fuckers", "fucking", "gacor", "gambling",
    "handjob", "hardcore", "hydrocodone", "jackpot", "ketamine", "kontol", "levitra", "lottery", "maxwin", "memek",
    "milf", "modafinil", "mortgage", "motherfucker", "naked", "ngentot", "nigga", "nigger", "nude", "nudes",
    "onlyfans", "oxycodone", "oxycontin", "paypal", "penis", "percocet", "pharmacy", "phentermine", "poker", "porn",
    "pornhub", "porno", "pornstar", "pussy", "replica", "retard", "rolex", "roulette", "shit", "shitty", "slut",
    "sluts", "sportsbook", "steroids", "telegram", "togel", "tramadol", "valium", "viagra", "vicodin", "webcam",
    "whatsapp", "whore", "whores", "xanax", "zoloft",
];

/// Words that are often disguised beside those, in order.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "account", "adult", "apply", "ass", "best", "bonus", "boys", "btc", "buy", "call", "cam", "cams", "cash",
    "cashapp", "cheap", "click", "cock", "coin", "coins", "contact", "credit", "daddy", "dating", "deposit", "dick",
    "discount", "dollar", "dollars", "earn", "ecstasy", "email", "fake", "follow", "free", "from", "game", "gift",
    "girl", "girls", "gmail", "good", "hacker", "hello", "help", "here", "horny", "hot", "idiot", "income",
    "instagram", "invest", "investment", "investor", "judi", "kill", "like", "link", "loan", "loans", "lose", "loser",
    "lost", "love", "make", "market", "meds", "million", "money", "more", "moron", "nazi", "now", "offer", "online",
    "only", "order", "people", "pill", "pills", "price", "prize", "profit", "profits", "rape", "real", "sale", "scam",
    "sell", "send", "sex", "sexy", "shop", "signals", "site", "slot", "slots", "spam", "store", "subscribe", "suck",
    "sucks", "this", "tits", "trading", "tube", "video", "visit", "weed", "win", "winner", "work", "xxx", "you",
    "your",
];

/// Longest word of the lists.
pub(super) const LONGEST: usize = 12;

/// Whether the word is worth disguising.
pub(super) fn contains(word: &str) -> bool {
    is_telling(word) || OTHERS.binary_search(&word).is_ok()
}

/// Whether hardly anybody spells the word oddly but to hide it.
pub(super) fn is_telling(word: impl AsRef<[u8]>) -> bool {
    let word = word.as_ref();
    let Some(first) = word.first().filter(|first| first.is_ascii_lowercase()) else {
        return false;
    };
    let first = usize::from(first - b'a');
    may_begin_with(first, word.len())
        && TELLING[STARTS[first]..STARTS[first + 1]].iter().any(|known| known.as_bytes() == word)
}

/// For each first letter where the telling words begin that begin with it, and where the last ones end.
static STARTS: [usize; 27] = starts();

const fn starts() -> [usize; 27] {
    let mut starts = [0; 27];
    let mut i = 0;
    while i < TELLING.len() {
        starts[(TELLING[i].as_bytes()[0] - b'a') as usize + 1] += 1;
        i += 1;
    }
    let mut letter = 1;
    while letter < starts.len() {
        starts[letter] += starts[letter - 1];
        letter += 1;
    }
    starts
}

/// For each first letter the lengths of the telling words that begin with it, as bits.
static LENGTHS: [u16; 26] = lengths();

const fn lengths() -> [u16; 26] {
    let mut lengths = [0; 26];
    let mut i = 0;
    while i < TELLING.len() {
        let word = TELLING[i].as_bytes();
        lengths[(word[0] - b'a') as usize] |= 1 << word.len();
        i += 1;
    }
    lengths
}

/// Whether a telling word has this first letter and length: a quick look before a search.
pub(super) fn may_begin(first: char, length: usize) -> bool {
    first.is_ascii_lowercase() && may_begin_with((first as u8 - b'a') as usize, length)
}

fn may_begin_with(place: usize, length: usize) -> bool {
    length <= LONGEST && LENGTHS[place] >> length & 1 == 1
}

/// The one telling word that `fits`, where no other does.
pub(super) fn only(first: Option<char>, length: usize, fits: impl Fn(&str) -> bool) -> Option<&'static str> {
    let mut found = TELLING
        .iter()
        .filter(|word| word.len() == length && first.is_none_or(|first| word.starts_with(first)) && fits(word));
    let one = found.next()?;
    found.next().is_none().then_some(*one)
}

/// The telling word that is left of `word` when letters said again and again are said once.
pub(super) fn unstretched(word: &[char]) -> Option<&'static str> {
    let said = |word: &mut dyn Iterator<Item = char>| {
        let mut letters: Vec<char> = word.collect();
        letters.dedup();
        letters
    };
    let once = said(&mut word.iter().copied());
    let first = word.first()?;
    let fits =
        |known: &&&str| known.starts_with(*first) && known.len() < word.len() && said(&mut known.chars()) == once;
    TELLING.iter().find(fits).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_in_order_and_none_is_too_long() {
        assert!(TELLING.is_sorted() && OTHERS.is_sorted());
        assert!(TELLING.iter().chain(OTHERS).all(|word| word.len() <= LONGEST));
        assert!(TELLING.iter().all(is_telling));
        assert!(contains("viagra") && contains("cash") && !contains("viola"));
        assert!(!["", "v", "viagr", "viagrb", "zzz", "Viagra", "1"].iter().any(is_telling));
    }

    #[test]
    fn the_quick_look_overlooks_nothing() {
        assert!(TELLING.iter().all(|word| word.chars().next().is_some_and(|first| may_begin(first, word.len()))));
        assert!(!may_begin('z', 3) && !may_begin('é', 5));
    }

    #[test]
    fn stretched_words_are_let_go() {
        let unstretched = |word: &str| super::unstretched(&word.chars().collect::<Vec<_>>());
        assert_eq!(unstretched("viaaagra"), Some("viagra"));
        assert_eq!(unstretched("assshole"), Some("asshole"));
        assert_eq!(unstretched("sooo"), None);
        assert_eq!(unstretched("viagra"), None);
    }
}
