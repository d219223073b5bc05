//! The fields that the schema does not declare, as they are kept beside the table.

use super::Sqlite;
use crate::destination::DestinationError;

impl Sqlite {
    /// As [`Steered::kept_beside`](crate::destination::place::Steered::undeclared), in the order of ids.
    pub(super) fn kept_beside(
        &mut self,
        most: usize,
        each: &mut dyn FnMut(&str),
    ) -> Result<bool, DestinationError> {
        self.try_sql(|connection| {
            // No row has an empty id.
            let mut after = String::new();
            for (way, most) in [("ASC", most.div_ceil(2)), ("DESC", most / 2)] {
                let query =
                    format!("SELECT id, fields FROM _highwater_extra WHERE id > ?1 ORDER BY id {way}");
                let mut query = connection.prepare(&query)?;
                let (mut rows, mut left) = (query.query([after.clone()])?, most);
                while left > 0 {
                    let Some(row) = rows.next()? else { return Ok(true) };
                    if way == "ASC" {
                        after = row.get(0)?;
                    }
                    each(row.get_ref(1)?.as_str()?);
                    left -= 1;
                }
            }
            Ok(false)
        })
    }
}
