//! A producer that is there before its cluster, the status for health endpoints, and scopes.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod dropping;
mod ends;
mod lazy;
mod scope;
mod status;
