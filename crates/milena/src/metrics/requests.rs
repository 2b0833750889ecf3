//! The counts of requests and connections: of one broker, and of all together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use milena_sender::sync::{LatencyHistogram, LatencyRecorder};

/// Sums and gauges of requests and connections.
#[derive(Debug, Default)]
pub(super) struct RequestCounters {
    requests: AtomicU64,
    bytes: AtomicU64,
    request_bytes_max: AtomicU64,
    connections: AtomicU64,
    throttled: AtomicU64,
    throttle_millis: AtomicU64,
    throttle_millis_max: AtomicU64,
    in_flight: AtomicU64,
    open: AtomicU64,
    latency: LatencyRecorder,
}

/// The same at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestCounts {
    pub(super) requests: u64,
    pub(super) bytes: u64,
    pub(super) request_bytes_max: u64,
    pub(super) connections: u64,
    pub(super) throttled: u64,
    pub(super) throttle_time: Duration,
    pub(super) throttle_time_max: Duration,
    pub(super) in_flight: u64,
    pub(super) open: u64,
    pub(super) latency: LatencyHistogram,
}

impl RequestCounters {
    pub(super) fn counts(&self) -> RequestCounts {
        let read = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        RequestCounts {
            requests: read(&self.requests),
            bytes: read(&self.bytes),
            request_bytes_max: read(&self.request_bytes_max),
            connections: read(&self.connections),
            throttled: read(&self.throttled),
            throttle_time: Duration::from_millis(read(&self.throttle_millis)),
            throttle_time_max: Duration::from_millis(read(&self.throttle_millis_max)),
            in_flight: read(&self.in_flight),
            open: read(&self.open),
            latency: self.latency.histogram(),
        }
    }
}

/// Counts the requests of one broker, for the broker and for the producer.
#[derive(Clone, Debug)]
pub(crate) struct BrokerRecorder {
    both: [Arc<RequestCounters>; 2],
}

impl BrokerRecorder {
    pub(super) const fn new(producer: Arc<RequestCounters>, broker: Arc<RequestCounters>) -> Self {
        Self { both: [producer, broker] }
    }

    /// Adds Produce requests.
    pub(crate) fn add_requests(&self, requests: u64) {
        self.each(|counters| add(&counters.requests, requests));
    }

    /// A request of so many bytes is handed to the connection.
    pub(crate) fn note_request_bytes(&self, bytes: usize) {
        self.each(|counters| {
            counters.request_bytes_max.fetch_max(bytes as u64, Ordering::Relaxed);
        });
    }

    /// The response came so long after the request.
    pub(crate) fn add_response(&self, latency: Duration) {
        self.each(|counters| counters.latency.record(latency));
    }

    /// Adds bytes that were written to a connection.
    pub(crate) fn add_bytes(&self, bytes: usize) {
        self.each(|counters| add(&counters.bytes, bytes as u64));
    }

    /// The broker throttled the client: the next Produce request waits.
    pub(crate) fn add_throttle(&self, pause: Duration) {
        let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.each(|counters| {
            add(&counters.throttled, 1);
            add(&counters.throttle_millis, millis);
            counters.throttle_millis_max.fetch_max(millis, Ordering::Relaxed);
        });
    }

    /// One more connection was opened.
    pub(crate) fn add_connection(&self) {
        self.each(|counters| add(&counters.connections, 1));
    }

    fn each(&self, note: impl Fn(&RequestCounters)) {
        self.both.iter().for_each(|counters| note(counters));
    }
}

/// The requests in flight to one broker and its connection, as far as they are among the gauges. Dropped, they leave the gauges.
#[derive(Debug)]
pub(crate) struct BrokerGauges {
    recorder: BrokerRecorder,
    in_flight: u64,
    open: u64,
}

impl BrokerGauges {
    pub(crate) const fn new(recorder: BrokerRecorder) -> Self {
        Self { recorder, in_flight: 0, open: 0 }
    }

    /// Sets the requests in flight, and whether there is a connection.
    pub(crate) fn set(&mut self, in_flight: usize, is_open: bool) {
        let (in_flight, open) = (in_flight as u64, u64::from(is_open));
        if (in_flight, open) == (self.in_flight, self.open) {
            return;
        }
        self.recorder.each(|counters| {
            // Wrapping sums: the difference may be negative.
            counters.in_flight.fetch_add(in_flight.wrapping_sub(self.in_flight), Ordering::Relaxed);
            counters.open.fetch_add(open.wrapping_sub(self.open), Ordering::Relaxed);
        });
        (self.in_flight, self.open) = (in_flight, open);
    }
}

impl Drop for BrokerGauges {
    fn drop(&mut self) {
        self.set(0, false);
    }
}

fn add(sum: &AtomicU64, more: u64) {
    if more > 0 {
        sum.fetch_add(more, Ordering::Relaxed);
    }
}
