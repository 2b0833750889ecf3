//! The bodies of the fuzz targets, as plain functions: a fuzzer calls them with generated inputs, and
//! `tests/tests/corpora.rs` with what fuzzers have found.
//!
//! | body | input is | promise |
//! |---|---|---|
//! | [`frames()`] | what a peer writes | a frame is found within its limit, or refused |
//! | [`responses()`] | a response | it is rejected, or reads the same when it is written again; `ResponseReader` returns the same |
//! | [`requests()`] | a request, as the fake cluster reads it | the same; and kafka-protocol survives what is let through |
//! | [`differential()`] | a message, or random bytes that one is drawn from | kafka-protocol reads it too, and writes it byte for byte as ours |
//! | [`batches()`] | a log of record batches | whatever is in it, reading ends; what is read can be written again |
//! | [`records()`] | any records | the batch is the one of a naive encoder; it is read back, by kafka-protocol too, and compressed in every way |
//! | [`builder()`] | a script: append, close, compress, stamp, split, stamp again | each batch equals a naive model of it, byte for byte |
//! | [`splits()`] | records of a batch that is cut | no record is lost, doubled or changed |
//! | [`compression()`] | any data, in any parts, at any level of any codec | what comes out is what went in, and was smaller in between |
//! | [`decompression()`] | untrusted compressed bytes | it is rejected, or no longer than the limit; nothing is left behind |
//! | [`sessions()`] | a script: writes, reads and waits, and the bytes of the peer | each request comes back exactly once |
//! | [`metadata()`] | Metadata responses, one after the other | epochs never go back, nothing unwanted is kept |
//! | [`endpoints()`] | a list of servers | it is refused with a remedy, or reads the same when it is shown |
//! | [`logins()`] | the text of a login module | it is refused without a word of it, or gives credentials |
//! | [`properties()`] | a properties file | it is refused with its line, or gives settings that are valid or refused |
//!
//! A broken promise is a panic. Memory is bounded by the fuzzer's own limit.

mod batches;
mod builder;
mod compression;
mod differential;
mod endpoints;
mod frames;
mod logins;
mod messages;
mod metadata;
mod naive;
mod properties;
mod records;
mod script;
pub mod seeds;
mod sessions;

pub use batches::{batches, splits};
pub use builder::builder;
pub use compression::{compression, decompression};
pub use differential::differential;
pub use endpoints::endpoints;
pub use frames::frames;
pub use logins::logins;
pub use messages::{requests, responses};
pub use metadata::metadata;
pub use properties::properties;
pub use records::records;
pub use sessions::sessions;

/// A body: it panics when a promise is broken.
pub type Body = fn(&[u8]);

/// All bodies, by the name of their target and of its corpus.
pub const TARGETS: [(&str, Body); 15] = [
    ("batches", batches),
    ("builder", builder),
    ("compression", compression),
    ("decompression", decompression),
    ("differential", differential),
    ("endpoints", endpoints),
    ("frames", frames),
    ("logins", logins),
    ("metadata", metadata),
    ("properties", properties),
    ("records", records),
    ("requests", requests),
    ("responses", responses),
    ("sessions", sessions),
    ("splits", splits),
];
