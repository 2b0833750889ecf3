//! Types for the numbers that cross modules here.

use std::fmt;

/// The number of a partition within a producer. A topic that is forgotten and comes back has partitions with other serials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionSerial(pub u32);

impl fmt::Display for PartitionSerial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The version of Produce on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProduceVersion(pub i16);

impl fmt::Display for ProduceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The throttle time of a response: for so many milliseconds the client is to send nothing (KIP-219). Zero and below: no pause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThrottleTime(pub i32);
