//! The records of control batches: records that brokers and controllers write into a log for themselves.
//!
//! A control batch holds one record. Its key has its type; the form of its value follows from the type.
//! A consumer hands none of them to its application. Of the types, the two that end a transaction are read further
//! (`ControlRecordType.java`, `EndTransactionMarker.java`; KIP-98).

use super::encode::put_record;
use super::header::{BatchHeader, HEADER_BYTES, Stamp};
use super::{Attributes, Record};
use crate::ids::{LeaderEpoch, ProducerIdAndEpoch, Sequence};
use crate::wire::{DecodeError, Problem, Reader};

/// The key of a control record.
///
/// ```
/// use milena_codec::record::{ControlKey, ControlType};
/// let key = ControlKey { version: 0, control_type: ControlType::Commit };
/// assert_eq!(key.bytes(), [0, 0, 0, 1]);
/// assert_eq!(ControlKey::read(Some(&key.bytes())), Ok(key));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlKey {
    /// The version of the key: 0; a higher one adds to it, so that its type is still where it was.
    pub version: i16,
    /// The type.
    pub control_type: ControlType,
}

/// The types of control records.
///
/// ```
/// use milena_codec::record::ControlType;
/// assert_eq!(ControlType::from_id(0), ControlType::Abort);
/// assert_eq!(ControlType::Other(2).id(), 2);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ControlType {
    /// A transaction's records are not to be read.
    Abort,
    /// A transaction's records are to be read.
    Commit,
    /// Any other, which belongs to the log of the controllers (KIP-595) or is younger than this crate.
    Other(i16),
}

impl ControlType {
    /// The id in a key.
    #[must_use]
    pub const fn id(self) -> i16 {
        match self {
            Self::Abort => 0,
            Self::Commit => 1,
            Self::Other(id) => id,
        }
    }

    /// The type with this id.
    #[must_use]
    pub const fn from_id(id: i16) -> Self {
        match id {
            0 => Self::Abort,
            1 => Self::Commit,
            id => Self::Other(id),
        }
    }
}

impl ControlKey {
    /// Reads the key of a control record.
    ///
    /// # Errors
    /// [`Problem::UnexpectedNull`] when there is none, [`Problem::Truncated`] when it is too short, and
    /// [`Problem::UnknownVersion`] for a version below 0. Positions count from the start of the key.
    pub fn read(key: Option<&[u8]>) -> Result<Self, DecodeError> {
        let mut input = present(key)?;
        let version = read_version(&mut input)?;
        Ok(Self { version, control_type: ControlType::from_id(input.i16()?) })
    }

    /// The bytes of the key, of any version.
    #[must_use]
    pub const fn bytes(self) -> [u8; 4] {
        let [version, id] = [self.version.to_be_bytes(), self.control_type.id().to_be_bytes()];
        [version[0], version[1], id[0], id[1]]
    }
}

/// The end of a transaction, as it stands in each of the partitions that took part.
///
/// ```
/// use milena_codec::ids::{ProducerIdAndEpoch, LeaderEpoch, ProducerEpoch, ProducerId};
/// use milena_codec::record::{EndTxnMarker, RecordBatch};
/// let producer = ProducerIdAndEpoch { producer_id: ProducerId(9), epoch: ProducerEpoch(0) };
/// let written = EndTxnMarker { committed: true, version: 0, coordinator_epoch: 3 };
/// let bytes = written.batch(producer, 512, LeaderEpoch(1), 1_700_000_000_000);
///
/// let batch = RecordBatch::parse(&bytes)?;
/// assert!(batch.header.attributes.is_control());
/// let record = batch.records().next().unwrap()?;
/// assert_eq!(record.offset, 512);
/// assert_eq!(EndTxnMarker::read(&record)?, Some(written));
/// # Ok::<(), milena_codec::wire::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndTxnMarker {
    /// Whether the transaction's records are to be read.
    pub committed: bool,
    /// The version of the value: 0; a higher one adds to it.
    pub version: i16,
    /// The epoch of the transaction coordinator that decided.
    pub coordinator_epoch: i32,
}

impl EndTxnMarker {
    /// Reads a record of a control batch; none where it is of another type.
    ///
    /// # Errors
    /// As [`ControlKey::read`], for the key and for the value. Positions count from the start of either.
    pub fn read(record: &Record<'_>) -> Result<Option<Self>, DecodeError> {
        let committed = match ControlKey::read(record.key)?.control_type {
            ControlType::Commit => true,
            ControlType::Abort => false,
            ControlType::Other(_) => return Ok(None),
        };
        let mut input = present(record.value)?;
        let version = read_version(&mut input)?;
        Ok(Some(Self { committed, version, coordinator_epoch: input.i32()? }))
    }

    /// A whole control batch with the marker, as the leader of a partition appends it
    /// (`MemoryRecords.withEndTransactionMarker`).
    #[must_use]
    pub fn batch(
        &self,
        producer: ProducerIdAndEpoch,
        base_offset: i64,
        partition_leader_epoch: LeaderEpoch,
        timestamp_ms: i64,
    ) -> Vec<u8> {
        let control_type = if self.committed { ControlType::Commit } else { ControlType::Abort };
        let key = ControlKey { version: 0, control_type }.bytes();
        let mut value = [0; 6];
        value[..2].copy_from_slice(&self.version.to_be_bytes());
        value[2..].copy_from_slice(&self.coordinator_epoch.to_be_bytes());

        let mut bytes = vec![0; HEADER_BYTES];
        put_record(&mut bytes, 0, 0, Some(&key), Some(&value), &[]);
        let stamp = Stamp { identity: producer, base_sequence: Sequence::NONE };
        let header = BatchHeader {
            base_offset,
            partition_leader_epoch,
            attributes: Attributes::NONE.with_transactional(true).with_control(true),
            ..BatchHeader::of_producer(1, timestamp_ms, timestamp_ms, stamp)
        };
        header.seal(&mut bytes, []);
        bytes
    }
}

fn present(bytes: Option<&[u8]>) -> Result<Reader<'_>, DecodeError> {
    bytes.map(Reader::new).ok_or(DecodeError { at: 0, problem: Problem::UnexpectedNull })
}

fn read_version(input: &mut Reader<'_>) -> Result<i16, DecodeError> {
    match input.i16()? {
        version @ ..0 => Err(DecodeError { at: 0, problem: Problem::UnknownVersion(version) }),
        version => Ok(version),
    }
}
