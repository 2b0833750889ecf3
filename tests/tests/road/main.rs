//! The paved road: what a caller writes when nothing goes wrong, and what he is told when he is at fault.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod ending;
mod panics;
mod partitions;
mod records;
mod sending;
mod waiting;
