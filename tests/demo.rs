//! Every demo, performed by the real binary with nobody there: what it promises comes, and it says what it shows.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;

use highwater::demo::scenario::BUILT_IN;
use serde_json::Value;
use support::{Done, Highwater};

/// The text of a scenario, to be changed.
fn text(name: &str) -> &'static str {
    BUILT_IN.iter().find(|(known, _)| *known == name).unwrap().1
}

/// A machine on which temporary files come to a place of its own.
fn machine() -> Highwater {
    let highwater = Highwater::built_in();
    let temporary = highwater.home().join("tmp");
    fs::create_dir(&temporary).unwrap();
    let temporary = temporary.to_str().unwrap().to_owned();
    highwater.with("TMPDIR", &temporary).with("TMP", &temporary)
}

/// Performs it, without the wait for each answer.
fn perform(highwater: &Highwater, name: &str) -> Done {
    highwater.start(["demo", name, "--json", "--latency", "0s"]).end()
}

/// Performs it as it comes, and checks what holds of every demo: what was expected came, and nothing is left behind.
fn performed(name: &str) -> Done {
    let highwater = machine();
    let done = perform(&highwater, name);
    assert_eq!(done.code(), 0, "{done}");
    let events = done.events();
    let verdict = events.last().unwrap();
    assert_eq!((&verdict["event"], &verdict["met"]), (&"verdict".into(), &true.into()), "{done}");
    assert!(events.iter().all(|event| event["at"].is_string()));
    assert_eq!(fs::read_dir(highwater.home().join("tmp")).unwrap().count(), 0, "something is left behind");
    assert!(!highwater.home().join("data").exists(), "the operator's own directory was touched");
    done
}

fn said(done: &Done) -> Vec<String> {
    let narrations = done.events().into_iter().filter(|event| event["event"] == "narration");
    narrations.map(|event| event["text"].as_str().unwrap().to_owned()).collect()
}

/// Each of these texts is said, in this order.
fn says(done: &Done, texts: &[&str]) {
    let said = said(done);
    let mut rest = said.iter();
    for text in texts {
        assert!(rest.any(|said| said.contains(text)), "nothing says {text:?} in its place: {said:#?}");
    }
}

fn pages(done: &Done) -> Vec<Value> {
    done.events().into_iter().filter(|event| event["event"] == "page").collect()
}

#[test]
fn basics_shows_a_page_after_the_other() {
    let done = performed("basics");
    assert_eq!(said(&done).len(), 6);
    says(&done, &["no checkpoint", "50 rows", "1 row came again", "Complete"]);
}

#[test]
fn ties_counts_what_the_token_loses() {
    let done = performed("ties");
    says(
        &done,
        &["30 of whom", "has lost 20 rows", "holds all 200 rows. The one beside holds 180 and lacks 20"],
    );
    let lost: Vec<u64> = done
        .events()
        .iter()
        .filter(|event| event["event"] == "beside" && event["state"] != "going")
        .map(|event| event["lost"].as_u64().unwrap())
        .collect();
    assert_eq!(lost, [0, 20, 20, 20]);
}

#[test]
fn growing_counts_what_the_offset_skips_and_repeats() {
    let done = performed("growing");
    says(
        &done,
        &["the API is in use", "came a second time", "missed or out of date", "has it all: 212 rows"],
    );
    let beside = &done.event("verdict")["beside"];
    assert!(beside["rows"].as_u64() < Some(212) && beside["repeated"].as_u64() > Some(0), "{beside}");
    assert!(pages(&done).iter().any(|page| page["counts"]["changed"].as_u64() > Some(0)));
}

#[test]
fn rate_limit_obeys_what_it_is_told() {
    let done = performed("rate-limit");
    says(
        &done,
        &[
            "three requests",
            "left alone for 2 seconds",
            "second attempt",
            "of its own",
            "twice the one before",
        ],
    );
}

#[test]
fn flaky_meets_every_failure() {
    let done = performed("flaky");
    says(
        &done,
        &["503", "reset before any answer", "stopped halfway", "Retry-After: 1", "no JSON", "5 of 11"],
    );
    let reasons: Vec<String> = done
        .events()
        .iter()
        .filter(|event| event["phase"]["is"] == "waiting")
        .map(|event| event["phase"]["reason"].as_str().unwrap().to_owned())
        .collect();
    let expected = ["HTTP 503", "the answer broke off", "the answer broke off", "HTTP 429", "not a page"];
    assert_eq!(reasons.len(), expected.len(), "{reasons:?}");
    assert!(reasons.iter().zip(expected).all(|(reason, start)| reason.starts_with(start)), "{reasons:?}");
}

