//! The lanes: a strip that shows the stretch of cursor time filling from several places, and where each lane stands.
//!
//! The bar is linear in cursor time, as the position is, so that it can be read like a clock, and a lane that hardly
//! moves shows that its times are dense. But then a stretch in which most rows lie may be thinner than a cell, and most
//! of the run would happen in it. So as soon as what is left is a small part of the whole, the bar enlarges that part,
//! by steps that are few and large, and its title says what part that is; where the screen is large the position above
//! it still shows the whole. How many rows each lane has brought stands below.

use chrono::{DateTime, SecondsFormat, Utc};
use ratatui::layout::Rect;

use super::super::layout::{self, Shape};
use super::super::model::Model;
use super::super::model::lanes::{LaneEntry, Lanes, Standing, Window};
use super::super::text;
use super::super::theme::Role;
use super::canvas::{Canvas, Words};
use super::position::{behind, place};

/// What the mark covers, what is read ahead of it, what is still to be read.
const COVERED: (Role, char) = (Role::Accent, '█');
const AHEAD: (Role, char) = (Role::Good, '▒');
const UNREAD: (Role, char) = (Role::Quiet, '░');
/// Where the heads of several lanes share a cell.
const MANY: char = '+';
/// The cells of a cursor: with milliseconds.
const CURSOR: usize = 24;
/// Blank cells between two lanes.
const GAP: u16 = 2;

/// Draws the strip.
pub fn draw(model: &Model, canvas: &mut Canvas) {
    let area = canvas.areas.lanes;
    let lanes = &model.seen().lanes;
    let Some(whole) = lanes.whole().filter(|_| !area.is_empty()) else { return };
    let enlarged = lanes.enlarged();
    let (title, side) = titles(lanes, enlarged.is_some(), whole, usize::from(area.width));
    let inner = canvas.panel(area, &title, &side, false);
    let window = enlarged.unwrap_or(whole);
    if inner.height < 2 {
        let to = behind(model, " ");
        let width = inner.width.saturating_sub(u16::try_from(to.width() + 1).unwrap_or(u16::MAX));
        canvas.write(inner, 0, bar(lanes, window, width));
        canvas.write_right(inner, 0, to);
        return;
    }
    canvas.write(inner, 0, bar(lanes, window, inner.width));
    scale(canvas, inner, window);
    list(model, canvas, Rect { y: inner.y + 2, height: inner.height - 2, ..inner });
}

/// The title and how many lanes may ask, as long as they fit into so many cells together.
fn titles(lanes: &Lanes, enlarged: bool, whole: Window, width: usize) -> (String, String) {
    let left = lanes.left().filter(|_| enlarged);
    let left =
        left.map(|left| format!("{} of {} left", text::span(left.length()), text::span(whole.length())));
    let title = |word: &str| left.as_ref().map_or("Lanes".to_owned(), |left| format!("Lanes{word}: {left}"));
    let (figure, why) = lanes.headline();
    let side = why.map_or(figure.clone(), |why| format!("{figure}: {why}"));
    let ways = [(title(", enlarged"), side.clone()), (title(""), side)];
    // Between them the frame shows, and each stands between two blanks.
    let fits = |(title, side): &(String, String)| text::width(title) + text::width(side) + 8 <= width;
    ways.into_iter().find(fits).unwrap_or_else(|| (title(""), figure))
}

/// What the ends of the bar are, and what is drawn between them.
fn scale(canvas: &mut Canvas, inner: Rect, window: Window) {
    let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    let key = |words: Words, (role, glyph): (Role, char), what: &str| {
        words.say(role, glyph).say(Role::Quiet, format!(" {what}  "))
    };
    let words = Words::new().say(Role::Quiet, format!("{}  ", time(window.from)));
    let words = key(words, COVERED, "below the mark");
    let words = key(words, AHEAD, "read ahead");
    let words = key(words, UNREAD, "to be read");
    let all = [Standing::Asks, Standing::Waits, Standing::Rests].map(sign);
    let words = all.into_iter().fold(words, |words, (role, glyph, word)| key(words, (role, glyph), word));
    canvas.write(inner, 1, words);
    canvas.write_right(inner, 1, Words::new().say(Role::Quiet, time(window.to)));
}

/// A window of the stretch: what is read of it, with the lanes' numbers at their heads.
fn bar(lanes: &Lanes, window: Window, width: u16) -> Words {
    let cells = cells(lanes, window, usize::from(width));
    let pieces = cells.chunk_by(|(one, _), (other, _)| one == other);
    pieces.fold(Words::new(), |words, piece| {
        words.say(piece[0].0, piece.iter().map(|(_, glyph)| glyph).collect::<String>())
    })
}

fn cells(lanes: &Lanes, window: Window, width: usize) -> Vec<(Role, char)> {
    let cell = |at| place(window.from, window.to, at, width);
    let mut cells = vec![UNREAD; width];
    let mut fill = |from: DateTime<Utc>, to: DateTime<Utc>, sign: (Role, char)| {
        if from < to && to > window.from && from < window.to {
            // A cell is read once all of it is; the last one has nothing behind it.
            let end = if to >= window.to { width } else { cell(to) };
            cells.iter_mut().take(end).skip(cell(from)).for_each(|cell| *cell = sign);
        }
    };
    for lane in lanes.list.iter().skip(1) {
        fill(lane.start, lane.reached, AHEAD);
    }
    if let (Some(first), Some(covered)) = (lanes.list.first(), lanes.covered()) {
        fill(first.start, covered, COVERED);
    }
    let heads = lanes.list.iter().filter(|lane| !lane.rests && lanes.left().is_some());
    for lane in heads.filter(|lane| (window.from..=window.to).contains(&lane.reached)) {
        head(&mut cells, lane, cell(lane.reached));
    }
    cells
}

