//! What the classifier sees of a comment: words, characters, links, author and structure, hashed into one space.

use super::structure;
use super::tokens::{self, Hash};
use crate::comment::Comment;
use crate::concepts::Concept;
use crate::normalize::Reading;

/// Changes whenever the same comment gives other features; a model of another version is refused.
pub const FEATURE_VERSION: u32 = 5;
/// Size of the space that features are hashed into.
pub const BUCKETS: usize = 1 << 20;
/// The bucket that is in every comment. No feature is hashed onto it.
pub const BIAS: u32 = 0;

/// Features of one kind. The n-grams of a block weigh the same together, however many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Words and pairs of words.
    Words,
    /// Character n-grams within words.
    Characters,
    /// Hosts and paths of links and of the author's website.
    Links,
    /// The author's name.
    Name,
    /// Numbers and observations, each in buckets of its own.
    Structure,
}

/// How many blocks there are.
const BLOCKS: usize = 5;
/// Euclidean length of each block, found by leaving sources out.
const LENGTHS: [f64; BLOCKS - 1] = [1.0, 1.0, 0.5, 0.25];
/// Value of each structure feature.
const STRUCTURE_VALUE: f64 = 0.3;

/// Room for so many observations is made at once; few comments need more.
const OBSERVATIONS: usize = 64;
/// Room for so many features is made for each address.
const USUAL_ADDRESS: usize = 96;

/// Most links whose addresses are looked at, and most characters of each.
const MAX_LINKS: usize = 50;
const MAX_ADDRESS: usize = 200;

/// Which part of the comment a feature is explained by.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// What every comment has.
    Bias,
    /// Characters of a reading.
    Text(Place),
    /// A link, by its place among the body's links.
    Link(u32),
    /// What the text talks about.
    Concept(Concept),
    /// How many subjects of advertising it talks about.
    Advertised(u32),
    /// How many kinds of abuse it talks about.
    Abuse(u32),
    /// Something that is not in the text, by name.
    Named(&'static str),
    /// A number that is not in the text, by name.
    Counted(&'static str, u32),
    /// Two observations that were made together.
    Together(&'static str, &'static str),
    /// A word that is not in the text, by what it is.
    Detail(&'static str, String),
}

/// Characters of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which reading: 0 is the plain one, 1 the undone one.
    pub reading: u8,
    /// First character.
    pub start: u32,
    /// After the last character.
    pub end: u32,
}

/// The features of one block, in the order in which they were found.
#[derive(Debug, Default)]
struct Found {
    buckets: Vec<u32>,
    /// Whose they are: those of one term stand together, so it is named once for all of them.
    runs: Vec<Run>,
}

/// Neighbouring features of one term.
#[derive(Clone, Copy, Debug)]
struct Run {
    term: u32,
    /// Where they end among the buckets of their block.
    end: u32,
}

impl Found {
    fn reserve(&mut self, buckets: usize, runs: usize) {
        self.buckets.reserve(buckets);
        self.runs.reserve(runs);
    }

    /// Gives the features that belong to nobody yet, which are the last ones, to a term.
    fn belong_to(&mut self, term: u32) {
        let end = self.buckets.len() as u32;
        match self.runs.last_mut() {
            Some(last) if last.term == term || last.end == end => last.end = end,
            None if end == 0 => {}
            _ => self.runs.push(Run { term, end }),
        }
    }

    fn clear(&mut self) {
        self.buckets.clear();
        self.runs.clear();
    }
}

/// Everything the classifier sees of one comment.
#[derive(Debug)]
pub struct Features {
    blocks: [Found; BLOCKS],
    /// The parts that features are explained by; the first is [`Term::Bias`].
    pub terms: Vec<Term>,
    /// Every word of the readings with its place among `terms`: a word that comes again has one term and many places.
    pub places: Vec<(Place, u32)>,
    /// How many different words and runs of signs there are.
    different: usize,
    /// How many words and n-grams the reading with the least disguise has.
    counted: [usize; 2],
    seen: Seen,
    added: Added,
}

/// A row for learning: buckets in ascending order, each once, with its value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sparse {
    /// The buckets that are not zero.
    pub buckets: Vec<u32>,
    /// Their values.
    pub values: Vec<f32>,
}

