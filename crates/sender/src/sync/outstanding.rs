//! How many batches are not settled, by generation: a flush ends a generation and waits until it and those before it
//! are empty.

use std::collections::VecDeque;
use std::task::{Poll, Waker};

use super::mutant::{self, Blind};
use super::{Mutex, lock};

/// The time between two flushes. No batch spans two of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Generation(u64);

/// The batches that are not settled.
#[derive(Debug, Default)]
pub struct Outstanding {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The oldest generation that `counts` speaks of.
    oldest: u64,
    /// Batches by generation; the last is the current one.
    counts: VecDeque<u64>,
    waiters: Vec<(u64, Waker)>,
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
        let mut index = 0;
        while index < inner.waiters.len() {
            if inner.is_settled(inner.waiters[index].0) {
                wakers.push(inner.waiters.swap_remove(index).1);
            } else {
                index += 1;
            }
        }
    }

    /// Ends the current generation, and says which it was.
    pub fn end_generation(&self) -> Generation {
        let mut inner = lock(&self.inner);
        if inner.counts.is_empty() {
            inner.counts.push_back(0);
        }
        let ended = inner.current();
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

    /// Ready when every batch up to `target` is settled.
    pub fn poll_settled(&self, target: Generation, waker: &Waker) -> Poll<()> {
        let mut inner = lock(&self.inner);
        // Looked at under the lock that the waker is left under.
        if !mutant::is(Blind::OutstandingBeforeWait) && inner.is_settled(target.0) {
            return Poll::Ready(());
        }
        inner.waiters.retain(|(other, left)| *other != target.0 || !left.will_wake(waker));
        inner.waiters.push((target.0, waker.clone()));
        Poll::Pending
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn settled(outstanding: &Outstanding, target: Generation) -> bool {
        outstanding.poll_settled(target, Waker::noop()).is_ready()
    }

    #[test]
    fn a_flush_waits_for_what_was_opened_before_it_and_for_nothing_else() {
        let outstanding = Outstanding::default();
        let before = outstanding.open();
        let flush = outstanding.end_generation();
        let after = outstanding.open();
        assert!(!settled(&outstanding, flush));
        outstanding.settle(after, &mut Vec::new());
        assert!(!settled(&outstanding, flush));
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
}
