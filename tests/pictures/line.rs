//! One line of a terminal as SVG: text on the grid of cells, and frames and bars as shapes, which join whatever the
//! font. The baseline is at 0, so that a line can stand anywhere.

use std::fmt::Write as _;

use vt100::{Cell, Screen};

use super::colours::{self, Rgb};

/// How wide a cell is: as a letter of [`FONT_SIZE`] in a font whose letters are 0.6 em wide.
pub const WIDTH: f64 = 9.0;
/// How high a cell is.
pub const HEIGHT: f64 = 20.0;
/// How far the baseline is below the top of a cell.
pub const BASELINE: f64 = 15.0;
/// The size of the letters.
pub const FONT_SIZE: f64 = 15.0;

const TOP: f64 = -BASELINE;
const BOTTOM: f64 = HEIGHT - BASELINE;
const MIDDLE: f64 = (TOP + BOTTOM) / 2.0;

/// How something is drawn; each look is a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    colour: Rgb,
    bold: bool,
    italic: bool,
    underlined: bool,
}

/// The looks that were met so far.
#[derive(Debug, Default)]
pub struct Looks(Vec<Look>);

impl Looks {
    fn class(&mut self, look: Look) -> String {
        let known = self.0.iter().position(|known| *known == look);
        let index = known.unwrap_or_else(|| {
            self.0.push(look);
            self.0.len() - 1
        });
        format!("c{index}")
    }

    /// The style sheet of what [`svg`] makes.
    pub fn css(&self) -> String {
        let mut css = "text{fill:currentColor;white-space:pre}.m{text-anchor:middle}\
             path{fill:none;stroke:currentColor;stroke-width:1.2;stroke-linecap:square}\
             .h{stroke-width:3;stroke-linecap:butt}.d{stroke-dasharray:2.5 2;stroke-linecap:butt}\
             .f,.s{fill:currentColor;stroke:none}.s{opacity:.3}"
            .to_owned();
        for (index, look) in self.0.iter().enumerate() {
            write!(css, ".c{index}{{color:{}", look.colour.hex()).unwrap();
            css.push_str(if look.bold { ";font-weight:bold" } else { "" });
            css.push_str(if look.italic { ";font-style:italic" } else { "" });
            css.push_str(if look.underlined { ";text-decoration:underline" } else { "" });
            css.push('}');
        }
        css
    }
}

/// What is drawn in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Letters, which go together as far as they look alike.
    Text,
    /// A sign that fonts disagree on: alone, in the middle of its cells.
    Sign,
    /// A shape that goes on into the next cell; its class.
    Shape(&'static str),
}

fn kind(text: &str) -> Kind {
    match text.chars().next().unwrap_or(' ') {
        '─' | '│' | '╭' | '╮' | '╰' | '╯' => Kind::Shape(""),
        '━' => Kind::Shape(" h"),
        '╌' => Kind::Shape(" d"),
        '▁'..='▏' => Kind::Shape(" f"),
        '░' => Kind::Shape(" s"),
        letter if letter.is_ascii() || letter.is_alphanumeric() || "·…»×".contains(letter) => Kind::Text,
        _ => Kind::Sign,
    }
}

/// Cells side by side that are drawn as one.
struct Run {
    column: u16,
    cells: u16,
    kind: Kind,
    look: Look,
    text: String,
}

