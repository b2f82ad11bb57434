//! Praise that fits under every text.

use std::sync::LazyLock;

use super::phrases::Phrases;
use super::{Match, Rule, counted_links};
use crate::comment::Comment;
use crate::facts::Facts;
use crate::policy::Policy;

/// What hardly anybody writes who has read something.
const PHRASES: &[&str] = &[
    "added your blog to my",
    "amazing blog layout",
    "articulated write-up",
    "awesome blog!",
    "be revisiting your",
    "bookmarked your",
    "bookmark your blog",
    "bookmark your weblog",
    "book marked your",
    "book-marked your",
    "fantastic blog",
    "for a long time ago and",
    "got any recommendations",
    "great blog here",
    "great information on your",
    "great web site",
    "great website",
    "great weblog",
    "having problems with hackers",
    "hello there, just became",
    "helpful information specially",
    "i am really enjoying the theme",
    "i am regular visitor",
    "i am regular reader",
    "i couldn't refrain from commenting",
    "i could not resist commenting",
    "i discovered your blog",
    "i discovered your website",
    "i found your blog on",
    "i found your blog using",
    "i have bookmarked",
    "i just couldn't depart your",
    "i like the helpful info",
    "i love your blog",
    "i really like what you guys",
    "i will bookmark",
    "i'll bookmark your",
    "i'm gonna watch out for brussels",
    "i've bookmarked",
    "if you wish for to",
    "informative blog",
    "informative post",
    "just stumbled upon your",
    "keep up the superb",
    "keep up the fantastic",
    "keep up the great writing",
    "loose so much time",
    "magnificent goods from you",
    "my brother recommended i",
    "my coder is trying to persuade me",
    "nice blog here",
    "nice weblog",
    "on the subject of this",
    "put this information together",
    "really appreciate your content",
    "read anything like this before",
    "stumbled upon your weblog",
    "subscribe to your rss",
    "subscribed to your rss",
    "subscribing to your feed",
    "superb blog",
    "superb post",
    "thanks for ones",
    "thanks in favor of",
    "this blog is really",
    "this web site",
    "this website",
    "this weblog",
    "very informative",
    "very useful information",
    "what a data of un-ambiguity",
    "what blogging platform",
    "which blog platform",
    "wonderful blog",
    "wonderful post",
    "wonderful beat",
    "you have made some decent points",
    "you made some decent points",
    "you really know what you're talking",
    "your blog posts",
    "your site came up",
    "your weblog",
    "your web site",
    "your website",
    "i recommend your site",
    "grab your rss",
    "take a look at my blog",
    "visit my blog",
    "visit my site",
    "visit my website",
    "here is my blog",
    "here is my site",
    "here is my website",
    "my web page",
    "my homepage",
    "my web-site",
    "my weblog",
    "also visit my",
    "feel free to surf",
    "look into my",
    "check out my blog",
    "check out my site",
    "check out my website",
];

static MATCHER: LazyLock<Phrases> = LazyLock::new(|| Phrases::new(PHRASES));

/// More phrases make it no worse.
const ENOUGH: usize = 4;

pub(super) struct StockPraise;

impl Rule for StockPraise {
    fn name(&self) -> &'static str {
        "stock_praise"
    }

    fn description(&self) -> &'static str {
        "Praise that fits under every text, two phrases of it or one beside a link or website of the author."
    }

    fn score(&self) -> f64 {
        0.6
    }

    fn check(&self, comment: &Comment, _: &Facts, policy: &Policy) -> Option<Match> {
        let found = MATCHER.find(&comment.body);
        let count = found.phrases.len();
        let first = PHRASES[*found.phrases.first()?];
        let advertises = || {
            comment.submission.url.as_deref().is_some_and(|url| !url.trim().is_empty())
                || !counted_links(comment, policy).is_empty()
        };
        if count < 2 && !advertises() {
            return None;
        }
        Some(Match::new(format!("Praise that fits everywhere: “{first}”"), found.spans).times(count.min(ENOUGH) as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::testing::hits;

    #[test]
    fn praise_for_everything_is_seen() {
        assert!(hits(&StockPraise, "Superb blog! I have bookmarked it and will tell everyone."));
        assert!(hits(&StockPraise, "Very informative. <a href='http://e.example'>chairs</a>"));
    }

    #[test]
    fn thanks_of_readers_pass() {
        for text in [
            "Great article, thank you!",
            "Thanks, this helped me a lot.",
            "Very informative, thanks.",
            "I love this band",
        ] {
            assert!(!hits(&StockPraise, text), "{text}");
        }
    }
}
