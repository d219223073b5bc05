//! Destinations that do what a disk can do to a sync: be slow, or fail.

use std::sync::{Arc, Condvar, Mutex};

use chrono::Utc;
use highwater::destination::outage::{Outage, Waits};
use highwater::destination::{
    Batch, Beside, Committed, Destination, DestinationError, Ending, NewRun, Stored,
};
use highwater::run::Outcome;

use tokio::sync::watch;
use tokio::time::timeout;

use super::PATIENCE;

/// What the test sees of a destination, and holds it by.
#[derive(Clone, Debug, Default)]
pub struct Handle(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    /// How many commits may go through; `None`: all.
    allowed: Option<usize>,
    /// Pages of each commit that was begun.
    groups: Vec<Vec<u64>>,
    /// Commits that fail, by number from 1.
    failing: Vec<usize>,
    /// True if what is stored cannot be read any more, nor the end of a run written.
    closed: bool,
    /// True while it cannot be reached, and is waited for.
    gone: bool,
    /// How many commits were begun.
    begun: watch::Sender<usize>,
}

impl Handle {
    /// Holds commits back until they are let through.
    pub fn hold(self) -> Self {
        self.with(|state| state.allowed = Some(0));
        self
    }

    /// Lets the commit of that number fail.
    pub fn failing(self, commit: usize) -> Self {
        self.with(|state| state.failing.push(commit));
        self
    }

    /// Lets everything through from now on.
    pub fn release(&self) {
        self.with(|state| state.allowed = None);
    }

    /// From now on nothing can be read any more, and no run's end be written.
    pub fn close(&self) {
        self.with(|state| state.closed = true);
    }

    /// From now on it cannot be reached, or can be again.
    pub fn go(&self, gone: bool) {
        self.with(|state| state.gone = gone);
    }

    /// Waits until so many commits were begun.
    pub async fn until_begun(&self, commits: usize) {
        let mut begun = self.with(|state| state.begun.subscribe());
        let begun = timeout(PATIENCE, begun.wait_for(|begun| *begun >= commits)).await;
        assert!(begun.is_ok(), "commit {commits} was never begun: {:?}", self.groups());
    }

    /// The pages of each commit so far.
    pub fn groups(&self) -> Vec<Vec<u64>> {
        self.with(|state| state.groups.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let result = act(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
        result
    }

    /// Notes a commit and waits until it may go through; false if it is to fail.
    fn commit(&self, batches: &[Batch]) -> bool {
        let mut state = self.0.0.lock().unwrap();
        state.groups.push(batches.iter().map(|batch| batch.page).collect());
        let number = state.groups.len();
        state.begun.send_replace(number);
        let held = |state: &mut State| state.allowed.is_some_and(|allowed| allowed < number);
        let (state, waited) = self.0.1.wait_timeout_while(state, PATIENCE, held).unwrap();
        assert!(!waited.timed_out(), "commit {number} was never let through");
        !state.failing.contains(&number)
    }
}

/// A destination behind a handle.
pub struct Handled {
    pub inner: Box<dyn Destination>,
    pub handle: Handle,
    pub waits: Waits,
}

impl Handled {
    /// Waits while it cannot be reached, and tries again only when it is told to.
    fn reach(&self) -> Result<(), DestinationError> {
        while self.handle.with(|state| state.gone) {
            let since = Utc::now();
            let until = since + PATIENCE;
            let outage = Outage { reason: "no answer".to_owned(), since, until, gives_up: until };
            if !self.waits.wait(PATIENCE, Some(outage)) {
                return Err(Self::refused("not waited for"));
            }
        }
        self.waits.are_over();
        Ok(())
    }

    fn refused(what: &str) -> DestinationError {
        DestinationError::Refused(what.to_owned())
    }
}

impl Destination for Handled {
    fn name(&self) -> String {
        self.inner.name()
    }
    fn beside(&self) -> Beside {
        self.inner.beside()
    }
    fn wait_by(&mut self, waits: Waits) {
        self.waits = waits;
    }
    fn stored(&mut self) -> Result<Stored, DestinationError> {
        self.reach()?;
        match self.handle.with(|state| state.closed) {
            true => Err(Self::refused("the disk is gone")),
            false => self.inner.stored(),
        }
    }
    fn begin(&mut self, run: &NewRun) -> Result<i64, DestinationError> {
        self.inner.begin(run)
    }
    fn mark(&mut self, run: i64, outcome: Option<Outcome>) -> Result<(), DestinationError> {
        self.inner.mark(run, outcome)
    }
    fn commit(&mut self, batches: &[Batch]) -> Result<Vec<Committed>, DestinationError> {
        self.reach()?;
        match self.handle.commit(batches) {
            true => self.inner.commit(batches),
            false => Err(Self::refused("the disk is full")),
        }
    }
    fn end(&mut self, ending: &Ending) -> Result<(), DestinationError> {
        self.reach()?;
        match self.handle.with(|state| state.closed) {
            true => Err(Self::refused("the disk is gone")),
            false => self.inner.end(ending),
        }
    }
}
