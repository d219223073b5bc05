//! Instructions of the parts of a sync, counted by valgrind: `cargo bench --profile counts --bench counts`. Unlike
//! times they are the same on a busy machine, so a part that became slower shows: exits 1 if one takes more than a
//! tenth more than `baseline.toml` says. `-- --bless` writes what is counted into it.
//!
//! Every part is done by another process of this program, under callgrind, which counts within one function only: what
//! makes a part ready is not counted.

mod baseline;
mod parts;
#[path = "../monitor/table.rs"]
mod table;
#[path = "../monitor/users.rs"]
mod users;
#[path = "../monitor/watch.rs"]
#[allow(dead_code)]
mod watch;
#[path = "../parts/work.rs"]
mod work;

use std::fs;
use std::process::{Command, ExitCode};

use self::baseline::{Baseline, Verdict};
use self::parts::PARTS;

/// What can go wrong while measuring, in words.
type Fault = Box<dyn std::error::Error>;

/// The hidden word that makes this program do a part.
const ROLE: &str = "be-counted";

fn main() -> ExitCode {
    // Cargo says by that how it was called; there is no other way to call this.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [ROLE, part] => parts::perform(part).map(|()| true),
        [] => compare(),
        ["--bless"] => bless(),
        _ => {
            eprintln!("cargo bench --profile counts --bench counts [-- --bless]");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

/// True if no part has grown too much.
fn compare() -> Result<bool, Fault> {
    let baseline = Baseline::read()?;
    if let Some(note) = baseline.differs() {
        println!("{note}\n");
    }
    println!("{:<20}{:>16}{:>16}{:>9}", "part", "instructions", "baseline", "");
    let mut fine = true;
    for (part, _) in PARTS {
        let counted = count(part)?;
        let verdict = baseline.verdict(part, counted);
        fine &= verdict.is_fine();
        match verdict {
            Verdict::Unknown => {
                println!("{part:<20}{counted:>16}{:>16}  MISSING: --bless puts it there", "-")
            }
            Verdict::Known { before, percent } => {
                let grew = if verdict.is_fine() { "" } else { "  GREW by more than 10 %" };
                println!("{part:<20}{counted:>16}{before:>16}{percent:>+7.1} %{grew}");
            }
        }
    }
    Ok(fine)
}

fn bless() -> Result<bool, Fault> {
    let mut baseline = Baseline::here()?;
    for (part, _) in PARTS {
        let counted = count(part)?;
        println!("{part:<20}{counted:>16}");
        baseline.instructions.insert(part.to_owned(), counted);
    }
    baseline.write()?;
    Ok(true)
}

/// Counts a part's instructions.
fn count(part: &str) -> Result<u64, Fault> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().join("callgrind.out");
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--toggle-collect=*counted_part*"])
        .arg(format!("--callgrind-out-file={}", out.display()))
        .arg(std::env::current_exe()?)
        .args([ROLE, part])
        .output()
        .map_err(|error| {
            format!("valgrind: {error}; it counts, so install it (Debian: apt install valgrind)")
        })?;
    if !run.status.success() {
        return Err(format!("{part}: {}\n{}", run.status, String::from_utf8_lossy(&run.stderr)).into());
    }
    let report = fs::read_to_string(out)?;
    let total = report.lines().find_map(|line| line.strip_prefix("totals: "));
    match total.map(str::trim).map(str::parse) {
        Some(Ok(counted)) if counted > 0 => Ok(counted),
        _ => Err(format!(
            "{part}: valgrind counted nothing: it needs the symbols, which --profile counts keeps"
        )
        .into()),
    }
}
