//! The counts of a producer and of its topics: added to before deliveries complete, so that a caller that has awaited a delivery
//! finds it counted.
//!
//! Nothing waits for these numbers. Their order relative to a delivery is that of the lock of its [`Completion`], so the
//! atomics are those of the standard library in the models as well.
//!
//! [`Completion`]: super::Completion

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use super::histogram::LatencyRecorder;
use crate::timing::BatchTimes;

/// The sums of one producer.
#[derive(Debug, Default)]
pub struct Totals {
    records: AtomicU64,
    failed: AtomicU64,
    batches: AtomicU64,
    /// From the first record of a batch to its first request.
    pub queue: LatencyRecorder,
    /// From the last request of a batch to its outcome.
    pub wire: LatencyRecorder,
    /// From the first record of a batch to its outcome.
    pub total: LatencyRecorder,
}

impl Totals {
    /// Counts a batch, or the part of one that is settled now.
    pub fn add(&self, records: u64, failed: u64) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        add(&self.records, records);
        add(&self.failed, failed);
    }

    /// Counts the times of a batch. One that was never sent has no time of queue and wire, as in Java's `record-queue-time`.
    pub(crate) fn time(&self, times: &BatchTimes, now: Instant) {
        let (sent, total) = times.micros(now);
        if let Some([queue, wire]) = sent {
            self.queue.record_micros(queue);
            self.wire.record_micros(wire);
        }
        self.total.record_micros(total);
    }

    /// Records that were written.
    pub fn records(&self) -> u64 {
        self.records.load(Ordering::Relaxed)
    }

    /// Records that failed.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Batches that were settled.
    pub fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }
}

/// The sums of one topic, since it is known.
#[derive(Debug, Default)]
pub struct TopicTotals {
    records: AtomicU64,
    failed: AtomicU64,
    sent_records: AtomicU64,
    sent_bytes: AtomicU64,
    retried_records: AtomicU64,
    plain_bytes: AtomicU64,
    wire_bytes: AtomicU64,
}

/// The counts of a topic at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TopicCounts {
    /// Records that were written.
    pub records: u64,
    /// Records that failed.
    pub failed: u64,
    /// Records that were put into requests, once for each attempt.
    pub sent_records: u64,
    /// Bytes of batches that were put into requests, once for each attempt.
    pub sent_bytes: u64,
    /// Records that were put into a request once more.
    pub retried_records: u64,
    /// Bytes of records before compression, where the topic is compressed.
    pub plain_bytes: u64,
    /// Bytes of the same records on the wire.
    pub wire_bytes: u64,
}

impl TopicTotals {
    pub(crate) fn add_settled(&self, records: u64, failed: u64) {
        add(&self.records, records);
        add(&self.failed, failed);
    }

    pub(crate) fn add_sent(&self, records: u64, bytes: u64) {
        add(&self.sent_records, records);
        add(&self.sent_bytes, bytes);
    }

    pub(crate) fn add_retried(&self, records: u64) {
        add(&self.retried_records, records);
    }

    /// The records did not go with that request.
    pub(crate) fn take_back_retried(&self, records: u64) {
        self.retried_records.fetch_sub(records, Ordering::Relaxed);
    }

    pub(crate) fn add_compressed(&self, plain_bytes: u64, wire_bytes: u64) {
        add(&self.plain_bytes, plain_bytes);
        add(&self.wire_bytes, wire_bytes);
    }

    /// The counts at this moment.
    pub fn counts(&self) -> TopicCounts {
        let read = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        TopicCounts {
            records: read(&self.records),
            failed: read(&self.failed),
            sent_records: read(&self.sent_records),
            sent_bytes: read(&self.sent_bytes),
            retried_records: read(&self.retried_records),
            plain_bytes: read(&self.plain_bytes),
            wire_bytes: read(&self.wire_bytes),
        }
    }
}

fn add(sum: &AtomicU64, more: u64) {
    if more > 0 {
        sum.fetch_add(more, Ordering::Relaxed);
    }
}
