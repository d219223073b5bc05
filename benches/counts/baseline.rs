//! What the parts took before, and with what it was counted.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::Fault;

/// By how much a part may grow, in percent.
const ALLOWED: f64 = 10.0;

const HEAD: &str = "\
# Instructions of the parts of a sync, as `cargo bench --profile counts --bench counts` finds them; `-- --bless` writes this file anew.
# Another compiler, or another processor's way to copy and compare bytes, takes others.

";

/// What is in the file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Baseline {
    /// The compiler.
    rustc: String,
    /// What counts.
    valgrind: String,
    /// By the part.
    pub instructions: BTreeMap<String, u64>,
}

/// How a part stands to what it took before.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// It was not counted before.
    Unknown,
    /// It was.
    Known {
        /// What it took.
        before: u64,
        /// By how much it has grown since, in percent.
        percent: f64,
    },
}

impl Verdict {
    /// True if it has not grown too much.
    pub fn is_fine(self) -> bool {
        matches!(self, Self::Known { percent, .. } if percent <= ALLOWED)
    }
}

impl Baseline {
    /// Nothing yet, on this machine.
    pub fn here() -> Result<Self, Fault> {
        Ok(Self { rustc: version("rustc")?, valgrind: version("valgrind")?, instructions: BTreeMap::new() })
    }

    /// What was counted before.
    pub fn read() -> Result<Self, Fault> {
        let path = path();
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(toml::from_str(&text)?)
    }

    /// Takes the place of what was counted before.
    pub fn write(&self) -> Result<(), Fault> {
        Ok(fs::write(path(), format!("{HEAD}{}", toml::to_string(self)?))?)
    }

    /// What is to be said if it was counted with other programs.
    pub fn differs(&self) -> Option<String> {
        let here = Self::here().ok()?;
        let (before, now) = (
            [&self.rustc, &self.valgrind].map(String::as_str),
            [here.rustc.as_str(), here.valgrind.as_str()],
        );
        let [before, now] = [before, now].map(|programs| programs.join(", "));
        (before != now).then(|| format!("the baseline was counted with {before}; this is {now}"))
    }

    /// How a part stands to it.
    pub fn verdict(&self, part: &str, counted: u64) -> Verdict {
        match self.instructions.get(part) {
            Some(&before) => {
                Verdict::Known { before, percent: 100.0 * (counted as f64 / before as f64 - 1.0) }
            }
            None => Verdict::Unknown,
        }
    }
}

fn path() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/counts/baseline.toml"))
}

/// What a program says of its version.
fn version(program: &str) -> Result<String, Fault> {
    let said = Command::new(program).arg("--version").output();
    let said =
        said.map_err(|error| format!("{program}: {error}; install it (Debian: apt install {program})"))?;
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}
