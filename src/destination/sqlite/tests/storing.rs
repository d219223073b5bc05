//! What comes back of what was stored, and what becomes of a row.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::record::Quarantined;
use crate::run::{Counts, Fate};

#[test]
fn a_run_and_its_pages_come_back_as_they_were_stored() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = open(&path);
    let mut pages = Pages::begin(&mut sqlite);
    let mut first = pages.next(vec![row("a", 2, "A"), row("b", 3, "B"), row("c", 0, "C")], Some("t1"));
    first.quarantined = vec![Quarantined { position: 1, reason: "why".to_owned(), json: "{}".to_owned() }];
    let second = pages.next(vec![row("d", 1, "D")], Some("t2"));
    let committed = sqlite.commit(&[first, second]).unwrap();
    assert_eq!(
        committed[0].counts,
        Counts { rows: 4, new: 3, quarantined: 1, no_cursor: 1, ..Counts::default() }
    );
    assert_eq!((committed[0].rows, committed[1].rows), (3, 4));
    assert_eq!(committed[0].shown.len(), 2, "the last ones, as many as were asked for");
    drop(sqlite);

    let mut sqlite = open(&path);
    let stored = sqlite.stored().unwrap();
    assert_eq!((stored.rows, stored.oldest), (4, Some(cursor(1))));
    assert_eq!(
        (stored.checkpoint, stored.checkpoint_at),
        (Some(cursor(3)), Some(noon())),
        "held at the inversion"
    );
    let run = stored.unfinished.unwrap();
    assert_eq!((run.run, run.outcome, run.started_at), (pages.run, None, noon()));
    assert_eq!(run.token, Some(("t2".to_owned(), noon())));
    assert_eq!((run.walk.next(), run.walk.is_held()), (&Request::Token("t2".to_owned()), true));
    assert_eq!((run.totals.pages, run.totals.commits, run.totals.counts.rows), (2, 1, 5));
    let logged = "SELECT count(*) FROM _highwater_pages WHERE retries = 4 AND bytes = 3 AND run = 1";
    assert_eq!(value::<i64>(&sqlite, logged), 2);
    let looked_into =
        "SELECT json_array(url, status, headers, decode_ms, reasons, first_ids) FROM _highwater_pages";
    let looked_into: serde_json::Value =
        serde_json::from_str(&value::<String>(&sqlite, looked_into)).unwrap();
    let (headers, reasons) = (json(&exchange().headers), json(&["HTTP 503; waited 9 ms"]));
    let expected = serde_json::json!([exchange().url, 203, headers, 5, reasons, r#"["a","b","c"]"#]);
    assert_eq!(looked_into, expected);

    sqlite.mark(pages.run, Some(Outcome::Paused)).unwrap();
    assert_eq!(sqlite.stored().unwrap().unfinished.unwrap().outcome, Some(Outcome::Paused));
    sqlite.end(&pages.ending(Outcome::Stopped, true)).unwrap();
    let left = sqlite.stored().unwrap().unfinished.unwrap();
    assert_eq!((left.outcome, left.totals.pages), (Some(Outcome::Stopped), 7));
    sqlite.end(&pages.ending(Outcome::Complete, false)).unwrap();
    assert!(sqlite.stored().unwrap().unfinished.is_none());
}

#[test]
fn a_new_run_closes_the_one_that_was_left() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut left = Pages::begin(&mut sqlite);
    let late = left.next(vec![row("a", 1, "A")], Some("t"));
    let new = Pages::begin(&mut sqlite);
    assert_eq!((left.run, new.run), (1, 2));
    assert_eq!(sqlite.stored().unwrap().unfinished.unwrap().run, 2);
    assert_eq!(
        value::<String>(&sqlite, "SELECT text FROM _highwater_runs WHERE run = 1"),
        "a later run took its place"
    );
    assert!(sqlite.commit(&[late]).is_err(), "its run is over");
    assert_eq!(sqlite.stored().unwrap().rows, 0);
}

#[test]
fn a_page_that_does_not_follow_the_last_is_refused() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    let first = pages.next(vec![row("a", 1, "A")], Some("t"));
    let lost = pages.next(vec![row("b", 2, "B")], Some("u"));
    let third = pages.next(vec![row("c", 3, "C")], None);
    assert!(sqlite.commit(&[first.clone(), third.clone()]).is_err());
    sqlite.commit(&[first]).unwrap();
    assert!(sqlite.commit(std::slice::from_ref(&third)).is_err());
    sqlite.commit(&[lost, third]).unwrap();
    assert_eq!(sqlite.stored().unwrap().checkpoint, Some(cursor(3)));
}

