//! What the screen looks like: it only draws, a file a panel.

use ratatui::Frame;

use super::model::Model;

/// Draws the model.
pub fn view(_model: &Model, _frame: &mut Frame) {}
