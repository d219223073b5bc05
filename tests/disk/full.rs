//! No room: a full file system, and a limit on the size of files.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use super::rig::{Source, Tmpfs, assert_refused, folder};
use crate::support::{Table, promise};
use crate::terminal::Terminal;

/// What every refusal says that is due to a disk without room.
const ROOM: &str = "make room";

/// Takes what room is left.
fn fill(path: &Path) {
    let mut file = File::create(path).unwrap();
    while file.write_all(&[0; 4_096]).is_ok() {}
    while file.write_all(&[0]).is_ok() {}
}

#[test]
fn a_disk_that_is_full_from_the_start_is_told_and_costs_nothing() {
    let source = Source::of(200);
    let highwater = source.highwater();
    let Some(_disk) = Tmpfs::mount(&folder(&highwater), 2_048) else { return };
    let filler = folder(&highwater).join("filler");
    fill(&filler);
    assert_refused(&highwater.sync(&[]), &["rows/highwater.db", ROOM]);
    std::fs::remove_file(&filler).unwrap();
    source.completes(&highwater);
    fill(&filler);
    // There is nothing new, but a run is to be written down.
    assert_refused(&highwater.sync(&[]), &["rows/highwater.db", ROOM]);
    promise::check(&Table::of(&highwater.db()), &source.rows);
    std::fs::remove_file(&filler).unwrap();
    source.completes(&highwater);
}

/// From one that takes no table to one that takes nearly everything.
#[test]
fn a_disk_that_gets_full_keeps_what_was_stored_and_takes_the_rest_once_there_is_room() {
    let source = Source::of(1_000);
    let mut pages = Vec::new();
    for size in (4..=640).step_by(36) {
        let highwater = source.highwater();
        let Some(disk) = Tmpfs::mount(&folder(&highwater), size) else { return };
        let done = highwater.sync(&[]);
        if done.code() == 0 {
            break;
        }
        assert_refused(&done, &["rows/highwater.db", ROOM]);
        let table = Table::of(&highwater.db());
        promise::check(&table, &source.rows);
        pages.push(if table.is_made() { table.pages().len() } else { 0 });
        disk.remount("size=64m");
        source.completes(&highwater);
    }
    println!("pages stored before the disk was full: {pages:?}");
    assert!(pages.first() == Some(&0) && pages.last() > Some(&5), "not full in mid-run: {pages:?}");
}

/// In blocks of 512 bytes, as the standard has it.
#[test]
fn a_limit_on_the_size_of_files_ends_a_run_with_a_word() {
    let source = Source::of(1_000);
    let mut pages = Vec::new();
    for blocks in [0, 1, 8, 80, 320, 640, 1_100] {
        let mut highwater = source.highwater();
        let limited = format!("ulimit -f {blocks}; exec \"$0\" \"$@\"");
        highwater.start_through(&["sh", "-c", &limited]);
        let done = highwater.sync(&[]);
        assert_refused(&done, &["rows/highwater.db", "run again"]);
        let made = highwater.db().exists();
        let table = made.then(|| Table::of(&highwater.db())).filter(Table::is_made);
        pages.push(table.map_or(0, |table| {
            promise::check(&table, &source.rows);
            table.pages().len()
        }));
        highwater.start_through(&[]);
        source.completes(&highwater);
    }
    println!("pages stored before the limit was reached: {pages:?}");
    assert!(pages.first() == Some(&0) && pages.last() > Some(&5), "not in mid-run: {pages:?}");
}

#[test]
fn the_monitor_tells_of_a_full_disk_and_leaves_a_clean_terminal() {
    let source = Source::of(2_000);
    let home = tempfile::tempdir().unwrap();
    let rows = home.path().join("rows");
    std::fs::create_dir(&rows).unwrap();
    let Some(disk) = Tmpfs::mount(&rows, 400) else { return };
    let start = |home| Terminal::start_in(home, 120, 36, &["--url", &source.url(), "--db", "rows/a.db"]);
    let mut terminal = start(home);
    terminal.shows("FAILED").press("q");
    assert_eq!(terminal.ends().exit_code(), 1);
    terminal.assert_clean();
    terminal.shows(ROOM);
    promise::check(&Table::of(&rows.join("a.db")), &source.rows);

    disk.remount("size=64m");
    let mut terminal = start(terminal.home);
    terminal.shows("unfinished").press("\r").shows("COMPLETE").press("q");
    assert_eq!(terminal.ends().exit_code(), 0);
    terminal.assert_clean();
    promise::check_complete(&Table::of(&rows.join("a.db")), &source.rows);
}
