//! What tests of several modules share: a time of their own, usual settings, a broker's side of a partition, and a
//! caller's look at what became of a record.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a helper that fails fails its test")]

mod log;

pub(crate) use log::{Log, OTHERS, plain_records, values_of};

use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use milena_codec::ids::ProducerIdAndEpoch;

use crate::accumulator::{AccumulatorConfig, Clock};
use crate::outcome::{ErrorKind, Persisted};
use crate::partition_sender::PartitionSenderConfig;
use crate::sync::RecordHandle;

pub(crate) const KIB: usize = 1 << 10;

/// A clock that stands still.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At(pub(crate) Instant);

impl Clock for At {
    fn wall_ms(&self) -> i64 {
        1_700_000_000_000
    }

    fn now(&self) -> Instant {
        self.0
    }
}

/// When a test begins: late enough for any deadline to lie before it.
pub(crate) fn some_time() -> Instant {
    Instant::now() + Duration::from_secs(1_000_000)
}

/// Two minutes to deliver, five milliseconds to linger, 16 KiB a batch.
pub(crate) fn accumulator() -> AccumulatorConfig {
    let delivery_timeout = Duration::from_secs(120);
    AccumulatorConfig {
        batch_bytes: 16 * KIB,
        record_bytes_max: 1 << 20,
        request_bytes_max: 8 << 20,
        linger: Duration::from_millis(5),
        open_for_max: AccumulatorConfig::open_for_max_of(delivery_timeout),
        delivery_timeout,
        flush_records: None,
        adaptive: true,
        availability_timeout: None,
    }
}

/// Idempotent, five in flight, for ever.
pub(crate) const fn partition_senders() -> PartitionSenderConfig {
    PartitionSenderConfig {
        idempotent: true,
        window: 5,
        retries: u32::MAX,
        delivery_timeout: Duration::from_secs(120),
    }
}

/// What a broker gives a producer.
pub(crate) fn identity(producer_id: i64) -> ProducerIdAndEpoch {
    ProducerIdAndEpoch { producer_id: producer_id.into(), epoch: 0.into() }
}

/// Where a record stands, once that is told.
pub(crate) fn offset(record_handle: &mut RecordHandle) -> Option<i64> {
    match record_handle.poll(Waker::noop()) {
        Poll::Ready(Ok(receipt)) => receipt.offset,
        _ => None,
    }
}

/// Why it failed, once that is told.
pub(crate) fn failure(record_handle: &mut RecordHandle) -> Option<(ErrorKind, Persisted)> {
    match record_handle.poll(Waker::noop()) {
        Poll::Ready(Err(failure)) => Some((failure.kind, failure.persisted)),
        _ => None,
    }
}

/// Whether nothing is told of it yet.
pub(crate) fn is_pending(record_handle: &mut RecordHandle) -> bool {
    record_handle.poll(Waker::noop()).is_pending()
}