#[test]
fn the_checkpoint_never_passes_what_is_stored() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    let page = pages.next(vec![row("a", 1, "A"), row("b", 2, "B")], Some("t"));
    let short = Batch { rows: page.rows[..1].to_vec(), ..page.clone() };
    assert!(sqlite.commit(&[short]).is_err(), "a row was lost on the way, and the checkpoint is its own");
    assert_eq!(sqlite.stored().unwrap().checkpoint, None);
    sqlite.commit(&[page]).unwrap();
}

#[test]
fn a_page_is_stored_once_or_not_at_all() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    let first = pages.next(vec![row("a", 1, "A")], Some("t"));
    let second = pages.next(vec![row("b", 2, "B")], None);
    sqlite.commit(std::slice::from_ref(&first)).unwrap();
    let replayed = Batch { rows: vec![row("c", 1, "C")], ..first };
    assert!(sqlite.commit(&[second.clone(), replayed]).is_err(), "the page log has this page already");
    let stored = sqlite.stored().unwrap();
    assert_eq!((stored.rows, stored.checkpoint), (1, Some(cursor(1))), "and nothing of the group is stored");
    sqlite.commit(&[second]).unwrap();
    assert_eq!(sqlite.stored().unwrap().rows, 2);
}

#[test]
fn a_run_cannot_take_the_checkpoint_back() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    let other = Pages { run: pages.run, walk: pages.walk.clone() }.next(vec![row("a", 1, "A")], Some("t"));
    sqlite.commit(&[pages.next(vec![row("b", 9, "B")], Some("t"))]).unwrap();
    let early = Batch { page: 2, ..other };
    let text = sqlite.commit(&[early]).unwrap_err().to_string();
    assert!(text.contains("the checkpoint would go back"), "{text}");
    let stored = sqlite.stored().unwrap();
    assert_eq!((stored.rows, stored.checkpoint), (1, Some(cursor(9))), "nothing of it is stored");
}

#[test]
fn every_move_of_the_checkpoint_is_written_down_and_can_be_taken_back() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    assert_eq!(sqlite.undo(noon()).unwrap(), None);
    let mut pages = Pages::begin(&mut sqlite);
    let batches =
        [pages.next(vec![row("a", 1, "A")], Some("t")), pages.next(vec![row("b", 2, "B")], Some("u"))];
    for batch in batches {
        sqlite.commit(&[batch]).unwrap();
    }
    let before = sqlite.move_checkpoint("set", Some(&cursor(7)), noon()).unwrap();
    assert_eq!(before.as_deref(), Some(cursor(2).text()));
    assert!(sqlite.stored().unwrap().unfinished.is_none(), "its token belongs to another window");
    let moves: Vec<_> =
        sqlite.history(9).unwrap().into_iter().map(|entry| (entry.cause, entry.after)).collect();
    let text = |second| Some(cursor(second).text().to_owned());
    assert_eq!(
        moves,
        [("set".to_owned(), text(7)), ("run".to_owned(), text(2))],
        "a run is one move, newest first"
    );

    for (cause, checkpoint) in [("set", Some(cursor(2))), ("run", None)] {
        assert_eq!(sqlite.undo(noon()).unwrap().unwrap().cause, cause);
        assert_eq!(sqlite.stored().unwrap().checkpoint, checkpoint);
    }
    assert_eq!(sqlite.undo(noon()).unwrap(), None, "what was taken back is not taken back again");
    let history = sqlite.history(9).unwrap();
    assert_eq!(history.len(), 4);
    assert!(history[2..].iter().all(|entry| entry.undone_by.is_some()));
    assert_eq!(sqlite.history(1).unwrap().len(), 1);
}

