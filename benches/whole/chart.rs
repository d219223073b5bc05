//! The chart of what was measured, as an SVG file: how many times as long as its limit each run takes, how many times as
//! fast lanes are, and what becomes of pace and memory as the rows grow. On a ground of its own, so that it can be read
//! on a light page and on a dark one; no script, and nothing from elsewhere.

use std::fmt::Write as _;

use super::rows::Spread;
use super::{Figures, Lane, Point, Ratio, growth};

const FONT: &str = r#"system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif"#;
const WIDTH: f64 = 860.0;
/// Where bars begin and end; their names stand before.
const LEFT: f64 = 300.0;
const RIGHT: f64 = 730.0;
/// From a bar to the next.
const STEP: f64 = 28.0;
/// How high the growth is drawn.
const HIGH: f64 = 150.0;

/// Draws all of it.
pub fn svg(figures: &Figures, machine: &str) -> String {
    let mut chart = Chart { body: String::new(), y: 34.0 };
    chart.text(24.0, "title", "start", "Whole runs of highwater, each beside its limit");
    chart.y += 34.0;
    chart.ratios(&figures.ratios);
    chart.lanes(&figures.lanes);
    chart.growth(&figures.growth);
    chart.text(24.0, "dim", "start", machine);
    chart.finished()
}

/// What is drawn, from the top down to `y`.
struct Chart {
    body: String,
    y: f64,
}

