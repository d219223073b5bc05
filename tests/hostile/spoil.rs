//! Files that somebody else has written into.

use std::path::Path;

use highwater::sync::event::Stamped;
use rusqlite::Connection;
use serde_json::Value;

use super::attack;

/// Puts attacks into every text of a recording that can be any text, and gives how many those are.
pub fn recording(path: &Path) -> usize {
    let text = std::fs::read_to_string(path).unwrap();
    let mut spoilt = 0;
    let lines = text.lines().enumerate().map(|(number, line)| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        // The first line is no event, and names the format.
        if number > 0 {
            for place in texts(&event, String::new()) {
                let before = event.clone();
                let value = event.pointer_mut(&place).unwrap();
                *value = Value::String(attack::all() + value.as_str().unwrap());
                match serde_json::from_value::<Stamped>(event.clone()) {
                    Ok(_) => spoilt += 1,
                    Err(_) => event = before,
                }
            }
        }
        event.to_string() + "\n"
    });
    let text: String = lines.collect();
    std::fs::write(path, text).unwrap();
    spoilt
}

/// Where the texts of a value are.
fn texts(value: &Value, place: String) -> Vec<String> {
    match value {
        Value::String(_) => vec![place],
        Value::Array(values) => {
            values.iter().enumerate().flat_map(|(at, value)| texts(value, format!("{place}/{at}"))).collect()
        }
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let name = name.replace('~', "~0").replace('/', "~1");
                texts(value, format!("{place}/{name}"))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Puts attacks into every column of a database that can hold any text and is not checked before a run.
pub fn database(path: &Path) {
    let connection = Connection::open(path).unwrap();
    let attack = attack::all();
    for (table, columns) in [
        ("_highwater_state", "source"),
        ("_highwater_runs", "text token checkpoint_before checkpoint_after"),
        ("_highwater_pages", "asked first last token checkpoint decision url"),
        ("_highwater_history", "at cause before"),
        ("_highwater_quarantine", "reason row"),
    ] {
        for column in columns.split(' ') {
            let query = format!("UPDATE {table} SET {column} = ?1 || coalesce({column}, '')");
            connection.execute(&query, [&attack]).unwrap();
        }
    }
    let list = serde_json::to_string(&[&attack]).unwrap();
    let headers = serde_json::to_string(&[[&attack, &attack], [&attack, &attack]]).unwrap();
    let before = serde_json::json!({ "name": attack }).to_string();
    let fields = serde_json::json!({ attack.as_str(): attack }).to_string();
    for (query, value) in [
        ("UPDATE _highwater_pages SET reasons = ?1, first_ids = ?1, retries = 3", list),
        ("UPDATE _highwater_pages SET headers = ?1", headers),
        ("INSERT OR REPLACE INTO _highwater_previous SELECT id, 1, 1, updatedAt, ?1 FROM user", before),
        ("UPDATE _highwater_extra SET fields = ?1", fields),
    ] {
        connection.execute(query, [value]).unwrap();
    }
}

/// Puts a text somewhere in a database.
pub fn set(path: &Path, query: &str, text: &str) {
    Connection::open(path).unwrap().execute(query, [text]).unwrap();
}
