//! The monitor as an operator meets it: the real binary in a pseudo-terminal, against a server that counts.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod terminal;

use std::time::Duration;

use highwater::playground::{Options, Playground};
use terminal::Terminal;
use tokio::runtime::Runtime;

/// How long the server thinks about each answer.
const LATENCY: Duration = Duration::from_millis(150);

/// A server with so many users in pages of 50, and the runtime that it lives in.
fn server(users: usize) -> (Runtime, Playground) {
    let runtime = Runtime::new().unwrap();
    let options = Options { users, latency: LATENCY, frozen: true, ..Options::default() };
    let playground = runtime.block_on(Playground::start(options, None)).unwrap();
    (runtime, playground)
}

#[test]
fn watch_pause_step_resume_finish_quit() {
    let (_runtime, server) = server(600);
    let mut terminal = Terminal::start(120, 36, &["--url", &server.url()]);
    // Opens, and shows what it is about: token, checkpoint, pages, users.
    terminal.shows("RUNNING").shows("Scroll token").shows("Checkpoint").shows("Pages").shows("Users");
    terminal.shows("page 2").shows("@example").shows("new").shows("asks again from the last row's");

    // Pauses: what is on the wire is stored, and nothing more is asked for.
    terminal.press(" ").shows("PAUSED");
    let asked = server.requests();
    terminal.watch_for(LATENCY * 8);
    assert_eq!(server.requests(), asked, "a request arrived while paused");
    assert!(terminal.screen().contains("PAUSED"));

    // Steps exactly one page.
    terminal.press("s").until("one more request", |_| server.requests() == asked + 1);
    terminal.shows("PAUSED").watch_for(LATENCY * 8);
    assert_eq!(server.requests(), asked + 1, "a step asked for more than one page");

    // Resumes and finishes: 600 rows, of which each seam reads one again.
    terminal.press(" ").shows("COMPLETE").shows("600");
    assert_eq!(server.requests(), 13);

    // Quits, leaves a summary and a clean terminal.
    terminal.press("q");
    let status = terminal.ends();
    assert_eq!(status.exit_code(), 0);
    terminal.assert_clean();
    terminal.shows("complete: the source has no more rows").shows("new 600");
}

#[test]
fn the_first_command_of_a_newcomer() {
    let mut terminal = Terminal::start(80, 24, &[]);
    terminal.shows("built-in playground").shows("COMPLETE").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
    assert!(terminal.database().is_file());
    assert!(!terminal.database().with_extension("db-wal").exists(), "the file alone is the table");
}

#[test]
fn a_recording_is_played_in_the_monitor() {
    let mut terminal = Terminal::start(120, 36, &["--record", "a.ndjson"]);
    terminal.shows("COMPLETE").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    let home = std::mem::replace(&mut terminal.home, tempfile::tempdir().unwrap());
    let database = std::fs::metadata(home.path().join(".local/share/highwater/playground.db")).unwrap();
    let mut terminal = Terminal::start_in(home, 120, 36, &["replay", "a.ndjson", "--speed", "max"]);
    terminal.shows("■ OVER").shows("REPLAY over").shows("@example").shows("the recording ends here");
    terminal.press(" ").shows("the recording is over").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
    assert_eq!(terminal.database().metadata().unwrap().modified().unwrap(), database.modified().unwrap());
}

