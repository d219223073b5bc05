//! highwater: a terminal monitor for keyset-paginated API syncs.

pub mod monitor;
pub mod platform;
pub mod record;
pub mod sanitize;
pub mod sync;
pub mod walk;
