//! Where everything stands at a size: geometry alone, so that keys can know how long a screenful is.
//!
//! The screen gives up the least important thing first, and never refuses to draw: boxes become rules, cards
//! become lines, side by side becomes one after the other under Tab.

mod lanes;
mod over;

use ratatui::layout::{Constraint, Layout, Rect, Size};

pub use self::lanes::lane_grid;
pub use self::over::{overlay, overlay_fitting, overlay_frame, overlay_inner};
use super::model::Panel;

/// Which panels are on screen, and where keys are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// The panel that keys are in.
    pub focus: Panel,
    /// What stands beside the rows: the pages or the runs.
    pub left: Panel,
    /// What stands below them: the log or the problems.
    pub bottom: Panel,
    /// True if the focused panel has all the room there is.
    pub expanded: bool,
    /// True if somebody tells what happens: a demo.
    pub narrated: bool,
    /// False until that has more to tell of than what is to come.
    pub introduced: bool,
    /// True if another walker stands beside this one.
    pub beside: bool,
    /// For how many lanes there has to be room; 0 where there is but one.
    pub lanes: u32,
}

impl Default for Arrangement {
    fn default() -> Self {
        Self {
            focus: Panel::Rows,
            left: Panel::Pages,
            bottom: Panel::Log,
            expanded: false,
            narrated: false,
            introduced: true,
            beside: false,
            lanes: 0,
        }
    }
}

impl Arrangement {
    /// Goes to a panel, which takes its place on the screen.
    pub fn show(&mut self, panel: Panel) {
        self.focus = panel;
        match panel {
            Panel::Rows => {}
            Panel::Pages | Panel::Runs => self.left = panel,
            Panel::Log | Panel::Problems => self.bottom = panel,
        }
    }
}

/// How panels are set apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Boxes with a border, where there is room for it.
    Boxed,
    /// A rule with the title on top of each panel.
    Ruled,
    /// A line for each figure, and one list.
    #[default]
    Compact,
}

/// Where everything stands. What has no room has an empty area.
#[derive(Clone, Copy, Debug, Default)]
pub struct Areas {
    /// Which panels are on screen.
    pub arrangement: Arrangement,
    /// How panels are set apart.
    pub shape: Shape,
    /// The program, the stream, the phase.
    pub header: Rect,
    /// What the sync is doing, in a sentence, and the badges.
    pub status: Rect,
    /// What is said of what happens.
    pub narration: Rect,
    /// How the walker beside stands.
    pub beside: Rect,
    /// The checkpoint.
    pub checkpoint: Rect,
    /// The scroll token.
    pub token: Rect,
    /// The run's counters.
    pub counters: Rect,
    /// The position in cursor time.
    pub position: Rect,
    /// The lanes.
    pub lanes: Rect,
    /// How fast it goes.
    pub pace: Rect,
    /// The pages or the runs.
    pub left: Rect,
    /// The rows.
    pub rows: Rect,
    /// The log or the problems.
    pub bottom: Rect,
    /// The keys.
    pub footer: Rect,
}

impl Areas {
    /// The areas at a size; where only one list has room it is the focused one.
    #[must_use]
    pub fn of(size: Size, arrangement: Arrangement) -> Self {
        let screen = Rect::new(0, 0, size.width, size.height);
        let mut areas = if size.width >= 100 && size.height >= 30 {
            boxed(screen, arrangement)
        } else if size.width >= 60 && size.height >= 20 {
            ruled(screen, arrangement)
        } else {
            compact(screen, arrangement)
        };
        areas.arrangement = arrangement;
        if arrangement.expanded {
            areas.expand();
        }
        areas
    }

    /// Gives the focused list the room of all of them.
    fn expand(&mut self) {
        let lists = [self.left, self.rows, self.bottom].into_iter().filter(|area| !area.is_empty());
        let all = lists.reduce(Rect::union).unwrap_or(Rect::ZERO);
        (self.left, self.rows, self.bottom) = (Rect::ZERO, Rect::ZERO, Rect::ZERO);
        match self.arrangement.focus {
            Panel::Rows => self.rows = all,
            Panel::Pages | Panel::Runs => self.left = all,
            Panel::Log | Panel::Problems => self.bottom = all,
        }
    }

