//! The undone reading: what the plain one says once look-alikes, styled letters, leetspeak and spaced-out words are undone.

use super::links::Link;
use super::look_alikes::{Counts, Found, fold};
use super::plain::is_generic_mark;
use super::reading::{Reading, add, over};
use super::{Disguise, accents, boxes, broken, drawn, leet, look_alikes, spaced, split_links, suspicion};
use crate::letters;
use crate::span::Span;

/// A character of the plain reading on its way to the undone one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Letter {
    /// The character, in lower case.
    pub(super) c: char,
    /// Where it comes from.
    pub(super) at: Span,
    /// Whether it was sent as a capital.
    pub(super) upper: bool,
    /// Whether it is part of a link, in which digits and signs mean what they are.
    pub(super) kept: bool,
}

/// The undone reading, where it differs from the plain one; notes what it had to undo.
pub(super) fn read(
    visible: &Reading,
    plain: &Reading,
    links: &mut Vec<Link>,
    disguise: &mut Disguise,
) -> Option<Reading> {
    let set_apart = spaced::may_be_in(&plain.text);
    let suspicious = set_apart
        || suspicion::is_in(&plain.text)
        || split_links::may_be_in(&plain.text)
        || broken::may_be_in(&plain.text)
        || !plain.text.is_ascii() && drawn::may_be_in(&plain.text)
        || !disguise.bidi.is_empty();
    if !suspicious {
        return None;
    }
    let mut letters = letters(visible, plain, links);
    if !plain.text.is_ascii() {
        boxes::spell(&mut letters, disguise);
        drawn::undraw(&mut letters, disguise);
    }
    if !disguise.bidi.is_empty() {
        boxes::turn(&mut letters, visible);
    }
    let mut spaced_words = Vec::new();
    // Letters that were in boxes a moment ago may be set apart, too.
    if set_apart || !plain.text.is_ascii() {
        spaced::join(&mut letters, &mut spaced_words);
    }
    if !plain.text.is_ascii() {
        let text = Counts::of(letters.iter().map(|letter| letter.c));
        let habit = look_alikes::is_habit(&letters, &text);
        for token in letters.split_inclusive_mut(|letter| letter.c.is_whitespace()) {
            if !token.iter().all(|letter| letter.c.is_ascii()) {
                fold_token(token, &text, habit, disguise);
            }
        }
        accents::take_off(&mut letters, disguise);
    }
    split_links::mend(&mut letters, links, disguise);
    broken::join_pieces(&mut letters, &mut spaced_words);
    let habit = is_leet_habit(&letters);
    let mut out = Reading::with_capacity(plain.text.len());
    for token in letters.split_inclusive_mut(|letter| letter.c.is_whitespace()) {
        undo_token(token, habit, &mut spaced_words, disguise, &mut out);
    }
    tidy(&mut spaced_words);
    disguise.spaced = spaced_words;
    tidy(&mut disguise.links);
    tidy(&mut disguise.stacked_marks);
    tidy(&mut disguise.look_alike);
    (out.text != plain.text).then_some(out)
}

/// Puts spans in order and joins those that touch.
fn tidy(spans: &mut Vec<Span>) {
    spans.sort_unstable();
    for span in std::mem::take(spans) {
        add(spans, span);
    }
}

fn letters(visible: &Reading, plain: &Reading, links: &[Link]) -> Vec<Letter> {
    let mut seen = visible.text.chars().zip(&visible.origin).peekable();
    let mut addresses = links.iter().filter(|link| link.anchor.is_empty()).peekable();
    let mut upper = false;
    plain
        .text
        .chars()
        .zip(&plain.origin)
        .map(|(c, at)| {
            while let Some((shown, _)) = seen.next_if(|(_, shown_at)| shown_at.start <= at.start) {
                upper = letters::is_uppercase(shown);
            }
            while addresses.next_if(|link| link.span.end <= at.start).is_some() {}
            let kept = addresses.peek().is_some_and(|link| link.span.start <= at.start);
            Letter { c, at: *at, upper, kept }
        })
        .collect()
}

fn is_in_word(c: char) -> bool {
    letters::is_alphanumeric(c) || is_generic_mark(c) || leet::is_sign(c)
}

/// Gives the words of a token the letters of one script each.
fn fold_token(token: &mut [Letter], text: &Counts, habit: bool, disguise: &mut Disguise) {
    let mut changed = Vec::new();
    for word in token.chunk_by_mut(|a, b| is_in_word(a.c) && is_in_word(b.c)) {
        match fold(word, text, habit, &mut changed) {
            Found::Disguised => {
                changed.iter().for_each(|i| add(&mut disguise.look_alike, word[*i].at));
            }
            Found::Styled => {
                let spans: Vec<Span> = word.iter().map(|letter| letter.at).collect();
                add(&mut disguise.styled, over(&spans));
            }
            Found::Folded | Found::Nothing => {}
        }
    }
}

