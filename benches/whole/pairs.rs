//! highwater and a limit, one after the other, again and again, each pair in the other order than the one before it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::Fault;
use super::figure::Middle;
use super::process::{self, Run};

/// The runs of both.
#[derive(Clone, Debug, Default)]
pub struct Pairs {
    /// Of highwater.
    pub ours: Vec<Run>,
    /// Of the limit.
    pub limit: Vec<Run>,
}

impl Pairs {
    /// Runs so many pairs.
    pub fn run(
        count: usize,
        mut ours: impl FnMut() -> Result<Run, Fault>,
        mut limit: impl FnMut() -> Result<Run, Fault>,
    ) -> Result<Self, Fault> {
        let mut pairs = Self::default();
        for pair in 0..count {
            if pair % 2 == 0 {
                pairs.limit.push(limit()?);
                pairs.ours.push(ours()?);
            } else {
                pairs.ours.push(ours()?);
                pairs.limit.push(limit()?);
            }
        }
        Ok(pairs)
    }

    /// How many times as long highwater took, pair by pair.
    pub fn ratio(&self) -> Middle {
        let pairs = self.ours.iter().zip(&self.limit);
        Middle::of(pairs.map(|(ours, limit)| ours.took.as_secs_f64() / limit.took.as_secs_f64()))
    }
}

/// What runs took and held, in words.
pub fn told(runs: &[Run]) -> String {
    let took = Middle::seconds(runs.iter().map(|run| run.took)).median;
    let busy = Middle::seconds(runs.iter().map(|run| run.busy)).median;
    let peak = Middle::of(runs.iter().map(|run| run.peak as f64)).most / 1_024.0;
    format!("{took:.2} s (CPU {busy:.2} s, {peak:.0} MiB)")
}

/// A sync of everything into a new file. That all rows are there is looked after: a run that lost some is no figure.
pub fn sync(url: &str, rows: usize, more: &[&str]) -> Result<Run, Fault> {
    let home = process::folder()?;
    let path = home.path().join("rows.db");
    let db = path.display().to_string();
    let words = [&["sync", "--url", url, "--db", &db], more].concat();
    let run = process::run(process::highwater(&home, &words))?;
    holds(&path, rows)?;
    Ok(run)
}

/// How many pages of a transaction make the tight loop the limit.
pub const GROUP: usize = 20;

/// The same by the tight loop, up to so many pages in a transaction.
pub fn insert(url: &str, rows: usize, group: usize) -> Result<Run, Fault> {
    let home = process::folder()?;
    let path = home.path().join("rows.db");
    let run = process::run(process::insert(url, &path.display().to_string(), group)?)?;
    holds(&path, rows)?;
    Ok(run)
}

fn holds(path: &Path, rows: usize) -> Result<(), Fault> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let found: i64 = connection.query_row("SELECT count(*) FROM user", [], |row| row.get(0))?;
    if usize::try_from(found)? == rows {
        return Ok(());
    }
    Err(format!("{} holds {found} rows, not {rows}", path.display()).into())
}
