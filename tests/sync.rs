//! A whole sync between a faulty server and a real file: what is retried, what ends a run and how, what becomes of
//! rows that are not as they should be, and that every command is obeyed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod faulty;
mod sync {
    mod asking;
    mod broken;
    mod commands;
    mod contracts;
    mod ends;
    mod follow;
    mod lanes;
    mod outage;
    mod pipeline;
    mod resume;
    mod retries;
    mod rows;
    mod stop;
    mod trust;
    mod waits;
}
