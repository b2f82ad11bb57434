//! What was measured, as tables for a terminal.

use crate::classifier::HeadKind;
use crate::evaluation::Metrics;
use crate::evaluation::attacks::{Attacked, Attacks};
use crate::evaluation::curves::RATES;
use crate::evaluation::judging::{Counts, Decisions};
use crate::evaluation::left_out::LeftOut;
use crate::evaluation::measure::{Measured, Report};

/// Everything that can be said of a model without training.
pub(super) fn measured(report: &Report) {
    metrics_head("");
    let overall = [("overall", &report.overall)];
    for kind in HeadKind::ALL {
        let sources = report.sources.iter().map(|(source, measured)| (source.as_str(), measured));
        for (source, measured) in sources.chain(overall) {
            metrics_row(&format!("{} {source}", kind.as_str()), measured.head(kind));
        }
        for (language, measured) in &report.languages {
            metrics_row(&format!("{} in {language}", kind.as_str()), measured.head(kind));
        }
    }
    decisions_head();
    let sources = report.sources.iter().map(|(source, measured)| (source.as_str(), measured));
    for (source, Measured { decisions, .. }) in sources.chain(overall) {
        decisions_rows(source, decisions);
    }
    println!(
        "\n{:<34}{:>7}{:>9}{:>9}{:>9}   from a probability of {} on",
        "hard ham, where 1 % is flagged",
        "n",
        "flagged",
        "FPR",
        "kept back",
        shown(report.hard_ham.threshold)
    );
    for (kind, found) in &report.hard_ham.kinds {
        println!(
            "{:<34}{:>7}{:>9}{:>9}{:>9}",
            kind.as_str(),
            found.n,
            found.flagged,
            shown(found.false_positive_rate),
            found.decisions.hold + found.decisions.reject
        );
    }
}

/// What disguises cost.
pub(super) fn attacks(found: &Attacks) {
    println!("spam flagged where 1 % of the ham is: from a probability of {} on\n", shown(found.threshold));
    attack_table(found, "recall", |of| of.recall, "recall lost", |of, name| of.disguises[name].lost);
    println!();
    let approved = |of: &Attacked, name: &str| of.disguises[name].approved;
    attack_table(found, "approved", |of| of.approved, "approved by the whole pipeline", approved);
}

fn attack_table(
    found: &Attacks,
    plain_name: &str,
    plain: fn(&Attacked) -> f64,
    title: &str,
    value: impl Fn(&Attacked, &str) -> f64,
) {
    let names: Vec<&str> = found.mean.disguises.keys().copied().collect();
    print!("{title:<32}{:>7}{plain_name:>10}", "n");
    names.iter().for_each(|name| print!("{name:>12}"));
    println!();
    let sources = found.sources.iter().map(|(source, attacked)| (source.as_str(), attacked));
    for (source, attacked) in sources.chain([("mean over sources", &found.mean)]) {
        print!("{source:<32}{:>7}{:>10.4}", attacked.n, plain(attacked));
        names.iter().for_each(|name| print!("{:>12.4}", value(attacked, name)));
        println!();
    }
}

/// What happens on sources that were left out.
pub(super) fn left_out(found: &LeftOut) {
    metrics_head(&format!("{}, left out", found.head));
    for (source, of_source) in &found.sources {
        metrics_row(source, &of_source.metrics);
    }
    metrics_row("mean", &found.mean);
    print!("\n{:<34}", "recall by false-positive rate");
    RATES.iter().for_each(|rate| print!("{:>9}", format!("{} %", 100.0 * rate)));
    println!();
    for (source, of_source) in &found.sources {
        print!("{source:<34}");
        of_source.recalls.iter().for_each(|(_, recall)| print!("{recall:>9.4}"));
        println!();
    }
    decisions_head();
    for (source, of_source) in &found.sources {
        decisions_rows(source, &of_source.decisions);
        decisions_row(&format!("ham lent to {source}"), of_source.lent_ham);
    }
    decisions_rows("all left out", &found.decisions);
}

fn metrics_head(title: &str) {
    println!(
        "{title:<34}{:>7}{:>8}{:>8}{:>8}{:>8}{:>8}{:>9}{:>8}",
        "n", "+", "AUC", "PR", "R@1%", "R@0.1%", "log loss", "ECE"
    );
}

/// A line of figures; nothing where there are no rows.
fn metrics_row(name: &str, m: &Metrics) {
    if m.n > 0 {
        let [auc, pr, one, tenth, loss, ece] =
            [m.roc_auc, m.pr_auc, m.recall_at_fpr_1pct, m.recall_at_fpr_0_1pct, m.log_loss, m.ece].map(shown);
        println!("{name:<34}{:>7}{:>8}{auc:>8}{pr:>8}{one:>8}{tenth:>8}{loss:>9}{ece:>8}", m.n, m.positives);
    }
}

fn decisions_head() {
    println!("\n{:<34}{:>7}{:>9}{:>9}{:>9}", "decisions, in per cent", "n", "approve", "hold", "reject");
}

fn decisions_rows(source: &str, decisions: &Decisions) {
    for (label, counts) in decisions.named() {
        decisions_row(&format!("{label} {source}"), counts);
    }
}

fn decisions_row(name: &str, counts: Counts) {
    if let Some(shares) = counts.shares() {
        let [approve, hold, reject] = shares.map(|share| 100.0 * share);
        println!("{name:<34}{:>7}{approve:>9.2}{hold:>9.2}{reject:>9.2}", counts.all());
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.4}"))
}
