//! The records that were read and not reported yet, in the order of the input.
//!
//! Only the first of them is waited for, so that reports come in that order; those behind it may be settled long
//! since. How many there are is bounded, and so are the bytes that are kept.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use milena::{Ack, Delivery, Record, SendError};

/// Reading pauses while so many records are unsettled.
const RECORDS_MAX: usize = 100_000;
/// Reading pauses while so many bytes are kept: for dead letters, and of records whose topic is being looked up.
const KEPT_BYTES_MAX: usize = 64 << 20;

/// The queue.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    queue: VecDeque<Entry>,
    kept_bytes: usize,
    /// The number of the first record of the queue.
    first: u64,
}

/// A record whose outcome is not reported yet.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) topic: Arc<str>,
    /// Of key, value and headers.
    pub(super) bytes: usize,
    pub(super) outcome: Outcome,
    /// The record itself, if it is to be kept should it fail.
    pub(super) kept: Option<Record>,
}

#[derive(Debug)]
pub(super) enum Outcome {
    /// Its topic is being looked up. Without the record while that is handed to the producer.
    Waiting(Option<Record>),
    /// It was accepted.
    Pending(Delivery),
    /// It was not.
    Refused(SendError),
}

/// A record with its outcome.
#[derive(Debug)]
pub(super) struct Settled {
    /// Counted from 0 over the whole input.
    pub(super) record: u64,
    pub(super) topic: Arc<str>,
    /// Of key, value and headers.
    pub(super) bytes: usize,
    pub(super) outcome: Result<Place, SendError>,
    pub(super) kept: Option<Record>,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) partition: i32,
    /// None if the acknowledgement has no offset.
    pub(super) offset: Option<i64>,
    pub(super) timestamp_ms: i64,
}

impl From<Ack> for Place {
    fn from(ack: Ack) -> Self {
        let offset = (ack.offset != Ack::NO_OFFSET).then_some(ack.offset);
        Self { partition: ack.partition, offset, timestamp_ms: ack.timestamp_ms }
    }
}

impl Entry {
    /// Bytes that are held here, beside those of the producer.
    fn held_bytes(&self) -> usize {
        match (&self.kept, &self.outcome) {
            (None, Outcome::Pending(_) | Outcome::Refused(_)) => 0,
            _ => self.bytes,
        }
    }
}

impl Unsettled {
    pub(super) fn push(&mut self, entry: Entry) {
        self.kept_bytes += entry.held_bytes();
        self.queue.push_back(entry);
    }

    /// The number of the next record that is pushed.
    pub(super) fn next_number(&self) -> u64 {
        self.first + self.queue.len() as u64
    }

    /// Takes a record out that waits for its topic.
    pub(super) fn take_waiting(&mut self, number: u64) -> Option<Record> {
        match &mut self.entry(number)?.outcome {
            Outcome::Waiting(record) => record.take(),
            _ => None,
        }
    }

    /// Notes what came of a record that waited for its topic.
    pub(super) fn resolve(&mut self, number: u64, outcome: Outcome) {
        let Some(entry) = self.entry(number) else { return };
        let held = entry.held_bytes();
        entry.outcome = outcome;
        let freed = held - entry.held_bytes();
        self.kept_bytes -= freed;
    }

    fn entry(&mut self, number: u64) -> Option<&mut Entry> {
        self.queue.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Whether no more is to be read now.
    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= RECORDS_MAX || self.kept_bytes >= KEPT_BYTES_MAX
    }

    /// Waits for the outcome of the first record. For ever where there is none.
    ///
    /// # Cancel safety
    /// Nothing gets lost.
    pub(super) fn next(&mut self) -> impl Future<Output = Settled> {
        poll_fn(|cx| self.poll_next(cx))
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Settled> {
        let Some(entry) = self.queue.front_mut() else { return Poll::Pending };
        let outcome = match &mut entry.outcome {
            Outcome::Waiting(_) => return Poll::Pending,
            Outcome::Refused(error) => Err(error.clone()),
            Outcome::Pending(delivery) => match Pin::new(delivery).poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(outcome) => outcome.map(Place::from),
            },
        };
        let record = self.first;
        self.first += 1;
        match self.queue.pop_front() {
            None => Poll::Pending,
            Some(entry) => {
                self.kept_bytes -= entry.held_bytes();
                let Entry { topic, bytes, kept, .. } = entry;
                Poll::Ready(Settled { record, topic, bytes, outcome, kept })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use milena::Producer;
    use milena_fake::Cluster;

    use super::*;

    /// The error of a record that was not accepted.
    async fn refusal() -> SendError {
        let cluster = Cluster::builder().brokers(1).topic("t", 1).start().await.unwrap();
        let producer = Producer::connect(&cluster.bootstrap_servers()).await.unwrap();
        producer.close().await.unwrap();
        producer.enqueue(("t", "x")).await.unwrap_err()
    }

    fn refused(error: &SendError, kept: Option<Record>) -> Entry {
        let bytes = kept.as_ref().map_or(1, super::super::input::bytes_of);
        Entry { topic: "t".into(), bytes, outcome: Outcome::Refused(error.clone()), kept }
    }

    #[tokio::test]
    async fn reading_pauses_at_the_record_limit() {
        let error = refusal().await;
        let mut unsettled = Unsettled::default();
        for _ in 1..RECORDS_MAX {
            unsettled.push(refused(&error, None));
        }
        assert!(!unsettled.is_full());
        unsettled.push(refused(&error, None));
        assert!(unsettled.is_full());
        assert_eq!(unsettled.next().await.record, 0);
        assert!(!unsettled.is_full());
    }

    #[tokio::test]
    async fn reading_pauses_at_the_byte_limit() {
        let error = refusal().await;
        let mut unsettled = Unsettled::default();
        let large = Record::to("t").value(vec![0; KEPT_BYTES_MAX / 2]);
        unsettled.push(refused(&error, Some(large.clone())));
        assert!(!unsettled.is_full());
        unsettled.push(refused(&error, Some(large)));
        assert!(unsettled.is_full());
        assert!(unsettled.next().await.kept.is_some());
        assert!(!unsettled.is_full());
    }
}
