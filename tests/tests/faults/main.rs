//! What goes wrong between a producer and its brokers, and that every record stands in the log exactly once, in order,
//! all the same. The clock is paused: hours pass in seconds, and a run can be repeated.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod answers;
mod brokers;
mod deadlines;
mod determinism;
mod lies;
mod links;
mod topics;
mod versions;
