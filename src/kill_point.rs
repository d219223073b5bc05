//! Named instants at which a process can be told to kill itself, so that the tests know what the kill interrupts.
//!
//! `HIGHWATER_KILL_AT=after-upsert:17` kills it as `kill -9` does, when that point is passed for the 17th time. Only
//! in builds with debug assertions: in others a point is nothing at all, and the variable is unknown.

/// Declares the points once: variant, name, meaning.
macro_rules! points {
    ($($(#[$meaning:meta])* $point:ident $name:literal,)*) => {
        /// An instant in the life of a process that writes to a destination.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum KillPoint {
            $($(#[$meaning])* $point,)*
        }

        impl KillPoint {
            /// All of them, in the order in which a process comes by.
            pub const ALL: &[Self] = &[$(Self::$point,)*];

            /// Its name in the variable.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$point => $name,)*
                }
            }
        }
    };
}

points! {
    /// The destination's lock is taken, and nothing else done.
    LockTaken "lock-taken",
    /// The database is there, empty if it is new.
    FileMade "file-made",
    /// One of the migrations is done, and its transaction open.
    AmidMigration "amid-migration",
    /// The tables are up to date.
    AfterMigration "after-migration",
    /// A run is written down, and its transaction open.
    AmidRunBegin "amid-run-begin",
    /// A run is committed, and nothing asked for.
    AfterRunBegin "after-run-begin",
    /// A run is about to be marked: as gone on with, or as holding.
    BeforeRunMark "before-run-mark",
    /// The mark is committed.
    AfterRunMark "after-run-mark",
    /// A request is about to be sent.
    BeforeRequest "before-request",
    /// Its answer has arrived, and nobody has looked at it.
    AfterRequest "after-request",
    /// The answer is decoded, and the next request sent ahead.
    AfterDecode "after-decode",
    /// The transaction of a group of pages is open, and empty.
    AfterBegin "after-begin",
    /// A row is in the table, and its transaction open.
    AfterUpsert "after-upsert",
    /// All rows of a group are in the open transaction and a page is logged there, and another is to be.
    BetweenPages "between-pages",
    /// Pages, checkpoint and walk stand in the open transaction.
    BeforeCommit "before-commit",
    /// They are committed, and nobody has been told.
    AfterCommit "after-commit",
    /// The run knows of the commit, and is about to tell of a page.
    BeforeEvent "before-event",
    /// A page is told of by the headless report.
    AfterEvent "after-event",
    /// The end of a run is written down, and its transaction open.
    AmidRunEnd "amid-run-end",
    /// The end is committed, and nobody has been told.
    AfterRunEnd "after-run-end",
}

/// The variable.
#[cfg(debug_assertions)]
pub const VARIABLE: Option<&str> = Some("HIGHWATER_KILL_AT");
/// The variable: there is none.
#[cfg(not(debug_assertions))]
pub const VARIABLE: Option<&str> = None;

impl KillPoint {
    /// Passes the point, or ends the process there, if it was told to.
    #[cfg(debug_assertions)]
    pub fn pass(self) {
        armed::pass(self);
    }

    /// Passes the point.
    #[cfg(not(debug_assertions))]
    #[inline(always)]
    pub const fn pass(self) {}
}

#[cfg(debug_assertions)]
mod armed {
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::{KillPoint, VARIABLE};
    use crate::platform::process;

    /// A time in which pages come.
    const GATHER: Duration = Duration::from_millis(100);

    /// Where this process is to end, and how often it may still come by.
    static PLAN: LazyLock<Option<(KillPoint, AtomicU64)>> = LazyLock::new(|| {
        let told = std::env::var(VARIABLE?).ok()?;
        let (name, nth) = told.split_once(':')?;
        let point = KillPoint::ALL.iter().find(|point| point.name() == name)?;
        Some((*point, AtomicU64::new(nth.parse().ok()?)))
    });

    pub(super) fn pass(point: KillPoint) {
        let Some((planned, left)) = &*PLAN else { return };
        if *planned == point && left.fetch_sub(1, Ordering::Relaxed) == 1 {
            process::die();
        }
        // Pages share a transaction only if they come while another one is open.
        if *planned == KillPoint::BetweenPages && point == KillPoint::AfterBegin {
            thread::sleep(GATHER);
        }
    }
}
