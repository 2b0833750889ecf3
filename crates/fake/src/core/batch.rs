//! A batch as a producer sent it, checked in the order in which a broker checks.
//!
//! [`Batch::find`] is `ProduceRequest.validateRecords`: it looks at the field and needs nothing but the version.
//! [`Batch::check`] is what `UnifiedLog.analyzeAndValidateRecords` and `LogValidator` do before the sequence is
//! looked at: size, then CRC, then the counts, then the records.

use bytes::Bytes;
use milena_codec::ErrorCode;
use milena_codec::ids::{Identity, LeaderEpoch, ProducerEpoch, ProducerId, Sequence};
use milena_codec::record::{BatchHeader, HEADER_BYTES, Stamp};
use milena_codec::wire::{DecodeError, Reader};

use super::records::{self, LoggedRecord};
use super::refusal::Refusal;
use super::topic_config::TopicConfig;

/// The bits of the attributes that name the codec.
const CODEC: i16 = 0b111;
const ZSTD: i16 = 4;
const TRANSACTIONAL: i16 = 1 << 4;
const CONTROL: i16 = 1 << 5;
/// The first Produce version that may carry zstd (KIP-110).
const ZSTD_SINCE: i16 = 7;

/// The one batch of a `records` field.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) bytes: Bytes,
    pub(crate) header: BatchHeader,
    /// Whether the CRC in the header is that of the bytes.
    crc_is_right: bool,
}

impl Batch {
    /// Finds the batch in a `records` field and takes its CRC.
    pub(crate) fn find(records: Option<&Bytes>, version: i16) -> Result<Self, Refusal> {
        let records = records.ok_or_else(|| invalid("the records are null"))?;
        let length = batch_length(records)?.ok_or_else(|| invalid("there is no whole record batch"))?;
        if records[16] != 2 {
            return Err(invalid("only record batches of magic 2 are taken"));
        }
        if length < HEADER_BYTES {
            return Err(Refusal::new(ErrorCode::CORRUPT_MESSAGE, "the batch is shorter than its header"));
        }
        let bytes = records.slice(..length);
        let (header, crc) = read_header(&bytes)
            .map_err(|error| Refusal::new(ErrorCode::CORRUPT_MESSAGE, &error.to_string()))?;
        if header.attributes & CODEC == ZSTD && version < ZSTD_SINCE {
            return Err(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE.into());
        }
        if batch_length(&records[length..])?.is_some() {
            return Err(invalid("a partition takes exactly one record batch"));
        }
        let crc_is_right = crc == crc32c::crc32c(&bytes[21..]);
        Ok(Self { bytes, header, crc_is_right })
    }

    /// Checks the batch against the topic. The records themselves are read where `read_records` says so, and where
    /// a verdict depends on them.
    pub(crate) fn check(
        &self,
        config: &TopicConfig,
        wall_ms: i64,
        read_records: bool,
    ) -> Result<(), Refusal> {
        if self.header.base_offset != 0 {
            return Err(invalid("the base offset is not 0"));
        }
        if self.bytes.len() > config.max_message_bytes {
            return Err(ErrorCode::MESSAGE_TOO_LARGE.into());
        }
        if !self.crc_is_right {
            return Err(Refusal::new(ErrorCode::CORRUPT_MESSAGE, "the CRC of the batch is wrong"));
        }
        if self.header.attributes & CODEC > ZSTD {
            return Err(ErrorCode::UNKNOWN_SERVER_ERROR.into());
        }
        self.check_header()?;
        let latest_ms = wall_ms.saturating_add(config.timestamp_after_max_ms);
        let suspicious = !config.log_append_time && self.header.max_timestamp_ms > latest_ms;
        match read_records || config.compacted || suspicious {
            true => self.check_records(config, latest_ms),
            false => Ok(()),
        }
    }

    pub(crate) const fn is_transactional(&self) -> bool {
        self.header.attributes & TRANSACTIONAL != 0
    }

