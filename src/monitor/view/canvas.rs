//! What every panel draws with: words in a row, and a frame around them.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Widget as _};

use unicode_segmentation::UnicodeSegmentation as _;

use super::super::layout::{self, Areas, Shape};
use super::super::model::Input;
use super::super::text;
use super::super::theme::{Role, Theme};

/// The screen, and where everything stands on it.
pub struct Canvas<'a> {
    /// Where everything stands.
    pub areas: Areas,
    /// How things look.
    pub theme: Theme,
    /// How large the screen is.
    pub size: Size,
    /// The cells.
    pub buffer: &'a mut Buffer,
}

/// Words in a row, each with its meaning.
#[derive(Clone, Debug, Default)]
pub struct Words(Vec<(Tint, String)>);

#[derive(Clone, Copy, Debug)]
enum Tint {
    Role(Role),
    Chip(Role),
}

impl Words {
    /// No words yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// One more word.
    pub fn say(mut self, role: Role, text: impl Into<String>) -> Self {
        self.0.push((Tint::Role(role), text.into()));
        self
    }

    /// One more word, set off from the rest.
    pub fn chip(mut self, role: Role, text: &str) -> Self {
        self.0.push((Tint::Chip(role), format!(" {text} ")));
        self
    }

    /// The character that the cursor is on.
    fn cursor(mut self, text: &str) -> Self {
        self.0.push((Tint::Chip(Role::Plain), text.to_owned()));
        self
    }

    /// Words of another row.
    pub fn join(mut self, mut other: Self) -> Self {
        self.0.append(&mut other.0);
        self
    }

    /// How many cells they take.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text::width(text)).sum()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The words cut to a width, with an ellipsis in the one that is cut.
    fn line(self, theme: Theme, mut cells: usize) -> Line<'static> {
        let mut spans = Vec::with_capacity(self.0.len());
        for (tint, text) in self.0 {
            let style = match tint {
                Tint::Role(role) => theme.of(role),
                Tint::Chip(role) => theme.chip(role),
            };
            let width = text::width(&text);
            if width > cells {
                spans.push(Span::styled(text::fit(&text, cells), style));
                break;
            }
            cells -= width;
            spans.push(Span::styled(text, style));
        }
        Line::from(spans)
    }
}

