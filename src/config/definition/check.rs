//! Words that are right one by one and wrong together. Each comes with the word whose line is to be named.

use super::{Back, Definition, JOINT_KEY, Sorted, Spot, Token};
use crate::record::{Cursor, Format};
use crate::sanitize::quoted;

/// The longest name of a table or column in bytes: PostgreSQL's, the shortest of any destination.
const LONGEST: usize = 63;
/// What the names of tables begin with that are not anyone's to choose.
const RESERVED: &[&str] = &["_highwater", "sqlite_", "pg_"];

/// All that contradicts itself, by the word that it is about.
pub(super) fn contradictions(of: &Definition) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    table(of, &mut wrong);
    columns(of, &mut wrong);
    asked(of, &mut wrong);
    token(of, &mut wrong);
    since(of, &mut wrong);
    wrong
}

type Wrong = Vec<(&'static str, String)>;

fn table(of: &Definition, wrong: &mut Wrong) {
    let name = of.table.to_ascii_lowercase();
    let is_plain = !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !is_plain || name.len() > LONGEST {
        let what =
            format!("{} is no name of a table: letters, digits and _, {LONGEST} at most", quoted(&of.table));
        wrong.push(("table", what));
    } else if let Some(reserved) = RESERVED.iter().find(|reserved| name.starts_with(**reserved)) {
        wrong.push(("table", format!("tables that begin with {reserved} are not free; choose another name")));
    }
}

fn columns(of: &Definition, wrong: &mut Wrong) {
    for (index, column) in of.columns.iter().enumerate() {
        let before = &of.columns[..index];
        let name = quoted(&column.name);
        // SQLite makes no difference between capital and small letters.
        if before.iter().any(|other| other.name.eq_ignore_ascii_case(&column.name)) {
            wrong.push(("columns", format!("two columns are named {name}; give one of them another name")));
        }
        if before.iter().any(|other| other.path == column.path) {
            let field = quoted(&column.path.to_string());
            wrong.push(("columns", format!("the field {field} has two columns; leave one out")));
        }
        let is_plain = !column.name.chars().any(char::is_control);
        if column.name.is_empty() || column.name.len() > LONGEST || !is_plain {
            wrong.push((
                "columns",
                format!("{name} is no name of a column: one line, {LONGEST} bytes at most"),
            ));
        } else if column.name == JOINT_KEY && of.key.len() > 1 {
            wrong.push((
                "columns",
                format!("{name} is what the key of several columns is kept in; rename it"),
            ));
        }
    }
    let mut key = of.key.clone();
    key.sort_unstable();
    key.dedup();
    if key.len() < of.key.len() {
        wrong.push(("key", "a column is named twice".to_owned()));
    }
}

/// What a request sets, which it can set once.
fn asked(of: &Definition, wrong: &mut Wrong) {
    let mut seen: Vec<&str> = Vec::new();
    for name in of.parameters() {
        if seen.contains(&name) {
            let what = format!("the parameter {} is set twice; leave one out", quoted(name));
            let words = ["since.send", "next.send", "first", "filters", "query"];
            let sets = |spot: Option<&Spot>| matches!(spot, Some(Spot::Query(sent)) if sent == name);
            let by = match () {
                () if sets(of.next.send.spot()) => words[1],
                () if sets(of.since.as_ref().map(|since| &since.send)) => words[0],
                () if of.first.iter().any(|(asked, _)| asked == name) => words[2],
                () if of.filters.iter().any(|(asked, _)| asked == name) => words[3],
                () => words[4],
            };
            wrong.push((by, what));
        }
        seen.push(name);
    }
    let spots =
        [("since.send", of.since.as_ref().map(|since| &since.send)), ("next.send", of.next.send.spot())];
    for (word, spot) in spots {
        if matches!(spot, Some(Spot::Body(_))) && of.body.is_none() {
            let what = "a GET has no body; say method = \"POST\", or send it as query:NAME";
            wrong.push((word, format!("{word}: {what}")));
        }
    }
}

fn token(of: &Definition, wrong: &mut Wrong) {
    let next = &of.next;
    let is_address = matches!(next.from, Token::Body(_) | Token::Header(_) | Token::Link);
    if next.send == Back::Url && !is_address {
        let what = format!("next.send: {} is no address; say where it goes, as query:NAME", next.from);
        wrong.push(("next.send", what));
    }
    if next.from == Token::Link && next.send != Back::Url {
        let what = "next.send: what the Link header has is an address, and goes back as url";
        wrong.push(("next.send", what.to_owned()));
    }
    if next.send == Back::Url && next.carry {
        let what = "next.carry: an address has all in itself; leave it out";
        wrong.push(("next.carry", what.to_owned()));
    }
    if next.from.is_counted() && (next.lifetime.is_some() || next.empty_token) {
        wrong.push(("next", "what is counted has no lifetime and is never empty; leave that out".to_owned()));
    }
    if of.short_page == Some(0) {
        wrong.push(("end.short_page", "end.short_page: no page is shorter than 0 rows".to_owned()));
    }
}

fn since(of: &Definition, wrong: &mut Wrong) {
    if of.cursor.is_none() && of.order != Sorted::None {
        wrong.push((
            "order",
            "order: without a cursor there is none; name the column that rows are ordered by".to_owned(),
        ));
    }
    let Some(since) = &of.since else { return };
    if of.cursor.is_none() {
        let what = "since: from what does a run ask? Name the cursor's column: cursor = \"updated_at\"";
        wrong.push(("since", what.to_owned()));
    }
    if since.exclusive && of.format == Format::Text {
        let what = "since.bound: with cursors that are texts nothing is known to lie just below a bound, so rows that \
                    share one would be lost at every seam; leave since out, and every run reads all";
        wrong.push(("since.bound", what.to_owned()));
    }
    if let Some(format) = since.format
        && format != of.format
        && !(format.is_time() && of.format.is_time())
    {
        let what = format!(
            "since.format: a cursor that is {} cannot be written as {}",
            of.format.example(),
            format.example()
        );
        wrong.push(("since.format", what));
    }
    if let Err(why) = Cursor::read(of.format, &since.initial) {
        let what = format!("since.initial: {why}, as the rows have it (format = \"{}\")", of.format.word());
        wrong.push(("since.initial", crate::sanitize::line(&what).into_owned()));
    }
}
