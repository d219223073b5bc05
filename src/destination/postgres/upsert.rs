//! Rows into the table: what becomes of each is settled here, against the versions that the table holds, and what is
//! left to write goes there in one statement with a guard of its own.

use std::collections::{BTreeMap, HashMap};

use super::columns::{self, EXTRA, OWN, SEQUENCE, VERSION};
use super::failure::Failure;
use super::link::{Link, Product, quoted};
use super::schema::INCOMING;
use crate::destination::kept::json;
use crate::record::{Cursor, Row, Schema};
use crate::run::{Before, Fate};

/// The newest version of a row that is known so far.
struct Latest<'b> {
    values: Values<'b>,
    cursor: Option<Cursor>,
    extra: Option<String>,
    sequence: i64,
    /// True if the table does not hold it like this.
    is_new: bool,
    /// True if a version without a cursor came in between, after which any may follow.
    is_reset: bool,
    /// What the last change replaced, with the run, page and time of it.
    replaced: Option<Replaced>,
}

/// Values as they came, or as they are stored.
enum Values<'b> {
    Came(&'b Row),
    Stored(Vec<Option<String>>),
}

impl Values<'_> {
    fn get(&self, column: usize) -> Option<&str> {
        match self {
            Self::Came(row) => row.values.get(column),
            Self::Stored(values) => values.get(column)?.as_deref(),
        }
    }
}

/// Where a row came from.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) run: i64,
    pub(super) page: i64,
    pub(super) at: String,
}

struct Replaced {
    place: Place,
    before: String,
}

/// The rows of a commit on their way into the table.
pub(super) struct Upsert<'b> {
    schema: &'static Schema,
    latest: HashMap<String, Latest<'b>>,
    /// The last number that was given to a row.
    pub(super) sequence: i64,
}

impl<'b> Upsert<'b> {
    /// Looks up what the table holds of these rows. From then on nothing but this transaction may change them.
    pub(super) fn find(
        link: &mut Link,
        schema: &'static Schema,
        sequence: i64,
        rows: impl Iterator<Item = &'b Row>,
    ) -> Result<Self, Failure> {
        let mut ids: Vec<&str> = rows.map(|row| row.id(schema)).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut latest = HashMap::new();
        if !ids.is_empty() {
            let (key, kind) = columns::key(schema);
            let sql = format!(
                "SELECT {}, {EXTRA}, {SEQUENCE} FROM {} WHERE {key} = ANY($1::text[]::{kind}[])",
                columns::expressions(schema),
                quoted(schema.table)
            );
            let count = schema.columns.len();
            for found in link.query(&sql, &[&ids])? {
                let values: Vec<Option<String>> =
                    (0..count).map(|at| found.try_get(at)).collect::<Result<_, _>>()?;
                let cursor = schema.cursor.and_then(|at| schema.read_cursor(values[at].as_deref()?));
                let id = values[schema.primary_key].clone().unwrap_or_default();
                let (extra, sequence) = (found.try_get(count)?, found.try_get(count + 1)?);
                let values = Values::Stored(values);
                latest.insert(
                    id,
                    Latest {
                        values,
                        cursor,
                        extra,
                        sequence,
                        is_new: false,
                        is_reset: false,
                        replaced: None,
                    },
                );
            }
        }
        Ok(Self { schema, latest, sequence })
    }

    /// Takes a row unless a newer version is known; gives what it replaced as well.
    pub(super) fn row(&mut self, row: &'b Row, place: &Place) -> (Fate, Before) {
        let Some(known) = self.latest.get_mut(row.id(self.schema)) else {
            self.sequence += 1;
            let latest = Latest {
                values: Values::Came(row),
                cursor: row.cursor.clone(),
                extra: row.extra.clone(),
                sequence: self.sequence,
                is_new: true,
                is_reset: false,
                replaced: None,
            };
            self.latest.insert(row.id(self.schema).to_owned(), latest);
            return (Fate::New, Before::new());
        };
        let differs = |(column, value): (u16, Option<&str>)| {
            let known = known.values.get(usize::from(column));
            (known != value).then(|| (column, known.map(str::to_owned)))
        };
        let before: Before = (0_u16..).zip(row.values.iter()).filter_map(differs).collect();
        // A version without a cursor cannot be told to be older, and the source's last word counts.
        let older = row.cursor.as_ref().zip(known.cursor.as_ref()).is_some_and(|(row, known)| row < known);
        if older && !before.is_empty() {
            return (Fate::Stale, Before::new());
        }
        if known.extra != row.extra {
            known.extra.clone_from(&row.extra);
            known.is_new = true;
        }
        if before.is_empty() {
            return (Fate::Same, before);
        }
        let name = |column: u16| self.schema.columns[usize::from(column)].name;
        let named: BTreeMap<_, _> = before.iter().map(|(column, value)| (name(*column), value)).collect();
        known.replaced = Some(Replaced { place: place.clone(), before: json(&named) });
        known.is_reset |= row.cursor.is_none();
        (known.values, known.cursor, known.is_new) = (Values::Came(row), row.cursor.clone(), true);
        (Fate::Changed, before)
    }

