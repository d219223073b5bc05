//! The destination's own thread, and group commit: what has arrived while the last commit ran goes into the next
//! one. A slow source is committed page by page, and a fast one does not pay for a sync of the disk with each.
//!
//! The same desk works without a thread where every run must have the same history each time.

use std::collections::VecDeque;
use std::fmt;
use std::sync::mpsc as blocking;
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use crate::destination::{Batch, Committed, Destination, DestinationError, Ending, NewRun, Stored};
use crate::run::Outcome;

/// How many pages go into one commit at most: enough to spread the cost of a sync, few enough that a page does not
/// wait long for its commit.
const GROUP: usize = 64;

enum Work {
    Page(Box<Batch>),
    Other(Job),
}

type Job = Box<dyn FnOnce(&mut dyn Destination) + Send>;

/// Pages that went into one commit.
#[derive(Debug)]
pub(super) struct Group {
    /// What became of each, in order.
    pub(super) pages: Vec<Committed>,
    /// How long the commit took.
    pub(super) took: Duration,
}

/// The destination, and who does the work on it. Dropping it waits until the destination is closed.
#[derive(Debug)]
pub(super) struct Writer {
    name: String,
    hands: Hands,
}

/// Who works at the desk.
#[derive(Debug)]
enum Hands {
    /// A thread of its own, beside whatever else goes on.
    Thread(Worker),
    /// Whoever asks, there and then: nothing happens but in the order in which it is asked for.
    Caller {
        desk: Desk,
        /// How long a commit takes, by the runtime's clock.
        takes: Duration,
        /// When the commit that is under way is over.
        due: Option<tokio::time::Instant>,
        /// Groups that were stored on the way to something else.
        groups: VecDeque<Result<Group, DestinationError>>,
    },
}

impl Writer {
    /// With a thread of its own.
    pub(super) fn start(destination: Box<dyn Destination>) -> Self {
        Self { name: destination.name(), hands: Hands::Thread(Worker::start(Desk::new(destination))) }
    }

    /// Without a thread, so that a runtime whose clock stands still while there is something to do can tell; a commit
    /// takes so long by that clock.
    pub(super) fn in_step(destination: Box<dyn Destination>, takes: Duration) -> Self {
        let name = destination.name();
        let groups = VecDeque::new();
        Self { name, hands: Hands::Caller { desk: Desk::new(destination), takes, due: None, groups } }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Hands over a page; [`Writer::group`] tells what became of it.
    pub(super) fn page(&mut self, batch: Batch) {
        self.hand_over(Work::Page(Box::new(batch)));
    }

    fn hand_over(&mut self, work: Work) {
        match &mut self.hands {
            Hands::Thread(worker) => worker.hand_over(work),
            Hands::Caller { desk, takes, due, .. } => {
                due.get_or_insert_with(|| tokio::time::Instant::now() + *takes);
                desk.waiting.push_back(work);
            }
        }
    }

    /// The next commit. Safe to drop and call again.
    pub(super) async fn group(&mut self) -> Result<Group, DestinationError> {
        match &mut self.hands {
            Hands::Thread(worker) => worker.groups.recv().await.unwrap_or_else(|| Err(gone())),
            Hands::Caller { desk, due, groups, .. } => {
                if let Some(group) = groups.pop_front() {
                    return group;
                }
                if let Some(due) = *due {
                    tokio::time::sleep_until(due).await;
                }
                *due = None;
                match desk.work() {
                    Some(group) => group,
                    None => std::future::pending().await,
                }
            }
        }
    }

    pub(super) async fn stored(&mut self) -> Result<Stored, DestinationError> {
        self.call(|destination| destination.stored()).await
    }

    pub(super) async fn begin(&mut self, run: NewRun) -> Result<i64, DestinationError> {
        self.call(move |destination| destination.begin(&run)).await
    }

    pub(super) async fn mark(&mut self, run: i64, outcome: Option<Outcome>) -> Result<(), DestinationError> {
        self.call(move |destination| destination.mark(run, outcome)).await
    }

    pub(super) async fn end(&mut self, ending: Ending) -> Result<(), DestinationError> {
        self.call(move |destination| destination.end(&ending)).await
    }

    /// Runs something on the destination, after the pages that were handed over before.
    async fn call<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut dyn Destination) -> Result<T, DestinationError> + Send + 'static,
    ) -> Result<T, DestinationError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |destination| drop(reply.send(job(destination))));
        self.hand_over(Work::Other(job));
        if let Hands::Caller { desk, due, groups, .. } = &mut self.hands {
            *due = None;
            groups.extend(std::iter::from_fn(|| desk.work()));
        }
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> DestinationError {
    DestinationError::Refused("the thread that writes to the destination has ended; run again".to_owned())
}

