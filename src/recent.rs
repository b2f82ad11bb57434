//! What the latest comments looked like, in memory: finds the same and nearly the same text without asking the database.
//!
//! Each replica remembers the newest comments of the whole service and reads them anew when it starts. Nearness is the
//! Hamming distance of 64-bit SimHash fingerprints (Charikar, STOC 2002; Manku et al., WWW 2007): cut into four
//! bands of 16 bits, two fingerprints that differ in at most three bits share a band.

use std::collections::{HashMap, HashSet, VecDeque};

use unicode_segmentation::UnicodeSegmentation;
use xxhash_rust::xxh3::xxh3_64;

use crate::comment::Comment;
use crate::facts::TextFacts;
use crate::id::{CommentId, SiteId};
use crate::verdict::Status;

/// How many comments are remembered: about 4 MiB.
pub const REMEMBERED: usize = 16_384;
/// Fingerprints that differ in more bits belong to different texts.
const NEAR_BITS: u32 = 3;
/// Texts of fewer words have no fingerprint: they are near to each other by chance.
const MIN_WORDS: usize = 8;
/// Equal or near texts that are looked at; under a flood of one text, more of them say nothing new.
const LOOKED_AT: usize = 256;
/// Newest comments from one network that are named.
const NEWEST: usize = 3;
/// Bands of a fingerprint.
const BANDS: u32 = 4;

/// Whether two texts are nearly the same by their fingerprints.
pub fn is_near(one: u64, other: u64) -> bool {
    one != 0 && other != 0 && distance(one, other) <= NEAR_BITS
}

/// In how many of 64 bits two fingerprints differ.
pub fn distance(one: u64, other: u64) -> u32 {
    (one ^ other).count_ones()
}

/// What is remembered of a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// Its site.
    pub site: SiteId,
    /// The comment.
    pub id: CommentId,
    /// Its author, if one is known.
    pub author: Option<i64>,
    /// Hash of its text.
    pub text_hash: i64,
    /// Its fingerprint; 0 when the text is too short to have one.
    pub fingerprint: u64,
    /// Where it stands.
    pub status: Status,
    /// The first comment with nearly this text; `None` for a text that was new.
    pub campaign: Option<CommentId>,
    /// Hash of the network it was sent from.
    pub address: Option<i64>,
}

/// What is known of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// Comments with the same text.
    pub same: TextFacts,
    /// Comments with nearly the same text, the equal ones not counted.
    pub near: TextFacts,
    /// The first comment of those that look like it.
    pub campaign: Option<CommentId>,
}

impl Text {
    /// What to remember of a comment with this status.
    pub fn of(comment: &Comment, fingerprint: u64, status: Status) -> Self {
        Self {
            site: comment.site,
            id: comment.id,
            author: comment.author_hash(),
            text_hash: comment.text_hash(),
            fingerprint,
            status,
            campaign: None,
            address: comment.submission.ip.map(crate::comment::address_hash),
        }
    }
}

/// The newest comments.
#[derive(Debug)]
pub struct Recent {
    capacity: usize,
    order: VecDeque<CommentId>,
    texts: HashMap<CommentId, Text>,
    same: HashMap<(SiteId, i64), Vec<CommentId>>,
    bands: HashMap<(SiteId, u32, u16), Vec<CommentId>>,
}

impl Recent {
    /// Remembers up to `capacity` comments.
    pub fn new(capacity: usize) -> Self {
        Self { capacity, order: VecDeque::new(), texts: HashMap::new(), same: HashMap::new(), bands: HashMap::new() }
    }

