//! The model card: what a model was trained on, how, and how good it is.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::features::FEATURE_VERSION;
use super::training::{Learned, Settings, Trial, label};
use super::{HeadKind, Model};
use crate::dataset::Row;
use crate::evaluation::Metrics;
use crate::evaluation::curves::{Bin, reliability};

/// Source, where it is from, and licence, for each set that we know.
const SOURCES: &str = include_str!("sources.tsv");
/// What the card says that no number says.
const LIMITS: &str = include_str!("limits.md");

/// What a card is written from.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The model's name.
    pub version: &'a str,
    /// The file's size in bytes.
    pub size: usize,
    /// The file's SHA-256, in hexadecimal.
    pub sha256: &'a str,
    /// The seed.
    pub seed: u64,
    /// The date of training.
    pub date: &'a str,
    /// How the heads were trained that there are, in the order of [`HeadKind::ALL`].
    pub heads: &'a [Option<Learned>; 2],
    /// What they learned from.
    pub rows: &'a [Row],
    /// How good they are.
    pub results: &'a Results,
    /// The command that trains the same model again.
    pub command: &'a str,
}

/// What a model makes of rows that it has not learned from.
#[derive(Debug, Default)]
pub struct Results {
    /// By head and source; `all sources` comes last of each head.
    pub metrics: Vec<(HeadKind, String, Metrics)>,
    /// What was said against what was true, by head, over all sources.
    pub reliability: Vec<(HeadKind, Vec<Bin>)>,
}

/// Measures a model on rows that it has not learned from.
pub fn results(model: &Model, rows: &[Row]) -> Results {
    let mut scores: BTreeMap<(usize, &str), Vec<(f64, bool)>> = BTreeMap::new();
    for row in rows {
        let judgement = model.judge(&row.comment());
        for (kind, head) in HeadKind::ALL.into_iter().zip([judgement.spam, judgement.toxic]) {
            if let (Some(head), Some(positive)) = (head, label(row, kind)) {
                scores.entry((kind as usize, &row.source)).or_default().push((head.probability, positive));
            }
        }
    }
    let mut results = Results::default();
    for kind in HeadKind::ALL {
        let of_kind = scores.iter().filter(|((of, _), _)| *of == kind as usize);
        let mut all = Vec::new();
        for ((_, source), scores) in of_kind {
            results.metrics.push((kind, (*source).to_owned(), Metrics::of(scores)));
            all.extend_from_slice(scores);
        }
        if !all.is_empty() {
            results.metrics.push((kind, "all sources".to_owned(), Metrics::of(&all)));
            results.reliability.push((kind, reliability(&all)));
        }
    }
    results
}

/// Writes the card.
pub fn write(facts: &Facts<'_>) -> String {
    let mut card = format!(
        "# Model {}\n\nWritten by `moderato train`; do not edit. Trained on {}, seed {}, feature version {FEATURE_VERSION}, \
         {} bytes, SHA-256 `{}`. Judges whether a comment is spam and whether it is toxic, for decisions that people can see, explain \
         and undo.\n",
        facts.version, facts.date, facts.seed, facts.size, facts.sha256
    );
    card.push_str("\n## Reproduce\n\nThe same bytes come out of\n\n```sh\n");
    card.push_str(facts.command);
    card.push_str("\n```\n");
    data(facts, &mut card);
    settings(facts, &mut card);
    choice(facts, &mut card);
    tests(facts, &mut card);
    calibration(facts, &mut card);
    card.push('\n');
    card.push_str(LIMITS);
    card
}