#[test]
fn a_recording_is_held_and_stepped_through() {
    let mut terminal = Terminal::start(120, 36, &["--record", "a.ndjson"]);
    terminal.shows("COMPLETE").press("q").ends();
    let home = std::mem::replace(&mut terminal.home, tempfile::tempdir().unwrap());
    let mut terminal = Terminal::start_in(home, 120, 36, &["replay", "a.ndjson", "--speed", "0.1"]);
    terminal.shows("REPLAY ×0.1").shows("RUNNING").press(" ").shows("REPLAY held");
    for page in 1..=5 {
        terminal.press("s").shows(&format!("{} rows", if page == 5 { 200 } else { 50 * page }));
        terminal.shows("REPLAY held");
    }
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn a_sync_that_follows_counts_down_and_runs_again() {
    let mut terminal = Terminal::start(120, 36, &["--every", "1h"]);
    terminal.shows("RESTING").shows("next run in").press(" ").shows("HOLDING").press(" ").shows("RESTING");
    terminal.press("r").shows("run 2").shows("RESTING").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn quitting_mid_run_commits_the_page_on_the_wire_and_says_how_to_go_on() {
    let (_runtime, server) = server(2_000);
    let mut terminal = Terminal::start(120, 36, &["--url", &server.url()]);
    terminal.shows("page 3").press("q");
    assert_eq!(terminal.ends().exit_code(), 4);
    terminal.assert_clean();
    terminal.shows("stopped").shows("to go on");

    // The next start offers the choice; Enter goes on from where the run stood.
    let home = std::mem::replace(&mut terminal.home, tempfile::tempdir().unwrap());
    let asked = server.requests();
    let mut terminal = Terminal::start_in(home, 120, 36, &["--url", &server.url()]);
    terminal.shows("checkpoint").shows("Full re-sync").watch_for(LATENCY * 4);
    assert_eq!(server.requests(), asked, "asked the source before the operator had chosen");
    terminal.press("\r").shows("COMPLETE").shows("2,000").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    assert_eq!(server.requests(), 41, "a run that goes on asks for no page twice");
    terminal.assert_clean();
}

#[test]
fn a_paused_run_survives_the_process() {
    let (_runtime, server) = server(2_000);
    let mut terminal = Terminal::start(120, 36, &["--url", &server.url()]);
    terminal.shows("page 2").press(" ").shows("PAUSED").press("q");
    assert_eq!(terminal.ends().exit_code(), 4);
    let home = std::mem::replace(&mut terminal.home, tempfile::tempdir().unwrap());
    let mut terminal = Terminal::start_in(home, 120, 36, &["--url", &server.url()]);
    terminal.shows("paused").shows("Full re-sync").press("q");
    terminal.ends();
    terminal.assert_clean();
}

#[test]
fn a_key_after_a_resize_is_heard_at_once() {
    let mut terminal = Terminal::start(120, 36, &[]);
    terminal.shows("COMPLETE").press("j").resize(100, 30).watch_for(Duration::from_millis(300));
    terminal.press("?").shows("Esc closes").press("\u{1b}").hides("Esc closes");
    for columns in 20..60 {
        terminal.resize(columns, 60 - columns);
    }
    terminal.resize(80, 24).watch_for(Duration::from_millis(300));
    terminal.press("?").shows("Esc closes").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn a_source_that_is_not_there_is_told_and_left_at_once() {
    let mut terminal = Terminal::start(100, 30, &["--url", "http://127.0.0.1:9/pagination/keyset"]);
    terminal.shows("WAITING").shows("no connection").press("q");
    assert_eq!(terminal.ends().exit_code(), 4);
    terminal.assert_clean();
}

#[cfg(unix)]
#[test]
fn signals_leave_a_clean_terminal_and_their_number() {
    use rustix::process::{Pid, Signal, kill_process};
    for (signal, number) in [(Signal::TERM, 15), (Signal::HUP, 1), (Signal::INT, 2)] {
        let (_runtime, server) = server(2_000);
        let mut terminal = Terminal::start(80, 24, &["--url", &server.url()]);
        terminal.shows("RUNNING");
        let process = Pid::from_raw(i32::try_from(terminal.process()).unwrap()).unwrap();
        kill_process(process, signal).unwrap();
        assert_eq!(terminal.ends().exit_code(), 128 + number, "{signal:?}");
        terminal.assert_clean();
    }
}

#[test]
fn a_demo_is_stepped_through_side_by_side() {
    let mut terminal = Terminal::start(120, 36, &["demo", "ties", "--latency", "1ms"]);
    terminal.shows("s takes a step").shows("READY").press("s").shows("Both have page 1");
    terminal.press("s").shows("The walker beside has lost 20 rows").shows("Side by side").shows("PAUSED");
    for page in 3..=5 {
        terminal.shows(&format!("{} pages", page - 1)).shows("PAUSED").press("s");
    }
    terminal.shows("COMPLETE").shows("as it should be: 200 rows here, 0 lost");
    terminal
        .press("s")
        .shows("the demo is over")
        .press("n")
        .shows("Esc closes")
        .shows("Both have page 1")
        .press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn a_demo_is_chosen_from_a_list_and_can_be_left() {
    let mut terminal = Terminal::start(100, 30, &["demo"]);
    terminal.shows("Which one").press("1\r").shows("s takes a step").press("q");
    assert_eq!(terminal.ends().exit_code(), 4);
    terminal.assert_clean();
    let mut terminal = Terminal::start(100, 30, &["demo"]);
    terminal.shows("Which one").press("\r");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
}

#[cfg(unix)]
#[test]
fn the_demo_that_is_killed_gives_the_terminal_back_and_picks_up() {
    let mut terminal = Terminal::start(120, 36, &["demo", "crash"]);
    terminal
        .shows("s takes a step")
        .press("s")
        .shows("Page 1 is stored")
        .press("s")
        .shows("Page 2 is stored");
    terminal.press("s").shows("What the dead process left");
    terminal.assert_clean();
    terminal.shows("The new process found the unfinished run");
    for page in 3..=5 {
        terminal.shows(&format!("{page} pages")).shows("PAUSED").press("s");
    }
    terminal.shows("COMPLETE").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn the_whole_table_is_filtered_sorted_and_exported() {
    let (_runtime, server) = server(1_200);
    let mut terminal = Terminal::start(120, 36, &["--url", &server.url()]);
    terminal.shows("COMPLETE").press("G").shows("1,200 of 1,200");
    terminal.press("g").shows("as they came").press("/updatedAt:00Z").shows("Users /updatedAt:00Z");
    terminal.press("\r").press("o").shows("by name ▲").press("x").shows("Export the rows").press("\t\r");
    terminal.shows("rows exported, ").shows("/user.csv");
    let mut file = csv::Reader::from_path(terminal.home.path().join("user.csv")).unwrap();
    assert_eq!(&file.headers().unwrap()[1], "name");
    let rows: Vec<csv::StringRecord> = file.records().map(Result::unwrap).collect();
    let names: Vec<&str> = rows.iter().map(|row| &row[1]).collect();
    assert!(names.len() > 10 && names.is_sorted(), "{names:?}");
    assert!(rows.iter().all(|row| row[6].ends_with(":00Z")));
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn the_mouse_selects_and_a_copy_reaches_the_terminal() {
    let (_runtime, server) = server(200);
    let mut terminal = Terminal::start(120, 36, &["--mouse", "--url", &server.url()]);
    terminal.shows("COMPLETE");
    // A click on the third line of the pages, as a terminal reports it: button 0, column, row, from 1.
    let screen = terminal.screen();
    let row = screen.lines().position(|line| line.contains("page  by")).unwrap() + 4;
    terminal.press(&format!("\u{1b}[<0;10;{row}M\u{1b}[<0;10;{row}m")).shows("▶ Pages").shows("3 of 5");
    terminal.press("y").shows("Copy").press("c").shows("handed to the terminal's clipboard");
    let written = String::from_utf8_lossy(terminal.written()).into_owned();
    assert!(written.contains("\u{1b}]52;c;"), "no clipboard sequence");
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn a_frozen_view_stands_still_and_the_sync_goes_on() {
    let (_runtime, server) = server(2_000);
    let mut terminal = Terminal::start(120, 36, &["--url", &server.url()]);
    terminal.shows("page 3").press("f").shows("FROZEN");
    let asked = server.requests();
    terminal.until("the sync to go on", |_| server.requests() > asked + 3);
    assert!(terminal.screen().contains("FROZEN"));
    terminal.press("f").hides("FROZEN").shows("COMPLETE").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn a_demo_that_runs_by_itself_leaves_time_to_read() {
    let mut terminal = Terminal::start(120, 36, &["demo", "expired-token", "--latency", "1ms"]);
    terminal.shows("s takes a step").press(" ").shows("the next page in").shows("Page 1 brought a token");
    terminal.press("s").shows("the API forgets the token").press(" ").shows("Space lets it run");
    terminal.press("s").shows("The API refuses the token").press("q");
    assert_eq!(terminal.ends().exit_code(), 4);
    terminal.assert_clean();
}
