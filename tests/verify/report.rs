//! What a report says, and a destination to report on.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::left::{completes, left_after_two_pages};
use crate::support::{BuiltIn, Done, Highwater, Rows};

/// The checks of a report, by name.
pub fn checks(done: &Done) -> BTreeMap<String, Value> {
    let checks = done.events().into_iter().filter(|event| event["event"] == "check");
    checks.map(|check| (check["check"].as_str().unwrap().to_owned(), check)).collect()
}

/// The verdicts that are not "ok", by the name of their check.
pub fn found(done: &Done) -> BTreeMap<String, String> {
    let of = |(name, check): (String, Value)| (name, check["verdict"].as_str().unwrap().to_owned());
    checks(done).into_iter().map(of).filter(|(_, verdict)| verdict != "ok").collect()
}

/// What a check found, a line each.
pub fn findings(done: &Done, name: &str) -> String {
    let checks = checks(done);
    let check = checks.get(name).unwrap_or_else(|| panic!("no check {name}: {done}"));
    let texts = check["findings"].as_array().into_iter().flatten();
    texts.map(|finding| finding["text"].as_str().unwrap().to_owned() + "\n").collect()
}

/// A complete run by token, a second one anchored and complete, and a third, full one that was left after two pages.
pub fn three_runs() -> (BuiltIn, Rows, Highwater) {
    let (server, source, highwater) = left_after_two_pages("scroll");
    completes(&highwater, &source, &["--walk", "scroll"]);
    completes(&highwater, &source, &["--resume", "full"]);
    let left = highwater.sync(&["--resume", "full", "--max-pages", "2"]);
    assert_eq!(left.code(), 4, "{left}");
    (server, source, highwater)
}