    /// Remembers a comment and forgets the oldest if there are too many.
    pub fn remember(&mut self, text: Text) {
        if self.texts.insert(text.id, text).is_some() {
            return;
        }
        self.order.push_back(text.id);
        self.same.entry((text.site, text.text_hash)).or_default().push(text.id);
        for key in band_keys(text.site, text.fingerprint) {
            self.bands.entry(key).or_default().push(text.id);
        }
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.forget(oldest);
        }
    }

    /// Notes the new status of a comment, if it is remembered.
    pub fn update(&mut self, id: CommentId, status: Status) {
        if let Some(text) = self.texts.get_mut(&id) {
            text.status = status;
        }
    }

    /// What is known of comments with the same text as `comment`, and with nearly the same.
    pub fn facts_about(&self, comment: &Comment, fingerprint: u64) -> Known {
        let author = comment.author_hash();
        let text_hash = comment.text_hash();
        let same = self.same.get(&(comment.site, text_hash)).map_or(&[][..], Vec::as_slice);
        let mut near = HashSet::new();
        for key in band_keys(comment.site, fingerprint) {
            let candidates = self.bands.get(&key).map_or(&[][..], Vec::as_slice);
            near.extend(candidates.iter().rev().take(LOOKED_AT).copied().filter(|id| {
                self.texts.get(id).is_some_and(|text| {
                    text.text_hash != text_hash && distance(text.fingerprint, fingerprint) <= NEAR_BITS
                })
            }));
        }
        let own = comment.id;
        let alike = same.iter().rev().take(LOOKED_AT).chain(&near).filter(|&&id| id != own);
        let campaign = alike.filter_map(|id| self.texts.get(id)).map(|text| text.campaign.unwrap_or(text.id)).min();
        Known {
            same: self.count(same.iter().rev().take(LOOKED_AT).copied(), own, author),
            near: self.count(near.into_iter(), own, author),
            campaign,
        }
    }

    /// How many other remembered comments of a site came from this network, and the newest of them.
    pub fn from_address(&self, site: SiteId, address: i64, own: CommentId) -> (usize, Vec<CommentId>) {
        let mut ids: Vec<CommentId> = self
            .texts
            .values()
            .filter(|text| text.site == site && text.address == Some(address) && text.id != own)
            .map(|text| text.id)
            .collect();
        ids.sort_unstable_by_key(|&id| std::cmp::Reverse(id));
        let count = ids.len();
        ids.truncate(NEWEST);
        (count, ids)
    }

    fn count(&self, ids: impl Iterator<Item = CommentId>, own: CommentId, author: Option<i64>) -> TextFacts {
        let mut facts = TextFacts::default();
        for text in ids.filter(|&id| id != own).filter_map(|id| self.texts.get(&id)) {
            facts.count += 1;
            facts.other_authors += u32::from(text.author != author || author.is_none());
            facts.rejected += u32::from(text.status == Status::Rejected);
        }
        facts
    }

    fn forget(&mut self, id: CommentId) {
        let Some(text) = self.texts.remove(&id) else { return };
        remove(&mut self.same, (text.site, text.text_hash), id);
        for key in band_keys(text.site, text.fingerprint) {
            remove(&mut self.bands, key, id);
        }
    }
}

fn remove<K: std::hash::Hash + Eq>(map: &mut HashMap<K, Vec<CommentId>>, key: K, id: CommentId) {
    if let Some(ids) = map.get_mut(&key) {
        ids.retain(|&other| other != id);
        if ids.is_empty() {
            map.remove(&key);
        }
    }
}

fn band_keys(site: SiteId, fingerprint: u64) -> impl Iterator<Item = (SiteId, u32, u16)> {
    let bands = if fingerprint == 0 { 0 } else { BANDS };
    (0..bands).map(move |band| (site, band, (fingerprint >> (16 * band)) as u16))
}

