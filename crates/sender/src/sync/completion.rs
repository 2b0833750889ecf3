//! The completion of a batch: one cell that its deliveries wait for, settled at once for all its records.
//!
//! ```text
//! pending ──settle(whole batch)──▶ written at a base offset │ failed
//!    └─────settle(a part)────────▶ ranges of records, until every record is in one
//! ```
//!
//! A [`RecordHandle`] is the cell and an index, and costs nothing more before it is polled: then it leaves its waker in a slot that it
//! remembers. Many tasks that wait for one batch never search each other's wakers. The first part that is settled wakes all of
//! them; those that wait on wait for their own records from then on (`ranges`).

mod ranges;

use std::collections::BTreeMap;
use std::sync::Arc as StdArc;
use std::task::{Poll, Waker};

use milena_codec::ids::PartitionId;

use ranges::Ranges;

use super::failed_batch::{FailedBatch, FailedRecord};
use super::mutant::{self, Blind};
use super::record_meta::RecordMeta;
use super::{Arc, AtomicU64, Mutex, Ordering, lock};
use crate::outcome::{Failure, Receipt};
use crate::timing::BatchTiming;

/// Not settled.
const PENDING: u64 = 0;
/// Settled, with the outcome behind the lock.
const LOOK_INSIDE: u64 = 1;
/// Written, at an unknown offset.
const WRITTEN_SOMEWHERE: u64 = u64::MAX;
/// Added to a base offset, so that it differs from the states above.
const OFFSETS_FROM: u64 = 2;

/// The outcome of some records of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// They were written.
    Written {
        /// The offset of the first of them, where it is known.
        base_offset: Option<i64>,
        /// When the broker appended them, if the topic keeps that time.
        append_time_ms: Option<i64>,
    },
    /// They failed together.
    Failed(StdArc<Failure>),
}

/// The shared cell of one batch.
#[derive(Debug)]
pub struct Completion {
    /// The partition whose batches it serves.
    place: (StdArc<str>, PartitionId),
    state: AtomicU64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// The first waiter's slot has a place of its own, so that one awaited record allocates no list.
    first: Option<Waker>,
    first_is_given: bool,
    /// The other waiters' slots. A slot belongs to one record handle until the cell is used again.
    others: Vec<Option<Waker>>,
    /// How many slots were given since the first part was settled: their wakers are in `ranges`.
    later: u32,
    /// The outcome of the whole batch, where it does not go into a number.
    whole: Option<Settled>,
    /// The outcomes of its parts.
    ranges: Ranges,
    /// The bytes of batches that failed, by their first record. That of a whole batch stays where one of its parts begins with the
    /// same record.
    failed: BTreeMap<u32, StdArc<FailedBatch>>,
    /// The time that each stage took, by the first record of each part that has an outcome.
    timings: Vec<(u32, BatchTiming)>,
    /// Tag and timestamp of each record, for reports.
    metas: Option<StdArc<Vec<RecordMeta>>>,
    /// How many slots were looked at.
    #[cfg(test)]
    steps: usize,
}

impl Default for Completion {
    fn default() -> Self {
        Self {
            place: (StdArc::default(), PartitionId(0)),
            state: AtomicU64::new(PENDING),
            inner: Mutex::new(Inner::default()),
        }
    }
}

impl Completion {
    /// For the batches of this partition.
    pub fn of(topic: &StdArc<str>, partition: PartitionId) -> Self {
        Self { place: (StdArc::clone(topic), partition), ..Self::default() }
    }

