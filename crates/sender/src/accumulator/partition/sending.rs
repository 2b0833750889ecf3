//! The side of a partition that its broker sender sees: how it stands, and the batches that leave it. A broker sender only tries the lock, and
//! comes back if a caller holds it; the cluster task waits for it, once in a long while.

use std::sync::Arc as StdArc;
use std::time::Instant;

use milena_codec::ids::BrokerId;

use super::super::sender_mailbox::SenderMailbox;
use super::{Partition, PartitionStatus};
use crate::batch::Batch;
use crate::sync::{Arc, Completion, lock, try_lock};

impl Partition {
    /// The broker whose broker sender looks after it, and why that cannot be used.
    pub fn broker(&self) -> (Option<BrokerId>, Option<StdArc<str>>) {
        let mailbox = Arc::clone(&lock(&self.queue).mailbox);
        (mailbox.broker(), mailbox.trouble())
    }

    /// Another broker sender looks after it from now on. None when a caller holds the partition.
    pub fn assign(&self, mailbox: &Arc<SenderMailbox>) -> Option<()> {
        try_lock(&self.queue)?.ring_at(mailbox);
        Some(())
    }

    /// The status of the partition for its broker sender. `idle`: nothing of it is in flight. `flush_requested`: a flush was
    /// requested. An open batch that is too old, or that a flush waits for, is closed. An offered batch that
    /// outgrows `claim_from` bytes is reported to the broker sender once more. None when a caller holds the partition.
    pub fn poll(
        &self,
        now: Instant,
        idle: bool,
        flush_requested: bool,
        claim_from: usize,
    ) -> Option<PartitionStatus> {
        let mut queue = try_lock(&self.queue)?;
        queue.listed = false;
        queue.claim_from = claim_from;
        if flush_requested {
            queue.request_flush(&self.shared.outstanding);
        }
        let config = &self.shared.config;
        if queue.opened_at().is_some_and(|opened| now >= opened + config.open_for_max) {
            queue.close();
        }
        queue.note_ready(now, idle, config);
        Some(PartitionStatus {
            ready: queue.is_ready(now, idle, config),
            bytes: queue.next_bytes(),
            ages: queue.ages(now, config),
            expires: queue.expires(config),
        })
    }

    /// The broker sender takes the next batch, if one is worth sending, and leaves completions for later ones. The outer none
    /// means that a caller holds the partition.
    pub fn take(&self, now: Instant, idle: bool, spares: &mut Vec<Arc<Completion>>) -> Option<Option<Batch>> {
        let mut queue = try_lock(&self.queue)?;
        if !queue.is_ready(now, idle, &self.shared.config) {
            return Some(None);
        }
        queue.note_ready(now, idle, &self.shared.config);
        if queue.closed.is_empty() {
            queue.close();
        }
        queue.keep_spares(spares);
        Some(queue.closed.pop_front())
    }

    /// Takes the closed batches that were opened before `opened_before`, or every batch that waits. None when a caller
    /// holds the partition.
    pub fn give_up(&self, opened_before: Option<Instant>) -> Option<Vec<Batch>> {
        let mut queue = try_lock(&self.queue)?;
        let Some(opened_before) = opened_before else {
            queue.close();
            return Some(queue.closed.drain(..).collect());
        };
        let expired = queue.closed.iter().take_while(|batch| batch.times.opened <= opened_before).count();
        Some(queue.closed.drain(..expired).collect())
    }

    /// The open batch takes no more records: those to come are for another topic of the same name. That happens so
    /// rarely that it may wait for the caller that holds the partition.
    pub fn close_batch(&self) {
        lock(&self.queue).close();
    }

    /// Takes no records while the brokers do not know its topic, nor those of callers that wait for room. Those that were
    /// accepted before are still sent.
    pub fn set_unknown(&self, unknown: bool) {
        let mut queue = lock(&self.queue);
        queue.unknown = unknown;
        queue.look_at_each();
        drop(queue);
        if unknown {
            self.shared.memory.wake(&self.account);
        }
    }

    /// Whether it takes no records because the brokers do not know its topic.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        lock(&self.queue).unknown
    }

    /// Takes no more records. Those that were accepted before are still sent.
    pub fn shut(&self) {
        let mut queue = lock(&self.queue);
        queue.shut = true;
        queue.close();
    }

    /// Takes no more records, and returns the batches that were accepted before.
    pub fn end(&self) -> Vec<Batch> {
        let mut queue = lock(&self.queue);
        queue.shut = true;
        queue.close();
        queue.closed.drain(..).collect()
    }
}
