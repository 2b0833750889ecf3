//! The public API without faults, and the errors of a caller's own mistakes.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod ending;
mod panics;
mod partitions;
mod records;
mod sending;
mod waiting;