    /// Settles `count` records from `first` on, of a batch of `records`. The wakers of the tasks that wait are appended to
    /// `wakers`, to be woken when no lock is held.
    pub fn settle(&self, first: u32, count: u32, records: u32, settled: Settled, wakers: &mut Vec<Waker>) {
        if count < records {
            return self.settle_ranges([(first, count, settled)], wakers);
        }
        let mut inner = lock(&self.inner);
        let state = match &settled {
            Settled::Written { base_offset, append_time_ms: None } => base_offset
                .and_then(|offset| u64::try_from(offset).ok())
                .map_or(WRITTEN_SOMEWHERE, |offset| offset + OFFSETS_FROM),
            _ => {
                inner.whole = Some(settled);
                LOOK_INSIDE
            }
        };
        inner.take_slots(wakers);
        // Written under the lock: a task that finds nothing there and leaves a waker has looked after us, or before and waits.
        self.state.store(state, Ordering::Release);
    }

    /// Settles ranges of records, each with its first record and how many they are. The wakers of the tasks that wait are
    /// appended to `wakers`, to be woken when no lock is held.
    pub fn settle_ranges(
        &self,
        ranges: impl IntoIterator<Item = (u32, u32, Settled)>,
        wakers: &mut Vec<Waker>,
    ) {
        let mut inner = lock(&self.inner);
        if inner.ranges.is_empty() {
            inner.take_slots(wakers);
        }
        for (first, count, settled) in ranges {
            inner.ranges.settle(first, count, settled, wakers);
        }
        self.state.store(LOOK_INSIDE, Ordering::Release);
    }

    /// The time that each stage took for the records from `first` on.
    pub(crate) fn set_timing(&self, first: u32, timing: BatchTiming) {
        lock(&self.inner).timings.push((first, timing));
    }

    /// Sets tag and timestamp of all its records, for reports.
    pub(crate) fn set_metas(&self, metas: Vec<RecordMeta>) {
        lock(&self.inner).metas = Some(StdArc::new(metas));
    }

    /// The same; none where no report is made of them.
    pub(crate) fn metas(&self) -> Option<StdArc<Vec<RecordMeta>>> {
        lock(&self.inner).metas.clone()
    }

    /// Keeps the bytes of a batch that fails, for the deliveries of its records.
    pub(crate) fn keep(&self, batch: StdArc<FailedBatch>) {
        lock(&self.inner).failed.entry(batch.first()).or_insert(batch);
    }

    /// Whether it keeps bytes. A cell that may be used again keeps none.
    pub(crate) fn keeps_records(&self) -> bool {
        self.state.load(Ordering::Relaxed) == LOOK_INSIDE && !lock(&self.inner).failed.is_empty()
    }

    /// Resets a cell without another holder, for use by another batch.
    pub fn reset(this: &mut Arc<Self>) -> bool {
        let Some(cell) = Arc::get_mut(this) else { return false };
        cell.state = AtomicU64::new(PENDING);
        let mut inner = lock(&cell.inner);
        inner.first = None;
        inner.first_is_given = false;
        inner.others.clear();
        inner.later = 0;
        inner.whole = None;
        inner.ranges.clear();
        inner.failed.clear();
        inner.metas = None;
        inner.timings.clear();
        true
    }

    /// The outcome of record `index`; or leaves `waker` to be woken, in the slot where this waiter left one before.
    fn poll(&self, index: u32, slot: &mut u32, waker: &Waker) -> Poll<Settlement> {
        match self.state.load(Ordering::Acquire) {
            PENDING | LOOK_INSIDE => self.look_inside(index, slot, waker),
            WRITTEN_SOMEWHERE => Poll::Ready(Ok((None, None))),
            offset => Poll::Ready(Ok((offset_of(offset, index), None))),
        }
    }

    #[cold]
    fn look_inside(&self, index: u32, slot: &mut u32, waker: &Waker) -> Poll<Settlement> {
        let mut inner = lock(&self.inner);
        // Looked at again under the lock: it may have been settled since.
        match self.state.load(Ordering::Acquire) {
            _ if mutant::is(Blind::CompletionBeforeWait) => {}
            PENDING => {}
            LOOK_INSIDE => {
                if let Some(settled) = inner.find(index) {
                    return Poll::Ready(settled);
                }
            }
            WRITTEN_SOMEWHERE => return Poll::Ready(Ok((None, None))),
            offset => return Poll::Ready(Ok((offset_of(offset, index), None))),
        }
        inner.leave(index, slot, waker);
        Poll::Pending
    }
}

