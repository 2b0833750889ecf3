//! [`Partitioner`]: the built-in partitioners of Java, librdkafka and sarama, each with a rule for keys and a rule for records
//! without a key.
//!
//! | partitioner | hash | to a partition | empty key | no key |
//! |---|---|---|---|---|
//! | `Java` | murmur2 | mask 31 bits, mod n | hashed | sticky |
//! | `Murmur2` / `Murmur2Random` | murmur2 | mask 31 bits, mod n | hashed | as an empty key / sticky |
//! | `Consistent` / `ConsistentRandom` | CRC-32 | mod n | partition 0 / sticky | partition 0 / sticky |
//! | `Fnv1a` / `Fnv1aRandom` | FNV-1a | abs, mod n | hashed | as an empty key / sticky |
//! | `SaramaHash` | FNV-1a | signed remainder, abs | hashed | random |
//! | `SaramaReferenceHash` | FNV-1a | mask 31 bits, mod n | hashed | random |
//! | `SaramaCrc` | CRC-32 | mod n | hashed | random |
//! | `SaramaMurmur2` | murmur2 | mask 31 bits, mod n | hashed | random |
//!
//! Sources: `BuiltInPartitioner.java`; `rdkafka_msg.c` (`rd_kafka_msg_partitioner_*`); sarama's `partitioner.go`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::hash::{crc32, fnv1a, murmur2};

/// A built-in partitioner: how the partition of a record is chosen when the record does not name one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Partitioner {
    /// Java's default: murmur2 over the key, sticky without one (KIP-480, KIP-794).
    #[default]
    Java,
    /// librdkafka's `murmur2`.
    Murmur2,
    /// librdkafka's `murmur2_random`.
    Murmur2Random,
    /// librdkafka's `consistent`.
    Consistent,
    /// librdkafka's `consistent_random`, its default.
    ConsistentRandom,
    /// librdkafka's `fnv1a`.
    Fnv1a,
    /// librdkafka's `fnv1a_random`.
    Fnv1aRandom,
    /// sarama's `NewHashPartitioner`, its default.
    SaramaHash,
    /// sarama's `NewReferenceHashPartitioner`.
    SaramaReferenceHash,
    /// sarama's `NewConsistentCRCHashPartitioner`.
    SaramaCrc,
    /// sarama's `NewMurmur2Partitioner`.
    SaramaMurmur2,
    /// Any partition that has a leader, drawn for each record, whatever its key.
    Random,
    /// One partition after the other, among those that have a leader, whatever the key.
    RoundRobin,
    /// The record names its partition; a record without one is rejected.
    Manual,
}

/// The partition that a [`Partitioner`] chooses for a record, or the kind of choice that the caller makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// This partition, whether it has a leader or not: the same key always goes there.
    Partition(u32),
    /// The partition of the caller's [`StickyCell`](crate::StickyCell).
    Sticky,
    /// One drawn among those that have a leader.
    Random,
    /// The next one among those that have a leader.
    RoundRobin,
    /// The record had to name its partition and did not.
    Missing,
}

impl Partitioner {
    /// The choice for a record with this key, among `partitions` of its topic: all of them, with a leader or without.
    #[inline]
    #[must_use]
    pub fn choose(self, key: Option<&[u8]>, partitions: NonZeroU32) -> Choice {
        let n = partitions.get();
        let choice = match (self, key) {
            (Self::Java | Self::Murmur2 | Self::Murmur2Random | Self::SaramaMurmur2, Some(key)) => {
                masked(murmur2(key), n)
            }
            (Self::Java | Self::Murmur2Random | Self::Fnv1aRandom | Self::ConsistentRandom, None) => {
                return Choice::Sticky;
            }
            (Self::ConsistentRandom, Some([])) => return Choice::Sticky,
            (Self::Consistent | Self::ConsistentRandom | Self::SaramaCrc, Some(key)) => crc32(key) % n,
            (Self::Fnv1a | Self::Fnv1aRandom, Some(key)) => absolute(fnv1a(key)) % n,
            (Self::SaramaHash, Some(key)) => signed_remainder(fnv1a(key), n),
            (Self::SaramaReferenceHash, Some(key)) => masked(fnv1a(key), n),
            (Self::Murmur2, None) => masked(murmur2(b""), n),
            (Self::Fnv1a, None) => absolute(fnv1a(b"")) % n,
            (Self::Consistent, None) => 0,
            (Self::SaramaHash | Self::SaramaReferenceHash | Self::SaramaCrc | Self::SaramaMurmur2, None)
            | (Self::Random, _) => return Choice::Random,
            (Self::RoundRobin, _) => return Choice::RoundRobin,
            (Self::Manual, _) => return Choice::Missing,
        };
        Choice::Partition(choice)
    }

    /// The partitioner's name in configurations.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Java => "default",
            Self::Murmur2 => "murmur2",
            Self::Murmur2Random => "murmur2_random",
            Self::Consistent => "consistent",
            Self::ConsistentRandom => "consistent_random",
            Self::Fnv1a => "fnv1a",
            Self::Fnv1aRandom => "fnv1a_random",
            Self::SaramaHash => "sarama-hash",
            Self::SaramaReferenceHash => "sarama-reference-hash",
            Self::SaramaCrc => "sarama-crc",
            Self::SaramaMurmur2 => "sarama-murmur2",
            Self::Random => "random",
            Self::RoundRobin => "round-robin",
            Self::Manual => "manual",
        }
    }

    /// Every partitioner, in the order of the table above.
    pub const ALL: [Self; 14] = [
        Self::Java,
        Self::Murmur2,
        Self::Murmur2Random,
        Self::Consistent,
        Self::ConsistentRandom,
        Self::Fnv1a,
        Self::Fnv1aRandom,
        Self::SaramaHash,
        Self::SaramaReferenceHash,
        Self::SaramaCrc,
        Self::SaramaMurmur2,
        Self::Random,
        Self::RoundRobin,
        Self::Manual,
    ];
}

impl fmt::Display for Partitioner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An unknown name of a partitioner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPartitioner(String);

impl fmt::Display for UnknownPartitioner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Partitioner::ALL.iter().map(|partitioner| partitioner.name()).collect();
        write!(f, "unknown partitioner `{}`: use one of {}", self.0, names.join(", "))
    }
}

impl std::error::Error for UnknownPartitioner {}

/// Parses a name as [`Partitioner::name`] writes it, or the class of a Java partitioner.
impl FromStr for Partitioner {
    type Err = UnknownPartitioner;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "org.apache.kafka.clients.producer.RoundRobinPartitioner" => Ok(Self::RoundRobin),
            "org.apache.kafka.clients.producer.internals.DefaultPartitioner" => Ok(Self::Java),
            _ => Self::ALL
                .into_iter()
                .find(|partitioner| partitioner.name() == name)
                .ok_or_else(|| UnknownPartitioner(name.to_owned())),
        }
    }
}

/// Java's way of making a hash positive before the remainder: drop the sign bit.
const fn masked(hash: u32, n: u32) -> u32 {
    (hash & 0x7fff_ffff) % n
}

/// librdkafka's way: the absolute value, of which −2³¹ stays 2³¹.
const fn absolute(hash: u32) -> u32 {
    hash.cast_signed().unsigned_abs()
}

/// sarama's way: the remainder keeps the sign of the hash, and only then the sign is dropped.
const fn signed_remainder(hash: u32, n: u32) -> u32 {
    // Partitions are counted by an i32 on the wire.
    hash.cast_signed().wrapping_rem(n.cast_signed()).unsigned_abs()
}
