//! A partition as callers and broker senders share it: callers append under a short lock, a broker sender only ever tries the lock
//! (`sending`).

mod leader;
mod sending;

use std::sync::Arc as StdArc;
use std::task::Waker;
use std::time::Instant;

use bytes::Bytes;
use milena_codec::compression::Compression;
use milena_codec::ids::PartitionId;
use milena_codec::record::HEADER_BYTES;

use super::alone::encode_alone;
use super::entering::{AppendContext, Wakeups, awaited_bytes};
use super::entry::{AcceptedRecord, AppendOptions, RecordRef, Refusal};
use super::limit::TopicLimit;
use super::queue::Queue;
use super::ratio::{EstimatedRatio, Ratio};
use super::sender_mailbox::SenderMailbox;
use super::settings::{Clock, Shared};
use crate::batch::Batch;
use crate::compression::TopicCompression;
use crate::ids::PartitionSerial;
use crate::outcome::{Obstacle, OngoingRejection};
use crate::sync::mutant::{self, Blind};
use crate::sync::{
    Account, Arc, AtomicBool, BatchData, CHUNK_BYTES_MAX, Charge, Completion, Gate, GateGuard, Memory,
    Padded, RecordHandle, RecordMeta, Ticket, TopicTotals, lock, try_lock, wake_all,
};
use crate::timing::BatchTimes;

/// Only batches of at least this share of the limit show how well the records of a full batch compress.
const OBSERVED_SHARE: usize = 16;

/// A partition of a topic, as far as records wait for it.
#[derive(Debug)]
pub struct Partition {
    topic: StdArc<str>,
    index: PartitionId,
    /// Its number among all partitions of the producer.
    serial: u32,
    shared: StdArc<Shared>,
    of_topic: OfTopic,
    ratio: EstimatedRatio,
    /// The bytes that the partition holds of the budget.
    account: Arc<Account>,
    /// Whether the partition has a leader.
    available: AtomicBool,
    /// The reason why the partition has no leader. Guards a read or an exchange.
    leaderless: Gate<Option<Obstacle>>,
    /// The code with which its batches are rejected. Guards a read or an exchange.
    rejection: Gate<Option<OngoingRejection>>,
    /// Its topic is dormant: its metadata is not requested.
    dormant: AtomicBool,
    queue: Padded<Gate<Queue>>,
}

/// The parts of a topic that its partitions share.
#[derive(Clone, Debug)]
pub(super) struct OfTopic {
    /// How long a batch of the topic may be.
    pub(super) limit: StdArc<TopicLimit>,
    /// The codec and level of its batches, where they are compressed.
    pub(super) compression: Option<StdArc<TopicCompression>>,
    /// The counts of its records.
    pub(super) totals: StdArc<TopicTotals>,
}

/// The state of a partition when its broker sender polls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionStatus {
    /// Something is worth sending.
    pub ready: bool,
    /// Length of the batch that is taken next.
    pub bytes: usize,
    /// When the open batch is worth sending by its age, or takes no more records.
    pub ages: Option<Instant>,
    /// When the oldest batch is given up.
    pub expires: Option<Instant>,
}

impl Partition {
    /// A partition with nothing in it, looked after by the broker sender behind `mailbox`.
    pub(super) fn new(
        topic: StdArc<str>,
        index: PartitionId,
        serial: u32,
        shared: StdArc<Shared>,
        of_topic: OfTopic,
        mailbox: Arc<SenderMailbox>,
    ) -> StdArc<Self> {
        let account = Account::new(StdArc::clone(&topic), index, serial);
        let queue = Padded(Gate::new(Queue::new(&account, mailbox)));
        StdArc::new(Self {
            topic,
            index,
            serial,
            shared,
            of_topic,
            ratio: EstimatedRatio::new(),
            account,
            available: AtomicBool::new(false),
            leaderless: Gate::new(None),
            rejection: Gate::new(None),
            dormant: AtomicBool::new(false),
            queue,
        })
    }

    /// Its topic.
    pub fn topic(&self) -> &StdArc<str> {
        &self.topic
    }

    /// Its number.
    pub const fn index(&self) -> PartitionId {
        self.index
    }

    /// Its number among all partitions of the producer.
    pub const fn serial(&self) -> PartitionSerial {
        PartitionSerial(self.serial)
    }

    /// State that it shares with all partitions.
    pub const fn shared(&self) -> &StdArc<Shared> {
        &self.shared
    }

    /// The bytes that the partition holds of the budget.
    pub const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// How many batches it opened, and how many records it rejected because the brokers do not know the topic.
    pub(super) fn uses(&self) -> u64 {
        lock(&self.queue).uses
    }

