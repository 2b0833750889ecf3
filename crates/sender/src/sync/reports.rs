//! Reports of records that were settled: one entry a batch, in a queue of each reader, from which reports of single records are made
//! when they are read.
//!
//! * Failures are never dropped: their batch stays charged to its partition until its report is read, so that a slow reader slows down
//!   the callers of that partition, and no others.
//! * Successes are dropped and counted where a queue has a limit for them and is full. In a queue without a limit they stay charged as
//!   well.
//!
//! Without a reader nothing is kept of a record: the batch checks for a reader when it is opened.

use std::collections::VecDeque;
use std::sync::Arc as StdArc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Poll, Waker};

use milena_codec::ids::PartitionId;

use super::batch_data::ChargeHold;
use super::failed_batch::{FailedBatch, FailedRecord};
use super::record_meta::RecordMeta;
use super::{Mutex, Settled, lock};
use crate::outcome::{Failure, Receipt};
use crate::timing::BatchTiming;

/// Records of one partition that were settled together.
#[derive(Debug)]
pub struct BatchReport {
    /// Their topic.
    pub topic: StdArc<str>,
    /// Their partition.
    pub partition: PartitionId,
    /// The place of the first of them among those of the completion.
    pub(crate) first: u32,
    pub(crate) records: u32,
    pub(crate) settled: Settled,
    /// Of all records of the completion.
    pub(crate) metas: StdArc<Vec<RecordMeta>>,
    /// The time that each stage of their batch took; none where the runtime ended.
    pub timing: Option<BatchTiming>,
    /// Their bytes, where they failed.
    pub(crate) batch: Option<StdArc<FailedBatch>>,
    pub(crate) _hold: Option<ChargeHold>,
}

/// The report of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordReport {
    /// The caller's number for it.
    pub tag: u64,
    /// Its time in milliseconds since 1970, as the caller or the producer set it.
    pub timestamp_ms: i64,
    /// Its outcome.
    pub outcome: Result<Receipt, StdArc<Failure>>,
    /// The record itself, if it failed.
    pub record: Option<FailedRecord>,
}

impl BatchReport {
    /// How many records it is about.
    #[must_use]
    pub const fn records(&self) -> u32 {
        self.records
    }

    /// Whether they failed.
    #[must_use]
    pub const fn is_failure(&self) -> bool {
        matches!(self.settled, Settled::Failed(_))
    }

    /// The report of record `index`, from 0 to `records`.
    #[must_use]
    pub fn record(&self, index: u32) -> RecordReport {
        let place = self.first.saturating_add(index);
        let meta = self.metas.get(place as usize).copied().unwrap_or_default();
        let (outcome, record) = match &self.settled {
            Settled::Written { base_offset, append_time_ms } => {
                let offset = base_offset.and_then(|offset| offset.checked_add(i64::from(index)));
                let timestamp_ms = append_time_ms.unwrap_or(meta.timestamp_ms);
                (Ok(Receipt { offset, timestamp_ms }), None)
            }
            Settled::Failed(failure) => {
                let record = self.batch.as_ref().and_then(|batch| batch.record(place));
                (Err(StdArc::clone(failure)), record)
            }
        };
        RecordReport { tag: meta.tag, timestamp_ms: meta.timestamp_ms, outcome, record }
    }
}

/// The readers of a producer's reports.
#[derive(Debug, Default)]
pub struct Reports {
    is_on: AtomicBool,
    queues: Mutex<Vec<StdArc<ReportQueue>>>,
}

impl Reports {
    /// Whether there is a reader.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Adds a reader. `successes_max` is how many successes wait for it at most; without a limit none is dropped, and they hold budget.
    pub fn subscribe(&self, successes_max: Option<usize>) -> StdArc<ReportQueue> {
        let queue = StdArc::new(ReportQueue { successes_max, ..ReportQueue::default() });
        let mut queues = lock(&self.queues);
        queues.push(StdArc::clone(&queue));
        self.is_on.store(true, Ordering::Relaxed);
        queue
    }

