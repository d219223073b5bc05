//! Text from outside is text: whatever a source, a file or an argument holds, no control sequence that reaches a
//! terminal comes from it, and what it tried can be seen. Every byte is parsed; the program's own sequences are a
//! closed set, which `hostile/judge.rs` names.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faulty;
mod hostile {
    pub mod attack;
    pub mod judge;
    pub mod spoil;
    pub mod tour;
}
mod terminal;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use faulty::{Answer, Faulty};
use hostile::attack::{self, ATTACKS};
use hostile::judge::{is_hostile, judge};
use hostile::spoil;
use hostile::tour::{self, Operator};
use serde_json::Value;
use tempfile::TempDir;
use terminal::{Launch, Terminal};
use tokio::runtime::Runtime;

/// A server of attacks, and the runtime that it lives in.
fn server(script: Vec<Answer>) -> (Runtime, Faulty) {
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Faulty::start(script));
    (runtime, server)
}

/// The program in a terminal that has room for long lines.
fn launch(arguments: &[&str]) -> Launch {
    Launch::highwater(arguments).size(200, 60).with("HIGHWATER_RETRY_BASE", "10ms")
}

/// The program in a home, with its output in pipes: what it wrote, stdout and stderr.
fn piped(home: &Path, arguments: &[&str]) -> (String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
    command.args(arguments).env_clear().env("HOME", home).env("HIGHWATER_RETRY_BASE", "10ms");
    let done = command.current_dir(home).stdin(Stdio::null()).output().unwrap();
    (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
}

/// Panics unless every line is plain: no hostile character but the ends of the lines.
fn assert_plain(what: &str, text: &str) {
    let hostile = text.chars().find(|character| *character != '\n' && is_hostile(*character));
    assert_eq!(hostile, None, "{what}: {text}");
}

/// The home of a program that has left.
fn home_of(terminal: &mut Terminal) -> TempDir {
    std::mem::replace(&mut terminal.home, tempfile::tempdir().unwrap())
}

/// A whole sync from a server of attacks, recorded; its home.
fn synced() -> TempDir {
    let (_runtime, server) = server(attack::script());
    let home = tempfile::tempdir().unwrap();
    let url = server.url().to_string();
    let arguments = ["sync", "--walk", "scroll", "--db", "a.db", "--record", "a.ndjson", "--url", &url];
    piped(home.path(), &arguments);
    home
}

#[test]
fn the_judge_convicts_every_attack() {
    for (name, text) in ATTACKS {
        assert!(judge(text.as_bytes()).is_moved(), "{name}");
        judge(highwater::sanitize::line(text).as_bytes()).assert_own(0);
    }
    judge(b"\x1b[?1049h\x1b[12;200H\x1b[38;5;7;49mtext\x1b]52;c;bWFyaw==\x1b\\").assert_own(1);
}

#[test]
fn rows_tokens_headers_and_errors_in_the_monitor() {
    let (_runtime, server) = server(attack::script());
    let url = server.url().to_string();
    let launch = launch(&["--walk", "scroll", "--db", "a.db", "--url", &url]);
    // Time to look at each wait.
    let mut terminal = launch.with("HIGHWATER_RETRY_BASE", "300ms").start();
    let mut operator = Operator::at(&mut terminal);
    operator.run("! ATTENTION").see("R", "Full re-sync?").leave("\r", "! ATTENTION").run("FAILED");
    operator.everything().filters().copies().exports();
    tour::assert_shown(&operator.shown);
    terminal.press("q").ends();
    terminal.assert_clean();
    judge(terminal.written()).assert_own(4);

    // What was copied is what was there: the row with the values that the source sent, the token as it was shown.
    let copies = judge(terminal.written()).copies;
    let row: Value = serde_json::from_str(&copies[0]).unwrap();
    assert!(ATTACKS.iter().any(|(_, text)| row["name"].as_str().unwrap().starts_with(text)), "{row}");
    assert_eq!(copies[1], highwater::sanitize::line(&attack::all()));
    assert_exports(terminal.home.path());
}

/// Three files with all rows: escaped, shown, and as they came.
fn assert_exports(home: &Path) {
    let read = |name: &str| fs::read_to_string(home.join(name)).unwrap();
    let json = read("json");
    assert_plain("JSON Lines", &json);
    let names = json
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].as_str().unwrap().to_owned());
    let sent: BTreeSet<String> = names.collect();
    assert!(sent.len() >= ATTACKS.len());
    for (name, text) in ATTACKS {
        assert!(sent.iter().any(|sent| sent.starts_with(text)), "{name} is not what was sent");
    }
    let cells = |text: &str| -> BTreeSet<String> {
        csv::Reader::from_reader(text.as_bytes()).records().map(|row| row.unwrap()[1].to_owned()).collect()
    };
    let shown = read("csv");
    assert_plain("CSV", &shown);
    let expected = sent.iter().map(|sent| match sent.starts_with('\r') {
        true => format!("'{}", highwater::sanitize::cell(sent)),
        false => highwater::sanitize::cell(sent).into_owned(),
    });
    assert_eq!(cells(&shown), expected.collect());
    assert_eq!(cells(&read("raw")), sent);
}

