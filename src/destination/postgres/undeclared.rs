//! The fields that the schema does not declare, as they are kept in a column of the table.

use super::Postgres;
use super::columns::{EXTRA, SEQUENCE};
use super::link::quoted;
use crate::destination::DestinationError;

/// How many rows are fetched at once: where the connection is lost meanwhile, the same ones are asked for again.
const FETCHED: usize = 100;

impl Postgres {
    /// As [`Steered::kept_beside`](crate::destination::place::Steered::undeclared), in the order in which rows were first
    /// stored.
    pub(super) fn kept_beside(
        &mut self,
        most: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<bool, DestinationError> {
        let (mut after, mut before) = (i64::MIN, i64::MAX);
        for (way, mut left) in [("ASC", most.div_ceil(2)), ("DESC", most / 2)] {
            let query = format!(
                "SELECT {SEQUENCE}, {EXTRA} FROM {} WHERE {EXTRA} IS NOT NULL AND {SEQUENCE} > $1 AND {SEQUENCE} < $2
                 ORDER BY {SEQUENCE} {way} LIMIT {FETCHED}",
                quoted(self.schema.table)
            );
            while left > 0 {
                let found = self.read(|link| {
                    let rows = link.query(&query, &[&after, &before])?;
                    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
                })?;
                let found: Vec<(i64, String)> = found;
                for (sequence, fields) in found.iter().take(left) {
                    *(if way == "ASC" { &mut after } else { &mut before }) = *sequence;
                    each(fields);
                }
                if found.len() < FETCHED.min(left + 1) {
                    return Ok(true);
                }
                left -= found.len().min(left);
            }
        }
        Ok(false)
    }
}
