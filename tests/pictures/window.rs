//! What a terminal showed, as an SVG file: a window around it, each line once, and a strip of frames that one after
//! the other pass behind the window, each as long as it was to be seen.
//!
//! No script, nothing from elsewhere: it must be shown by a page that takes it for an image. Whoever asks for less
//! motion, or cannot have any, sees the last frame.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use vt100::Screen;

use super::colours::{BACKGROUND, Rgb, TEXT};
use super::line::{self, BASELINE, FONT_SIZE, HEIGHT, Looks, WIDTH};

const FONT: &str = r#"ui-monospace,"JetBrains Mono","DejaVu Sans Mono",Menlo,Consolas,monospace"#;
const EDGE: Rgb = Rgb(0x3a, 0x43, 0x54);
const BUTTONS: [Rgb; 3] = [Rgb(0xff, 0x7b, 0x86), Rgb(0xf2, 0xc9, 0x6d), Rgb(0x7f, 0xd9, 0x8c)];
/// How much room the window leaves around the screen.
const MARGIN: f64 = 16.0;
/// How high the window's title is.
const TITLE: f64 = 40.0;

/// What was to be seen, and for how long.
pub type Film = Vec<(Screen, Duration)>;

/// The lines of a screen, by their numbers; `None` is an empty one.
type Frame = Vec<Option<usize>>;

/// Each line that is to be seen, once.
#[derive(Default)]
struct Lines {
    looks: Looks,
    all: Vec<String>,
    known: HashMap<String, usize>,
}

impl Lines {
    fn frame(&mut self, screen: &Screen) -> Frame {
        let (rows, _) = screen.size();
        (0..rows.get())
            .map(|row| {
                let line = line::svg(screen, row, &mut self.looks);
                self.number(line)
            })
            .collect()
    }

    fn number(&mut self, line: String) -> Option<usize> {
        if line.is_empty() {
            return None;
        }
        let number = *self.known.entry(line.clone()).or_insert(self.all.len());
        if number == self.all.len() {
            self.all.push(line);
        }
        Some(number)
    }
}

/// The picture of a film, under a title.
pub fn svg(title: &str, film: &Film) -> String {
    let mut lines = Lines::default();
    let mut frames: Vec<(Frame, Duration)> = Vec::new();
    for (screen, shown) in film {
        let frame = lines.frame(screen);
        match frames.last_mut() {
            Some((same, length)) if *same == frame => *length += *shown,
            _ => frames.push((frame, *shown)),
        }
    }
    let (rows, columns) = film[0].0.size();
    let (width, height) = (f64::from(columns.get()) * WIDTH, f64::from(rows.get()) * HEIGHT);
    let mut svg = window(title, width + 2.0 * MARGIN, height + TITLE + MARGIN);
    write!(svg, "<style>text{{font-family:{FONT};font-size:{FONT_SIZE}px}}{}", lines.looks.css()).unwrap();
    svg.push_str(&motion(&frames, height));
    svg.push_str("</style>\n<defs>\n");
    for (number, line) in lines.all.iter().enumerate() {
        writeln!(svg, r#"<g id="l{number}">{line}</g>"#).unwrap();
    }
    svg.push_str("</defs>\n");
    writeln!(svg, r#"<svg x="{MARGIN}" y="{TITLE}" width="{width}" height="{height}">"#).unwrap();
    svg.push_str(&strip(&frames, height));
    svg.push_str("</svg>\n</svg>\n");
    svg
}

/// The window, to where what is in it begins.
fn window(title: &str, width: f64, height: f64) -> String {
    let mut svg = String::new();
    let (title, ground, edge) = (line::escaped(title), BACKGROUND.hex(), EDGE.hex());
    writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" xml:space="preserve">
<title>{title}</title>
<rect x=".5" y=".5" width="{}" height="{}" rx="10" fill="{ground}" stroke="{edge}"/>"#,
        width - 1.0,
        height - 1.0,
    )
    .unwrap();
    for (place, colour) in (0..).zip(BUTTONS) {
        let (x, y, fill) = (22 + 20 * place, TITLE / 2.0, colour.hex());
        write!(svg, r#"<circle cx="{x}" cy="{y}" r="6" fill="{fill}"/>"#).unwrap();
    }
    let (x, y, colour) = (width / 2.0, TITLE / 2.0 + 5.0, TEXT.hex());
    writeln!(svg, r#"<text class="m" x="{x}" y="{y}" color="{colour}" opacity=".7">{title}</text>"#).unwrap();
    svg
}

/// The frames, one below the other, as far up as is right for the last one.
fn strip(frames: &[(Frame, Duration)], height: f64) -> String {
    let last = height * (frames.len() - 1) as f64;
    let mut svg = format!("<g id=\"film\" transform=\"translate(0 -{last})\">\n");
    for (number, (frame, _)) in frames.iter().enumerate() {
        write!(svg, r#"<g transform="translate(0 {})">"#, height * number as f64).unwrap();
        for (row, line) in frame.iter().enumerate() {
            let y = HEIGHT * row as f64 + BASELINE;
            if let Some(line) = line {
                write!(svg, r##"<use href="#l{line}" y="{y}"/>"##).unwrap();
            }
        }
        svg.push_str("</g>\n");
    }
    svg.push_str("</g>\n");
    svg
}

/// How the strip moves: it stands still while a frame is shown, then jumps to the next.
fn motion(frames: &[(Frame, Duration)], height: f64) -> String {
    if frames.len() < 2 {
        return String::new();
    }
    let whole: Duration = frames.iter().map(|(_, shown)| *shown).sum();
    let seconds = whole.as_secs_f64();
    let mut css = format!("#film{{animation:film {seconds:.2}s step-end infinite}}@keyframes film{{");
    let mut begins = Duration::ZERO;
    for (number, (_, shown)) in frames.iter().enumerate() {
        let part = begins.as_secs_f64() / seconds * 100.0;
        let up = height * number as f64;
        write!(css, "{part:.2}%{{transform:translate(0,-{up}px)}}").unwrap();
        begins += *shown;
    }
    css.push_str("}@media(prefers-reduced-motion:reduce){#film{animation:none}}");
    css
}
