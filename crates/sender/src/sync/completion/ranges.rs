//! The records of a batch that is settled by ranges: the outcome of each range, and the wakers of the records that are in none.
//!
//! A batch of n records has at most n ranges. Settling one and looking one up take a binary search, and a settled range wakes the
//! tasks that wait for its own records: all of them together cost n log n, in whichever order they come.

use std::collections::BTreeMap;
use std::task::Waker;

use super::Settled;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    /// By the first record of each: how many records, and their outcome. Invariant: no two ranges overlap.
    settled: BTreeMap<u32, (u32, Settled)>,
    /// The wakers of the other records, by record and by the slot of the waiter.
    waiting: BTreeMap<(u32, u32), Waker>,
    /// How many ranges and wakers were looked at.
    #[cfg(test)]
    pub(super) steps: std::cell::Cell<usize>,
}

impl Ranges {
    /// Whether no range is settled.
    pub(super) fn is_empty(&self) -> bool {
        self.settled.is_empty()
    }

    /// No range is settled, and no waker is here: wakers come only once a range is settled.
    pub(super) fn clear(&mut self) {
        if !self.is_empty() {
            self.settled.clear();
            self.waiting.clear();
        }
    }

    /// Settles `count` records from `first` on. The wakers of those that wait are appended to `wakers`.
    pub(super) fn settle(&mut self, first: u32, count: u32, settled: Settled, wakers: &mut Vec<Waker>) {
        self.step();
        self.settled.insert(first, (count, settled));
        let records = (first, 0)..(first.saturating_add(count), 0);
        while let Some((key, _)) = self.waiting.range(records.clone()).next() {
            let key = *key;
            wakers.extend(self.waiting.remove(&key));
            self.step();
        }
    }

    /// The outcome of the range in which a record is, and its place there.
    pub(super) fn find(&self, record: u32) -> Option<(u32, &Settled)> {
        self.step();
        let (first, (count, settled)) = self.settled.range(..=record).next_back()?;
        let place = record - first;
        (place < *count).then_some((place, settled))
    }

    /// Leaves the waker of a record that is in no range, in place of the one that the same slot left before.
    pub(super) fn wait(&mut self, record: u32, slot: u32, waker: &Waker) {
        self.step();
        match self.waiting.get_mut(&(record, slot)) {
            Some(left) => left.clone_from(waker),
            None => drop(self.waiting.insert((record, slot), waker.clone())),
        }
    }

    /// Counts a step.
    fn step(&self) {
        #[cfg(test)]
        self.steps.set(self.steps.get() + 1);
    }
}
