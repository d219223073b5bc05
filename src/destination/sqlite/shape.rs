//! The table itself: how it is made, whether rows of what is declared now go into it, and how it gets the columns that
//! were declared since.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde_json::value::RawValue;

use super::kept::{Kept, declared};
use super::own::{self, Own};
use super::{Sqlite, database_error};
use crate::destination::DestinationError;
use crate::record::value::{self, Name};
use crate::record::{ColumnType, Schema, USER};

/// A column as it stands in the file.
struct Found {
    name: String,
    /// Its type in SQL, in capitals.
    kind: String,
    is_key: bool,
}

/// `CREATE TABLE` with exactly the declared columns.
pub(super) fn create_table(schema: &Schema) -> String {
    let columns = schema.columns.iter().enumerate().map(|(position, column)| {
        let is_key = position == schema.primary_key;
        let key = if is_key { " NOT NULL PRIMARY KEY" } else { "" };
        format!("\"{}\" {}{key}", column.name, declared(column.kind, is_key))
    });
    let columns: Vec<String> = columns.collect();
    format!("CREATE TABLE IF NOT EXISTS \"{}\" ({})", schema.table, columns.join(", "))
}

/// Refuses a table that rows of this shape do not go into. The reference's, and one that was there before it was ours,
/// must have exactly the declared columns; of ours, those that are declared no more stay. For a writer, columns may be missing that can be
/// added.
pub(super) fn check(sqlite: &Sqlite, writes: bool) -> Result<(), DestinationError> {
    let schema = sqlite.schema;
    let read = || -> rusqlite::Result<(Vec<Found>, bool)> {
        let is_ours = own::tables(&sqlite.connection)?.iter().any(|table| table == schema.table);
        Ok((columns(&sqlite.own(), schema)?, is_ours))
    };
    let (found, is_ours) = read().map_err(|error| database_error(&sqlite.path, error))?;
    // The reference's table is declared once and for all.
    let what = match is_ours && !found.is_empty() && schema.table != USER.table {
        true => contradiction(schema, &found, writes),
        false
            if found
                .iter()
                .map(|column| column.name.as_str())
                .eq(schema.columns.iter().map(|it| it.name)) =>
        {
            None
        }
        false => {
            let [found, declared]: [Vec<&str>; 2] = [
                found.iter().map(|column| column.name.as_str()).collect(),
                schema.columns.iter().map(|column| column.name).collect(),
            ];
            Some(format!(
                "has the columns {}, not {}; give another --db",
                found.join(", "),
                declared.join(", ")
            ))
        }
    };
    what.map_or(Ok(()), |what| {
        let (path, table) = (sqlite.path.display(), schema.table);
        Err(DestinationError::Refused(format!("{path}: its table \"{table}\" {what}")))
    })
}

/// What speaks against putting rows of this shape into a table of ours, if anything does.
fn contradiction(schema: &Schema, found: &[Found], writes: bool) -> Option<String> {
    const ANEW: &str = "give the source a table of another name, or another --db, and read everything again";
    let key = schema.columns[schema.primary_key].name;
    if let Some(other) = found.iter().find(|column| column.is_key && column.name != key) {
        return Some(format!("has the key {}, not {key}; {ANEW}", other.name));
    }
    schema.columns.iter().enumerate().find_map(|(position, column)| {
        let name = column.name;
        match found.iter().find(|found| found.name == name) {
            Some(found) => {
                let (kind, is) = (column.kind.word(), kind_of(&found.kind)?);
                let fits = declared(is, false) == declared(column.kind, false);
                (!fits).then(|| format!("has {name} as {}, and not as {kind}; {ANEW}", is.word()))
            }
            None if position == schema.primary_key
                || schema.cursor == Some(position)
                || schema.parts.contains(&position) =>
            {
                Some(format!("has no {name}, by which its rows are told apart or ordered; {ANEW}"))
            }
            None if writes => None,
            None => Some(format!("has no {name} yet; run a sync first")),
        }
    })
}

