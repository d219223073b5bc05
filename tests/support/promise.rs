//! What must hold of a destination at any instant, also after its process was killed in the middle of its work.
//!
//! All of it is judged from outside: from the rows that the source serves and the files that the program left.

use super::table::{Logged, Rows, Table};
use super::{cursor, newest};

/// Checks every promise against a source whose rows stand still. Not for a walk by token where rows tie, nor
/// between an operator's act on the checkpoint and the next page.
pub fn check(table: &Table, source: &Rows) {
    assert_eq!(table.value::<String>("PRAGMA integrity_check"), "ok");
    if !table.is_made() {
        return;
    }
    let rows = table.rows();
    nothing_is_lost_below_the_checkpoint(&rows, source, table.checkpoint().as_deref());
    nothing_is_doubled_or_made_up(table, &rows, source);
    the_log_tells_of_every_page_once(table);
}

/// Checks that the destination holds what the source serves, and nothing else.
pub fn check_complete(table: &Table, source: &Rows) {
    check(table, source);
    assert_eq!(&table.rows(), source);
    assert_eq!(table.checkpoint().as_deref(), Some(newest(source)));
    assert_eq!(table.unfinished(), None);
}

/// The checkpoint is never above a stored row, and each of the source's rows below it is stored.
fn nothing_is_lost_below_the_checkpoint(rows: &Rows, source: &Rows, checkpoint: Option<&str>) {
    let Some(checkpoint) = checkpoint else { return };
    assert!(checkpoint <= newest(rows), "the checkpoint {checkpoint} is above {}", newest(rows));
    for (id, row) in source.iter().filter(|(_, row)| cursor(row) < checkpoint) {
        let stored = rows.get(id).unwrap_or_else(|| panic!("lost below the checkpoint {checkpoint}: {row}"));
        assert!(cursor(stored) >= cursor(row), "{stored} is older than {row}");
    }
}

/// Every row is one of the source's, value for value, and the counts of table, state and page log agree.
fn nothing_is_doubled_or_made_up(table: &Table, rows: &Rows, source: &Rows) {
    for (id, row) in rows {
        assert_eq!(Some(row), source.get(id));
    }
    let count = i64::try_from(rows.len()).unwrap();
    assert_eq!(table.value::<i64>("SELECT rows FROM _highwater_state"), count, "counted rows");
    assert_eq!(
        table.value::<i64>("SELECT coalesce(sum(new), 0) FROM _highwater_pages"),
        count,
        "logged rows"
    );
}

/// Pages are numbered without gap or repeat, each begins where the one before ended, no run takes the checkpoint
/// back, and checkpoint, walk and log are of the same page, the one that ends the run included.
fn the_log_tells_of_every_page_once(table: &Table) {
    let first_requests = table.first_requests();
    let pages = table.pages();
    let mut before: Option<&Logged> = None;
    for page in &pages {
        let previous = before.filter(|before| before.run == page.run);
        assert_eq!(page.page, previous.map_or(1, |previous| previous.page + 1), "{page:?}");
        let is_back = previous.is_some_and(|previous| previous.checkpoint > page.checkpoint);
        assert!(!is_back, "{previous:?}, then {page:?}");
        let expected = match (previous, page.asked_by.as_str()) {
            (None, _) => first_requests[&page.run]["value"].as_str().map(str::to_owned),
            (Some(previous), "since") => previous.last.clone(),
            (Some(previous), _) => previous.token.clone(),
        };
        assert_eq!(Some(&page.asked), expected.as_ref(), "{before:?}, then {page:?}");
        before = Some(page);
    }
    if let Some(last) = before {
        assert_eq!(last.checkpoint, table.checkpoint(), "{last:?}");
        let is_over = last.token.is_none() && table.unfinished() == Some(last.run);
        assert!(!is_over, "a run with nothing to go on with is left unfinished: {last:?}");
    }
    if let Some(run) = table.unfinished() {
        let logged = pages.iter().filter(|page| page.run == run).count();
        let walked: i64 = table.value(
            "SELECT json_extract(walk, '$.page') FROM _highwater_runs WHERE run = (SELECT unfinished FROM
             _highwater_state)",
        );
        assert_eq!(usize::try_from(walked).unwrap(), logged, "the walk stands where the log ends");
    }
}
