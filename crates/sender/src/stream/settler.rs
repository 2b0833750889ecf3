//! Settling batches: who waits is told, and the bytes go back to the budget, in one go for a whole answer.

use std::sync::Arc as StdArc;
use std::task::Waker;

use crate::accumulator::{Batch, Claim, Partition, Shared};
use crate::outcome::Failure;
use crate::sync::{Arc, Completion, FailedRecords, Settled};

/// What a lane has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Records that were written.
    pub records: u64,
    /// Records that failed.
    pub failed: u64,
    /// Batches that were settled.
    pub batches: u64,
    /// Requests that were made.
    pub requests: u64,
    /// Batches that had to go once more.
    pub retries: u64,
}

/// Gathers what settling frees, until [`finish`](Self::finish).
#[derive(Debug)]
pub struct Settler {
    shared: StdArc<Shared>,
    chunks: Vec<Vec<u8>>,
    bytes: usize,
    wakers: Vec<Waker>,
    /// What was done.
    pub counters: Counters,
}

impl Settler {
    /// Nothing gathered yet.
    #[must_use]
    pub const fn new(shared: StdArc<Shared>) -> Self {
        let counters = Counters { records: 0, failed: 0, batches: 0, requests: 0, retries: 0 };
        Self { shared, chunks: Vec::new(), bytes: 0, wakers: Vec::new(), counters }
    }

    /// What all partitions share.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Tells those who wait that the records were written. The completion is left in `spares` for a later batch.
    pub fn written(
        &mut self,
        claim: Claim,
        base_offset: Option<i64>,
        append_time_ms: Option<i64>,
        spares: &mut Vec<Arc<Completion>>,
    ) {
        self.counters.records += u64::from(claim.records);
        self.settle(claim, Settled::Written { base_offset, append_time_ms }, spares);
    }

    /// Tells those who wait that the records failed.
    pub fn failed(
        &mut self,
        claim: Claim,
        failure: Failure,
        partition: &Partition,
        spares: &mut Vec<Arc<Completion>>,
    ) {
        let failure = StdArc::new(failure);
        self.counters.failed += u64::from(claim.records);
        // Before the count of outstanding batches goes down: a flush reads the log when that count is 0.
        self.shared.failures.note(FailedRecords {
            topic: StdArc::clone(partition.topic()),
            partition: partition.index(),
            records: claim.records.into(),
            failure: StdArc::clone(&failure),
        });
        self.settle(claim, Settled::Failed(failure), spares);
    }

    fn settle(&mut self, claim: Claim, settled: Settled, spares: &mut Vec<Arc<Completion>>) {
        self.counters.batches += 1;
        claim.completion.settle(claim.first, claim.records, claim.seats, settled, &mut self.wakers);
        self.shared.outstanding.settle(claim.generation, &mut self.wakers);
        spares.push(claim.completion);
    }

    /// Takes the bytes of a batch that nobody reads any more.
    pub fn release(&mut self, batch: Batch) {
        self.bytes += batch.dismantle(&mut self.chunks);
    }

    /// Gives the bytes back, and wakes whom it concerns; no lock is held then.
    pub fn finish(&mut self) {
        if self.bytes > 0 || !self.chunks.is_empty() {
            let bytes = std::mem::take(&mut self.bytes);
            self.shared.memory.give_back(&mut self.chunks, bytes, &mut self.wakers);
        }
        self.wakers.drain(..).for_each(Waker::wake);
    }
}
