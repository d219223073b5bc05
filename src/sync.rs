//! The shell around the walk: fetch, commit, retry, obey commands, tell what happened.

pub mod command;
pub mod event;
