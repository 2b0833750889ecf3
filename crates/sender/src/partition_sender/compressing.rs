//! Compression of a partition's batches: the next one ahead of its turn, and rejected ones that have to be opened.

use std::collections::VecDeque;
use std::sync::Arc as StdArc;
use std::time::Instant;

use super::entry::{Bytes, State};
use super::opening::Opening;
use super::{Completer, PartitionSender};
use crate::batch::{Batch, Claim};
use crate::compression::{CompressionJob, CompressionResult, JobId, Output, Work};
use crate::outcome::{ErrorKind, Failure, Persisted};

/// Records that lose less than one byte in so many are not worth a codec's time.
const GAIN_MIN: usize = 32;
/// After a batch that did not compress, at most so many times its length goes as it is before the codec is tried again.
const SKIPPED_MAX: usize = 64;

/// The batch that is sent next: claimed from the queue ahead of its turn, so that it is compressed by then. There is one,
/// or the parts of one.
#[derive(Debug, Default)]
pub(super) struct NextBatch {
    /// Ready to be stamped.
    prepared: VecDeque<Batch>,
    /// In a job.
    claimed: Option<InJob>,
    /// So many bytes of the next batches go as they are.
    skip_bytes: usize,
    /// How many times the length of the last batch that did not compress that was.
    skip_factor: usize,
}

/// A batch in a job, as far as its records are concerned.
#[derive(Debug)]
struct InJob {
    opened: Instant,
    /// None once its deliveries are settled.
    claim: Option<Claim>,
}

/// The result of claiming the next batch.
#[allow(
    clippy::large_enum_variant,
    reason = "it is moved on at once; a box would be allocated for each batch"
)]
#[derive(Debug)]
pub(crate) enum Claimed {
    /// A caller holds the partition: come back.
    Busy,
    /// Nothing is worth sending, or one is claimed already.
    Nothing,
    /// A batch of so many bytes of records that goes as it is.
    Skipped(usize),
    /// A batch to be compressed.
    Job(CompressionJob),
}

impl NextBatch {
    /// The batch, once it is ready.
    pub(super) fn pop(&mut self) -> Option<Batch> {
        self.prepared.pop_front()
    }

    /// When it was opened, while its deliveries are not settled.
    pub(super) fn opened(&self) -> Option<Instant> {
        let claimed = self.claimed.as_ref().filter(|claimed| claimed.claim.is_some());
        let prepared = self.prepared.front().map(|batch| batch.times.opened);
        prepared.or_else(|| claimed.map(|claimed| claimed.opened))
    }

