//! A batch as a producer sent it, checked as Kafka 4.3 checks it and in the same order: for servers of Produce requests.
//!
//! [`ProducedBatch::find`] is `ProduceRequest.validateRecords`, which looks at the request alone.
//! [`ProducedBatch::check`] is what `UnifiedLog.analyzeAndValidateRecords` and `LogValidator.validateBatch` do before
//! the sequence is looked at. Checks that depend on more of a topic's configuration than the size (keys where it is
//! compacted, timestamps) are left to the caller, and so are the records: see
//! [`RecordBatch::records`](super::RecordBatch::records).

use super::batch;
use super::batches::batch_bytes;
use super::header::{BatchHeader, SUMMED_FROM};
use crate::ErrorCode;
use crate::compression::Compression;
use crate::errors::error_enum;
use crate::wire::{DecodeError, Problem};

/// The first version of Produce that may carry zstd (KIP-110).
const ZSTD_SINCE: i16 = 7;

/// The one batch of a `records` field, found and summed: the first bytes of the field.
///
/// ```
/// use milena_codec::ErrorCode;
/// use milena_codec::record::{put_record, BatchHeader, ProducedBatch, Stamp, HEADER_BYTES};
/// let mut records = vec![0; HEADER_BYTES];
/// put_record(&mut records, 0, 0, Some(b"key"), Some(b"value"), &[]);
/// BatchHeader::of_producer(1, 0, 0, Stamp::NONE).seal(&mut records, []);
///
/// let found = ProducedBatch::find(Some(&records), 9)?;
/// found.check(1_048_588)?;
/// assert_eq!(found.check(50).unwrap_err().code(), ErrorCode::MESSAGE_TOO_LARGE);
/// # Ok::<(), milena_codec::record::BatchFault>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ProducedBatch {
    /// Its header, of which nothing but the length and the magic was looked at.
    pub header: BatchHeader,
    /// Its length; in the field, a few more bytes may stand behind it.
    pub bytes: usize,
    crc_is_right: bool,
}

error_enum! {
    /// The reason for which a broker rejects a batch, whatever its sequence.
    ///
    /// ```
    /// use milena_codec::ErrorCode;
    /// use milena_codec::record::{BatchFault, ProducedBatch};
    /// let fault = ProducedBatch::find(None, 9).unwrap_err();
    /// assert_eq!((&fault, fault.code()), (&BatchFault::NoBatch, ErrorCode::INVALID_RECORD));
    /// ```
    #[derive(Clone, Debug, PartialEq, Eq)]
    #[non_exhaustive]
    pub enum BatchFault {
        /// The field is null, or holds no whole batch.
        NoBatch => "no complete record batch";
        /// There is more than one batch.
        SeveralBatches => "more than one record batch for a partition";
        /// The batch is of an older format.
        OldFormat {
            /// Its magic byte.
            magic: i8,
        } => "record batch has magic {magic}, only 2 is supported";
        /// Length or magic are those of no batch.
        Corrupt(error: DecodeError) => "malformed record batch: {error}";
        /// The CRC is not that of the bytes.
        WrongCrc => "wrong CRC of the record batch";
        /// Zstd, in a version of the request that is older than zstd.
        ZstdTooEarly {
            /// The version.
            version: i16,
        } => "zstd needs version {ZSTD_SINCE} of Produce, the request has version {version}";
        /// A producer counts offsets from 0.
        BaseOffset(offset: i64) => "base offset is {offset}, expected 0";
        /// The batch is longer than the topic allows.
        TooLarge {
            /// Its length.
            bytes: usize,
            /// The greatest length.
            limit: usize,
        } => "record batch of {bytes} bytes, the limit is {limit}";
        /// The codec id is unknown.
        UnknownCompression(id: u8) => "unknown codec id {id}";
        /// There is no record, or not as many as offsets.
        Counts {
            /// Records.
            records: i32,
            /// Offset of the last one.
            last_offset_delta: i32,
        } => "record count {records} does not match the last offset delta {last_offset_delta}";
        /// A producer id without a sequence.
        NoSequence => "record batch has a producer id and no sequence";
        /// Control batches are written by brokers.
        Control => "control batch from a client";
    }
}