    /// Whether the records can be read without a decoder of their compression.
    pub(crate) const fn is_plain(&self) -> bool {
        self.header.attributes & CODEC == 0
    }

    /// `LogValidator.validateBatch`.
    fn check_header(&self) -> Result<(), Refusal> {
        let header = &self.header;
        if header.records <= 0 || header.last_offset_delta.checked_add(1) != Some(header.records) {
            return Err(invalid(
                "the count of records and the last offset delta disagree, or there is no record",
            ));
        }
        if header.stamp.identity.producer_id.0 >= 0 && header.stamp.base_sequence.0 < 0 {
            return Err(invalid("a batch with a producer id needs a sequence"));
        }
        if header.attributes & CONTROL != 0 {
            return Err(invalid("clients write no control batches"));
        }
        Ok(())
    }

    fn check_records(&self, config: &TopicConfig, latest_ms: i64) -> Result<(), Refusal> {
        if !self.is_plain() {
            return Ok(());
        }
        let records = records::read(&self.bytes, &self.header)?;
        let blame = |code, why: &str, is_guilty: &dyn Fn(&LoggedRecord) -> bool| {
            let guilty: Vec<_> = (0..)
                .zip(&records)
                .filter(|(_, record)| is_guilty(record))
                .map(|(index, _)| (index, why.to_owned()))
                .collect();
            match guilty.is_empty() {
                true => Ok(()),
                false => Err(Refusal { records: guilty, ..Refusal::new(code, why) }),
            }
        };
        if config.compacted {
            let why = "Compacted topic cannot accept message without key";
            blame(ErrorCode::INVALID_RECORD, why, &|record| record.key.is_none())?;
        }
        if !config.log_append_time {
            let why = "the timestamp is too far in the future";
            blame(ErrorCode::INVALID_TIMESTAMP, why, &|record| record.timestamp > latest_ms)?;
        }
        Ok(())
    }
}

fn invalid(message: &str) -> Refusal {
    Refusal::new(ErrorCode::INVALID_RECORD, message)
}

/// `ByteBufferLogInputStream.nextBatch`: the length of the batch that `bytes` begins with, none where they hold no
/// whole one.
fn batch_length(bytes: &[u8]) -> Result<Option<usize>, Refusal> {
    // A record of the oldest format, which is the least that any batch can be.
    const LENGTH_MIN: i32 = 14;
    const MAGIC_MAX: u8 = 2;
    let Some(length) = bytes.get(8..12).and_then(|length| length.first_chunk::<4>()) else { return Ok(None) };
    let length = i32::from_be_bytes(*length);
    let corrupt = |what| Refusal::new(ErrorCode::CORRUPT_MESSAGE, what);
    if length < LENGTH_MIN {
        return Err(corrupt("the batch length is below the minimum"));
    }
    let Some(magic) = bytes.get(16) else { return Ok(None) };
    if *magic > MAGIC_MAX {
        return Err(corrupt("the magic byte is none that Kafka knows"));
    }
    let whole = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(12);
    Ok((bytes.len() >= whole).then_some(whole))
}

fn read_header(bytes: &[u8]) -> Result<(BatchHeader, u32), DecodeError> {
    let mut input = Reader::new(bytes);
    let base_offset = input.i64()?;
    input.i32()?;
    let partition_leader_epoch = LeaderEpoch(input.i32()?);
    input.i8()?;
    let crc = input.i32()?.cast_unsigned();
    let attributes = input.i16()?;
    let last_offset_delta = input.i32()?;
    let base_timestamp_ms = input.i64()?;
    let max_timestamp_ms = input.i64()?;
    let identity = Identity { producer_id: ProducerId(input.i64()?), epoch: ProducerEpoch(input.i16()?) };
    let stamp = Stamp { identity, base_sequence: Sequence(input.i32()?) };
    let header = BatchHeader {
        base_offset,
        partition_leader_epoch,
        attributes,
        last_offset_delta,
        base_timestamp_ms,
        max_timestamp_ms,
        stamp,
        records: input.i32()?,
    };
    Ok((header, crc))
}
