//! The latencies of some records, without slowing the others.
//!
//! A task that sends hands over the delivery of 1 record in 64, with the time at which that record was begun. Records
//! of one partition are settled in their order, so that their deliveries wait in one queue a partition, and only the
//! first of each queue is polled: one waker a batch, made once a partition. The sending task polls it when it adds a delivery; the
//! watching task wakes only when a delivery is settled.

use std::collections::VecDeque;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use milena::{Ack, Delivery, SendError};

use crate::clock;

/// One record in so many is timed.
pub(crate) const ONE_IN: u64 = 64;

/// Called with a record's number, its latency and its outcome.
type Report = dyn Fn(u64, Duration, Result<Ack, SendError>) + Send + Sync;

/// Collects deliveries and times them.
pub(crate) struct Sampler {
    partitions: Mutex<Vec<PartitionSamples>>,
    ready: Arc<Mutex<Ready>>,
    report: Box<Report>,
}

impl fmt::Debug for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sampler").field("partitions", &self.partitions).finish_non_exhaustive()
    }
}

/// A delivery that is to be timed.
#[derive(Debug)]
struct Sample {
    number: u64,
    began: Instant,
    delivery: Delivery,
}

/// The deliveries of one partition that are to be timed, in the order of their records.
#[derive(Debug)]
struct PartitionSamples {
    waiting: VecDeque<Sample>,
    waker: Waker,
}

/// The partitions with a settled delivery, and the task that polls them.
#[derive(Debug, Default)]
struct Ready {
    partitions: Vec<usize>,
    watcher: Option<Waker>,
}

/// Wakes the watcher for one partition.
#[derive(Debug)]
struct PartitionWaker {
    partition: usize,
    ready: Arc<Mutex<Ready>>,
}

impl Wake for PartitionWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut ready = lock(&self.ready);
        ready.partitions.push(self.partition);
        if let Some(watcher) = &ready.watcher {
            watcher.wake_by_ref();
        }
    }
}

impl Sampler {
    /// Calls `report` for each record.
    pub(crate) fn new(
        report: impl Fn(u64, Duration, Result<Ack, SendError>) + Send + Sync + 'static,
    ) -> Self {
        Self { partitions: Mutex::default(), ready: Arc::default(), report: Box::new(report) }
    }

    /// Times record `number`, which was begun at `began`.
    pub(crate) fn keep(&self, number: u64, began: Instant, delivery: Delivery) {
        let index = usize::try_from(delivery.partition()).unwrap_or_default();
        let mut partitions = lock(&self.partitions);
        while partitions.len() <= index {
            let waker = PartitionWaker { partition: partitions.len(), ready: Arc::clone(&self.ready) };
            partitions
                .push(PartitionSamples { waiting: VecDeque::new(), waker: Waker::from(Arc::new(waker)) });
        }
        let partition = &mut partitions[index];
        partition.waiting.push_back(Sample { number, began, delivery });
        if partition.waiting.len() == 1 {
            partition.settle(&self.report, clock::now);
        }
    }

    /// Times what is settled from now on, without end.
    pub(crate) async fn watch(&self) {
        let mut settled = Vec::new();
        poll_fn(|cx| {
            {
                let mut ready = lock(&self.ready);
                if ready.watcher.as_ref().is_none_or(|watcher| !watcher.will_wake(cx.waker())) {
                    ready.watcher = Some(cx.waker().clone());
                }
                std::mem::swap(&mut ready.partitions, &mut settled);
            }
            let now = clock::now();
            let mut partitions = lock(&self.partitions);
            settled.drain(..).for_each(|partition| partitions[partition].settle(&self.report, || now));
            Poll::Pending
        })
        .await
    }

    /// Times what is settled and was not looked after yet. Nothing is left when everything was flushed before.
    pub(crate) fn finish(&self) {
        let now = clock::now();
        lock(&self.partitions).iter_mut().for_each(|partition| partition.settle(&self.report, || now));
    }
}

impl PartitionSamples {
    /// Takes the deliveries from the front that are settled; the first that is not leaves the partition's waker.
    fn settle(&mut self, report: &Report, now: impl Fn() -> Instant) {
        while let Some(Sample { number, began, delivery }) = self.waiting.front_mut() {
            match Pin::new(delivery).poll(&mut Context::from_waker(&self.waker)) {
                Poll::Pending => return,
                Poll::Ready(outcome) => report(*number, now().saturating_duration_since(*began), outcome),
            }
            self.waiting.pop_front();
        }
    }
}

/// A panic elsewhere leaves whole partitions behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
