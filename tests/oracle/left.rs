//! What a process left in its file, and what a source serves, as the oracle takes them.
#![allow(dead_code)]

use chrono::{DateTime, Utc};
use highwater::record::{Cursor, USER};
use rusqlite::{Connection, Row};
use serde_json::Value;

use super::judge::{Left, Logged, Unfinished, Version};

/// What stands in a destination. Nobody may be writing to it.
pub fn read(connection: &Connection) -> Left {
    let names: Vec<&str> = USER.columns.iter().map(|column| column.name).collect();
    let rows = all(connection, &format!("SELECT {} FROM user", names.join(", ")), |row| {
        let values = (0..names.len()).map(|column| row.get(column)).collect::<rusqlite::Result<Vec<_>>>()?;
        let id: &Option<String> = &values[USER.primary_key];
        Ok((id.clone().unwrap(), of_values(values)))
    });
    let log = all(
        connection,
        "SELECT run, page, asked_by, new, last, checkpoint, asked, lane FROM _highwater_pages ORDER BY run, page",
        |row| {
            let by_token = row.get::<_, String>(2)? == "token";
            Ok(Logged {
                run: row.get(0)?,
                page: row.get(1)?,
                lane: row.get(7)?,
                by_token,
                since: instant(row.get(6)?).filter(|_| !by_token),
                new: row.get(3)?,
                last: instant(row.get(4)?),
                checkpoint: instant(row.get(5)?),
            })
        },
    );
    let state = all(
        connection,
        "SELECT checkpoint, s.rows, unfinished, json_extract(walk, '$.page'),
                json_extract(walk, '$.mark.held') IS NOT NULL
         FROM _highwater_state s LEFT JOIN _highwater_runs r ON r.run = s.unfinished",
        |row| {
            let unfinished = row.get::<_, Option<i64>>(2)?.zip(row.get::<_, Option<i64>>(3)?);
            let is_held = row.get(4)?;
            let unfinished = unfinished.map(|(run, walked)| Unfinished { run, walked, is_held });
            Ok((instant(row.get(0)?), row.get::<_, i64>(1)?, unfinished))
        },
    );
    let [(checkpoint, counted, unfinished)] = state.try_into().unwrap();
    Left { rows: rows.into_iter().collect(), checkpoint, counted, log, unfinished }
}

fn all<T>(connection: &Connection, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Vec<T> {
    let mut query = connection.prepare(sql).unwrap();
    query
        .query_map([], read)
        .unwrap()
        .collect::<rusqlite::Result<_>>()
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn instant(text: Option<String>) -> Option<DateTime<Utc>> {
    text.and_then(|text| Cursor::parse(&text).ok()).map(|cursor| cursor.instant().unwrap())
}

/// A row as a source writes it.
pub fn version(row: &Value) -> Version {
    let text = |name: &str| match row.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    of_values(USER.columns.iter().map(|column| text(column.name)).collect())
}

/// A row by the values of its columns.
fn of_values(values: Vec<Option<String>>) -> Version {
    Version {
        at: instant(values[USER.cursor.unwrap()].clone()),
        content: serde_json::to_string(&values).unwrap(),
    }
}