impl Features {
    /// Extracts the features of a comment. Takes time linear in its length.
    pub fn of(comment: &Comment) -> Self {
        let letters = comment.body.plain.origin.len();
        let mut features = Self {
            blocks: Default::default(),
            terms: vec![Term::Bias],
            places: Vec::with_capacity(letters / 4),
            different: 0,
            counted: [0; 2],
            seen: Seen::with_room_for(letters / 2),
            added: Added::with_room_for(letters * 3),
        };
        features.terms.reserve(letters / 2 + OBSERVATIONS);
        features.blocks[Block::Words as usize].reserve(letters / 2, letters / 2);
        features.blocks[Block::Characters as usize].reserve(letters * 4, letters / 4);
        // The undone reading comes first, and the length of the blocks is its: garbled words that only the plain one has
        // must not make the words behind them count less.
        if let Some(undone) = &comment.body.undone {
            features.read(undone, 1);
        } else {
            features.read(&comment.body.plain, 0);
        }
        features.counted = [Block::Words, Block::Characters].map(|block| features.blocks[block as usize].buckets.len());
        if comment.body.undone.is_some() {
            features.read(&comment.body.plain, 0);
        }
        features.blocks[Block::Structure as usize].reserve(2 * OBSERVATIONS, OBSERVATIONS);
        features.look_at_links(comment);
        features.look_at_name(comment);
        structure::observe(comment, &mut features);
        features
    }

    /// Calls `each` with features of one term and block: their buckets, the value of each, and the term's place. A bucket
    /// can come more than once, a term too.
    pub fn for_each(&self, mut each: impl FnMut(&[u32], f64, u32)) {
        each(&[BIAS], 1.0, 0);
        for (i, found) in self.blocks.iter().enumerate() {
            let value = match LENGTHS.get(i) {
                Some(length) => length / (*self.counted.get(i).unwrap_or(&found.buckets.len()).max(&1) as f64).sqrt(),
                None => STRUCTURE_VALUE,
            };
            let mut start = 0;
            for run in &found.runs {
                each(&found.buckets[start..run.end as usize], value, run.term);
                start = run.end as usize;
            }
        }
    }

    /// How many words and runs of signs the readings have, and how many different ones.
    pub(super) fn words(&self) -> (usize, usize) {
        (self.places.len(), self.different)
    }

    /// Forgets the words, as if the text were in a language that nobody knows.
    pub fn forget_words(&mut self) {
        self.blocks[Block::Words as usize].clear();
        self.blocks[Block::Characters as usize].clear();
    }

    /// Forgets all but words, addresses and the name: what a few comments can say something about.
    pub fn keep_words(&mut self) {
        self.blocks[Block::Characters as usize].clear();
        self.blocks[Block::Structure as usize].clear();
    }

    /// The features as a row for learning.
    pub fn sparse(&self) -> Sparse {
        let number: usize = self.blocks.iter().map(|found| found.buckets.len()).sum();
        let mut all: Vec<(u32, f64)> = Vec::with_capacity(1 + number);
        self.for_each(|buckets, value, _| all.extend(buckets.iter().map(|bucket| (*bucket, value))));
        all.sort_unstable_by_key(|(bucket, _)| *bucket);
        let mut row = Sparse { buckets: Vec::with_capacity(all.len()), values: Vec::with_capacity(all.len()) };
        for (bucket, value) in all {
            if row.buckets.last() == Some(&bucket) {
                if let Some(last) = row.values.last_mut() {
                    *last += value as f32;
                }
            } else {
                row.buckets.push(bucket);
                row.values.push(value as f32);
            }
        }
        row
    }

    /// A new term; features are added to it by the number.
    pub(super) fn term(&mut self, term: Term) -> u32 {
        self.terms.push(term);
        (self.terms.len() - 1) as u32
    }

