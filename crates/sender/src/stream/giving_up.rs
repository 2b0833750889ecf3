//! What is given up: deliveries fail, while the bytes that are in flight stay where they are. So do those of batches in
//! doubt, until their outcome is known or as much time has passed again.

use std::sync::Arc as StdArc;
use std::time::Instant;

use milena_codec::ErrorCode;

use super::entry::{Bytes, Callers, Entry};
use super::{Settler, Stream, StreamConfig};
use crate::batch::Batch;
use crate::outcome::{Failure, FailureKind, Persisted};

impl Stream {
    /// Fails what has waited for too long, here and in the queue. Returns none when a caller holds the partition.
    pub fn expire(
        &mut self,
        now: Instant,
        config: &StreamConfig,
        cause: &str,
        settler: &mut Settler,
    ) -> Option<()> {
        let Some(opened_before) = now.checked_sub(config.delivery_timeout) else { return Some(()) };
        if let Some(opened_before) = opened_before.checked_sub(config.delivery_timeout) {
            let is_too_old = |entry: &&mut Entry| !entry.has_callers() && entry.opened <= opened_before;
            self.entries.iter_mut().filter(is_too_old).for_each(|entry| entry.callers = Callers::GivenUp);
        }
        let overdue = |entry: &Entry| entry.opened <= opened_before;
        self.fail_entries(overdue, FailureKind::DeliveryTimeout, cause, settler);
        self.fail_next_batch(Some(opened_before), FailureKind::DeliveryTimeout, cause, settler);
        for batch in self.partition.give_up(Some(opened_before))? {
            self.fail_unsent(batch, FailureKind::DeliveryTimeout, cause, settler);
        }
        Some(())
    }

    /// Fails everything: the producer ends. Returns none when a caller holds the partition.
    pub fn abort(&mut self, settler: &mut Settler) -> Option<()> {
        let waiting = self.partition.give_up(None);
        self.fail_all(waiting?, settler);
        Some(())
    }

    /// Fails everything, and takes no more: the topic has no such partition any more.
    pub fn discard(mut self, settler: &mut Settler) {
        let cause = "the topic was created anew, with fewer partitions";
        let waiting = self.partition.end();
        self.fail_entries(|_| true, FailureKind::InvalidPartition, cause, settler);
        self.fail_next_batch(None, FailureKind::InvalidPartition, cause, settler);
        for batch in waiting {
            self.fail_unsent(batch, FailureKind::InvalidPartition, cause, settler);
        }
    }

    /// When the next batch here is given up, or abandoned.
    #[must_use]
    pub fn deadline(&self, config: &StreamConfig) -> Option<Instant> {
        let due = |entry: &Entry| match entry.callers {
            Callers::Wait(_) => Some(entry.opened + config.delivery_timeout),
            Callers::Told => Some(entry.opened + config.delivery_timeout * 2),
            Callers::GivenUp => None,
        };
        let next_batch = self.next_batch.opened().map(|opened| opened + config.delivery_timeout);
        self.entries.iter().filter_map(due).chain(next_batch).min()
    }

    /// Fails all that is here, and what waited behind it.
    fn fail_all(&mut self, waiting: Vec<Batch>, settler: &mut Settler) {
        let cause = "the producer was closed before they were acknowledged";
        self.fail_entries(|_| true, FailureKind::Closed, cause, settler);
        let cause = "the producer was closed before they were sent";
        self.fail_next_batch(None, FailureKind::Closed, cause, settler);
        for batch in waiting {
            self.fail_unsent(batch, FailureKind::Closed, cause, settler);
        }
    }

    /// Fails the deliveries of some entries. What is in flight stays until its answer. What waits is dropped, unless it
    /// is too late for it and it may stand in the log.
    pub(super) fn fail_entries(
        &mut self,
        which: impl Fn(&Entry) -> bool,
        kind: FailureKind,
        cause: &str,
        settler: &mut Settler,
    ) {
        for entry in self.entries.iter_mut().filter(|entry| which(entry)) {
            let persisted = if entry.may_be_written() { Persisted::Maybe } else { Persisted::No };
            let claim = entry.take_claim();
            if kind != FailureKind::DeliveryTimeout {
                entry.callers = Callers::GivenUp;
            }
            if let Some(claim) = claim {
                let failure = failure_of(kind, persisted, entry.code, cause);
                settler.failed(claim, failure, &self.partition, &mut self.spares);
            }
        }
        self.drop_settled(settler);
    }

    /// Drops what waits and concerns no caller any more; a batch that was stamped leaves a gap behind.
    pub(super) fn drop_settled(&mut self, settler: &mut Settler) {
        let mut index = 0;
        while let Some(entry) = self.entries.get(index) {
            if !(entry.is_done_with() && entry.is_here()) {
                index += 1;
                continue;
            }
            if let Some(Entry { bytes: Bytes::Here(batch), .. }) = self.leave_unwritten(index) {
                settler.release(batch);
            }
        }
    }

    /// Fails what was claimed ahead of its turn. The bytes of a batch in a job come back by its result.
    fn fail_next_batch(
        &mut self,
        opened_before: Option<Instant>,
        kind: FailureKind,
        cause: &str,
        settler: &mut Settler,
    ) {
        let (batches, claim) = self.next_batch.give_up(opened_before);
        for batch in batches {
            self.fail_unsent(batch, kind, cause, settler);
        }
        if let Some(claim) = claim {
            let failure = failure_of(kind, Persisted::No, None, cause);
            settler.failed(claim, failure, &self.partition, &mut self.spares);
        }
    }

    fn fail_unsent(&mut self, batch: Batch, kind: FailureKind, cause: &str, settler: &mut Settler) {
        let failure = failure_of(kind, Persisted::No, None, cause);
        settler.failed(batch.claim(), failure, &self.partition, &mut self.spares);
        settler.release(batch);
    }
}

/// Whoever loses a stream, by a panic or because its runtime ends, loses no record's outcome with it: everything fails
/// that is not settled, and no more is accepted.
impl Drop for Stream {
    fn drop(&mut self) {
        let mut settler = Settler::new(StdArc::clone(self.partition.shared()));
        let waiting = self.partition.end();
        self.fail_all(waiting, &mut settler);
        settler.finish();
    }
}

/// A failure that is not the broker's verdict.
fn failure_of(kind: FailureKind, persisted: Persisted, code: Option<ErrorCode>, cause: &str) -> Failure {
    let said = code.map(|code| format!("; the broker last said {code}")).unwrap_or_default();
    Failure { kind, persisted, retriable: true, code, message: format!("{cause}{said}").into() }
}
