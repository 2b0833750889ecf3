//! How many batches are not settled, by generation: a flush ends a generation and waits until it and those before it
//! are empty.
//!
//! A batch costs the same however many flushes wait, were given up, or come before the next batch: waiters stand in the order of
//! their generations, leave when they are dropped, and a flush behind which no batch was opened ends no further generation.
//!
//! A generation also ends by age, so that the age of the oldest unsettled batch is known at no further cost: it is that of the
//! first generation that is not empty, right to [`AGE_MAX`] or to a 256th.

use std::collections::{BTreeMap, VecDeque};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::mutant::{self, Blind};
use super::{Mutex, lock};

/// The age at which a generation ends, at least. It grows with the age of the oldest one: there are never more than a few
/// thousand generations, however long a batch stays unsettled.
const AGE_MAX: Duration = Duration::from_millis(250);
/// The share of the oldest generation's age that others have.
const AGE_SHARE: u32 = 256;

/// Batches that were opened one after the other. A batch belongs to one generation.
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
    counts: VecDeque<Count>,
    /// The generations before this one were ended by a flush.
    flushed: u64,
    /// By the generation that they wait for, and by number.
    waiters: BTreeMap<(u64, u64), Waker>,
    /// How many waiters there ever were.
    numbers: u64,
}

/// The unsettled batches of a generation.
#[derive(Debug, Default)]
struct Count {
    batches: u64,
    /// When the first of them was opened.
    since: Option<Instant>,
}

