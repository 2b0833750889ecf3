//! How many records and batches were settled: counted before their deliveries complete, so that a caller that has awaited a
//! delivery finds it counted.
//!
//! Nothing waits for these numbers. Their order relative to a delivery is that of the lock of its [`Completion`], so the
//! atomics are those of the standard library in the models as well.
//!
//! [`Completion`]: super::Completion

use std::sync::atomic::{AtomicU64, Ordering};

/// The sums of one producer.
#[derive(Debug, Default)]
pub struct Totals {
    records: AtomicU64,
    failed: AtomicU64,
    batches: AtomicU64,
}

impl Totals {
    /// Counts a batch, or the part of one that is settled now.
    pub fn add(&self, records: u64, failed: u64) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        for (sum, more) in [(&self.records, records), (&self.failed, failed)] {
            if more > 0 {
                sum.fetch_add(more, Ordering::Relaxed);
            }
        }
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
