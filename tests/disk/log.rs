//! What a killed process leaves beside the file: a write-ahead log that is damaged, cut short, or gone.

use std::collections::BTreeMap;
use std::fs;

use highwater::kill_point::{KillPoint, VARIABLE};

use super::damage::below;
use super::rig::{Source, assert_refused, beside};
use crate::support::kill::{Dice, number};
use crate::support::{Done, Highwater, Table, promise};

/// The parts of a destination whose process was killed.
const PARTS: [&str; 4] = ["", "-wal", "-shm", ".lock"];

/// Of the log's header, and of what stands before each page in it.
const HEADER: usize = 32;
const FRAME: usize = 24;
const PAGE: usize = 4_096;

/// What a killed process has left: some pages in the file, and some in the log.
struct Left {
    source: Source,
    parts: BTreeMap<&'static str, Vec<u8>>,
}

impl Left {
    /// `None`, and a word about it, where no process can be told to kill itself.
    fn new() -> Option<Self> {
        let Some(variable) = VARIABLE else {
            eprintln!("skipped: without debug assertions there are no kill points");
            return None;
        };
        let source = Source::of(600);
        let mut highwater = source.after(3);
        highwater.set(variable, Some(&format!("{}:2", KillPoint::AfterCommit.name())));
        let done = highwater.sync(&[]);
        assert_eq!(done.status.code(), None, "{done}");
        let parts = PARTS.map(|part| (part, fs::read(beside(&highwater, part)).unwrap())).into();
        Some(Self { source, parts })
    }

    /// A destination with what was left, but for some parts.
    fn without(&self, gone: &[&str]) -> Highwater {
        let highwater = self.source.highwater();
        for (part, bytes) in self.parts.iter().filter(|(part, _)| !gone.contains(part)) {
            fs::write(beside(&highwater, part), bytes).unwrap();
        }
        highwater
    }

    /// A run that must bring everything.
    fn completes(&self, what: &str, highwater: &Highwater) -> Done {
        let done = highwater.sync(&[]);
        assert_eq!(done.code(), 0, "{what}: {done}");
        promise::check_complete(&Table::of(&highwater.db()), &self.source.rows);
        done
    }

    /// The pages in the log, each as it was committed last.
    fn logged(&self) -> BTreeMap<usize, &[u8]> {
        let frames = self.parts["-wal"][HEADER..].chunks_exact(FRAME + PAGE);
        let number = |frame: &[u8]| u32::from_be_bytes(frame[..4].try_into().unwrap()) as usize;
        frames.map(|frame| (number(frame), &frame[FRAME..])).collect()
    }
}

#[test]
fn a_log_that_is_damaged_or_cut_short_or_gone_leaves_an_earlier_state_to_go_on_from() {
    let Some(left) = Left::new() else { return };
    let log = &left.parts["-wal"];
    let mut dice = Dice::new(number("HIGHWATER_TEST_SEED", 1));
    for trial in 0..20 {
        let highwater = left.without(&["-shm"]);
        let mut bytes = log.clone();
        // The first ones in the header.
        let at = below(&mut dice, if trial < 4 { HEADER } else { log.len() });
        bytes[at] ^= 1 << dice.below(8);
        fs::write(beside(&highwater, "-wal"), bytes).unwrap();
        left.completes(&format!("byte {at} of the log changed"), &highwater);
    }
    for length in [0, 1, HEADER, HEADER + FRAME, log.len() / 2, log.len() - 1, below(&mut dice, log.len())] {
        let highwater = left.without(&["-shm"]);
        fs::write(beside(&highwater, "-wal"), &log[..length]).unwrap();
        left.completes(&format!("the log cut to {length}"), &highwater);
    }
    left.completes("nothing changed", &left.without(&[]));
    left.completes("no index of the log", &left.without(&["-shm"]));
    let done = left.completes("no log", &left.without(&["-wal", "-shm"]));
    assert!(done.stdout.contains("found no write-ahead log of it"), "{done}");
}

/// The log is brought into the file page by page: one that is deleted amid that leaves a mixture.
#[test]
fn a_file_that_is_not_whole_without_its_log_is_refused_until_the_log_is_back() {
    let Some(left) = Left::new() else { return };
    let logged = left.logged();
    let mut dice = Dice::new(number("HIGHWATER_TEST_SEED", 1));
    let mut refused = 0;
    for trial in 0..24 {
        let highwater = left.without(&["-wal", "-shm"]);
        let mut bytes = left.parts[""].clone();
        let largest = *logged.keys().max().unwrap();
        bytes.resize(bytes.len().max(largest * PAGE), 0);
        let kept: Vec<_> = logged.iter().filter(|_| dice.below(2) == 0).collect();
        for (number, page) in &kept {
            bytes[(*number - 1) * PAGE..**number * PAGE].copy_from_slice(page);
        }
        fs::write(highwater.db(), bytes).unwrap();
        let numbers: Vec<_> = kept.iter().map(|(number, _)| **number).collect();
        let what = format!("trial {trial}: of {:?} only {numbers:?}", logged.keys());
        let done = highwater.sync(&[]);
        if done.code() == 0 {
            promise::check_complete(&Table::of(&highwater.db()), &left.source.rows);
            continue;
        }
        refused += 1;
        assert_refused(&done, &["rows/highwater.db"]);
        assert_refused(&highwater.sync(&[]), &["rows/highwater.db"]);
        fs::write(highwater.db(), &left.parts[""]).unwrap();
        fs::write(beside(&highwater, "-wal"), &left.parts["-wal"]).unwrap();
        left.completes(&what, &highwater);
    }
    println!("refused: {refused} of 24");
    assert!(refused >= 12, "{refused}");
}

#[test]
fn looking_at_what_a_killed_process_left_does_not_take_the_log_away() {
    let Some(left) = Left::new() else { return };
    let highwater = left.without(&[]);
    let link = highwater.home().join("link.db");
    std::os::unix::fs::symlink(highwater.db(), &link).unwrap();
    for looked in [
        highwater.state(&["show"]),
        highwater.start(["state", "--db", link.to_str().unwrap(), "show"]).end(),
        highwater.verify(&[]),
        highwater.verify_file(&link, &[]),
    ] {
        assert_eq!(looked.code(), 0, "{looked}");
        assert_eq!(fs::read(beside(&highwater, "-wal")).unwrap(), left.parts["-wal"], "{looked}");
    }
    let done = left.completes("looked at before", &highwater);
    assert!(!done.stdout.contains("found no write-ahead log"), "{done}");
}
