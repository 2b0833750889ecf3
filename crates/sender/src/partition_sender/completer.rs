//! Settling batches: deliveries complete, and the bytes go back to the budget, at once for a whole response.

use std::sync::Arc as StdArc;
use std::task::Waker;
use std::time::Instant;

use crate::accumulator::{Partition, Shared};
use crate::batch::{Batch, Claim};
use crate::compression::{CompressionResult, Output};
use crate::outcome::Failure;
use crate::sync::{
    Account, Arc, BatchReport, Charge, Completion, FailedBatch, FailedRecords, Release, Settled, wake_all,
};
use crate::timing::BatchTiming;

/// Counts of a broker sender's work.
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
    /// Batches that were sent once more.
    pub retries: u64,
    /// Records that were sent once more.
    pub retried_records: u64,
    /// Batches that were put into requests, once for each attempt.
    pub sent_batches: u64,
    /// Their records.
    pub sent_records: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// The bytes of the largest of them.
    pub sent_bytes_max: u64,
    /// Batches that a broker found too large and that go in smaller ones.
    pub splits: u64,
    /// The work of codecs.
    pub compression: CompressionCounters,
}

/// Counts of the codecs' work on batches that were not sent before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CompressionCounters {
    /// Batches that were compressed.
    pub compressed: u64,
    /// Batches that went as they are because those before them did not become smaller.
    pub skipped: u64,
    /// Batches that went as they are because the codec failed.
    pub failed: u64,
    /// Bytes of the records of all batches of compressed topics.
    pub plain_bytes: u64,
    /// Bytes of the same records on the wire.
    pub wire_bytes: u64,
    /// Nanoseconds that codecs took.
    pub nanos: u64,
}

/// Gathers what settling frees, until [`finish`](Self::finish).
#[derive(Debug)]
pub struct Completer {
    shared: StdArc<Shared>,
    chunks: Vec<Vec<u8>>,
    /// The bytes that partitions give back. The account of a batch and that of its claim, which follow each other, stand in one.
    released: Vec<Release>,
    /// The time of the acknowledgements.
    now: Option<Instant>,
    wakers: Vec<Waker>,
    /// Counts since they were taken last.
    pub counters: Counters,
    /// The timings of all batches so far.
    #[cfg(test)]
    pub(crate) timings: Vec<BatchTiming>,
}

impl Completer {
    /// Nothing gathered yet.
    #[must_use]
    pub fn new(shared: StdArc<Shared>) -> Self {
        Self {
            shared,
            chunks: Vec::new(),
            released: Vec::new(),
            now: None,
            wakers: Vec::new(),
            counters: Counters::default(),
            #[cfg(test)]
            timings: Vec::new(),
        }
    }

    /// The time of everything that is completed from now on.
    pub const fn at(&mut self, now: Instant) {
        self.now = Some(now);
    }

    /// State that all partitions share.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Completes the deliveries of records that were written. The completion is left in `spares` for a later batch.
    pub fn written(
        &mut self,
        claim: Claim,
        base_offset: Option<i64>,
        append_time_ms: Option<i64>,
        partition: &Partition,
        spares: &mut Vec<Arc<Completion>>,
    ) {
        self.counters.records += u64::from(claim.records);
        self.shared.totals.add(claim.records.into(), 0);
        partition.topic_totals().add_settled(claim.records.into(), 0);
        self.note(&claim.account, 0, true);
        let timing = self.note_timing(&claim);
        let settled = Settled::Written { base_offset, append_time_ms };
        self.report(&claim, (0, claim.records), &settled, timing, None);
        self.settle(claim, settled, spares);
    }

    /// Completes the deliveries of records that failed together.
    pub fn failed(
        &mut self,
        claim: Claim,
        failure: Failure,
        partition: &Partition,
        spares: &mut Vec<Arc<Completion>>,
    ) {
        let failure = StdArc::new(failure);
        self.note_failed(claim.records, &failure, partition);
        let timing = self.note_timing(&claim);
        self.keep_records(&claim);
        let settled = Settled::Failed(failure);
        let batch = self.reported_batch(&claim);
        self.report(&claim, (0, claim.records), &settled, timing, batch);
        self.settle(claim, settled, spares);
    }

