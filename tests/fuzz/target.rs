//! Every target is this one, by its name.
#![no_main]

mod bodies;
#[path = "../oracle/mod.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    for (name, target) in bodies::TARGETS {
        if *name == env!("CARGO_BIN_NAME") {
            target(data);
        }
    }
});
