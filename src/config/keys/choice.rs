//! The settings that take one of a few words.

use crate::config::format::Word;
use crate::run::Start;
use crate::walk::Mode;

/// What a run does with an unfinished one that it finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// The operator is asked. Without one, like [`Start::Token`].
    Ask,
    /// It starts there.
    From(Start),
}

impl Word for Resume {
    const ALL: &'static [Self] =
        &[Self::Ask, Self::From(Start::Token), Self::From(Start::Checkpoint), Self::From(Start::Full)];

    fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::From(Start::Token) => "token",
            Self::From(Start::Checkpoint) => "checkpoint",
            Self::From(Start::Full) => "full",
        }
    }
}

/// What an empty page with a token does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyPage {
    /// It ends the run, as it does for the reference.
    End,
    /// The token is followed.
    Follow,
}

impl Word for EmptyPage {
    const ALL: &'static [Self] = &[Self::End, Self::Follow];

    fn word(self) -> &'static str {
        match self {
            Self::End => "end",
            Self::Follow => "follow",
        }
    }
}

/// The colours of the monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// The terminal's own.
    Terminal,
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
    /// Pure colours on black.
    HighContrast,
    /// None: bold, dim, underlined and reversed only.
    Mono,
}

impl Word for Colours {
    const ALL: &'static [Self] = &[Self::Terminal, Self::Dark, Self::Light, Self::HighContrast, Self::Mono];

    fn word(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Dark => "dark",
            Self::Light => "light",
            Self::HighContrast => "high-contrast",
            Self::Mono => "mono",
        }
    }
}

impl Word for Mode {
    const ALL: &'static [Self] = &Mode::ALL;

    fn word(self) -> &'static str {
        Mode::word(self)
    }
}
