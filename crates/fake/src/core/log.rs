//! A partition's log: the batches as a consumer gets them, or no more than their count.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use milena_codec::ids::LeaderEpoch;
use milena_codec::record::{BatchHeader, TimestampType};

use super::batch::Batch;
use super::records::{self, LoggedRecord};

/// How much of what is produced a cluster keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// All of it, every record read and checked.
    #[default]
    All,
    /// The newest batches of each partition, up to so many bytes; every record is read and checked.
    LastBytes(usize),
    /// Nothing: batches are checked by header, CRC and sequence, counted and dropped, at next to no cost.
    Nothing,
}

/// A batch in a log.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoggedBatch {
    /// Its header, with the offset and the leader's term that the broker wrote into it.
    pub header: BatchHeader,
    /// All of it.
    pub bytes: Bytes,
}

impl LoggedBatch {
    /// Its records, in order; none of one that is compressed. [`Cluster::log`](crate::Cluster::log) batch by batch,
    /// for logs that are too long to be held as records.
    #[must_use]
    pub fn records(&self) -> Vec<LoggedRecord> {
        read(self)
    }

    fn end_offset(&self) -> i64 {
        self.header.base_offset + i64::from(self.header.records)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Log {
    keep: Keep,
    batches: VecDeque<LoggedBatch>,
    bytes: usize,
    start: i64,
    end: i64,
}

impl Log {
    pub(crate) fn new(keep: Keep) -> Self {
        Self { keep, ..Self::default() }
    }

    /// Appends a batch that was checked; returns the offset of its first record. `append_time_ms` replaces its
    /// timestamps.
    pub(crate) fn append(&mut self, batch: &Batch, epoch: LeaderEpoch, append_time_ms: Option<i64>) -> i64 {
        let base_offset = self.end;
        self.end += i64::from(batch.header().records);
        if self.keep == Keep::Nothing {
            self.start = self.end;
            return base_offset;
        }
        let logged = rewritten(batch, base_offset, epoch, append_time_ms);
        self.bytes += logged.bytes.len();
        self.batches.push_back(logged);
        if let Keep::LastBytes(limit) = self.keep {
            self.forget_down_to(limit);
        }
        base_offset
    }

    pub(crate) const fn start(&self) -> i64 {
        self.start
    }

    pub(crate) const fn end(&self) -> i64 {
        self.end
    }

    pub(crate) fn batches(&self) -> impl Iterator<Item = &LoggedBatch> {
        self.batches.iter()
    }

    pub(crate) fn records(&self) -> impl Iterator<Item = LoggedRecord> {
        self.batches.iter().flat_map(read)
    }

    /// The batches from the one that holds `offset`: the first in any case, others while they fit `bytes_max`.
    pub(crate) fn read_from(&self, offset: i64, bytes_max: usize) -> BytesMut {
        let mut taken = BytesMut::new();
        let first = self.batches.partition_point(|batch| batch.end_offset() <= offset);
        for batch in self.batches.range(first..) {
            if !taken.is_empty() && taken.len() + batch.bytes.len() > bytes_max {
                break;
            }
            taken.extend_from_slice(&batch.bytes);
        }
        taken
    }

    /// The first record that is as new as `timestamp_ms`: its timestamp and offset.
    pub(crate) fn first_since(&self, timestamp_ms: i64) -> Option<(i64, i64)> {
        let new_enough = |batch: &&LoggedBatch| batch.header.max_timestamp_ms >= timestamp_ms;
        self.batches
            .iter()
            .filter(new_enough)
            .flat_map(read)
            .find(|record| record.timestamp >= timestamp_ms)
            .map(|record| (record.timestamp, record.offset))
    }

    /// The newest timestamp, and the offset of the first record that has it.
    pub(crate) fn newest(&self) -> Option<(i64, i64)> {
        let newest = self.batches.iter().map(|batch| batch.header.max_timestamp_ms).max()?;
        self.first_since(newest)
    }

    fn forget_down_to(&mut self, limit: usize) {
        while self.bytes > limit {
            let Some(oldest) = self.batches.pop_front() else { break };
            self.bytes -= oldest.bytes.len();
            self.start = oldest.end_offset();
        }
    }
}

/// The records of a batch; none of one that is compressed.
fn read(batch: &LoggedBatch) -> Vec<LoggedRecord> {
    let mut records = match batch.header.attributes.is_compressed() {
        false => records::read(&batch.bytes, &batch.header).unwrap_or_default(),
        true => Vec::new(),
    };
    if batch.header.attributes.timestamp_type() == TimestampType::LogAppendTime {
        records.iter_mut().for_each(|record| record.timestamp = batch.header.max_timestamp_ms);
    }
    records
}

/// What a broker writes into a batch: the base offset and its own term, which the CRC does not cover, and its own
/// time where the topic wants that.
fn rewritten(
    batch: &Batch,
    base_offset: i64,
    epoch: LeaderEpoch,
    append_time_ms: Option<i64>,
) -> LoggedBatch {
    let mut header = BatchHeader { base_offset, partition_leader_epoch: epoch, ..*batch.header() };
    let mut bytes = BytesMut::from(&batch.bytes[..]);
    if let Some(now_ms) = append_time_ms {
        header.attributes = header.attributes.with_timestamp_type(TimestampType::LogAppendTime);
        header.max_timestamp_ms = now_ms;
        header.seal(&mut bytes, []);
    }
    bytes[..8].copy_from_slice(&base_offset.to_be_bytes());
    bytes[12..16].copy_from_slice(&epoch.0.to_be_bytes());
    LoggedBatch { header, bytes: bytes.freeze() }
}