#[test]
fn the_same_in_lines_on_a_terminal_and_in_a_pipe() {
    let (_runtime, server) = server(attack::script());
    let url = server.url().to_string();
    let first = ["sync", "--walk", "scroll", "--db", "a.db", "--record", "a.ndjson", "--url", &url];
    let mut terminal = launch(&first).start();
    terminal.ends();
    let seen = judge(terminal.written());
    seen.assert_own(0);
    assert!(seen.drawn.contains("<U+001B>]52;c;"), "{}", seen.drawn);
    let home = home_of(&mut terminal);
    for arguments in [
        &["state", "--db", "a.db", "show"][..],
        &["state", "--db", "a.db", "history"],
        &["state", "--db", "a.db", "export"],
        &["replay", "a.ndjson"],
        &["replay", "a.ndjson", "--json"],
    ] {
        assert_told(home.path(), arguments);
    }
    assert_plain("the recording", &fs::read_to_string(home.path().join("a.ndjson")).unwrap());
}

/// Runs the program with its output in pipes, and panics unless all of it is plain; gives what it said.
fn assert_told(home: &Path, arguments: &[&str]) -> String {
    let (out, err) = piped(home, arguments);
    assert_plain(&format!("stdout of {arguments:?}"), &out);
    assert_plain(&format!("stderr of {arguments:?}"), &err);
    assert!(!out.is_empty() || !err.is_empty(), "{arguments:?} says nothing");
    out + &err
}

#[test]
fn events_in_json_carry_the_values_and_no_teeth() {
    let (_runtime, server) = server(attack::script());
    let home = tempfile::tempdir().unwrap();
    let url = server.url().to_string();
    let arguments = ["sync", "--json", "--walk", "scroll", "--db", "a.db", "--url", &url];
    let told = assert_told(home.path(), &arguments);
    let events: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let tokens = events.iter().filter_map(|event| event["token"].as_str());
    assert!(tokens.into_iter().any(|token| token == attack::all()), "the token is not what was sent");
}

#[test]
fn a_redirect_and_a_refusal_that_end_the_run() {
    let attacked = Answer::status(&format!("404 {}", attack::of_headers())).body(&attack::all());
    for answer in [attack::redirect(), attacked] {
        let (_runtime, server) = server(vec![answer]);
        let url = server.url().to_string();
        let mut terminal = launch(&["--db", "a.db", "--url", &url]).start();
        terminal.shows("FAILED").press("E\r").shows("Esc closes").press("\u{1b}").hides("Esc closes");
        terminal.press("q").ends();
        judge(terminal.written()).assert_own(0);
        let home = home_of(&mut terminal);
        assert_told(home.path(), &["sync", "--db", "a.db", "--url", &url]);
    }
}

#[test]
fn a_recording_that_somebody_else_wrote() {
    let home = synced();
    let path = home.path().join("a.ndjson");
    let spoilt = spoil::recording(&path);
    assert!(spoilt > 100, "only {spoilt} texts of the recording could be spoilt");
    assert!(assert_told(home.path(), &["replay", "a.ndjson"]).contains("<U+202E>"));
    assert_told(home.path(), &["replay", "a.ndjson", "--json"]);
    let mut terminal = launch(&["replay", "a.ndjson", "--speed", "max"]).home(home).start();
    let mut operator = Operator::at(&mut terminal);
    operator.see("", "OVER").everything();
    tour::assert_shown(&operator.shown);
    terminal.press("q").ends();
    terminal.assert_clean();
    judge(terminal.written()).assert_own(0);
}

