//! The threads: each takes its questions from the desk, looks, and sends the answer, unless nobody wants it any more.

use std::path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{self, error::TrySendError};

use super::desk::{Desk, Next, Stop, Thread, Wanted};
use super::export::{self, End};
use super::{Answer, Filter, Look, Question};
use crate::destination::DestinationError;

/// How many answers wait to be read before the threads do.
const ANSWERS: usize = 16;

/// How long a thread whose answers are not read waits before it tries again.
const PATIENCE: Duration = Duration::from_millis(50);

/// How often progress is told at most.
const PROGRESS: Duration = Duration::from_millis(100);

/// The asking side. Dropping it stops whatever is under way, takes back an export that is not complete, and ends the
/// threads.
#[derive(Debug)]
pub struct Reader {
    desk: Arc<Desk>,
    threads: Vec<JoinHandle<()>>,
}

impl Reader {
    /// Starts the threads, each with a look of its own that heeds the [`Stop`] it is made with.
    pub fn start<L: Look + 'static>(mut look: impl FnMut(Stop) -> L) -> (Self, mpsc::Receiver<Answer>) {
        let desk = Arc::new(Desk::default());
        let (outgoing, answers) = mpsc::channel(ANSWERS);
        let threads = Thread::ALL.map(|thread| {
            let look = look(desk.stop(thread).clone());
            let mouth = Mouth { thread, desk: Arc::clone(&desk), outgoing: outgoing.clone(), told: None };
            thread::spawn(move || serve(look, mouth))
        });
        (Self { desk, threads: threads.into() }, answers)
    }

    /// Asks. Never waits; supersedes what was asked of the same kind.
    pub fn ask(&self, question: Question) {
        self.desk.put(question);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.desk.close();
        for thread in self.threads.drain(..) {
            // A panic in the thread has been told by the hook.
            let _ = thread.join();
        }
    }
}

/// Sends a thread's answers.
struct Mouth {
    thread: Thread,
    desk: Arc<Desk>,
    outgoing: mpsc::Sender<Answer>,
    /// When progress was last told.
    told: Option<Instant>,
}

impl Mouth {
    fn stop(&self) -> &Stop {
        self.desk.stop(self.thread)
    }

    /// Sends an answer as soon as there is room for it; not one that nobody wants any more.
    fn say(&self, mut answer: Answer) {
        while self.stop().wanted() != Wanted::No {
            match self.outgoing.try_send(answer) {
                Ok(()) | Err(TrySendError::Closed(_)) => return,
                Err(TrySendError::Full(back)) => answer = back,
            }
            self.desk.linger(PATIENCE);
        }
    }

    /// Sends what came of a question. A failure is none if the work was stopped.
    fn reply(&self, ticket: u64, result: Result<Answer, DestinationError>) {
        match result {
            Ok(answer) => self.say(answer),
            Err(_) if self.stop().wanted() == Wanted::Cancelled => self.say(Answer::Cancelled { ticket }),
            Err(error) => self.say(Answer::Failed { ticket, text: error.to_string() }),
        }
    }

    /// Tells progress, if it is time and there is room.
    fn progress(&mut self, ticket: u64, done: u64, of: Option<u64>) {
        if self.told.is_none_or(|told| told.elapsed() >= PROGRESS) {
            self.told = Some(Instant::now());
            let _ = self.outgoing.try_send(Answer::Progress { ticket, done, of });
        }
    }
}

/// A count that is under way: it is made in parts, between which everything else of its thread is answered.
struct Count {
    ticket: u64,
    filter: Filter,
    rows: u64,
    seen: u64,
    next: Option<i64>,
    of: Option<u64>,
}

fn serve<L: Look>(mut look: L, mut mouth: Mouth) {
    let mut count = None;
    let desk = Arc::clone(&mouth.desk);
    loop {
        match desk.next(mouth.thread, count.is_some()) {
            Next::End => return,
            Next::GoOn => {
                count = count.and_then(|count| go_on(&mut look, &mut mouth, count));
            }
            Next::Question(Question::Count { ticket, filter }) => {
                mouth.told = None;
                count = Some(Count { ticket, filter, rows: 0, seen: 0, next: None, of: None });
            }
            Next::Question(question) => answer(&mut look, &mut mouth, question),
        }
    }
}

/// Counts one part more; gives the count back unless it is at its end.
fn go_on(look: &mut impl Look, mouth: &mut Mouth, mut count: Count) -> Option<Count> {
    let ticket = count.ticket;
    let result = part(look, &mut count);
    match result {
        Ok(true) => mouth.reply(ticket, Ok(Answer::Count { ticket, rows: count.rows })),
        Ok(false) => {
            mouth.progress(ticket, count.seen, count.of);
            return Some(count);
        }
        Err(error) => mouth.reply(ticket, Err(error)),
    }
    None
}

/// Counts one part; true if it was the last.
fn part(look: &mut impl Look, count: &mut Count) -> Result<bool, DestinationError> {
    if count.of.is_none() {
        count.of = Some(look.total()?);
    }
    let part = look.tally(&count.filter, count.next)?;
    count.rows += part.matched;
    count.seen += part.seen;
    count.next = part.next;
    Ok(part.next.is_none())
}

fn answer(look: &mut impl Look, mouth: &mut Mouth, question: Question) {
    match question {
        Question::Window { ticket, view, place, rows } => {
            let begun = Instant::now();
            let slice = look.window(&view, &place, rows);
            let took = begun.elapsed();
            mouth.reply(ticket, slice.map(|slice| Answer::Window { ticket, slice, took }));
        }
        Question::Row { ticket, id } => {
            let row = look.row(&id);
            mouth.reply(ticket, row.map(|row| Answer::Row { ticket, row: row.map(Box::new) }));
        }
        Question::Runs { ticket, before, rows } => {
            let runs = look.runs(before, rows);
            mouth.reply(ticket, runs.map(|runs| Answer::Runs { ticket, runs }));
        }
        Question::Pages { ticket, run, before, rows } => {
            let pages = look.pages(run, before, rows);
            mouth.reply(ticket, pages.map(|pages| Answer::Pages { ticket, pages }));
        }
        Question::Export { ticket, export } => write(look, mouth, ticket, *export),
        // The first is made in parts, the second is no question.
        Question::Count { .. } | Question::Cancel => {}
    }
}

fn write(look: &mut impl Look, mouth: &mut Mouth, ticket: u64, export: export::Export) {
    mouth.told = None;
    let stop = mouth.stop().clone();
    let of = if export.view.filter.is_empty() { look.total().map(Some) } else { Ok(None) };
    let written = of.and_then(|of| {
        mouth.progress(ticket, 0, of);
        export::run(look, &export, &stop, &mut |done| mouth.progress(ticket, done, of))
    });
    mouth.reply(
        ticket,
        written.map(|end| match end {
            End::Occupied => Answer::Occupied { ticket, path: export.path },
            End::Exported { rows, bytes } => {
                let path = path::absolute(&export.path).unwrap_or(export.path);
                Answer::Exported { ticket, rows, bytes, path }
            }
        }),
    );
}
