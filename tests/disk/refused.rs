//! Files that may not be written to, or should not be: permissions, owners, links, and other programs' locks.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::Duration;

use rusqlite::Connection;

use super::rig::{Source, Tmpfs, assert_calm, assert_refused, beside, folder, give_away, unprivileged};
use crate::support::{Table, promise};

#[test]
fn a_directory_or_file_that_may_not_be_written_to_is_refused_and_left_as_it_was() {
    let source = Source::of(200);
    let mut highwater = source.highwater();
    if !unprivileged(&mut highwater) {
        return;
    }
    let mode = |path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(folder(&highwater), 0o500);
    let words = ["rows/highwater.db", "Permission denied", "check the directory's permissions"];
    assert_refused(&highwater.sync(&[]), &words);
    mode(folder(&highwater), 0o700);
    source.completes(&highwater);

    mode(highwater.db(), 0o400);
    let words = ["rows/highwater.db: Permission denied", "check the permissions, or choose another --db"];
    assert_refused(&highwater.sync(&[]), &words);
    promise::check_complete(&Table::of(&highwater.db()), &source.rows);
    mode(highwater.db(), 0o600);
    source.completes(&highwater);
}

#[test]
fn a_file_system_that_is_only_read_is_refused() {
    let source = Source::of(200);
    let highwater = source.highwater();
    let Some(disk) = Tmpfs::mount(&folder(&highwater), 4_096) else { return };
    source.completes(&highwater);
    disk.remount("ro");
    assert_refused(&highwater.sync(&[]), &["rows/highwater.db", "Read-only file system", "for writing"]);
    disk.remount("rw");
    source.completes(&highwater);
}

/// Whoever owns the database, its log or its lock, decides what becomes of the rows.
#[test]
fn what_belongs_to_another_user_is_refused_with_his_number() {
    let source = Source::of(200);
    for part in ["", "-wal", "-journal", ".lock"] {
        let highwater = source.after(1);
        let path = beside(&highwater, part);
        fs::OpenOptions::new().append(true).create(true).open(&path).unwrap();
        if !give_away(&path) {
            return;
        }
        let before = fs::read(&path).unwrap();
        let named = path.display().to_string();
        let words = [&named, "belongs to another user (uid 65534)", "give another --db"];
        assert_refused(&highwater.sync(&[]), &words);
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[test]
fn a_link_is_followed_to_a_file_and_refused_where_it_leads_to_none() {
    let source = Source::of(200);
    let highwater = source.highwater();
    let target = folder(&highwater).join("target.db");
    symlink(&target, highwater.db()).unwrap();
    assert_refused(&highwater.sync(&[]), &["highwater.db is a link that leads to no file", "--db"]);
    assert_eq!(fs::read_dir(folder(&highwater)).unwrap().count(), 1, "something was put beside it");
    fs::write(&target, "").unwrap();
    source.completes(&highwater);
    assert!(beside(&highwater, "").is_symlink());
}

/// A link that somebody put where the lock is to be would have its target emptied.
#[test]
fn a_lock_that_is_a_link_is_refused_and_its_target_left_alone() {
    let source = Source::of(200);
    let highwater = source.highwater();
    let target = highwater.home().join("diary");
    fs::write(&target, "dear diary").unwrap();
    symlink(&target, beside(&highwater, ".lock")).unwrap();
    assert_refused(&highwater.sync(&[]), &["rows/highwater.db.lock is a link", "remove it"]);
    assert_eq!(fs::read_to_string(&target).unwrap(), "dear diary");
}

#[test]
fn another_programs_lock_is_waited_for_and_told() {
    let source = Source::of(200);
    let highwater = source.after(1);
    let other = Connection::open(highwater.db()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let words = ["rows/highwater.db", "another program holds the database: close it and run again"];
    assert_refused(&highwater.sync(&[]), &words);
    // Once it is given back, nobody is the worse for it.
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    source.completes(&highwater);
}

#[test]
fn a_lock_taken_in_mid_run_ends_the_run_and_loses_nothing() {
    let source = Source::slow(1_000, Duration::from_millis(20));
    let highwater = source.highwater();
    let mut running = highwater.start_sync(&["--json"]);
    running.until_event("page");
    let other = Connection::open(highwater.db()).unwrap();
    other.busy_timeout(Duration::from_secs(60)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let done = running.end();
    assert_eq!(done.code(), 1, "{done}");
    assert_calm(&done);
    let ended = done.event("run_ended");
    let text = ended["text"].as_str().unwrap();
    assert!(text.contains("another program holds the database"), "{text}");
    other.execute_batch("ROLLBACK").unwrap();
    drop(other);
    promise::check(&Table::of(&highwater.db()), &source.rows);
    source.completes(&highwater);
}

/// Each name would have a lock and a log of its own: two writers at once, and a log that is replayed over a later file.
#[test]
fn a_file_with_two_names_is_refused_by_either() {
    let source = Source::of(200);
    let highwater = source.after(1);
    let other = beside(&highwater, ".other");
    fs::hard_link(highwater.db(), &other).unwrap();
    assert_refused(
        &highwater.sync(&[]),
        &["rows/highwater.db has 2 names (hard links)", "remove the others"],
    );
    fs::remove_file(&other).unwrap();
    source.completes(&highwater);
}

/// SQLite has tables that end with the process, and names for them.
#[test]
fn a_name_that_means_something_to_sqlite_is_the_name_of_a_file() {
    let source = Source::of(200);
    let highwater = source.highwater();
    for name in [":memory:", "file:a.db?mode=memory", "file:b.db"] {
        let done = highwater.start(["sync", "--url", &source.url(), "--db", name]).end();
        assert_eq!(done.code(), 0, "{name}: {done}");
        let file = highwater.home().join(name);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        assert_eq!(Table::of(&file).rows(), source.rows, "{name}");
    }
    let names: Vec<_> =
        fs::read_dir(highwater.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name == "a.db" || name == "b.db"), "{names:?}");
}
