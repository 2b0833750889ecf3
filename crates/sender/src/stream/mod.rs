//! The batches of one partition that have left their queue: in order, each until it is settled.
//!
//! ```text
//!            take                 sent                      written, failed
//!  queue ───────────▶ stamped ───────────▶ in flight ───────────────────────▶ settled
//!                        ▲                     │
//!                        └──── waiting ◀───────┘ refused, or nobody answered
//! ```
//!
//! The rules (KIP-98, KIP-360, and what clients have learned since):
//!
//! * Batches go out in the order of their sequences; while one waits to go again, no new one is taken.
//! * A retry has the stamp of the first try: the broker drops the copy that it already has.
//! * From the oldest unsettled batch on at most five are out, because a broker remembers five; and only one until the
//!   first of a run was written: a broker that knows nothing of a producer takes a run from any sequence on, so that
//!   a second batch would be written before a first one that was refused.
//! * A batch that was given up leaves a gap. The run begins again at 0 under a new epoch, and only when nothing is in
//!   flight and no batch that waits may already stand in the log: giving such a one a new stamp would write it twice.
//! * A deadline settles deliveries, never bytes: what is in flight stays where it is until the answer, and what may
//!   stand in the log goes again under its stamp until a broker tells, for as long again. Else a try that a broker
//!   takes up late would close the gap that the batches behind it were refused for, and they would be written twice.

mod answer;
mod compressing;
mod giving_up;
mod parts;
mod settler;
mod verdict;

pub use answer::{Aftermath, Answer, Culprit};
pub(crate) use compressing::Claimed;
pub use settler::{CompressionCounters, Counters, Settler};

use std::collections::VecDeque;
use std::sync::Arc as StdArc;
use std::time::{Duration, Instant};

use milena_codec::ErrorCode;
use milena_codec::ids::{Identity, ProducerId, Sequence, TopicId};
use milena_codec::record::Stamp;

use crate::accumulator::Partition;
use crate::batch::{Batch, Claim};
use crate::sync::{Arc, Completion};
use compressing::{NextBatch, Opening};

/// For how long brokers surely remember a producer that writes nothing (`producer.id.expiration.ms`, a day unless set).
const REMEMBERED_FOR: Duration = Duration::from_secs(3_600);

/// The state of one partition's sending.
#[derive(Debug)]
pub struct Stream {
    partition: StdArc<Partition>,
    /// Its topic's id, zero while that is not known.
    topic_id: TopicId,
    /// Under which its batches are stamped now.
    identity: Option<Identity>,
    /// A producer id that a broker would not have any more.
    spent: Option<ProducerId>,
    next_sequence: Sequence,
    /// Invariant: in the order of sequences.
    entries: VecDeque<Entry>,
    next_entry: u64,
    in_flight: usize,
    /// When a batch of this run was written last: the brokers know where it stands.
    proven: Option<Instant>,
    /// The run of sequences has a gap: new stamps for all that waits, as soon as that is safe.
    broken: bool,
    /// No retry before this.
    not_before: Option<Instant>,
    /// Nothing more is sent here: the partition goes to another lane.
    pub leaving: bool,
    /// What is compressed ahead of its turn, where batches are compressed.
    next_batch: NextBatch,
    /// How many batches of it are in jobs.
    in_jobs: usize,
    spares: Vec<Arc<Completion>>,
    /// Where its lane has it: listed as ready, listed as one with an open batch, and its timer.
    pub(crate) listed: bool,
    pub(crate) open: bool,
    pub(crate) armed: Option<Instant>,
}

/// A batch that left its queue.
#[derive(Debug)]
struct Entry {
    number: u64,
    stamp: Stamp,
    records: u32,
    /// It may stand in the log.
    doubt: bool,
    /// A larger batch, with this number, which may stand in the log and has its records under the same sequences: then
    /// the broker refuses it as out of order.
    whole: Option<u64>,
    failures: u32,
    /// How often in a row brokers did not know its identity while it might stand in the log.
    unrecognised: u32,
    /// How many batches behind it were written meanwhile.
    overtaken: usize,
    opened: Instant,
    /// None once its deliveries are settled.
    claim: Option<Claim>,
    /// It is not sent again, even if nobody knows what became of it.
    abandoned: bool,
    /// None while it is in flight, or in a job.
    batch: Option<Batch>,
    /// Why its batch is in a job, while it is.
    opening: Option<Opening>,
    /// What the broker said last.
    code: Option<ErrorCode>,
}

/// A batch on its way into a request.
#[derive(Debug)]
pub struct Flight {
    /// Which partition.
    pub partition: StdArc<Partition>,
    /// Its topic's id.
    pub topic_id: TopicId,
    /// Which of the partition's batches.
    pub(crate) entry: u64,
    /// The batch, stamped and summed.
    pub batch: Batch,
}

