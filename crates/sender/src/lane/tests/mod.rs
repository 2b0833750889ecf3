//! What a lane promises, shown on a small world of brokers that keep the rules of sequences.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::cast_possible_wrap,
    clippy::disallowed_methods,
    reason = "a helper that fails fails its test"
)]

mod chaos;
mod promises;
mod world;