    /// A reader has gone: what waits for it is dropped. Returns how many failures were among it.
    pub fn unsubscribe(&self, queue: &StdArc<ReportQueue>) -> u64 {
        let mut queues = lock(&self.queues);
        queues.retain(|other| !StdArc::ptr_eq(other, queue));
        self.is_on.store(!queues.is_empty(), Ordering::Relaxed);
        drop(queues);
        queue.discard()
    }

    /// Whether a reader wants all successes.
    pub(crate) fn holds_successes(&self) -> bool {
        lock(&self.queues).iter().any(|queue| queue.successes_max.is_none())
    }

    /// Hands a report to all readers. The wakers of those that wait are appended to `wakers`.
    pub(crate) fn push(&self, report: BatchReport, wakers: &mut Vec<Waker>) {
        let report = StdArc::new(report);
        for queue in &*lock(&self.queues) {
            queue.push(&report, wakers);
        }
    }

    /// No report comes any more: the readers return the rest, and then end.
    pub fn close(&self) {
        let queues = std::mem::take(&mut *lock(&self.queues));
        for queue in queues {
            queue.close();
        }
    }
}

/// The reports that wait for one reader.
#[derive(Debug, Default)]
pub struct ReportQueue {
    successes_max: Option<usize>,
    /// Successes that were dropped.
    dropped: AtomicU64,
    inner: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    batches: VecDeque<StdArc<BatchReport>>,
    /// How many successes are among their records.
    successes: usize,
    waker: Option<Waker>,
    /// No more come.
    closed: bool,
    /// The reader has gone.
    gone: bool,
}

impl ReportQueue {
    fn push(&self, report: &StdArc<BatchReport>, wakers: &mut Vec<Waker>) {
        let records = report.records as usize;
        let mut inner = lock(&self.inner);
        if inner.gone {
            return;
        }
        if !report.is_failure() {
            if self.successes_max.is_some_and(|most| inner.successes + records > most) {
                self.dropped.fetch_add(records as u64, Ordering::Relaxed);
                return;
            }
            inner.successes += records;
        }
        inner.batches.push_back(StdArc::clone(report));
        wakers.extend(inner.waker.take());
    }

    /// The next reports, or none when no more come; until then `waker` is woken when there are some.
    pub fn poll(&self, waker: &Waker) -> Poll<Option<StdArc<BatchReport>>> {
        let mut inner = lock(&self.inner);
        if let Some(report) = inner.batches.pop_front() {
            if !report.is_failure() {
                inner.successes -= report.records as usize;
            }
            return Poll::Ready(Some(report));
        }
        if inner.closed {
            return Poll::Ready(None);
        }
        match &mut inner.waker {
            Some(left) => left.clone_from(waker),
            None => inner.waker = Some(waker.clone()),
        }
        Poll::Pending
    }

    /// How many successes were dropped because the queue was full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// How many failures wait.
    pub fn failures(&self) -> u64 {
        let inner = lock(&self.inner);
        let failures = inner.batches.iter().filter(|report| report.is_failure());
        failures.map(|report| u64::from(report.records)).sum()
    }

    fn close(&self) {
        let mut inner = lock(&self.inner);
        inner.closed = true;
        let waker = inner.waker.take();
        drop(inner);
        super::wake_all(&mut waker.into_iter().collect());
    }

    /// Drops what waits. Returns how many failures were among it.
    pub fn discard(&self) -> u64 {
        let failures = self.failures();
        let mut inner = lock(&self.inner);
        (inner.gone, inner.closed, inner.successes) = (true, true, 0);
        let batches = std::mem::take(&mut inner.batches);
        let waker = inner.waker.take();
        drop(inner);
        // Outside of the lock: they give budget back, which wakes callers.
        drop(batches);
        super::wake_all(&mut waker.into_iter().collect());
        failures
    }
}
