//! A batch as a producer sent it, checked in the order of a broker's checks: [`ProducedBatch`] has the rules that need
//! the batch alone, this file has those that need the topic's configuration and the records.

use bytes::Bytes;
use milena_codec::ErrorCode;
use milena_codec::compression::Compression;
use milena_codec::record::{BatchFault, BatchHeader, HEADER_BYTES, ProducedBatch};

use super::codecs::Codecs;
use super::cross_check;
use super::records::{Run, Runs};
use super::rejection::Rejection;
use super::topic_config::{NO_TIMESTAMP_MS, TopicConfig};

/// The one batch of a `records` field.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) bytes: Bytes,
    produced: ProducedBatch,
}

/// The records of a batch that was read.
#[derive(Debug)]
pub(crate) struct Content {
    /// The records, without compression.
    pub(crate) records: Bytes,
    /// The greatest of their timestamps, which may differ from that of the header.
    pub(crate) max_timestamp_ms: i64,
    /// Whether their offset deltas are 0, 1, 2 and so on.
    pub(crate) numbered: bool,
}

impl Batch {
    /// Finds the batch in a `records` field and takes its CRC.
    pub(crate) fn find(records: Option<&Bytes>, version: i16) -> Result<Self, Rejection> {
        let produced = ProducedBatch::find(records.map(Bytes::as_ref), version)?;
        let bytes = records.map_or_else(Bytes::new, |records| records.slice(..produced.bytes));
        Ok(Self { bytes, produced })
    }

    /// Checks the batch against the topic. The records are read if `read_records` is set, if the topic is compacted, and if
    /// a timestamp of the header is out of range; otherwise there is no content.
    pub(crate) fn check(
        &self,
        config: &TopicConfig,
        wall_ms: i64,
        read_records: bool,
        codecs: &mut Codecs,
    ) -> Result<Option<Content>, Rejection> {
        self.produced.check(config.max_message_bytes)?;
        let header = self.header();
        let is_suspicious = [header.base_timestamp_ms, header.max_timestamp_ms]
            .into_iter()
            .any(|timestamp_ms| config.rejects_timestamp(timestamp_ms, wall_ms));
        match read_records || config.compacted || is_suspicious {
            true => self.read(config, wall_ms, codecs).map(Some),
            false => Ok(None),
        }
    }

    pub(crate) const fn header(&self) -> &BatchHeader {
        &self.produced.header
    }

    pub(crate) const fn is_transactional(&self) -> bool {
        self.header().attributes.is_transactional()
    }

    /// Codec of the records; [`Batch::check`] rejects an unknown number.
    pub(crate) fn compression(&self) -> Compression {
        self.header().attributes.compression().unwrap_or_default()
    }

    /// Decompresses the batch and reads every record, twice ([`cross_check`]).
    fn read(&self, config: &TopicConfig, wall_ms: i64, codecs: &mut Codecs) -> Result<Content, Rejection> {
        let (header, compression) = (self.header(), self.compression());
        let body = self.bytes.slice(HEADER_BYTES..);
        let records = codecs.decompress(compression, &body)?;
        cross_check::of_content(compression, &body, &records)?;
        let (mut max_timestamp_ms, mut numbered) = (NO_TIMESTAMP_MS, true);
        let mut record_errors = RecordErrors::default();
        for run in Runs::new(header, &records) {
            let run = run?;
            cross_check::of_records(&self.bytes, header, &run)?;
            numbered &= run.numbered;
            max_timestamp_ms =
                run.records.iter().map(|record| record.timestamp).fold(max_timestamp_ms, i64::max);
            record_errors.look_at(&run, config, wall_ms);
        }
        record_errors.verdict()?;
        Ok(Content { records, max_timestamp_ms, numbered })
    }
}

/// The records that a topic does not take (`LogValidator.validateRecord`).
#[derive(Debug, Default)]
struct RecordErrors {
    records: Vec<(i32, String)>,
    timestamps: bool,
}

impl RecordErrors {
    fn look_at(&mut self, run: &Run, config: &TopicConfig, wall_ms: i64) {
        for (index, record) in (run.first..).zip(&run.records) {
            let index = i32::try_from(index).unwrap_or(i32::MAX);
            if config.compacted && record.key.is_none() {
                self.records.push((index, "Compacted topic cannot accept message without key".to_owned()));
            } else if config.rejects_timestamp(record.timestamp, wall_ms) {
                let earliest_ms = wall_ms.wrapping_sub(config.timestamp_before_max_ms);
                let latest_ms = wall_ms.wrapping_add(config.timestamp_after_max_ms);
                let why = format!(
                    "Timestamp {} of message with offset {} is out of range. The timestamp should be within \
                     [{earliest_ms}, {latest_ms}]",
                    record.timestamp, record.offset
                );
                self.records.push((index, why));
                self.timestamps = true;
            }
        }
    }

    /// One timestamp makes it an error of timestamps, whatever else there is (`LogValidator.processRecordErrors`).
    fn verdict(self) -> Result<(), Rejection> {
        let (code, why) = match (self.records.is_empty(), self.timestamps) {
            (true, _) => return Ok(()),
            (false, true) => (ErrorCode::INVALID_TIMESTAMP, "invalid timestamp"),
            (false, false) => (ErrorCode::INVALID_RECORD, "record errors"),
        };
        let message = format!("One or more records have been rejected due to {why}");
        Err(Rejection { records: self.records, ..Rejection::new(code, &message) })
    }
}

impl From<BatchFault> for Rejection {
    fn from(fault: BatchFault) -> Self {
        Self::new(fault.code(), &fault.to_string())
    }
}