type Settlement = Result<(Option<i64>, Option<i64>), StdArc<Failure>>;

fn offset_of(state: u64, index: u32) -> Option<i64> {
    i64::try_from(state - OFFSETS_FROM).ok()?.checked_add(i64::from(index))
}

impl Inner {
    fn find(&self, index: u32) -> Option<Settlement> {
        let (place, settled) = match &self.whole {
            Some(settled) => (index, settled),
            None => self.ranges.find(index)?,
        };
        Some(match settled {
            Settled::Written { base_offset, append_time_ms } => {
                let offset = base_offset.and_then(|offset| offset.checked_add(i64::from(place)));
                Ok((offset, *append_time_ms))
            }
            Settled::Failed(failure) => Err(StdArc::clone(failure)),
        })
    }

    /// Takes the wakers of all slots.
    fn take_slots(&mut self, wakers: &mut Vec<Waker>) {
        #[cfg(test)]
        {
            self.steps += 1 + self.others.len();
        }
        wakers.extend(self.first.take());
        wakers.extend(self.others.iter_mut().filter_map(Option::take));
    }

    /// Slot 0 is none yet, 1 the first waiter's, the others follow.
    fn leave(&mut self, index: u32, slot: &mut u32, waker: &Waker) {
        if !self.ranges.is_empty() {
            if *slot == 0 {
                self.later += 1;
                *slot = u32::try_from(self.others.len() + 1).unwrap_or(u32::MAX).saturating_add(self.later);
            }
            return self.ranges.wait(index, *slot, waker);
        }
        let mine = match *slot {
            0 => None,
            1 => Some(&mut self.first),
            other => self.others.get_mut(other as usize - 2),
        };
        if let Some(mine) = mine {
            match mine {
                Some(left) => left.clone_from(waker),
                None => *mine = Some(waker.clone()),
            }
        } else if self.first_is_given {
            self.others.push(Some(waker.clone()));
            *slot = u32::try_from(self.others.len() + 1).unwrap_or(0);
        } else {
            self.first_is_given = true;
            self.first = Some(waker.clone());
            *slot = 1;
        }
    }
}

/// One record's place in its batch: what its delivery holds.
#[derive(Debug)]
pub struct RecordHandle {
    completion: Arc<Completion>,
    index: u32,
    slot: u32,
    timestamp_ms: i64,
}

impl RecordHandle {
    /// The record handle of record `index`, whose own timestamp is `timestamp_ms`.
    #[inline]
    pub fn new(completion: &Arc<Completion>, index: u32, timestamp_ms: i64) -> Self {
        Self { completion: Arc::clone(completion), index, slot: 0, timestamp_ms }
    }

    /// The record's topic and partition.
    #[must_use]
    pub fn place(&self) -> &(StdArc<str>, PartitionId) {
        &self.completion.place
    }

    /// The time that each stage took, once the record has an outcome.
    pub fn timing(&self) -> Option<BatchTiming> {
        let inner = lock(&self.completion.inner);
        let parts = inner.timings.iter().filter(|(first, _)| *first <= self.index);
        parts.max_by_key(|(first, _)| *first).map(|(_, timing)| *timing)
    }

    /// The record itself, once it has failed and where its bytes are kept.
    pub fn failed_record(&self) -> Option<FailedRecord> {
        let inner = lock(&self.completion.inner);
        let (_, batch) = inner.failed.range(..=self.index).next_back()?;
        let batch = StdArc::clone(batch);
        drop(inner);
        batch.record(self.index)
    }

    /// How many slots, ranges and wakers the cell looked at.
    #[cfg(all(test, not(loom)))]
    pub(crate) fn steps(&self) -> usize {
        let inner = lock(&self.completion.inner);
        inner.steps + inner.ranges.steps.get()
    }

