//! The bytes that the fuzzer begins with, and those that it ever found something by, through the same functions.
//! `cp -r tests/fuzz/seeds tests/fuzz/corpus && cargo +nightly fuzz run --fuzz-dir tests/fuzz NAME` looks for more.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "fuzz/bodies/mod.rs"]
mod bodies;
mod oracle;

use std::fs;
use std::path::Path;

use bodies::TARGETS;

#[test]
fn every_seed_and_every_finding() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds");
    let mut named: Vec<_> = fs::read_dir(&seeds)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    named.sort();
    assert_eq!(named, TARGETS.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for (name, target) in TARGETS {
        let files: Vec<_> =
            fs::read_dir(seeds.join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(!files.is_empty(), "{name} has no seed");
        for path in files {
            // Said by the test only if it fails.
            println!("{}", path.display());
            target(&fs::read(&path).unwrap());
        }
    }
}
