//! Files that are not there, are not ours, or are replaced; and what a reader keeps from a writer.

use super::*;

fn failed(look: &mut impl Look) -> String {
    look.window(&stored(), &Place::Top, 9).unwrap_err().to_string()
}

#[test]
fn a_file_is_awaited_and_one_that_is_replaced_is_opened_anew() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut look = look(&path);
    assert!(failed(&mut look).contains("run a sync first"));
    assert!(!path.exists(), "looking makes no file");

    let one = many(3);
    one.writer.execute("VACUUM INTO ?1", [path.to_str()]).unwrap();
    assert_eq!(look.window(&stored(), &Place::Top, 9).unwrap().rows.len(), 3);
    let other = folder.path().join("b.db");
    many(5).writer.execute("VACUUM INTO ?1", [other.to_str()]).unwrap();
    std::fs::rename(&other, &path).unwrap();
    assert_eq!(look.window(&stored(), &Place::Top, 9).unwrap().rows.len(), 5);
    std::fs::remove_file(&path).unwrap();
    assert!(failed(&mut look).contains("run a sync first"));
}

#[test]
fn what_is_no_database_of_ours_is_said_in_words() {
    let folder = folder();
    let path = folder.path().join("a.db");
    std::fs::write(&path, "no database".repeat(1_000)).unwrap();
    assert!(failed(&mut look(&path)).contains("no SQLite database"));
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE a (b)").unwrap();
    assert!(failed(&mut look(&path)).contains("not made by highwater"));
}

#[test]
fn a_reader_between_two_questions_keeps_nothing_from_the_writer() {
    let mut table = many(100);
    let mut look = table.look();
    for view in [stored(), by(0, true), by(1, false)] {
        look.window(&view, &Place::Top, 9).unwrap();
        look.tally(&filter("name"), None).unwrap();
        table.rename(1, Some("x"));
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        let busy: i64 = table.writer.query_row(checkpoint, [], |row| row.get(0)).unwrap();
        assert_eq!(busy, 0, "{view:?}");
    }
    assert!(
        look.read(&Filter::default(), |transaction, _| transaction.execute("DELETE FROM user", [])).is_err(),
        "it cannot write"
    );
}

#[test]
fn a_reader_knows_the_files_of_its_destination() {
    let table = many(1);
    let mut look = table.look();
    look.total().unwrap();
    for suffix in ["", "-wal", "-shm", ".lock"] {
        let mut name = table.path.clone().into_os_string();
        name.push(suffix);
        assert!(look.owns(Path::new(&name)), "{suffix}");
    }
    assert!(!look.owns(&table.path.with_file_name("a.csv")));
}

#[test]
fn a_file_that_nobody_writes_to_can_be_read() {
    let folder = folder();
    let path = folder.path().join("a.db");
    drop(open(&path));
    assert_eq!(look(&path).window(&stored(), &Place::Top, 9).unwrap().of, Some(0));
}