/// A line of a screen; empty if nothing is on it.
pub fn svg(screen: &Screen, row: u16, looks: &mut Looks) -> String {
    let mut svg = grounds(screen, row);
    for run in runs(screen, row) {
        let (x, width) = (f64::from(run.column) * WIDTH, f64::from(run.cells) * WIDTH);
        let class = looks.class(run.look);
        match run.kind {
            Kind::Text => {
                let text = escaped(&run.text);
                write!(svg, r#"<text class="{class}" x="{x}" textLength="{width}">{text}</text>"#)
            }
            Kind::Sign => {
                let (text, x) = (escaped(&run.text), x + width / 2.0);
                write!(svg, r#"<text class="{class} m" x="{x}">{text}</text>"#)
            }
            Kind::Shape(kind) => {
                write!(svg, r#"<path class="{class}{kind}" d="{}"/>"#, outline(x, &run.text))
            }
        }
        .unwrap();
    }
    svg
}

/// What is behind the text, where that is not the background.
fn grounds(screen: &Screen, row: u16) -> String {
    let mut grounds: Vec<(u16, u16, Rgb)> = Vec::new();
    for (column, cell) in cells(screen, row) {
        let (_, Some(colour)) = colours::of(cell) else { continue };
        match grounds.last_mut() {
            Some((from, length, same)) if *same == colour && *from + *length == column => *length += 1,
            _ => grounds.push((column, 1, colour)),
        }
    }
    let mut svg = String::new();
    for (column, length, colour) in grounds {
        let (x, width, fill) = (f64::from(column) * WIDTH, f64::from(length) * WIDTH, colour.hex());
        write!(svg, r#"<rect x="{x}" y="{TOP}" width="{width}" height="{HEIGHT}" fill="{fill}"/>"#).unwrap();
    }
    svg
}

fn runs(screen: &Screen, row: u16) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (column, cell) in cells(screen, row) {
        let text = cell.contents();
        if text.trim().is_empty() {
            continue;
        }
        let kind = kind(text);
        let (colour, _) = colours::of(cell);
        // A sign has no weight: the fonts that have it have it once.
        let bold = cell.bold() && kind == Kind::Text;
        let look = Look { colour, bold, italic: cell.italic(), underlined: cell.underline() };
        if let Some(run) = runs.last_mut()
            && (run.kind, run.look) == (kind, look)
            && let Some(gap) = column.checked_sub(run.column + run.cells)
            && (gap == 0 && kind != Kind::Sign || gap == 1 && kind == Kind::Text)
        {
            run.text.extend(std::iter::repeat_n(' ', usize::from(gap)));
            run.text.push_str(text);
            run.cells += gap + width(cell);
        } else {
            runs.push(Run { column, cells: width(cell), kind, look, text: text.to_owned() });
        }
    }
    runs
}

fn cells(screen: &Screen, row: u16) -> impl Iterator<Item = (u16, &Cell)> {
    let (_, columns) = screen.size();
    (0..columns.get()).filter_map(move |column| Some((column, screen.cell(row, column)?)))
}

fn width(cell: &Cell) -> u16 {
    if cell.is_wide() { 2 } else { 1 }
}

/// The outline of shapes that stand side by side from there on.
fn outline(mut left: f64, shapes: &str) -> String {
    const HALF: f64 = WIDTH / 2.0;
    let eighths = |from: char, to: char| f64::from(u32::from(to) - u32::from(from) + 1) / 8.0;
    let mut outline = String::new();
    let shapes: Vec<char> = shapes.chars().collect();
    for same in shapes.chunk_by(|one, next| one == next) {
        let width = WIDTH * same.len() as f64;
        let right = left + width;
        match same[0] {
            '─' | '━' | '╌' => write!(outline, "M{left} {MIDDLE}h{width}"),
            '╭' => write!(outline, "M{right} {MIDDLE}q-{HALF} 0 -{HALF} {HALF}V{BOTTOM}"),
            '╮' => write!(outline, "M{left} {MIDDLE}q{HALF} 0 {HALF} {HALF}V{BOTTOM}"),
            '╰' => write!(outline, "M{right} {MIDDLE}q-{HALF} 0 -{HALF} -{HALF}V{TOP}"),
            '╯' => write!(outline, "M{left} {MIDDLE}q{HALF} 0 {HALF} -{HALF}V{TOP}"),
            '│' => (0..same.len()).try_for_each(|cell| {
                write!(outline, "M{} {TOP}v{HEIGHT}", left + HALF + WIDTH * cell as f64)
            }),
            bar @ '▁'..='█' => {
                let height = HEIGHT * eighths('▁', bar);
                write!(outline, "M{left} {BOTTOM}v-{height}h{width}v{height}z")
            }
            bar @ '▉'..='▏' => {
                let part = WIDTH * eighths(bar, '▏');
                write!(outline, "M{left} {TOP}h{part}v{HEIGHT}h-{part}z")
            }
            _ => write!(outline, "M{left} {TOP}h{width}v{HEIGHT}h-{width}z"),
        }
        .unwrap();
        left = right;
    }
    outline
}

/// Text as XML writes it.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