impl Chart {
    /// Adds an element. A text takes everything.
    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.body, "{element}");
    }

    fn text(&mut self, x: f64, class: &str, anchor: &str, text: &str) {
        let (y, text) = (self.y, text.replace('&', "&amp;").replace('<', "&lt;"));
        self.add(format_args!(
            r#"<text class="{class}" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{text}</text>"#
        ));
    }

    fn heading(&mut self, text: &str, aside: &str) {
        self.text(24.0, "head", "start", text);
        self.y += 18.0;
        self.text(24.0, "dim", "start", aside);
        self.y += 14.0;
    }

    /// A bar with its name before it and its value after it; a whisker shows from where to where the runs went.
    fn bar(&mut self, class: &str, name: &str, [least, value, most]: [f64; 3], value_text: &str, scale: f64) {
        let place = |value: f64| LEFT + value * scale;
        let middle = self.y + STEP / 2.0;
        self.add(format_args!(
            r#"<rect class="{class}" x="{LEFT}" y="{:.1}" width="{:.1}" height="16" rx="2"/>"#,
            middle - 8.0,
            value * scale
        ));
        self.add(format_args!(
            r#"<path class="spread" d="M{:.1} {middle:.1}H{:.1}M{0:.1} {:.1}v8M{1:.1} {2:.1}v8"/>"#,
            place(least),
            place(most),
            middle - 4.0
        ));
        self.y = middle + 4.5;
        self.text(LEFT - 12.0, "name", "end", name);
        self.text(WIDTH - 60.0, "value", "end", value_text);
        self.y = middle + STEP / 2.0;
    }

    /// A line from top to bottom at a value, named below.
    fn mark(&mut self, top: f64, x: f64, name: &str) {
        let bottom = self.y + 4.0;
        self.add(format_args!(r#"<path class="limit" d="M{x:.1} {top:.1}V{bottom:.1}"/>"#));
        self.y += 20.0;
        self.text(x, "dim", "middle", name);
        self.y += 34.0;
    }

    fn ratios(&mut self, ratios: &[Ratio]) {
        let Some(most) = ratios.iter().map(|ratio| ratio.times.most).max_by(f64::total_cmp) else { return };
        self.heading(
            "Time, as a multiple of the limit: shorter is faster",
            "slow source: the chain of the same requests, answers thrown away · fast source: the tightest loop of the same inserts",
        );
        let (top, scale) = (self.y, (RIGHT - LEFT) / most.max(1.2));
        for Ratio { name, times, .. } in ratios {
            let figures = [times.least, times.median, times.most];
            self.bar("ours", name, figures, &format!("{:.2}", times.median), scale);
        }
        self.mark(top, LEFT + scale, "1.0, the limit");
    }

    fn lanes(&mut self, lanes: &[Lane]) {
        let Some(most) = lanes.iter().map(|lane| lane.speed.most).max_by(f64::total_cmp) else { return };
        self.heading(
            "Lanes, how many times as fast as one scroll can be: longer is faster",
            "slow source · evenly spread: every row as far from the next · skewed: 90 % of the rows in 1 % of the time",
        );
        let (top, scale) = (self.y, (RIGHT - LEFT) / most.max(8.0));
        for Lane { spread, lanes, speed } in lanes {
            let (class, spread) = match spread {
                Spread::Even => ("ours", "evenly spread"),
                Spread::Skewed => ("other", "skewed"),
            };
            let plural = if *lanes == 1 { "" } else { "s" };
            let figures = [speed.least, speed.median, speed.most];
            let name = format!("{lanes} lane{plural}, {spread}");
            self.bar(class, &name, figures, &format!("{:.1}", speed.median), scale);
        }
        self.mark(top, LEFT + scale, "1, the bare chain");
    }

    fn growth(&mut self, growth: &[(Point, Point)]) {
        if growth.len() < 2 {
            return;
        }
        self.heading(
            "As the rows grow",
            "fast source, 1,000 rows a page · dotted: the tightest loop of the same inserts",
        );
        self.y += 26.0;
        let top = self.y;
        let curve = |class, value: fn(&(Point, Point)) -> f64| (class, growth.iter().map(value).collect());
        let names: Vec<String> = growth.iter().map(|(ours, _)| short(ours.rows)).collect();
        let pace = [
            curve("loop", |(_, limit)| limit.pace / 1_000.0),
            curve("curve", |(ours, _)| ours.pace / 1_000.0),
        ];
        self.curves(60.0, "thousand rows a second", &names, &pace, None);
        self.y = top;
        // The loop's cache is as large as it likes.
        let memory = [curve("curve", |(ours, _)| ours.peak)];
        self.curves(500.0, "most memory, MiB", &names, &memory, Some(growth::ALLOWED));
        self.y += 38.0;
    }

    /// A small chart: curves from left to right over named places.
    fn curves(
        &mut self,
        left: f64,
        title: &str,
        names: &[String],
        curves: &[(&str, Vec<f64>)],
        allowed: Option<f64>,
    ) {
        let width = 300.0;
        let values = curves.iter().flat_map(|(_, values)| values).copied().chain(allowed);
        let (most, step) = ceiling(values.fold(0.0, f64::max));
        let (top, bottom) = (self.y, self.y + HIGH);
        let y = |value: f64| bottom - value / most * HIGH;
        let x = |place: usize| left + width * place as f64 / (names.len() - 1) as f64;
        self.y = top - 14.0;
        self.text(left - 36.0, "name", "start", title);
        for line in 0..=(most / step).round() as usize {
            let value = line as f64 * step;
            self.add(format_args!(r#"<path class="grid" d="M{left} {:.1}h{width}"/>"#, y(value)));
            self.y = y(value) + 4.0;
            self.text(left - 8.0, "dim", "end", &format!("{value}"));
        }
        if let Some(allowed) = allowed {
            self.add(format_args!(r#"<path class="limit" d="M{left} {:.1}h{width}"/>"#, y(allowed)));
            self.y = y(allowed) - 5.0;
            self.text(left + 4.0, "dim", "start", &format!("{allowed} are allowed"));
        }
        for (class, values) in curves {
            let points = values.iter().enumerate();
            let points = points.map(|(place, value)| format!("{:.1},{:.1}", x(place), y(*value)));
            let points = points.collect::<Vec<_>>().join(" ");
            self.add(format_args!(r#"<polyline class="{class}" points="{points}"/>"#));
        }
        self.y = bottom + 20.0;
        for (place, name) in names.iter().enumerate() {
            self.text(x(place), "dim", "middle", name);
        }
    }

    fn finished(self) -> String {
        let height = self.y + 24.0;
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">
<title>Whole runs of highwater, each beside its limit</title>
<style>text{{font:13px {FONT};fill:#d8dee9}}.title{{font-size:18px;font-weight:600}}.head{{font-size:14px;font-weight:600}}.value{{font-weight:600}}.dim{{font-size:11.5px;fill:#9aa5b8}}.ours{{fill:#56cdd6}}.other{{fill:#cf9ff7}}.spread{{stroke:#f2c96d;stroke-width:1.5;fill:none}}.limit{{stroke:#ff9aa2;stroke-width:1.5;stroke-dasharray:5 3;fill:none}}.grid{{stroke:#2e3644}}.curve{{stroke:#56cdd6;stroke-width:2;fill:none}}.loop{{stroke:#d8dee9;stroke-width:1.5;stroke-dasharray:2 4;fill:none}}</style>
<rect x=".5" y=".5" width="{}" height="{}" rx="10" fill="#121721" stroke="#3a4354"/>
{}</svg>
"##,
            WIDTH - 1.0,
            height - 1.0,
            self.body
        )
    }
}

/// A power of ten, as a scale has room for it.
fn short(rows: usize) -> String {
    match rows {
        1_000_000.. => format!("{} M", rows / 1_000_000),
        _ => format!("{} k", rows / 1_000),
    }
}

/// The end of a scale that holds a value, and what is between two of its lines.
fn ceiling(value: f64) -> (f64, f64) {
    let power = 10_f64.powf(value.max(1.0).log10().floor());
    let step = [0.2, 0.5, 1.0, 2.0].map(|part| part * power).into_iter().find(|step| value / step <= 5.0);
    let step = step.unwrap_or(2.0 * power);
    ((value / step).ceil() * step, step)
}
