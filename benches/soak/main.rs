//! A long run at full speed against a source that never stands still and fails as often as it can:
//! `cargo bench --bench soak`, or `-- --minutes 1` to see that it works.
//!
//! Two programs at once, one headless and one behind a monitor, each with a source of its own that stamps as many rows
//! anew as it sends, so that there is always more. What they hold of memory, descriptors and threads is read off
//! `/proc` all the while. At the end the sources stand still and answer rightly, each program makes one more run, and
//! its table must equal its source. Exits 1 if it does not, or if anything grew.
// Parts of what the tests share are not needed here, and on other systems than Linux nearly all of it.
#![allow(dead_code, unused_imports)]

#[allow(clippy::unwrap_used)]
#[path = "../../tests/faulty/answer.rs"]
mod answer;
mod gauge;
mod source;
#[allow(clippy::unwrap_used)]
#[path = "../../tests/faulty/squeeze.rs"]
mod squeeze;
#[path = "../../tests/terminal/mod.rs"]
mod terminal;
mod world;

use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use self::gauge::Gauge;
use self::source::Source;
use self::terminal::Launch;

/// What can go wrong, in words.
type Fault = Box<dyn std::error::Error>;

/// Between two looks.
const LOOK: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let minutes = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => 30,
        ["--minutes", number] if number.parse::<u64>().is_ok_and(|number| number > 0) => {
            number.parse().unwrap_or(30)
        }
        _ => {
            eprintln!("cargo bench --bench soak [-- --minutes N]");
            return ExitCode::from(2);
        }
    };
    match soak(Duration::from_secs(60 * minutes)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(fault) => {
            eprintln!("soak: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// True if nothing grew and nothing is missing.
#[cfg(target_os = "linux")]
fn soak(length: Duration) -> Result<bool, Fault> {
    let folder = tempfile::tempdir()?;
    let (plain, shown) = (Source::start(1)?, Source::start(2)?);
    let (plain_db, shown_db) = (folder.path().join("plain.db"), folder.path().join("shown.db"));
    let mut headless = headless(&plain, &plain_db, &["--every", "1s"])?;
    let arguments = ["--url", &shown.url(), "--db", &shown_db.to_string_lossy(), "--every", "1s"];
    let mut monitor = Launch::highwater(&arguments).with("HIGHWATER_RETRY_BASE", RETRY_BASE).start();
    let mut gauges = [Gauge::new("headless", headless.id()), Gauge::new("monitor", monitor.process())];
    let begun = Instant::now();
    while begun.elapsed() < length {
        monitor.watch_for(LOOK);
        if let Some(status) = headless.try_wait()? {
            return Err(format!("the headless program has ended: {status}").into());
        }
        for gauge in &mut gauges {
            gauge.look()?;
        }
    }
    for source in [&plain, &shown] {
        source.calm_down();
    }
    stop(&mut headless)?;
    monitor.press("qq");
    monitor.ends();
    let mut fine = true;
    for (gauge, source, db) in [(&gauges[0], &plain, &plain_db), (&gauges[1], &shown, &shown_db)] {
        let last = self::headless(source, db, &[])?.wait()?;
        let tally = source.tally();
        let missing = source.missing(db)?;
        println!("{gauge}");
        println!(
            "  {} requests, of them {} answered wrongly on purpose; {} rows sent; afterwards {} of {} rows missing or old",
            tally.requests,
            tally.faults,
            tally.rows,
            missing,
            source.rows()
        );
        // 3: rows were quarantined on purpose.
        fine &= gauge.is_flat() && missing == 0 && matches!(last.code(), Some(0 | 3));
    }
    Ok(fine)
}

#[cfg(not(target_os = "linux"))]
fn soak(_: Duration) -> Result<bool, Fault> {
    Err("what a program holds is read off /proc, which only Linux has".into())
}

/// The wait after a failure: short, because this is about many.
const RETRY_BASE: &str = "10ms";

fn headless(source: &Source, db: &Path, more: &[&str]) -> Result<Child, Fault> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
    command.arg("sync").arg("--url").arg(source.url()).arg("--db").arg(db).args(more);
    command.env("HIGHWATER_RETRY_BASE", RETRY_BASE).env("HIGHWATER_IDLE_TIMEOUT", "500ms");
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?)
}

/// Asks a program to end, and waits until it has.
#[cfg(target_os = "linux")]
fn stop(child: &mut Child) -> Result<(), Fault> {
    rustix::process::kill_process(rustix::process::Pid::from_child(child), rustix::process::Signal::TERM)?;
    while child.try_wait()?.is_none() {
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
