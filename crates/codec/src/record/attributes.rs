//! The attributes of a batch: its compression, the meaning of its timestamps, and its transactional and control bits.

use std::fmt;

use crate::compression::Compression;

/// The attributes of a batch, with the bits that no version of Kafka has given a meaning kept as they are
/// (`DefaultRecordBatch.java`).
///
/// ```
/// use milena_codec::compression::Compression;
/// use milena_codec::record::{Attributes, TimestampType};
/// let attributes = Attributes::NONE.with_compression(Compression::Lz4).with_transactional(true);
/// assert_eq!(attributes.bits(), 0b1_0011);
/// assert_eq!(attributes.compression(), Some(Compression::Lz4));
/// assert_eq!(attributes.timestamp_type(), TimestampType::CreateTime);
/// assert!(attributes.is_compressed() && attributes.is_transactional() && !attributes.is_control());
/// assert_eq!(Attributes::from_bits(0b1_0011), attributes);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Attributes(i16);

/// The meaning of the timestamps of a batch (`message.timestamp.type`, KIP-32).
///
/// ```
/// use milena_codec::record::{Attributes, TimestampType};
/// let attributes = Attributes::from_bits(0b1000);
/// assert_eq!(attributes.timestamp_type(), TimestampType::LogAppendTime);
/// assert_eq!(Attributes::NONE.with_timestamp_type(TimestampType::LogAppendTime), attributes);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimestampType {
    /// When the producer made each record.
    #[default]
    CreateTime,
    /// When the broker appended the batch: the batch's max timestamp, for every record.
    LogAppendTime,
}

const COMPRESSION: i16 = 0b111;
const LOG_APPEND_TIME: i16 = 1 << 3;
const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;
const DELETE_HORIZON: i16 = 1 << 6;

impl Attributes {
    /// Neither compressed nor transactional nor a control batch, with timestamps of the producer.
    pub const NONE: Self = Self(0);

    /// The attributes that stand in a header.
    #[must_use]
    pub const fn from_bits(bits: i16) -> Self {
        Self(bits)
    }

    /// The number that stands in a header.
    #[must_use]
    pub const fn bits(self) -> i16 {
        self.0
    }

    /// The number of the compression, 0–7: 5 and above stand for nothing.
    ///
    /// ```
    /// use milena_codec::record::Attributes;
    /// let attributes = Attributes::from_bits(6);
    /// assert_eq!((attributes.compression_id(), attributes.compression()), (6, None));
    /// assert!(attributes.is_compressed());
    /// ```
    #[must_use]
    pub const fn compression_id(self) -> u8 {
        (self.0 & COMPRESSION).to_le_bytes()[0]
    }

    /// The compression of the records; none where the number has no meaning.
    #[must_use]
    pub fn compression(self) -> Option<Compression> {
        Compression::from_id(self.compression_id())
    }

    /// Whether the records are compressed, be it with something unknown.
    #[must_use]
    pub const fn is_compressed(self) -> bool {
        self.compression_id() != 0
    }

    /// The meaning of the timestamps.
    #[must_use]
    pub const fn timestamp_type(self) -> TimestampType {
        match self.0 & LOG_APPEND_TIME {
            0 => TimestampType::CreateTime,
            _ => TimestampType::LogAppendTime,
        }
    }

    /// Whether the records belong to a transaction.
    #[must_use]
    pub const fn is_transactional(self) -> bool {
        self.0 & TRANSACTIONAL != 0
    }

    /// Whether the records are for the machinery of Kafka, and none of them for a consumer's application.
    ///
    /// ```
    /// use milena_codec::record::Attributes;
    /// let marker = Attributes::NONE.with_transactional(true).with_control(true);
    /// assert!(marker.is_control() && marker.is_transactional());
    /// ```
    #[must_use]
    pub const fn is_control(self) -> bool {
        self.0 & CONTROL != 0
    }

    /// Whether the base timestamp is the time from which the log cleaner may drop tombstones and markers (KIP-534).
    ///
    /// ```
    /// use milena_codec::record::Attributes;
    /// assert!(Attributes::NONE.with_delete_horizon(true).has_delete_horizon());
    /// ```
    #[must_use]
    pub const fn has_delete_horizon(self) -> bool {
        self.0 & DELETE_HORIZON != 0
    }

    /// The same with another compression.
    #[must_use]
    pub const fn with_compression(self, compression: Compression) -> Self {
        Self(self.0 & !COMPRESSION | i16::from_le_bytes([compression.id(), 0]))
    }

    /// The same with another meaning of the timestamps.
    #[must_use]
    pub const fn with_timestamp_type(self, timestamp_type: TimestampType) -> Self {
        self.with(LOG_APPEND_TIME, matches!(timestamp_type, TimestampType::LogAppendTime))
    }

    /// The same, in a transaction or not.
    #[must_use]
    pub const fn with_transactional(self, is_transactional: bool) -> Self {
        self.with(TRANSACTIONAL, is_transactional)
    }

    /// The same, for control records or not.
    #[must_use]
    pub const fn with_control(self, is_control: bool) -> Self {
        self.with(CONTROL, is_control)
    }

    /// The same, with a delete horizon for a base timestamp or not.
    #[must_use]
    pub const fn with_delete_horizon(self, has_delete_horizon: bool) -> Self {
        self.with(DELETE_HORIZON, has_delete_horizon)
    }

    const fn with(self, bit: i16, is_set: bool) -> Self {
        match is_set {
            true => Self(self.0 | bit),
            false => Self(self.0 & !bit),
        }
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Attributes({:#b})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bit_is_set_and_cleared_alone() {
        for bits in [0, -1, 0x5555, !0x5555] {
            let all = Attributes::from_bits(bits);
            for (with, bit) in [
                (Attributes::with_transactional as fn(Attributes, bool) -> Attributes, TRANSACTIONAL),
                (Attributes::with_control, CONTROL),
                (Attributes::with_delete_horizon, DELETE_HORIZON),
            ] {
                assert_eq!(with(all, true).bits(), bits | bit);
                assert_eq!(with(all, false).bits(), bits & !bit);
            }
            let timed = all.with_timestamp_type(TimestampType::LogAppendTime);
            assert_eq!((timed.bits(), timed.timestamp_type()), (bits | 8, TimestampType::LogAppendTime));
        }
    }

    #[test]
    fn every_compression_keeps_the_other_bits() {
        for compression in Compression::ALL {
            let attributes = Attributes::from_bits(-1).with_compression(compression);
            assert_eq!(attributes.compression(), Some(compression));
            assert_eq!(attributes.is_compressed(), compression != Compression::None);
            assert_eq!(attributes.bits() | COMPRESSION, -1);
        }
        assert_eq!(Attributes::from_bits(7).compression(), None);
        assert_eq!(Attributes::from_bits(-1).compression_id(), 7);
    }
}
