//! The measurable part of the style, for every file of the repository.
//!
//! | module | rules |
//! |---|---|
//! | [`sizes`] | a file has at most 500 lines and 300 lines of code, a function at most 70 lines |
//! | [`heads`] | a source file begins with its purpose |
//! | [`circles`] | the modules of a folder do not import each other in a circle |
//! | [`banned`] | no `unsafe`, no unfinished code, no ignored test |
//! | [`vocabulary`] | comments and messages use plain words: three measures with ceilings |
//! | [`words`] | no paths of a machine, no hosts of registries, no history of the text |
//! | [`manifests`] | each dependency has its reason, each crate has the lints of the workspace |
//! | [`proofs`] | a file with tests has an assertion, and no test is empty |
//! | [`pure`] | codec, partitioner and sender read no clock and do no I/O |
//! | [`security`] | every property of security is documented |
//! | [`settings`] | the tables of the documents are those of the settings table |
//! | [`sockets`] | one folder of the library opens sockets |
//! | [`links`] | the targets of links and the paths in the documents exist |
//!
//! Each rule is a function from a source to its faults, with one test over the whole repository and one over a sample
//! that breaks it. [`tree`] finds the files, [`lexer`] blanks comments and literals, [`tokens`] reads the remaining code.
//! There is no parser of Rust: a rule reads lines and brackets, and its module documents the cases that it misses.

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
mod settings;
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