    /// The outcome of the record; until it is known, `waker` is woken once it may be.
    ///
    /// # Errors
    /// The [`Failure`] that the record shares with those that failed with it.
    pub fn poll(&mut self, waker: &Waker) -> Poll<Result<Receipt, StdArc<Failure>>> {
        let settlement = self.completion.poll(self.index, &mut self.slot, waker);
        settlement.map(|settled| {
            settled.map(|(offset, append_time_ms)| Receipt {
                offset,
                timestamp_ms: append_time_ms.unwrap_or(self.timestamp_ms),
            })
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering as StdOrdering};
    use std::task::Wake;

    use super::*;
    use crate::outcome::{ErrorKind, Persisted};

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: StdArc<Self>) {
            self.0.fetch_add(1, StdOrdering::Relaxed);
        }
    }

    fn written(base_offset: i64) -> Settled {
        Settled::Written { base_offset: Some(base_offset), append_time_ms: None }
    }

    fn offset(record_handle: &mut RecordHandle) -> Option<i64> {
        match record_handle.poll(Waker::noop()) {
            Poll::Ready(Ok(receipt)) => receipt.offset,
            _ => None,
        }
    }

    #[test]
    fn each_record_has_the_offset_of_its_place() {
        let completion = Arc::new(Completion::default());
        completion.settle(0, 3, 3, written(40), &mut Vec::new());
        let offsets = [0, 1, 2].map(|index| offset(&mut RecordHandle::new(&completion, index, 7)));
        assert_eq!(offsets, [Some(40), Some(41), Some(42)]);
    }

    #[test]
    fn an_offset_beyond_the_range_is_unknown() {
        for append_time_ms in [None, Some(9)] {
            let completion = Arc::new(Completion::default());
            let settled = Settled::Written { base_offset: Some(i64::MAX - 1), append_time_ms };
            completion.settle(0, 3, 3, settled, &mut Vec::new());
            let offsets = [0, 1, 2].map(|index| offset(&mut RecordHandle::new(&completion, index, 7)));
            assert_eq!(offsets, [Some(i64::MAX - 1), Some(i64::MAX), None]);
        }
    }

    #[test]
    fn offset_zero_and_an_unknown_offset_differ() {
        let completion = Arc::new(Completion::default());
        completion.settle(0, 1, 1, written(0), &mut Vec::new());
        assert_eq!(offset(&mut RecordHandle::new(&completion, 0, 7)), Some(0));
        let completion = Arc::new(Completion::default());
        let somewhere = Settled::Written { base_offset: None, append_time_ms: None };
        completion.settle(0, 1, 1, somewhere, &mut Vec::new());
        let receipt = RecordHandle::new(&completion, 0, 7).poll(Waker::noop());
        assert_eq!(receipt, Poll::Ready(Ok(Receipt { offset: None, timestamp_ms: 7 })));
    }

    #[test]
    fn parts_of_a_batch_settle_one_by_one() {
        let completion = Arc::new(Completion::default());
        let failure = StdArc::new(Failure {
            kind: ErrorKind::MessageTooLarge,
            persisted: Persisted::No,
            retriable: false,
            by_end: false,
            code: None,
            message: "too large".into(),
        });
        completion.settle(2, 2, 4, written(10), &mut Vec::new());
        assert_eq!(offset(&mut RecordHandle::new(&completion, 3, 0)), Some(11));
        assert!(RecordHandle::new(&completion, 1, 0).poll(Waker::noop()).is_pending());
        completion.settle(0, 2, 4, Settled::Failed(StdArc::clone(&failure)), &mut Vec::new());
        assert_eq!(RecordHandle::new(&completion, 1, 0).poll(Waker::noop()), Poll::Ready(Err(failure)));
    }

