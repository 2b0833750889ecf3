//! What is given up: deliveries fail, while the bytes that are in flight stay where they are. So do those that a broker
//! may have written, until it tells or as much time has passed again.

use std::sync::Arc as StdArc;
use std::time::Instant;

use milena_codec::ErrorCode;
use milena_codec::record::Stamp;

use super::{Entry, Settler, Stream, StreamConfig};
use crate::batch::Batch;
use crate::outcome::{Failure, FailureKind, Persisted};

impl Stream {
    /// Fails what has waited for too long, here and in the queue. Returns none when somebody holds the partition.
    pub fn expire(
        &mut self,
        now: Instant,
        config: &StreamConfig,
        cause: &str,
        settler: &mut Settler,
    ) -> Option<()> {
        let Some(opened_before) = now.checked_sub(config.delivery_timeout) else { return Some(()) };
        if let Some(opened_before) = opened_before.checked_sub(config.delivery_timeout) {
            let too_old = self.entries.iter_mut().filter(|entry| entry.opened <= opened_before);
            too_old.for_each(|entry| entry.abandoned = true);
        }
        let overdue = |entry: &Entry| entry.opened <= opened_before;
        self.fail_entries(overdue, FailureKind::DeliveryTimeout, cause, settler);
        self.fail_next_batch(Some(opened_before), FailureKind::DeliveryTimeout, cause, settler);
        for batch in self.partition.give_up(Some(opened_before))? {
            self.fail_unsent(batch, FailureKind::DeliveryTimeout, cause, settler);
        }
        Some(())
    }

    /// Fails everything: the producer ends. Returns none when somebody holds the partition.
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
        let due = |entry: &Entry| match entry.claim {
            Some(_) => Some(entry.opened + config.delivery_timeout),
            None if !entry.abandoned => Some(entry.opened + config.delivery_timeout * 2),
            None => None,
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
            let out = entry.is_in_flight() || entry.is_doubtful();
            let persisted = if out { Persisted::Maybe } else { Persisted::No };
            entry.abandoned |= kind != FailureKind::DeliveryTimeout;
            if let Some(claim) = entry.claim.take() {
                let failure = failure_of(kind, persisted, entry.code, cause);
                settler.failed(claim, failure, &self.partition, &mut self.spares);
            }
        }
        self.drop_settled(settler);
    }

    /// Drops what waits and concerns nobody any more; a batch that was stamped leaves a gap behind.
    pub(super) fn drop_settled(&mut self, settler: &mut Settler) {
        let mut index = 0;
        while let Some(entry) = self.entries.get_mut(index) {
            if entry.is_done_with()
                && let Some(batch) = entry.batch.take()
            {
                self.broken |= entry.stamp != Stamp::NONE;
                settler.release(batch);
                self.entries.remove(index);
            } else {
                index += 1;
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
