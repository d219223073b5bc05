//! A read-only look at a database that a run may be writing to.
//!
//! Every call is one short transaction over what stands there at one instant, and only an export keeps its instant for as
//! long as it takes. The filter becomes a condition of the server's; a question that is superseded is taken back there.

mod log;
mod window;

use tokio::sync::mpsc;
use tokio_postgres::Row;

use super::columns::{SEQUENCE, Sort, expression};
use super::failure::Failure;
use super::link::{Link, Params, Product, quoted};
use super::{Address, Postgres, schema};
use crate::destination::DestinationError;
use crate::destination::reader::{
    Answer, Each, Filter, Look, MOST_ROWS, Order, PastPage, PastRun, Place, Reader, SCANNED_ROWS, Slice,
    Stop, Tally, View, WholeRow,
};
use crate::record::Schema;

/// Rows of a part of a count.
const PART: i64 = 8_192;

impl Postgres {
    /// Starts a reader of a database. There need be no table yet; what is wrong is said when something is asked.
    #[must_use]
    pub fn reader(address: &Address, schema: &'static Schema) -> (Reader, mpsc::Receiver<Answer>) {
        Reader::start(|stop| PostgresLook::new(address, schema, stop))
    }
}

/// The look, and its connection if the last call left one that can be used again.
pub struct PostgresLook {
    address: Address,
    schema: &'static Schema,
    stop: Stop,
    link: Option<Link>,
    /// How many rows a scan brings.
    scanned: usize,
}

impl PostgresLook {
    /// A look that connects when it is first asked, and whose calls end when `stop` says so.
    #[must_use]
    pub fn new(address: &Address, schema: &'static Schema, stop: Stop) -> Self {
        Self { address: address.clone(), schema, stop, link: None, scanned: SCANNED_ROWS }
    }

    /// The same with another number of rows for a scan.
    #[must_use]
    pub fn scanning(self, scanned: usize) -> Self {
        Self { scanned, ..self }
    }

    /// Runs something over what stands there at one instant. A connection that something went wrong with is not kept,
    /// but for a question that was taken back.
    fn look<T>(
        &mut self,
        work: impl FnOnce(&mut Link, &'static Schema) -> Result<T, Failure>,
    ) -> Result<T, DestinationError> {
        let mut link = match self.link.take() {
            // The server may have ended the session meanwhile.
            Some(link) if link.batch(BEGIN).is_ok() => link,
            _ => self.connect().map_err(|failure| failure.told(&self.address))?,
        };
        match work(&mut link, self.schema) {
            Ok(done) => {
                if link.batch("COMMIT").is_ok() {
                    self.link = Some(link);
                }
                Ok(done)
            }
            Err(failure) => {
                if failure.is_cancelled() && link.batch("ROLLBACK").is_ok() {
                    self.link = Some(link);
                }
                Err(failure.told(&self.address))
            }
        }
    }

    fn connect(&self) -> Result<Link, Failure> {
        let stop = self.stop.clone();
        let mut link = Link::connect(&self.address, move || stop.is_set())?;
        schema::check(&mut link, &self.address, self.schema)?;
        link.batch(BEGIN)?;
        Ok(link)
    }
}

/// One instant for all that is asked.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

impl Look for PostgresLook {
    fn schema(&self) -> &'static Schema {
        self.schema
    }

    fn owns(&self, _: &std::path::Path) -> bool {
        false
    }

    fn window(&mut self, view: &View, place: &Place, rows: usize) -> Result<Slice, DestinationError> {
        let scanned = self.scanned;
        self.look(|link, schema| window::find(link, schema, view, place, rows.clamp(1, MOST_ROWS), scanned))
    }

    fn total(&mut self) -> Result<u64, DestinationError> {
        self.look(total)
    }

    fn tally(&mut self, filter: &Filter, from: Option<i64>) -> Result<Tally, DestinationError> {
        self.look(|link, schema| tally(link, schema, filter, from.unwrap_or(i64::MIN)))
    }

    fn row(&mut self, id: &str) -> Result<Option<WholeRow>, DestinationError> {
        self.look(|link, schema| log::row(link, schema, id))
    }

    fn runs(&mut self, before: Option<i64>, rows: usize) -> Result<Vec<PastRun>, DestinationError> {
        self.look(|link, schema| log::runs(link, schema.table, before, rows))
    }

    fn pages(
        &mut self,
        run: i64,
        before: Option<u64>,
        rows: usize,
    ) -> Result<Vec<PastPage>, DestinationError> {
        self.look(|link, schema| log::pages(link, schema.table, run, before, rows))
    }

    fn each(&mut self, view: &View, columns: &[usize], each: Each<'_>) -> Result<(), DestinationError> {
        self.look(|link, schema| every(link, schema, view, columns, each))
    }
}

/// How many rows the table holds.
fn total(link: &mut Link, schema: &'static Schema) -> Result<u64, Failure> {
    let row = link.one("SELECT rows FROM _highwater_state WHERE stream = $1", &[&schema.table])?;
    Ok(row.try_get::<_, i64>(0)?.unsigned_abs())
}

