//! A topic as callers see it: which of its partitions a record goes to.

mod adaptive;

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc as StdArc;
use std::task::Waker;

use milena_codec::ids::PartitionId;
use milena_partitioner::{Choice, Partitioner, StickyCell};

use super::cells::Cells;
use super::entry::{AcceptedRecord, AppendOptions, RecordRef, Refusal};
use super::limit::TopicLimit;
use super::partition::{OfTopic, Partition};
use super::sender_mailbox::SenderMailbox;
use super::settings::{Clock, Shared};
use crate::compression::TopicCompression;
use crate::sync::{Arc, AtomicU32, AtomicU64, Latest, Ordering, Ticket, TopicTotals};
use adaptive::{Shortest, leave_stalled};

/// How often a partition is drawn at random before the next one with a leader is taken.
const DRAWS_MAX: u32 = 32;

/// A topic whose partitions are known.
#[derive(Debug)]
pub struct Topic {
    name: StdArc<str>,
    partitioner: Partitioner,
    shared: StdArc<Shared>,
    /// The parts that its partitions share.
    of_topic: OfTopic,
    /// All partitions, in order; replaced when the topic gets more.
    partitions: StdArc<Latest<Box<[StdArc<Partition>]>>>,
    cells: Cells,
    /// Which queue is the shortest.
    shortest: Shortest,
    /// The next turn of the round-robin partitioner.
    turn: AtomicU32,
    /// Where the random numbers stand.
    random: AtomicU64,
    /// Its `uses` when it was looked at for idleness; no such number before the first time.
    uses_then: AtomicU64,
}

/// Why a record has no partition to go to, or was not accepted there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChooseError {
    /// The partition refused it.
    Refused(Refusal, PartitionId),
    /// The partitioner takes the partition that the record names, and the record names none.
    Missing,
    /// The topic has no such partition.
    NoSuchPartition {
        /// The partition that the record names.
        partition: i32,
        /// How many there are.
        partitions: u32,
    },
}

impl fmt::Display for ChooseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal, partition) => write!(f, "partition {partition}: {refusal:?}"),
            Self::Missing => {
                f.write_str("the record names no partition, and the manual partitioner needs one")
            }
            Self::NoSuchPartition { partition, partitions } => {
                write!(f, "there is no partition {partition}: the topic has {partitions}, from 0 on")
            }
        }
    }
}

impl std::error::Error for ChooseError {}

impl Topic {
    /// A topic that has no partitions yet.
    #[must_use]
    pub fn new(name: StdArc<str>, partitioner: Partitioner, shared: StdArc<Shared>, seed: u64) -> Self {
        let batch_bytes = u32::try_from(shared.config.offered_from()).unwrap_or(u32::MAX);
        let limit = StdArc::new(TopicLimit::new(shared.config.batch_bytes_max()));
        Self {
            name,
            partitioner,
            shared,
            of_topic: OfTopic { limit, compression: None, totals: StdArc::default() },
            partitions: Latest::new(Box::default()),
            cells: Cells::new(StickyCell::new(0, batch_bytes)),
            shortest: Shortest::default(),
            turn: AtomicU32::new(0),
            random: AtomicU64::new(seed),
            uses_then: AtomicU64::new(u64::MAX),
        }
    }

    /// The same with its batches compressed, or not. Partitions take it over when they are made.
    #[must_use]
    pub fn compressed(mut self, compression: Option<StdArc<TopicCompression>>) -> Self {
        self.of_topic.compression = compression;
        self
    }

    /// Its name.
    pub const fn name(&self) -> &StdArc<str> {
        &self.name
    }

    /// The counts of its records.
    pub const fn totals(&self) -> &StdArc<TopicTotals> {
        &self.of_topic.totals
    }

    /// Its partitions, in order.
    #[inline]
    pub fn partitions(&self) -> &[StdArc<Partition>] {
        self.partitions.get()
    }

