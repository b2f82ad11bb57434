//! Any text is read, and every span of every reading lies within it and in order.

#![no_main]

use libfuzzer_sys::fuzz_target;
use moderato::normalize::{Disguise, normalize};

fuzz_target!(|text: &str| {
    let found = normalize(text);
    let len = text.chars().count() as u32;
    assert_eq!(found.original_len, len);
    for reading in [Some(&found.visible), Some(&found.plain), found.undone.as_ref()].into_iter().flatten() {
        assert_eq!(reading.origin.len(), reading.text.chars().count(), "a place for each character");
        assert!(reading.origin.iter().all(|span| span.start < span.end && span.end <= len), "within the text");
        assert!(reading.origin.is_sorted_by_key(|span| span.start), "in order");
        let whole = reading.span(0..reading.text.len());
        assert!(whole.start <= whole.end && whole.end <= len);
    }
    let Disguise { invisible, bidi, look_alike, styled, stacked_marks, leet, spaced, links, hidden } = &found.disguise;
    for spans in [invisible, bidi, look_alike, styled, stacked_marks, leet, spaced, links, hidden] {
        assert!(spans.is_sorted() && spans.iter().all(|span| span.start < span.end && span.end <= len));
    }
    assert!(found.links.iter().all(|link| link.span.start < link.span.end && link.span.end <= len));
});
