//! A destination that compares what comes with what is stored, and writes nothing down.
//!
//! A sync reads the source into it from the beginning, seam by seam, with all that it does for a table that it fills.
//! What makes the comparison exact while the source goes on changing: a row is *due* if its cursor lies below the
//! checkpoint and below the source's clock when the first page came. A row that changes meanwhile gets a later cursor
//! than that; one that shares the checkpoint's own is asked for again by the next run. Only a due row can be missing.

mod comparison;

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{OptionalExtension as _, params};
use tempfile::TempDir;

pub use self::comparison::Comparison;
use super::{FULL, Tidy, Verifier};
use crate::destination::kept::cursor_of;
use crate::destination::sqlite::value::{Kept, text_of};
use crate::destination::sqlite::{Sqlite, database_error, same_source};
use crate::destination::verify::{Finding, Seam, Verdict, quoted};
use crate::destination::{Batch, Beside, Committed, Destination, DestinationError, Ending, NewRun, Stored};
use crate::record::{ColumnType, Cursor, Row, Schema};
use crate::run::{Counts, Outcome};
use crate::walk::Walk;

/// What to do where the source has older versions than the table.
const OLDER: &str = "if the source was restored from a backup, read it into a new --db; if its answers come from a \
                     copy that lags, verify again later";
/// What to do where equal versions differ.
const DIFFERS: &str = "the source changed a row without a later cursor, or another program wrote here: highwater sync \
                       --resume full takes the source's word";

/// A file, compared with what a sync brings.
#[derive(Debug)]
pub struct Compare {
    sqlite: Sqlite,
    beside: Beside,
    select: String,
    /// Below this every row should be stored.
    below: Cursor,
    comparison: Arc<Mutex<Comparison>>,
    // After the connection, which has to be closed first.
    _tidy: Tidy,
    _copy: Option<TempDir>,
}

impl Verifier {
    /// Below which cursor every row should be stored; `None` if nothing is due. Where rows came out of order and their
    /// run was left, that is where it began.
    #[must_use]
    pub fn due(&self) -> Option<Cursor> {
        let standing = self.standing.as_ref()?;
        let checkpoint = cursor_of(standing.checkpoint.clone())?;
        let walk = standing.unfinished.and_then(|run| {
            let walk = "SELECT walk FROM _highwater_runs WHERE run = ?1";
            let found = self.sqlite.own().query_row(walk, [run], |row| row.get::<_, String>(0));
            serde_json::from_str::<Walk>(&found.ok()?).ok()
        });
        let restart = walk.map(|walk| walk.restart().clone());
        Some(restart.map_or(checkpoint.clone(), |restart| restart.min(checkpoint)))
    }

    /// Makes a destination that compares every row below a cursor, for a sync from the beginning, and a hold on what
    /// it finds. `source` is the identity of the source that will be asked.
    ///
    /// # Errors
    /// [`DestinationError::Refused`] if the file holds another source's rows.
    pub fn against(
        mut self,
        source: &str,
        below: Cursor,
    ) -> Result<(Compare, Arc<Mutex<Comparison>>), DestinationError> {
        if let Some(bound) = self.about().0 {
            same_source(&self.sqlite.path, bound, source)?;
        }
        // A temporary table is no part of the file.
        self.sqlite.try_sql(|connection| {
            connection.execute_batch(
                "CREATE TEMP TABLE came (row INTEGER PRIMARY KEY);
                 CREATE TEMP TABLE absent (id TEXT PRIMARY KEY) WITHOUT ROWID",
            )
        })?;
        let schema = self.sqlite.schema;
        let columns: Vec<String> =
            schema.columns.iter().map(|column| format!("u.\"{}\"", column.name)).collect();
        let select = format!(
            "SELECT {}, e.fields, u.rowid FROM \"{}\" u LEFT JOIN _highwater_extra e ON e.id = ?2
             WHERE u.{key} = ?1",
            columns.join(", "),
            schema.table,
            key = format_args!("\"{}\"", schema.columns[schema.primary_key].name)
        );
        let comparison = Arc::new(Mutex::new(Comparison::new(below.clone())));
        let compare = Compare {
            sqlite: self.sqlite,
            beside: self.beside,
            select,
            below,
            comparison: Arc::clone(&comparison),
            _tidy: self._tidy,
            _copy: self.copy,
        };
        Ok((compare, comparison))
    }
}