    /// Makes partitions up to `count`, looked after by the broker sender behind `mailbox`; `serial` counts those of all topics.
    /// Returns the new ones.
    pub fn grow(
        &self,
        count: usize,
        mailbox: &Arc<SenderMailbox>,
        serial: &mut u32,
    ) -> Vec<StdArc<Partition>> {
        let before = self.partitions();
        let fresh: Vec<_> = (before.len()..count)
            .map(|index| {
                *serial += 1;
                let index = PartitionId(i32::try_from(index).unwrap_or(i32::MAX));
                let (name, shared) = (StdArc::clone(&self.name), StdArc::clone(&self.shared));
                let of_topic = self.of_topic.clone();
                Partition::new(name, index, *serial, shared, of_topic, Arc::clone(mailbox))
            })
            .collect();
        if !fresh.is_empty() {
            self.partitions.replace(before.iter().chain(&fresh).cloned().collect());
        }
        fresh
    }

    /// Takes the partitions from `count` on away, because another topic of the name has fewer. Returns them. A caller that found
    /// one of them before may still append to it, until it is ended.
    pub fn shrink(&self, count: usize) -> Vec<StdArc<Partition>> {
        let before = self.partitions();
        if before.len() <= count || count == 0 {
            return Vec::new();
        }
        let gone = before[count..].to_vec();
        self.partitions.replace(before[..count].into());
        gone
    }

    /// How many batches it opened, and how many records it rejected because the brokers do not know it.
    #[must_use]
    pub fn uses(&self) -> u64 {
        self.partitions().iter().map(|partition| partition.uses()).sum()
    }

    /// Its [`uses`](Self::uses), if there was none since this was called last. A batch takes records for a second at most.
    pub fn look_whether_idle(&self) -> Option<u64> {
        let uses = self.uses();
        let is_idle = self.uses_then.swap(uses, Ordering::Relaxed) == uses;
        is_idle.then_some(uses)
    }

    /// Makes the topic dormant if it was not used since there were so many `uses`: its metadata is not requested until a broker
    /// sender finds a batch to send and reports that ([`SenderEvent::TopicHasRecords`](crate::broker_sender::SenderEvent::TopicHasRecords)). Returns
    /// whether it is dormant.
    ///
    /// A batch that is opened meanwhile is seen here or by its broker sender: both look behind the lock under which it is opened.
    pub fn make_dormant(&self, uses: u64) -> bool {
        self.partitions().iter().for_each(|partition| partition.set_dormant(true));
        let idle = self.uses() == uses;
        if !idle {
            self.make_active();
        }
        idle
    }

    /// Metadata of the topic is requested again.
    pub fn make_active(&self) {
        self.partitions().iter().for_each(|partition| partition.set_dormant(false));
    }

    /// Doubles the limit, up to where it began: a broker's limit may have been raised since its rejection.
    pub fn relax_limit(&self) {
        self.of_topic.limit.relax();
    }

    /// Appends a record to `partition`, or to the one that the partitioner chooses.
    ///
    /// # Errors
    /// [`ChooseError`]; then nothing of the record is kept.
    #[inline]
    pub fn append<C: Clock, const HANDLE: bool>(
        &self,
        partition: Option<PartitionId>,
        record: &RecordRef<'_>,
        clock: &C,
        waiting: AppendOptions<'_>,
    ) -> Result<AcceptedRecord, ChooseError> {
        let partitions = self.partitions();
        let count = u32::try_from(partitions.len()).unwrap_or(u32::MAX);
        let no_such = |partition| ChooseError::NoSuchPartition { partition, partitions: count };
        let index = match (partition, NonZeroU32::new(count)) {
            (Some(PartitionId(index)), _) => u32::try_from(index).map_err(|_| no_such(index))?,
            (None, None) => return Err(no_such(0)),
            (None, Some(count)) => match self.partitioner.choose(record.key, count) {
                Choice::Partition(index) => index,
                Choice::Sticky => return self.append_sticky::<C, HANDLE>(partitions, record, clock, waiting),
                Choice::Random => self.draw_available(partitions, count),
                Choice::RoundRobin => self.next_turn(partitions, count),
                Choice::Missing => return Err(ChooseError::Missing),
            },
        };
        let chosen = partitions.get(index as usize).ok_or_else(|| no_such(index.cast_signed()))?;
        chosen
            .append::<C, HANDLE>(record, clock, waiting)
            .map_err(|refusal| ChooseError::Refused(refusal, chosen.index()))
    }

