//! A directory of the demo's own, which goes away with it.

use std::io;
use std::path::{Path, PathBuf};

use crate::platform;

/// The directory. Dropping it removes it with all that it holds, if it was made here.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    owned: bool,
}

impl Scratch {
    /// A new one, among the system's temporary files, that only its owner can enter.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn new() -> io::Result<Self> {
        let name = format!("highwater-demo-{}-{:016x}", std::process::id(), rand::random::<u64>());
        let path = std::env::temp_dir().join(name);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        platform::fresh_dir(&path).map_err(named)?;
        Ok(Self { path, owned: true })
    }

    /// One that another process made, and will remove.
    #[must_use]
    pub fn lent(path: PathBuf) -> Self {
        Self { path, owned: false }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The main walker's table.
    #[must_use]
    pub fn table(&self) -> PathBuf {
        self.path.join("demo.db")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.owned {
            // What the system does not let go of now, it clears away with its other temporary files.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_away_unless_it_was_lent() {
        let scratch = Scratch::new().unwrap();
        let path = scratch.path().to_owned();
        std::fs::write(scratch.table(), "x").unwrap();
        drop(Scratch::lent(path.clone()));
        assert!(path.is_dir());
        drop(scratch);
        assert!(!path.exists());
    }
}
