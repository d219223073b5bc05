//! However the monitor is left or disturbed, the terminal is as it was: cooked, on the normal screen, the cursor
//! visible, the mouse and the paste free. The real binary in a pseudo-terminal; what Linux alone tells is looked at too.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod terminal;

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use highwater::cli::print;
use highwater::monitor::model::Model;
use highwater::monitor::terminal::{Screen, Stage as _};
use highwater::monitor::theme::Theme;
use highwater::playground::{Options, Playground};
use highwater::record::USER;
use rustix::process::{Pid, Signal, kill_process};
use terminal::{Launch, Terminal, proc};
use tokio::runtime::Runtime;

const HIGHWATER: &str = env!("CARGO_BIN_EXE_highwater");

/// How long anything that is waited for may take: only a broken program takes it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What begins an escape sequence.
const ESCAPE: u8 = 0x1b;

/// A server with so many users in pages of 50, and the runtime that it lives in.
fn server(users: usize, latency: u64) -> (Runtime, Playground) {
    let runtime = Runtime::new().unwrap();
    let latency = Duration::from_millis(latency);
    let options = Options { users, latency, frozen: true, ..Options::default() };
    let playground = runtime.block_on(Playground::start(options, None)).unwrap();
    (runtime, playground)
}

fn signal(terminal: &Terminal, signal: Signal) {
    let process = Pid::from_raw(i32::try_from(terminal.process()).unwrap()).unwrap();
    kill_process(process, signal).unwrap();
}

/// Waits for something that is not on the screen.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The numbers of every sequence that sets how text looks.
fn looks(written: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(written);
    let sequences = text.split("\u{1b}[").skip(1).filter_map(|rest| {
        let (numbers, _) = rest.split_once(|end: char| !(end.is_ascii_digit() || end == ';'))?;
        rest[numbers.len()..].starts_with('m').then(|| numbers.to_owned())
    });
    sequences
        .flat_map(|numbers| numbers.split(';').map(|n| n.parse().unwrap_or(0)).collect::<Vec<u8>>())
        .collect()
}

#[test]
fn the_mouse_is_taken_only_on_request_and_pastes_do_nothing() {
    let (_runtime, server) = server(2_000, 150);
    let mut terminal = Terminal::start(120, 36, &["--url", &server.url()]);
    terminal.shows("RUNNING");
    assert!(!String::from_utf8_lossy(terminal.written()).contains("\u{1b}[?1000h"));
    // Every key in it would do something: pause, step, quit.
    terminal.press("\u{1b}[200~  s q q q\u{1b}[201~").shows("page 3");
    assert!(terminal.screen().contains("RUNNING"), "{}", terminal.screen());
    terminal.press("q");
    assert_eq!(terminal.ends().exit_code(), 4);
    terminal.assert_clean();

    let mut terminal = Terminal::start(120, 36, &["--mouse"]);
    terminal
        .shows("COMPLETE")
        .press("\u{1b}[<0;5;5M\u{1b}[<0;5;5m\u{1b}[<64;5;5M")
        .press("?")
        .shows("Esc closes");
    let written = String::from_utf8_lossy(terminal.written()).into_owned();
    assert!(written.contains("\u{1b}[?1000h") && written.contains("\u{1b}[?1006h"));
    assert!(!written.contains("\u{1b}[?1003h"), "where the mouse moves is nobody's business");
    signal(&terminal, Signal::TERM);
    assert_eq!(terminal.ends().exit_code(), 143);
    terminal.assert_clean();
}

#[test]
fn a_database_that_is_none_is_told_on_the_normal_screen() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("broken.db"), "not a database ".repeat(1_000)).unwrap();
    let mut terminal = Terminal::start_in(home, 120, 36, &["--db", "broken.db"]);
    assert_eq!(terminal.ends().exit_code(), 1);
    terminal.assert_clean();
    terminal.shows("error:").shows("broken.db");
    assert!(!terminal.written().contains(&ESCAPE), "the terminal was not to be touched");
}

#[test]
fn a_database_that_breaks_under_way_leaves_a_clean_terminal() {
    let (_runtime, server) = server(20_000, 20);
    let mut terminal = Terminal::start(120, 36, &["--url", &server.url(), "--db", "rows.db"]);
    terminal.shows("page 3");
    let path = terminal.home.path().join("rows.db");
    fs::remove_file(&path).unwrap();
    terminal.shows("FAILED").press("q");
    assert_eq!(terminal.ends().exit_code(), 1);
    terminal.assert_clean();
    terminal.shows("rows.db was moved or deleted");
}

