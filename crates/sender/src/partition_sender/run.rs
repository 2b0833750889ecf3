//! A run: the batches of a partition under one producer id and epoch. The knowledge that a leader has of it, and when it ends.

use std::time::{Duration, Instant};

use milena_codec::ids::{ProducerId, ProducerIdAndEpoch, Sequence};
use milena_codec::record::Stamp;

use super::loss::{KnownEnd, Loss};

/// For how long brokers surely remember a producer that writes nothing: `producer.id.expiration.ms` is a day unless set,
/// operators set less to save memory (KIP-854), and brokers look for expired producers every ten minutes
/// (`producer.id.expiration.check.interval.ms`). Past it, one batch alone goes first.
const REMEMBERED_FOR: Duration = Duration::from_secs(600);

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// Under which batches are stamped; none before the first one, and while another producer id is awaited.
    pub(super) identity: Option<ProducerIdAndEpoch>,
    /// A producer id that brokers do not know any more, or whose epochs are used up.
    pub(super) exhausted: Option<ProducerId>,
    /// The last identity under which a batch of this partition was stamped, by this partition sender or by one before it. A run
    /// begins above it.
    used: Option<ProducerIdAndEpoch>,
    pub(super) next_sequence: Sequence,
    /// The end of the last batch that was acknowledged.
    acknowledged: Option<Acknowledged>,
    /// When the present leader acknowledged a batch of the run last.
    pub(super) last_acked_at: Option<Instant>,
    /// Counts the changes of leader, leader epoch and connection.
    pub(super) term: u32,
    /// Counts the topics that the partition belonged to, one after another under one name.
    pub(super) topic: u32,
    /// The leader rejected a sequence, a producer id or an epoch in this term. Batches are searched for rejected ones only then.
    pub(super) has_rejections: bool,
    /// Where the first batch is that is missing in the log, because every attempt of it was refused.
    gap_at: Option<Sequence>,
    /// No batch of the run is sent any more but those in doubt; the others get new stamps.
    pub(super) has_gap: bool,
    known_end: KnownEnd,
}

/// The end of an acknowledged batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Acknowledged {
    next_sequence: Sequence,
    /// None where the broker did not return it.
    next_offset: Option<i64>,
}

/// The room before an acknowledged batch, in the log and in the run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    from_sequence: Sequence,
    from_offset: i64,
    /// As many offsets as sequences: no record of another producer is between.
    is_exact: bool,
}

impl Room {
    /// Whether a batch is in it. A batch before the last acknowledged one is not: that one did not show it to be written.
    pub(super) const fn holds(&self, sequence: Sequence) -> bool {
        is_before(self.from_sequence, sequence)
    }

    /// The offset of a batch in it, where that is certain.
    pub(super) fn offset_of(&self, sequence: Sequence) -> Option<i64> {
        self.is_exact.then(|| self.from_offset + i64::from(distance(self.from_sequence, sequence)))
    }
}

impl Run {
    /// The next batch, of so many records, gets this stamp.
    pub(super) fn stamp(&mut self, records: u32, given: Option<ProducerIdAndEpoch>) -> Option<Stamp> {
        let identity = match self.identity {
            Some(identity) => identity,
            None => self.begin(given)?,
        };
        let base_sequence = self.next_sequence;
        self.next_sequence = base_sequence.after(records);
        Some(Stamp { identity, base_sequence })
    }

    /// Whether a batch could be stamped.
    pub(super) fn may_stamp(&self, given: Option<ProducerIdAndEpoch>) -> bool {
        self.identity.is_some() || self.first_above(given).is_some()
    }

    /// The identity under which a batch was stamped last.
    pub(super) const fn used(&self) -> Option<ProducerIdAndEpoch> {
        self.used
    }

    /// A partition sender of the same partition used this identity before.
    pub(super) fn begin_above(&mut self, used: Option<ProducerIdAndEpoch>) {
        self.used = self.used.or(used);
    }

    /// Begins a run under the present producer id with the next epoch, or under the one that the producer was given.
    /// None while there is none.
    pub(super) fn bump_epoch(&mut self, given: Option<ProducerIdAndEpoch>) -> Option<ProducerIdAndEpoch> {
        let bumped = self.identity.and_then(ProducerIdAndEpoch::bumped);
        if bumped.is_none()
            && let Some(exhausted) = self.identity.take()
        {
            self.exhausted = Some(exhausted.producer_id);
        }
        let identity = match bumped {
            Some(bumped) => bumped,
            None => self.first_above(given)?,
        };
        Some(self.open(identity))
    }

    /// The producer id is not taken by brokers any more. Returns whether that is new.
    pub(super) fn exhaust_producer_id(&mut self) -> bool {
        self.has_gap = true;
        match self.identity.take() {
            Some(exhausted) => {
                self.exhausted = Some(exhausted.producer_id);
                true
            }
            None => false,
        }
    }

    fn begin(&mut self, given: Option<ProducerIdAndEpoch>) -> Option<ProducerIdAndEpoch> {
        let identity = self.first_above(given)?;
        let next_sequence = self.next_sequence;
        self.open(identity);
        self.next_sequence = next_sequence;
        Some(identity)
    }

