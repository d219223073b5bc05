//! What a key would do now, in a word, and whether it has something to do, or why not.

use super::super::model::{Leaving, Model, Overlay, Panel, lesson};
use crate::replay::Motion;
use crate::sync::event::Phase;

/// What Space would do.
pub fn pause_label(model: &Model) -> &'static str {
    match motion(model) {
        Some(Motion::Held) => return "play on",
        Some(Motion::Playing | Motion::Over) => return "hold",
        None => {}
    }
    match model.heard.phase {
        _ if model.lesson.as_ref().is_some_and(|lesson| !lesson.runs) => "let it run",
        _ if model.lesson.is_some() => "hold",
        Phase::Paused | Phase::Holding => "resume",
        Phase::Resting { .. } => "hold",
        Phase::Pausing { .. } => "drop the page",
        _ => "pause",
    }
}

/// What `r` would do.
pub fn again_label(model: &Model) -> &'static str {
    if model.playback.is_some() {
        return "skip the wait";
    }
    match model.heard.phase {
        Phase::Waiting { .. } | Phase::Outage { .. } => "retry now",
        Phase::Resting { .. } | Phase::Holding => "run now",
        _ => "run again",
    }
}

/// What `q` would do.
pub fn quit_label(model: &Model) -> &'static str {
    match model.leaving {
        Leaving::No => "quit",
        Leaving::Asked(1, _) if model.heard.under_way() => "drop the page",
        Leaving::Asked(..) => "leave at once",
    }
}

/// There is always something to do.
pub fn always(_: &Model) -> Result<(), &'static str> {
    Ok(())
}

/// Whether the help can be shown: a question stays until it is answered or put off.
pub fn help_ready(model: &Model) -> Result<(), &'static str> {
    question(model)
}

/// What an open question says to a key that does not answer it.
fn question(model: &Model) -> Result<(), &'static str> {
    match model.overlay {
        Overlay::Choice(_) => Err("choose first: Enter takes what is marked, Esc puts it off"),
        Overlay::ConfirmFull => Err("answer first: Enter is yes, Esc is no"),
        _ => Ok(()),
    }
}

/// Whether the system can suspend a program.
pub fn suspend_ready(_: &Model) -> Result<(), &'static str> {
    if cfg!(unix) { Ok(()) } else { Err("this system cannot suspend a program") }
}

/// What stands in the way of every key that commands the sync.
fn sync_ready(model: &Model) -> Result<(), &'static str> {
    if model.leaving != Leaving::No {
        return Err("leaving: nothing more is started");
    }
    if model.heard.stream.is_none() {
        return Err("the destination is still being opened");
    }
    if model.lesson.as_ref().is_some_and(|lesson| lesson.verdict.is_some()) {
        return Err("the demo is over; q leaves, and `highwater demo` lists the others");
    }
    question(model)
}

/// What the player is doing, if it is a recording that is watched.
fn motion(model: &Model) -> Option<Motion> {
    model.playback.map(|playback| playback.motion)
}

/// Whether a recording still has something to show.
fn playable(motion: Motion) -> Result<(), &'static str> {
    if motion == Motion::Over { Err("the recording is over; q leaves") } else { Ok(()) }
}

/// Whether there is something to pause or to resume.
pub fn pause_ready(model: &Model) -> Result<(), &'static str> {
    sync_ready(model)?;
    if let Some(motion) = motion(model) {
        return playable(motion);
    }
    match model.heard.phase {
        _ if model.lesson.is_some() => Ok(()),
        Phase::Idle | Phase::Ended { .. } => Err("no run is under way; r starts one"),
        Phase::Stopping { .. } => Err("the run is stopping"),
        Phase::Pausing { deadline: None } => Err("what has arrived is being stored"),
        Phase::Running { .. }
        | Phase::Waiting { .. }
        | Phase::Outage { .. }
        | Phase::Pausing { .. }
        | Phase::Storing { .. }
        | Phase::Paused
        | Phase::Resting { .. }
        | Phase::Holding => Ok(()),
    }
}

