//! A sheet over the panels: all of a row, a page, a run, a line.

use super::super::model::Sheet;
use super::canvas::{Canvas, Words};
use super::overlay::scrolled;

/// Draws a sheet.
pub fn draw(canvas: &mut Canvas, sheet: &Sheet) {
    let lines = sheet.lines();
    scrolled(canvas, (&sheet.title, sheet.hint), (lines.len(), sheet.top), |at| {
        lines[at].iter().fold(Words::new(), |words, (role, text)| words.say(*role, text.clone()))
    });
}
