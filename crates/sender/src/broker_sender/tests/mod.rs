//! What a broker sender promises, shown on a small world of brokers that keep the rules of sequences.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]

mod answers;
mod carried;
mod chaos;
mod compressing;
mod idle;
mod leaders;
mod pressure;
mod promises;
mod reasons;
mod requests;
mod responses;
mod world;
