//! What more than one test needs: the program, servers, destinations, and the promises between them.
//!
//! - `highwater`: the real binary on a machine of its own
//! - `real`: the real playground from PyPI, started and stopped
//! - `source`: the built-in playground, and a client that reads any of them by itself
//! - `reference`: what the reference connector would have stored
//! - `table`: what stands in a destination
//! - `promise`: what must hold of a destination at any instant
//! - `left`: a run that was left unfinished
//! - `kill`: a destination whose processes are killed, again and again
//! - `cluster`: a real PostgreSQL server

// Every test binary compiles this module and uses a part of it.
#![allow(dead_code, unused_imports)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[cfg(unix)]
pub mod cluster;
pub mod highwater;
#[cfg(unix)]
pub mod kill;
pub mod left;
pub mod promise;
pub mod real;
pub mod reference;
pub mod source;
pub mod table;

use serde_json::Value;

pub use self::highwater::{Done, Highwater, Running};
pub use self::real::{Modified, RealPlayground};
pub use self::reference::Reference;
pub use self::source::{Api, BuiltIn};
pub use self::table::{Rows, Table};

/// A row's `updatedAt`. Every server here writes whole seconds with `Z`, so that texts compare as times.
pub fn cursor(row: &Value) -> &str {
    row["updatedAt"].as_str().unwrap()
}

/// A row's `id`.
pub fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap()
}

/// Rows by id. None may come twice.
pub fn by_id(rows: impl Iterator<Item = Value>) -> Rows {
    let mut all = Rows::new();
    for row in rows {
        if let Some(twice) = all.insert(id(&row).to_owned(), row) {
            panic!("twice: {twice}");
        }
    }
    all
}

/// The largest `updatedAt`.
pub fn newest(rows: &Rows) -> &str {
    rows.values().map(cursor).max().unwrap()
}
