//! A demo whose process is killed, and the process that starts it again: the parent of one life after the other.
//!
//! The parent has no part in the sync. It lends the lives their directory, puts the terminal back as it was when one
//! of them was killed, says so, and starts the next, which finds there what the one before had stored.

use std::io;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use chrono::Utc;

use super::narrator::Narrator;
use super::scenario::Scenario;
use super::scratch::Scratch;
use crate::destination::Destination as _;
use crate::destination::sqlite::Sqlite;
use crate::lesson::Narration;
use crate::platform::process::{Modes, pass_on, was_killed};
use crate::platform::{Signal, Signals};
use crate::record::USER;

/// A demo that is killed more often than this is not killed for show.
const MOST: u32 = 3;

/// The signal that a terminal does not send: what else ends this process reaches its children too.
const TERMINATE: i32 = 15;

/// Starts lives until one ends by itself, and gives how it ended. `life` is the command of one; `between` is told what
/// there is to say when one was killed, with the terminal's modes as they were, and has so long to be read.
///
/// # Errors
/// If one cannot be started, or what it stored cannot be read.
pub async fn supervise(
    scenario: &Scenario,
    scratch: &Scratch,
    life: impl Fn() -> io::Result<Command>,
    mut between: impl FnMut(&Narration) -> io::Result<()>,
    to_read: Duration,
) -> Result<ExitStatus, Box<dyn std::error::Error>> {
    let modes = Modes::note();
    let mut signals = Signals::ending()?;
    let mut narrator = Narrator::new(scenario);
    for _ in 1..MOST {
        let status = live(life()?, &mut signals).await?;
        if !was_killed(status) {
            return Ok(status);
        }
        modes.put_back();
        let stored = Sqlite::read(&scratch.table(), &USER)?.stored()?;
        if let Some(narration) = narrator.killed(&stored, Utc::now()) {
            between(&narration)?;
        }
        tokio::time::sleep(to_read).await;
    }
    Ok(live(life()?, &mut signals).await?)
}

/// One life, from its start to its end.
async fn live(mut life: Command, signals: &mut Signals) -> io::Result<ExitStatus> {
    let mut child = life.spawn()?;
    let id = child.id();
    let mut ended = tokio::task::spawn_blocking(move || child.wait());
    loop {
        tokio::select! {
            status = &mut ended => return status?,
            signal = signals.recv() => if signal == Signal::End(TERMINATE) {
                pass_on(id, TERMINATE);
            },
        }
    }
}
