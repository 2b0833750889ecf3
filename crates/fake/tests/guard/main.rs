//! The guard: what a real broker was seen to answer, asked of the cluster itself, so that it cannot grow permissive.
//!
//! Requests are written by milena's codec, byte by byte where it would not write them.

#![expect(clippy::unwrap_used, reason = "a test that cannot talk to the cluster has failed")]

mod client;
mod compression;
mod describing;
mod hooks;
mod late;
mod packed;
mod produce;
mod protocol;
mod reading;
mod recompression;
mod replicas;
mod restarts;
mod sasl;
mod scram;
mod sequences;
mod streams;
mod telemetry;
#[cfg(feature = "tls")]
mod tls;
mod topics;
