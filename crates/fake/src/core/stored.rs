//! A batch as a log stores it: as it came, or its records encoded anew with the topic's codec
//! (`LogValidator.validateMessagesAndAssignOffsetsCompressed`, tried on Kafka 4.3.1).
//!
//! | codec of the producer | codec of the topic | offset deltas 0, 1, 2 … | others |
//! |---|---|---|---|
//! | no compression | the same | as it came | as it came |
//! | a codec | the same | as it came | UNKNOWN_SERVER_ERROR: Kafka 4.3.1 fails while it renumbers them |
//! | any | another | encoded anew | encoded anew, renumbered |
//!
//! Encoded anew a batch keeps producer, epoch, sequence, offsets and timestamps; its base timestamp becomes that of
//! the first record, and attributes without a meaning are lost. It then has to fit `max.message.bytes` again.

use bytes::BytesMut;
use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::record::{
    Attributes, BatchFault, BatchHeader, HEADER_BYTES, Header, Records, TimestampType, put_record,
};

use super::batch::{Batch, Content};
use super::codecs::Codecs;
use super::rejection::Rejection;
use super::topic_config::TopicConfig;

/// A batch for a log, without its base offset and the leader's term.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) header: BatchHeader,
    /// Header and records.
    pub(crate) bytes: BytesMut,
    /// Whether the header in the bytes is another one, or none.
    pub(crate) unsealed: bool,
    /// Length of the batch, were it not compressed.
    pub(crate) plain_bytes: usize,
    /// Codec and length of the batch as it came.
    pub(crate) produced: (Compression, usize),
}

impl Stored {
    /// Encodes the batch anew if the topic has another codec. `append_time_ms` replaces the timestamps.
    pub(crate) fn new(
        batch: &Batch,
        content: &Content,
        config: &TopicConfig,
        append_time_ms: Option<i64>,
        codecs: &mut Codecs,
    ) -> Result<Self, Rejection> {
        let source = batch.compression();
        let target = config.compression_type.target(source);
        let mut stored = match (source == target, source, content.numbered) {
            (true, Compression::None, _) | (true, _, true) => Self::as_it_came(batch, content),
            (true, _, false) => {
                let why = "compression: offset deltas of compressed records are not consecutive from 0";
                return Err(Rejection::new(ErrorCode::UNKNOWN_SERVER_ERROR, why));
            }
            (false, ..) => Self::encoded_anew(batch, content, target, config.max_message_bytes, codecs)?,
        };
        let header = &mut stored.header;
        header.max_timestamp_ms = append_time_ms.unwrap_or(content.max_timestamp_ms);
        if append_time_ms.is_some() {
            header.attributes = header.attributes.with_timestamp_type(TimestampType::LogAppendTime);
        }
        stored.unsealed = stored.header != *batch.header();
        Ok(stored)
    }

    fn as_it_came(batch: &Batch, content: &Content) -> Self {
        Self {
            header: *batch.header(),
            bytes: BytesMut::from(&batch.bytes[..]),
            unsealed: false,
            plain_bytes: HEADER_BYTES + content.records.len(),
            produced: (batch.compression(), batch.bytes.len()),
        }
    }

    fn encoded_anew(
        batch: &Batch,
        content: &Content,
        target: Compression,
        bytes_max: usize,
        codecs: &mut Codecs,
    ) -> Result<Self, Rejection> {
        let (records, base_timestamp_ms) = renumbered(batch.header(), content)?;
        let mut bytes = vec![0; HEADER_BYTES];
        codecs.compress(target, &records, &mut bytes)?;
        if bytes.len() > bytes_max {
            return Err(BatchFault::TooLarge { bytes: bytes.len(), limit: bytes_max }.into());
        }
        let transactional = batch.is_transactional();
        let attributes = Attributes::NONE.with_compression(target).with_transactional(transactional);
        Ok(Self {
            header: BatchHeader { attributes, base_timestamp_ms, ..*batch.header() },
            bytes: BytesMut::from(&bytes[..]),
            unsealed: false,
            plain_bytes: HEADER_BYTES + records.len(),
            produced: (batch.compression(), batch.bytes.len()),
        })
    }
}

/// The records with the offset deltas 0, 1, 2 and so on, and the timestamp of the first.
fn renumbered(header: &BatchHeader, content: &Content) -> Result<(Vec<u8>, i64), Rejection> {
    let mut records = Vec::with_capacity(content.records.len());
    let mut base_timestamp_ms = None;
    for (index, record) in (0..).zip(Records::new(&content.records)) {
        let record = record.map_err(|error| Rejection::new(ErrorCode::INVALID_RECORD, &error.to_string()))?;
        let timestamp_ms = header.base_timestamp_ms.wrapping_add(record.timestamp_delta);
        let delta = timestamp_ms.wrapping_sub(*base_timestamp_ms.get_or_insert(timestamp_ms));
        let value = |value: Option<&[u8]>| value.map(|value| content.records.slice_ref(value));
        let headers: Vec<_> = record
            .headers
            .map(|(name, bytes)| Header { name: name.to_owned(), value: value(bytes) })
            .collect();
        put_record(&mut records, index, delta, record.key, record.value, &headers);
    }
    Ok((records, base_timestamp_ms.unwrap_or(header.base_timestamp_ms)))
}
