//! The faces of a producer that services hold: one that is there before its cluster, the status for health endpoints, scopes, and
//! the producer for plain threads.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod blocking;
mod dropping;
mod ends;
mod lazy;
mod runtimes;
mod scope;
mod status;