    /// Adds a feature; what the block has already is not added again.
    pub(super) fn add(&mut self, block: Block, hash: Hash, term: u32) {
        self.add_all(block, term, 1, |features| features.add(hash));
    }

    /// Adds what `find` finds, at most `most` features.
    #[inline]
    fn add_all(&mut self, block: Block, term: u32, most: usize, find: impl FnOnce(&mut Adding<'_>)) {
        let found = &mut self.blocks[block as usize];
        self.added.reserve(most);
        find(&mut Adding { block, buckets: &mut found.buckets, added: &mut self.added });
        found.belong_to(term);
    }

    fn read(&mut self, reading: &Reading, number: u8) {
        let chars = tokens::characters(&reading.text);
        let mut before: Option<(Hash, usize)> = None;
        for token in tokens::tokens(&chars) {
            let word = &chars[token.start..token.end];
            let hash = Hash::of(SPACE_WORD).then_all(word.iter().copied());
            let key = (hash.bits() >> 32) as u32 | Seen::WORD;
            let here = |start: usize| Place { reading: number, start: start as u32, end: token.end as u32 };
            let next = self.terms.len() as u32;
            let term = match self.seen.insert(key, next) {
                Some(term) => term,
                None => {
                    let term = self.term(Term::Text(here(token.start)));
                    self.different += 1;
                    self.add(Block::Words, hash, term);
                    self.add_all(Block::Characters, term, tokens::most_ngrams(word), |features| {
                        tokens::ngrams::<1>(word, token.is_word, SPACE_CHARACTERS, |ngram| features.add(ngram));
                    });
                    term
                }
            };
            self.places.push((here(token.start), term));
            if !token.is_word {
                continue;
            }
            if let Some((first, start)) = before {
                let pair = Hash::of(SPACE_PAIR).then_text(first).then_text(hash);
                let key = (pair.bits() >> 32) as u32 | Seen::WORD;
                let next = self.terms.len() as u32;
                if self.seen.insert(key, next).is_none() {
                    let term = self.term(Term::Text(here(start)));
                    self.add(Block::Words, pair, term);
                }
            }
            before = Some((hash, token.start));
        }
    }

    fn look_at_links(&mut self, comment: &Comment) {
        let addresses = comment.body.links.len().min(MAX_LINKS) + usize::from(comment.submission.url.is_some());
        self.blocks[Block::Links as usize].reserve(addresses * USUAL_ADDRESS, addresses);
        for (i, link) in comment.body.links.iter().take(MAX_LINKS).enumerate() {
            let term = self.term(Term::Link(i as u32));
            self.look_at_address(&link.url, term);
        }
        if let Some(url) = &comment.submission.url {
            let term = self.term(Term::Named("address of the author's website"));
            self.look_at_address(url, term);
        }
    }

    fn look_at_address(&mut self, url: &str, term: u32) {
        let chars: Vec<char> = url.chars().flat_map(char::to_lowercase).take(MAX_ADDRESS).collect();
        let chars: Vec<char> = chars.into_iter().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        for token in tokens::tokens(&chars).filter(|token| token.is_word) {
            let word = &chars[token.start..token.end];
            // These are in nearly every address.
            if ["http", "https", "www"].iter().any(|usual| usual.chars().eq(word.iter().copied())) {
                continue;
            }
            self.add_all(Block::Links, term, tokens::most_ngrams(word), |features| {
                tokens::ngrams::<3>(word, true, SPACE_ADDRESS, |ngram| features.add(ngram));
            });
        }
    }

    fn look_at_name(&mut self, comment: &Comment) {
        if comment.name.plain.text.is_empty() {
            return;
        }
        let chars = tokens::characters(&comment.name.reading().text);
        let term = self.term(Term::Named("the author's name"));
        self.blocks[Block::Name as usize].reserve(4 * chars.len(), 1);
        for token in tokens::tokens(&chars) {
            let word = &chars[token.start..token.end];
            self.add_all(Block::Name, term, 1 + tokens::most_ngrams(word), |features| {
                features.add(Hash::of(SPACE_NAME_WORD).then_all(word.iter().copied()));
                tokens::ngrams::<2>(word, token.is_word, SPACE_NAME, |ngram| features.add(ngram));
            });
        }
    }
}

const SPACE_WORD: u64 = 1;
const SPACE_PAIR: u64 = 2;
const SPACE_CHARACTERS: u64 = 3;
const SPACE_ADDRESS: u64 = 4;
const SPACE_NAME: u64 = 5;
const SPACE_NAME_WORD: u64 = 6;
/// For structure features; they begin at this space.
pub const SPACE_STRUCTURE: u64 = 7;

/// Features of a term while they are added to their block. There must be room for them in `added`.
struct Adding<'a> {
    block: Block,
    buckets: &'a mut Vec<u32>,
    added: &'a mut Added,
}