/// Set in the process that [`a_panic_is_told_on_the_normal_screen`] starts: this very test.
const CHILD: &str = "PANICS_WITH_THE_TERMINAL";

#[test]
fn a_panic_is_told_on_the_normal_screen() {
    if std::env::var_os(CHILD).is_some() {
        panic_with_the_terminal();
    }
    let this = std::env::current_exe().unwrap();
    let arguments = ["--exact", "a_panic_is_told_on_the_normal_screen", "--nocapture"];
    let mut terminal = Launch::program(this, &arguments).with(CHILD, "1").start();
    assert_eq!(terminal.ends().exit_code(), 101);
    terminal.assert_clean();
    terminal.shows("the first <U+001B>[2Jreason").shows("the second reason");
    assert!(String::from_utf8_lossy(terminal.written()).contains("OPENING"), "it was drawn once");
    assert!(!terminal.screen().contains("OPENING"), "drawn on a terminal that was given back");
}

/// Panics on another thread, draws again, and panics on this one.
fn panic_with_the_terminal() {
    print::make_panics_safe();
    let mut screen = Screen::new(true).unwrap();
    screen.claim().unwrap();
    let model = Model::new(&USER, Theme::default(), screen.size().unwrap(), chrono::DateTime::UNIX_EPOCH);
    let mut draw = || {
        screen.draw(&model).unwrap();
        wait_until("the frame to be written", || screen.ready().unwrap());
    };
    draw();
    thread::spawn(|| panic!("the first \u{1b}[2Jreason")).join().unwrap_err();
    draw();
    panic!("the second reason");
}

#[test]
fn ctrl_z_gives_the_terminal_back_and_a_signal_takes_it_again() {
    let (_runtime, server) = server(2_000, 150);
    let mut terminal = Terminal::start(120, 36, &["--mouse", "--url", &server.url()]);
    terminal.shows("RUNNING").press("\u{1a}");
    let process = terminal.process();
    wait_until("the process to be stopped", || proc::state(process) == 'T');
    terminal.hides("RUNNING").assert_clean();
    signal(&terminal, Signal::CONT);
    terminal.shows("RUNNING").press(" ").shows("PAUSED").press("q");
    assert_eq!(terminal.ends().exit_code(), 4);
    terminal.assert_clean();
}

#[test]
fn ctrl_z_and_fg_in_a_shell() {
    let (_runtime, server) = server(2_000, 150);
    let shell = Launch::program("bash", &["--norc", "--noprofile", "--noediting", "-i"]);
    let mut terminal = shell.with("PS1", "ready> ").start();
    terminal.shows("ready>").press(&format!("{HIGHWATER} --url {}\r", server.url()));
    terminal.shows("RUNNING").press("\u{1a}");
    terminal.shows("Stopped").press("echo $((40 + 2))\r").shows("42").assert_clean();
    terminal.press("fg\r").shows("RUNNING").hides("Stopped").press(" ").shows("PAUSED");
    terminal.press("q").shows("to go on").until("the prompt", |screen| screen.trim_end().ends_with("ready>"));
    terminal.press("echo left $?\r").shows("left 4").assert_clean();
    terminal.press("exit\r");
    terminal.ends();
}

#[test]
fn a_terminal_that_goes_away_without_a_word_ends_the_program() {
    let (_runtime, server) = server(5_000, 20);
    for (word, key) in [("page 3", ""), ("PAUSED", " ")] {
        // The shell is replaced, and what it ignores stays ignored.
        let script = format!("trap '' HUP; exec {HIGHWATER} --mouse --url {}", server.url());
        let mut terminal = Launch::program("sh", &["-c", &script]).start();
        terminal.shows("page 2").press(key).shows(word);
        let before = proc::used(terminal.process());
        let after = terminal.hang_up().ends(Duration::from_secs(10));
        let spent = after - before;
        assert!(spent < Duration::from_secs(1), "{word}: spent {spent:?} on leaving");
    }
}

#[test]
fn a_terminal_that_takes_nothing_costs_neither_the_sync_nor_memory() {
    // The pages of 50 overlap by a row.
    const RUN: u64 = 205;
    let (_runtime, server) = server(10_000, 0);
    let mut terminal = Terminal::start(120, 36, &["--url", &server.url()]);
    terminal.shows("page 3").stall();
    // The same rows over and over, so that nothing but what waits for the screen could grow.
    let mut again = |run: u64| {
        wait_until("a run to end that nobody sees", || server.requests() >= RUN * run);
        wait_until("the next to begin", || {
            terminal.press("R\r");
            thread::sleep(Duration::from_millis(200));
            server.requests() > RUN * run
        });
        proc::resident(terminal.process())
    };
    let sizes: Vec<u64> = (1..=5).map(&mut again).collect();
    let (before, after) = (sizes[1], sizes[4]);
    assert!(after < before + 4 * 1_024, "grows: {sizes:?} KiB");
    terminal.go_on().shows("10,000").shows("COMPLETE").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
}