    /// Whether a partition takes no records because the brokers do not know the topic.
    pub fn is_unknown(&self, partition: PartitionId) -> bool {
        let index = usize::try_from(partition.0).ok();
        index.and_then(|index| self.partitions().get(index)).is_some_and(|partition| partition.is_unknown())
    }

    /// A caller whose record a partition refused waits for room of `bytes` there; none when the partition is gone.
    pub fn wait_for_room(&self, partition: PartitionId, bytes: usize, waker: &Waker) -> Option<Ticket> {
        let index = usize::try_from(partition.0).ok()?;
        Some(self.partitions().get(index)?.wait_for_room(bytes, waker))
    }

    #[inline]
    fn append_sticky<C: Clock, const HANDLE: bool>(
        &self,
        partitions: &[StdArc<Partition>],
        record: &RecordRef<'_>,
        clock: &C,
        mut waiting: AppendOptions<'_>,
    ) -> Result<AcceptedRecord, ChooseError> {
        let cell = self.cells.mine();
        let mut sticky = StickyCell::from_bits(cell.load(Ordering::Relaxed));
        if waiting.ticket.is_some() || !place(partitions, sticky.partition()).is_available() {
            sticky = self.leave(partitions, sticky, waiting.ticket.as_deref());
        }
        let chosen = place(partitions, sticky.partition());
        let ticket = waiting.ticket.as_deref_mut();
        let try_only = AppendOptions { ticket, try_only: true, ..waiting };
        match chosen.append::<C, HANDLE>(record, clock, try_only) {
            Ok(appended) => {
                self.spend(cell, sticky, partitions, appended.bytes, clock);
                Ok(appended)
            }
            Err(refusal) => {
                self.append_elsewhere::<C, HANDLE>(partitions, sticky, refusal, (record, clock), waiting)
            }
        }
    }

    /// A cell notes the bytes that went to its partition, and moves on after so many.
    #[inline]
    fn spend<C: Clock>(
        &self,
        cell: &AtomicU64,
        sticky: StickyCell,
        partitions: &[StdArc<Partition>],
        bytes: u32,
        clock: &C,
    ) {
        let next = |partition: u32| self.next_for_cell(partitions, partition, clock.now());
        cell.store(sticky.spend(bytes, self.cell_bytes(), next).to_bits(), Ordering::Relaxed);
    }

