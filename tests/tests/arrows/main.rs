//! The arrows of the house: which crate may depend on which, and on what of other people's.
//!
//! | module | rules |
//! |---|---|
//! | [`ours`] | our crates depend on each other downwards only; the core crates reach nothing that does I/O or reads a clock |
//! | [`library`] | the default build of the library has at most 60 crates of other people, and no C |
//! | [`theirs`] | nothing builds or links C; the licences; the Rust version; one version of what we use |
//!
//! What cargo would build is asked of cargo itself ([`graph`]), for all platforms. A rule that holds for the graph is
//! shown to fail for a small graph that breaks it.

mod graph;
mod library;
mod licence;
mod ours;
mod theirs;
