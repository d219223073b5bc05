//! `highwater verify` from outside: what is sound is found sound and left alone, each promise that is broken by hand is
//! named, and a comparison with the source names exactly the rows that a walk lost.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;
mod verify {
    mod broken;
    mod damage;
    mod report;
    mod sound;
    mod source;
}
