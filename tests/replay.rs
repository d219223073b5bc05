//! Follow, record and replay with the real binary: what a script sees, and what is left in the file.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::path::PathBuf;

use support::{Done, Highwater};

/// A recording of two runs in JSON events, and what was printed meanwhile.
fn recorded(highwater: &Highwater, name: &str, arguments: &[&str]) -> (PathBuf, Done) {
    let done = highwater.sync(&[&["--record", name], arguments].concat());
    assert_eq!(done.code(), 0, "{done}");
    (highwater.home().join(name), done)
}

fn replay(highwater: &Highwater, arguments: &[&str]) -> Done {
    highwater.start([&["replay"], arguments].concat()).end()
}

#[test]
fn a_replay_prints_what_the_sync_printed() {
    let highwater = Highwater::built_in();
    let (_, plain) = recorded(&highwater, "plain.ndjson", &[]);
    assert_eq!(replay(&highwater, &["plain.ndjson"]).stdout, plain.stdout);
    // The second run tells the age of a checkpoint, which must be the one of then.
    let (file, json) = recorded(&highwater, "json.ndjson", &["--json", "--resume", "full"]);
    assert_eq!(replay(&highwater, &["--json", "json.ndjson"]).stdout, json.stdout);
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains("\"shown\":[{") && !json.stdout.contains("shown"), "rows are for screens");
    assert!(text.starts_with(r#"{"highwater":""#), "{text}");
}

#[test]
fn a_recording_replaces_nothing() {
    let highwater = Highwater::built_in();
    let file = highwater.home().join("mine.ndjson");
    fs::write(&file, "mine").unwrap();
    let refused = highwater.sync(&["--record", "mine.ndjson"]);
    assert_eq!((refused.code(), refused.stdout.as_str()), (2, ""), "{refused}");
    assert!(refused.stderr.starts_with("error: --record: mine.ndjson exists already"), "{refused}");
    assert_eq!(fs::read_to_string(file).unwrap(), "mine");
    assert!(!highwater.db().exists(), "nothing was touched");
}

#[test]
fn a_recording_that_was_cut_off_is_played_up_to_there() {
    let highwater = Highwater::built_in();
    let (file, whole) = recorded(&highwater, "a.ndjson", &[]);
    let text = fs::read(&file).unwrap();
    fs::write(&file, &text[..text.len() - 40]).unwrap();
    let cut = replay(&highwater, &["a.ndjson"]);
    assert_eq!(cut.code(), 0, "{cut}");
    assert!(whole.stdout.starts_with(&cut.stdout) && cut.stdout.contains("page     5"), "{cut}");
    assert!(cut.stderr.contains("was cut off in line"), "{cut}");
}

#[test]
fn what_is_no_recording_or_a_damaged_one_is_refused_by_its_line() {
    let highwater = Highwater::built_in();
    let (file, _) = recorded(&highwater, "a.ndjson", &[]);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("\"event\":\"page\"", "\"event\":\"p\u{202e}ge\"", 1)).unwrap();
    let line = 1 + text.lines().position(|line| line.contains("\"event\":\"page\"")).unwrap();
    let damaged = replay(&highwater, &["a.ndjson"]);
    assert_eq!(damaged.code(), 1, "{damaged}");
    assert!(damaged.stdout.contains("run 1"), "what stands before it is played: {damaged}");
    let told =
        format!("error: a.ndjson:{line}: is no event that this version knows: unknown variant `p<U+202E>ge`");
    assert!(damaged.stderr.starts_with(&told), "{damaged}");

    fs::write(&file, text.replacen("\"recording\":1", "\"recording\":2", 1)).unwrap();
    let newer = replay(&highwater, &["a.ndjson"]);
    assert_eq!((newer.code(), newer.stdout.as_str()), (2, ""), "{newer}");
    assert!(newer.stderr.starts_with("error: a.ndjson:1: was recorded in format 2 by highwater"), "{newer}");

    fs::write(&file, "id,name\n1,Ada\n").unwrap();
    assert!(
        replay(&highwater, &["a.ndjson"]).stderr.contains("a.ndjson:1: is not the first line of a recording")
    );
    assert!(
        replay(&highwater, &["absent.ndjson"]).stderr.starts_with("error: absent.ndjson: cannot be read")
    );
}

#[cfg(unix)]
#[test]
fn a_sync_that_follows_runs_until_a_signal_and_ends_as_its_runs_did() {
    use rustix::process::Signal;
    let highwater = Highwater::built_in();
    let mut running = highwater.start_sync(&["--every", "1s", "--json", "--record", "a.ndjson"]);
    for _ in 0..2 {
        running.until_event("run_ended");
    }
    running.until(|event| event["phase"]["is"] == "resting").unwrap();
    running.signal(Signal::TERM);
    let done = running.end();
    assert_eq!(done.code(), 0, "{done}");
    assert_eq!(replay(&highwater, &["a.ndjson", "--json"]).stdout, done.stdout);
}

#[cfg(unix)]
#[test]
fn a_signal_in_a_run_is_the_exit_code_of_one_that_follows_too() {
    use rustix::process::Signal;
    let highwater = Highwater::built_in().with("HIGHWATER_PLAYGROUND_USERS", "100000");
    let mut running = highwater.start_sync(&["--every", "1h", "--json"]);
    running.until_event("page");
    running.signal(Signal::TERM);
    let done = running.end();
    assert_eq!(done.code(), 128 + 15, "{done}");
}