/// How a row that came stands to the one that is stored.
enum Standing {
    /// The table has none of that id.
    Absent,
    /// The table has another version: an older one, or a newer one.
    Older(String),
    Newer(String),
    /// It has this version, with other values in these columns.
    Differs(Vec<String>),
    Same,
}

impl Compare {
    fn page(&self, batch: &Batch) -> rusqlite::Result<Counts> {
        let mut guard = self.comparison.lock().unwrap_or_else(PoisonError::into_inner);
        let comparison = &mut *guard;
        comparison.began = batch.walk.began().or(comparison.began);
        comparison.pages += 1;
        comparison.unfit += batch.quarantined.len() as u64;
        let rows = (batch.rows.len() + batch.quarantined.len()) as u64;
        for row in &batch.rows {
            self.row(row, comparison)?;
        }
        Ok(Counts { rows, ..Counts::default() })
    }

    fn compared(&self, batch: &Batch) -> Result<Committed, DestinationError> {
        let counts = self.page(batch).map_err(|error| database_error(&self.sqlite.path, error))?;
        Ok(Committed { counts, ..Committed::default() })
    }

    fn row(&self, row: &Row, comparison: &mut Comparison) -> rusqlite::Result<()> {
        let connection = self.sqlite.own();
        let id = row.id(self.sqlite.schema);
        let mut select = connection.prepare_cached(&self.select)?;
        let Schema { columns, primary_key, .. } = self.sqlite.schema;
        let (columns, key) = (columns.len(), columns[*primary_key].kind);
        let found = select
            .query_row(params![Kept::new(key, Some(id)), id], |stored| {
                Ok((self.stand(row, stored)?, stored.get::<_, i64>(columns + 1)?))
            })
            .optional()?;
        // A row comes twice where a seam is asked again: it is judged once.
        let (standing, first) = match found {
            Some((standing, rowid)) => {
                let note = "INSERT OR IGNORE INTO came VALUES (?1)";
                (standing, connection.prepare_cached(note)?.execute([rowid])? == 1)
            }
            None => {
                let note = "INSERT OR IGNORE INTO absent VALUES (?1)";
                (Standing::Absent, connection.prepare_cached(note)?.execute([id])? == 1)
            }
        };
        if first { self.judge(row, standing, comparison) } else { Ok(()) }
    }

    fn stand(&self, row: &Row, stored: &rusqlite::Row<'_>) -> rusqlite::Result<Standing> {
        let schema = self.sqlite.schema;
        let text = match schema.cursor {
            Some(cursor) => text_of(schema.columns[cursor].kind, stored.get_ref(cursor)?),
            None => None,
        };
        let version = text.as_deref().and_then(|text| schema.read_cursor(text));
        match (&row.cursor, &version) {
            (Some(sent), Some(version)) if version < sent => return Ok(Standing::Older(version.to_string())),
            (Some(sent), Some(version)) if version > sent => return Ok(Standing::Newer(version.to_string())),
            _ => {}
        }
        let mut others = Vec::new();
        for (position, value) in Kept::all(schema, &row.values).enumerate() {
            if !value.is(stored.get_ref(position)?) {
                others.push(schema.columns[position].name.to_owned());
            }
        }
        let extra = Kept::new(ColumnType::Json, row.extra.as_deref());
        if !extra.is(stored.get_ref(schema.columns.len())?) {
            others.push(self.beside.extra.clone());
        }
        Ok(if others.is_empty() { Standing::Same } else { Standing::Differs(others) })
    }

