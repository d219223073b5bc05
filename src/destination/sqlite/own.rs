//! A stream's own tables in a file that several streams may share: each has a bookkeeping of its own, by the name of its
//! table.
//!
//! SQL is written as for the reference's table, whose tables are called `_highwater_state` and so on; those of a table
//! `x` are `_highwater_x__state`. All SQL passes through here on its way to SQLite.

use std::borrow::Cow;
use std::ops::Deref;

use rusqlite::{
    CachedStatement, Connection, Params, Result, Row, Statement, Transaction, TransactionBehavior,
};

use crate::destination::Beside;
use crate::record::{Schema, USER};

/// What the names of our own tables begin with, as SQL is written.
const OURS: &str = "_highwater_";

/// SQL with the names of a table's own bookkeeping.
fn own<'s>(table: &str, sql: &'s str) -> Cow<'s, str> {
    if table == USER.table { Cow::Borrowed(sql) } else { Cow::Owned(sql.replace(OURS, &beginning(table))) }
}

/// What the names of a table's own bookkeeping begin with.
fn beginning(table: &str) -> String {
    if table == USER.table { OURS.to_owned() } else { format!("{OURS}{table}__") }
}

/// The name of a table of a table's own bookkeeping.
pub(super) fn name(table: &str, ours: &str) -> String {
    own(table, ours).into_owned()
}

/// The tables in which stands what a table has no place for.
pub(super) fn beside(table: &str) -> Beside {
    let named = |rest| format!("{}{rest}", beginning(table));
    Beside { extra: named("extra"), quarantine: named("quarantine"), previous: named("previous") }
}

/// The tables of a file that have a bookkeeping.
pub(super) fn tables(connection: &Connection) -> Result<Vec<String>> {
    let query =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '_highwater_*state' ORDER BY name";
    let mut query = connection.prepare(query)?;
    let names = query.query_map([], |row| row.get::<_, String>(0))?;
    let mut tables = Vec::new();
    for name in names {
        let name = name?;
        match name.strip_prefix(OURS) {
            Some("state") => tables.push(USER.table.to_owned()),
            other => tables.extend(other.and_then(|rest| rest.strip_suffix("__state")).map(str::to_owned)),
        }
    }
    Ok(tables)
}

/// A connection, or a transaction, on which our own tables are those of one stream.
#[derive(Debug)]
pub(in crate::destination) struct Own<C> {
    inner: C,
    table: Cow<'static, str>,
}

impl<C: Deref<Target = Connection>> Own<C> {
    pub(super) fn new(schema: &'static Schema, inner: C) -> Self {
        Self { inner, table: Cow::Borrowed(schema.table) }
    }

    /// The same for another stream of the file.
    pub(super) fn of(&self, table: String) -> Own<&Connection> {
        Own { inner: &self.inner, table: Cow::Owned(table) }
    }

    /// The connection as it is, for what is no SQL over our own tables.
    pub(super) fn plain(&self) -> &Connection {
        &self.inner
    }

    pub(in crate::destination) fn execute(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.inner.execute(&own(&self.table, sql), params)
    }

    pub(in crate::destination) fn execute_batch(&self, sql: &str) -> Result<()> {
        self.inner.execute_batch(&own(&self.table, sql))
    }

    pub(super) fn query_row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<T> {
        self.inner.query_row(&own(&self.table, sql), params, read)
    }

    pub(in crate::destination) fn prepare(&self, sql: &str) -> Result<Statement<'_>> {
        self.inner.prepare(&own(&self.table, sql))
    }

    pub(super) fn prepare_cached(&self, sql: &str) -> Result<CachedStatement<'_>> {
        self.inner.prepare_cached(&own(&self.table, sql))
    }

    pub(super) fn last_insert_rowid(&self) -> i64 {
        self.inner.last_insert_rowid()
    }

    /// Begins a transaction that writes.
    pub(super) fn transaction(&self) -> Result<Own<Transaction<'_>>> {
        let inner = Transaction::new_unchecked(&self.inner, TransactionBehavior::Immediate)?;
        Ok(Own { inner, table: self.table.clone() })
    }
}

impl Own<Transaction<'_>> {
    pub(super) fn commit(self) -> Result<()> {
        self.inner.commit()
    }
}