    /// The partition of a cell did not take a record: another one may, where it makes no progress, or where another thread
    /// is in it.
    #[cold]
    fn append_elsewhere<C: Clock, const HANDLE: bool>(
        &self,
        partitions: &[StdArc<Partition>],
        sticky: StickyCell,
        refusal: Refusal,
        (record, clock): (&RecordRef<'_>, &C),
        waiting: AppendOptions<'_>,
    ) -> Result<AcceptedRecord, ChooseError> {
        let mut refused = (refusal, place(partitions, sticky.partition()).index());
        if let Refusal::Full { .. } = refusal
            && waiting.ticket.is_none()
            && let Some(other) = leave_stalled(partitions, sticky.partition())
        {
            let chosen = place(partitions, other);
            match chosen.append::<C, HANDLE>(record, clock, AppendOptions { ticket: None, ..waiting }) {
                Ok(appended) => {
                    let sticky = StickyCell::new(other, self.cell_bytes());
                    self.spend(self.cells.mine(), sticky, partitions, appended.bytes, clock);
                    return Ok(appended);
                }
                Err(refusal) => refused = (refusal, chosen.index()),
            }
        }
        let (Refusal::Busy, _) = refused else { return Err(ChooseError::Refused(refused.0, refused.1)) };
        let cell = self.cells.split_off(|partition, thread| {
            // Anywhere but there.
            let step = 1 + thread % (partitions.len().max(2) - 1);
            let start = partition.wrapping_add(u32::try_from(step).unwrap_or(1));
            StickyCell::new(available(partitions, start), self.cell_bytes())
        });
        let sticky = StickyCell::from_bits(cell.load(Ordering::Relaxed));
        let chosen = place(partitions, sticky.partition());
        let appended = chosen.append::<C, HANDLE>(record, clock, waiting);
        let appended = appended.map_err(|refusal| ChooseError::Refused(refusal, chosen.index()))?;
        self.spend(cell, sticky, partitions, appended.bytes, clock);
        Ok(appended)
    }

    /// A cell stays for as many bytes as make a batch worth offering.
    fn cell_bytes(&self) -> u32 {
        u32::try_from(self.shared.config.offered_from()).unwrap_or(u32::MAX)
    }

    /// A caller that waited goes where its room is. A cell whose partition has no leader moves on at once, if there is one
    /// that has.
    #[cold]
    fn leave(
        &self,
        partitions: &[StdArc<Partition>],
        sticky: StickyCell,
        ticket: Option<&Ticket>,
    ) -> StickyCell {
        let here = ticket.map_or_else(|| sticky.partition(), |ticket| ticket.partition().0.unsigned_abs());
        let is_led = place(partitions, here).is_available();
        let next = if is_led { here } else { available(partitions, here) };
        if next == sticky.partition() { sticky } else { StickyCell::new(next, self.cell_bytes()) }
    }

    /// The next partition that has a leader. Those without take their turns, too: their neighbours get no more for it.
    fn next_turn(&self, partitions: &[StdArc<Partition>], count: NonZeroU32) -> u32 {
        let turn = || self.turn.fetch_add(1, Ordering::Relaxed) % count;
        let mut turns = (0..count.get()).map(|_| turn());
        turns.find(|index| leads(partitions, *index)).unwrap_or_else(turn)
    }

    /// Draws until a partition has a leader; most of them have one as a rule.
    fn draw_available(&self, partitions: &[StdArc<Partition>], count: NonZeroU32) -> u32 {
        let mut draws = (0..DRAWS_MAX).map(|_| self.draw(count));
        let drawn = draws.find(|index| leads(partitions, *index));
        drawn.unwrap_or_else(|| available(partitions, self.draw(count)))
    }

    /// A number below `count`, from the seed (Steele and others, "Fast splittable pseudorandom number generators").
    fn draw(&self, count: NonZeroU32) -> u32 {
        let mut word = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = (word ^ (word >> 31)) >> 32;
        u32::try_from((high * u64::from(count.get())) >> 32).unwrap_or(0)
    }
}

/// A cell outlives a change of the partitions that it was made for.
fn place(partitions: &[StdArc<Partition>], index: u32) -> &StdArc<Partition> {
    &partitions[index as usize % partitions.len()]
}

/// The first partition with a leader from `start` on, in rounds; `start` itself when there is none.
fn available(partitions: &[StdArc<Partition>], start: u32) -> u32 {
    let count = u32::try_from(partitions.len()).unwrap_or(u32::MAX).max(1);
    let start = start % count;
    let mut round = (0..count).map(|step| (start + step) % count);
    round.find(|index| leads(partitions, *index)).unwrap_or(start)
}

fn leads(partitions: &[StdArc<Partition>], index: u32) -> bool {
    partitions.get(index as usize).is_some_and(|found| found.is_available())
}

#[cfg(all(test, not(loom)))]
mod tests;
