//! How many batches are not settled, by generation: a flush ends a generation and waits until it and those before it
//! are empty.
//!
//! A batch costs the same however many flushes wait, were given up, or come before the next batch: waiters stand in the order of
//! their generations, leave when they are dropped, and a flush behind which no batch was opened ends no further generation.

use std::collections::{BTreeMap, VecDeque};
use std::task::{Poll, Waker};

use super::mutant::{self, Blind};
use super::{Mutex, lock};

/// The batches that were opened between two flushes. A batch belongs to one generation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(u64);

/// The batches that are not settled.
#[derive(Debug, Default)]
pub struct Outstanding {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The generation of the first of `counts`.
    oldest: u64,
    /// Batches by generation; the last is the current one.
    counts: VecDeque<u64>,
    /// By the generation that they wait for, and by number.
    waiters: BTreeMap<(u64, u64), Waker>,
    /// How many waiters there ever were.
    numbers: u64,
}

impl Inner {
    fn current(&self) -> u64 {
        self.oldest + (self.counts.len() as u64).saturating_sub(1)
    }

    /// Forgets empty generations at the old end.
    fn trim(&mut self) {
        while self.counts.len() > 1 && self.counts.front() == Some(&0) {
            self.counts.pop_front();
            self.oldest += 1;
        }
    }

    fn is_settled(&self, target: u64) -> bool {
        self.oldest > target
            || (self.counts.len() == 1 && self.counts.front() == Some(&0))
            || self.counts.is_empty()
    }
}

impl Outstanding {
    /// A batch was opened; it belongs to the current generation.
    pub fn open(&self) -> Generation {
        let mut inner = lock(&self.inner);
        if inner.counts.is_empty() {
            inner.counts.push_back(0);
        }
        if let Some(count) = inner.counts.back_mut() {
            *count += 1;
        }
        Generation(inner.current())
    }

    /// A batch became several, which settle one by one.
    pub fn split(&self, generation: Generation, more: u64) {
        let mut inner = lock(&self.inner);
        let index = generation.0.checked_sub(inner.oldest).and_then(|index| usize::try_from(index).ok());
        if let Some(count) = index.and_then(|index| inner.counts.get_mut(index)) {
            *count += more;
        }
    }

    /// A batch was settled; flushes that waited for it alone are appended to `wakers`.
    pub fn settle(&self, generation: Generation, wakers: &mut Vec<Waker>) {
        let mut inner = lock(&self.inner);
        let index = generation.0.checked_sub(inner.oldest).and_then(|index| usize::try_from(index).ok());
        let count = index.and_then(|index| inner.counts.get_mut(index));
        debug_assert!(count.is_some(), "a batch settled twice");
        if let Some(count) = count {
            *count = count.saturating_sub(1);
        }
        inner.trim();
        while let Some((target, _)) = inner.waiters.first_key_value().map(|(key, _)| *key)
            && inner.is_settled(target)
        {
            wakers.extend(inner.waiters.pop_first().map(|(_, waker)| waker));
        }
    }

    /// Ends the current generation, and returns it.
    pub fn end_generation(&self) -> Generation {
        let mut inner = lock(&self.inner);
        if inner.counts.is_empty() {
            inner.counts.push_back(0);
        }
        let ended = inner.current();
        // Nothing was opened since the last one ended.
        if ended > 0 && inner.counts.back() == Some(&0) {
            return Generation(ended - 1);
        }
        inner.counts.push_back(0);
        inner.trim();
        Generation(ended)
    }

    /// Whether a flush has ended this generation.
    pub fn has_ended(&self, generation: Generation) -> bool {
        generation.0 < lock(&self.inner).current()
    }

    /// Whether a flush has ended a generation that is not settled yet.
    pub fn is_awaited(&self) -> bool {
        lock(&self.inner).counts.len() > 1
    }

    /// How many batches are not settled.
    pub fn unsettled(&self) -> u64 {
        lock(&self.inner).counts.iter().sum()
    }

    /// Whether every batch up to `target` is settled.
    pub fn is_settled(&self, target: Generation) -> bool {
        lock(&self.inner).is_settled(target.0)
    }

