//! A partition's log: the batches as a consumer gets them, or no more than their count.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use milena_codec::compression::Compression;
use milena_codec::ids::LeaderEpoch;
use milena_codec::record::{BatchHeader, HEADER_BYTES, TimestampType};

use super::codecs::Codecs;
use super::records::{self, LoggedRecord};
use super::stored::Stored;

/// How much of what is produced a cluster keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keep {
    /// All of it, every record read and checked.
    #[default]
    All,
    /// The newest batches of each partition, up to so many bytes; every record is read and checked.
    LastBytes(usize),
    /// Nothing: batches are checked by header, CRC and sequence, counted and dropped, at next to no cost. Records are
    /// read, and decompressed, only if the topic may reject them by the header; nothing is compressed.
    Nothing,
}

/// A batch in a log.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// use milena_fake::{Cluster, Compression};
/// let cluster = Cluster::builder().topic("orders", 1).in_memory().start().await?;
/// // … a producer sends records, and then:
/// for batch in cluster.log_batches("orders", 0) {
///     assert_eq!(batch.produced_compression, Compression::Zstd);
///     let ratio = batch.produced_bytes as f64 / batch.plain_bytes as f64;
///     println!("{} records, compressed to {ratio:.2}", batch.header.records);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LoggedBatch {
    /// Its header, with the offset and the leader's term that the broker wrote into it. Producer, epoch and sequence
    /// are in its `stamp`.
    pub header: BatchHeader,
    /// All of it, as it is stored and fetched.
    pub bytes: Bytes,
    /// Length of the whole batch, were it not compressed.
    pub plain_bytes: usize,
    /// Codec of the batch as the producer sent it; the topic may have another one
    /// ([`TopicConfig::compression_type`](crate::TopicConfig::compression_type)).
    pub produced_compression: Compression,
    /// Length of the whole batch, as the producer sent it.
    pub produced_bytes: usize,
}

impl LoggedBatch {
    /// Its records, in order, decompressed. [`Cluster::log`](crate::Cluster::log) batch by batch, for logs that are too
    /// long to be held as records.
    #[must_use]
    pub fn records(&self) -> Vec<LoggedRecord> {
        read(self, &mut Codecs::default())
    }

    /// Codec of the batch as it is stored.
    #[must_use]
    pub fn compression(&self) -> Compression {
        self.header.attributes.compression().unwrap_or_default()
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

    /// Counts the records of a batch that is not kept; returns the offset of the first one.
    pub(crate) fn pass(&mut self, records: i32) -> i64 {
        let base_offset = self.end;
        self.end += i64::from(records);
        self.start = self.end;
        base_offset
    }

    /// Appends a batch; returns the offset of its first record.
    pub(crate) fn append(&mut self, stored: Stored, epoch: LeaderEpoch) -> i64 {
        let base_offset = self.end;
        self.end += i64::from(stored.header.records);
        let logged = placed(stored, base_offset, epoch);
        self.bytes += logged.bytes.len();
        self.batches.push_back(logged);
        if let Keep::LastBytes(limit) = self.keep {
            self.forget_down_to(limit);
        }
        base_offset
    }

    /// Cuts off the batches that end behind an offset.
    pub(crate) fn truncate(&mut self, end: i64) {
        while self.end > end {
            let Some(last) = self.batches.pop_back() else { break };
            self.bytes -= last.bytes.len();
            self.end = last.header.base_offset;
        }
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
        let mut codecs = Codecs::default();
        self.batches.iter().flat_map(move |batch| read(batch, &mut codecs))
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
        let mut codecs = Codecs::default();
        let new_enough = |batch: &&LoggedBatch| batch.header.max_timestamp_ms >= timestamp_ms;
        self.batches
            .iter()
            .filter(new_enough)
            .flat_map(|batch| read(batch, &mut codecs))
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

/// The records of a batch. All of them were read before the append, so that nothing fails a second time.
fn read(batch: &LoggedBatch, codecs: &mut Codecs) -> Vec<LoggedRecord> {
    let content = codecs.decompress(batch.compression(), &batch.bytes.slice(HEADER_BYTES..));
    let records = content.and_then(|content| records::read(&batch.header, &content));
    let mut records = records.unwrap_or_default();
    if batch.header.attributes.timestamp_type() == TimestampType::LogAppendTime {
        records.iter_mut().for_each(|record| record.timestamp = batch.header.max_timestamp_ms);
    }
    records
}

/// The batch with its base offset and the leader's term, which the CRC does not cover.
fn placed(stored: Stored, base_offset: i64, epoch: LeaderEpoch) -> LoggedBatch {
    let header = BatchHeader { base_offset, partition_leader_epoch: epoch, ..stored.header };
    let mut bytes = stored.bytes;
    match stored.unsealed {
        true => header.seal(&mut bytes, []),
        false => {
            bytes[..8].copy_from_slice(&base_offset.to_be_bytes());
            bytes[12..16].copy_from_slice(&epoch.0.to_be_bytes());
        }
    }
    let (produced_compression, produced_bytes) = stored.produced;
    let plain_bytes = stored.plain_bytes;
    LoggedBatch { header, bytes: bytes.freeze(), plain_bytes, produced_compression, produced_bytes }
}
