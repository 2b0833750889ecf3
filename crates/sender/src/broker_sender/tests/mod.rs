//! The promises of a broker sender, on simulated brokers that keep the rules of sequences.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]

mod bodies;
mod carried;
mod chaos;
mod compressing;
mod harness;
mod idle;
mod leaders;
mod matching;
mod pressure;
mod promises;
mod reasons;
mod requests;
