//! Compressed batches from end to end: every codec, the limits of topics, and whatever brokers and networks do meanwhile.
//! The clock is paused, and codecs run in place, so that a run can be repeated; `compression_threads` has the rest.

#![expect(clippy::unwrap_used, reason = "what goes wrong fails its test")]

mod codecs;
mod faults;
mod limits;
mod support;
