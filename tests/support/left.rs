//! A run that was left unfinished, and one that goes on to the end.

use serde_json::json;

use super::{Api, BuiltIn, Done, Highwater, Rows, Table, promise};

/// A source, and a destination whose first run was left after two pages.
pub fn left_after_two_pages(walk: &str) -> (BuiltIn, Rows, Highwater) {
    let server = BuiltIn::frozen();
    let source = Api::new(&server.url()).rows();
    let highwater = Highwater::against(&server.url());
    let done = highwater.sync(&["--json", "--walk", walk, "--max-pages", "2"]);
    assert_eq!(done.code(), 4, "{done}");
    let ended = done.event("run_ended");
    assert_eq!((&ended["outcome"], &ended["end"]["why"]), (&json!("stopped"), &json!("limit")));
    assert_eq!(ended["unfinished"]["pages"], 2);
    assert_eq!(ended["totals"]["requests"], 2, "nothing is asked for beyond the limit");
    let table = Table::of(&highwater.db());
    assert_eq!((table.pages().len(), table.unfinished()), (2, Some(1)));
    promise::check(&table, &source);
    (server, source, highwater)
}

/// Runs to the end of the data, and checks that nothing is missing.
pub fn completes(highwater: &Highwater, source: &Rows, arguments: &[&str]) -> Done {
    let done = highwater.sync(&[&["--json"], arguments].concat());
    assert_eq!(done.code(), 0, "{done}");
    promise::check_complete(&Table::of(&highwater.db()), source);
    let verified = highwater.verify(&[]);
    assert_eq!(verified.code(), 0, "{verified}");
    done
}
