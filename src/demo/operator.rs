//! Who presses the keys where nobody is there: a page at a time, as one does who reads what is said. Pure.

use std::time::Duration;

use super::Line;
use super::scenario::{Act, Scenario};
use crate::lesson::{State, Told};
use crate::sync::command::Command;
use crate::sync::event::{Event, Phase};

/// A key that is pressed, after a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// How long nothing is done before.
    pub after: Duration,
    /// What the sync is told then.
    pub command: Command,
}

/// The operator.
#[derive(Debug)]
pub struct Operator {
    pauses: Vec<(u64, Duration)>,
    /// Whether there is a walker beside, for which the next page waits.
    accompanied: bool,
    /// Pages of the main walker in this process, and the number of the last.
    pages: (u64, u64),
    /// Pages of the walker beside, and whether it takes more.
    beside: (u64, bool),
    holding: bool,
}

impl Operator {
    /// One who does what the scenario wants done.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let pause = |act: &Act| match act {
            Act::Pause { after_page, length } => Some((*after_page, *length)),
            Act::Kill { .. } => None,
        };
        Self {
            pauses: scenario.acts.iter().filter_map(pause).collect(),
            accompanied: scenario.beside.is_some(),
            pages: (0, 0),
            beside: (0, true),
            holding: false,
        }
    }

    /// Takes in what is told, and says what is to be pressed upon it.
    pub fn hear(&mut self, line: &Line) -> Option<Press> {
        match line {
            Line::Event(stamped) => match &stamped.event {
                Event::Opened(_) => self.holding = true,
                Event::Page(page) => self.pages = (self.pages.0 + 1, page.page),
                Event::Phase { phase } => self.holding = *phase == Phase::Paused,
                _ => return None,
            },
            Line::Told(Told::Beside(beside)) if beside.state == State::Going => return None,
            Line::Told(Told::Beside(beside)) => self.beside = (beside.pages, beside.state != State::Done),
            Line::Told(Told::Verdict(_)) => {
                return Some(Press { after: Duration::ZERO, command: Command::Stop });
            }
            Line::Told(Told::Narration(_)) => return None,
        }
        let abreast = !self.accompanied || !self.beside.1 || self.beside.0 >= self.pages.0;
        if !(self.holding && abreast) {
            return None;
        }
        self.holding = false;
        let due = self.pauses.iter().position(|(page, _)| *page == self.pages.1);
        let after = due.map_or(Duration::ZERO, |at| self.pauses.swap_remove(at).1);
        Some(Press { after, command: Command::Step })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::lesson::Beside;

    const AT: &str = "2026-11-16T19:05:47Z";

    fn operator(more: &str) -> Operator {
        let text = format!("title = \"t\"\nabout = \"a\"\nnarration = []\n{more}\n[playground]\n");
        Operator::new(&Scenario::parse(Path::new("t.toml"), &text).unwrap())
    }

    fn held() -> Line {
        let event = json!({ "at": AT, "event": "phase", "phase": { "is": "paused" } });
        Line::Event(serde_json::from_value(event).unwrap())
    }

    fn opened() -> Line {
        let event = json!({ "at": AT, "event": "opened", "source": "", "destination": "", "walk": "auto",
            "checkpoint": null, "checkpoint_at": null, "rows": 0, "oldest": null, "unfinished": null });
        Line::Event(serde_json::from_value(event).unwrap())
    }

    fn beside(pages: u64, state: State) -> Line {
        let (name, note) = (String::new(), String::new());
        Line::Told(Told::Beside(Beside {
            lost_here: 0,
            at: AT.parse().unwrap(),
            name,
            pages,
            rows: 0,
            lost: 0,
            repeated: 0,
            state,
            note,
        }))
    }

    fn step(after: u64) -> Option<Press> {
        Some(Press { after: Duration::from_secs(after), command: Command::Step })
    }

    #[test]
    fn a_page_at_a_time_and_the_pauses_that_were_asked_for() {
        let mut operator = operator("act = [{ after_page = 2, do = \"pause\", for = \"4s\" }]");
        assert_eq!(operator.hear(&opened()), step(0));
        operator.pages = (1, 1);
        assert_eq!(operator.hear(&held()), step(0));
        operator.pages = (2, 2);
        assert_eq!(operator.hear(&held()), step(4));
    }

    #[test]
    fn the_next_page_waits_for_the_walker_beside() {
        let mut operator = operator("beside = { walk = \"scroll\" }");
        assert_eq!(operator.hear(&opened()), step(0));
        operator.pages = (1, 1);
        assert_eq!(operator.hear(&held()), None);
        assert_eq!(operator.hear(&beside(0, State::Going)), None);
        assert_eq!(operator.hear(&beside(1, State::Holding)), step(0));
        assert_eq!(operator.hear(&beside(1, State::Holding)), None, "once is enough");
        operator.pages = (2, 2);
        assert_eq!(operator.hear(&beside(1, State::Done)), None);
        assert_eq!(operator.hear(&held()), step(0));
    }
}