impl Adding<'_> {
    /// Adds a feature, unless it is there.
    #[inline]
    fn add(&mut self, hash: Hash) {
        // Bucket 0 is the bias; a feature that falls on it moves to the next.
        let bucket = ((hash.bits() >> 44) as u32).max(BIAS + 1);
        if self.added.insert(bucket | (self.block as u32) << 20) {
            self.buckets.push(bucket);
        }
    }
}

/// Which features were added already: a hash table of buckets with their block, without removal. What is hashed already needs
/// no hashing again.
#[derive(Debug)]
struct Added {
    /// 0 is free; no bucket is 0. Zeros cost nothing to come by.
    slots: Vec<u32>,
    used: usize,
}

impl Added {
    fn with_room_for(entries: usize) -> Self {
        Self { slots: vec![0; (entries * 2).next_power_of_two().max(512)], used: 0 }
    }

    /// Makes room for so many more.
    fn reserve(&mut self, more: usize) {
        while (self.used + more) * 2 > self.slots.len() {
            self.grow();
        }
    }

    /// Adds a key that is not 0, for which there must be room; whether it is new.
    #[inline]
    fn insert(&mut self, key: u32) -> bool {
        let mask = self.slots.len() - 1;
        let mut slot = key as usize & mask;
        loop {
            let found = &mut self.slots[slot];
            if *found == 0 {
                *found = key;
                self.used += 1;
                return true;
            }
            if *found == key {
                return false;
            }
            slot = (slot + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = Self { slots: vec![0; self.slots.len() * 2], used: 0 };
        for key in std::mem::replace(self, larger).slots.into_iter().filter(|key| *key != 0) {
            self.insert(key);
        }
    }
}

/// Words and pairs that were seen already, each with its term: a hash table without removal.
#[derive(Debug)]
struct Seen {
    /// The key in the upper half, the term in the lower one; 0 is free.
    slots: Vec<u64>,
    used: usize,
}

impl Seen {
    /// Is in every key, so that none is 0.
    const WORD: u32 = 1 << 31;

    fn with_room_for(entries: usize) -> Self {
        Self { slots: vec![0; (entries * 2).next_power_of_two().max(512)], used: 0 }
    }

    /// The term that `key` was first seen with; otherwise remembers `term`. No key is 0.
    fn insert(&mut self, key: u32, term: u32) -> Option<u32> {
        if self.used * 2 > self.slots.len() {
            self.grow();
        }
        let slot = self.slot(key);
        let found = self.slots[slot];
        if found != 0 {
            return Some(found as u32);
        }
        self.slots[slot] = u64::from(key) << 32 | u64::from(term);
        self.used += 1;
        None
    }

    fn slot(&self, key: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = (key.wrapping_mul(0x9e37_79b1) >> 8) as usize & mask;
        loop {
            let found = self.slots[slot];
            if found == 0 || (found >> 32) as u32 == key {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let larger = vec![0; self.slots.len() * 2];
        for entry in std::mem::replace(&mut self.slots, larger).into_iter().filter(|entry| *entry != 0) {
            let slot = self.slot((entry >> 32) as u32);
            self.slots[slot] = entry;
        }
    }
}