    /// The area of a list, empty if it is not on screen.
    #[must_use]
    pub fn list(&self, panel: Panel) -> Rect {
        match panel {
            Panel::Rows => self.rows,
            _ if panel == self.arrangement.left => self.left,
            _ if panel == self.arrangement.bottom => self.bottom,
            _ => Rect::ZERO,
        }
    }

    /// What a panel's frame leaves for its content.
    #[must_use]
    pub fn inner(&self, area: Rect) -> Rect {
        let (side, top, bottom) = match self.shape {
            Shape::Boxed => (2, 1, 1),
            Shape::Ruled | Shape::Compact => (1, 1, 0),
        };
        if area.width < 2 * side || area.height < top + bottom {
            return Rect::new(area.x, area.y, 0, 0);
        }
        Rect {
            x: area.x + side,
            y: area.y + top,
            width: area.width - 2 * side,
            height: area.height - top - bottom,
        }
    }

    /// True if a list has room for the names of its columns.
    #[must_use]
    pub fn has_heading(&self, panel: Panel) -> bool {
        !matches!(panel, Panel::Log | Panel::Problems) && self.inner(self.list(panel)).height >= 3
    }

    /// How many entries of a list are on screen.
    #[must_use]
    pub fn rows(&self, panel: Panel) -> usize {
        let inner = self.inner(self.list(panel));
        usize::from(inner.height) - usize::from(self.has_heading(panel))
    }
}

fn boxed(screen: Rect, arrangement: Arrangement) -> Areas {
    let tall = screen.height >= TALL;
    let narrated = arrangement.narrated;
    let has_lanes = arrangement.lanes > 0 && (tall || !narrated);
    let (_, lines) = lane_grid(arrangement.lanes, screen.width.saturating_sub(4), tall);
    let [header, status, _, narration, cards, position, lanes, main, bottom, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(u16::from(tall)),
        Constraint::Length(match (narrated, arrangement.introduced) {
            (false, _) => 0,
            (true, true) => NARRATION + 2,
            (true, false) => NARRATION + 6,
        }),
        Constraint::Length(5),
        // What is told comes before what is measured.
        Constraint::Length(if narrated && !tall { 0 } else { 5 }),
        // The bar, its scale, and what each lane does.
        Constraint::Length(if has_lanes { 2 + 2 + lines } else { 0 }),
        Constraint::Fill(1),
        Constraint::Length(match (tall, has_lanes) {
            (true, _) => 11,
            (false, true) => 5,
            (false, false) => 7,
        }),
        Constraint::Length(1),
    ])
    .areas(screen);
    let [checkpoint, token, counters] =
        Layout::horizontal([Constraint::Fill(30), Constraint::Fill(31), Constraint::Fill(39)]).areas(cards);
    let [pace, position] =
        Layout::horizontal([Constraint::Percentage(44), Constraint::Fill(1)]).areas(position);
    let [left, rows] = Layout::horizontal([Constraint::Percentage(44), Constraint::Fill(1)]).areas(main);
    let [narration, beside] = told(narration, arrangement);
    Areas {
        shape: Shape::Boxed,
        header,
        status,
        narration,
        beside,
        checkpoint,
        token,
        counters,
        position,
        lanes,
        pace,
        left,
        rows,
        bottom,
        footer,
        ..Areas::default()
    }
}

/// From so many lines on there is room for more than the least.
pub const TALL: u16 = 44;
/// How many lines what is told takes.
const NARRATION: u16 = 6;
/// How many cells the walker beside takes.
const BESIDE: u16 = 50;

/// The room for what is told, and for the walker beside.
fn told(area: Rect, arrangement: Arrangement) -> [Rect; 2] {
    let beside = if arrangement.beside && area.width >= 2 * BESIDE { BESIDE } else { 0 };
    Layout::horizontal([Constraint::Fill(1), Constraint::Length(beside)]).areas(area)
}

