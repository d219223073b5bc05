//! Lanes against an in-memory source: whatever is read side by side, in whichever order the answers come, nothing below
//! the checkpoint is missing, every run ends, and one more run makes the table equal the source. And what lanes are
//! for: few more requests than one lane makes, in far fewer rounds.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod lanes {
    mod asking;
    mod loss;
    mod refusal;
    mod rounds;
}
mod oracle;