/// The SimHash of a comment's words in pairs; 0 when it has fewer than eight words.
pub fn fingerprint(comment: &Comment) -> u64 {
    let words: Vec<&str> = comment.body.reading().text.unicode_words().collect();
    if words.len() < MIN_WORDS {
        return 0;
    }
    let mut votes = [0i32; 64];
    let mut pair = String::new();
    for two in words.windows(2) {
        pair.clear();
        pair.push_str(two[0]);
        pair.push(' ');
        pair.push_str(two[1]);
        let hash = xxh3_64(pair.as_bytes());
        for (bit, vote) in votes.iter_mut().enumerate() {
            *vote += if hash >> bit & 1 == 1 { 1 } else { -1 };
        }
    }
    votes.iter().enumerate().fold(0, |print, (bit, &vote)| print | u64::from(vote > 0) << bit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::comment::Submission;
    use jiff::Timestamp;

    const LONG: &str = "The council voted last night to close the old bridge for two years, and nobody who lives on the \
                        other side of the river was asked what they think about it before the vote took place.";

    fn comment(text: &str, email: &str) -> Comment {
        let submission = Submission { text: text.to_owned(), email: Some(email.to_owned()), ..Submission::default() };
        Comment::from_submission(SiteId(1), submission, Timestamp::UNIX_EPOCH)
    }

    fn remember(recent: &mut Recent, comment: &Comment, status: Status) {
        recent.remember(Text::of(comment, fingerprint(comment), status));
    }

    fn facts(recent: &Recent, comment: &Comment) -> (TextFacts, TextFacts) {
        let known = recent.facts_about(comment, fingerprint(comment));
        (known.same, known.near)
    }

    #[test]
    fn the_same_text_is_found_whoever_sent_it() {
        let mut recent = Recent::new(10);
        remember(&mut recent, &comment(LONG, "a@example.org"), Status::Rejected);
        remember(&mut recent, &comment(&LONG.to_uppercase(), "b@example.org"), Status::Held);
        let (same, _) = facts(&recent, &comment(LONG, "a@example.org"));
        assert!(same.count >= 1 && same.rejected == 1, "{same:?}");
    }

    #[test]
    fn a_changed_word_is_near_and_another_text_is_not() {
        let mut recent = Recent::new(10);
        let long = LONG.repeat(3);
        remember(&mut recent, &comment(&long, "a@example.org"), Status::Held);
        let (same, near) = facts(&recent, &comment(&format!("{long} indeed"), "b@example.org"));
        assert_eq!((same.count, near.count, near.other_authors), (0, 1, 1));
        let other =
            "I have been to that museum twice and both times the guide told a different story about the painter.";
        assert_eq!(facts(&recent, &comment(other, "b@example.org")), (TextFacts::default(), TextFacts::default()));
    }

    #[test]
    fn short_texts_are_not_near_to_each_other() {
        let mut recent = Recent::new(10);
        remember(&mut recent, &comment("I agree with you", "a@example.org"), Status::Approved);
        assert_eq!(facts(&recent, &comment("I agree with Bob", "b@example.org")).1, TextFacts::default());
    }

    #[test]
    fn the_oldest_is_forgotten_without_a_trace() {
        let mut recent = Recent::new(2);
        for text in ["one", "two", "three"] {
            remember(&mut recent, &comment(text, "a@example.org"), Status::Held);
        }
        assert_eq!(facts(&recent, &comment("one", "b@example.org")).0.count, 0);
        assert_eq!(facts(&recent, &comment("three", "b@example.org")).0.count, 1);
        assert_eq!(recent.same.len(), 2);
    }

    #[test]
    fn a_moderators_decision_counts() {
        let mut recent = Recent::new(2);
        let first = comment(LONG, "a@example.org");
        remember(&mut recent, &first, Status::Held);
        recent.update(first.id, Status::Rejected);
        assert_eq!(facts(&recent, &comment(LONG, "b@example.org")).0.rejected, 1);
    }

    #[test]
    fn another_site_knows_nothing() {
        let mut recent = Recent::new(2);
        remember(&mut recent, &comment(LONG, "a@example.org"), Status::Held);
        let mut elsewhere = comment(LONG, "b@example.org");
        elsewhere.site = SiteId(2);
        assert_eq!(facts(&recent, &elsewhere), (TextFacts::default(), TextFacts::default()));
    }
}
