//! What the fuzz targets do with their input, as plain functions: a fuzzer calls them with what it invents, and
//! `tests/tests/corpora.rs` with what fuzzers have found.
//!
//! | body | input is | promise |
//! |---|---|---|
//! | [`frames()`] | what a peer writes | a frame is found within its limit, or refused |
//! | [`responses()`] | an answer to a request | it is refused, or reads the same when it is written again |
//! | [`requests()`] | a request, as the fake cluster reads it | the same; and kafka-protocol survives what is let through |
//! | [`batches()`] | a record batch | whatever is in it, reading ends; what is read can be written again |
//! | [`splits()`] | records of a batch that is cut | no record is lost, doubled or changed |
//! | [`sessions()`] | a script: who writes, reads and waits, and what the peer says | each request comes back exactly once |
//! | [`metadata()`] | answers about the cluster, one after the other | epochs never go back, nothing unwanted is kept |
//! | [`endpoints()`] | a list of servers | it is refused with a remedy, or reads the same when it is shown |
//! | [`properties()`] | a properties file | it is refused with its line, or gives settings that are valid or refused |
//!
//! A broken promise is a panic. Memory is bounded by the fuzzer's own limit.

mod batches;
mod endpoints;
mod frames;
mod messages;
mod metadata;
mod properties;
pub mod seeds;
mod sessions;

pub use batches::{batches, splits};
pub use endpoints::endpoints;
pub use frames::frames;
pub use messages::{requests, responses};
pub use metadata::metadata;
pub use properties::properties;
pub use sessions::sessions;

/// A body: it panics when a promise is broken.
pub type Body = fn(&[u8]);

/// All bodies, by the name of their target and of its corpus.
pub const TARGETS: [(&str, Body); 9] = [
    ("batches", batches),
    ("endpoints", endpoints),
    ("frames", frames),
    ("metadata", metadata),
    ("properties", properties),
    ("requests", requests),
    ("responses", responses),
    ("sessions", sessions),
    ("splits", splits),
];
