//! What must hold of a destination at any instant, also after its process was killed in the middle of its work.
//!
//! All of it is judged from outside: from the rows that the source serves and the files that the program left.

#[path = "../oracle/judge.rs"]
mod judge;
#[path = "../oracle/left.rs"]
mod left;

use self::judge::{Told, Truth};
use super::newest;
use super::table::{Logged, Rows, Table};

/// Checks every promise against a source whose rows stand still. Not for a walk by token where rows tie, nor
/// between an operator's act on the checkpoint and the next page.
pub fn check(table: &Table, source: &Rows) {
    assert_eq!(table.value::<String>("PRAGMA integrity_check"), "ok");
    if !table.is_made() {
        return;
    }
    let (truth, left) = (truth(source), left::read(table.connection()));
    holds(&truth.lost(&left, &Told::default()));
    holds(&truth.made_up(&left));
    holds(&left.disagreements());
    each_page_begins_where_the_one_before_ended(table);
}

/// Checks that the destination holds what the source serves, and nothing else.
pub fn check_complete(table: &Table, source: &Rows) {
    check(table, source);
    holds(&truth(source).differences(&left::read(table.connection()), &Told::default()));
    assert_eq!(table.checkpoint().as_deref(), Some(newest(source)));
    assert_eq!(table.unfinished(), None);
}

/// The source as the oracle knows it: what it serves is all that it ever had.
fn truth(source: &Rows) -> Truth {
    let mut truth = Truth::default();
    for (id, row) in source {
        truth.has(id, left::version(row));
    }
    truth
}

fn holds(breaches: &[String]) {
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// Each page begins where the one before ended, and a run that has nothing to go on with is over. Of several lanes that
/// goes for each by itself, and the program's own `verify` has it.
fn each_page_begins_where_the_one_before_ended(table: &Table) {
    if table.value("SELECT EXISTS (SELECT 1 FROM _highwater_pages WHERE opens)") {
        return;
    }
    let first_requests = table.first_requests();
    let pages = table.pages();
    let mut before: Option<&Logged> = None;
    for page in &pages {
        let previous = before.filter(|before| before.run == page.run);
        let expected = match (previous, page.asked_by.as_str()) {
            (None, _) => first_requests[&page.run]["value"].as_str().map(str::to_owned),
            (Some(previous), "since") => previous.last.clone(),
            (Some(previous), _) => previous.token.clone(),
        };
        assert_eq!(Some(&page.asked), expected.as_ref(), "{before:?}, then {page:?}");
        before = Some(page);
    }
    if let Some(last) = before {
        let is_over = last.token.is_none() && table.unfinished() == Some(last.run);
        assert!(!is_over, "a run with nothing to go on with is left unfinished: {last:?}");
    }
}