impl Canvas<'_> {
    /// Writes words on the line of an area, from its left.
    pub fn write(&mut self, area: Rect, line: u16, words: Words) {
        if line >= area.height {
            return;
        }
        let (mut x, y) = (area.x, area.y + line);
        for span in words.line(self.theme, usize::from(area.width)) {
            x = self.put((x, y), area.right(), &span);
        }
    }

    /// Writes a text up to a column, and says where it ended. Nearly all is plain and goes straight into its cells: to
    /// look for graphemes everywhere takes a third of a frame.
    fn put(&mut self, (mut x, y): (u16, u16), right: u16, span: &Span) -> u16 {
        let (plain, rest) = text::split_plain(&span.content);
        for (byte, at) in plain.bytes().zip(x..right) {
            if let Some(cell) = self.buffer.cell_mut((at, y)) {
                cell.set_char(char::from(byte)).set_style(span.style);
            }
            x = at + 1;
        }
        if rest.is_empty() {
            return x;
        }
        self.buffer.set_stringn(x, y, rest, usize::from(right.saturating_sub(x)), span.style).0
    }

    /// Writes words on the line of an area, up to its right.
    pub fn write_right(&mut self, area: Rect, line: u16, words: Words) {
        let width = u16::try_from(words.width()).unwrap_or(u16::MAX);
        let left = area.width.saturating_sub(width);
        let area = Rect { x: area.x + left, width: area.width - left, ..area };
        self.write(area, line, words);
    }

    /// Writes a line that is being typed, with its cursor, behind a prompt. Where it is too long its end shows.
    pub fn input(&mut self, area: Rect, line: u16, prompt: &str, input: &Input) {
        let (before, after) = input.parts();
        let mut rest = after.graphemes(true);
        let under = rest.next().unwrap_or(" ");
        let room = usize::from(area.width).saturating_sub(text::width(prompt) + 1 + text::width(under));
        let words = Words::new()
            .say(Role::Accent, format!("{prompt} "))
            .say(Role::Plain, text::fit_end(before, room))
            .cursor(under)
            .say(Role::Plain, rest.as_str());
        self.write(area, line, words);
    }

    /// Draws the frame of a panel, and gives what it leaves.
    pub fn panel(&mut self, area: Rect, title: &str, side: &str, focused: bool) -> Rect {
        if area.is_empty() {
            return Rect::ZERO;
        }
        let (frame, name) = if focused {
            let accent = self.theme.of(Role::Accent);
            (accent, accent.add_modifier(Modifier::BOLD))
        } else {
            let strong = self.theme.of(Role::Strong);
            (self.theme.of(Role::Quiet), strong.remove_modifier(Modifier::DIM))
        };
        let borders = match self.areas.shape {
            Shape::Boxed => Borders::ALL,
            Shape::Ruled | Shape::Compact => Borders::TOP,
        };
        let room = usize::from(area.width).saturating_sub(6);
        let mark = if focused { "▶ " } else { "" };
        let title = text::fit(&format!("{mark}{title}"), room);
        let rest = room.saturating_sub(text::width(&title) + 2);
        let mut block = Block::new()
            .borders(borders)
            .border_set(self.theme.border())
            .border_style(frame)
            .title(Line::from(vec![Span::raw(" "), Span::styled(title, name), Span::raw(" ")]));
        if !side.is_empty() && text::width(side) <= rest {
            let quiet = self.theme.of(Role::Quiet).fg(Color::Reset);
            let side = Span::styled(format!(" {side} "), quiet);
            block = block.title(Line::from(side).right_aligned());
        }
        block.render(area, self.buffer);
        self.areas.inner(area)
    }

    /// Draws the frame of what lies over the panels, for so many lines of content; the rest steps back.
    pub fn over(&mut self, title: &str, hint: &str, lines: usize) -> Rect {
        self.over_in(layout::overlay_frame(self.size, lines), title, hint)
    }

    /// The same no wider than so many cells of content, the title and the hint ask for.
    pub fn over_fitting(&mut self, title: &str, hint: &str, (cells, lines): (usize, usize)) -> Rect {
        // The title and the hint stand between the corners, each between two blanks.
        let cells = cells.max(text::width(title)).max(text::width(hint));
        self.over_in(layout::overlay_fitting(self.size, cells, lines), title, hint)
    }

    fn over_in(&mut self, area: Rect, title: &str, hint: &str) -> Rect {
        for cell in &mut self.buffer.content {
            cell.modifier.insert(Modifier::DIM);
        }
        let inner = layout::overlay_inner(area);
        Clear.render(area, self.buffer);
        let room = usize::from(area.width).saturating_sub(4);
        let accent = self.theme.of(Role::Accent);
        let title =
            Span::styled(format!(" {} ", text::fit(title, room)), accent.add_modifier(Modifier::BOLD));
        let hint =
            Span::styled(format!(" {} ", shortened(hint, room)), self.theme.of(Role::Quiet).fg(Color::Reset));
        Block::bordered()
            .border_set(self.theme.border())
            .border_style(accent)
            .title(Line::from(title))
            .title_bottom(Line::from(hint).right_aligned())
            .render(area, self.buffer);
        inner
    }

    /// Lays a style over a line of an area.
    pub fn tint(&mut self, area: Rect, line: u16, style: Style) {
        if line < area.height {
            let row = Rect { y: area.y + line, height: 1, ..area };
            self.buffer.set_style(row, style);
        }
    }
}

/// A hint without as many of its first parts as have no room: the last one says how to get out.
fn shortened(mut hint: &str, room: usize) -> String {
    while text::width(hint) > room
        && let Some((_, rest)) = hint.split_once(" · ")
    {
        hint = rest;
    }
    text::fit(hint, room)
}
