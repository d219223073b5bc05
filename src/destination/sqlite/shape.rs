//! The table itself: how it is made, whether rows of what is declared now go into it, and how it gets the columns that
//! were declared since.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::own::{self, Own};
use super::value::{Kept, declared};
use super::{Sqlite, database_error};
use crate::destination::DestinationError;
use crate::destination::shape::{self, Found};
use crate::record::{ColumnType, Schema, USER};

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
        true => shape::contradiction(schema, &found, writes, |at, found| other(schema, at, found)),
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

/// The type of a column, if it is not the one declared at that position.
fn other(schema: &Schema, position: usize, found: &Found) -> Option<&'static str> {
    let (kind, is) = (schema.columns[position].kind, kind_of(&found.kind)?);
    (declared(is, false) != declared(kind, false)).then(|| is.word())
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
    let new = shape::missing(schema, found.iter().map(|column| column.name.as_str()));
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
    let Some(filled) = shape::fill(schema, new, fields, |_, _| true) else { return Ok(()) };
    let key = &schema.columns[schema.primary_key];
    for (position, value) in &filled.values {
        let column = &schema.columns[*position];
        let fill =
            format!("UPDATE \"{}\" SET \"{}\" = ?1 WHERE \"{}\" = ?2", schema.table, column.name, key.name);
        let values = params![Kept::new(column.kind, Some(value)), Kept::new(key.kind, Some(id))];
        transaction.prepare_cached(&fill)?.execute(values)?;
    }
    match filled.rest {
        Some(rest) if rest == fields => 0,
        None => transaction.prepare_cached("DELETE FROM _highwater_extra WHERE id = ?1")?.execute([id])?,
        Some(rest) => transaction
            .prepare_cached("UPDATE _highwater_extra SET fields = ?2 WHERE id = ?1")?
            .execute(params![id, rest])?,
    };
    Ok(())
}