    /// Waits until every batch up to `target` is settled.
    pub const fn settled(&self, target: Generation) -> AwaitSettled<'_> {
        AwaitSettled { outstanding: self, target, number: None }
    }
}

/// A wait for all batches up to a generation. Dropped, it leaves nothing behind.
#[derive(Debug)]
#[must_use = "it waits when it is polled"]
pub struct AwaitSettled<'a> {
    outstanding: &'a Outstanding,
    target: Generation,
    /// Its place among the waiters, once it waits.
    number: Option<u64>,
}

impl AwaitSettled<'_> {
    /// Ready when all of them are settled.
    pub fn poll(&mut self, waker: &Waker) -> Poll<()> {
        let mut inner = lock(&self.outstanding.inner);
        // Looked at under the lock that the waker is left under.
        if !mutant::is(Blind::OutstandingBeforeWait) && inner.is_settled(self.target.0) {
            return Poll::Ready(());
        }
        let number = *self.number.get_or_insert_with(|| {
            inner.numbers += 1;
            inner.numbers
        });
        inner.waiters.insert((self.target.0, number), waker.clone());
        Poll::Pending
    }
}

impl Drop for AwaitSettled<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            let left = lock(&self.outstanding.inner).waiters.remove(&(self.target.0, number));
            drop(left);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn settled(outstanding: &Outstanding, target: Generation) -> bool {
        outstanding.settled(target).poll(Waker::noop()).is_ready()
    }

    #[test]
    fn a_flush_waits_for_what_was_opened_before_it_and_for_nothing_else() {
        let outstanding = Outstanding::default();
        let before = outstanding.open();
        let flush = outstanding.end_generation();
        let after = outstanding.open();
        let mut waiting = outstanding.settled(flush);
        assert!(waiting.poll(Waker::noop()).is_pending());
        let mut wakers = Vec::new();
        outstanding.settle(after, &mut wakers);
        assert!(!settled(&outstanding, flush) && wakers.is_empty());
        let mut wakers = Vec::new();
        outstanding.settle(before, &mut wakers);
        assert!(settled(&outstanding, flush));
        assert!(!wakers.is_empty());
    }

    #[test]
    fn a_flush_of_nothing_is_done() {
        let outstanding = Outstanding::default();
        assert!(settled(&outstanding, outstanding.end_generation()));
        assert!(settled(&outstanding, outstanding.end_generation()));
    }

    #[test]
    fn a_later_flush_waits_for_earlier_batches_too() {
        let outstanding = Outstanding::default();
        let batch = outstanding.open();
        outstanding.end_generation();
        let second = outstanding.end_generation();
        assert!(!settled(&outstanding, second));
        outstanding.split(batch, 1);
        outstanding.settle(batch, &mut Vec::new());
        assert!(!settled(&outstanding, second), "one part is left");
        outstanding.settle(batch, &mut Vec::new());
        assert!(settled(&outstanding, second));
    }

    #[test]
    fn flushes_that_were_given_up_leave_nothing_behind() {
        let outstanding = Outstanding::default();
        let batch = outstanding.open();
        for _ in 0..1_000 {
            assert!(!settled(&outstanding, outstanding.end_generation()));
        }
        let (waiters, generations) = {
            let inner = lock(&outstanding.inner);
            (inner.waiters.len(), inner.counts.len())
        };
        assert_eq!((waiters, generations), (0, 2));
        let mut wakers = Vec::new();
        outstanding.settle(batch, &mut wakers);
        assert!(wakers.is_empty());
    }

    #[test]
    fn batch_wakes_the_flushes_that_wait_for_it_and_no_later_ones() {
        let outstanding = Outstanding::default();
        let batches = [(); 3].map(|()| (outstanding.open(), outstanding.end_generation()));
        let mut flushes = batches.map(|(_, flush)| outstanding.settled(flush));
        assert!(flushes.iter_mut().all(|flush| flush.poll(Waker::noop()).is_pending()));
        let mut wakers = Vec::new();
        outstanding.settle(batches[1].0, &mut wakers);
        assert_eq!(wakers.len(), 0);
        outstanding.settle(batches[0].0, &mut wakers);
        assert_eq!(wakers.len(), 2);
        assert_eq!(lock(&outstanding.inner).waiters.len(), 1);
    }
}
