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

use crate::destination::outage::Waits;
use crate::destination::{Batch, Beside, Committed, Destination, DestinationError, Ending, NewRun, Stored};
use crate::run::Outcome;

/// How many pages go into one commit at most: their events come in one go, and a screen is to keep up with them.
const GROUP: usize = 256;

/// How many rows do, about: each commit writes whatever pages of the index its keys touch, and with twice as many keys,
/// which come in no order, it touches most of the same ones.
const ROWS: usize = 1 << 16;

enum Work {
    /// A page, and what it weighs in the queue.
    Page(Box<Batch>, u64),
    Other(Job),
}

type Job = Box<dyn FnOnce(&mut dyn Destination) + Send>;

/// What the destination says to what it was asked to do.
pub(super) type Answer<T> = oneshot::Receiver<Result<T, DestinationError>>;

/// What is told of the pages that were handed over.
#[derive(Debug)]
pub(super) enum Word {
    /// So much of what they weigh waits no longer; whether it is stored is told later.
    Room(u64),
    /// A commit is over.
    Group(Result<Group, DestinationError>),
}

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
    beside: Beside,
    hands: Hands,
    waits: Waits,
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
        /// What was not told yet.
        words: VecDeque<Word>,
    },
}

impl Writer {
    /// With a thread of its own.
    pub(super) fn start(mut destination: Box<dyn Destination>) -> Self {
        let (name, beside, waits) = (destination.name(), destination.beside(), Waits::default());
        destination.wait_by(waits.clone());
        Self { name, beside, hands: Hands::Thread(Worker::start(Desk::new(destination))), waits }
    }

    /// Without a thread, so that a runtime whose clock stands still while there is something to do can tell; a commit
    /// takes so long by that clock.
    pub(super) fn in_step(destination: Box<dyn Destination>, takes: Duration) -> Self {
        let (name, beside, words) = (destination.name(), destination.beside(), VecDeque::new());
        let hands = Hands::Caller { desk: Desk::new(destination), takes, due: None, words };
        Self { name, beside, hands, waits: Waits::default() }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Where the destination keeps what has no place in the table.
    pub(super) fn beside(&self) -> &Beside {
        &self.beside
    }

    /// Hands over a page that weighs so much; [`Writer::word`] tells what became of it.
    pub(super) fn page(&mut self, batch: Batch, weight: u64) {
        self.hand_over(Work::Page(Box::new(batch), weight));
    }

    fn hand_over(&mut self, work: Work) {
        match &mut self.hands {
            Hands::Thread(worker) => worker.hand_over(work),
            Hands::Caller { desk, takes, due, .. } => {
                due.get_or_insert_with(|| tokio::time::Instant::now() + *takes);
                desk.queue.waiting.push_back(work);
            }
        }
    }

    /// The next thing that is told. Safe to drop and call again.
    pub(super) async fn word(&mut self) -> Word {
        match &mut self.hands {
            Hands::Thread(worker) => worker.words.recv().await.unwrap_or_else(|| Word::Group(Err(gone()))),
            Hands::Caller { desk, due, words, .. } => {
                if let Some(word) = words.pop_front() {
                    return word;
                }
                if let Some(due) = *due {
                    tokio::time::sleep_until(due).await;
                }
                *due = None;
                desk.work(words);
                match words.pop_front() {
                    Some(word) => word,
                    None => std::future::pending().await,
                }
            }
        }
    }

    /// What the destination waits for, if that may be gone for a while.
    pub(super) fn waits(&self) -> &Waits {
        &self.waits
    }

    pub(super) fn stored(&mut self) -> Answer<Stored> {
        self.call(|destination| destination.stored())
    }

    pub(super) fn begin(&mut self, run: NewRun) -> Answer<i64> {
        self.call(move |destination| destination.begin(&run))
    }

    pub(super) fn mark(&mut self, run: i64, outcome: Option<Outcome>) -> Answer<()> {
        self.call(move |destination| destination.mark(run, outcome))
    }

    pub(super) fn end(&mut self, ending: Ending) -> Answer<()> {
        self.call(move |destination| destination.end(&ending))
    }

    /// Runs something on the destination, after the pages that were handed over before.
    fn call<T: Send + 'static>(
        &mut self,
        job: impl FnOnce(&mut dyn Destination) -> Result<T, DestinationError> + Send + 'static,
    ) -> Answer<T> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |destination| drop(reply.send(job(destination))));
        self.hand_over(Work::Other(job));
        if let Hands::Caller { desk, due, words, .. } = &mut self.hands {
            *due = None;
            while !desk.queue.waiting.is_empty() {
                desk.work(words);
            }
        }
        answer
    }
}

