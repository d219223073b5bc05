//! Which files may be taken for a destination at all, looked at before anything is put beside them.
//!
//! Whoever owns a file that SQLite takes for part of the database, its log or its lock, decides what becomes of the
//! rows. So all of them must belong to the user who runs the program, root included: beside another user's database
//! root would leave files that its owner can't open any more.

use std::path::{Path, PathBuf};

use super::DestinationError;
use crate::platform;

/// What lies beside a database and is taken for a part of it, apart from a lock.
const PARTS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Refuses what is no regular file or has other names, a link that leads nowhere, and what belongs to another user.
///
/// # Errors
/// [`DestinationError::Refused`], with the reason and a way out.
pub(super) fn check(database: &Path, lock: PathBuf) -> Result<(), DestinationError> {
    let shown = database.display();
    let refused = |why: String| Err(DestinationError::Refused(why));
    match std::fs::metadata(database) {
        Ok(found) if !found.is_file() => {
            return refused(format!("{shown} is no regular file; give another --db"));
        }
        Ok(_) => {}
        // Its lock would lie beside the link now, and beside the file once that is there: for two writers one each.
        Err(_) if std::fs::symlink_metadata(database).is_ok_and(|found| found.is_symlink()) => {
            return refused(format!(
                "{shown} is a link that leads to no file; give as --db what it is to lead to"
            ));
        }
        Err(_) => {}
    }
    let place = resolved(database);
    for part in [place.clone(), lock].into_iter().chain(PARTS.map(|suffix| beside(&place, suffix))) {
        if part.is_symlink() {
            let part = part.display();
            return refused(format!(
                "{part} is a link, which would be written through: remove it, and run again"
            ));
        }
        if let Some(names) = platform::names(&part).filter(|names| *names > 1) {
            return refused(format!(
                "{} has {names} names (hard links), and each would have a lock and a log of its own: remove the others, \
                 or copy the file and give the copy as --db",
                part.display()
            ));
        }
        if let Some(owner) = platform::foreign_owner(&part) {
            return refused(format!(
                "{} belongs to another user (uid {owner}); run as that user, or give another --db",
                part.display()
            ));
        }
    }
    Ok(())
}

fn resolved(database: &Path) -> PathBuf {
    database.canonicalize().unwrap_or_else(|_| database.to_owned())
}

/// The name of a file beside the database: beside the file itself, as SQLite has it, where another name for it, a link,
/// would lead elsewhere.
pub(super) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut path = resolved(database).into_os_string();
    path.push(suffix);
    PathBuf::from(path)
}
