//! The partition of a record, by the same rules as Java's client, sarama and librdkafka.
//!
//! * [`Partitioner`]: the built-in partitioners of Java, sarama and librdkafka, with their rules for records with and without a key.
//! * [`hash`] has the hashes themselves: murmur2, FNV-1a, CRC-32.
//! * [`StickyCell`] spreads records without a key: a partition for `batch.size` bytes, then the next one (KIP-794).
//! * [`Weighing`] decides whether that next one is taken, by the bytes that wait for it.
//!
//! Nothing here allocates, reads a clock or draws a random number: a random choice is returned as
//! [`Choice::Random`], and the caller draws.
//!
//! ```
//! use std::num::NonZeroU32;
//! use milena_partitioner::{Choice, Partitioner};
//!
//! let partitions = NonZeroU32::new(6).unwrap();
//! assert_eq!(Partitioner::Java.choose(Some(b"user-123"), partitions), Choice::Partition(2));
//! assert_eq!(Partitioner::Java.choose(None, partitions), Choice::Sticky);
//! ```

pub mod hash;
mod partitioner;
mod sticky;
mod weighing;

pub use partitioner::{Choice, Partitioner, UnknownPartitioner};
pub use sticky::StickyCell;
pub use weighing::Weighing;
