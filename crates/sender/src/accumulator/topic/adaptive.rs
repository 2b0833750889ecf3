//! Where a sticky cell moves (KIP-794): to the next partition in the round, which is passed over the more often the more waits for
//! it. While all queues are about equally long, that is the round itself, and partitions fill evenly.
//!
//! A partition counts as unavailable when it holds bytes of which none was acknowledged within
//! `partitioner.availability.timeout.ms`: that is so as well where its broker takes connections and hangs. A partition that
//! holds nothing is tried, with the bytes of one cell.

use std::num::NonZeroU32;
use std::sync::Arc as StdArc;
use std::time::{Duration, Instant};

use milena_codec::ids::PartitionId;
use milena_partitioner::{Choice, Weighing};

use super::{Topic, available, place};
use crate::accumulator::partition::Partition;
use crate::sync::{AtomicU32, AtomicUsize, Ordering};

/// Queues that differ by at most so many cells count as equal.
const TOLERANCE_CELLS: usize = 4;
/// So do those that differ by at most this share of the budget, if that is less: one in so many.
const TOLERANCE_SHARE: usize = 64;
/// Bytes are expected to be acknowledged so long after their linger.
const PATIENCE: Duration = Duration::from_millis(100);

/// The shortest queue of a topic: looked for once a round at most, and only when a queue is long, so that a move costs the same
/// however many partitions there are.
#[derive(Debug, Default)]
pub(super) struct Shortest {
    load: AtomicUsize,
    moves: AtomicU32,
    /// The move from which on it is to be looked for again.
    due: AtomicU32,
}

impl Topic {
    /// The partition for the next cell behind `from`.
    #[cold]
    pub(super) fn next_for_cell(&self, partitions: &[StdArc<Partition>], from: u32, now: Instant) -> u32 {
        let (choices, config) = (&self.shared.choices, &self.shared.config);
        choices.switches.fetch_add(1, Ordering::Relaxed);
        let start = from.wrapping_add(1);
        if !config.adaptive && config.availability_timeout.is_none() {
            return available(partitions, start);
        }
        let weighing = self.weighing();
        let moves = self.shortest.moves.fetch_add(1, Ordering::Relaxed);
        let least = || self.least_load(partitions, weighing, moves, now);
        let count = u32::try_from(partitions.len()).unwrap_or(u32::MAX).max(1);
        let mut best = None;
        for index in (0..count).map(|step| (start % count + step) % count) {
            let partition = place(partitions, index);
            if !partition.is_available() {
                continue;
            }
            if self.is_excluded(partition, now) {
                choices.exclusions.fetch_add(1, Ordering::Relaxed);
                continue;
            }
            let load = self.load(partition, weighing, now);
            let is_accepted = || weighing.accepts(load, least(), self.draw(NonZeroU32::MAX));
            if !config.adaptive || weighing.is_short(load) || is_accepted() {
                return index;
            }
            if best.is_none_or(|(shortest, _)| load < shortest) {
                best = Some((load, index));
            }
        }
        // All were passed over: the queues have grown since the shortest was looked for.
        best.map_or_else(
            || available(partitions, start),
            |(load, index)| {
                self.shortest.load.store(load, Ordering::Relaxed);
                index
            },
        )
    }

    /// Whether a record that waits for room in `stalled`, which makes no progress, may go to a partition that does.
    pub fn may_leave(&self, stalled: PartitionId, key: Option<&[u8]>) -> bool {
        let partitions = self.partitions();
        let Some(count) = NonZeroU32::new(u32::try_from(partitions.len()).unwrap_or(u32::MAX)) else {
            return false;
        };
        let is_free = matches!(
            self.partitioner.choose(key, count),
            Choice::Sticky | Choice::Random | Choice::RoundRobin
        );
        is_free && moving(partitions, stalled.0.unsigned_abs()).is_some()
    }

    fn weighing(&self) -> Weighing {
        let config = &self.shared.config;
        let cell = self.cell_bytes() as usize;
        let most = (self.shared.memory.budget() / TOLERANCE_SHARE).max(cell);
        Weighing { tolerance: (cell * TOLERANCE_CELLS).min(most).max(1), patience: config.linger + PATIENCE }
    }

    fn load(&self, partition: &Partition, weighing: Weighing, now: Instant) -> usize {
        let account = partition.account();
        weighing.load(account.held(), self.shared.memory.without_progress(account, now))
    }

    fn is_excluded(&self, partition: &Partition, now: Instant) -> bool {
        let waited = || self.shared.memory.without_progress(partition.account(), now);
        self.shared.config.availability_timeout.is_some_and(|timeout| waited() > timeout)
    }

    /// The load of the shortest queue, as it was at most one round of moves ago.
    fn least_load(
        &self,
        partitions: &[StdArc<Partition>],
        weighing: Weighing,
        moves: u32,
        now: Instant,
    ) -> usize {
        let due = self.shortest.due.load(Ordering::Relaxed);
        if moves.wrapping_sub(due) <= u32::MAX / 2 {
            let round = u32::try_from(partitions.len()).unwrap_or(u32::MAX / 2);
            self.shortest.due.store(moves.wrapping_add(round), Ordering::Relaxed);
            let loads = partitions.iter().filter(|partition| partition.is_available());
            let least = loads.map(|partition| self.load(partition, weighing, now)).min().unwrap_or(0);
            self.shortest.load.store(least, Ordering::Relaxed);
        }
        self.shortest.load.load(Ordering::Relaxed)
    }
}

/// Where a record goes that a partition without progress has no room for: to the next one that makes progress.
#[cold]
pub(super) fn leave_stalled(partitions: &[StdArc<Partition>], from: u32) -> Option<u32> {
    place(partitions, from).account().is_stalled().then(|| moving(partitions, from))?
}

/// The first partition behind `from` that makes progress, in rounds.
fn moving(partitions: &[StdArc<Partition>], from: u32) -> Option<u32> {
    let count = u32::try_from(partitions.len()).unwrap_or(u32::MAX).max(1);
    let mut round = (1..count).map(|step| (from % count + step) % count);
    round.find(|index| partitions.get(*index as usize).is_some_and(|found| !found.account().is_stalled()))
}