#[test]
fn a_terminal_that_takes_nothing_is_given_back_too() {
    let (_runtime, server) = server(50_000, 20);
    let mut terminal = Terminal::start(200, 60, &["--mouse", "--url", &server.url()]);
    terminal.shows("page 3").stall();
    let asked = server.requests();
    // Each of them is more than one screen, and none of them fits into what the system keeps for the terminal.
    wait_until("the terminal to be full", || server.requests() > asked + 100);
    signal(&terminal, Signal::TERM);
    let process = terminal.process();
    wait_until("the program to end", || proc::state(process) == 'Z');
    terminal.go_on();
    assert_eq!(terminal.ends().exit_code(), 143);
    terminal.assert_clean();
    terminal.shows("to go on");
}

#[test]
fn no_storm_of_sizes_breaks_it() {
    let (_runtime, server) = server(5_000, 20);
    let mut terminal = Terminal::start(120, 36, &["--url", &server.url()]);
    terminal.shows("RUNNING").press("?");
    for step in 0..120_u16 {
        terminal.resize(1 + 199 * step / 119, 1 + 59 * step / 119).watch_for(Duration::from_millis(2));
    }
    for (columns, rows) in [(1, 60), (200, 1), (1, 1), (2, 2), (80, 2), (3, 24), (200, 60)] {
        terminal.resize(columns, rows).watch_for(Duration::from_millis(50));
    }
    terminal.shows("Esc closes").press("\u{1b}").hides("Esc closes").press("q");
    assert_eq!(terminal.ends().exit_code(), 4);
    terminal.assert_clean();
}

#[test]
fn without_a_terminal_there_is_not_one_escape() {
    let (_runtime, server) = server(120, 0);
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(HIGHWATER);
    command.args(["--mouse", "--theme", "dark", "--url", &server.url()]).env_clear().env("HOME", home.path());
    command.env("TERM", "xterm-256color").stdin(Stdio::null());
    let done = command.output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&done.stdout).contains("complete"));
    assert!(![done.stdout, done.stderr].concat().contains(&ESCAPE));

    // A terminal that is only half there: the output goes elsewhere.
    let script = format!("{HIGHWATER} --url {} > told.txt", server.url());
    let mut terminal = Launch::program("sh", &["-c", &script]).start();
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
    let told = fs::read(terminal.home.path().join("told.txt")).unwrap();
    assert!(!told.is_empty() && !told.contains(&ESCAPE));
}

#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let (_runtime, server) = server(400, 100);
    let mut terminal = Launch::highwater(&["--url", &server.url()]).with("TERM", "dumb").start();
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
    terminal.shows("complete");
    assert!(!terminal.written().contains(&ESCAPE), "{}", String::from_utf8_lossy(terminal.written()));
}

/// Watches a run with some attention paid to it: a selected row, the help, the details of a row.
fn tour(launch: Launch) -> Terminal {
    let mut terminal = launch.start();
    terminal.shows("COMPLETE").press("jj").shows(" of 200").press("?").shows("Esc closes");
    terminal.press("\u{1b}").hides("Esc closes").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
    terminal
}

#[test]
fn no_color_means_none_and_the_selection_still_shows() {
    let is_colour = |number: &u8| matches!(number, 30..=38 | 40..=48 | 90..=107);
    let plain = tour(Launch::highwater(&[]).with("NO_COLOR", "1"));
    let looks_of = |terminal: &Terminal| looks(terminal.written());
    assert!(!looks_of(&plain).iter().any(is_colour), "{:?}", looks_of(&plain));
    assert!(looks_of(&plain).contains(&7), "nothing is reversed");
    // Asked for by name, colours are there all the same; and in every other theme.
    for theme in ["terminal", "dark", "light", "high-contrast"] {
        let coloured = tour(Launch::highwater(&["--theme", theme]).with("NO_COLOR", "1"));
        assert!(looks_of(&coloured).iter().any(is_colour), "{theme}");
    }
}

#[test]
fn a_locale_without_unicode_gets_ascii() {
    let terminal = tour(Launch::highwater(&[]).with("LC_ALL", "C"));
    let beyond = terminal.written().iter().find(|byte| !byte.is_ascii());
    assert_eq!(beyond, None, "{}", String::from_utf8_lossy(terminal.written()));
    assert!(String::from_utf8_lossy(terminal.written()).contains("+--"), "no border");
}
