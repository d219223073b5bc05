//! Where questions lie until a thread takes them up: one place for each kind, so that nothing can pile up and nobody
//! who asks has to wait.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Question;

/// The threads, so that nothing waits for what may take longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thread {
    /// What takes no time: the log, one row.
    Log,
    /// What may have to read the table.
    Table,
    /// What reads and writes all of it.
    Export,
}

impl Thread {
    pub(super) const ALL: [Self; 3] = [Self::Log, Self::Table, Self::Export];

    /// The kinds of its questions, the most urgent first.
    fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Log => &[Kind::Row, Kind::Pages, Kind::Runs],
            Self::Table => &[Kind::Window, Kind::Count],
            Self::Export => &[Kind::Export],
        }
    }
}

/// Questions of the same kind supersede one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Row,
    Pages,
    Runs,
    Window,
    Count,
    Export,
}

const KINDS: usize = 6;

impl Kind {
    fn thread(self) -> Thread {
        match self {
            Self::Row | Self::Pages | Self::Runs => Thread::Log,
            Self::Window | Self::Count => Thread::Table,
            Self::Export => Thread::Export,
        }
    }

    /// A question's; `None` for what is no question.
    fn of(question: &Question) -> Option<Self> {
        match question {
            Question::Window { .. } => Some(Self::Window),
            Question::Count { .. } => Some(Self::Count),
            Question::Row { .. } => Some(Self::Row),
            Question::Runs { .. } => Some(Self::Runs),
            Question::Pages { .. } => Some(Self::Pages),
            Question::Export { .. } => Some(Self::Export),
            Question::Cancel => None,
        }
    }
}

/// Whether the question that a thread works on is still wanted.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicU8>);

/// What a thread is to do with the question that it works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Wanted {
    Yes,
    /// Nobody waits for the answer any more.
    No,
    /// It was taken back, and that is the answer.
    Cancelled,
}

impl Stop {
    /// True once the work should end.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.wanted() != Wanted::Yes
    }

    pub(super) fn wanted(&self) -> Wanted {
        match self.0.load(Ordering::Relaxed) {
            0 => Wanted::Yes,
            1 => Wanted::No,
            _ => Wanted::Cancelled,
        }
    }

    fn set(&self, wanted: Wanted) {
        self.0.store(wanted as u8, Ordering::Relaxed);
    }
}

/// The questions that wait, and those that are being worked on.
#[derive(Debug, Default)]
pub(super) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
    stops: [Stop; Thread::ALL.len()],
}

#[derive(Debug, Default)]
struct State {
    waiting: [Option<Waiting>; KINDS],
    at_work: [Option<Kind>; Thread::ALL.len()],
    closed: bool,
}

#[derive(Debug)]
struct Waiting {
    question: Question,
    cancelled: bool,
}

/// What a thread does next.
#[derive(Debug)]
pub(super) enum Next {
    /// Works on this question.
    Question(Question),
    /// Goes on with what it has: nothing else was asked.
    GoOn,
    /// Ends.
    End,
}

impl Desk {
    /// A thread's stop.
    pub(super) fn stop(&self, thread: Thread) -> &Stop {
        &self.stops[thread as usize]
    }

    /// Puts a question down, in the place of an older one of its kind; one that is being worked on is stopped.
    pub(super) fn put(&self, question: Question) {
        let mut state = self.state();
        let Some(kind) = Kind::of(&question) else { return self.cancel(&mut state) };
        let stop = self.stop(kind.thread());
        if state.at_work[kind.thread() as usize] == Some(kind) && !stop.is_set() {
            stop.set(Wanted::No);
        }
        state.waiting[kind as usize] = Some(Waiting { question, cancelled: false });
        drop(state);
        self.changed.notify_all();
    }

    fn cancel(&self, state: &mut State) {
        if let Some(waiting) = &mut state.waiting[Kind::Export as usize] {
            waiting.cancelled = true;
        } else if state.at_work[Thread::Export as usize].is_some() {
            self.stop(Thread::Export).set(Wanted::Cancelled);
        }
    }

