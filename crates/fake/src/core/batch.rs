//! A batch as a producer sent it, checked in the order in which a broker checks: [`ProducedBatch`] has the rules that
//! ask for nothing but the batch, this file those that ask for the topic's configuration and the records.

use bytes::Bytes;
use milena_codec::ErrorCode;
use milena_codec::record::{BatchFault, BatchHeader, ProducedBatch};

use super::records::{self, LoggedRecord};
use super::refusal::Refusal;
use super::topic_config::TopicConfig;

/// The one batch of a `records` field.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) bytes: Bytes,
    produced: ProducedBatch,
}

impl Batch {
    /// Finds the batch in a `records` field and takes its CRC.
    pub(crate) fn find(records: Option<&Bytes>, version: i16) -> Result<Self, Refusal> {
        let produced = ProducedBatch::find(records.map(Bytes::as_ref), version)?;
        let bytes = records.map_or_else(Bytes::new, |records| records.slice(..produced.bytes));
        Ok(Self { bytes, produced })
    }

    /// Checks the batch against the topic. The records themselves are read where `read_records` says so, and where
    /// a verdict depends on them.
    pub(crate) fn check(
        &self,
        config: &TopicConfig,
        wall_ms: i64,
        read_records: bool,
    ) -> Result<(), Refusal> {
        self.produced.check(config.max_message_bytes)?;
        let latest_ms = wall_ms.saturating_add(config.timestamp_after_max_ms);
        let suspicious = !config.log_append_time && self.header().max_timestamp_ms > latest_ms;
        match read_records || config.compacted || suspicious {
            true => self.check_records(config, latest_ms),
            false => Ok(()),
        }
    }

    pub(crate) const fn header(&self) -> &BatchHeader {
        &self.produced.header
    }

    pub(crate) const fn is_transactional(&self) -> bool {
        self.header().attributes.is_transactional()
    }

    /// Whether the records can be read without a decoder of their compression.
    const fn is_plain(&self) -> bool {
        !self.header().attributes.is_compressed()
    }

    fn check_records(&self, config: &TopicConfig, latest_ms: i64) -> Result<(), Refusal> {
        if !self.is_plain() {
            return Ok(());
        }
        let records = records::read(&self.bytes, self.header())?;
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

impl From<BatchFault> for Refusal {
    fn from(fault: BatchFault) -> Self {
        Self::new(fault.code(), &fault.to_string())
    }
}
