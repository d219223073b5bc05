//! A seal over what an unfinished run goes on from: its walk and its lanes. It is no secret and keeps out nobody who
//! means to change them; it shows that something has.

use crc32fast::Hasher;

/// The seal of a walk and its lanes, as they are written down.
pub(super) fn seal(walk: &str, lanes: &str) -> i64 {
    let mut hasher = Hasher::new();
    hasher.update(walk.as_bytes());
    // So that nothing can move from one to the other unseen.
    hasher.update(&[0]);
    hasher.update(lanes.as_bytes());
    hasher.finalize().into()
}

/// True if they are as they were written down. A file of an older version has no seal.
pub(super) fn holds(walk: &str, lanes: Option<&str>, kept: Option<i64>) -> bool {
    kept.is_none_or(|kept| kept == seal(walk, lanes.unwrap_or_default()))
}
