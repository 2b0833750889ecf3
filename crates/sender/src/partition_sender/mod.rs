//! The batches of one partition that have left their queue: in order, each until it is settled.
//!
//! ```text
//!            take                 sent                      written, failed
//!  queue ───────────▶ stamped ───────────▶ in flight ───────────────────────▶ settled
//!                        ▲                     │
//!                        └──── waiting ◀───────┘ refused, or no response
//! ```
//!
//! The rules (KIP-98, KIP-360, `ProducerAppendInfo.java`; the cases are in `docs/decisions/0005-re-stamping.md`):
//!
//! * Batches are sent in the order of their sequences; while one waits to be sent again, no new one is taken.
//! * A retry has the stamp of the first attempt: the broker drops the copy that it already has.
//! * At most five are in flight, because a broker remembers five; one until the present leader has acknowledged a batch
//!   of the run, because a leader that does not know the producer takes any first sequence; and no new one while a batch
//!   is in doubt.
//! * A batch in doubt (an attempt got no response, or a code that leaves the outcome open) is sent again under its
//!   stamp. It counts as written when it is acknowledged, or when a later batch of the run is, with room for it in the
//!   log. It counts as not written when a batch before it is missing and only leaders that know the run were sent it. A
//!   leader that refuses its sequence proves nothing: after a restart it remembers a producer's last batch alone.
//! * A run ends when a batch of it is missing, or when every batch in doubt was refused by its sequence. Batches in doubt
//!   then fail as possibly written and never get another stamp; all others get new ones, under the next epoch.
//! * A deadline settles deliveries, never bytes: bytes in flight stay where they are until the response, and batches in
//!   doubt are sent again for as long again, for the sake of the batches behind it, unless callers wait for the room.

mod completer;
mod compressing;
mod entry;
mod giving_up;
mod loss;
mod opening;
mod outcome;
mod parts;
mod rejection;
mod response;
mod run;
mod verdict;

pub use completer::{Completer, CompressionCounters, Counters};
pub(crate) use compressing::Claimed;
pub use giving_up::LATE_MIN;
pub use loss::Loss;
pub use response::Effects;
pub use verdict::{BatchResponse, RecordError};

use std::collections::VecDeque;
use std::sync::Arc as StdArc;
use std::time::{Duration, Instant};

use milena_codec::ids::{ProducerId, ProducerIdAndEpoch, TopicId};
use milena_codec::record::Stamp;

use crate::accumulator::Partition;
use crate::batch::Batch;
use crate::outcome::OngoingRejection;
use crate::sync::{Arc, Completion};
use compressing::NextBatch;
use entry::{Attempt, Bytes, Entry};
use giving_up::Grant;
use run::Run;

/// The state of one partition's sending.
#[derive(Debug)]
pub struct PartitionSender {
    partition: StdArc<Partition>,
    /// Its topic's id, zero while that is not known.
    topic_id: TopicId,
    run: Run,
    /// Invariant: in the order of sequences.
    entries: VecDeque<Entry>,
    next_entry: u64,
    /// Its leader rejects its batches.
    rejection: Option<OngoingRejection>,
    in_flight: usize,
    /// No retry before this.
    not_before: Option<Instant>,
    /// The time that batches without an attempt were granted last.
    grant: Option<Grant>,
    /// Whether batches may be here whose deliveries failed.
    keeps_completed: bool,
    /// Nothing more is sent here: the partition goes to another broker sender.
    pub leaving: bool,
    /// The batch that is compressed ahead of its turn, where batches are compressed.
    next_batch: NextBatch,
    /// How many batches of it are in jobs.
    in_jobs: usize,
    spares: Vec<Arc<Completion>>,
    /// How many entries were passed by walks over all of them.
    #[cfg(test)]
    walked: std::cell::Cell<usize>,
}

/// A batch on its way into a request.
#[derive(Debug)]
pub struct InFlightBatch {
    /// Which partition.
    pub partition: StdArc<Partition>,
    /// Its topic's id.
    pub topic_id: TopicId,
    /// Which of the partition's batches.
    pub(crate) entry: u64,
    /// The batch, stamped and summed.
    pub batch: Batch,
}

/// The next batch of a partition sender.
#[derive(Debug)]
pub enum Next {
    /// A caller holds the partition: come back.
    Busy,
    /// Nothing now.
    Nothing,
    /// This.
    InFlightBatch(InFlightBatch),
}