    fn judge(&self, row: &Row, standing: Standing, comparison: &mut Comparison) -> rusqlite::Result<()> {
        comparison.came += 1;
        let Some(of) = &row.cursor else {
            comparison.timeless += 1;
            return Ok(());
        };
        let is_due = *of < self.below
            && comparison.began.is_some_and(|began| of.instant().is_none_or(|of| of < began));
        if !is_due {
            comparison.later += 1;
        }
        let id = row.id(self.sqlite.schema);
        let about = |text: String| Finding { id: Some(quoted(id)), ..text.into() };
        match standing {
            Standing::Absent if is_due => self.missing(id, of, comparison)?,
            Standing::Older(stored) if is_due => comparison.older.find(Verdict::Damage, FULL, || {
                about(format!("{}: the source has {of}, stored is {stored}", quoted(id)))
            }),
            Standing::Differs(columns) if is_due => {
                comparison.differs.find(Verdict::Attention, DIFFERS, || {
                    about(format!("{}, {of}: differs in {}", quoted(id), columns.join(", ")))
                });
            }
            // What is stored came from the source once: that it has an older one now is no matter of what is due.
            Standing::Newer(stored) => comparison.newer.find(Verdict::Attention, OLDER, || {
                about(format!("{}: the source has {of}, stored is {stored}", quoted(id)))
            }),
            Standing::Absent | Standing::Older(_) | Standing::Differs(_) | Standing::Same => {}
        }
        Ok(())
    }

    fn missing(&self, id: &str, cursor: &Cursor, comparison: &mut Comparison) -> rusqlite::Result<()> {
        let seam = match comparison.missing.more {
            0 => self.seam(cursor.text(), comparison)?,
            _ => None,
        };
        comparison.missing.find(Verdict::Damage, FULL, || {
            let place = seam.as_ref().map_or("no seam in the page log explains it".to_owned(), |seam| {
                let Seam { run, page, value, by } = seam;
                format!(
                    "run {run} crossed the seam between pages {page} and {} by {by}, at {value}",
                    page + 1
                )
            });
            Finding { id: Some(quoted(id)), seam, ..format!("{} of {cursor}: {place}", quoted(id)).into() }
        });
        Ok(())
    }

    /// The first seam of the page log at which a value stands.
    fn seam(&self, value: &str, comparison: &mut Comparison) -> rusqlite::Result<Option<Seam>> {
        if let Some((last, seam)) = &comparison.seam
            && last == value
        {
            return Ok(seam.clone());
        }
        let connection = self.sqlite.own();
        let seam = connection
            .prepare_cached(
                "SELECT p.run, p.page, n.asked_by FROM _highwater_pages p
                 JOIN _highwater_pages n ON n.run = p.run AND n.page = p.page + 1
                 WHERE p.last = ?1 ORDER BY p.run, p.page LIMIT 1",
            )?
            .query_row(params![value], |row| {
                let by: String = row.get(2)?;
                Ok(Seam { run: row.get(0)?, page: row.get(1)?, value: quoted(value), by: quoted(&by) })
            })
            .optional()?;
        comparison.seam = Some((value.to_owned(), seam.clone()));
        Ok(seam)
    }
}

impl Destination for Compare {
    fn name(&self) -> String {
        self.sqlite.name()
    }

    fn beside(&self) -> Beside {
        self.beside.clone()
    }

    /// Nothing: the walk begins at the beginning, and its checkpoint is nobody's.
    fn stored(&mut self) -> Result<Stored, DestinationError> {
        Ok(Stored::default())
    }

    fn begin(&mut self, _: &NewRun) -> Result<i64, DestinationError> {
        Ok(1)
    }

    fn mark(&mut self, _: i64, _: Option<Outcome>) -> Result<(), DestinationError> {
        Ok(())
    }

    fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Committed>, DestinationError> {
        batches.iter().map(|batch| self.compared(batch)).collect()
    }

    fn end(&mut self, ending: &Ending) -> Result<(), DestinationError> {
        // Before its very end, a row that has changed meanwhile may still be to come.
        if ending.end.is_of_data() {
            let gone = format!(
                "SELECT count(*) FROM \"{}\" u WHERE NOT EXISTS (SELECT 1 FROM came c WHERE c.row = u.rowid)",
                self.sqlite.schema.table
            );
            let gone = self
                .sqlite
                .try_sql(|connection| connection.query_row(&gone, [], |row| super::figure(row, 0)))?;
            self.comparison.lock().unwrap_or_else(PoisonError::into_inner).gone = Some(gone);
        }
        Ok(())
    }
}
