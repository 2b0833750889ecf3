//! The header of a batch: written over the room left for it, and summed, when the batch leaves.

use super::attributes::{Attributes, TimestampType};
use crate::ids::{LeaderEpoch, ProducerEpoch, ProducerId, ProducerIdAndEpoch, Sequence};
use crate::wire::{DecodeError, Reader};

/// Length of a batch's header.
///
/// ```
/// use milena_codec::record::{BatchHeader, HEADER_BYTES, Stamp, put_record};
/// let mut batch = vec![0; HEADER_BYTES];
/// put_record(&mut batch, 0, 0, None, Some(b"value"), &[]);
/// BatchHeader::of_producer(1, 0, 0, Stamp::NONE).seal(&mut batch, []);
/// assert_eq!(batch[16], 2, "the magic byte");
/// ```
pub const HEADER_BYTES: usize = 61;
/// Offset of the first byte that the CRC covers.
pub(super) const SUMMED_FROM: usize = 21;
/// Bytes of the base offset and the length, which the length does not count.
pub(super) const UNCOUNTED_BYTES: usize = 12;
const CRC_AT: usize = 17;
pub(super) const MAGIC: i8 = 2;

/// The producer id, epoch and base sequence of a batch, by which a broker recognises a repeated batch
/// (KIP-98).
///
/// ```
/// use milena_codec::ids::{ProducerEpoch, ProducerId, ProducerIdAndEpoch, Sequence};
/// use milena_codec::record::Stamp;
/// let identity = ProducerIdAndEpoch { producer_id: ProducerId(9), epoch: ProducerEpoch(0) };
/// let stamp = Stamp { identity, base_sequence: Sequence(i32::MAX) };
/// assert_eq!(stamp.after(1).base_sequence, Sequence(0));
/// assert_eq!(Stamp::NONE.after(1), Stamp::NONE);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The producer id and its epoch.
    pub identity: ProducerIdAndEpoch,
    /// The sequence of the batch's first record.
    pub base_sequence: Sequence,
}

impl Stamp {
    /// The stamp of a batch without idempotence.
    pub const NONE: Self = Self {
        identity: ProducerIdAndEpoch { producer_id: ProducerId::NONE, epoch: ProducerEpoch::NONE },
        base_sequence: Sequence::NONE,
    };

    /// The stamp of the same producer `records` further on; a stamp without a sequence stays so.
    #[must_use]
    pub fn after(self, records: u32) -> Self {
        match self.base_sequence.0 {
            ..0 => self,
            _ => Self { base_sequence: self.base_sequence.after(records), ..self },
        }
    }
}

/// The header of a record batch.
///
/// ```
/// use milena_codec::ids::Sequence;
/// use milena_codec::record::{BatchHeader, Stamp};
/// let stamp = Stamp { base_sequence: Sequence(7), ..Stamp::NONE };
/// let header = BatchHeader { base_offset: 100, ..BatchHeader::of_producer(3, 1_000, 1_200, stamp) };
/// assert_eq!((header.last_offset(), header.next_offset()), (102, 103));
/// assert_eq!((header.sequence_at(1), header.last_sequence()), (Sequence(8), Sequence(9)));
/// assert_eq!(header.delete_horizon_ms(), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Offset of the first record; 0 from a producer.
    pub base_offset: i64,
    /// Epoch of the leader that appended the batch; -1 from a producer.
    pub partition_leader_epoch: LeaderEpoch,
    /// Compression, timestamp type, transactional and control bits.
    pub attributes: Attributes,
    /// Offset of the last record, counted from the base offset. It stays when the log cleaner takes records out.
    pub last_offset_delta: i32,
    /// The base of the records' timestamps, in milliseconds since 1970: the first record's from a producer.
    pub base_timestamp_ms: i64,
    /// The greatest timestamp of the batch; the time of the append with [`TimestampType::LogAppendTime`].
    pub max_timestamp_ms: i64,
    /// Its producer id, epoch and base sequence.
    pub stamp: Stamp,
    /// How many records follow.
    pub records: i32,
}

impl BatchHeader {
    /// The header of an uncompressed batch of `records` records, as a producer writes it outside of a transaction.
    ///
    /// `records` stays below 2³¹: a batch is bounded in bytes long before.
    #[must_use]
    pub fn of_producer(records: u32, base_timestamp_ms: i64, max_timestamp_ms: i64, stamp: Stamp) -> Self {
        let records = i32::try_from(records).unwrap_or(i32::MAX);
        Self {
            base_offset: 0,
            partition_leader_epoch: LeaderEpoch(-1),
            attributes: Attributes::NONE,
            last_offset_delta: records - 1,
            base_timestamp_ms,
            max_timestamp_ms,
            stamp,
            records,
        }
    }

    /// Offset of the last record, whether it is still there or was taken out by the log cleaner.
    ///
    /// Offsets and timestamps are added up as Java adds them: what overflows wraps.
    ///
    /// ```
    /// use milena_codec::record::{BatchHeader, Stamp};
    /// let header = BatchHeader { base_offset: 100, ..BatchHeader::of_producer(3, 0, 0, Stamp::NONE) };
    /// assert_eq!((header.last_offset(), header.next_offset()), (102, 103));
    /// ```
    #[must_use]
    pub fn last_offset(&self) -> i64 {
        self.base_offset.wrapping_add(self.last_offset_delta.into())
    }