/// What a stream has to send.
#[derive(Debug)]
pub enum Next {
    /// Somebody holds the partition: come back.
    Busy,
    /// Nothing now.
    Nothing,
    /// This.
    Flight(Flight),
}

/// How streams send.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// Whether batches carry sequences.
    pub idempotent: bool,
    /// How many batches of a partition may be out: at most five, and one without sequences.
    pub window: usize,
    /// How often a batch is sent again.
    pub retries: u32,
    /// `delivery.timeout.ms`.
    pub delivery_timeout: Duration,
}

impl Stream {
    /// The stream of a partition that has sent nothing.
    #[must_use]
    pub fn new(partition: StdArc<Partition>, topic_id: TopicId) -> Self {
        Self {
            partition,
            topic_id,
            identity: None,
            spent: None,
            next_sequence: Sequence(0),
            entries: VecDeque::new(),
            next_entry: 0,
            in_flight: 0,
            proven: None,
            broken: false,
            not_before: None,
            leaving: false,
            next_batch: NextBatch::default(),
            in_jobs: 0,
            spares: Vec::new(),
            listed: false,
            open: false,
            armed: None,
        }
    }

    /// Its topic has another id. If that says of another topic of the same name, its brokers know nothing of the run.
    pub fn set_topic_id(&mut self, id: TopicId) {
        let before = std::mem::replace(&mut self.topic_id, id);
        if is_another_topic(before, id) {
            self.proven = None;
        }
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
    pub(crate) const fn begin_at(&mut self, sequence: Sequence) {
        self.next_sequence = sequence;
    }

    /// Whether nothing of it is in flight.
    #[must_use]
    pub const fn is_idle(&self) -> bool {
        self.in_flight == 0
    }

    /// Whether it could send a batch that waits, or take a new one, if there is one.
    #[must_use]
    pub fn may_send(&self, now: Instant, identity: Option<Identity>, config: &StreamConfig) -> bool {
        !self.leaving
            && self.not_before.is_none_or(|not_before| now >= not_before)
            && (self.waiting_to_send(now, config).is_some() || self.may_take(now, identity, config))
    }

    /// It came to another leader: what made it wait does not hold there (KIP-951).
    pub const fn moved(&mut self) {
        self.not_before = None;
    }

    /// Whether nothing of it is in flight or in a job, so that another lane may have it.
    #[must_use]
    pub const fn may_leave(&self) -> bool {
        self.in_flight == 0 && self.in_jobs == 0
    }

    /// Whether batches wait to go again.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        self.entries.iter().any(|entry| entry.batch.is_some())
    }

    /// When it may send again, if it has to wait.
    #[must_use]
    pub const fn not_before(&self) -> Option<Instant> {
        self.not_before
    }

    /// Takes its next batch: one that waits to go again, or a new one from the queue.
    pub fn next(&mut self, now: Instant, identity: Option<Identity>, config: &StreamConfig) -> Next {
        if !self.may_send(now, identity, config) {
            return Next::Nothing;
        }
        self.not_before = None;
        if let Some(index) = self.waiting_to_send(now, config) {
            return self.fly(index);
        }
        let taken = match self.compresses() {
            true => Some(self.next_batch.pop()),
            false => self.partition.take(now, self.in_flight == 0, &mut self.spares),
        };
        let Some(taken) = taken else { return Next::Busy };
        let Some(batch) = taken else { return Next::Nothing };
        let stamp = self.next_stamp(batch.records, identity, config);
        self.enter(batch, stamp);
        self.fly(self.entries.len() - 1)
    }

