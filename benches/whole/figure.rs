//! Figures: many measurements as one, pairs of them as a ratio, and all of them as a table.

use std::fmt;
use std::time::Duration;

/// The median of several measurements, with the smallest and the largest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Middle {
    /// The smallest.
    pub least: f64,
    /// The one in the middle.
    pub median: f64,
    /// The largest.
    pub most: f64,
}

impl Middle {
    /// Takes them in, in any order.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let [Some(&least), Some(&most)] = [values.first(), values.last()] else { return Self::default() };
        let middle = values.len() / 2;
        let median = match values.len().is_multiple_of(2) {
            true => f64::midpoint(values[middle - 1], values[middle]),
            false => values[middle],
        };
        Self { least, median, most }
    }

    /// Seconds of times.
    pub fn seconds(times: impl IntoIterator<Item = Duration>) -> Self {
        Self::of(times.into_iter().map(|time| time.as_secs_f64()))
    }
}

/// With two decimals, as a ratio is told.
impl fmt::Display for Middle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.median, self.least, self.most)
    }
}

/// A line of the table.
#[derive(Clone, Debug, Default)]
pub struct Figure {
    /// What was done.
    pub what: String,
    /// What highwater took.
    pub measured: String,
    /// What the limit took, if there is one to hold it against.
    pub limit: String,
    /// How the one stands to the other.
    pub ratio: String,
    /// What it is to be.
    pub target: String,
    /// False if it is not.
    pub missed: bool,
}

impl Figure {
    /// True if it is to be something.
    pub fn is_judged(&self) -> bool {
        !self.target.is_empty()
    }

    fn cells(&self) -> [&str; 5] {
        [&self.what, &self.measured, &self.limit, &self.ratio, &self.target]
    }
}

const TITLES: [&str; 5] = ["what", "highwater", "limit", "ratio", "target"];

/// All of them, aligned.
pub fn table(figures: &[Figure]) -> String {
    let width = |column: usize| {
        let cells = figures.iter().map(|figure| figure.cells()[column].chars().count());
        cells.max().unwrap_or(0).max(TITLES[column].len())
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let line = |cells: [&str; 5]| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let mut table = line(TITLES);
    for figure in figures {
        table.push('\n');
        table.push_str(&line(figure.cells()));
        if figure.missed {
            table.push_str("  MISSED");
        }
    }
    table
}

/// The same in the README's form.
pub fn markdown(figures: &[Figure]) -> String {
    let line = |cells: [&str; 5], more: &str| format!("| {}{more} |\n", cells.join(" | "));
    let more = |figure: &Figure| if figure.missed { ": missed" } else { "" };
    let lines: String = figures.iter().map(|figure| line(figure.cells(), more(figure))).collect();
    format!("{}|---|---|---|---|---|\n{lines}", line(TITLES, ""))
}

/// A number with a comma before every three digits.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