    /// Offset of the first record after the batch.
    #[must_use]
    pub fn next_offset(&self) -> i64 {
        self.last_offset().wrapping_add(1)
    }

    /// Sequence of the last record; [`Sequence::NONE`] of a batch without idempotence and of a marker.
    #[must_use]
    pub fn last_sequence(&self) -> Sequence {
        self.sequence_at(self.last_offset_delta)
    }

    /// From when on the log cleaner may drop the tombstones and markers of the batch, in milliseconds since 1970; none
    /// where it has not yet been decided (KIP-534).
    #[must_use]
    pub const fn delete_horizon_ms(&self) -> Option<i64> {
        match self.attributes.has_delete_horizon() {
            true => Some(self.base_timestamp_ms),
            false => None,
        }
    }

    /// Sequence of the record with an offset delta; [`Sequence::NONE`] of a batch without sequences.
    #[must_use]
    pub fn sequence_at(&self, offset_delta: i32) -> Sequence {
        u32::try_from(offset_delta).map_or(Sequence::NONE, |delta| self.stamp.after(delta).base_sequence)
    }

    /// The timestamp of every record, where that is the time of the append.
    pub(super) const fn log_append_time_ms(&self) -> Option<i64> {
        match self.attributes.timestamp_type() {
            TimestampType::CreateTime => None,
            TimestampType::LogAppendTime => Some(self.max_timestamp_ms),
        }
    }

    /// Writes the header over the first [`HEADER_BYTES`] of `head` and takes the CRC of the whole batch, which is
    /// `head` and then each of `rest`: one pass over the bytes.
    ///
    /// # Panics
    /// When `head` is shorter than a header.
    ///
    /// ```
    /// use milena_codec::record::{put_record, BatchHeader, RecordBatch, Stamp, HEADER_BYTES};
    /// let mut batch = vec![0; HEADER_BYTES];
    /// put_record(&mut batch, 0, 0, Some(b"key"), Some(b"value"), &[]);
    /// BatchHeader::of_producer(1, 1_700_000_000_000, 1_700_000_000_000, Stamp::NONE).seal(&mut batch, []);
    /// assert_eq!(RecordBatch::parse(&batch)?.records().count(), 1);
    /// # Ok::<(), milena_codec::wire::DecodeError>(())
    /// ```
    pub fn seal<'a, S>(&self, head: &mut [u8], rest: S)
    where
        S: IntoIterator<Item = &'a [u8]> + Clone,
    {
        let bytes = head.len() + rest.clone().into_iter().map(<[u8]>::len).sum::<usize>();
        self.put(&mut head[..HEADER_BYTES], bytes);
        let crc = rest.into_iter().fold(crc32c::crc32c(&head[SUMMED_FROM..]), crc32c::crc32c_append);
        head[CRC_AT..SUMMED_FROM].copy_from_slice(&crc.to_be_bytes());
    }

    fn put(&self, head: &mut [u8], bytes: usize) {
        // A request of more than 2³¹ bytes is an error where its frame is written.
        let counted = i32::try_from(bytes - UNCOUNTED_BYTES).unwrap_or(i32::MAX);
        head[..8].copy_from_slice(&self.base_offset.to_be_bytes());
        head[8..12].copy_from_slice(&counted.to_be_bytes());
        head[12..16].copy_from_slice(&self.partition_leader_epoch.0.to_be_bytes());
        head[16] = MAGIC.cast_unsigned();
        head[21..23].copy_from_slice(&self.attributes.bits().to_be_bytes());
        head[23..27].copy_from_slice(&self.last_offset_delta.to_be_bytes());
        head[27..35].copy_from_slice(&self.base_timestamp_ms.to_be_bytes());
        head[35..43].copy_from_slice(&self.max_timestamp_ms.to_be_bytes());
        head[43..51].copy_from_slice(&self.stamp.identity.producer_id.0.to_be_bytes());
        head[51..53].copy_from_slice(&self.stamp.identity.epoch.0.to_be_bytes());
        head[53..57].copy_from_slice(&self.stamp.base_sequence.0.to_be_bytes());
        head[57..61].copy_from_slice(&self.records.to_be_bytes());
    }

    /// Reads a header, of magic 2, with the length and the CRC that stand in it.
    pub(super) fn read(input: &mut Reader<'_>) -> Result<(Self, Written), DecodeError> {
        let base_offset = input.i64()?;
        let length = input.i32()?;
        let partition_leader_epoch = LeaderEpoch(input.i32()?);
        input.i8()?;
        let crc = input.i32()?.cast_unsigned();
        // The fields stand in the order of the wire.
        let header = Self {
            base_offset,
            partition_leader_epoch,
            attributes: Attributes::from_bits(input.i16()?),
            last_offset_delta: input.i32()?,
            base_timestamp_ms: input.i64()?,
            max_timestamp_ms: input.i64()?,
            stamp: Stamp {
                identity: ProducerIdAndEpoch {
                    producer_id: ProducerId(input.i64()?),
                    epoch: ProducerEpoch(input.i16()?),
                },
                base_sequence: Sequence(input.i32()?),
            },
            records: input.i32()?,
        };
        Ok((header, Written { length, crc }))
    }
}

/// The fields of a header that follow from the rest of the batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) length: i32,
    pub(super) crc: u32,
}