impl ProducedBatch {
    /// Finds the batch in a `records` field of a request, and takes its CRC.
    ///
    /// # Errors
    /// [`BatchFault`] when it is not one batch of magic 2, or is compressed in a way that the version does not allow.
    pub fn find(records: Option<&[u8]>, version: i16) -> Result<Self, BatchFault> {
        let records = records.ok_or(BatchFault::NoBatch)?;
        let bytes = batch_bytes(records).map_err(BatchFault::Corrupt)?.ok_or(BatchFault::NoBatch)?;
        let (batch, behind) = records.split_at(bytes);
        let (header, written) = batch::read_header(batch).map_err(|error| match error.problem {
            Problem::OldFormat { magic } => BatchFault::OldFormat { magic },
            _ => BatchFault::Corrupt(error),
        })?;
        if header.attributes.compression() == Some(Compression::Zstd) && version < ZSTD_SINCE {
            return Err(BatchFault::ZstdTooEarly { version });
        }
        let corrupt_behind =
            |error: DecodeError| BatchFault::Corrupt(DecodeError { at: bytes + error.at, ..error });
        if batch_bytes(behind).map_err(corrupt_behind)?.is_some() {
            return Err(BatchFault::SeveralBatches);
        }
        let crc_is_right = written.crc == crc32c::crc32c(&batch[SUMMED_FROM..]);
        Ok(Self { header, bytes, crc_is_right })
    }

    /// Checks it: base offset, length, CRC, compression, counts, sequence, control bit.
    ///
    /// # Errors
    /// [`BatchFault`] for the first of them that is wrong.
    pub fn check(&self, bytes_max: usize) -> Result<(), BatchFault> {
        let header = &self.header;
        if header.base_offset != 0 {
            return Err(BatchFault::BaseOffset(header.base_offset));
        }
        if self.bytes > bytes_max {
            return Err(BatchFault::TooLarge { bytes: self.bytes, limit: bytes_max });
        }
        if !self.crc_is_right {
            return Err(BatchFault::WrongCrc);
        }
        let attributes = header.attributes;
        if attributes.compression().is_none() {
            return Err(BatchFault::UnknownCompression(attributes.compression_id()));
        }
        let (records, last_offset_delta) = (header.records, header.last_offset_delta);
        if records <= 0 || last_offset_delta.checked_add(1) != Some(records) {
            return Err(BatchFault::Counts { records, last_offset_delta });
        }
        if header.stamp.identity.producer_id.0 >= 0 && header.stamp.base_sequence.0 < 0 {
            return Err(BatchFault::NoSequence);
        }
        match attributes.is_control() {
            true => Err(BatchFault::Control),
            false => Ok(()),
        }
    }
}

impl BatchFault {
    /// The error code that a broker returns.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NoBatch
            | Self::SeveralBatches
            | Self::OldFormat { .. }
            | Self::BaseOffset(_)
            | Self::Counts { .. }
            | Self::NoSequence
            | Self::Control => ErrorCode::INVALID_RECORD,
            Self::Corrupt(_) | Self::WrongCrc => ErrorCode::CORRUPT_MESSAGE,
            Self::ZstdTooEarly { .. } => ErrorCode::UNSUPPORTED_COMPRESSION_TYPE,
            Self::TooLarge { .. } => ErrorCode::MESSAGE_TOO_LARGE,
            // Kafka looks the codec up outside of its validation: the exception becomes the code of an unknown error.
            Self::UnknownCompression(_) => ErrorCode::UNKNOWN_SERVER_ERROR,
        }
    }
}

impl std::error::Error for BatchFault {}