/// What is to be said where no answer comes.
pub(super) fn gone() -> DestinationError {
    DestinationError::Refused("the thread that writes to the destination has ended; run again".to_owned())
}

/// The thread, and the ways to it and from it.
#[derive(Debug)]
struct Worker {
    /// `None` only while it is being dropped, which is how the thread learns of it.
    work: Option<blocking::Sender<Work>>,
    words: mpsc::UnboundedReceiver<Word>,
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
        let (outgoing, words) = mpsc::unbounded_channel();
        let thread = thread::spawn(move || {
            while let Ok(work) = incoming.recv() {
                desk.queue.waiting.push_back(work);
                while !desk.queue.waiting.is_empty() {
                    desk.queue.waiting.extend(incoming.try_iter());
                    desk.turn(&mut |word| drop(outgoing.send(word)));
                }
            }
        });
        Self { work: Some(work), words, thread: Some(thread) }
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
    queue: Queue,
}

/// What waits for the destination.
#[derive(Default)]
struct Queue {
    waiting: VecDeque<Work>,
    /// The run whose page could not be stored: none of its later pages may be, or the checkpoint would pass the gap.
    broken: Option<i64>,
}

impl Queue {
    /// The pages that wait and go into one commit, and what they weigh. None if something else is to be done first.
    fn group(&mut self) -> (Vec<Batch>, u64) {
        let (mut group, mut rows, mut weighs) = (Vec::new(), 0, 0);
        while group.len() < GROUP
            && rows < ROWS
            && matches!(self.waiting.front(), Some(Work::Page(..)))
            && let Some(Work::Page(batch, weight)) = self.waiting.pop_front()
        {
            if self.broken != Some(batch.run) {
                rows += batch.rows.len();
                weighs += weight;
                group.push(*batch);
            }
        }
        (group, weighs)
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} waiting", self.destination.name(), self.queue.waiting.len())
    }
}

impl Desk {
    fn new(destination: Box<dyn Destination>) -> Self {
        Self { destination, queue: Queue::default() }
    }

    /// Turns until there is something to tell, or nothing waits any more.
    fn work(&mut self, words: &mut VecDeque<Word>) {
        while words.is_empty() && !self.queue.waiting.is_empty() {
            self.turn(&mut |word| words.push_back(word));
        }
    }

    /// The next thing that waits: a group of pages, or something else.
    fn turn(&mut self, tell: &mut dyn FnMut(Word)) {
        let Self { destination, queue } = self;
        let (group, weighs) = queue.group();
        if let Some(first) = group.first() {
            let (begun, run) = (Instant::now(), first.run);
            // Others may take their place in the queue while they are being stored.
            tell(Word::Room(weighs));
            let stored = destination.commit(&group);
            if stored.is_err() {
                queue.broken = Some(run);
            }
            drop(group);
            tell(Word::Group(stored.map(|pages| Group { pages, took: begun.elapsed() })));
        } else if let Some(Work::Other(job)) = queue.waiting.pop_front() {
            // Whoever asks for anything else has been told of the failure: what comes now begins at the gap.
            queue.broken = None;
            job(destination.as_mut());
        }
    }
}