    /// The bytes of a claim that fails, for the reports of its records: decoded once for all of them.
    fn reported_batch(&self, claim: &Claim) -> Option<StdArc<FailedBatch>> {
        if self.shared.reports.is_on() { claim.failed_batch(None) } else { None }
    }

    /// Makes a report of records of a claim, if there is a reader: before a flush that waits for them returns. `batch`: their
    /// bytes, where they failed.
    fn report(
        &mut self,
        claim: &Claim,
        (place, records): (u32, u32),
        settled: &Settled,
        timing: Option<BatchTiming>,
        batch: Option<StdArc<FailedBatch>>,
    ) {
        let shared = &self.shared;
        let Some(metas) = shared.reports.is_on().then(|| claim.completion.metas()).flatten() else { return };
        let holds = matches!(settled, Settled::Failed(_)) || shared.reports.holds_successes();
        let hold = if holds { claim.hold(&shared.memory) } else { None };
        let (topic, partition) = claim.account.place();
        let report = BatchReport {
            topic: StdArc::clone(topic),
            partition: *partition,
            first: claim.first + place,
            records,
            settled: settled.clone(),
            metas,
            timing,
            batch,
            _hold: hold,
        };
        shared.reports.push(report, &mut self.wakers);
    }

    /// Keeps the records of a claim that fails, if deliveries may refer to them: the batch and the claim refer to the completion as
    /// well.
    fn keep_records(&self, claim: &Claim) {
        if Arc::strong_count(&claim.completion) > 2
            && let Some(batch) = claim.failed_batch(Some(&self.shared.failed_room))
        {
            claim.completion.keep(batch);
        }
    }

    /// Completes the deliveries of ranges of records, each with a failure of its own: its first record's place in the claim, how
    /// many records, and the failure. They count as one batch.
    pub(super) fn failed_ranges(
        &mut self,
        claim: Claim,
        ranges: impl Iterator<Item = (u32, u32, Failure)>,
        partition: &Partition,
        spares: &mut Vec<Arc<Completion>>,
    ) {
        let timing = self.note_timing(&claim);
        let batch = self.reported_batch(&claim);
        let mut failed = Vec::new();
        for (place, records, failure) in ranges {
            let failure = StdArc::new(failure);
            self.note_failed(records, &failure, partition);
            let settled = Settled::Failed(failure);
            self.report(&claim, (place, records), &settled, timing, batch.clone());
            failed.push((claim.first + place, records, settled));
        }
        self.keep_records(&claim);
        claim.completion.settle_ranges(failed, &mut self.wakers);
        self.settled(claim, spares);
    }

    fn note_failed(&mut self, records: u32, failure: &StdArc<Failure>, partition: &Partition) {
        self.counters.failed += u64::from(records);
        self.shared.totals.add(0, records.into());
        partition.topic_totals().add_settled(0, records.into());
        // Before the count of outstanding batches goes down: a flush reads the log when that count is 0.
        self.shared.failures.note(FailedRecords {
            topic: StdArc::clone(partition.topic()),
            partition: partition.index(),
            records: records.into(),
            failure: StdArc::clone(failure),
        });
    }

    fn settle(&mut self, claim: Claim, settled: Settled, spares: &mut Vec<Arc<Completion>>) {
        claim.completion.settle(claim.first, claim.records, claim.record_handles, settled, &mut self.wakers);
        self.settled(claim, spares);
    }

    /// Takes the timing of a batch whose outcome is there: before its deliveries complete.
    #[cfg_attr(not(test), expect(clippy::needless_pass_by_ref_mut, reason = "tests keep the timings"))]
    fn note_timing(&mut self, claim: &Claim) -> Option<BatchTiming> {
        // Without a time the runtime has ended.
        let now = self.now?;
        self.shared.totals.time(&claim.times, now);
        let timing = claim.timing(now, self.shared.config.linger);
        #[cfg(test)]
        self.timings.push(timing);
        claim.completion.set_timing(claim.first, timing);
        Some(timing)
    }

    /// The deliveries of a claim are complete.
    fn settled(&mut self, claim: Claim, spares: &mut Vec<Arc<Completion>>) {
        self.counters.batches += 1;
        self.shared.outstanding.settle(claim.generation, &mut self.wakers);
        if !claim.completion.keeps_records() {
            spares.push(claim.completion);
        }
    }

