//! The day-one report: what the service would have caught and lost on the newer part of a site's own history.
//!
//! The history is cut at a moment. From what is older a model is trained; on what is newer, which it has not seen, both that model
//! and the shipped one decide with the built-in policy, and the site's own decisions are the truth.

use std::sync::atomic::AtomicU64;

use askama::Template;
use jiff::Timestamp;

use crate::classifier::training::{self, Choices, Settings};
use crate::classifier::{HeadKind, Model};
use crate::dataset::{self, Row};
use crate::evaluation::curves::{Curve, histogram, reliability};
use crate::evaluation::judging::{Counts, Decisions, Outcome, judge};
use crate::evaluation::measure::scores;
use crate::evaluation::plots::Plots;
use crate::id::{CommentId, SiteId};
use crate::store::{LabelledComment, Store, StoreError};

/// Share of the history that is learned from.
const OLDER: f64 = 0.7;
/// Most comments of a history that the report rests on, the newest ones.
const MOST: usize = 60_000;
/// Comments that are read at once.
const AT_ONCE: usize = 1_000;
/// Parts of the older history that are left out in turn for calibration, as sources are elsewhere.
const PARTS: usize = 6;
/// Fewest comments of each kind on the newer part.
const FEWEST: usize = 10;

/// The report.
#[derive(Clone, Debug)]
pub struct Report {
    /// Comments that were learned from.
    pub older: usize,
    /// Comments that were decided about.
    pub newer: usize,
    /// Where the history is cut.
    pub cut: Timestamp,
    /// The first and the last comment.
    pub span: (Timestamp, Timestamp),
    /// What each model made of the newer part.
    pub models: Vec<ModelResult>,
    /// Why there is no model of the site's own, if there is none.
    pub no_own_model: Option<String>,
}