fn data(facts: &Facts<'_>, card: &mut String) {
    card.push_str("\n## Training data\n\nRows are not part of this repository.\n\n");
    card.push_str("| source | from | licence | spam | ham | toxic | not toxic |\n|---|---|---|--:|--:|--:|--:|\n");
    let mut counts: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for row in facts.rows {
        let count = counts.entry(&row.source).or_default();
        for (i, found) in
            [row.spam == Some(true), row.spam == Some(false), row.toxic == Some(true), row.toxic == Some(false)]
                .into_iter()
                .enumerate()
        {
            count[i] += usize::from(found);
        }
    }
    for (source, [spam, ham, toxic, clean]) in counts {
        let known = SOURCES.lines().find_map(|line| line.strip_prefix(source)?.strip_prefix('\t')?.split_once('\t'));
        let (from, licence) = known.unwrap_or(("not known", "not known"));
        line(card, format_args!("| `{source}` | {from} | {licence} | {spam} | {ham} | {toxic} | {clean} |"));
    }
}

fn settings(facts: &Facts<'_>, card: &mut String) {
    card.push_str(
        "\n## Settings\n\nlinfa-ftrl on the active coordinates of 2^20 buckets; words 1–2, characters 1–5, links, name, \
         structure; weights in bytes.\n\n| | spam | toxic |\n|---|--:|--:|\n",
    );
    let mut row = |name: &str, value: &dyn Fn(Settings) -> String| {
        let of = |head: &Option<Learned>| head.as_ref().map_or("–".to_owned(), |head| value(head.settings));
        let [spam, toxic] = [0, 1].map(|head| of(&facts.heads[head]));
        line(card, format_args!("| {name} | {spam} | {toxic} |"));
    };
    row("alpha", &|s| s.rates.alpha.to_string());
    row("beta", &|s| s.rates.beta.to_string());
    row("l1", &|s| s.rates.l1.to_string());
    row("l2", &|s| s.rates.l2.to_string());
    row("passes, the last one averaged", &|s| s.passes.to_string());
    row("most rows of a source and class in a pass", &|s| s.cap.to_string());
    row("weight of a source and class of n rows", &|s| format!("n^{}", s.balance));
    row("author's fields dropped", &|s| s.drop_field.to_string());
    row("texts whose words are forgotten", &|s| s.forget_words.to_string());
    row("texts disguised, positive class", &|s| s.disguise_positive.to_string());
    row("texts disguised, negative class", &|s| s.disguise_negative.to_string());
    row("weight of unlabelled rows, presumed negative", &|s| s.presumed.to_string());
    row("weight of planted adverts beside the negative class", &|s| s.planted.to_string());
    row("weight of rows whose label is doubted", &|s| s.doubt.to_string());
    row("groups of sources left out for calibration", &|s| s.folds.to_string());
    let fitted = |head: &Option<Learned>| {
        let line = head.as_ref().map(|head| head.calibration);
        line.map_or("–".to_owned(), |line| format!("{:.3} × score {:+.3}", line.slope, line.intercept))
    };
    let [spam, toxic] = [0, 1].map(|head| fitted(&facts.heads[head]));
    line(card, format_args!("| calibration (Platt, on sources left out) | {spam} | {toxic} |"));
}

/// What was tried, after each pass.
fn choice(facts: &Facts<'_>, card: &mut String) {
    card.push_str(
        "\n## How rates and passes were chosen\n\nOn sources that were left out, by AUC and recall at 1 % false positives \
         together (means over the sources). After each pass the better half goes on; when a pass makes nothing better, \
         training ends, and what was best (**bold**) is kept.\n\n| head | passes | alpha | l2 | ROC AUC | recall at 1 % |\n\
         |---|--:|--:|--:|--:|--:|\n",
    );
    for (kind, head) in HeadKind::ALL.into_iter().zip(facts.heads) {
        let Some(head) = head else { continue };
        for Trial { settings, roc_auc, recall } in &head.trials {
            let name =
                if *settings == head.settings { format!("**{}**", kind.as_str()) } else { kind.as_str().to_owned() };
            let (passes, rates) = (settings.passes, settings.rates);
            line(
                card,
                format_args!("| {name} | {passes} | {} | {} | {roc_auc:.4} | {recall:.4} |", rates.alpha, rates.l2),
            );
        }
    }
}