/// The thread, and the ways to it and from it.
#[derive(Debug)]
struct Worker {
    /// `None` only while it is being dropped, which is how the thread learns of it.
    work: Option<blocking::Sender<Work>>,
    groups: mpsc::UnboundedReceiver<Result<Group, DestinationError>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has been told by the hook, and by the commit that never came.
            let _ = thread.join();
        }
    }
}

impl Worker {
    fn start(mut desk: Desk) -> Self {
        let (work, incoming) = blocking::channel();
        // Not more than there are pages on their way, which the engine bounds by their bytes.
        let (outgoing, groups) = mpsc::unbounded_channel();
        let thread = thread::spawn(move || {
            while let Ok(work) = incoming.recv() {
                desk.waiting.push_back(work);
                while !desk.waiting.is_empty() {
                    desk.waiting.extend(incoming.try_iter().take(GROUP));
                    if let Some(group) = desk.turn() {
                        let _ = outgoing.send(group);
                    }
                }
            }
        });
        Self { work: Some(work), groups, thread: Some(thread) }
    }

    fn hand_over(&self, work: Work) {
        if let Some(queue) = &self.work {
            // A thread that is gone shows in the answer that never comes.
            let _ = queue.send(work);
        }
    }
}

/// The destination, and what waits for it, turn by turn.
struct Desk {
    destination: Box<dyn Destination>,
    waiting: VecDeque<Work>,
    /// The run whose page could not be stored: none of its later pages may be, or the checkpoint would pass the gap.
    broken: Option<i64>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} waiting", self.destination.name(), self.waiting.len())
    }
}

impl Desk {
    fn new(destination: Box<dyn Destination>) -> Self {
        Self { destination, waiting: VecDeque::new(), broken: None }
    }

    /// Turns until a group is stored; `None` if nothing waits any more.
    fn work(&mut self) -> Option<Result<Group, DestinationError>> {
        while !self.waiting.is_empty() {
            if let Some(group) = self.turn() {
                return Some(group);
            }
        }
        None
    }

    /// The next thing that waits: a group of pages, whose commit is given, or something else.
    fn turn(&mut self) -> Option<Result<Group, DestinationError>> {
        let mut group = Vec::new();
        while group.len() < GROUP {
            match self.waiting.pop_front() {
                Some(Work::Page(batch)) => group.push(*batch),
                Some(job) => {
                    self.waiting.push_front(job);
                    break;
                }
                None => break,
            }
        }
        group.retain(|batch: &Batch| self.broken != Some(batch.run));
        if let Some(last) = group.last() {
            let begun = Instant::now();
            let stored = self.destination.commit(&group).map(|pages| Group { pages, took: begun.elapsed() });
            if stored.is_err() {
                self.broken = Some(last.run);
            }
            return Some(stored);
        }
        if let Some(Work::Other(job)) = self.waiting.pop_front() {
            // Whoever asks for anything else has been told of the failure: what comes now begins at the gap.
            self.broken = None;
            job(self.destination.as_mut());
        }
        None
    }
}
