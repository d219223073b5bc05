//! Exit codes: what a script learns from a run.

use std::process::ExitCode;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The run reached the end of the data, or the command did what it was told.
    Complete,
    /// The source, the destination or the machine failed for good.
    Failed,
    /// The command line or the settings are wrong; nothing was touched.
    Usage,
    /// The run ended, but something needs attention: tie-unsafe seams, a tie overflow, quarantined rows, or an end
    /// that the source left unexplained.
    Attention,
    /// The operator or a limit ended the run before the end of the data.
    Early,
    /// A signal of that number ended the run, after the page in flight was committed.
    Signal(u8),
    /// Another process of this program did the work, and ended with that code.
    Passed(u8),
}

impl Exit {
    /// The codes and their meanings, as the help and the manual tell them.
    pub const MEANINGS: &'static [(&'static str, &'static str)] = &[
        ("0", "complete"),
        ("1", "failed"),
        ("2", "usage or configuration"),
        ("3", "ended, but needs attention"),
        ("4", "ended early, by the operator or a limit"),
        ("128+n", "signal n"),
    ];

    /// The process's exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Attention => 3,
            Self::Early => 4,
            Self::Signal(number) => number.saturating_add(128),
            Self::Passed(code) => code,
        }
    }

    /// The codes that matter most, in one line.
    pub(super) fn short() -> &'static str {
        "Exit: 0 complete · 1 failed · 3 attention; `highwater sync --help` has all"
    }

    /// The codes in one sentence.
    pub(super) fn sentence() -> String {
        let each: Vec<String> =
            Self::MEANINGS.iter().map(|(code, meaning)| format!("{code} {meaning}")).collect();
        format!("Exit: {}", each.join(" · "))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_the_documented_ones() {
        let exits = [Exit::Complete, Exit::Failed, Exit::Usage, Exit::Attention, Exit::Early];
        for (exit, (code, _)) in exits.into_iter().zip(Exit::MEANINGS) {
            assert_eq!(exit.code().to_string(), *code);
        }
        assert_eq!(Exit::Signal(15).code(), 143);
    }
}