/// Puts a lane's number at its head; a sign for many, where another one is there already.
fn head(cells: &mut [(Role, char)], lane: &LaneEntry, at: usize) {
    let number = lane.lane.to_string();
    let from = (at + 1).saturating_sub(number.len());
    match cells.get_mut(from..from + number.len()) {
        Some(room) if room.iter().all(|(role, _)| *role != Role::Strong) => {
            for (cell, digit) in room.iter_mut().zip(number.chars()) {
                *cell = (Role::Strong, digit);
            }
        }
        _ => cells.iter_mut().skip(at).take(1).for_each(|cell| *cell = (Role::Strong, MANY)),
    }
}

/// What each lane does, and where it stands, in as many columns as there is room for.
fn list(model: &Model, canvas: &mut Canvas, area: Rect) {
    let seen = model.seen();
    if area.is_empty() {
        return;
    }
    let tall = canvas.areas.shape == Shape::Boxed && canvas.size.height >= layout::TALL;
    let (columns, _) = layout::lane_grid(seen.lanes.room(), area.width, tall);
    let width = (area.width / columns).saturating_sub(GAP);
    let room = usize::from(columns) * usize::from(area.height);
    let mut lanes: Vec<_> = seen.lanes.standings(seen).enumerate().collect();
    if lanes.len() > room {
        lanes.retain(|(_, (_, standing))| *standing != Standing::Rests);
    }
    let shown = if lanes.len() > room { room.saturating_sub(1) } else { lanes.len() };
    for (place, (at, (lane, standing))) in lanes.iter().take(shown).enumerate() {
        let words = entry(lane, *standing, *at == 0, usize::from(width));
        put(canvas, area, (place, columns), width, words);
    }
    if shown < lanes.len() {
        let more = Words::new().say(Role::Quiet, format!("and {} more", lanes.len() - shown));
        put(canvas, area, (shown, columns), width, more);
    }
}

/// Writes an entry at its place, line by line.
fn put(canvas: &mut Canvas, area: Rect, (index, columns): (usize, u16), width: u16, words: Words) {
    let index = u16::try_from(index).unwrap_or(u16::MAX);
    let (column, line) = (index % columns, index / columns);
    canvas.write(Rect { x: area.x + column * (width + GAP), width, ..area }, line, words);
}

/// What a lane does, as a glyph and a word.
fn sign(standing: Standing) -> (Role, char, &'static str) {
    match standing {
        Standing::Asks => (Role::Good, '●', "asks"),
        Standing::Waits => (Role::Warn, '◌', "waits"),
        Standing::Rests => (Role::Quiet, '·', "rests"),
    }
}

/// One lane, with as much as there is room for.
fn entry(lane: &LaneEntry, standing: Standing, leftmost: bool, width: usize) -> Words {
    let (role, glyph, word) = sign(standing);
    let mark = if leftmost { "◆" } else { " " };
    let front =
        Words::new().say(Role::Strong, format!("{mark}{:>2} ", lane.lane)).say(role, format!("{glyph} "));
    let state = Words::new().say(role, format!("{word:<6}"));
    let cursor = Words::new().say(Role::Plain, text::pad(&lane.cursor, CURSOR));
    let page = match lane.read.page {
        0 => Words::new().say(Role::Quiet, "  no page"),
        page => {
            Words::new().say(Role::Quiet, "  page ").say(Role::Plain, format!("{:<5}", text::number(page)))
        }
    };
    let rows = match lane.read.rows {
        0 => Words::new(),
        rows => {
            Words::new().say(Role::Plain, format!(" {:>8}", text::number(rows))).say(Role::Quiet, " rows")
        }
    };
    // What goes first where there is little room, for all lanes alike: the word that the glyph stands for.
    match width {
        62.. => front.join(state).join(cursor).join(page).join(rows),
        56.. => front.join(cursor).join(page).join(rows),
        _ => front.join(cursor).join(page),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::samples::{cursor, lanes_told};
    use super::*;

    /// The bar of the whole, in the cells of a day each.
    fn drawn(told: &[(u32, i64, i64, bool)], complete: bool) -> String {
        let mut lanes = Lanes::default();
        lanes.tell(&lanes_told(told, 8));
        lanes.end(complete, None);
        let whole = Window { from: cursor(0).instant().unwrap(), to: cursor(200).instant().unwrap() };
        cells(&lanes, whole, 41).into_iter().map(|(_, glyph)| glyph).collect()
    }

    #[test]
    fn it_fills_from_several_places() {
        let told = [(1, 0, 50, false), (12, 100, 125, false), (3, 150, 155, false)];
        assert_eq!(drawn(&told, false), "██████████1░░░░░░░░░▒▒▒▒12░░░░▒3░░░░░░░░░");
        assert_eq!(drawn(&told, true), "█".repeat(41));
    }

    #[test]
    fn a_lane_that_rests_has_no_head_and_heads_in_one_cell_are_many() {
        let told = [(1, 0, 50, false), (2, 51, 52, false), (3, 100, 125, true)];
        assert_eq!(drawn(&told, false), "██████████+░░░░░░░░░▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒");
    }
}