/// What a model made of the newer part.
#[derive(Clone, Debug)]
pub struct ModelResult {
    /// What it was trained on.
    pub name: &'static str,
    /// What was decided, by what the site had decided.
    pub decisions: Decisions,
    /// How often a spam comment gets more than a real one.
    pub auc: Option<f64>,
    plots: Plots,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum NoReport {
    /// The history is too small.
    #[error("the history has {ham} real and {spam} spam comments in its newer part; a report needs {FEWEST} of each")]
    TooSmall {
        /// Real comments.
        ham: usize,
        /// Spam.
        spam: usize,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a site's labelled history, the newest comments of it.
///
/// # Errors
///
/// When the database fails.
pub async fn history(store: &Store, site: SiteId) -> Result<Vec<(Timestamp, Row)>, StoreError> {
    let mut history = Vec::new();
    let mut before = CommentId(i64::MAX);
    while history.len() < MOST {
        let some = store.labelled_comments(site, before, AT_ONCE).await?;
        let Some(last) = some.last() else { break };
        before = last.id;
        history.extend(some.into_iter().map(row));
    }
    history.sort_by_key(|(at, _)| *at);
    Ok(history)
}

fn row(comment: LabelledComment) -> (Timestamp, Row) {
    let (spam, toxic) = dataset::truth(&comment.label);
    let LabelledComment { created_at, text, name, email, url, .. } = comment;
    (created_at, Row { text, name, email, url, spam, toxic, source: "history".into(), lang: None })
}

/// Makes the report. `done` counts rows that were learned from.
///
/// # Errors
///
/// [`NoReport::TooSmall`] when nothing could be said.
pub fn make(history: Vec<(Timestamp, Row)>, shipped: &Model, done: &AtomicU64) -> Result<Report, NoReport> {
    let cut_at = (history.len() as f64 * OLDER) as usize;
    let count = |spam| history.iter().skip(cut_at).filter(|(_, row)| row.spam == Some(spam)).count();
    let (ham, spam) = (count(false), count(true));
    let (Some(first), Some(last), Some(cut)) = (history.first(), history.last(), history.get(cut_at)) else {
        return Err(NoReport::TooSmall { ham, spam });
    };
    if ham < FEWEST || spam < FEWEST {
        return Err(NoReport::TooSmall { ham, spam });
    }
    let (span, cut) = ((first.0, last.0), cut.0);
    let mut older: Vec<Row> = history.into_iter().map(|(_, row)| row).collect();
    let newer = older.split_off(cut_at);
    for (i, row) in older.iter_mut().enumerate() {
        row.source = format!("part {}", i % PARTS).into();
    }
    let mut models = vec![result("shipped", &newer, shipped)];
    let count_older = older.len();
    dataset::drop_duplicates(&mut older);
    let own = training::train(&older, 1, &HeadKind::ALL.map(|kind| Choices::none(Settings::of(kind))), done);
    let no_own_model = match own {
        Ok(trained) => {
            models.push(result("own history", &newer, &trained.model));
            None
        }
        Err(error) => Some(error.to_string()),
    };
    Ok(Report { older: count_older, newer: newer.len(), cut, span, models, no_own_model })
}

fn result(name: &'static str, rows: &[Row], model: &Model) -> ModelResult {
    let outcomes: Vec<Outcome> = judge(rows, model);
    let mut decisions = Decisions::default();
    for (row, outcome) in rows.iter().zip(&outcomes) {
        decisions.add(row, outcome.decision);
    }
    let scores = scores(rows.iter().zip(&outcomes), HeadKind::Spam);
    let curve = Curve::of(&scores);
    let plots = Plots::of(&curve, &reliability(&scores), &histogram(&scores), ["real", "spam"]);
    ModelResult { name, decisions, auc: curve.roc_auc(), plots }
}

impl Report {
    /// For a terminal.
    pub fn text(&self) -> String {
        let mut lines = vec![
            format!(
                "Day-one report: {} comments from {:.0} to {:.0}",
                self.older + self.newer,
                self.span.0,
                self.span.1
            ),
            format!("learned from {} before {:.0}, decided about {} since then\n", self.older, self.cut, self.newer),
            format!("{:<14}{:<8}{:>8}{:>12}{:>8}{:>10}", "model", "site", "n", "published", "held", "rejected"),
        ];
        for model in &self.models {
            for (label, n, [published, held, rejected]) in model.rows() {
                lines.push(format!("{:<14}{label:<8}{n:>8}{published:>12}{held:>8}{rejected:>10}", model.name));
            }
        }
        for model in &self.models {
            lines.push(format!("\n{}: {}", model.name, model.sentence()));
        }
        lines.extend(self.no_own_model.as_ref().map(|why| format!("\nno model of the site's own: {why}")));
        lines.join("\n")
    }

    /// As an HTML file that loads nothing.
    ///
    /// # Errors
    ///
    /// When the page cannot be put together; a defect.
    pub fn page(&self, site: &str) -> Result<String, askama::Error> {
        Page { site, report: self }.render()
    }
}

impl ModelResult {
    /// What the site had decided, how often, and the shares of published, held and rejected.
    fn rows(&self) -> Vec<(&'static str, usize, [String; 3])> {
        let named = [("spam", self.decisions.spam), ("real", self.decisions.ham)];
        named.into_iter().map(|(label, counts)| (label, counts.all(), percents(&counts))).collect()
    }

    /// What it would have caught and lost.
    pub fn sentence(&self) -> String {
        let (spam, ham) = (self.decisions.spam, self.decisions.ham);
        format!(
            "would have caught {} of {} spam comments; of {} real ones it would have lost {} and kept {} waiting",
            spam.hold + spam.reject,
            spam.all(),
            ham.all(),
            ham.reject,
            ham.hold
        )
    }
}

/// Shares of approved, held and rejected in per cent.
fn percents(counts: &Counts) -> [String; 3] {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    counts.shares().map_or_else(|| ["–", "–", "–"].map(str::to_owned), |shares| shares.map(percent))
}

fn share(value: &Option<f64>) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.3}"))
}

#[derive(Template)]
#[template(path = "day_one.html")]
struct Page<'a> {
    site: &'a str,
    report: &'a Report,
}