    /// Takes the batches that were opened until `opened_before`, or all, and the deliveries of the one in the job.
    pub(super) fn give_up(&mut self, opened_before: Option<Instant>) -> (Vec<Batch>, Option<Claim>) {
        let is_old = |opened: Instant| opened_before.is_none_or(|before| opened <= before);
        let count = self.prepared.iter().take_while(|batch| is_old(batch.times.opened)).count();
        let batches = self.prepared.drain(..count).collect();
        let claimed = self.claimed.as_mut().filter(|claimed| is_old(claimed.opened));
        (batches, claimed.and_then(|claimed| claimed.claim.take()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.prepared.is_empty() && self.claimed.is_none()
    }

    /// Whether the next batch goes as it is, because those before it did not become smaller. They are no measure for a batch
    /// that is longer than the bytes to be skipped: single records of a hundred bytes hardly ever become smaller.
    fn skips(&mut self, bytes: usize) -> bool {
        let left = self.skip_bytes.checked_sub(bytes);
        self.skip_bytes = left.unwrap_or(0);
        left.is_some()
    }

    /// A batch came to `wire_bytes` of `plain_bytes`. If that is no gain, bytes are skipped: once its length, then twice
    /// that with each further batch without a gain.
    fn note(&mut self, wire_bytes: usize, plain_bytes: usize) {
        let is_gain = wire_bytes <= plain_bytes - plain_bytes / GAIN_MIN;
        self.skip_factor = if is_gain { 0 } else { (self.skip_factor * 2).clamp(1, SKIPPED_MAX) };
        self.skip_bytes = plain_bytes.saturating_mul(self.skip_factor);
    }
}

impl PartitionSender {
    /// Whether its batches are compressed.
    #[must_use]
    pub fn compresses(&self) -> bool {
        self.partition.compression().is_some()
    }

    /// Whether a batch of it is ready for the next request, compressed or as it is.
    #[must_use]
    pub fn has_prepared(&self) -> bool {
        !self.next_batch.prepared.is_empty()
    }

    /// Whether the next batch may be claimed: there is none yet.
    #[must_use]
    pub fn may_claim(&self) -> bool {
        self.compresses() && !self.leaving && self.next_batch.is_empty()
    }

    /// From how many bytes on the next batch is claimed even if it cannot be sent yet: compressing it takes long enough
    /// to be done on another thread meanwhile.
    #[must_use]
    pub fn claim_from(&self) -> usize {
        let compression = self.partition.compression().filter(|_| self.may_claim());
        compression.map_or(usize::MAX, |compression| compression.in_place_bytes_max())
    }

    /// Claims the next batch from the queue.
    pub(crate) fn claim(&mut self, now: Instant) -> Claimed {
        let (true, Some(compression)) = (self.may_claim(), self.partition.compression()) else {
            return Claimed::Nothing;
        };
        let compression = StdArc::clone(compression);
        let Some(taken) = self.partition.take(now, self.in_flight == 0, &mut self.spares) else {
            return Claimed::Busy;
        };
        let Some(batch) = taken else { return Claimed::Nothing };
        let bytes_max = self.partition.limit().wire_bytes_max_of(batch.bytes());
        let bytes = batch.body_bytes();
        if self.next_batch.skips(bytes) && (batch.records == 1 || batch.bytes() <= bytes_max) {
            self.next_batch.prepared.push_back(batch);
            return Claimed::Skipped(bytes);
        }
        let mut claim = batch.claim();
        // The job changes the bytes.
        claim.read_from(None);
        self.next_batch.claimed = Some(InJob { opened: batch.times.opened, claim: Some(claim) });
        self.in_jobs += 1;
        let id = JobId { partition: self.partition.serial().0, entry: None };
        Claimed::Job(CompressionJob { id, work: Work::Compress, batch, compression, bytes_max })
    }

    /// Has a batch that was sent opened by a job.
    pub(super) fn open(&mut self, index: usize, batch: Batch, opening: Opening) -> Option<CompressionJob> {
        let compression = StdArc::clone(self.partition.compression()?);
        let work = match &opening {
            Opening::Cut => Work::Cut,
            Opening::Drop(rejection) => {
                Work::Drop(rejection.records.iter().map(|record_error| record_error.place).collect())
            }
        };
        let bytes_max = self.partition.limit().part_bytes_max(batch.lengths());
        let entry = &mut self.entries[index];
        entry.bytes = Bytes::InJob(opening);
        self.in_jobs += 1;
        let id = JobId { partition: self.partition.serial().0, entry: Some(entry.number) };
        Some(CompressionJob { id, work, batch, compression, bytes_max })
    }

    /// Takes the result of a job.
    pub(crate) fn compressed(&mut self, result: CompressionResult, completer: &mut Completer) {
        self.in_jobs -= 1;
        completer.count_compression(&result, &self.partition);
        match result.id.entry {
            None => self.prepare(result, completer),
            Some(number) => self.opened(number, result, completer),
        }
        self.drop_settled(completer);
    }

    /// The next batch comes back. It was never sent: if its deliveries are settled by now, it is dropped.
    fn prepare(&mut self, result: CompressionResult, completer: &mut Completer) {
        let claim = self.next_batch.claimed.take().and_then(|claimed| claimed.claim);
        let (wire_bytes, plain_bytes) = (result.wire_bytes, result.plain_bytes);
        // A codec that failed is no measure of the records.
        if plain_bytes > 0 && result.failure().is_none() {
            self.next_batch.note(wire_bytes, plain_bytes);
            self.partition.observe_ratio(wire_bytes, plain_bytes);
        }
        match (result.output, claim) {
            (Output::Batch(mut batch), Some(_)) => {
                batch.times.note_compression(result.elapsed);
                completer.trim(&mut batch);
                self.next_batch.prepared.push_back(batch);
            }
            (Output::Parts { mut parts, source }, Some(claim)) => {
                completer.release(source);
                parts.iter_mut().for_each(|part| part.times.note_compression(result.elapsed));
                let more = parts.len().saturating_sub(1) as u64;
                self.partition.shared().outstanding.split(claim.generation, more);
                self.next_batch.prepared.extend(parts);
            }
            (Output::Broken { source, reason }, Some(mut claim)) => {
                claim.read_from(Some(&source));
                self.fail_in_job(claim, reason, completer);
                completer.release(source);
            }
            (Output::Lost { charged }, Some(claim)) => {
                completer.release_charge(charged);
                self.fail_in_job(claim, LOST.to_owned(), completer);
            }
            (output, None) => completer.release_output(output),
        }
    }

    /// The batch could not be handled, and was never sent.
    fn fail_in_job(&mut self, claim: Claim, reason: String, completer: &mut Completer) {
        let message = format!("compression of the batch failed: {reason}").into();
        let (kind, persisted) = (ErrorKind::Internal, Persisted::No);
        let failure = Failure { kind, persisted, retriable: false, by_end: false, code: None, message };
        completer.failed(claim, failure, &self.partition, &mut self.spares);
    }

    /// A batch that was sent and rejected comes back in parts, which take its place.
    fn opened(&mut self, number: u64, result: CompressionResult, completer: &mut Completer) {
        let CompressionResult { output, elapsed, .. } = result;
        let Some(index) = self.entries.iter().position(|entry| entry.number == number) else { return };
        if self.entries[index].state == State::Written {
            self.entries.remove(index);
            return completer.release_output(output);
        }
        let Some(opening) = self.entries[index].take_opening() else { return };
        let (parts, source) = match output {
            Output::Parts { mut parts, source } => {
                parts.iter_mut().for_each(|part| part.times.note_compression(elapsed));
                (Ok(parts), Some(source))
            }
            Output::Batch(batch) => (Ok(vec![batch]), None),
            Output::Broken { source, reason } => (Err(reason), Some(source)),
            Output::Lost { charged } => {
                completer.release_charge(charged);
                (Err(LOST.to_owned()), None)
            }
        };
        match (parts, self.entries[index].has_callers()) {
            (Ok(parts), true) => match opening {
                Opening::Cut => self.insert_cut(index, parts),
                Opening::Drop(rejection) => self.insert_others(index, parts, &rejection, completer),
            },
            // Settled by its deadline meanwhile. Its sequences are missing then, and its parts are not sent.
            (Ok(parts), false) => {
                parts.into_iter().for_each(|part| completer.release(part));
                self.leave_unwritten(index);
            }
            (Err(reason), _) => self.fail_opened(index, &reason, completer),
        }
        if let Some(source) = source {
            completer.release(source);
        }
    }

    /// A batch that was sent and rejected could not be opened.
    fn fail_opened(&mut self, index: usize, reason: &str, completer: &mut Completer) {
        let Some(mut entry) = self.leave_unwritten(index) else { return };
        let persisted = if entry.is_in_doubt() { Persisted::Maybe } else { Persisted::No };
        let message = format!("compression of the rejected batch failed: {reason}").into();
        let (kind, code) = (ErrorKind::Internal, entry.code);
        let failure = Failure { kind, persisted, retriable: false, by_end: false, code, message };
        if let Some(claim) = entry.take_claim() {
            completer.failed(claim, failure, &self.partition, &mut self.spares);
        }
    }
}

/// Why the records of a batch fail whose job panicked outside of the codec.
const LOST: &str = "the job that compressed it panicked, which is a fault of milena";
