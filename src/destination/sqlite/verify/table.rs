//! The table against what the state says of it: how many rows, between which cursors, up to which checkpoint; and what
//! stands beside it.

use rusqlite::params;

use super::{FOREIGN, Look, Looked, MOVE, Standing, figure};
use crate::destination::kept::cursor_of;
use crate::destination::sqlite::own;
use crate::destination::sqlite::value::text_of;
use crate::destination::verify::{Check, Verdict, quoted};
use crate::record::{ColumnType, Cursor};
use crate::text::{count, number};

impl Look<'_> {
    /// The name of the primary key's column.
    pub(super) fn key(&self) -> &'static str {
        self.schema.columns[self.schema.primary_key].name
    }

    /// The cursor's column, or null where the rows have none.
    pub(super) fn cursor(&self) -> String {
        let named = self.schema.cursor.map(|cursor| format!("\"{}\"", self.schema.columns[cursor].name));
        named.unwrap_or_else(|| "NULL".to_owned())
    }

    fn number(&self, sql: &str) -> rusqlite::Result<u64> {
        self.connection.query_row(sql, [], |row| figure(row, 0))
    }

    /// How many rows the page log brought into the table.
    fn logged(&self) -> rusqlite::Result<u64> {
        self.number("SELECT coalesce(sum(new), 0) FROM _highwater_pages")
    }
}

/// The number of rows: in the table, by the state, and by the page log.
pub(super) fn rows(look: &Look<'_>) -> Looked {
    let mut check = Check::of("rows");
    let found = look.number(&format!("SELECT count(*) FROM \"{}\"", look.schema.table))?;
    let (counted, logged) = (look.standing.rows, look.logged()?);
    if i64::try_from(found) != Ok(counted) {
        check.find(Verdict::Damage, FOREIGN, || {
            format!("the table has {}, and the state has counted {counted}", count(found, "row"))
        });
    }
    if logged > found {
        check.find(Verdict::Damage, FOREIGN, || {
            format!("the pages brought {}, and the table has {}", count(logged, "row"), number(found))
        });
    }
    let before = match found.saturating_sub(logged) {
        0 => String::new(),
        older => format!("; {} there before the first run", number(older)),
    };
    Ok(check.told(format!("{}, as state and pages count them{before}", count(found, "row")), "do not add up"))
}

/// The cursors of all rows, between the smallest and the largest that were ever stored.
pub(super) fn cursors(look: &Look<'_>) -> Looked {
    let mut check = Check::of("cursors");
    let (mut low, mut high, mut rows, mut without) = (None::<Cursor>, None::<Cursor>, 0_u64, 0_u64);
    let sql = format!("SELECT {} FROM \"{}\"", look.cursor(), look.schema.table);
    let mut query = look.connection.prepare(&sql)?;
    let mut found = query.query([])?;
    let kind = look.schema.cursor.map_or(ColumnType::String, |cursor| look.schema.columns[cursor].kind);
    while let Some(row) = found.next()? {
        rows += 1;
        let text = text_of(kind, row.get_ref(0)?);
        let Some(cursor) = text.and_then(|text| look.schema.read_cursor(&text)) else {
            without += 1;
            continue;
        };
        if low.as_ref().is_none_or(|low| cursor < *low) {
            low = Some(cursor.clone());
        }
        if high.as_ref().is_none_or(|high| cursor > *high) {
            high = Some(cursor);
        }
    }
    let Standing { oldest, newest, .. } = look.standing;
    // Rows that were there before the first run went by no count.
    if look.logged()? >= rows {
        for (name, kept, reached, is_beyond) in [
            ("oldest", oldest, &low, Cursor::lt as fn(&Cursor, &Cursor) -> bool),
            ("newest", newest, &high, Cursor::gt),
        ] {
            let bound = cursor_of(kept.clone());
            let kept = kept.as_deref().unwrap_or("none");
            let Some(reached) = reached else { continue };
            if bound.is_none_or(|bound| is_beyond(reached, &bound)) {
                check.find(Verdict::Damage, FOREIGN, || {
                    format!("the table reaches {reached}; the {name} by the state is {}", quoted(kept))
                });
            }
        }
    }
    let span = match (&low, &high) {
        (Some(low), Some(high)) => format!("from {low} to {high}"),
        _ => "none".to_owned(),
    };
    let without = match without {
        0 => String::new(),
        rows => format!("; {} without a readable one", count(rows, "row")),
    };
    Ok(check.told(format!("{span}{without}"), "go beyond what the state knows of"))
}

