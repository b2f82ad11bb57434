//! Pictures of numbers, as SVG that needs no script.
//!
//! Colours are placeholders that `pages.css` replaces, so that one picture fits a light and a dark page. Only our own numbers
//! and texts go in; nothing that a stranger wrote.

use charts_rs::{BarChart, LineChart};
use serde_json::{Value, json};
use tracing::error;

/// The colours that stand for the first, second and third series; see `pages.css`.
const COLOURS: [&str; 3] = ["#0000FF", "#FF0000", "#808080"];

/// A picture with what has to be said beside it.
pub(super) struct Plot {
    /// What it is about.
    pub title: String,
    /// What it shows, in a sentence.
    pub finding: String,
    /// The picture; empty when it could not be drawn: the table says the same.
    pub svg: String,
    /// How its series are coloured: a class of the style.
    pub colours: &'static str,
    /// The table: a name for the rows, the names of the columns, the rows.
    pub table: Table,
}

/// The numbers of a picture.
pub(super) struct Table {
    /// What the first column holds.
    pub rows_are: String,
    /// The series.
    pub columns: Vec<String>,
    /// Each row: its name and a number for each series.
    pub rows: Vec<(String, Vec<i64>)>,
}

impl Table {
    /// The numbers of one series.
    fn series(&self, column: usize) -> Vec<i64> {
        self.rows.iter().map(|(_, numbers)| numbers.get(column).copied().unwrap_or(0)).collect()
    }

    fn names(&self) -> Vec<&str> {
        self.rows.iter().map(|(name, _)| name.as_str()).collect()
    }
}

impl Plot {
    /// Bars, those of one row on top of each other.
    pub(super) fn bars(title: String, finding: String, colours: &'static str, table: Table) -> Self {
        let chart = options(&table, true);
        let svg = drawn(BarChart::from_json(&chart.to_string()).and_then(|chart| chart.svg()));
        Self { title, finding, svg, colours, table }
    }

    /// One or more lines.
    pub(super) fn lines(title: String, finding: String, colours: &'static str, table: Table) -> Self {
        let chart = options(&table, false);
        let svg = drawn(LineChart::from_json(&chart.to_string()).and_then(|chart| chart.svg()));
        Self { title, finding, svg, colours, table }
    }
}

fn options(table: &Table, stacked: bool) -> Value {
    let series = table.columns.iter().enumerate().map(|(column, name)| {
        // The names are set apart by the width of the library's font, which is narrower than the page's.
        let mut series = json!({ "name": format!("{name}\u{2003}"), "data": table.series(column) });
        if stacked {
            series["stack"] = json!("all");
        }
        series
    });
    json!({
        "width": 560, "height": 260, "font_family": "Roboto", "title_height": 0,
        "legend_show": table.columns.len() > 1,
        "series_colors": COLOURS, "series_symbol": null, "grid_stroke_color": "#00FF00",
        "legend_font_color": "#00FFFF", "x_axis_font_color": "#00FFFF", "x_axis_stroke_color": "#00FFFF",
        "x_axis_data": table.names(),
        "y_axis_configs": [{ "axis_min": 0.0, "axis_font_color": "#00FFFF" }],
        "series_list": series.collect::<Vec<_>>(),
    })
}

fn drawn<E: std::fmt::Display>(svg: Result<String, E>) -> String {
    svg.unwrap_or_else(|error| {
        error!("a picture could not be drawn: {error}");
        String::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_need_neither_script_nor_inline_style() {
        let table = || Table {
            rows_are: "day".to_owned(),
            columns: vec!["approved".to_owned(), "held".to_owned(), "rejected".to_owned()],
            rows: (0..30).map(|n| (format!("11-{n:02}"), vec![n, 2 * n, 40 - n])).collect(),
        };
        let title = || ("title".to_owned(), "finding".to_owned());
        for plot in [
            Plot::bars(title().0, title().1, "decisions", table()),
            Plot::lines(title().0, title().1, "decisions", table()),
        ] {
            assert!(plot.svg.starts_with("<svg") && plot.svg.contains(COLOURS[2]), "{}", plot.svg);
            for bad in ["style=", "<script", "<style", "href", "<image", "onload"] {
                assert!(!plot.svg.contains(bad), "{bad}: {}", plot.svg);
            }
        }
    }
}
