//! All that a view finds, decided as one step: a range of scores chosen on a strip, a sample to look at, one decision.
//!
//! The page names each comment with the revision that was counted, so what arrives or changes afterwards is not decided with them.

use std::sync::Arc;

use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::detail::{Moment, name};
use super::evidence::{REASONS, signed};
use super::problem::Failure;
use super::session::SignedIn;
use super::shown::{self, Piece};
use super::texts::{Text, of, t};
use super::view::View;
use super::{Frame, assets, page, reader, texts};
use crate::app::App;
use crate::store::{CAMPAIGN, StoredComment};

/// Columns of the strip.
const COLUMNS: usize = 40;
/// Comments that are shown of those in the range.
const SAMPLE: usize = 10;
/// A step of an edge, as a part of the whole strip.
const STEP: f64 = 0.05;

/// The number by which comments are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Spam,
    Toxic,
    Score,
}

impl By {
    const ALL: [By; 3] = [Self::Spam, Self::Toxic, Self::Score];

    fn as_str(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Toxic => "toxic",
            Self::Score => "score",
        }
    }

    /// The number of a comment, if it has one: a probability in percent, or the score.
    fn of(self, comment: &StoredComment) -> Option<f64> {
        let scores = comment.verdict.scores;
        match self {
            Self::Spam => scores.spam.map(|spam| 100.0 * spam),
            Self::Toxic => scores.toxic.map(|toxic| 100.0 * toxic),
            Self::Score => Some(comment.verdict.score),
        }
    }

    /// Where the strip begins and ends.
    fn scale(self) -> (f64, f64) {
        if self == Self::Score { (-10.0, 20.0) } else { (0.0, 100.0) }
    }

    /// The place of a number on the strip: what lies beyond it stands at its end.
    fn place(self, number: f64) -> f64 {
        let (low, high) = self.scale();
        ((number - low) / (high - low)).clamp(0.0, 1.0)
    }
}

/// The part of the strip that was chosen. An edge at the end of the strip is open: what lies beyond it is in the range.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Range {
    by: By,
    from: f64,
    to: f64,
}

impl Range {
    fn parse(query: &str, fallback: By) -> Self {
        let (mut by, mut edges) = (fallback, [None, None]);
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let number = || value.trim().parse().ok().filter(|number: &f64| number.is_finite());
            match &*name {
                "by" => by = By::ALL.into_iter().find(|by| by.as_str() == value).unwrap_or(fallback),
                "from" => edges[0] = number(),
                "to" => edges[1] = number(),
                _ => {}
            }
        }
        let (low, high) = by.scale();
        let edge = |edge: Option<f64>, end: f64| edge.unwrap_or(end).clamp(low, high);
        let (from, to) = (edge(edges[0], low), edge(edges[1], high));
        Self { by, from: from.min(to), to: to.max(from) }
    }

    fn contains(self, comment: &StoredComment) -> bool {
        let (low, high) = self.by.scale();
        match self.by.of(comment) {
            Some(number) => (self.from <= low || number >= self.from) && (self.to >= high || number <= self.to),
            None => self.from <= low && self.to >= high,
        }
    }

    /// The range with its edges moved by parts of the strip.
    fn moved(self, from: f64, to: f64) -> Self {
        let (low, high) = self.by.scale();
        let whole = high - low;
        let edge = |edge: f64, by: f64| (edge + by * whole).clamp(low, high);
        let (from, to) = (edge(self.from, from), edge(self.to, to));
        Self { from: from.min(to), to: to.max(from), ..self }
    }

    fn address(self, view: &View) -> String {
        format!("/matching?{}&by={}&from={}&to={}", view.query(), self.by.as_str(), self.from, self.to)
    }
}

/// A column of the strip: its place, its height, whether it is in the range.
struct Column {
    x: usize,
    height: f64,
    is_in: bool,
}

/// A comment of the sample.
struct Sampled {
    pick: String,
    address: String,
    name: Vec<Piece>,
    text: Vec<Piece>,
    lang: Option<String>,
    veiled: bool,
    received: Moment,
    number: String,
}