/// The checkpoint: readable, and never above what is stored, unless an operator put it there.
pub(super) fn checkpoint(look: &Look<'_>) -> Looked {
    let mut check = Check::of("checkpoint");
    let Some(text) = &look.standing.checkpoint else {
        return Ok(check.told("none yet", ""));
    };
    let by_hand: bool = look.connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM _highwater_history WHERE run IS NULL AND after = ?1)",
        params![text],
        |row| row.get(0),
    )?;
    let newest = cursor_of(look.standing.newest.clone());
    match cursor_of(Some(text.clone())) {
        None => check.find(Verdict::Damage, MOVE, || {
            format!("{} is not {}", quoted(text), look.schema.format.example())
        }),
        Some(checkpoint) if Some(&checkpoint) <= newest.as_ref() => {}
        Some(checkpoint) => {
            let newest =
                newest.map_or("no row is stored".to_owned(), |it| format!("the newest row is of {it}"));
            if by_hand {
                check.find(Verdict::Attention, MOVE, || {
                    format!("{checkpoint} was set by hand, and {newest}: rows below it are never asked for")
                });
            } else {
                check.find(Verdict::Damage, MOVE, || {
                    format!("{checkpoint} is above all that is stored: {newest}")
                });
            }
        }
    }
    Ok(check.told(format!("{text}, not above what is stored"), "is not where it may stand"))
}

/// The tables beside the table: fields that it has no column for, and what a change replaced. Each of their rows
/// belongs to one of its own.
pub(super) fn beside(look: &Look<'_>) -> Looked {
    let mut check = Check::of("beside");
    let (table, key) = (look.schema.table, look.key());
    let mut rows = 0;
    let names = look.beside;
    for (beside, json, name) in
        [("_highwater_extra", "fields", &names.extra), ("_highwater_previous", "before", &names.previous)]
    {
        // The second came with a later version of the file.
        let is_there: bool = look.connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)",
            [own::name(table, beside)],
            |row| row.get(0),
        )?;
        if !is_there {
            continue;
        }
        rows += look.number(&format!("SELECT count(*) FROM {beside}"))?;
        let mut query = look.connection.prepare(&format!(
            "SELECT b.id, json_valid(b.{json}) FROM {beside} b
             WHERE NOT json_valid(b.{json}) OR NOT EXISTS (SELECT 1 FROM \"{table}\" u WHERE u.\"{key}\" = b.id)"
        ))?;
        let mut found = query.query([])?;
        while let Some(row) = found.next()? {
            let id = text_of(ColumnType::String, row.get_ref(0)?).unwrap_or_default();
            let is_json: bool = row.get::<_, Option<bool>>(1)?.unwrap_or(false);
            check.find(Verdict::Damage, FOREIGN, || match is_json {
                true => format!("{name}: {key} {} is not in the table", quoted(&id)),
                false => format!("{name}: what it has of {key} {} is not JSON", quoted(&id)),
            });
        }
    }
    let well =
        format!("{} of extra fields and replaced values, each of a row that is there", count(rows, "row"));
    Ok(check.told(well, "what stands beside the table does not belong to it"))
}

/// The rows that the table could not hold.
pub(super) fn quarantine(look: &Look<'_>) -> Looked {
    let place = &look.beside.quarantine;
    let why = format!(
        "SELECT reason, \"row\" FROM {place} tells why; a row that came right since may be deleted there"
    );
    let mut check = Check::of("quarantine");
    let rows = look.number("SELECT count(*) FROM _highwater_quarantine")?;
    let mut query = look.connection.prepare(
        "SELECT run, page, reason, count(*) FROM _highwater_quarantine GROUP BY run, page, reason",
    )?;
    let mut found = query.query([])?;
    while let Some(row) = found.next()? {
        let (run, page): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (reason, rows): (String, u64) = (row.get(2)?, figure(row, 3)?);
        check.find(Verdict::Attention, why.clone(), || {
            format!("run {run}, page {page}: {}: {}", count(rows, "row"), quoted(&reason))
        });
    }
    Ok(check.told("no row was set apart", format!("{} had no place in the table", count(rows, "row"))))
}
