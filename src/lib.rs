//! highwater: a terminal monitor for keyset-paginated API syncs.

pub mod cli;
pub mod config;
pub mod record;
pub mod sanitize;
pub mod sync;
pub mod walk;
