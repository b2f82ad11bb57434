//! Pictures of heads as SVG: ROC, precision and recall, reliability, histogram, shares by source or disguise.
//!
//! Colours are placeholders that the page's style replaces, so that one picture fits a light and a dark page.

use charts_rs::{BarChart, HorizontalBarChart, LineChart};
use serde_json::{Value, json};

use super::curves::{Bar, Bin, Curve};

/// Most points of a curve.
const POINTS: usize = 300;
/// The colours that stand for what is seen, for the other class and for comparison; see the page's style.
const COLOURS: [&str; 3] = ["#0000FF", "#FF0000", "#808080"];

/// A head's pictures. A picture that cannot be drawn is empty; its table says the same.
#[derive(Clone, Debug)]
pub struct Plots {
    /// False-positive rate against recall.
    pub roc: String,
    /// Recall against precision.
    pub precision_recall: String,
    /// What was said against what was true.
    pub reliability: String,
    /// How probabilities are spread, by class.
    pub histogram: String,
}

impl Plots {
    /// Draws a head. `names` are those of its classes, negative and positive.
    pub fn of(curve: &Curve, bins: &[Bin], bars: &[Bar], names: [&str; 2]) -> Self {
        let diagonal = ("as said", vec![(0.0, 0.0), (1.0, 1.0)]);
        let chance = ("chance", diagonal.1.clone());
        let calibration = bins.iter().map(|bin| (bin.said, bin.found)).collect();
        Self {
            roc: lines("false-positive rate", &[("model", curve.roc(POINTS)), chance]),
            precision_recall: lines("recall", &[("model", curve.precision_recall(POINTS))]),
            reliability: lines("probability", &[("model", calibration), diagonal]),
            histogram: histogram(bars, names),
        }
    }
}

fn options(series: Value) -> Value {
    json!({
        "width": 480, "height": 330, "font_family": "Roboto", "title_height": 0,
        "series_colors": COLOURS, "series_symbol": null, "grid_stroke_color": "#00FF00",
        "legend_font_color": "#00FFFF", "x_axis_font_color": "#00FFFF", "x_axis_stroke_color": "#00FFFF",
        "series_list": series,
    })
}

fn lines(x_title: &str, curves: &[(&str, Vec<(f64, f64)>)]) -> String {
    let series = curves.iter().enumerate().map(|(i, (name, points))| {
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let mut series = json!({ "name": name, "x_values": x, "data": y, "index": if i == 0 { 0 } else { 2 } });
        if i > 0 {
            series["stroke_dash_array"] = json!("4,4");
        }
        series
    });
    let mut options = options(series.collect());
    options["x_axis_values"] = json!([0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
    options["x_axis_title"] = json!(x_title);
    options["y_axis_configs"] = json!([{
        "axis_min": 0.0, "axis_max": 1.0, "axis_split_number": 5, "axis_font_color": "#00FFFF"
    }]);
    drawn(LineChart::from_json(&options.to_string()).and_then(|chart| chart.svg()))
}

/// Shares of each class, since classes differ in size.
fn histogram(bars: &[Bar], names: [&str; 2]) -> String {
    let all = |of: fn(&Bar) -> usize| bars.iter().map(of).sum::<usize>().max(1) as f64;
    let shares = |of: fn(&Bar) -> usize| bars.iter().map(|bar| 100.0 * of(bar) as f64 / all(of)).collect::<Vec<_>>();
    let mut options = options(json!([
        { "name": names[0], "data": shares(|bar| bar.negatives) },
        { "name": names[1], "data": shares(|bar| bar.positives) },
    ]));
    options["x_axis_data"] = bars.iter().map(|bar| format!("{:.2}", bar.from)).collect();
    options["x_axis_title"] = json!("probability");
    options["y_axis_configs"] = json!([{ "axis_min": 0.0, "axis_formatter": "{c} %", "axis_font_color": "#00FFFF" }]);
    drawn(BarChart::from_json(&options.to_string()).and_then(|chart| chart.svg()))
}

/// Shares in per cent as bars side by side, one or two for each name.
pub fn bars(names: &[&str], shares: &[(&str, Vec<f64>)]) -> String {
    let series = shares.iter().map(|(name, values)| json!({ "name": name, "data": values }));
    let mut options = options(series.collect());
    options["height"] = json!(70 + names.len() * (10 + 12 * shares.len()));
    options["x_axis_data"] = json!(names);
    options["y_axis_configs"] = json!([{
        "axis_min": 0.0, "axis_max": 100.0, "axis_split_number": 5, "axis_formatter": "{c} %", "axis_font_color": "#00FFFF"
    }]);
    drawn(HorizontalBarChart::from_json(&options.to_string()).and_then(|chart| chart.svg()))
}

/// Shares from 0 to 1 at some places that lie at equal distances, whatever their values.
pub fn shares(x_title: &str, points: impl Iterator<Item = (f64, f64)>) -> String {
    let (places, shares): (Vec<String>, Vec<f64>) =
        points.map(|(at, share)| (format!("{} %", 100.0 * at), share)).unzip();
    let mut options = options(json!([{ "name": "mean over sources", "data": shares }]));
    options["x_axis_data"] = json!(places);
    options["x_axis_title"] = json!(x_title);
    options["y_axis_configs"] = json!([{
        "axis_min": 0.0, "axis_max": 1.0, "axis_split_number": 5, "axis_font_color": "#00FFFF"
    }]);
    drawn(LineChart::from_json(&options.to_string()).and_then(|chart| chart.svg()))
}

fn drawn<E: std::fmt::Display>(svg: Result<String, E>) -> String {
    svg.unwrap_or_else(|error| {
        eprintln!("a picture could not be drawn: {error}");
        String::new()
    })
}

#[cfg(test)]
mod tests {
    use super::super::curves::{histogram, reliability};
    use super::*;

    #[test]
    fn every_picture_is_drawn_in_replaceable_colours() {
        let scores: Vec<(f64, bool)> = (0..200).map(|i| (f64::from(i) / 200.0, i % 3 == 0 || i > 120)).collect();
        let plots = Plots::of(&Curve::of(&scores), &reliability(&scores), &histogram(&scores), ["ham", "spam"]);
        let bars = bars(&["a source", "another"], &[("at 1 %", vec![50.0, 0.0]), ("at 0.1 %", vec![40.0, 100.0])]);
        let shares = shares("rate", [(0.001, 0.2), (0.1, 0.9)].into_iter());
        for svg in [plots.roc, plots.precision_recall, plots.reliability, plots.histogram, bars, shares] {
            assert!(svg.starts_with("<svg") && svg.ends_with("</svg>"), "{svg}");
            assert!(svg.contains(COLOURS[0]) && !svg.contains("<image") && !svg.contains("href"), "{svg}");
        }
    }
}
