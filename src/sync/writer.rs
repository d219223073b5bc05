//! The destination's own thread, and group commit: what has arrived while the last commit ran goes into the next
//! one. A slow source is committed page by page, and a fast one does not pay for a sync of the disk with each.

use std::collections::VecDeque;
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

/// The destination behind a thread of its own. Dropping it waits until the destination is closed.
#[derive(Debug)]
pub(super) struct Writer {
    name: String,
    /// `None` only while it is being dropped, which is how the thread learns of it.
    work: Option<blocking::Sender<Work>>,
    groups: mpsc::UnboundedReceiver<Result<Group, DestinationError>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.work = None;
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has been told by the hook, and by the commit that never came.
            let _ = thread.join();
        }
    }
}

impl Writer {
    pub(super) fn start(destination: Box<dyn Destination>) -> Self {
        let (work, incoming) = blocking::channel();
        // Not more than there are pages on their way, which the engine bounds by their bytes.
        let (outgoing, groups) = mpsc::unbounded_channel();
        let name = destination.name();
        let thread = thread::spawn(move || serve(destination, &incoming, &outgoing));
        Self { name, work: Some(work), groups, thread: Some(thread) }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Hands over a page; [`Writer::group`] tells what became of it.
    pub(super) fn page(&self, batch: Batch) {
        self.hand_over(Work::Page(Box::new(batch)));
    }

    fn hand_over(&self, work: Work) {
        if let Some(queue) = &self.work {
            // A thread that is gone shows in the answer that never comes.
            let _ = queue.send(work);
        }
    }

    /// The next commit. Safe to drop and call again.
    pub(super) async fn group(&mut self) -> Result<Group, DestinationError> {
        self.groups.recv().await.unwrap_or_else(|| Err(gone()))
    }

    pub(super) async fn stored(&self) -> Result<Stored, DestinationError> {
        self.call(|destination| destination.stored()).await
    }

    pub(super) async fn begin(&self, run: NewRun) -> Result<i64, DestinationError> {
        self.call(move |destination| destination.begin(&run)).await
    }

    pub(super) async fn mark(&self, run: i64, outcome: Option<Outcome>) -> Result<(), DestinationError> {
        self.call(move |destination| destination.mark(run, outcome)).await
    }

    pub(super) async fn end(&self, ending: Ending) -> Result<(), DestinationError> {
        self.call(move |destination| destination.end(&ending)).await
    }

    /// Runs something on the destination, after the pages that were handed over before.
    async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Destination) -> Result<T, DestinationError> + Send + 'static,
    ) -> Result<T, DestinationError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |destination| drop(reply.send(job(destination))));
        self.hand_over(Work::Other(job));
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> DestinationError {
    DestinationError::Refused("the thread that writes to the destination has ended; run again".to_owned())
}

fn serve(
    mut destination: Box<dyn Destination>,
    incoming: &blocking::Receiver<Work>,
    outgoing: &mpsc::UnboundedSender<Result<Group, DestinationError>>,
) {
    let mut next = VecDeque::new();
    // The run whose page could not be stored: none of its later pages may be, or the checkpoint would pass the gap.
    let mut broken = None;
    loop {
        if next.is_empty() {
            match incoming.recv() {
                Ok(work) => next.push_back(work),
                Err(_) => return,
            }
        }
        next.extend(incoming.try_iter().take(GROUP));
        let mut group = Vec::new();
        while group.len() < GROUP {
            match next.pop_front() {
                Some(Work::Page(batch)) => group.push(*batch),
                Some(job) => {
                    next.push_front(job);
                    break;
                }
                None => break,
            }
        }
        group.retain(|batch: &Batch| broken != Some(batch.run));
        if let Some(last) = group.last() {
            let begun = Instant::now();
            let stored = destination.commit(&group).map(|pages| Group { pages, took: begun.elapsed() });
            if stored.is_err() {
                broken = Some(last.run);
            }
            let _ = outgoing.send(stored);
        } else if let Some(Work::Other(job)) = next.pop_front() {
            // Whoever asks for anything else has been told of the failure: what comes now begins at the gap.
            broken = None;
            job(destination.as_mut());
        }
    }
}
