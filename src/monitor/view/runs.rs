//! The runs, newest on top.

use super::super::model::Model;
use super::canvas::Canvas;

/// Draws the runs.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.left;
    let _ = (model, area);
}
