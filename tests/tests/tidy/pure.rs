//! The core crates (backoff, codec, partitioner, sender) read no clock, do no I/O and start no thread, apart from their tests.
//!
//! `arrows` checks their dependencies; this check covers the standard library. It searches for paths as they are written:
//! `use std::time::Instant` passes, `Instant::now` does not.

use super::assert_none;
use super::tokens::{test_blocks, tokens};
use super::tree::{Source, sources};

const CORE: [&str; 4] =
    ["crates/backoff/src/", "crates/codec/src/", "crates/partitioner/src/", "crates/sender/src/"];

/// Sequences of words that mean I/O, a clock, a thread or the environment.
const IMPURE: [&[&str]; 12] = [
    &["std", "::", "net"],
    &["std", "::", "fs"],
    &["std", "::", "io"],
    &["std", "::", "env"],
    &["std", "::", "process"],
    &["std", "::", "os"],
    &["SystemTime"],
    &["Instant", "::", "now"],
    &["thread", "::", "spawn"],
    &["thread", "::", "sleep"],
    &["println", "!"],
    &["eprintln", "!"],
];

fn impure(source: &Source) -> Vec<String> {
    let is_test = ["/tests/", "/tests.rs", "/testing/"].iter().any(|part| source.path.contains(part));
    if is_test || !CORE.iter().any(|folder| source.path.starts_with(folder)) {
        return Vec::new();
    }
    let found = tokens(&source.code);
    let blocks = test_blocks(&found);
    let mut faults = Vec::new();
    for (index, token) in found.iter().enumerate() {
        let begins = |words: &&&[&str]| {
            words
                .iter()
                .enumerate()
                .all(|(ahead, word)| found.get(index + ahead).is_some_and(|one| one.text == *word))
        };
        if blocks.iter().any(|block| block.contains(&token.line)) {
            continue;
        }
        faults.extend(
            IMPURE
                .iter()
                .find(begins)
                .map(|words| format!("{}:{}: {}", source.path, token.line, words.concat())),
        );
    }
    faults
}

#[test]
fn core_crates_read_no_clock_and_do_no_io() {
    assert!(CORE.iter().all(|folder| sources().iter().any(|source| source.path.starts_with(folder))));
    assert_none("core crates", &sources().iter().flat_map(impure).collect::<Vec<_>>());
}

#[test]
fn core_crate_with_io_is_found() {
    let samples =
        ["fn a() { std::fs::read(b) }", "fn a() { Instant::now(); }", "fn a() { std::thread::spawn(b); }"];
    for sample in samples {
        assert_eq!(impure(&Source::new("crates/codec/src/a.rs", sample)).len(), 1, "{sample}");
        assert_eq!(impure(&Source::new("crates/milena/src/a.rs", sample)), [""; 0]);
        let in_a_test = format!("#[cfg(test)]\nmod tests {{\n    {sample}\n}}");
        assert_eq!(impure(&Source::new("crates/codec/src/a.rs", &in_a_test)), [""; 0]);
    }
    assert_eq!(
        impure(&Source::new("crates/codec/src/a.rs", "use std::time::Instant; // Instant::now")),
        [""; 0]
    );
}