    /// Ends a thread's last question and gives it the next one. Waits for one, unless there is something to go on
    /// with.
    pub(super) fn next(&self, thread: Thread, something: bool) -> Next {
        let mut state = self.state();
        state.at_work[thread as usize] = None;
        loop {
            if state.closed {
                return Next::End;
            }
            self.stop(thread).set(Wanted::Yes);
            for kind in thread.kinds() {
                let Some(waiting) = state.waiting[*kind as usize].take() else { continue };
                state.at_work[thread as usize] = Some(*kind);
                if waiting.cancelled {
                    self.stop(thread).set(Wanted::Cancelled);
                }
                return Next::Question(waiting.question);
            }
            if something {
                return Next::GoOn;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Stops all work, and ends the threads.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        for stop in &self.stops {
            stop.set(Wanted::No);
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Waits a little, or until something was asked.
    pub(super) fn linger(&self, most: Duration) {
        let state = self.state();
        if !state.closed {
            drop(self.changed.wait_timeout(state, most));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Filter, Place, View};
    use super::*;

    fn window(ticket: u64) -> Question {
        Question::Window { ticket, view: View::default(), place: Place::Top, rows: 9 }
    }

    fn count(ticket: u64) -> Question {
        Question::Count { ticket, filter: Filter::default() }
    }

    /// The ticket of a thread's next question, if there is one.
    fn taken(desk: &Desk, thread: Thread) -> Option<u64> {
        match desk.next(thread, true) {
            Next::Question(
                Question::Window { ticket, .. }
                | Question::Count { ticket, .. }
                | Question::Row { ticket, .. },
            ) => Some(ticket),
            _ => None,
        }
    }

    #[test]
    fn the_last_question_of_a_kind_takes_the_place_of_the_others() {
        let desk = Desk::default();
        for ticket in 1..=3 {
            desk.put(count(ticket + 10));
            desk.put(window(ticket));
        }
        assert_eq!(taken(&desk, Thread::Log), None, "not its kind");
        assert_eq!(taken(&desk, Thread::Table), Some(3), "a window goes before a count");
        assert_eq!(taken(&desk, Thread::Table), Some(13));
        assert_eq!(taken(&desk, Thread::Table), None);
    }

    #[test]
    fn work_that_is_superseded_is_stopped_and_no_other() {
        let desk = Desk::default();
        desk.put(window(1));
        assert_eq!(taken(&desk, Thread::Table), Some(1));
        desk.put(Question::Row { ticket: 2, id: "a".to_owned() });
        desk.put(count(3));
        assert!(!desk.stop(Thread::Table).is_set());
        desk.put(window(4));
        assert_eq!(desk.stop(Thread::Table).wanted(), Wanted::No);
        assert!(!desk.stop(Thread::Log).is_set());
        assert_eq!(taken(&desk, Thread::Table), Some(4));
        assert!(!desk.stop(Thread::Table).is_set(), "the next one is wanted");
    }

    #[test]
    fn an_export_is_cancelled_whether_it_waits_or_is_under_way() {
        let export = || {
            let export = super::super::Export {
                view: View::default(),
                columns: vec![0],
                format: super::super::Format::Csv,
                path: "a".into(),
                replace: false,
            };
            Question::Export { ticket: 1, export: Box::new(export) }
        };
        let desk = Desk::default();
        desk.put(Question::Cancel);
        desk.put(export());
        assert!(matches!(desk.next(Thread::Export, true), Next::Question(_)));
        assert!(!desk.stop(Thread::Export).is_set(), "what was cancelled was nothing");
        desk.put(Question::Cancel);
        assert_eq!(desk.stop(Thread::Export).wanted(), Wanted::Cancelled);
        desk.put(export());
        assert_eq!(desk.stop(Thread::Export).wanted(), Wanted::Cancelled, "and stays so");
        desk.put(Question::Cancel);
        assert!(matches!(desk.next(Thread::Export, true), Next::Question(_)));
        assert_eq!(desk.stop(Thread::Export).wanted(), Wanted::Cancelled);
    }

    #[test]
    fn closing_stops_all_work() {
        let desk = Desk::default();
        desk.put(window(1));
        assert_eq!(taken(&desk, Thread::Table), Some(1));
        desk.close();
        assert!(desk.stop(Thread::Table).is_set());
        for thread in Thread::ALL {
            assert!(matches!(desk.next(thread, false), Next::End));
        }
    }
}