    /// Takes back a batch that did not fit its request: it goes with the next, stamped as it is.
    pub fn put_back(&mut self, flight: Flight) {
        self.in_flight -= 1;
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.number == flight.entry) {
            entry.batch = Some(flight.batch);
        }
    }

    /// The producer id that a broker would not have any more, while no other has come.
    #[must_use]
    pub const fn spent(&self) -> Option<ProducerId> {
        self.spent
    }

    /// Gives a broken run new stamps, if that is safe by now (KIP-360; the rule of re-stamping above). Returns a producer
    /// id whose epochs are used up, once: the run waits for another.
    pub fn mend(&mut self, identity: Option<Identity>) -> Option<ProducerId> {
        if !self.broken || self.in_flight > 0 || self.entries.iter().any(Entry::is_doubtful) {
            return None;
        }
        let before = self.spent;
        let Some(identity) = self.next_identity(identity) else {
            return self.spent.filter(|spent| Some(*spent) != before);
        };
        self.broken = false;
        self.proven = None;
        self.identity = Some(identity);
        self.next_sequence = Sequence(0);
        for entry in &mut self.entries {
            entry.stamp = Stamp { identity, base_sequence: self.next_sequence };
            self.next_sequence = self.next_sequence.after(entry.records);
            if let Some(batch) = &mut entry.batch {
                batch.seal(entry.stamp);
            }
        }
        None
    }

    /// Its own identity with the next epoch, or the new one that the producer was given.
    fn next_identity(&mut self, given: Option<Identity>) -> Option<Identity> {
        if let Some(raised) = self.identity.and_then(Identity::raised) {
            return Some(raised);
        }
        if let Some(worn) = self.identity.take() {
            self.spent = Some(worn.producer_id);
        }
        let fresh = given.filter(|given| Some(given.producer_id) != self.spent)?;
        self.spent = None;
        Some(fresh)
    }

    /// The entry that is next to go again, if one is.
    fn waiting_to_send(&self, now: Instant, config: &StreamConfig) -> Option<usize> {
        let waits = |entry: &Entry| entry.batch.is_some() && (!self.broken || entry.is_doubtful());
        let index = self.entries.iter().position(|entry| waits(entry) || entry.opening.is_some())?;
        // Its parts come before what is behind it.
        if self.entries[index].opening.is_some() {
            return None;
        }
        // A broken run sends only what may be in the log, one at a time: the answer decides about the next.
        (index < self.window(now, config) && (!self.broken || self.in_flight == 0)).then_some(index)
    }

    /// How many batches may be out, from the oldest on.
    fn window(&self, now: Instant, config: &StreamConfig) -> usize {
        // What was written behind the oldest pushes it out of the broker's memory as well.
        let overtaken = self.entries.front().map_or(0, |oldest| oldest.overtaken);
        let known = self.proven.is_some_and(|written| now < written + REMEMBERED_FOR);
        if known { config.window.saturating_sub(overtaken) } else { 1 }
    }

    fn may_take(&self, now: Instant, identity: Option<Identity>, config: &StreamConfig) -> bool {
        let stamped =
            !config.idempotent || self.identity.is_some() || (identity.is_some() && self.spent.is_none());
        !self.broken
            && stamped
            && self.entries.len() < self.window(now, config)
            && self.entries.iter().all(Entry::is_in_flight)
    }

    fn next_stamp(&mut self, records: u32, identity: Option<Identity>, config: &StreamConfig) -> Stamp {
        if !config.idempotent {
            return Stamp::NONE;
        }
        let Some(identity) = self.identity.or(identity) else { return Stamp::NONE };
        self.identity = Some(identity);
        let base_sequence = self.next_sequence;
        self.next_sequence = base_sequence.after(records);
        Stamp { identity, base_sequence }
    }

    fn enter(&mut self, mut batch: Batch, stamp: Stamp) {
        batch.seal(stamp);
        self.next_entry += 1;
        self.entries.push_back(Entry::new(self.next_entry, batch, stamp));
    }

    fn fly(&mut self, index: usize) -> Next {
        let Some(entry) = self.entries.get_mut(index) else { return Next::Nothing };
        let Some(batch) = entry.batch.take() else { return Next::Nothing };
        self.in_flight += 1;
        let partition = StdArc::clone(&self.partition);
        Next::Flight(Flight { partition, topic_id: self.topic_id, entry: entry.number, batch })
    }
}

impl Entry {
    /// A sealed batch that was never sent.
    fn new(number: u64, batch: Batch, stamp: Stamp) -> Self {
        Self {
            number,
            stamp,
            records: batch.records,
            doubt: false,
            whole: None,
            failures: 0,
            unrecognised: 0,
            overtaken: 0,
            opened: batch.opened,
            claim: Some(batch.claim()),
            abandoned: false,
            batch: Some(batch),
            opening: None,
            code: None,
        }
    }

    /// Whether it was sent, and its answer is awaited.
    const fn is_in_flight(&self) -> bool {
        self.batch.is_none() && self.opening.is_none()
    }

    /// Whether its records may stand in the log.
    const fn is_doubtful(&self) -> bool {
        self.doubt || self.whole.is_some()
    }

    /// Whether nobody waits for it, and the batches behind it can do without knowing what became of it.
    fn is_done_with(&self) -> bool {
        self.claim.is_none() && (self.abandoned || !self.is_doubtful() || self.stamp == Stamp::NONE)
    }
}

/// Whether two ids are those of two topics: while one of them is not known, nothing says so.
pub(crate) fn is_another_topic(before: TopicId, after: TopicId) -> bool {
    !before.is_zero() && !after.is_zero() && before != after
}

#[cfg(all(test, not(loom)))]
mod tests;