    /// Writes what is new.
    pub(super) fn write(self, link: &mut Link, stream: &str) -> Result<(), Failure> {
        let Self { schema, mut latest, .. } = self;
        latest.retain(|_, latest| latest.is_new);
        let mut news: Vec<(String, Latest<'_>)> = latest.into_iter().collect();
        // In the order of the index that they go into, and of one commit like that of another.
        news.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        if news.is_empty() {
            return Ok(());
        }
        reset(link, schema, &news)?;
        copy(link, schema, &news)?;
        let written = link.execute(&statement(schema), &[])?;
        if written != news.len() as u64 {
            return Err(Failure::Overtaken);
        }
        replaced(link, stream, &news)
    }
}

/// Takes the version from rows that a version without one has replaced before the last one that came: the guard would
/// hold that one against a version which is no longer theirs.
fn reset(link: &mut Link, schema: &Schema, news: &[(String, Latest<'_>)]) -> Result<(), Failure> {
    let reset: Vec<&str> =
        news.iter().filter(|(_, latest)| latest.is_reset).map(|(id, _)| id.as_str()).collect();
    if reset.is_empty() {
        return Ok(());
    }
    let (table, (key, kind)) = (quoted(schema.table), columns::key(schema));
    let sql = format!("UPDATE {table} SET {VERSION} = NULL WHERE {key} = ANY($1::text[]::{kind}[])");
    link.execute(&sql, &[&reset])?;
    Ok(())
}

/// Rows into the table where they wait.
fn copy(link: &mut Link, schema: &Schema, news: &[(String, Latest<'_>)]) -> Result<(), Failure> {
    let mut lines = String::new();
    for (_, latest) in news {
        let extra = latest.extra.as_deref();
        match &latest.values {
            Values::Came(row) => columns::line(&mut lines, schema, row, latest.sequence, extra),
            // Only the fields beside it are new.
            Values::Stored(values) => {
                let values = crate::record::Packed::new(values);
                let row = Row { values, cursor: latest.cursor.clone(), extra: None };
                columns::line(&mut lines, schema, &row, latest.sequence, extra);
            }
        }
    }
    copy_lines(link, lines, news.len())
}

/// So many lines into that table, in which no others are left.
pub(super) fn copy_lines(link: &mut Link, lines: String, count: usize) -> Result<(), Failure> {
    if link.product == Product::Cockroach {
        link.batch(&format!("DELETE FROM {INCOMING}"))?;
    }
    let copied = link.copy_in(&format!("COPY {INCOMING} FROM STDIN"), lines)?;
    if copied == count as u64 {
        return Ok(());
    }
    Err(Failure::Broken(format!("{copied} of {count} rows were taken")))
}

/// The upsert. The primary key is not assigned: a table that is spread over machines by it refuses that.
pub(super) fn statement(schema: &Schema) -> String {
    let names: Vec<String> = schema.columns.iter().map(|column| quoted(column.name)).collect();
    let own = OWN.iter().map(|(name, _)| (*name).to_owned());
    let all: Vec<String> = names.iter().cloned().chain(own).collect();
    let key = &names[schema.primary_key];
    let assigned = all.iter().filter(|name| *name != key && *name != SEQUENCE);
    let assigned: Vec<String> = assigned.map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "INSERT INTO {table} AS stored ({all}) SELECT {all} FROM {INCOMING}
         ON CONFLICT ({key}) DO UPDATE SET {assigned}
         WHERE stored.{VERSION} IS NULL OR excluded.{VERSION} IS NULL OR excluded.{VERSION} >= stored.{VERSION}",
        table = quoted(schema.table),
        all = all.join(", "),
        assigned = assigned.join(", ")
    )
}

/// What was replaced, beside the table.
fn replaced(link: &mut Link, stream: &str, news: &[(String, Latest<'_>)]) -> Result<(), Failure> {
    let changed = || news.iter().filter_map(|(id, latest)| Some((id, latest.replaced.as_ref()?)));
    let ids: Vec<&str> = changed().map(|(id, _)| id.as_str()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let runs: Vec<i64> = changed().map(|(_, replaced)| replaced.place.run).collect();
    let pages: Vec<i64> = changed().map(|(_, replaced)| replaced.place.page).collect();
    let times: Vec<&str> = changed().map(|(_, replaced)| replaced.place.at.as_str()).collect();
    let before: Vec<&str> = changed().map(|(_, replaced)| replaced.before.as_str()).collect();
    link.execute(
        "INSERT INTO _highwater_previous (stream, id, run, page, at, before)
         SELECT $1::text, r.id, r.run, r.page, r.at, r.before
         FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[]) AS r (id, run, page, at, before)
         ON CONFLICT (stream, id) DO UPDATE SET run = excluded.run, page = excluded.page, at = excluded.at,
                                                before = excluded.before",
        &[&stream, &ids, &runs, &pages, &times, &before],
    )?;
    Ok(())
}
