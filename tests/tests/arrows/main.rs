//! The rules of dependencies: among our own crates, and on other crates.
//!
//! | module | rules |
//! |---|---|
//! | [`ours`] | our crates depend on each other in one direction; the core crates reach no crate that does I/O or reads a clock |
//! | [`library`] | the default build of the library has at most 60 third-party crates, and no C |
//! | [`theirs`] | no crate compiles or links C; the licences; the Rust version; one version of each direct dependency |
//!
//! The graph of crates is cargo's own, for all platforms ([`graph`]). Each rule has a test over that graph, and one over a
//! small graph that breaks the rule.

mod graph;
mod library;
mod licence;
mod ours;
mod theirs;
