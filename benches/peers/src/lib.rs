//! The same data in the types of each codec, for the benches of this crate.
//!
//! | bench | times |
//! |---|---|
//! | `records` | a record, a batch of 64 KiB with header and CRC, the CRC alone, reading the batch |
//! | `messages` | reading Metadata of a thousand topics, writing a Produce request, reading its response |
//! | `allocations` | counts what each of them allocates for it |
//!
//! kafka-protocol and milena have the current versions; rskafka ends at Metadata 4 and Produce 7, so that the comparisons
//! with rskafka are in those versions for all three.

pub mod messages;
pub mod records;

/// The label of our results.
pub const MILENA: &str = "milena";
/// See [`MILENA`].
pub const KAFKA_PROTOCOL: &str = "kafka-protocol";
/// See [`MILENA`].
pub const RSKAFKA: &str = "rskafka";