    /// Appends a record to the open batch: the one copy of its bytes.
    ///
    /// # Errors
    /// [`Refusal`]; then nothing of the record is kept.
    #[inline]
    pub fn append<C: Clock, const HANDLE: bool>(
        &self,
        record: &RecordRef<'_>,
        clock: &C,
        waiting: AppendOptions<'_>,
    ) -> Result<AcceptedRecord, Refusal> {
        let bytes_max = record.bytes_max();
        if bytes_max > self.shared.config.record_bytes_max {
            return Err(Refusal::TooLarge { bytes: bytes_max, limit: self.shared.config.record_bytes_max });
        }
        let timestamp_ms = record.timestamp_ms.unwrap_or_else(|| clock.wall_ms());
        let mut queue =
            if waiting.try_only { try_lock(&self.queue).ok_or(Refusal::Busy)? } else { lock(&self.queue) };
        if waiting.skip_linger || !queue.fits(bytes_max) {
            return self.append_slowly::<C, HANDLE>(queue, record, timestamp_ms, clock, waiting);
        }
        let (record_handle, bytes) = queue.put::<HANDLE>(record, timestamp_ms);
        Ok(AcceptedRecord { record_handle, bytes })
    }

    /// The append that has more to do than to encode.
    #[cold]
    #[inline(never)]
    fn append_slowly<C: Clock, const HANDLE: bool>(
        &self,
        mut queue: GateGuard<'_, Queue>,
        record: &RecordRef<'_>,
        timestamp_ms: i64,
        clock: &C,
        waiting: AppendOptions<'_>,
    ) -> Result<AcceptedRecord, Refusal> {
        if queue.shut {
            return Err(Refusal::Closed);
        }
        if queue.unknown {
            queue.uses += 1;
            return Err(Refusal::UnknownTopic);
        }
        let bytes_max = record.bytes_max();
        // It would wait for room for ever.
        let limit = self.shared.memory.budget().saturating_sub(HEADER_BYTES);
        if bytes_max > limit {
            return Err(Refusal::TooLarge { bytes: bytes_max, limit });
        }
        if waiting.ticket.is_none() && self.account.has_waiters() {
            return Err(self.full(&queue, bytes_max));
        }
        if HEADER_BYTES + bytes_max > CHUNK_BYTES_MAX {
            if waiting.may_yield && queue.mailbox.runs_ahead(bytes_max) {
                return Err(Refusal::Yield);
            }
            drop(queue);
            return self.append_alone::<C, HANDLE>(record, timestamp_ms, clock, waiting);
        }
        let waited = waiting.ticket.is_some();
        let mut entering =
            AppendContext { ticket: waiting.ticket, may_yield: waiting.may_yield, wakers: Vec::new() };
        let mut wakeups = Wakeups::default();
        let batch_bytes_max = self.batch_bytes_max();
        let room = if queue.fits(bytes_max) {
            Ok(())
        } else {
            queue.make_room(&self.shared, bytes_max, batch_bytes_max, clock, &mut entering, &mut wakeups)
        };
        let appended = room.map(|()| {
            queue.begin_at(timestamp_ms);
            let (record_handle, bytes) = queue.put::<HANDLE>(record, timestamp_ms);
            wakeups.ready |= waiting.skip_linger && queue.request_now();
            wakeups.request_flush =
                self.shared.config.flush_records.is_some_and(|enough| queue.count() >= enough);
            // The next one may wait for this very room: no linger.
            wakeups.ready |= waited && queue.offer_now();
            AcceptedRecord { record_handle, bytes }
        });
        let mailbox = Arc::clone(&queue.mailbox);
        drop(queue);
        self.ring(&mailbox, &wakeups);
        wake_all(&mut entering.wakers);
        appended
    }

