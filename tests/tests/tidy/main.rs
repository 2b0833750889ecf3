//! The measurable part of the style, for every file of the repository.
//!
//! | module | rules |
//! |---|---|
//! | [`sizes`] | a file has at most 500 lines and 300 lines of code, a function at most 70 lines |
//! | [`heads`] | a source file begins by saying what it is for |
//! | [`circles`] | the modules of a folder do not import each other in a circle |
//! | [`banned`] | no `unsafe`, nothing unfinished, no test that is switched off |
//! | [`vocabulary`] | comments and messages use plain words: three measures with ceilings |
//! | [`words`] | no machine's paths, no registry's host, no talk of how the text came about |
//! | [`manifests`] | each dependency has its reason, each crate takes the lints of the workspace |
//! | [`proofs`] | a file with tests asserts something, and no test is empty |
//! | [`pure`] | codec, partitioner and sender read no clock and do no I/O |
//! | [`security`] | every property of security has its answer in the documents |
//! | [`sockets`] | one folder of the library opens sockets |
//! | [`links`] | what the documents point at is there |
//!
//! Each rule is a function from a source to its faults, with one test over the whole repository and one over a sample
//! that breaks it. [`tree`] finds the files, [`lexer`] takes comments and literals out of them, [`tokens`] reads what
//! is left. There is no parser of Rust: a rule looks at lines and brackets, and its module says what it may miss.

mod banned;
mod circles;
mod heads;
mod lexer;
mod links;
mod manifests;
mod module_tree;
mod proofs;
mod pure;
mod security;
mod sizes;
mod sockets;
mod tokens;
mod tree;
mod vocabulary;
mod words;

/// Fails with every fault on a line of its own.
#[track_caller]
fn assert_none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}", faults.join("\n  "));
}