#[derive(Template)]
#[template(path = "matching.html")]
struct MatchingPage {
    frame: Frame,
    back: String,
    query: String,
    search: String,
    /// Where the strip begins and ends.
    scale: (f64, f64),
    range: Range,
    /// The numbers to choose from: name, address, whether it is this one.
    numbers: Vec<(&'static str, String, bool)>,
    /// The edges a step further: what moves, address.
    moves: Vec<(&'static str, String)>,
    columns: Vec<Column>,
    found: usize,
    chosen: usize,
    /// Whether there are more than can be decided at once.
    has_more: bool,
    sample: Vec<Sampled>,
    /// Another sample of the same.
    another: Option<String>,
    /// All others in the range.
    others: Vec<String>,
    suggested: &'static str,
    mistakes: Vec<Text>,
}

/// `GET /matching`: what the view of the query finds, by a number.
pub(super) async fn matching(
    State(app): State<Arc<App>>,
    signed_in: SignedIn,
    RawQuery(query): RawQuery,
) -> Result<Response, Failure> {
    if !signed_in.may_moderate() {
        return Err(Failure::Forbidden);
    }
    let now = Timestamp::now();
    let query = query.unwrap_or_default();
    let view = View { after: None, ..View::parse(&query) };
    let mut asked = view.asked(&app, signed_in.user.id, now);
    asked.sites.retain(|site| signed_in.may_moderate_on(*site));
    let listed = app.store.queue(&asked.sites, &asked.filter, view.order(), None, CAMPAIGN, false).await?;
    let is_judged = listed.comments.iter().any(|comment| comment.verdict.scores.spam.is_some());
    let range = Range::parse(&query, if is_judged { By::Spam } else { By::Score });
    let chosen: Vec<&StoredComment> = listed.comments.iter().filter(|comment| range.contains(comment)).collect();
    let turn = turn(&query);
    let (sampled, others) = sample(&chosen, turn);
    let title = t("matching-title").with("n", chosen.len()).to_string();
    let address = range.address(&view);
    let shown = MatchingPage {
        frame: Frame::new(&app, &signed_in, title),
        back: view.address(),
        query: view.query(),
        search: view.search.clone(),
        scale: range.by.scale(),
        range,
        numbers: numbers(range, &view),
        moves: moves(range, &view),
        columns: columns(&listed.comments, range),
        found: listed.comments.len(),
        chosen: chosen.len(),
        has_more: listed.next.is_some(),
        sample: sampled.into_iter().map(|comment| shown_sample(comment, range.by, now)).collect(),
        another: (!others.is_empty()).then(|| format!("{address}&turn={}", turn + 1)),
        others: others.into_iter().map(pick).collect(),
        suggested: REASONS[0],
        mistakes: asked.mistakes,
    };
    page(StatusCode::OK, &shown)
}

/// Which sample is asked for: the first, the second …
fn turn(query: &str) -> usize {
    let turn = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "turn");
    turn.and_then(|(_, turn)| turn.parse::<u16>().ok()).unwrap_or_default().into()
}

/// Some of all, evenly spread, and the others. Each turn shows other ones until all were shown.
fn sample<'a>(all: &[&'a StoredComment], turn: usize) -> (Vec<&'a StoredComment>, Vec<&'a StoredComment>) {
    let step = all.len().div_ceil(SAMPLE).max(1);
    let is_sampled = |n: usize| n % step == turn % step;
    let (sampled, others): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(|(n, _)| is_sampled(*n));
    let only = |comments: Vec<(usize, &&'a StoredComment)>| comments.into_iter().map(|(_, comment)| *comment).collect();
    (only(sampled), only(others))
}

fn numbers(range: Range, view: &View) -> Vec<(&'static str, String, bool)> {
    let link = |by: By| {
        let (from, to) = by.scale();
        (by.as_str(), Range { by, from, to }.address(view), by == range.by)
    };
    By::ALL.map(link).into()
}

fn moves(range: Range, view: &View) -> Vec<(&'static str, String)> {
    [("from-down", -STEP, 0.0), ("from-up", STEP, 0.0), ("to-down", 0.0, -STEP), ("to-up", 0.0, STEP)]
        .map(|(name, from, to)| (name, range.moved(from, to).address(view)))
        .into()
}

/// How many comments lie in each part of the strip; the highest column is 100.
fn columns(comments: &[StoredComment], range: Range) -> Vec<Column> {
    let mut counts = [0usize; COLUMNS];
    for number in comments.iter().filter_map(|comment| range.by.of(comment)) {
        counts[((range.by.place(number) * COLUMNS as f64) as usize).min(COLUMNS - 1)] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let (from, to) = (range.by.place(range.from), range.by.place(range.to));
    let column = |(x, count): (usize, usize)| {
        let middle = (x as f64 + 0.5) / COLUMNS as f64;
        // A single comment is still seen beside a thousand.
        let height = if count == 0 { 0.0 } else { 6.0 + 94.0 * count as f64 / most };
        Column { x, height, is_in: from <= middle && middle <= to }
    };
    counts.into_iter().enumerate().map(column).collect()
}

fn pick(comment: &StoredComment) -> String {
    format!("{}@{}", comment.id, comment.revision)
}

fn shown_sample(comment: &StoredComment, by: By, now: Timestamp) -> Sampled {
    let number = match by.of(comment) {
        Some(score) if by == By::Score => signed(score),
        Some(percent) => format!("{percent:.0} %"),
        None => t("gauge-not-judged").to_string(),
    };
    Sampled {
        pick: pick(comment),
        address: format!("/comments/{}", comment.id),
        name: name(comment.submission.name.as_deref()),
        text: shown::plain(&shown::short(&comment.submission.text, 240)),
        lang: comment.lang.clone(),
        veiled: super::detail::is_veiled(&comment.verdict),
        received: Moment::new(comment.created_at, now),
        number: format!("{} {number}", of("gauge", by.as_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_from_its_address_and_nonsense_is_the_whole_strip() {
        let range = Range::parse("by=spam&from=95&to=100", By::Score);
        assert_eq!(range, Range { by: By::Spam, from: 95.0, to: 100.0 });
        let address = range.address(&View::default());
        assert_eq!(Range::parse(address.split_once('?').expect("a query").1, By::Score), range);
        assert_eq!(Range::parse("by=x&from=NaN&to=-inf", By::Score), Range { by: By::Score, from: -10.0, to: 20.0 });
        assert_eq!(Range::parse("by=spam&from=80&to=20", By::Score), Range { by: By::Spam, from: 20.0, to: 80.0 });
    }

    #[test]
    fn edges_move_by_steps_and_stay_on_the_strip() {
        let range = Range { by: By::Spam, from: 95.0, to: 100.0 };
        assert_eq!(range.moved(-STEP, 0.0).from, 90.0);
        assert_eq!(range.moved(0.0, STEP).to, 100.0);
        let narrow = Range { by: By::Spam, from: 98.0, to: 100.0 }.moved(STEP, 0.0);
        assert!(narrow.from <= narrow.to);
    }
}
