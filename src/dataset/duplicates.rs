//! Texts that are there more than once: what is posted a thousand times is no more certain than what is posted once.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_128;

use super::Row;

/// What [`drop_duplicates`] took out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Duplicates {
    /// Rows with a text and labels that were there before.
    pub repeated: usize,
    /// Rows whose text carries both labels: nobody can say which is right.
    pub contradicting: usize,
}

/// What is known of a text while duplicates are looked for.
#[derive(Default)]
struct Seen {
    labels: [Option<bool>; 2],
    contradicting: bool,
    kept: Option<[Option<bool>; 2]>,
}

/// Keeps the first row of each text, and none where a text has both labels of a head. Texts are compared as they are; a
/// row that is labelled for another head than the one before it says something new and stays.
pub fn drop_duplicates(rows: &mut Vec<Row>) -> Duplicates {
    let key = |row: &Row| xxh3_128(row.text.as_bytes());
    let mut seen: HashMap<u128, Seen> = HashMap::with_capacity(rows.len());
    for row in rows.iter() {
        let Seen { labels, contradicting, .. } = seen.entry(key(row)).or_default();
        for (known, label) in labels.iter_mut().zip([row.spam, row.toxic]) {
            *contradicting |= known.zip(label).is_some_and(|(known, label)| known != label);
            *known = known.or(label);
        }
    }
    let mut duplicates = Duplicates::default();
    rows.retain(|row| {
        let text = seen.entry(key(row)).or_default();
        if text.contradicting {
            duplicates.contradicting += 1;
            return false;
        }
        let labels = [row.spam, row.toxic];
        let Some(kept) = &mut text.kept else {
            text.kept = Some(labels);
            return true;
        };
        let says_more = kept.iter().zip(labels).any(|(known, label)| known.is_none() && label.is_some());
        for (known, label) in kept.iter_mut().zip(labels) {
            *known = known.or(label);
        }
        duplicates.repeated += usize::from(!says_more);
        says_more
    });
    duplicates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_counts_once_and_one_with_both_labels_not_at_all() {
        let row = |text: &str, spam, toxic| Row { text: text.to_owned(), spam, toxic, ..Row::default() };
        let mut rows = vec![
            row("twice", Some(true), None),
            row("twice", Some(true), None),
            row("both", Some(true), None),
            row("once", Some(false), None),
            row("both", Some(false), None),
            row("two heads", Some(false), None),
            row("two heads", None, Some(true)),
            row("twice", None, None),
        ];
        let duplicates = drop_duplicates(&mut rows);
        assert_eq!(duplicates, Duplicates { repeated: 2, contradicting: 2 });
        let texts: Vec<&str> = rows.iter().map(|row| row.text.as_str()).collect();
        assert_eq!(texts, ["twice", "once", "two heads", "two heads"]);
    }
}