#[test]
fn a_database_that_somebody_else_wrote() {
    let home = synced();
    let path = home.path().join("a.db");
    spoil::database(&path);
    for action in ["show", "history", "export"] {
        assert_told(home.path(), &["state", "--db", "a.db", action]);
    }
    // Nobody answers there: what is on the screen is what the file holds.
    let url = "http://127.0.0.1:9/users";
    spoil::set(&path, "UPDATE _highwater_state SET source = ?1", url);
    let mut terminal = launch(&["--db", "a.db", "--url", url]).home(home).start();
    terminal.shows("WAITING").press(" ").shows("PAUSED");
    let mut operator = Operator::at(&mut terminal);
    // The run that waits has no pages; those of the one before it have.
    operator.see("3", "▶ Runs").see("j\r", "Enter: its pages").see("\r", "▶ Pages").everything().filters();
    tour::assert_shown(&operator.shown);
    terminal.press("q").ends();
    judge(terminal.written()).assert_own(0);

    let home = home_of(&mut terminal);
    let path = home.path().join("a.db");
    spoil::set(&path, "UPDATE _highwater_history SET after = ?1", &attack::all());
    assert_told(home.path(), &["state", "--db", "a.db", "history"]);
    assert_told(home.path(), &["sync", "--db", "a.db", "--url", url]);
    spoil::set(&path, "UPDATE _highwater_state SET checkpoint = ?1", &attack::all());
    for action in ["show", "undo"] {
        assert_told(home.path(), &["state", "--db", "a.db", action]);
    }
    let mut terminal = launch(&["--db", "a.db", "--url", url]).home(home).start();
    terminal.ends();
    judge(terminal.written()).assert_own(0);
}

#[test]
fn settings_arguments_paths_a_lock_and_a_scenario() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path();
    let write = |name: &str, text: &str| fs::write(path.join(name), text).unwrap();
    // An argument ends at a NUL, and the escapes of TOML at U+FFFF.
    let attack: String =
        attack::all().chars().filter(|character| ('\u{1}'..'\u{10000}').contains(character)).collect();
    let quoted = serde_json::to_string(&attack).unwrap();
    let quoted = highwater::sanitize::json(&quoted);

    write("a.toml", &format!("[{quoted}]\n[sync]\nwalk = {quoted}\n"));
    write("b.toml", &attack);
    for config in ["a.toml", "b.toml", &attack] {
        assert_told(path, &["config", "show", "--config", config]);
    }
    for arguments in
        [&[attack.as_str()][..], &["sync", &attack], &["sync", "--walk", &attack], &["--url", &attack]]
    {
        assert!(assert_told(path, arguments).contains("<U+001B>"), "{arguments:?}");
    }
    for file in [&attack, &format!("./{attack}.toml")] {
        assert_told(path, &["demo", file]);
        assert_told(path, &["replay", file]);
        assert_told(path, &["state", "--db", file, "show"]);
        assert_told(path, &["man", file]);
    }
    let mut terminal = launch(&["sync", &attack]).start();
    terminal.shows("<U+001B>").ends();
    judge(terminal.written()).assert_own(0);
    let url = ["sync", "--retries", "1", "--url", "https://127.0.0.1:9/users"];
    for kept in
        [format!("file:{attack}"), format!("env:{attack}"), format!("cmd:exit 1 # {attack}"), attack.clone()]
    {
        assert_told(path, &[&url[..], &["--auth", "bearer", "--secret", &kept]].concat());
    }
    for flag in ["--ca-file", "--proxy", "--auth"] {
        assert_told(path, &[&url[..], &[flag, &attack]].concat());
    }
    // For a program a path is what it is; for a terminal it is made safe.
    let named = format!("{}.toml", attack.replace('/', "-"));
    let mut terminal = launch(&["config", "path", "--config", &named]).start();
    terminal.ends();
    judge(terminal.written()).assert_own(0);

    let head = format!("title = {quoted}\nabout = {quoted}\n[playground]\nusers = 10\nlatency = \"1ms\"");
    let told = format!("[[narration]]\non = \"start\"\nsay = {quoted}");
    let scenario = format!("{head}\n[run]\nwalk = \"auto\"\n{told}\n");
    write("mine.toml", &scenario);
    let told = assert_told(path, &["demo", "./mine.toml"]);
    assert!(told.contains("<U+202E>"), "{told}");
    assert_told(path, &["demo", "./mine.toml", "--json"]);
    let mut terminal = Launch::highwater(&["demo", "./mine.toml"]).home(home).start();
    terminal
        .shows("s takes a step")
        .press("n")
        .shows("Esc closes")
        .press("\u{1b}")
        .hides("Esc closes")
        .press("q")
        .ends();
    judge(terminal.written()).assert_own(0);
}

#[test]
fn whoever_holds_the_lock_by_its_file() {
    let mut terminal = launch(&["sync", "--every", "1h", "--db", "a.db"]).start();
    terminal.shows("complete");
    let home = terminal.home.path();
    fs::write(home.join("a.db.lock"), &attack::all()[..190]).unwrap();
    for arguments in [
        &["state", "--db", "a.db", "show"][..],
        &["sync", "--db", "a.db"],
        &["state", "--db", "a.db", "reset", "--yes"],
    ] {
        assert!(assert_told(home, arguments).contains("<U+001B>"), "{arguments:?}");
    }
}
