//! A sheet over the panels: all of a user, a page, a run, a line.

use super::super::model::Sheet;
use super::canvas::{Canvas, Words};
use super::overlay::scrolled;

/// Draws a sheet; only the lines on screen are looked at.
pub fn draw(canvas: &mut Canvas, sheet: &Sheet) {
    let words = sheet
        .lines()
        .iter()
        .map(|line| line.iter().fold(Words::new(), |words, (role, text)| words.say(*role, text.clone())));
    scrolled(canvas, &sheet.title, sheet.hint, words.collect(), sheet.top);
}
