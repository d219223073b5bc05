//! `copy`: a table with its state from one destination to another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tokio::sync::oneshot;

use super::run::{Fault, end_signal, runtime, signalled};
use super::source::{place, with_password};
use super::{Copied, Exit, print};
use crate::destination::DestinationError;
use crate::destination::copy::part::PARTS;
use crate::destination::copy::{Copy, Doing, Ended};
use crate::destination::outage::{Outage, Waits};
use crate::destination::place::{Opened, Place, Steered};
use crate::platform::Signals;
use crate::record::Schema;
use crate::report::Progress;
use crate::text::{count, number, span};

/// `highwater copy`: all of a table and of what belongs to it, compared at the end.
///
/// # Errors
/// If either destination cannot be opened, read or written, if there is something else already where the copy should
/// go, or if it came out otherwise.
pub fn run(copied: &Copied) -> Result<Exit, Fault> {
    let Copied { settings, from, to, anew } = copied;
    let from = match from {
        Some(from) => with_password(from.clone(), settings)?,
        None => place(settings)?,
    };
    let to = with_password(to.clone(), settings)?;
    if from == to {
        return Err(format!("{from} cannot be copied to itself; give another --to").into());
    }
    runtime()?.block_on(ended(Job { from, to, schema: settings.contract.schema, anew: *anew }))
}

/// What is to be copied.
#[derive(Clone)]
struct Job {
    from: Place,
    to: Place,
    schema: &'static Schema,
    anew: bool,
}

/// Copies on a thread of its own, tells what a destination is waited for, and lets a signal stop it after the piece that
/// is on its way, or end the wait.
async fn ended(job: Job) -> Result<Exit, Fault> {
    let mut signals = Signals::ending()?;
    let (stopped, waits) = (Arc::new(AtomicBool::new(false)), Waits::default());
    let progress = Arc::new(Progress::start("copied"));
    let (sender, mut done) = oneshot::channel();
    let (stop, task) = (Arc::clone(&stopped), job.clone());
    let (held, shown) = (waits.clone(), Arc::clone(&progress));
    thread::Builder::new().spawn(move || {
        let ended = task.copy(&held, &shown, &|| stop.load(Ordering::Relaxed));
        // The line must be gone before the end is told.
        drop(shown);
        // Nobody waits any more if the program is leaving.
        let _ = sender.send(ended);
    })?;
    let (mut outages, mut is_out) = (waits.watch(), false);
    let mut signal = None;
    let ended = loop {
        tokio::select! {
            ended = &mut done => break ended?,
            Ok(()) = outages.changed() => {
                let outage = outages.borrow_and_update().clone();
                if is_out != outage.is_some() {
                    is_out = outage.is_some();
                    progress.aside(|| print::note(&waited_for(outage.as_ref())));
                }
            }
            number = end_signal(&mut signals) => {
                // At the second one it leaves at once: what is not committed goes over the next time.
                if signal.replace(number).is_some() {
                    std::process::exit(128 + number);
                }
                stopped.store(true, Ordering::Relaxed);
                waits.end();
            }
        }
    };
    drop(progress);
    match (ended, signal) {
        (Ok(Done { ended: Ended::Complete(counts), checkpoint }), _) => {
            job.tell(&counts, checkpoint.as_deref())?;
            Ok(Exit::Complete)
        }
        (Ok(Done { ended: Ended::Stopped(entries), .. }), signal) => {
            print::note(&format!("stopped after {}; the same command goes on", entries_of(entries)));
            Ok(signal.map_or(Exit::Early, signalled))
        }
        (Err(error), Some(number)) => {
            print::error(&error.to_string());
            Ok(signalled(number))
        }
        (Err(error), None) => Err(error.into()),
    }
}

/// That a destination is waited for, or is there again.
fn waited_for(outage: Option<&Outage>) -> String {
    match outage {
        Some(Outage { reason, since, gives_up, .. }) => {
            format!("waits for a destination, {} at most: {reason}", span(*gives_up - *since))
        }
        None => "it is there again".to_owned(),
    }
}

/// What a copy came to.
struct Done {
    ended: Ended,
    checkpoint: Option<String>,
}

impl Job {
    fn copy(
        &self,
        waits: &Waits,
        progress: &Progress,
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<Done, DestinationError> {
        let Self { from, to, schema, anew } = self;
        // What is not there is not to be made.
        drop(from.read(schema)?);
        let mut source = told(from.open(schema)?, from);
        source.check_steering()?;
        let checkpoint = source.stored()?.checkpoint.map(|checkpoint| checkpoint.text().to_owned());
        let mut target = told(to.open_unfinished(schema)?, to);
        let rows = source.stored()?.rows;
        source.wait_by(waits.clone());
        target.wait_by(waits.clone());
        let mut tell = |doing| {
            match doing {
                Doing::GoingOn(entries) => {
                    progress.aside(|| {
                        print::note(&format!("goes on after {}, which are there", entries_of(entries)))
                    });
                }
                Doing::Anew => progress.aside(|| {
                    print::note(&format!("begins anew: {from} has changed since the copy was begun"));
                }),
                Doing::Copied(entries) => {
                    progress.say(&format!(
                        "{} copied · the table has {}",
                        entries_of(entries),
                        count(rows, "row")
                    ));
                }
                Doing::Compared(entries) => {
                    progress.say(&format!(
                        "{} compared · the table has {}",
                        entries_of(entries),
                        count(rows, "row")
                    ));
                }
            }
            !is_stopped()
        };
        let ended = Copy::new(source.as_mut(), target.as_mut(), &mut tell).run(*anew)?;
        Ok(Done { ended, checkpoint })
    }

    /// What was copied, in words.
    fn tell(&self, counts: &[u64], checkpoint: Option<&str>) -> Result<(), Fault> {
        let Self { from, to, schema, .. } = self;
        let parts = PARTS.iter().zip(counts).filter(|(_, entries)| **entries > 0);
        let parts: Vec<String> = parts.map(|(part, entries)| count(*entries, part.entry())).collect();
        let parts = if parts.is_empty() { "nothing yet".to_owned() } else { parts.join(", ") };
        print::line(&format!("copied      {from} → {to}"))?;
        print::line(&format!("{:<12}{parts}", schema.table))?;
        print::line("compared    every entry of both was read again, and is the same")?;
        print::line(&format!(
            "checkpoint  {}; a sync with --db {to} goes on from there, and {from} is as it was",
            checkpoint.unwrap_or("none")
        ))?;
        Ok(())
    }
}

fn entries_of(entries: u64) -> String {
    if entries == 1 { "1 entry".to_owned() } else { format!("{} entries", number(entries)) }
}

/// The destination, when what was noticed on opening it is told.
fn told(opened: Opened, place: &Place) -> Box<dyn Steered> {
    if let Some(killed) = opened.killed {
        print::note(&format!("{place}: {killed}"));
    }
    opened.destination
}
