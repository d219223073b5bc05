//! A sheet: all of one thing, which lies over the panels and is scrolled.
//!
//! It is laid out when it is opened, when it learns more and when the screen changes its size, and never while it is
//! drawn: what it tells may be long. What is said in it is safe for a terminal.

mod lay;

use super::super::text;
use super::super::theme::Role;
use crate::run::{Counts, Fate};

/// Words in a row, each with its meaning.
pub type Said = Vec<(Role, String)>;

/// One of the things that a sheet tells.
#[derive(Clone, Debug)]
pub enum Part {
    /// Nothing: room between two groups.
    Blank,
    /// A label, and text beside it.
    Field((Role, String), Said),
    /// Rows of cells beside their labels. Where there is no room for all columns, the last ones go.
    Table {
        /// The rows.
        rows: Vec<(String, Said)>,
        /// True if the cells are figures, which stand at the right.
        figures: bool,
    },
    /// A label, and a bar of segments beside it, each as long as its figure is large.
    Bar(&'static str, Vec<Segment>),
}

/// A piece of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it means.
    pub role: Role,
    /// What it is drawn with.
    pub glyph: &'static str,
    /// How much it stands for.
    pub value: u64,
}

/// A label with text of one meaning.
#[must_use]
pub fn field(label: &str, role: Role, text: impl Into<String>) -> Part {
    Part::Field((Role::Quiet, label.to_owned()), vec![(role, text.into())])
}

/// The sign of a row's fate, wherever one is shown.
#[must_use]
pub fn fate(fate: Fate) -> (Role, &'static str) {
    match fate {
        Fate::New => (Role::Good, "+"),
        Fate::Changed => (Role::Warn, "~"),
        Fate::Same => (Role::Quiet, "="),
        Fate::Stale => (Role::Quiet, "<"),
    }
}

/// What became of rows, fate by fate: what it means, its figure behind the sign that the lists use, and its word.
pub fn figures(counts: &Counts) -> impl Iterator<Item = (Role, String, &'static str)> {
    let all = [
        (Fate::New, counts.new, "new"),
        (Fate::Changed, counts.changed, "changed"),
        (Fate::Same, counts.same, "same"),
        (Fate::Stale, counts.stale, "stale"),
    ];
    all.into_iter().map(|(of, count, word)| {
        let (role, sign) = fate(of);
        let role = if count > 0 { role } else { Role::Quiet };
        (role, format!("{sign}{}", text::number(count)), word)
    })
}

/// What became of rows, in a line.
#[must_use]
pub fn fates(counts: &Counts) -> Said {
    figures(counts)
        .flat_map(|(role, figure, word)| [(role, format!(" {figure}")), (Role::Quiet, format!(" {word}"))])
        .collect()
}

/// The rows that something is odd about: how many, what it is, and how bad. None that there are none of.
pub fn odd(counts: &Counts) -> impl Iterator<Item = (u64, &'static str, Role)> {
    let all = [
        (counts.quarantined, "set apart, for which the table has no place", Role::Bad),
        (counts.no_cursor, "without a readable updatedAt", Role::Warn),
        (counts.future, "from the source's future", Role::Warn),
        (counts.extra, "with fields that the table does not have", Role::Plain),
    ];
    all.into_iter().filter(|(count, ..)| *count > 0)
}

/// All of one thing, laid out.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// What it is.
    pub title: String,
    /// What keys do in it.
    pub hint: &'static str,
    /// How many lines it is scrolled down.
    pub top: usize,
    parts: Vec<Part>,
    lines: Vec<Said>,
    width: usize,
}

impl Sheet {
    /// A sheet that only Esc has a use for.
    #[must_use]
    pub fn new(title: impl Into<String>, parts: Vec<Part>, width: usize) -> Self {
        let lines = lay::out(&parts, width);
        Self { title: title.into(), hint: "Esc closes", top: 0, parts, lines, width }
    }

    /// The same with another hint.
    #[must_use]
    pub fn with_hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }

    /// Tells this from now on, in the same place.
    pub fn say(&mut self, parts: Vec<Part>) {
        self.lines = lay::out(&parts, self.width);
        self.parts = parts;
    }

    /// Lays it out for a width.
    pub fn lay(&mut self, width: usize) {
        if self.width != width {
            self.width = width;
            self.lines = lay::out(&self.parts, width);
        }
    }

    /// Its lines.
    #[must_use]
    pub fn lines(&self) -> &[Said] {
        &self.lines
    }
}

#[cfg(test)]
impl Sheet {
    /// All that it tells, without its layout.
    pub fn text(&self) -> String {
        let line = |line: &Said| line.iter().map(|(_, text)| text.as_str()).collect::<String>();
        self.lines.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}