fn ruled(screen: Rect, arrangement: Arrangement) -> Areas {
    let wide = screen.width >= 100;
    let roomy = screen.height >= 24;
    let narrated = arrangement.narrated;
    let [header, status, narration, cards, more, position, main, bottom, footer] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(if narrated { NARRATION } else { 0 }),
        Constraint::Length(3),
        Constraint::Length(if wide || narrated { 0 } else { 3 }),
        Constraint::Length(if roomy && !narrated { 2 } else { 0 }),
        Constraint::Fill(1),
        Constraint::Length(if narrated {
            0
        } else if roomy {
            4
        } else {
            3
        }),
        Constraint::Length(1),
    ])
    .areas(screen);
    let fills = if wide { 3 } else { 2 };
    let cards = Layout::horizontal(vec![Constraint::Fill(1); fills]).split(cards);
    let [left, rows] = Layout::horizontal([Constraint::Percentage(44), Constraint::Fill(1)]).areas(main);
    let [narration, beside] = told(narration, arrangement);
    // With several lanes their strip is the position, told better.
    let (position, lanes) =
        if arrangement.lanes > 0 { (Rect::ZERO, position) } else { (position, Rect::ZERO) };
    let mut areas = Areas {
        shape: Shape::Ruled,
        header,
        status,
        narration,
        beside,
        checkpoint: cards[0],
        token: cards[1],
        counters: if wide { cards[2] } else { more },
        position,
        lanes,
        left,
        rows,
        bottom,
        footer,
        ..Areas::default()
    };
    if narrated && arrangement.focus == arrangement.bottom {
        (areas.left, areas.rows, areas.bottom) = (Rect::ZERO, Rect::ZERO, main);
    }
    areas
}

fn compact(screen: Rect, arrangement: Arrangement) -> Areas {
    let from = |height: u16| Constraint::Length(u16::from(screen.height >= height));
    let narrated = arrangement.narrated && screen.height >= 6;
    let [header, status, narration, checkpoint, token, counters, list, footer] = Layout::vertical([
        Constraint::Length(1),
        from(2),
        Constraint::Length(if narrated { (screen.height / 2).min(NARRATION) } else { 0 }),
        from(4),
        if narrated { Constraint::Length(0) } else { from(8) },
        from(6),
        Constraint::Fill(1),
        from(3),
    ])
    .areas(screen);
    let mut areas = Areas {
        shape: Shape::Compact,
        header,
        status,
        narration,
        checkpoint,
        token,
        counters,
        footer,
        ..Areas::default()
    };
    match arrangement.focus {
        Panel::Log | Panel::Problems => areas.bottom = list,
        _ if screen.width >= 100 => {
            [areas.left, areas.rows] =
                Layout::horizontal([Constraint::Percentage(44), Constraint::Fill(1)]).areas(list);
        }
        Panel::Rows => areas.rows = list,
        Panel::Pages | Panel::Runs => areas.left = list,
    }
    areas
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_areas_overlap_and_none_leaves_the_screen() {
        let widths = (0..=62).chain((63..=210).step_by(7)).chain(99..=101);
        for width in widths {
            for height in 0..=52 {
                for focus in Panel::ALL {
                    for (expanded, told) in [(false, false), (true, false), (false, true), (true, true)] {
                        let mut arrangement =
                            Arrangement { expanded, narrated: told, beside: told, ..Arrangement::default() };
                        arrangement.lanes = u32::from(width % 2 + height % 2) * 32;
                        arrangement.show(focus);
                        let areas = Areas::of(Size::new(width, height), arrangement);
                        check(&areas, Rect::new(0, 0, width, height));
                    }
                }
            }
        }
    }

    fn check(areas: &Areas, screen: Rect) {
        let all = [
            areas.header,
            areas.status,
            areas.checkpoint,
            areas.token,
            areas.counters,
            areas.position,
            areas.lanes,
            areas.pace,
            areas.narration,
            areas.beside,
            areas.left,
            areas.rows,
            areas.bottom,
            areas.footer,
        ];
        for (index, area) in all.iter().enumerate() {
            assert_eq!(area.intersection(screen).area(), area.area(), "{screen}: {area}");
            for other in &all[index + 1..] {
                assert_eq!(area.intersection(*other).area(), 0, "{screen}: {area} {other}");
            }
        }
    }
}