impl Count {
    fn age(&self, now: Instant) -> Duration {
        let since = self.since.filter(|_| self.batches > 0);
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

impl Inner {
    /// The current generation, after a new one where it is too old.
    fn open_at(&mut self, now: Instant) -> &mut Count {
        let oldest = self.counts.front().map_or(Duration::ZERO, |count| count.age(now));
        let age_max = AGE_MAX.max(oldest / AGE_SHARE);
        if self.counts.back().is_none_or(|count| count.age(now) >= age_max) {
            self.counts.push_back(Count::default());
        }
        let last = self.counts.len() - 1;
        &mut self.counts[last]
    }

    fn current(&self) -> u64 {
        self.oldest + (self.counts.len() as u64).saturating_sub(1)
    }

    /// Forgets empty generations at the old end.
    fn trim(&mut self) {
        while self.counts.len() > 1 && self.is_first_empty() {
            self.counts.pop_front();
            self.oldest += 1;
        }
    }

    fn is_first_empty(&self) -> bool {
        self.counts.front().is_none_or(|count| count.batches == 0)
    }

    fn is_settled(&self, target: u64) -> bool {
        self.oldest > target || (self.counts.len() <= 1 && self.is_first_empty())
    }
}

impl Outstanding {
    /// A batch was opened; it belongs to the current generation.
    pub fn open(&self, now: Instant) -> Generation {
        let mut inner = lock(&self.inner);
        let count = inner.open_at(now);
        if count.batches == 0 {
            count.since = Some(now);
        }
        count.batches += 1;
        Generation(inner.current())
    }

    /// A batch became several, which settle one by one.
    pub fn split(&self, generation: Generation, more: u64) {
        let mut inner = lock(&self.inner);
        let index = generation.0.checked_sub(inner.oldest).and_then(|index| usize::try_from(index).ok());
        if let Some(count) = index.and_then(|index| inner.counts.get_mut(index)) {
            count.batches += more;
        }
    }

    /// A batch was settled; flushes that waited for it alone are appended to `wakers`.
    pub fn settle(&self, generation: Generation, wakers: &mut Vec<Waker>) {
        let mut inner = lock(&self.inner);
        let index = generation.0.checked_sub(inner.oldest).and_then(|index| usize::try_from(index).ok());
        let count = index.and_then(|index| inner.counts.get_mut(index));
        debug_assert!(count.is_some(), "a batch settled twice");
        if let Some(count) = count {
            count.batches = count.batches.saturating_sub(1);
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
            inner.counts.push_back(Count::default());
        }
        let current = inner.current();
        // Nothing was opened since the last one ended.
        let ended = match current.checked_sub(1) {
            Some(before) if inner.counts.back().is_some_and(|count| count.batches == 0) => before,
            _ => {
                inner.counts.push_back(Count::default());
                inner.trim();
                current
            }
        };
        inner.flushed = inner.flushed.max(ended + 1);
        Generation(ended)
    }

    /// Whether a flush has ended this generation.
    pub fn has_ended(&self, generation: Generation) -> bool {
        generation.0 < lock(&self.inner).flushed
    }

    /// Whether a flush has ended a generation that is not settled yet.
    pub fn is_awaited(&self) -> bool {
        let inner = lock(&self.inner);
        inner.oldest < inner.flushed && !inner.is_first_empty()
    }

    /// How many batches are not settled.
    pub fn unsettled(&self) -> u64 {
        lock(&self.inner).counts.iter().map(|count| count.batches).sum()
    }

    /// How long the oldest unsettled batch has been open or under way, at most; none if there is no such batch.
    pub fn oldest_age(&self, now: Instant) -> Option<Duration> {
        let inner = lock(&self.inner);
        let oldest = inner.counts.iter().find(|count| count.batches > 0)?;
        Some(oldest.age(now))
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
    use crate::tests::some_time;

    /// Opens a batch at some time.
    fn open(outstanding: &Outstanding) -> Generation {
        outstanding.open(some_time())
    }

    fn settled(outstanding: &Outstanding, target: Generation) -> bool {
        outstanding.settled(target).poll(Waker::noop()).is_ready()
    }

    #[test]
    fn a_flush_waits_for_what_was_opened_before_it_and_for_nothing_else() {
        let outstanding = Outstanding::default();
        let before = open(&outstanding);
        let flush = outstanding.end_generation();
        let after = open(&outstanding);
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
        let batch = open(&outstanding);
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
        let batch = open(&outstanding);
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
        let batches = [(); 3].map(|()| (open(&outstanding), outstanding.end_generation()));
        let mut flushes = batches.map(|(_, flush)| outstanding.settled(flush));
        assert!(flushes.iter_mut().all(|flush| flush.poll(Waker::noop()).is_pending()));
        let mut wakers = Vec::new();
        outstanding.settle(batches[1].0, &mut wakers);
        assert_eq!(wakers.len(), 0);
        outstanding.settle(batches[0].0, &mut wakers);
        assert_eq!(wakers.len(), 2);
        assert_eq!(lock(&outstanding.inner).waiters.len(), 1);
    }

    #[test]
    fn oldest_batch_is_right_to_a_quarter_of_a_second() {
        let (outstanding, start) = (Outstanding::default(), some_time());
        let at = |millis| start + Duration::from_millis(millis);
        assert_eq!(outstanding.oldest_age(at(0)), None);
        let batches = [0, 100, 400, 900].map(|millis| outstanding.open(at(millis)));
        let age = || outstanding.oldest_age(at(1_000)).map(|age| age.as_millis());
        assert_eq!(age(), Some(1_000));
        outstanding.settle(batches[0], &mut Vec::new());
        assert_eq!(age(), Some(1_000), "the second one shares its generation");
        outstanding.settle(batches[1], &mut Vec::new());
        assert_eq!(age(), Some(600));
        outstanding.settle(batches[3], &mut Vec::new());
        assert_eq!(age(), Some(600));
        outstanding.settle(batches[2], &mut Vec::new());
        assert_eq!(age(), None);
        outstanding.open(at(950));
        assert_eq!(age(), Some(50));
    }

    #[test]
    fn generation_that_ended_by_age_counts_as_flushed_by_a_flush_alone() {
        let (outstanding, start) = (Outstanding::default(), some_time());
        let first = outstanding.open(start);
        let second = outstanding.open(start + Duration::from_secs(1));
        assert!(first < second && !outstanding.has_ended(first) && !outstanding.is_awaited());
        let flush = outstanding.end_generation();
        assert!(outstanding.has_ended(first) && outstanding.has_ended(second) && outstanding.is_awaited());
        for batch in [first, second] {
            assert!(!settled(&outstanding, flush));
            outstanding.settle(batch, &mut Vec::new());
        }
        assert!(settled(&outstanding, flush) && !outstanding.is_awaited());
        let third = outstanding.open(start + Duration::from_secs(2));
        assert!(!outstanding.has_ended(third) && !outstanding.is_awaited());
    }

    #[test]
    fn batch_that_stays_unsettled_for_days_bounds_the_generations() {
        let (outstanding, start) = (Outstanding::default(), some_time());
        outstanding.open(start);
        for second in 0..200_000 {
            outstanding.open(start + Duration::from_secs(second));
        }
        let generations = lock(&outstanding.inner).counts.len();
        assert!(generations < 4_096, "{generations}");
        let age = outstanding.oldest_age(start + Duration::from_secs(200_000)).unwrap();
        assert_eq!(age.as_secs(), 200_000);
    }
}
