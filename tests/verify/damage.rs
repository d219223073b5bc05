//! Files that are damaged, and files that cannot be checked.

use rusqlite::Connection;

use super::report::found;
use crate::support::left::left_after_two_pages;

/// Bytes that were overwritten or cut off are damage; what is no file of this program's cannot be checked.
#[test]
fn damage_is_found_and_what_cannot_be_checked_is_told_apart() {
    let (_server, _, highwater) = left_after_two_pages("auto");
    let (whole, broken) = (std::fs::read(highwater.db()).unwrap(), highwater.home().join("broken.db"));
    let verify = |bytes: &[u8]| {
        std::fs::write(&broken, bytes).unwrap();
        highwater.verify_file(&broken, &["--json"])
    };
    for (from, to) in [(4_096, 12_288), (whole.len() - 8_192, whole.len()), (100, 4_096)] {
        let mut bytes = whole.clone();
        bytes[from..to].fill(0xa5);
        let done = verify(&bytes);
        assert_eq!((done.code(), done.stderr.as_str()), (3, ""), "{from}: {done}");
        assert_eq!(found(&done)["file"], "damage", "{from}: {done}");
    }
    let done = verify(&whole[..whole.len() / 2]);
    assert_eq!((done.code(), found(&done)["file"].as_str()), (3, "damage"), "{done}");

    for (name, sql, why) in [
        ("newer", "PRAGMA user_version = 99", "a newer highwater (format 99, this one knows"),
        ("other columns", "ALTER TABLE user ADD COLUMN shoe", "has the columns id, name,"),
    ] {
        std::fs::write(&broken, &whole).unwrap();
        Connection::open(&broken).unwrap().execute_batch(sql).unwrap();
        let before = std::fs::read(&broken).unwrap();
        for arguments in [&[][..], &["--against-source"]] {
            let done = highwater.verify_file(&broken, arguments);
            assert_eq!((done.code(), done.stdout.as_str()), (1, ""), "{name}: {done}");
            assert!(done.stderr.contains(why) && done.stderr.contains("another --db"), "{name}: {done}");
        }
        assert_eq!(std::fs::read(&broken).unwrap(), before, "{name}");
    }
    for (bytes, why) in
        [(&b"no database, but long enough for one".repeat(90)[..], "restore it"), (b"", "still empty")]
    {
        let done = verify(bytes);
        assert_eq!((done.code(), done.stdout.as_str()), (1, ""), "{done}");
        assert!(done.stderr.contains(why), "{done}");
    }
    std::fs::remove_file(&broken).unwrap();
    let done = highwater.verify_file(&broken, &[]);
    assert_eq!(done.code(), 1, "{done}");
    assert!(done.stderr.contains("run a sync first") && !broken.exists(), "{done}");
    assert_eq!(highwater.verify(&["--against"]).code(), 2);
}
