//! The configuration from outside: the names of other clients, files of other programs, and wrong settings, as tables.
//!
//! * `names.txt`: every property of Java's producer up to Kafka 4.4, and the names of librdkafka and sarama beside them.
//! * `foreign.txt`: files of other programs, and what milena and Java's producer do with each.
//! * `bad_input.rs`: wrong settings and mixes, with the error of each.
#![cfg(all(
    feature = "tls-graviola",
    feature = "gzip",
    feature = "snappy",
    feature = "lz4",
    feature = "zstd"
))]
#![expect(clippy::unwrap_used, clippy::panic, reason = "what goes wrong fails its test")]

mod bad_input;
mod foreign;
mod names;

/// The folder of the certificates of the tests.
fn certificates() -> String {
    format!("{}/../../tests/certificates", env!("CARGO_MANIFEST_DIR"))
}