/// Whether several words of a text are leetspeak beyond doubt.
fn is_leet_habit(letters: &[Letter]) -> bool {
    let words = letters.chunk_by(|a, b| is_in_word(a.c) && is_in_word(b.c));
    let (mut all, mut likely, mut certain) = (0, 0, 0);
    for word in words.filter(|word| word.len() > 2 && word[0].c != '@' && is_in_word(word[0].c) && !word[0].kept) {
        all += 1;
        if word.iter().any(|letter| letter.c.is_ascii_digit() || leet::is_sign(letter.c)) {
            let chars: Vec<char> = word.iter().map(|letter| letter.c).collect();
            certain += u32::from(unleet(word, false).is_some());
            likely += u32::from(leet::is_likely(&chars));
        }
    }
    certain >= 2 && (certain + likely) * 10 > all || likely >= 2 && likely * 4 > all
}

fn unleet(word: &[Letter], habit: bool) -> Option<leet::Undone> {
    let capitals = word.iter().filter(|letter| letter.upper).count();
    let letters = word.iter().filter(|letter| letter.c.is_ascii_lowercase()).count();
    let usual_case = capitals == 0 || capitals == 1 && word[0].upper || capitals == letters && word.len() > 4;
    let chars: Vec<char> = word.iter().map(|letter| letter.c).collect();
    leet::undo(&chars, leet::Writing { usual_case, habit })
}

/// Whether the token is an address, a mention or a tag, in which digits and signs mean what they are.
fn is_address(token: &[Letter], habit: bool) -> bool {
    let at = |i: usize| token.get(i).map(|letter| letter.c);
    let has =
        |part: &str| token.windows(part.len()).any(|window| window.iter().map(|letter| letter.c).eq(part.chars()));
    let email = || {
        let sign = token.iter().position(|letter| letter.c == '@');
        sign.is_some_and(|sign| {
            sign > 0 && token[sign..].windows(2).any(|pair| pair[0].c == '.' && letters::is_alphanumeric(pair[1].c))
        })
    };
    let mention = match at(0) {
        Some('#') => true,
        Some('@') => !habit && !matches!(at(1), Some('$' | '@' | 's')),
        _ => false,
    };
    mention || has("://") || has("www.") || email()
}

fn undo_token(token: &mut [Letter], habit: bool, spaced: &mut Vec<Span>, disguise: &mut Disguise, out: &mut Reading) {
    let plain = token.iter().all(|letter| letter.c.is_ascii_lowercase() || letter.c.is_whitespace());
    if token.iter().any(|letter| letter.kept) || !plain && is_address(token, habit) {
        token.iter().for_each(|letter| out.push(letter.c, letter.at));
        return;
    }
    if plain && !token.windows(2).any(|pair| pair[0].c == pair[1].c) {
        token.iter().for_each(|letter| out.push(letter.c, letter.at));
        return;
    }
    if !plain && rewrite(token, spaced, disguise, out) {
        return;
    }
    for word in token.chunk_by_mut(|a, b| is_in_word(a.c) && is_in_word(b.c)) {
        if let Some(known) = broken::stretched(word) {
            push_over(known, word, out);
            continue;
        }
        let signs = word.iter().any(|letter| letter.c.is_ascii_digit() || leet::is_sign(letter.c));
        if let Some(undone) = if signs && word.len() > 1 { unleet(word, habit) } else { None } {
            if undone.certain {
                add(&mut disguise.leet, over(&word.iter().map(|letter| letter.at).collect::<Vec<_>>()));
            }
            word.iter_mut().zip(undone.letters).for_each(|(letter, c)| letter.c = c);
        }
        word.iter().for_each(|letter| out.push(letter.c, letter.at));
    }
}

/// Shows a token with signs in it as the word it hides, if there is one.
fn rewrite(token: &[Letter], spaced: &mut Vec<Span>, disguise: &mut Disguise, out: &mut Reading) -> bool {
    let whole = |part: &[Letter]| over(&part.iter().map(|letter| letter.at).collect::<Vec<_>>());
    if let Some(place) = broken::broken(token) {
        spaced.push(whole(&token[place.clone()]));
        for (i, letter) in token.iter().enumerate() {
            match place.contains(&i) {
                true if broken::is_breaker(letter.c) => {}
                true => out.push(leet::usual(letter.c), letter.at),
                false => out.push(letter.c, letter.at),
            }
        }
        return true;
    }
    if let Some((place, word)) = broken::starred(token) {
        let mut known = word.chars();
        for (i, letter) in token.iter().enumerate() {
            out.push(if place.contains(&i) { known.next().unwrap_or(letter.c) } else { letter.c }, letter.at);
        }
        return true;
    }
    if let Some(read) = broken::drawn(token) {
        add(&mut disguise.leet, whole(token));
        read.into_iter().for_each(|(c, place)| out.push(c, whole(&token[place])));
        return true;
    }
    false
}

/// Shows a stretched word: each letter stands where it is said first, the last for the rest.
fn push_over(known: &str, word: &[Letter], out: &mut Reading) {
    let mut i = 0;
    let mut left = known.chars().peekable();
    while let Some(c) = left.next() {
        let more = left.peek() == Some(&c);
        let start = i;
        i += 1;
        while !more && i < word.len() && word[i].c == c {
            i += 1;
        }
        if let Some(part) = word.get(start..i) {
            out.push(c, over(&part.iter().map(|letter| letter.at).collect::<Vec<_>>()));
        }
    }
}