fn tests(facts: &Facts<'_>, card: &mut String) {
    if facts.results.metrics.is_empty() {
        return card.push_str("\n## Test results\n\nNone: the model was trained without `--test`.\n");
    }
    card.push_str("\n## Test results\n\nRows that the model has not learned from.\n");
    for kind in HeadKind::ALL {
        let mut of_kind = facts.results.metrics.iter().filter(|(of, _, _)| *of == kind).peekable();
        if of_kind.peek().is_none() {
            continue;
        }
        line(card, format_args!("\n{}:\n", kind.as_str()));
        card.push_str("| source | n | positive | ROC AUC | PR AUC | recall at 1 % | at 0.1 % | log loss | ECE |\n");
        card.push_str("|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
        for (_, source, m) in of_kind {
            let source = if source == "all sources" { "**all sources**".to_owned() } else { format!("`{source}`") };
            let [auc, pr, one, tenth] = [m.roc_auc, m.pr_auc, m.recall_at_fpr_1pct, m.recall_at_fpr_0_1pct].map(shown);
            let [loss, ece] = [m.log_loss, m.ece].map(shown);
            line(
                card,
                format_args!(
                    "| {source} | {} | {} | {auc} | {pr} | {one} | {tenth} | {loss} | {ece} |",
                    m.n, m.positives
                ),
            );
        }
    }
}

/// Width of the calibration plot, in characters.
const WIDTH: usize = 50;

/// A plot of what was said against what was true.
fn calibration(facts: &Facts<'_>, card: &mut String) {
    if facts.results.reliability.is_empty() {
        return;
    }
    card.push_str(
        "\n## Calibration\n\nOf the test rows that were given about a probability (`|`), so many were what the head looks \
         for (the bar). A head that says what is true has each bar end at its mark.\n",
    );
    for (kind, bins) in &facts.results.reliability {
        line(card, format_args!("\n{}:\n\n```text\n  said   true    rows", kind.as_str()));
        for bin in bins {
            let place = |share: f64| (share * WIDTH as f64).round() as usize;
            let (said, found) = (place(bin.said).min(WIDTH - 1), place(bin.found));
            let sign = |i: usize| {
                if i == said {
                    '|'
                } else if i < found {
                    '█'
                } else {
                    '·'
                }
            };
            let bar: String = (0..WIDTH).map(sign).collect();
            let [said, found] = [bin.said, bin.found].map(|share| 100.0 * share);
            line(card, format_args!("{said:>4.0} % {found:>4.0} % {:>7}  {bar}", bin.n));
        }
        card.push_str("```\n");
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.3}"))
}

fn line(card: &mut String, text: std::fmt::Arguments<'_>) {
    writeln!(card, "{text}").expect("a string takes what is written to it");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_calibration_plot_shows_what_was_said_and_what_was_true() {
        let bin = |said, found| Bin { from: 0.0, to: 1.0, n: 10, said, found };
        let results =
            Results { metrics: Vec::new(), reliability: vec![(HeadKind::Spam, vec![bin(0.02, 0.0), bin(0.5, 0.8)])] };
        let facts = Facts {
            version: "m",
            size: 1,
            sha256: "00",
            seed: 1,
            date: "2026-01-01",
            heads: &[None, None],
            rows: &[],
            results: &results,
            command: "moderato train",
        };
        let card = write(&facts);
        let plot: Vec<&str> = card.lines().filter(|line| line.contains('|') && line.contains('·')).collect();
        assert_eq!(plot[0].trim_start(), format!("2 %    0 %      10  ·|{}", "·".repeat(48)));
        assert_eq!(
            plot[1].trim_start(),
            format!("50 %   80 %      10  {}|{}{}", "█".repeat(25), "█".repeat(14), "·".repeat(10))
        );
    }
}
