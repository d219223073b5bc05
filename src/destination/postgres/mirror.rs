//! A copy of a table with its bookkeeping as a SQLite file, as of one instant: the same checks go over it as over a file
//! that was one from the beginning, the comparison with the source among them.
//!
//! It takes the room of the table in the directory for temporary files, for as long as the checks take, and is for its
//! owner alone.

use std::path::Path;

use super::address::Address;
use super::columns;
use super::failure::Failure;
use super::link::Link;
use super::{copy, schema};
use crate::destination::DestinationError;
use crate::destination::copy::part::PARTS;
use crate::destination::copy::{MOST, Pieces, Side as _};
use crate::destination::sqlite::Sqlite;
use crate::destination::sqlite::verify::Verifier;
use crate::record::Schema;

/// Opens a database for checks; a run may be writing to it.
///
/// # Errors
/// If it or the temporary file cannot be read or written.
pub fn verifier(address: &Address, schema: &'static Schema) -> Result<Verifier, DestinationError> {
    let folder =
        tempfile::Builder::new().prefix("highwater-").tempdir().map_err(|error| DestinationError::File {
            path: std::env::temp_dir(),
            error,
            remedy: "a copy of the table goes there while it is checked: make room, or set TMPDIR",
        })?;
    let path = folder.path().join("copy.db");
    mirror(address, schema, &path)?;
    Verifier::of_copy(&path, schema, folder, columns::beside(schema.table))
}

/// Makes the copy.
///
/// # Errors
/// As [`verifier`].
pub fn mirror(address: &Address, schema: &'static Schema, path: &Path) -> Result<(), DestinationError> {
    let copied = || -> Result<(), Failure> {
        let mut link = Link::connect(address, || false)?;
        schema::check(&mut link, address, schema)?;
        link.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        let mut to = Sqlite::open(path, schema)?.sqlite;
        to.hasten()?;
        for part in PARTS {
            let mut pieces = Pieces::new(part, MOST);
            while let Some(entries) =
                pieces.next(|part, after, most| copy::piece(&mut link, schema, part, after, most))?
            {
                to.put(part, &entries, "")?;
            }
        }
        let state = copy::state(&mut link, schema)?;
        Ok(to.finish(&state)?)
    };
    copied().map_err(|failure| failure.told(address))
}
