//! The frames of what lies over the panels.

use ratatui::layout::{Constraint, Flex, Layout, Rect, Size};

/// The widest that text over the panels gets: longer lines are tiresome to read.
const OVERLAY_WIDTH: u16 = 96;

/// The frame of what lies over the panels, for so many lines of content.
#[must_use]
pub fn overlay_frame(size: Size, lines: usize) -> Rect {
    overlay_fitting(size, usize::from(u16::MAX), lines)
}

/// The same for lines of no more than so many cells.
#[must_use]
pub fn overlay_fitting(size: Size, cells: usize, lines: usize) -> Rect {
    let screen = Rect::new(0, 0, size.width, size.height);
    let margin = if size.width >= 100 { 8 } else { 0 };
    let wanted = |content: usize, frame| u16::try_from(content.saturating_add(frame)).unwrap_or(u16::MAX);
    let width = size.width.saturating_sub(margin).min(OVERLAY_WIDTH).min(wanted(cells, 4));
    let height = size.height.min(wanted(lines, 2));
    let [row] = Layout::vertical([Constraint::Length(height)]).flex(Flex::Center).areas(screen);
    let [area] = Layout::horizontal([Constraint::Length(width)]).flex(Flex::Center).areas(row);
    area
}

/// What that frame leaves for its content at most.
#[must_use]
pub fn overlay(size: Size) -> Rect {
    overlay_inner(overlay_frame(size, usize::from(u16::MAX)))
}

/// What a frame over the panels leaves for its content.
#[must_use]
pub fn overlay_inner(frame: Rect) -> Rect {
    if frame.width < 4 || frame.height < 2 {
        return Rect::new(frame.x, frame.y, 0, 0);
    }
    Rect { x: frame.x + 2, y: frame.y + 1, width: frame.width - 4, height: frame.height - 2 }
}