/// Versions of a few rows: id, second, and a name that differs where the version does.
fn versions() -> impl Strategy<Value = Vec<Vec<(u8, u32)>>> {
    prop::collection::vec(prop::collection::vec((0..5_u8, 1..20_u32), 0..8), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever order versions come in, the table ends with the newest of each, and the counts say what happened.
    #[test]
    fn the_newest_version_of_each_row_stays(versions in versions(), shuffled in any::<bool>()) {
        let folder = folder();
        let mut sqlite = open(&folder.path().join("a.db"));
        let mut pages = Pages::begin(&mut sqlite);
        let batches: Vec<Batch> = versions.iter().enumerate().map(|(number, page)| {
            let rows = page.iter().map(|(id, second)| row(&id.to_string(), *second, &format!("v{second}")));
            pages.next(rows.collect(), Some(&number.to_string()))
        }).collect();
        let committed = match shuffled {
            true => sqlite.commit(&batches).unwrap(),
            false => batches.iter().flat_map(|batch| sqlite.commit(std::slice::from_ref(batch)).unwrap()).collect(),
        };

        let mut newest = BTreeMap::new();
        let mut expected = Counts::default();
        for (id, second) in versions.iter().flatten() {
            expected.rows += 1;
            match newest.get(id) {
                None => expected.new += 1,
                Some(stored) if second > stored => expected.changed += 1,
                Some(stored) if second == stored => expected.same += 1,
                Some(_) => expected.stale += 1,
            }
            let stored = newest.entry(*id).or_insert(*second);
            *stored = (*stored).max(*second);
        }
        let mut counts = Counts::default();
        committed.iter().for_each(|page| counts.add(&page.counts));
        prop_assert_eq!(counts, expected);

        let mut query = sqlite.connection.prepare("SELECT id, name, updatedAt FROM user ORDER BY id").unwrap();
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let table: Vec<(String, String, String)> =
            query.query_map([], read).unwrap().collect::<rusqlite::Result<_>>().unwrap();
        let newest: Vec<_> = newest
            .into_iter()
            .map(|(id, second)| (id.to_string(), format!("v{second}"), cursor(second).text().to_owned()))
            .collect();
        prop_assert_eq!(table.len() as u64, committed.last().map_or(0, |page| page.rows));
        prop_assert_eq!(table, newest);
    }
}

/// Enough rows in one commit are stored in the order of their ids: nothing else about them may differ for it.
#[test]
fn many_rows_in_one_commit_are_told_and_stored_as_page_by_page() {
    let mut chance = 1_u64;
    let mut chance = |below: u64| {
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (chance >> 33) % below
    };
    let mut any_row = || {
        let second = u32::try_from(chance(6)).unwrap();
        // Some ids begin alike, beyond what a number holds of them, and some are short.
        let prefix = ["", "id-of-a-row-"][usize::try_from(chance(2)).unwrap()];
        let extra = (chance(3) == 0).then(|| format!("{{\"n\":{}}}", chance(2)));
        Row { extra, ..row(&format!("{prefix}{}", chance(900)), second, &format!("v{}", chance(3))) }
    };
    let versions: Vec<Vec<Row>> = (0..6).map(|_| (0..1_000).map(|_| any_row()).collect()).collect();
    let folder = folder();
    let [at_once, one_by_one] = [true, false].map(|at_once| {
        let mut sqlite = open(&folder.path().join(if at_once { "a.db" } else { "b.db" }));
        let mut pages = Pages::begin(&mut sqlite);
        let versions = versions.iter().enumerate();
        let batches: Vec<Batch> =
            versions.map(|(number, rows)| pages.next(rows.clone(), Some(&number.to_string()))).collect();
        let committed = match at_once {
            true => sqlite.commit(&batches).unwrap(),
            false => batches.chunks(1).flat_map(|batch| sqlite.commit(batch).unwrap()).collect(),
        };
        let all = |query: &str| {
            let mut query = sqlite.connection.prepare(query).unwrap();
            let texts = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
            texts.collect::<rusqlite::Result<Vec<_>>>().unwrap()
        };
        let tables = [
            "SELECT json_array(id, name, updatedAt) FROM user ORDER BY id",
            "SELECT json_array(id, page, before) FROM _highwater_previous ORDER BY id",
            "SELECT json_array(id, fields) FROM _highwater_extra ORDER BY id",
            "SELECT json_array(rows, oldest, newest, checkpoint) FROM _highwater_state",
            "SELECT json_array(page, new, changed, same, stale, first, last) FROM _highwater_pages ORDER BY page",
        ];
        let first = all("SELECT id FROM user ORDER BY rowid LIMIT 1").remove(0);
        (format!("{committed:?}"), tables.map(all), first)
    });
    assert_eq!(at_once.0, one_by_one.0);
    assert_eq!(at_once.1, one_by_one.1);
    assert_eq!(at_once.2, "0", "by id");
    assert_eq!(one_by_one.2, versions[0][0].id(&USER), "as they came");
}

#[test]
fn what_became_of_a_row_is_told_with_it() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let mut pages = Pages::begin(&mut sqlite);
    let fates = [
        (row("a", 5, "A"), Fate::New),
        (row("a", 5, "A"), Fate::Same),
        (row("a", 5, "B"), Fate::Changed),
        (row("a", 4, "C"), Fate::Stale),
        (row("a", 0, "D"), Fate::Changed),
        (row("a", 4, "E"), Fate::Changed),
    ];
    for (number, (row, fate)) in fates.into_iter().enumerate() {
        let committed = sqlite.commit(&[pages.next(vec![row], Some(&number.to_string()))]).unwrap();
        assert_eq!(committed[0].shown[0].fate, fate, "{number}");
    }
}