    /// Takes the bytes of a batch that is not read any more.
    pub fn release(&mut self, batch: Batch) {
        if let Some(charge) = batch.dismantle(&mut self.chunks) {
            self.release_charge(charge);
        }
    }

    /// Takes the batches of a job that has no use for them.
    pub(crate) fn release_output(&mut self, output: Output) {
        match output {
            Output::Batch(batch) | Output::Broken { source: batch, .. } => self.release(batch),
            Output::Parts { parts, source } => {
                parts.into_iter().chain([source]).for_each(|batch| self.release(batch));
            }
            Output::Lost { charged } => self.release_charge(charged),
        }
    }

    /// Takes the charge of a batch that was lost with its chunks.
    pub(super) fn release_charge(&mut self, charged: Charge) {
        self.note(&charged.account, charged.bytes, false);
    }

    /// Takes the chunks that a batch does not need any more, compressed as it is.
    pub(super) fn trim(&mut self, batch: &mut Batch) {
        let bytes = batch.trim(&mut self.chunks);
        self.note(&batch.account, bytes, false);
    }

    fn note(&mut self, account: &Arc<Account>, bytes: usize, acknowledged: bool) {
        match self.released.last_mut().filter(|last| Arc::ptr_eq(&last.account, account)) {
            Some(last) => {
                last.bytes += bytes;
                last.acknowledged |= acknowledged;
            }
            None => self.released.push(Release { account: Arc::clone(account), bytes, acknowledged }),
        }
    }

    /// Counts a batch that goes out with a request.
    pub(crate) fn count_sent(&mut self, batch: &Batch, partition: &Partition) {
        let (records, bytes) = (u64::from(batch.records), batch.bytes() as u64);
        let counters = &mut self.counters;
        counters.sent_batches += 1;
        counters.sent_records += records;
        counters.sent_bytes += bytes;
        counters.sent_bytes_max = counters.sent_bytes_max.max(bytes);
        partition.topic_totals().add_sent(records, bytes);
    }

    /// Counts a batch of `records` that is sent once more.
    pub(super) fn count_retry(&mut self, records: u32, partition: &Partition) {
        self.counters.retries += 1;
        self.counters.retried_records += u64::from(records);
        partition.topic_totals().add_retried(records.into());
    }

    /// The batch did not fit its request.
    pub(super) fn take_back_retry(&mut self, records: u32, partition: &Partition) {
        self.counters.retries -= 1;
        self.counters.retried_records -= u64::from(records);
        partition.topic_totals().take_back_retried(records.into());
    }

    /// Counts the work of a job.
    pub(super) fn count_compression(&mut self, result: &CompressionResult, partition: &Partition) {
        let counters = &mut self.counters.compression;
        counters.nanos += u64::try_from(result.elapsed.as_nanos()).unwrap_or(u64::MAX);
        counters.failed += u64::from(result.failure().is_some());
        // A batch that is sent again, in parts, was counted when it was sent first.
        if result.id.entry.is_none() {
            counters.compressed += result.compressed;
            counters.plain_bytes += result.plain_bytes as u64;
            counters.wire_bytes += result.wire_bytes as u64;
            partition.topic_totals().add_compressed(result.plain_bytes as u64, result.wire_bytes as u64);
        }
    }

    /// Counts a batch of `bytes` that no codec was given.
    pub(crate) fn count_skipped(&mut self, bytes: usize, partition: &Partition) {
        let counters = &mut self.counters.compression;
        counters.skipped += 1;
        counters.plain_bytes += bytes as u64;
        counters.wire_bytes += bytes as u64;
        partition.topic_totals().add_compressed(bytes as u64, bytes as u64);
    }

    /// Gives the bytes back, and wakes the tasks that wait; no lock is held then.
    pub fn finish(&mut self) {
        if !self.released.is_empty() || !self.chunks.is_empty() {
            let memory = &self.shared.memory;
            memory.give_back(&mut self.chunks, self.released.drain(..), self.now, &mut self.wakers);
        }
        wake_all(&mut self.wakers);
    }
}