fn tally(link: &mut Link, schema: &'static Schema, filter: &Filter, from: i64) -> Result<Tally, Failure> {
    let mut given = Given::new();
    let matched = given.condition(schema, filter).unwrap_or_else(|| "true".to_owned());
    let (from, part) = (given.take(Box::new(from)), given.take(Box::new(PART)));
    let sql = format!(
        "SELECT count(*) FILTER (WHERE {matched}), count(*), max({SEQUENCE}) FROM
            (SELECT * FROM {} WHERE {SEQUENCE} > {from} ORDER BY {SEQUENCE} LIMIT {part}) AS part",
        quoted(schema.table)
    );
    let row = link.one(&sql, &given.params())?;
    let (matched, seen): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    let next = if seen < PART { None } else { row.try_get(2)? };
    Ok(Tally { matched: matched.unsigned_abs(), seen: seen.unsigned_abs(), next })
}

/// Every row of a view. Sorted by the server where no index has the order.
fn every(
    link: &mut Link,
    schema: &'static Schema,
    view: &View,
    columns: &[usize],
    each: Each<'_>,
) -> Result<(), Failure> {
    let mut given = Given::new();
    let filter = given.condition(schema, &view.filter).map(|it| format!("WHERE {it}")).unwrap_or_default();
    let chosen: Vec<String> = columns.iter().map(|at| expression(schema, *at)).collect();
    let sql = format!(
        "SELECT {} FROM {} {filter} ORDER BY {}",
        chosen.join(", "),
        quoted(schema.table),
        order(schema, view.order, true, link.product)
    );
    link.each(&sql, &given.params(), |row| {
        let values: Vec<Option<&str>> =
            (0..columns.len()).map(|at| row.try_get(at)).collect::<Result<_, _>>()?;
        let values: Vec<_> = values.into_iter().map(|value| value.map(std::borrow::Cow::Borrowed)).collect();
        each(&values).map_err(Failure::Own)
    })
}

/// The order of a view, or its reverse.
fn order(schema: &Schema, order: Order, ahead: bool, product: Product) -> String {
    match order {
        Order::Stored => format!("{SEQUENCE} {}", direction(!ahead)),
        Order::Column { position, descending } => {
            let ascending = descending != ahead;
            let nulls = if ascending { "NULLS FIRST" } else { "NULLS LAST" };
            let (way, by) = (direction(ascending), Sort::of(schema, position, product).by);
            if position == schema.primary_key {
                // Every row has one of its own, and the index has no word for nulls.
                return format!("{by} {way}");
            }
            format!("{by} {way} {nulls}, {SEQUENCE} {way}")
        }
    }
}

fn direction(ascending: bool) -> &'static str {
    if ascending { "ASC" } else { "DESC" }
}

/// What a statement is given, in the order in which it names it.
struct Given(Vec<Box<dyn tokio_postgres::types::ToSql + Sync>>);

impl Given {
    fn new() -> Self {
        Self(Vec::new())
    }

    /// Takes a value; gives its name.
    fn take(&mut self, value: Box<dyn tokio_postgres::types::ToSql + Sync>) -> String {
        self.0.push(value);
        format!("${}", self.0.len())
    }

    fn params(&self) -> Vec<&(dyn tokio_postgres::types::ToSql + Sync)> {
        self.0.iter().map(|value| &**value).collect()
    }

    /// A filter as a condition; none if it lets every row through. The case of ASCII letters does not matter, and that
    /// of no others does.
    fn condition(&mut self, schema: &Schema, filter: &Filter) -> Option<String> {
        const CAPITALS: &str = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'";
        let mut terms = Vec::new();
        for (word, column, is_excluded) in filter.words() {
            // No text here holds one, and none can be asked for.
            let occurs = if word.contains('\0') {
                "false".to_owned()
            } else {
                let word = self.take(Box::new(word.to_owned()));
                let within = (0..schema.columns.len()).filter(|at| column.is_none_or(|it| it == *at));
                let each: Vec<String> = within
                    .map(|at| {
                        let text = expression(schema, at);
                        format!("coalesce(strpos(translate({text}, {CAPITALS}), {word}::text) > 0, false)")
                    })
                    .collect();
                format!("({})", each.join(" OR "))
            };
            terms.push(if is_excluded { format!("NOT {occurs}") } else { occurs });
        }
        (!terms.is_empty()).then(|| terms.join(" AND "))
    }
}

/// The columns of a row, as texts, from one on.
fn texts(row: &Row, from: usize, count: usize) -> Result<Vec<Option<&str>>, Failure> {
    Ok((from..from + count).map(|at| row.try_get(at)).collect::<Result<_, _>>()?)
}

/// What a statement is given, for one that takes a list.
fn borrowed<'a>(params: &'a [&'a (dyn tokio_postgres::types::ToSql + Sync)]) -> Params<'a> {
    params
}
