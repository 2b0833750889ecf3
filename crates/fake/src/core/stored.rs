//! A batch as a log stores it (`LogValidator.validateMessagesAndAssignOffsetsCompressed`, tried on Kafka 4.3.1).
//!
//! Its bytes stay as they came, but for what a broker writes into the header. Compressed batches whose offset deltas
//! are not 0, 1, 2 and so on are an UNKNOWN_SERVER_ERROR: Kafka fails while it renumbers them.

use bytes::BytesMut;
use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::record::{BatchHeader, HEADER_BYTES, TimestampType};

use super::batch::{Batch, Content};
use super::refusal::Refusal;

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
    /// `append_time_ms` replaces the timestamps.
    pub(crate) fn new(
        batch: &Batch,
        content: &Content,
        append_time_ms: Option<i64>,
    ) -> Result<Self, Refusal> {
        if batch.compression() != Compression::None && !content.numbered {
            let why = "compression: offset deltas of compressed records are not consecutive from 0";
            return Err(Refusal::new(ErrorCode::UNKNOWN_SERVER_ERROR, why));
        }
        let mut header = *batch.header();
        header.max_timestamp_ms = append_time_ms.unwrap_or(content.max_timestamp_ms);
        if append_time_ms.is_some() {
            header.attributes = header.attributes.with_timestamp_type(TimestampType::LogAppendTime);
        }
        Ok(Self {
            header,
            bytes: BytesMut::from(&batch.bytes[..]),
            unsealed: header != *batch.header(),
            plain_bytes: HEADER_BYTES + content.records.len(),
            produced: (batch.compression(), batch.bytes.len()),
        })
    }
}
