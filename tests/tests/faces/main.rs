//! A producer that is there before its cluster.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod dropping;
mod ends;
mod lazy;
