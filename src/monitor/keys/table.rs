//! The table itself: a line a key, in the order of the help.

use crossterm::event::KeyCode::{BackTab, Char, Down, End, Enter, Esc, Home, PageDown, PageUp, Tab, Up};

use super::Chord::{Ctrl, Plain};
use super::ready::{
    again_label, again_ready, always, expand_label, freeze_label, full_ready, help_ready, mark_ready,
    narration_ready, panels_ready, pause_label, pause_ready, quit_label, reverse_ready, speed_ready,
    step_ready, suspend_ready, table_ready,
};
use super::{Action as A, Binding, Chord, Group as G, Label, Readiness};
use crate::monitor::model::Panel;

/// Every key.
pub const KEYMAP: &[Binding] = &[
    bind(
        G::Sync,
        &[Plain(Char(' '))],
        A::Pause,
        "pause or resume",
        "pause after the page on the wire, or resume; again: drop it",
    )
    .labelled(pause_label)
    .when(pause_ready),
    bind(G::Sync, &[Plain(Char('s'))], A::Step, "step one page", "ask for exactly one page, then hold")
        .labelled(|_| "step")
        .when(step_ready),
    bind(
        G::Sync,
        &[Plain(Char('r'))],
        A::Again,
        "run again, or retry now",
        "run again, or go on with what is unfinished; in a wait: retry",
    )
    .labelled(again_label)
    .when(again_ready),
    bind(
        G::Sync,
        &[Plain(Char('R'))],
        A::Full,
        "full re-sync",
        "full re-sync: read everything again; asks first",
    )
    .labelled(|_| "full re-sync")
    .when(full_ready),
    bind(G::Sync, &[Plain(Char('<'))], A::Slower, "play slower", "play a recording half as fast")
        .labelled(|_| "slower")
        .in_replay()
        .when(speed_ready),
    bind(G::Sync, &[Plain(Char('>'))], A::Faster, "play faster", "play a recording twice as fast")
        .labelled(|_| "faster")
        .in_replay()
        .when(speed_ready),
    bind(G::Look, &[Plain(Tab)], A::NextPanel, "next panel", "next panel: rows, pages, runs, log, problems")
        .labelled(|_| "panel"),
    bind(G::Look, &[Plain(BackTab)], A::PreviousPanel, "previous panel", "previous panel"),
    bind(G::Look, &[Plain(Up), Plain(Char('k'))], A::Up, "up", "one line up"),
    bind(G::Look, &[Plain(Down), Plain(Char('j'))], A::Down, "down", "one line down"),
    bind(G::Look, &[Plain(PageUp), Ctrl('u')], A::PageUp, "screenful up", "a screenful up"),
    bind(G::Look, &[Plain(PageDown), Ctrl('d')], A::PageDown, "screenful down", "a screenful down"),
    bind(G::Look, &[Plain(Home), Plain(Char('g'))], A::First, "newest", "to the newest, and follow it"),
    bind(G::Look, &[Plain(End), Plain(Char('G'))], A::Last, "oldest", "to the oldest"),
    bind(G::Look, &[Plain(Char('1'))], A::Show(Panel::Rows), "rows", "to the rows").when(panels_ready),
    bind(G::Look, &[Plain(Char('2'))], A::Show(Panel::Pages), "pages", "to the pages").when(panels_ready),
    bind(G::Look, &[Plain(Char('3'))], A::Show(Panel::Runs), "runs", "to the runs").when(panels_ready),
    bind(G::Look, &[Plain(Char('4'))], A::Show(Panel::Log), "log", "to the log").when(panels_ready),
    bind(
        G::Look,
        &[Plain(Char('E')), Plain(Char('5'))],
        A::Show(Panel::Problems),
        "problems",
        "to the problems: what went wrong, and what to do",
    )
    .when(panels_ready),
    bind(
        G::Look,
        &[Plain(Char('e'))],
        A::Expand,
        "expand the panel",
        "give the panel all the room, or take it back",
    )
    .labelled(expand_label)
    .when(panels_ready),
    bind(
        G::Look,
        &[Plain(Char('f'))],
        A::Freeze,
        "freeze the view",
        "hold the view still, while the sync goes on",
    )
    .labelled(freeze_label)
    .when(panels_ready),
    bind(
        G::Look,
        &[Plain(Char('y'))],
        A::Copy,
        "copy",
        "copy the row, token, URL or checkpoint, through the terminal (OSC 52)",
    )
    .labelled(|_| "copy")
    .when(panels_ready),
    bind(
        G::Look,
        &[Plain(Char('m'))],
        A::Mark,
        "mark the run",
        "mark a run; Enter on another one compares the two",
    )
    .when(mark_ready),
    bind(
        G::Look,
        &[Plain(Enter)],
        A::Enter,
        "details",
        "all of the selected row, page, run or line; in a question: yes",
    )
    .labelled(|_| "details"),
    bind(G::Look, &[Plain(Esc)], A::Close, "close", "close what is on top; never quits"),
    bind(
        G::Rows,
        &[Plain(Char('/'))],
        A::Filter,
        "filter the rows",
        "filter: `ada`, `company:smith`, `-clerk`; every word must be true of the row",
    )
    .labelled(|_| "filter")
    .when(table_ready),
    bind(
        G::Rows,
        &[Plain(Char('o'))],
        A::Sort,
        "sort the rows",
        "order by the next column on screen; after the last one: as rows come by",
    )
    .when(table_ready),
    bind(G::Rows, &[Plain(Char('O'))], A::Reverse, "reverse the order", "turn the order around")
        .when(reverse_ready),
    bind(
        G::Rows,
        &[Plain(Char('c'))],
        A::Columns,
        "choose columns",
        "choose the columns; o in there orders by the marked one",
    )
    .when(panels_ready),
    bind(
        G::Rows,
        &[Plain(Char('x'))],
        A::Export,
        "export the rows",
        "export the filtered table as JSON Lines or CSV, or cancel that",
    )
    .when(table_ready),
    bind(G::Program, &[Plain(Char('?'))], A::Help, "help", "these keys")
        .labelled(|_| "help")
        .when(help_ready),
    bind(
        G::Program,
        &[Plain(Char(':'))],
        A::Palette,
        "actions",
        "every action by name; type to narrow them down",
    )
    .labelled(|_| "actions")
    .when(panels_ready),
    bind(G::Program, &[Plain(Char('n'))], A::Narration, "narration", "in a demo: all that was said")
        .when(narration_ready),
    bind(
        G::Program,
        &[Plain(Char('T'))],
        A::Theme,
        "next theme",
        "next theme: terminal, dark, light, high-contrast, mono",
    ),
    bind(
        G::Program,
        &[Plain(Char('q')), Ctrl('c')],
        A::Quit,
        "quit",
        "leave after the page on the wire; again: drop it; again: now",
    )
    .labelled(quit_label),
    bind(G::Program, &[Ctrl('z')], A::Suspend, "suspend", "suspend to the shell, the sync as well")
        .when(suspend_ready),
];

/// A key that always has something to do, and is not in the footer.
const fn bind(
    group: G,
    keys: &'static [Chord],
    action: A,
    name: &'static str,
    help: &'static str,
) -> Binding {
    Binding { keys, action, group, name, footer: None, in_replay: false, help, ready: always }
}

impl Binding {
    /// The same in the footer, by that name.
    const fn labelled(self, label: Label) -> Self {
        Self { footer: Some(label), ..self }
    }

    /// The same, but in the footer of a replay only.
    const fn in_replay(self) -> Self {
        Self { in_replay: true, ..self }
    }

    /// The same, but it has something to do only now and then.
    const fn when(self, ready: Readiness) -> Self {
        Self { ready, ..self }
    }
}