    fn open(&mut self, identity: ProducerIdAndEpoch) -> ProducerIdAndEpoch {
        debug_assert!(
            self.used
                .is_none_or(|used| used.producer_id != identity.producer_id || used.epoch < identity.epoch),
            "{identity:?} was used on this partition before: {:?}",
            self.used
        );
        let used = Some(identity);
        let Self { term, topic, known_end, .. } = *self;
        *self = Self { identity: Some(identity), used, term, topic, known_end, ..Self::default() };
        identity
    }

    /// The first identity of a producer id that was not used on this partition yet.
    fn first_above(&self, given: Option<ProducerIdAndEpoch>) -> Option<ProducerIdAndEpoch> {
        let given = given.filter(|given| Some(given.producer_id) != self.exhausted)?;
        match self.used {
            Some(used) if used.producer_id == given.producer_id && used.epoch >= given.epoch => used.bumped(),
            _ => Some(given),
        }
    }

    /// Another broker leads the partition, or under another epoch, or by another connection: until it has acknowledged a
    /// batch, it may not know the run.
    pub(super) const fn leader_changed(&mut self) {
        self.term = self.term.wrapping_add(1);
        self.last_acked_at = None;
        self.has_rejections = false;
    }

    /// A batch leaves the run unwritten. No other one is sent under its sequence.
    pub(super) fn leave_out(&mut self, stamp: Stamp, was_refused: bool) {
        self.has_gap = true;
        let is_first = self.gap_at.is_none_or(|gap| is_before(stamp.base_sequence, gap));
        if was_refused && is_first && Some(stamp.identity) == self.identity {
            self.gap_at = Some(stamp.base_sequence);
        }
    }

    /// Whether a batch that was refused on every attempt is missing before this one.
    pub(super) fn has_gap_before(&self, stamp: Stamp) -> bool {
        self.gap_at.is_some_and(|gap| is_before(gap, stamp.base_sequence))
    }

    /// The partition belongs to another topic of the same name, which knows nothing of the run.
    pub(super) fn topic_changed(&mut self) {
        self.leader_changed();
        self.topic = self.topic.wrapping_add(1);
        self.acknowledged = None;
        self.known_end = KnownEnd::default();
    }

    /// The leader rejected the sequence of a batch that it cannot have. Returns what that shows.
    pub(super) fn loss_behind(&mut self, stamp: Stamp) -> Option<Loss> {
        let last = self.acknowledged.filter(|_| Some(stamp.identity) == self.identity)?;
        (last.next_sequence == stamp.base_sequence).then(|| self.known_end.rejected(self.term))
    }

    /// Whether the leader acknowledged a batch of the run, so recently that it remembers the producer.
    pub(super) fn is_known(&self, now: Instant) -> bool {
        self.last_acked_at.is_some_and(|last_acked_at| now < last_acked_at + REMEMBERED_FOR)
    }

    /// A batch of the run was acknowledged. Returns the end of the one that was acknowledged last before it, and the loss
    /// that it shows.
    pub(super) fn acknowledge(
        &mut self,
        stamp: Stamp,
        records: u32,
        base_offset: Option<i64>,
    ) -> (Option<Acknowledged>, Option<Loss>) {
        if Some(stamp.identity) != self.identity {
            return (None, None);
        }
        let before = self.acknowledged;
        let is_newer = before.is_none_or(|before| is_before(before.next_sequence, stamp.base_sequence));
        if is_newer {
            let next_offset = base_offset.and_then(|offset| offset.checked_add(records.into()));
            let next_sequence = stamp.base_sequence.after(records);
            self.acknowledged = Some(Acknowledged { next_sequence, next_offset });
        }
        self.has_gap = self.gap_at.is_some();
        if !is_newer {
            return (None, None);
        }
        (before, self.known_end.acknowledged(base_offset, records, self.term))
    }
}

impl Acknowledged {
    /// The room between it and a batch that was acknowledged at `base_offset`, if it proves that the batches between were
    /// written: there is room for each of their records.
    ///
    /// A leader that knew nothing of the producer takes any first sequence: without an acknowledged batch of the run
    /// before it, a batch proves nothing.
    pub(super) fn room_until(&self, stamp: Stamp, base_offset: Option<i64>) -> Option<Room> {
        let from_offset = self.next_offset?;
        let between = i64::from(distance(self.next_sequence, stamp.base_sequence));
        let room = base_offset?.checked_sub(from_offset)?;
        let is_exact = room == between;
        (room >= between).then_some(Room { from_sequence: self.next_sequence, from_offset, is_exact })
    }
}

/// How many sequences lie between two, in a circle of 2^31.
const fn distance(from: Sequence, to: Sequence) -> u32 {
    to.0.wrapping_sub(from.0).cast_unsigned() & (u32::MAX >> 1)
}

/// Whether a sequence is not behind another: less than half of the circle lies between.
const fn is_before(first: Sequence, second: Sequence) -> bool {
    distance(first, second) < 1 << 30
}
