//! What an operator can ask of a sync. A command is sent and forgotten: the answer is the phase that follows.

use serde::{Deserialize, Serialize};

use crate::run::Start;

/// What an operator can ask of a sync.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Starts a run. Ignored while one is under way.
    Run(Start),
    /// Commits the page on the wire, asks for nothing more, and holds. In a wait it takes effect at once. Said a
    /// second time while the page is still on the wire, it drops that request instead. Between two runs it holds the
    /// next one back.
    Pause,
    /// Goes on after a pause, with what is left of the wait that the pause interrupted: for the next attempt, or for
    /// the next run.
    Resume,
    /// Asks for exactly one page, then holds. Starts a run (like `Run(Start::Token)`) if there is none.
    Step,
    /// Ends the wait that is on, or that a pause interrupted: the next attempt, or the next run, begins at once.
    RetryNow,
    /// Pause, then end the run as `stopped` and leave. Said a second time, it drops the request on the wire.
    Stop,
}
