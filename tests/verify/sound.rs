//! What is sound is found sound, whoever writes to it meanwhile, and nothing about it is changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use super::report::{checks, findings, found, three_runs};
use crate::support::left::{completes, left_after_two_pages};
use crate::support::{BuiltIn, Highwater};

/// The files of a directory with their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
}

#[test]
fn a_sound_file_is_found_sound_and_nothing_about_it_is_changed() {
    let (_server, _, highwater) = three_runs();
    let folder = highwater.db().parent().unwrap().to_owned();
    let before = files(&folder);
    for arguments in [&[][..], &["--json"], &["--against-source"], &["--json", "--against-source"]] {
        let done = highwater.verify(arguments);
        assert_eq!(done.code(), 0, "{done}");
        assert!(!done.stdout.is_empty() && done.stderr.is_empty(), "{done}");
        assert_eq!(files(&folder), before, "{arguments:?}");
    }
    let done = highwater.verify(&["--json", "--against-source"]);
    let end = done.event("verified");
    assert_eq!(
        (&end["attention"], &end["damage"], &end["checks"]),
        (&json!(0), &json!(0), &json!(18)),
        "{done}"
    );
    assert!(checks(&done)["source"]["text"].as_str().unwrap().starts_with("200 rows on 5 pages"), "{done}");
}

/// An operator's acts are no damage, whatever they do to the checkpoint.
#[test]
fn what_an_operator_did_is_no_damage() {
    let (_server, source, highwater) = left_after_two_pages("auto");
    for act in [
        &["rewind", "--by", "1h"][..],
        &["undo"],
        &["set", "2020-02-02T00:00:00Z"],
        &["reset", "--yes"],
        &["undo"],
    ] {
        assert_eq!(highwater.state(act).code(), 0, "{act:?}");
        let done = highwater.verify(&[]);
        assert_eq!(done.code(), 0, "{act:?}: {done}");
    }
    completes(&highwater, &source, &["--resume", "full"]);
    highwater.state(&["set", "2999-01-01T00:00:00Z"]);
    let done = highwater.verify(&["--json"]);
    assert_eq!(done.code(), 3, "{done}");
    assert_eq!(found(&done), [("checkpoint".to_owned(), "attention".to_owned())].into(), "{done}");
    assert!(findings(&done, "checkpoint").contains("was set by hand"), "{done}");
}

/// A run that is under way is told of, and does not disturb the check.
#[test]
fn a_file_can_be_checked_while_a_run_writes_to_it() {
    let server = BuiltIn::slow(Duration::from_millis(300));
    let highwater = Highwater::against(&server.url());
    let mut running = highwater.start_sync(&["--json", "--every", "1h"]);
    running.until_event("page");
    let done = highwater.verify(&["--json", "--against-source"]);
    assert_eq!(done.code(), 0, "amid its pages: {done}");
    running.until_event("run_ended");
    let done = highwater.verify(&["--json", "--against-source"]);
    assert!(done.event("verifying")["in_use_by"].as_str().unwrap().starts_with("process "), "{done}");
    let plain = highwater.verify(&[]);
    assert!(plain.code() == 0 && plain.stdout.contains("\nin use by    process "), "{plain}");
}