/// The type that a column of ours is of, by its type in SQL; none for a word that is none of ours.
fn kind_of(word: &str) -> Option<ColumnType> {
    ColumnType::ALL
        .into_iter()
        .find(|kind| [true, false].iter().any(|is_key| declared(*kind, *is_key) == word))
}

fn columns(connection: &Own<&rusqlite::Connection>, schema: &Schema) -> rusqlite::Result<Vec<Found>> {
    let mut query = connection.prepare("SELECT name, upper(type), pk > 0 FROM pragma_table_info(?1)")?;
    let found = query.query_map([schema.table], |row| {
        Ok(Found { name: row.get(0)?, kind: row.get(1)?, is_key: row.get(2)? })
    })?;
    found.collect()
}

/// The columns that were declared once, and are no more.
pub(super) fn undeclared(
    connection: &Own<&rusqlite::Connection>,
    schema: &Schema,
) -> rusqlite::Result<Vec<String>> {
    let found = columns(connection, schema)?.into_iter().map(|column| column.name);
    Ok(found.filter(|name| schema.position(name).is_none()).collect())
}

/// Adds the columns that were declared since the table was made, with the values that came for them before and were
/// kept beside the table. One that does not fit stays there.
pub(super) fn widen(transaction: &Own<Transaction<'_>>, schema: &'static Schema) -> rusqlite::Result<()> {
    let found = columns(&transaction.of(schema.table.to_owned()), schema)?;
    let is_new = |position: &usize| found.iter().all(|column| column.name != schema.columns[*position].name);
    let new: Vec<usize> = (0..schema.columns.len()).filter(is_new).collect();
    for position in &new {
        let column = &schema.columns[*position];
        transaction.execute_batch(&format!(
            "ALTER TABLE \"{}\" ADD COLUMN \"{}\" {}",
            schema.table,
            column.name,
            declared(column.kind, false)
        ))?;
    }
    let mut last = String::new();
    while !new.is_empty() {
        let next = "SELECT id, fields FROM _highwater_extra WHERE id > ?1 ORDER BY id LIMIT 1";
        let next: Option<(String, String)> = transaction
            .prepare_cached(next)?
            .query_row([&last], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((id, fields)) = next else { break };
        fill(transaction, schema, &new, (&id, &fields))?;
        last = id;
    }
    Ok(())
}

/// Fills new columns of a row from its fields.
fn fill(
    transaction: &Own<Transaction<'_>>,
    schema: &'static Schema,
    new: &[usize],
    (id, fields): (&str, &str),
) -> rusqlite::Result<()> {
    let Ok(mut rest) = serde_json::from_str::<BTreeMap<Name<'_>, &RawValue>>(fields) else { return Ok(()) };
    let key = &schema.columns[schema.primary_key];
    let mut taken = Vec::new();
    for position in new {
        let column = &schema.columns[*position];
        let Some((field, within)) = column.path.split_first() else { continue };
        let Some(raw) = rest.get(&Name(Cow::Borrowed(field))) else { continue };
        let found = value::within(field, within, raw);
        let Ok(Some(value)) =
            found.and_then(|raw| raw.map_or(Ok(None), |raw| value::read(schema, *position, raw)))
        else {
            continue;
        };
        let fill =
            format!("UPDATE \"{}\" SET \"{}\" = ?1 WHERE \"{}\" = ?2", schema.table, column.name, key.name);
        let values = params![Kept::new(column.kind, Some(&value)), Kept::new(key.kind, Some(id))];
        transaction.prepare_cached(&fill)?.execute(values)?;
        if within.is_empty() {
            taken.push(*field);
        }
    }
    if taken.is_empty() {
        return Ok(());
    }
    rest.retain(|name, _| !taken.contains(&&*name.0));
    match rest.is_empty() {
        true => transaction.prepare_cached("DELETE FROM _highwater_extra WHERE id = ?1")?.execute([id])?,
        false => transaction
            .prepare_cached("UPDATE _highwater_extra SET fields = ?2 WHERE id = ?1")?
            .execute(params![id, serde_json::to_string(&rest).unwrap_or_default()])?,
    };
    Ok(())
}