/// Whether one page can be asked for.
pub fn step_ready(model: &Model) -> Result<(), &'static str> {
    sync_ready(model)?;
    if let Some(motion) = motion(model) {
        return playable(motion);
    }
    match model.heard.phase {
        Phase::Idle | Phase::Ended { .. } | Phase::Paused | Phase::Resting { .. } | Phase::Holding => Ok(()),
        Phase::Waiting { .. } if model.lesson.is_some() => {
            Err("the step waits for its page; r ends the wait")
        }
        Phase::Running { .. } | Phase::Storing { .. } if model.lesson.is_some() => {
            Err("the step is under way")
        }
        Phase::Running { .. } | Phase::Waiting { .. } | Phase::Outage { .. } | Phase::Storing { .. } => {
            Err("the run goes on by itself; Space pauses it first")
        }
        Phase::Pausing { .. } => Err("the pause is not reached yet"),
        Phase::Stopping { .. } => Err("the run is stopping"),
    }
}

/// Whether a run can begin or a wait can end.
pub fn again_ready(model: &Model) -> Result<(), &'static str> {
    sync_ready(model)?;
    if lesson::is_waiting(model) {
        return Err("s takes the first step, Space lets it run");
    }
    match motion(model) {
        Some(Motion::Held) => return Err("the replay is held; Space plays on, s shows the next page"),
        Some(motion) => return playable(motion),
        None => {}
    }
    match model.heard.phase {
        Phase::Idle
        | Phase::Ended { .. }
        | Phase::Waiting { .. }
        | Phase::Outage { .. }
        | Phase::Resting { .. }
        | Phase::Holding => Ok(()),
        Phase::Running { .. } | Phase::Storing { .. } => Err("a run is under way"),
        Phase::Pausing { .. } => Err("the pause is not reached yet"),
        Phase::Paused => Err("the run is paused; Space goes on"),
        Phase::Stopping { .. } => Err("the run is stopping"),
    }
}

/// Whether a full re-sync can begin.
pub fn full_ready(model: &Model) -> Result<(), &'static str> {
    sync_ready(model)?;
    if model.playback.is_some() {
        return Err("a recording is played; nothing is synced");
    }
    if model.heard.under_way() { Err("a run is under way; a full re-sync can follow it") } else { Ok(()) }
}

/// What `f` would do.
pub fn freeze_label(model: &Model) -> &'static str {
    if model.is_frozen() { "unfreeze" } else { "freeze" }
}

/// What `e` would do.
pub fn expand_label(model: &Model) -> &'static str {
    if model.arrangement.expanded { "shrink" } else { "expand" }
}

/// Whether the panels can be dealt with: not while a question waits for its answer.
pub fn panels_ready(model: &Model) -> Result<(), &'static str> {
    question(model)
}

/// Whether there is something to play faster or slower.
pub fn speed_ready(model: &Model) -> Result<(), &'static str> {
    question(model)?;
    if model.playback.is_some() { Ok(()) } else { Err("only a recording can be played at another speed") }
}

/// Whether there is a table to look at.
pub fn table_ready(model: &Model) -> Result<(), &'static str> {
    question(model)?;
    if !model.has_table { Err("there is no table behind a recording") } else { Ok(()) }
}

/// Whether there is a run to mark.
pub fn mark_ready(model: &Model) -> Result<(), &'static str> {
    question(model)?;
    if model.arrangement.focus == Panel::Runs { Ok(()) } else { Err("go to the runs first: 3 does") }
}

/// Whether there is an order to turn around.
pub fn reverse_ready(model: &Model) -> Result<(), &'static str> {
    table_ready(model)?;
    match model.browse.sort() {
        Some(_) => Ok(()),
        None => Err("they stand as they came; o orders by a column"),
    }
}

/// Whether somebody tells what happens.
pub fn narration_ready(model: &Model) -> Result<(), &'static str> {
    panels_ready(model)?;
    if model.lesson.is_some() { Ok(()) } else { Err("only in a demo somebody tells what happens") }
}