/// How partition senders send.
#[derive(Clone, Debug)]
pub struct PartitionSenderConfig {
    /// Whether batches carry sequences.
    pub idempotent: bool,
    /// How many batches of a partition may be out: at most five, and one without sequences.
    pub window: usize,
    /// How often a batch is sent again.
    pub retries: u32,
    /// `delivery.timeout.ms`.
    pub delivery_timeout: Duration,
}

impl PartitionSender {
    /// The partition sender of a partition that has sent nothing.
    #[must_use]
    pub fn new(partition: StdArc<Partition>, topic_id: TopicId) -> Self {
        Self {
            partition,
            topic_id,
            run: Run::default(),
            entries: VecDeque::new(),
            next_entry: 0,
            rejection: None,
            in_flight: 0,
            not_before: None,
            grant: None,
            keeps_completed: false,
            leaving: false,
            next_batch: NextBatch::default(),
            in_jobs: 0,
            spares: Vec::new(),
            #[cfg(test)]
            walked: std::cell::Cell::default(),
        }
    }

    /// Its topic has another id. If it is another topic of the same name, its brokers know nothing of the run.
    pub fn set_topic_id(&mut self, id: TopicId) {
        let before = std::mem::replace(&mut self.topic_id, id);
        if is_another_topic(before, id) {
            self.run.topic_changed();
        }
    }

    /// Its topic is, or may be, another one of the same name, and no id shows it: its brokers know nothing of the run.
    pub fn topic_changed(&mut self) {
        self.run.topic_changed();
    }

    /// How many times its topic became another one.
    #[cfg(all(test, not(loom)))]
    pub(crate) const fn topics(&self) -> u32 {
        self.run.topic
    }

    /// Another partition sender of the same partition used this identity, before that partition was discarded: the first run begins
    /// above it.
    pub fn begin_above(&mut self, used: Option<ProducerIdAndEpoch>) {
        self.run.begin_above(used);
    }

    /// The last identity under which it stamped a batch.
    #[must_use]
    pub const fn used_identity(&self) -> Option<ProducerIdAndEpoch> {
        self.run.used()
    }

    /// The leader of the partition was elected anew.
    pub const fn leader_changed(&mut self) {
        self.run.leader_changed();
    }

    /// Its topic's id, zero while that is not known.
    #[must_use]
    pub const fn topic_id(&self) -> TopicId {
        self.topic_id
    }

    /// Its partition.
    pub const fn partition(&self) -> &StdArc<Partition> {
        &self.partition
    }

    /// Its run begins with this sequence.
    #[cfg(all(test, not(loom)))]
    pub(crate) const fn begin_at(&mut self, sequence: milena_codec::ids::Sequence) {
        self.run.next_sequence = sequence;
    }

