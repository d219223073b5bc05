//! The file itself: whether SQLite finds it whole, which version's it is, and whether a row can be told by its id.

use super::{FOREIGN, Look, Looked, RESTORE, figure};
use crate::destination::sqlite::schema::MIGRATIONS;
use crate::destination::sqlite::value::text_of;
use crate::destination::verify::{Check, LISTED, Verdict, quoted};

/// SQLite's own check of pages, indexes and constraints.
pub(super) fn whole(look: &Look<'_>) -> Looked {
    let mut check = Check::of("file");
    // One more than is listed tells that there are more.
    let mut query = look.connection.prepare(&format!("PRAGMA integrity_check({})", LISTED + 1))?;
    let mut messages = query.query([])?;
    while let Some(message) = messages.next()? {
        let message: String = message.get(0)?;
        if message != "ok" {
            for line in message.lines() {
                check.find(Verdict::Damage, RESTORE, || quoted(line));
            }
        }
    }
    Ok(check.told("SQLite finds it whole", "SQLite finds it damaged"))
}

/// A file whose tables cannot be recognised, let alone read.
pub(super) fn unreadable(_: &Look<'_>) -> Looked {
    let mut check = Check::of("tables");
    check.find(Verdict::Damage, RESTORE, || "nothing more can be checked".to_owned());
    Ok(check.told("", "the tables cannot be read"))
}

/// The version of the bookkeeping; a newer one was refused before.
pub(super) fn format(look: &Look<'_>) -> Looked {
    let (found, known) = (look.standing.version, MIGRATIONS.len());
    let text = match found == known as i64 {
        true => format!("{found}, the one that this version writes"),
        false => format!("{found}; this version writes {known}, and the next run brings it up to date"),
    };
    Ok(Check::of("format").told(text, ""))
}

/// The key of the table, without which an upsert doubles rows.
pub(super) fn key(look: &Look<'_>) -> Looked {
    let mut check = Check::of("key");
    let (table, key) = (look.schema.table, look.key());
    let is_key: bool = look.connection.query_row(
        "SELECT (SELECT group_concat(name) FROM pragma_table_info(?1) WHERE pk > 0) IS ?2
             OR EXISTS (SELECT 1 FROM pragma_index_list(?1) list WHERE list.\"unique\" AND NOT list.partial
                        AND (SELECT group_concat(name) FROM pragma_index_info(list.name)) IS ?2)",
        [table, key],
        |row| row.get(0),
    )?;
    if !is_key {
        check.find(Verdict::Damage, FOREIGN, || format!("\"{table}\" has no key, or another than {key}"));
    }
    let name = format!("\"{key}\"");
    let mut query = look.connection.prepare(&format!(
        "SELECT {name}, count(*) FROM \"{table}\" GROUP BY {name}
         HAVING count(*) > 1 OR {name} IS NULL OR {name} = ''"
    ))?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let id = text_of(look.schema.columns[look.schema.primary_key].kind, row.get_ref(0)?);
        let count = figure(row, 1)?;
        check.find(Verdict::Damage, FOREIGN, || match id.as_deref() {
            None | Some("") => format!("{} without an {key}", crate::text::count(count, "row")),
            Some(id) => format!("{key} {} is there {count} times", quoted(id)),
        });
    }
    Ok(check
        .told(format!("{key} is the key, and every row has its own"), "not every row has a key of its own"))
}