/// Versions of one row: its second (0: without a cursor), and what stands in four of its columns.
fn one_row() -> impl Strategy<Value = Vec<Row>> {
    let text = prop::option::of(prop::sample::select(vec!["", "x", "null", "\0\u{1b}\"", "é"]));
    let version = (0..6_u32, prop::collection::vec(text, 4)).prop_map(|(second, texts)| {
        let mut row = row("a", second, "A");
        let mut values: Vec<_> = row.values.iter().collect();
        values[1..5].copy_from_slice(&texts);
        row.values = Packed::new(&values);
        row
    });
    prop::collection::vec(version, 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// What a row replaced, put back into it, gives the row before: in the answer and in the table beside.
    #[test]
    fn what_was_replaced_makes_the_row_before_whole_again(versions in one_row()) {
        let folder = folder();
        let mut sqlite = open(&folder.path().join("a.db"));
        let mut pages = Pages::begin(&mut sqlite);
        let mut stored: Option<Row> = None;
        let mut kept = None;
        for (number, version) in versions.into_iter().enumerate() {
            let page = pages.next(vec![version.clone()], Some(&number.to_string()));
            let (run, number) = (page.run, page.page);
            let shown = sqlite.commit(&[page]).unwrap().remove(0).shown.remove(0);
            if shown.fate == Fate::Changed {
                let old = stored.as_ref().unwrap();
                let mut again = shown.values.to_vec();
                let mut names = BTreeMap::new();
                for (column, value) in shown.before {
                    let column = usize::from(column);
                    prop_assert!(again[column] != value, "only what differs");
                    names.insert(USER.columns[column].name, value.clone());
                    again[column] = value;
                }
                prop_assert_eq!(Packed::new(&again), old.values.clone());
                kept = Some(format!("a {run} {number} {} {}", stamp(noon()), json(&names)));
            } else {
                prop_assert_eq!(shown.before, vec![]);
            }
            if matches!(shown.fate, Fate::New | Fate::Changed) {
                stored = Some(version);
            }
            let beside = "SELECT max(id || ' ' || run || ' ' || page || ' ' || at || ' ' || before)
                          FROM _highwater_previous";
            prop_assert_eq!(&value::<Option<String>>(&sqlite, beside), &kept);
        }
    }
}

#[test]
fn what_another_program_put_into_the_table_is_replaced_and_kept_as_text() {
    let folder = folder();
    let mut sqlite = open(&folder.path().join("a.db"));
    let put = "INSERT INTO user (id, name, email, job) VALUES ('a', x'ff', x'41', 'B')";
    sqlite.connection.execute_batch(put).unwrap();
    let mut pages = Pages::begin(&mut sqlite);
    let committed = sqlite.commit(&[pages.next(vec![row("a", 1, "A")], None)]).unwrap();
    assert_eq!(committed[0].counts.changed, 1);
    let before: String = value(&sqlite, "SELECT before FROM _highwater_previous");
    assert_eq!(before, "{\"email\":\"A\",\"job\":\"B\",\"name\":\"\u{fffd}\",\"updatedAt\":null}");
}

#[test]
fn the_log_gets_into_the_file_while_pages_come_and_does_not_grow_with_them() {
    let folder = folder();
    let path = folder.path().join("a.db");
    let mut sqlite = open(&path);
    sqlite.log.largest = Length::LEAST;
    let mut pages = Pages::begin(&mut sqlite);
    let long = "x".repeat(8 << 20);
    let size = |suffix: &str| std::fs::metadata(folder.path().join(format!("a.db{suffix}"))).unwrap().len();
    for number in 0..45_u32 {
        let page = pages.next(vec![row(&number.to_string(), 1 + number, &long)], Some(&number.to_string()));
        sqlite.commit(&[page]).unwrap();
    }
    assert!(size("-wal") < 300 << 20, "360 MiB were written: {}", size("-wal"));
    assert!(size("") > 200 << 20, "{}", size(""));
    assert_eq!(value::<i64>(&sqlite, "SELECT sum(length(name)) FROM user"), 45 << 23);
}