    /// Whether nothing of it is in flight.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.in_flight == 0
    }

    /// Whether it could send a batch that waits, or take a new one, if there is one.
    #[must_use]
    pub fn may_send(
        &self,
        now: Instant,
        identity: Option<ProducerIdAndEpoch>,
        config: &PartitionSenderConfig,
    ) -> bool {
        !self.leaving
            && self.not_before.is_none_or(|not_before| now >= not_before)
            && (self.waiting_to_send(now, config).is_some() || self.may_take(now, identity, config))
    }

    /// Whether it could stamp a new batch if the producer had another id.
    #[must_use]
    pub fn lacks_identity(
        &self,
        identity: Option<ProducerIdAndEpoch>,
        config: &PartitionSenderConfig,
    ) -> bool {
        config.idempotent && !self.run.may_stamp(identity)
    }

    /// It came to another leader: what made it wait does not hold there (KIP-951), and codes that were returned before are not
    /// those of that leader.
    pub fn moved(&mut self) {
        self.run.leader_changed();
        self.not_before = None;
        self.forget_rejection();
        self.entries.iter_mut().for_each(|entry| entry.is_code_earlier = true);
    }

    /// Whether nothing of it is in flight or in a job, so that another broker sender may have it.
    #[must_use]
    pub const fn may_leave(&self) -> bool {
        self.in_flight == 0 && self.in_jobs == 0
    }

    /// Whether it has no batch: none in flight, in a job or in doubt, and none that waits to go again.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.entries.is_empty() && self.next_batch.is_empty() && self.may_leave()
    }

    /// Whether batches wait to go again.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        self.entries.iter().any(Entry::is_here)
    }

    /// When it may send again, if it has to wait.
    #[must_use]
    pub const fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// Takes its next batch: one that waits to go again, or a new one from the queue.
    pub fn next(
        &mut self,
        now: Instant,
        identity: Option<ProducerIdAndEpoch>,
        config: &PartitionSenderConfig,
        completer: &mut Completer,
    ) -> Next {
        if !self.may_send(now, identity, config) {
            return Next::Nothing;
        }
        self.not_before = None;
        if let Some(index) = self.waiting_to_send(now, config) {
            self.grant_try(index, config);
            return self.send(index, now, completer);
        }
        let taken = match self.compresses() {
            true => Some(self.next_batch.pop()),
            false => self.partition.take(now, self.in_flight == 0, &mut self.spares),
        };
        let Some(taken) = taken else { return Next::Busy };
        let Some(batch) = taken else { return Next::Nothing };
        let stamp = if config.idempotent { self.run.stamp(batch.records, identity) } else { None };
        self.enter(batch, stamp.unwrap_or(Stamp::NONE));
        let index = self.entries.len() - 1;
        self.grant_try(index, config);
        self.send(index, now, completer)
    }

    /// Takes back a batch that did not fit its request: it goes with the next, stamped as it is.
    pub fn put_back(&mut self, mut in_flight_batch: InFlightBatch, completer: &mut Completer) {
        self.in_flight -= 1;
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.number == in_flight_batch.entry) {
            in_flight_batch.batch.times.take_back_request();
            entry.note_times(in_flight_batch.batch.times);
            entry.bytes = Bytes::Here(in_flight_batch.batch);
            entry.tries = entry.tries.saturating_sub(1);
            if entry.tries > 0 {
                completer.take_back_retry(entry.records, &self.partition);
            }
        }
    }

    /// The producer id that a broker would not have any more, while no other has come.
    #[must_use]
    pub const fn exhausted(&self) -> Option<ProducerId> {
        self.run.exhausted
    }

    /// The entry that is next to be sent again, if one is.
    fn waiting_to_send(&self, now: Instant, config: &PartitionSenderConfig) -> Option<usize> {
        if self.resolves() {
            // One at a time: the response decides about the next.
            let waits = |entry: &Entry| entry.is_here() && self.is_unresolved(entry);
            let is_still = self.in_flight == 0 && !self.entries.iter().any(Entry::is_in_job);
            return if is_still { self.entries.iter().position(waits) } else { None };
        }
        let index = self.entries.iter().position(|entry| !entry.is_in_flight())?;
        // The parts that a job makes are sent before what is behind them.
        (self.entries[index].is_here() && index < self.window(now, config)).then_some(index)
    }

    /// How many batches may be in flight, from the oldest on.
    fn window(&self, now: Instant, config: &PartitionSenderConfig) -> usize {
        if self.run.is_known(now) { config.window } else { 1 }
    }

    /// Counts a walk over so many entries.
    fn walk(&self, entries: usize) {
        #[cfg(test)]
        self.walked.set(self.walked.get() + entries);
        #[cfg(not(test))]
        let _ = entries;
    }

    fn may_take(
        &self,
        now: Instant,
        identity: Option<ProducerIdAndEpoch>,
        config: &PartitionSenderConfig,
    ) -> bool {
        let may_stamp = !config.idempotent || self.run.may_stamp(identity);
        !self.run.has_gap
            && may_stamp
            && self.entries.len() < self.window(now, config)
            && self.entries.iter().all(|entry| entry.is_in_flight() && !entry.is_in_doubt())
    }

    fn enter(&mut self, mut batch: Batch, stamp: Stamp) {
        batch.seal(stamp);
        self.next_entry += 1;
        self.entries.push_back(Entry::new(self.next_entry, batch, stamp));
    }

    fn send(&mut self, index: usize, now: Instant, completer: &mut Completer) -> Next {
        let Run { term, topic, .. } = self.run;
        let to = Attempt { term, topic, at_knowing_leader: self.run.is_known(now) };
        let Some(entry) = self.entries.get_mut(index) else { return Next::Nothing };
        let Some(mut batch) = entry.take_bytes(to) else { return Next::Nothing };
        batch.times.note_request(now);
        entry.note_times(batch.times);
        self.in_flight += 1;
        if entry.tries > 0 {
            completer.count_retry(entry.records, &self.partition);
        }
        entry.tries = entry.tries.saturating_add(1);
        let partition = StdArc::clone(&self.partition);
        Next::InFlightBatch(InFlightBatch { partition, topic_id: self.topic_id, entry: entry.number, batch })
    }
}

/// Whether two ids are of two topics. An id that is not known may be either.
pub(crate) fn is_another_topic(before: TopicId, after: TopicId) -> bool {
    !before.is_zero() && !after.is_zero() && before != after
}

#[cfg(all(test, not(loom)))]
mod tests;
