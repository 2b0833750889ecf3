//! Which partition a record goes to, exactly as the clients choose that wrote to a topic before.
//!
//! * [`Strategy`] names a family: Java's, sarama's and librdkafka's, with what each does to a key and without one.
//! * [`hash`] has the hashes themselves: murmur2, FNV-1a, CRC-32.
//! * [`StickyCell`] spreads records without a key: a partition for `batch.size` bytes, then the next one (KIP-794).
//! * [`Weighing`] tells whether that next one is taken, by what waits for it.
//!
//! Nothing here allocates, reads a clock or draws a random number: what a family leaves to chance comes back as
//! [`Choice::Random`], and the caller draws.
//!
//! ```
//! use std::num::NonZeroU32;
//! use milena_partitioner::{Choice, Strategy};
//!
//! let partitions = NonZeroU32::new(6).unwrap();
//! assert_eq!(Strategy::Java.choose(Some(b"user-123"), partitions), Choice::Partition(2));
//! assert_eq!(Strategy::Java.choose(None, partitions), Choice::Sticky);
//! ```

pub mod hash;
mod sticky;
mod strategy;
mod weighing;

pub use sticky::StickyCell;
pub use strategy::{Choice, Strategy, UnknownStrategy};
pub use weighing::Weighing;