    #[test]
    fn every_waiter_is_woken_and_a_task_that_polls_again_takes_no_second_slot() {
        let completion = Arc::new(Completion::default());
        let counts: Vec<StdArc<Count>> = (0..4).map(|_| StdArc::default()).collect();
        let mut record_handles: Vec<RecordHandle> =
            (0..4).map(|index| RecordHandle::new(&completion, index, 0)).collect();
        for (record_handle, count) in record_handles.iter_mut().zip(&counts) {
            let waker = Waker::from(StdArc::clone(count));
            assert!(record_handle.poll(&waker).is_pending());
            assert!(record_handle.poll(&waker).is_pending());
        }
        let mut wakers = Vec::new();
        completion.settle(0, 4, 4, written(0), &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        assert!(counts.iter().all(|count| count.0.load(StdOrdering::Relaxed) == 1));
    }

    #[test]
    fn who_waits_on_after_a_part_was_settled_takes_nobody_elses_slot() {
        let completion = Arc::new(Completion::default());
        let counts: Vec<StdArc<Count>> = (0..4).map(|_| StdArc::default()).collect();
        let mut record_handles: Vec<RecordHandle> =
            (0..4).map(|index| RecordHandle::new(&completion, index, 0)).collect();
        let wait = |record_handles: &mut Vec<RecordHandle>, index: usize| {
            assert!(record_handles[index].poll(&Waker::from(StdArc::clone(&counts[index]))).is_pending());
        };
        (0..3).for_each(|index| wait(&mut record_handles, index));
        completion.settle(3, 1, 4, written(7), &mut Vec::new());

        // They come back in another order, after one that waits for the first time.
        let mut late = RecordHandle::new(&completion, 0, 0);
        assert!(late.poll(&Waker::from(StdArc::clone(&counts[3]))).is_pending());
        [2, 0, 1].into_iter().for_each(|index| wait(&mut record_handles, index));
        let mut wakers = Vec::new();
        completion.settle(0, 3, 4, written(4), &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        let woken: Vec<usize> = counts.iter().map(|count| count.0.load(StdOrdering::Relaxed)).collect();
        assert_eq!(woken, [1, 1, 1, 1]);
    }

    #[test]
    fn part_wakes_the_tasks_that_wait_for_its_own_records_once_all_of_them_looked() {
        let completion = Arc::new(Completion::default());
        let counts: Vec<StdArc<Count>> = (0..4).map(|_| StdArc::default()).collect();
        let mut record_handles: Vec<RecordHandle> =
            (0..4).map(|index| RecordHandle::new(&completion, index, 0)).collect();
        let mut woken_by = |first: u32, count: u32, settled: Settled| {
            for (record_handle, count) in record_handles.iter_mut().zip(&counts) {
                let _ = record_handle.poll(&Waker::from(StdArc::clone(count)));
            }
            let mut wakers = Vec::new();
            completion.settle(first, count, 4, settled, &mut wakers);
            wakers.into_iter().for_each(Waker::wake);
            counts.iter().map(|count| count.0.swap(0, StdOrdering::Relaxed)).collect::<Vec<_>>()
        };
        assert_eq!(woken_by(3, 1, written(7)), [1, 1, 1, 1]);
        assert_eq!(woken_by(1, 1, written(5)), [0, 1, 0, 0]);
        assert_eq!(woken_by(2, 1, written(6)), [0, 0, 1, 0]);
        assert_eq!(woken_by(0, 1, written(4)), [1, 0, 0, 0]);
        assert_eq!(record_handles.iter_mut().map(offset).collect::<Vec<_>>(), [4, 5, 6, 7].map(Some));
    }

    #[test]
    fn a_cell_is_used_again_only_when_nobody_holds_it() {
        let mut completion = Arc::new(Completion::default());
        completion.settle(0, 1, 1, written(0), &mut Vec::new());
        let record_handle = RecordHandle::new(&completion, 0, 0);
        assert!(!Completion::reset(&mut completion));
        drop(record_handle);
        assert!(Completion::reset(&mut completion));
        assert!(RecordHandle::new(&completion, 0, 0).poll(Waker::noop()).is_pending());
    }
}
