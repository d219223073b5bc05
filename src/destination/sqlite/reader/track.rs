//! Windows where an index has the order: from an anchor, row by row, as far as is asked for.

use rusqlite::types::{ToSql, Value};
use rusqlite::{Transaction, params_from_iter};

use super::slice::{Half, found};
use super::{condition, names};
use crate::destination::reader::{Key, Order, View};
use crate::destination::sqlite::own::Own;
use crate::destination::sqlite::value::unranked;
use crate::record::Schema;

/// A way along the rows of a view.
pub(super) struct Track<'t> {
    transaction: &'t Own<Transaction<'t>>,
    schema: &'static Schema,
    view: &'t View,
}

/// Where a way begins.
#[derive(Clone, Copy)]
pub(super) enum From<'k> {
    /// At the view's first or last row.
    End,
    /// At the row of this key.
    At(&'k Key),
    /// Beyond it.
    Beyond(&'k Key),
}

impl<'t> Track<'t> {
    /// The way along a view; `None` if it has to be scanned.
    pub(super) fn new(
        transaction: &'t Own<Transaction<'t>>,
        schema: &'static Schema,
        view: &'t View,
    ) -> Option<Self> {
        (!view.is_scanned(schema)).then_some(Self { transaction, schema, view })
    }

    /// The next rows in the view's order, or against it; the nearest first.
    pub(super) fn walk(&self, ahead: bool, from: From<'_>, most: usize) -> rusqlite::Result<Half> {
        let bound = match from {
            From::End => None,
            From::At(key) | From::Beyond(key) => Some(self.bound(key)),
        };
        let mut query = self.transaction.prepare_cached(&self.sql(ahead, from))?;
        let mut rows = query.query(params_from_iter(bound))?;
        let mut half = Half::default();
        // Whether there is one more is asked only where the answer is next door.
        while half.has_room(most) || (self.view.filter.is_empty() && !half.is_cut()) {
            let Some(row) = rows.next()? else {
                half.exhausted = true;
                break;
            };
            if !half.has_room(most) {
                break;
            }
            half.push(found(row, self.schema, self.view)?);
        }
        Ok(half)
    }

    /// What the ordering column is compared with.
    fn bound(&self, key: &Key) -> Box<dyn ToSql> {
        match self.view.order {
            Order::Stored => Box::new(key.rowid),
            Order::Column { position, .. } => {
                let kind = self.schema.columns[position].kind;
                Box::new(key.value.as_deref().map_or(Value::Null, |rank| {
                    unranked(kind, rank).map_or_else(|| rank.to_owned().into(), Value::Integer)
                }))
            }
        }
    }

    fn sql(&self, ahead: bool, from: From<'_>) -> String {
        let (column, ascending) = match self.view.order {
            Order::Stored => ("rowid".to_owned(), !ahead),
            Order::Column { position, descending } => (names(self.schema, [position]), descending != ahead),
        };
        let (sign, direction) = if ascending { (">", "ASC") } else { ("<", "DESC") };
        let bound = match from {
            From::End => None,
            From::At(_) => Some(format!("{column} {sign}= ?1")),
            From::Beyond(_) => Some(format!("{column} {sign} ?1")),
        };
        let terms: Vec<String> = bound.into_iter().chain(condition(self.schema, &self.view.filter)).collect();
        let terms = if terms.is_empty() { String::new() } else { format!("WHERE {}", terms.join(" AND ")) };
        let all = names(self.schema, 0..self.schema.columns.len());
        format!("SELECT rowid, {all} FROM \"{}\" {terms} ORDER BY {column} {direction}", self.schema.table)
    }
}
