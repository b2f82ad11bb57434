//! `moderato tune`: the thresholds that cost least, from labelled comments.

use std::path::PathBuf;

use clap::builder::RangedU64ValueParser;
use serde_json::json;

use crate::classifier::HeadKind;
use crate::classifier::training::Settings;
use crate::dataset;
use crate::evaluation::cost::{self, Case, Chosen, Costs, Expected, NEVER};
use crate::evaluation::judging::{self, Counts};
use crate::policy::Policy;

use super::evaluate::{model, train_without};
use super::print_line;

/// Choose the thresholds of a policy by cost, from labelled comments that the model has not learned from
///
/// Prints the policy as JSON for `PUT /v1/policy` on standard output, and what to expect of it on standard error.
/// Nothing is changed.
#[derive(Debug, clap::Args)]
pub(super) struct Tune {
    /// Labelled comments as JSON lines; `.gz` and `.zst` are unpacked
    #[arg(long, num_args = 1.., required = true, value_name = "FILE")]
    data: Vec<PathBuf>,
    /// Directory of another model than the built-in one
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Cost of a real comment that is rejected
    #[arg(long, default_value_t = 1_000.0, value_parser = not_negative, value_name = "COST")]
    lost_comment: f64,
    /// Cost of spam or abuse that is published
    #[arg(long, default_value_t = 10.0, value_parser = not_negative, value_name = "COST")]
    published_spam: f64,
    /// Cost of a comment that a moderator has to look at
    #[arg(long, default_value_t = 1.0, value_parser = not_negative, value_name = "COST")]
    moderator_minute: f64,
    /// Share of spam among the comments of the site
    #[arg(long, default_value_t = 0.5, value_parser = share, value_name = "SHARE")]
    spam_share: f64,
    /// Share of abuse that is no spam
    #[arg(long, default_value_t = 0.02, value_parser = share, value_name = "SHARE")]
    abuse_share: f64,
    /// Greatest share of real comments that may be rejected, as the upper bound at 95 %
    #[arg(long, default_value_t = 0.001, value_parser = share, value_name = "SHARE")]
    max_false_rejects: f64,
    /// Greatest share of real comments that may be held
    #[arg(long, default_value_t = 1.0, value_parser = share, value_name = "SHARE")]
    max_held: f64,
    /// Judge every source of comment spam with a spam head that was trained without it
    #[arg(long)]
    leave_one_source_out: bool,
    /// Start of all random choices when sources are left out
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = RangedU64ValueParser::<u64>::new())]
    seed: u64,
}

fn not_negative(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err("a cost is 0 or more".to_owned()) }
}

fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&value) { Ok(value) } else { Err("a share lies between 0 and 1".to_owned()) }
}

/// Chooses thresholds and prints them.
///
/// # Errors
///
/// When data or model cannot be read, or the data has one class only.
pub(super) fn run(args: &Tune) -> anyhow::Result<()> {
    anyhow::ensure!(args.spam_share + args.abuse_share <= 1.0, "spam and abuse together are more than all comments");
    let rows = dataset::read(&args.data)?;
    let model = model(args.models.as_deref())?;
    let cases: Vec<Case> = if args.leave_one_source_out {
        let found = train_without(rows, HeadKind::Spam, &model, args.seed, Settings::of(HeadKind::Spam))?;
        let outcomes = found.sources.values().flat_map(|source| &source.outcomes);
        outcomes.filter_map(|(row, outcome)| Case::of(row, outcome)).collect()
    } else {
        let outcomes = judging::judge(&rows, &model);
        rows.iter().zip(&outcomes).filter_map(|(row, outcome)| Case::of(row, outcome)).collect()
    };
    let costs = Costs {
        lost_comment: args.lost_comment,
        published: args.published_spam,
        held: args.moderator_minute,
        spam_share: args.spam_share,
        abuse_share: args.abuse_share,
        max_false_rejects: args.max_false_rejects,
        max_held: args.max_held,
    };
    let chosen = cost::choose(&cases, &costs, &Policy::built_in().document.thresholds)?;
    explain(&chosen, cases.len(), &costs);
    print_line(&serde_json::to_string_pretty(&json!({ "thresholds": chosen.thresholds }))?)?;
    Ok(())
}

fn explain(chosen: &Chosen, rows: usize, costs: &Costs) {
    eprintln!("thresholds chosen on about half of {rows} comments; what follows was counted on the others\n");
    for (title, expected) in [("these thresholds", &chosen.expected), ("the built-in ones", &chosen.before)] {
        eprintln!("{title:<24}{:>9}{:>9}{:>9}{:>9}", "comments", "approve", "hold", "reject");
        let Expected { real, spam, abuse, cost_per_1000, false_rejects_at_most } = expected;
        for (name, counts) in [("real", real), ("spam", spam), ("abuse", abuse)] {
            let Counts { approve, hold, reject } = counts;
            eprintln!("{name:<24}{:>9}{approve:>9}{hold:>9}{reject:>9}", counts.all());
        }
        let (lost, people) = (real.reject + abuse.reject, real.all() + abuse.all());
        eprintln!(
            "rejected of real people: {lost} of {people}, at 95 % no more than {:.3} %",
            100.0 * false_rejects_at_most
        );
        eprintln!("cost of 1,000 comments, {:.0} % of them spam: {cost_per_1000:.0}\n", 100.0 * costs.spam_share);
    }
    if chosen.thresholds.reject_score >= NEVER {
        eprintln!(
            "nothing is rejected: no threshold is sure enough to lose at most {} % of real comments; more ham may show it",
            100.0 * costs.max_false_rejects
        );
    }
}