    /// A record larger than any chunk becomes a batch of its own, encoded without the partition's lock. A
    /// value that the caller shares is sent from where it lies.
    fn append_alone<C: Clock, const HANDLE: bool>(
        &self,
        record: &RecordRef<'_>,
        timestamp_ms: i64,
        clock: &C,
        waiting: AppendOptions<'_>,
    ) -> Result<AcceptedRecord, Refusal> {
        let wanted = HEADER_BYTES + record.bytes_max();
        let (memory, now) = (&self.shared.memory, clock.now());
        let charged = memory.reserve(&self.account, wanted, waiting.ticket, Some(now));
        let charged = charged.ok_or(Refusal::Full { bytes: wanted })?;
        let (chunks, lent) = encode_alone(record);
        let bytes = chunks.iter().map(Vec::len).sum::<usize>() + lent.as_ref().map_or(0, Bytes::len);
        let bytes = u32::try_from(bytes - HEADER_BYTES).unwrap_or(u32::MAX);

        let completion = Arc::new(Completion::of(&self.topic, self.index));
        let record_handle = HANDLE.then(|| RecordHandle::new(&completion, 0, timestamp_ms));
        if self.shared.reports.is_on() {
            completion.set_metas(vec![RecordMeta { tag: record.tag, timestamp_ms }]);
        }
        let mut queue = lock(&self.queue);
        if queue.shut {
            drop(queue);
            let mut wakers = Vec::new();
            let charge = Charge { account: Arc::clone(&self.account), bytes: charged };
            self.shared.memory.give_back(&mut Vec::new(), [charge.release(false)], None, &mut wakers);
            wake_all(&mut wakers);
            return Err(Refusal::Closed);
        }
        queue.push(Batch {
            data: BatchData::new(chunks, lent),
            records: 1,
            base_timestamp_ms: timestamp_ms,
            max_timestamp_ms: timestamp_ms,
            account: Arc::clone(&self.account),
            charged,
            times: BatchTimes::opened(now),
            generation: self.shared.outstanding.open(now),
            completion,
            record_handles: (0, 1),
            codec: Compression::None,
            plain_bytes: 0,
        });
        let ready = !std::mem::replace(&mut queue.listed, true);
        // It is long enough to be compressed ahead of its turn.
        let grown = queue.next_bytes() > std::mem::replace(&mut queue.claim_from, usize::MAX);
        let wakeups = Wakeups { ready, grown, ..Wakeups::default() };
        let mailbox = Arc::clone(&queue.mailbox);
        drop(queue);
        self.ring(&mailbox, &wakeups);
        Ok(AcceptedRecord { record_handle, bytes })
    }

    /// Puts the wake-ups into the mailbox of the broker sender; no lock is held.
    fn ring(&self, mailbox: &SenderMailbox, wakeups: &Wakeups) {
        if wakeups.grown {
            mailbox.grown(self.serial);
        } else if wakeups.ready {
            mailbox.ready(self.serial);
        } else if let Some(due) = wakeups.opened {
            mailbox.opened(self.serial, due);
        }
        if wakeups.request_flush {
            mailbox.request_flush();
        }
    }

    /// The status that `poll` would return, without the effects of a poll.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn status(&self, now: Instant) -> PartitionStatus {
        let (queue, config) = (lock(&self.queue), &self.shared.config);
        PartitionStatus {
            ready: queue.is_ready(now, true, config),
            bytes: queue.next_bytes(),
            ages: queue.ages(now, config),
            expires: queue.expires(config),
        }
    }

    /// Keeps every other task out while the guard lives.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn hold(&self) -> impl Sized {
        lock(&self.queue)
    }

    /// How long a batch of its topic may be.
    pub fn limit(&self) -> &TopicLimit {
        &self.of_topic.limit
    }

    /// The codec and level of its batches, where they are compressed.
    pub const fn compression(&self) -> Option<&StdArc<TopicCompression>> {
        self.of_topic.compression.as_ref()
    }

    /// The counts of its topic's records.
    pub(crate) fn topic_totals(&self) -> &TopicTotals {
        &self.of_topic.totals
    }

    /// `plain_bytes` of its records became `wire_bytes`: the next batches grow accordingly. Short batches compress worse
    /// than those that the limit is about, and are left out.
    pub fn observe_ratio(&self, wire_bytes: usize, plain_bytes: usize) {
        if plain_bytes >= self.of_topic.limit.wire_bytes_max() / OBSERVED_SHARE {
            self.ratio.observe(Ratio::of(wire_bytes, plain_bytes));
        }
    }

    /// The most bytes to which the open batch grows, before it is compressed.
    fn batch_bytes_max(&self) -> usize {
        let wire = self.of_topic.limit.wire_bytes_max();
        self.of_topic.compression.as_ref().map_or(wire, |compression| {
            let plain = self.of_topic.limit.plain_bytes_max(self.ratio.get(), self.shared.memory.budget());
            plain.min(compression.plain_bytes_max().max(wire))
        })
    }

    /// The room for which a caller waits that has no ticket, while others wait.
    fn full(&self, queue: &Queue, bytes_max: usize) -> Refusal {
        let hint = queue.next_chunk_bytes();
        Refusal::Full { bytes: awaited_bytes(&self.shared, HEADER_BYTES + bytes_max, hint) }
    }

    /// A caller that was refused waits for `bytes`. No record that comes later passes it, also where there is room for it in
    /// the open batch.
    pub fn wait_for_room(&self, bytes: usize, waker: &Waker) -> Ticket {
        let ticket = Memory::queue(&self.shared.memory, &self.account, bytes, waker);
        if !mutant::is(Blind::PartitionAfterWait) {
            lock(&self.queue).look_at_each();
        }
        ticket
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
