//! A producer that is there before its cluster, and the status for health endpoints.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod dropping;
mod ends;
mod lazy;
mod status;