#[test]
fn expired_token_falls_back_to_the_checkpoint() {
    let done = performed("expired-token");
    says(
        &done,
        &[
            "does not keep a token for ever",
            "holds after page 2",
            "refuses the token",
            "by cursor",
            "Complete",
        ],
    );
    assert_eq!(pages(&done)[2]["request"]["by"], "since");
    assert_eq!(pages(&done)[3]["request"]["by"], "token");
}

#[test]
fn disorder_holds_the_checkpoint_to_the_end() {
    let done = performed("disorder");
    says(&done, &["almost", "came after a later one", "first one again", "does not move", "only now"]);
    let held: Vec<bool> =
        pages(&done).iter().map(|page| page["checkpoint_held"].as_bool().unwrap()).collect();
    assert_eq!(held, [false, true, true, true, true, false]);
}

#[test]
fn crash_is_killed_and_taken_up() {
    let done = performed("crash");
    says(&done, &["will be killed", "Killed", "found the unfinished run", "by the new process", "not two"]);
    let events = done.events();
    let killed =
        events.iter().position(|event| event["text"].as_str().is_some_and(|text| text.starts_with("Killed")));
    let (before, after) = events.split_at(killed.unwrap());
    let opened = |events: &[Value]| events.iter().filter(|event| event["event"] == "opened").count();
    assert_eq!((opened(before), opened(after)), (1, 1));
    assert!(before.iter().all(|event| event["event"] != "run_ended"));
    let started = after.iter().find(|event| event["event"] == "run_started").unwrap();
    assert_eq!((&started["run"], &started["continued"]), (&1.into(), &true.into()));
}

#[test]
fn a_scenario_of_ones_own_is_judged_too() {
    let highwater = machine();
    let own = text("ties").replace("walk = \"auto\"", "walk = \"scroll\"");
    fs::write(highwater.home().join("mine.toml"), own).unwrap();
    let done = perform(&highwater, "./mine.toml");
    assert_eq!(done.code(), 3, "{done}");
    let differs = &done.event("verdict")["differs"];
    assert_eq!(differs, &serde_json::json!(["180 rows in the table, not 200", "20 rows lost, not 0"]));

    let own = text("basics").replace("page_size", "pgae_size");
    fs::write(highwater.home().join("wrong.toml"), own).unwrap();
    let done = perform(&highwater, "wrong.toml");
    assert_eq!(done.code(), 2, "{done}");
    assert!(done.stderr.contains("wrong.toml:12: unknown field `pgae_size`, expected one of"), "{done}");
}

#[test]
fn plain_lines_tell_the_story_too() {
    let done = machine().start(["demo", "ties", "--latency", "0s"]).end();
    assert_eq!(done.code(), 0, "{done}");
    let lines: Vec<&str> = done.stdout.lines().collect();
    assert!(lines[0].starts_with("The same second twice"), "{done}");
    for start in
        ["» 200 people", "page     1", "beside   2  by scroll token: 100 rows, 20 lost", "as expected: "]
    {
        assert!(lines.iter().any(|line| line.starts_with(start)), "{start}: {done}");
    }
}

#[test]
fn without_a_name_they_are_listed_and_a_wrong_one_is_set_right() {
    for line in [&["demo"][..], &["demo", "--list"]] {
        let done = machine().start(line).end();
        assert_eq!(done.code(), 0, "{done}");
        for (number, (name, _)) in (1..).zip(BUILT_IN) {
            assert!(done.stdout.contains(&format!("\n  {number}  {name} ")), "{name}: {done}");
        }
    }
    for (name, hint) in [
        ("tise", "did you mean \"ties\"?"),
        ("xyzzy", "there are basics, ties"),
        ("./absent.toml", "absent.toml: cannot be read"),
    ] {
        let done = machine().start(["demo", name]).end();
        assert_eq!(done.code(), 2, "{done}");
        assert!(done.stderr.contains(hint), "{done}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_demo_and_clears_it_away() {
    for name in ["basics", "crash"] {
        let highwater = machine();
        let mut demo = highwater.start(["demo", name, "--json", "--latency", "700ms"]);
        demo.until_event("page");
        demo.signal(rustix::process::Signal::TERM);
        let done = demo.end();
        assert_eq!(done.code(), 143, "{done}");
        assert_eq!(fs::read_dir(highwater.home().join("tmp")).unwrap().count(), 0, "{done}");
    }
}
