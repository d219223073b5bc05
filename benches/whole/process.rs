//! One process from its start to its end: how long it took, how busy it was, and how much memory it held at most.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::source::now;
use super::{Fault, chain, insert};

/// What one run took.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// From the start of its process to the end.
    pub took: Duration,
    /// The processor time of all its threads: what is left of a difference on a machine that is not quiet.
    pub busy: Duration,
    /// The most memory that it held, in KiB.
    pub peak: u64,
    /// When it was started, in nanoseconds since 1970.
    pub began: u64,
    /// What it wrote.
    pub output: String,
}

/// A folder for a run, on the disk that this program was built on: many a temporary one is memory.
pub fn folder() -> Result<TempDir, Fault> {
    Ok(tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?)
}

/// highwater, with these words and no other settings, in a home of its own.
pub fn highwater(home: &TempDir, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_highwater"));
    command.args(words).current_dir(home.path()).env_clear();
    for name in ["HOME", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        command.env(name, home.path());
    }
    command
}

/// The bare chain.
pub fn chain(url: &str, by: chain::By) -> Result<Command, Fault> {
    itself(&[chain::ROLE, url, by.name()])
}

/// The tight loop of inserts, up to so many pages in a transaction.
pub fn insert(url: &str, db: &str, group: usize) -> Result<Command, Fault> {
    itself(&[insert::ROLE, url, db, &group.to_string()])
}

fn itself(words: &[&str]) -> Result<Command, Fault> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(words);
    Ok(command)
}

/// Runs it to its end, without a terminal. It must succeed.
pub fn run(mut command: Command) -> Result<Run, Fault> {
    // A file takes what is written without anybody who reads.
    let mut output = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output.try_clone()?);
    let (began, begun) = (now(), Instant::now());
    let mut child = command.spawn()?;
    let (took, busy, peak) = watch(&mut child, begun)?;
    let status = child.wait()?;
    let output = text(&mut output)?;
    if !status.success() {
        let program = command.get_program().display();
        return Err(format!("{program} {:?}: {status}\n{output}", command.get_args()).into());
    }
    Ok(Run { took, busy, peak, began, output })
}

fn text(file: &mut File) -> Result<String, Fault> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// Watches a process until it has ended, which is also when its processor time is known for good.
#[cfg(target_os = "linux")]
pub fn watch(child: &mut Child, begun: Instant) -> Result<(Duration, Duration, u64), Fault> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    use std::sync::mpsc::{RecvTimeoutError, channel};
    /// Between two looks at the memory, which is known for a living process only.
    const LOOK: Duration = Duration::from_millis(5);

    let process = child.id();
    let (ended, end) = channel::<()>();
    let gauge = std::thread::spawn(move || {
        let mut peak = 0;
        while end.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
            peak = held(process).unwrap_or(peak);
        }
        peak
    });
    waitid(WaitId::Pid(Pid::from_child(child)), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)?;
    let took = begun.elapsed();
    drop(ended);
    let peak = gauge.join().map_err(|_| "the gauge panicked")?;
    Ok((took, busy(process)?, peak))
}

/// Elsewhere nobody says how busy it was, nor what it held: both count as nothing.
#[cfg(not(target_os = "linux"))]
pub fn watch(child: &mut Child, begun: Instant) -> Result<(Duration, Duration, u64), Fault> {
    child.wait()?;
    Ok((begun.elapsed(), Duration::ZERO, 0))
}

/// The most memory that a process has held so far, in KiB.
#[cfg(target_os = "linux")]
fn held(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The processor time of a process and its threads.
#[cfg(target_os = "linux")]
fn busy(process: u32) -> Result<Duration, Fault> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, in parentheses, may hold anything.
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc is not as it should be")?;
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.sum::<Result<_, _>>()?;
    // Of which there are a hundred a second, whatever the kernel's own clock does.
    Ok(Duration::from_millis(10 * ticks))
}
