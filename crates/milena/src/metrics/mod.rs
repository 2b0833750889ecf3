//! The metrics of a producer: added up by its driver, read by its callers.
//!
//! ```text
//!  broker senders ── once a batch, once a request ──▶ sums, gauges, histograms ── snapshot ──▶ ProducerMetrics
//!                                                                                  ├─ topics(), brokers()
//!                                                                                  └─ java(): Java's names
//! ```
//!
//! * Nothing is counted a record. Sums of batches are added once a batch, those of requests once a request.
//! * Every count that a completed delivery implies is added before the delivery completes.
//! * The memory is fixed but for one entry for each broker, of which there are at most [`BROKERS_MAX`]. The sums of a topic are
//!   part of the topic, and go with it when the topic is forgotten: its records stay in the sums of the producer.

#[cfg(feature = "metrics")]
mod export;
mod java;
mod parts;
mod requests;
mod snapshot;

#[cfg(feature = "metrics")]
pub use export::MetricsPublisher;
pub use java::{JavaGroup, JavaMetric};
pub use parts::{BrokerMetrics, BudgetHolder, TopicMetrics};
pub use snapshot::ProducerMetrics;

pub(crate) use requests::{BrokerGauges, BrokerRecorder};

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use milena_codec::ids::{BrokerId, ClientInstanceId};
use milena_sender::accumulator::{Shared, Topic};
use milena_sender::partition_sender::Counters;

use crate::clock;
use requests::RequestCounters;

/// Brokers with metrics of their own. Requests to further brokers count among those of the producer alone.
const BROKERS_MAX: usize = 1_000;
/// Topics of a snapshot: of more, those with the most records. The others count among the sums of the producer alone.
const TOPICS_MAX: usize = 1_000;
/// Partitions that a snapshot names as the largest holders of `buffer.memory`.
const HOLDERS_MAX: usize = 8;

/// The counters of one producer.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    retries: AtomicU64,
    retried_records: AtomicU64,
    splits: AtomicU64,
    sent_batches: AtomicU64,
    sent_records: AtomicU64,
    sent_bytes: AtomicU64,
    batch_bytes_max: AtomicU64,
    reauthentications: AtomicU64,
    data_losses: AtomicU64,
    buffer_exhausted: AtomicU64,
    compressed: AtomicU64,
    not_compressed: AtomicU64,
    codec_failures: AtomicU64,
    plain_bytes: AtomicU64,
    compressed_bytes: AtomicU64,
    compression_nanos: AtomicU64,
    requests: Arc<RequestCounters>,
    brokers: Mutex<BTreeMap<BrokerId, Arc<RequestCounters>>>,
    /// When a broker described the cluster last.
    described_at: Mutex<Option<Instant>>,
    /// The id of this client for the push of metrics, once a broker assigned it (KIP-714).
    client_instance: Mutex<Option<ClientInstanceId>>,
}

impl Metrics {
    /// Adds what a broker sender has done.
    pub(crate) fn add(&self, counters: &Counters) {
        // The others are among the totals, which are counted before deliveries complete; requests are counted by broker.
        let Counters {
            records: _,
            failed: _,
            batches: _,
            requests: _,
            retries,
            retried_records,
            splits,
            sent_batches,
            sent_records,
            sent_bytes,
            sent_bytes_max,
            compression,
        } = counters;
        let pairs = [
            (&self.retries, *retries),
            (&self.retried_records, *retried_records),
            (&self.splits, *splits),
            (&self.sent_batches, *sent_batches),
            (&self.sent_records, *sent_records),
            (&self.sent_bytes, *sent_bytes),
            (&self.compressed, compression.compressed),
            (&self.not_compressed, compression.skipped),
            (&self.codec_failures, compression.failed),
            (&self.plain_bytes, compression.plain_bytes),
            (&self.compressed_bytes, compression.wire_bytes),
            (&self.compression_nanos, compression.nanos),
        ];
        for (sum, more) in pairs.into_iter().filter(|(_, more)| *more > 0) {
            sum.fetch_add(more, Ordering::Relaxed);
        }
        if *sent_bytes_max > self.batch_bytes_max.load(Ordering::Relaxed) {
            self.batch_bytes_max.fetch_max(*sent_bytes_max, Ordering::Relaxed);
        }
    }

    /// The recorder of a broker that has a broker sender from now on; none is that of partitions without a leader.
    pub(crate) fn recorder(&self, broker: Option<BrokerId>) -> BrokerRecorder {
        let mut brokers = self.brokers.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Arc::<RequestCounters>::default();
        if let Some(broker) = broker
            && (brokers.len() < BROKERS_MAX || brokers.contains_key(&broker))
        {
            brokers.insert(broker, Arc::clone(&own));
        }
        BrokerRecorder::new(Arc::clone(&self.requests), own)
    }

    /// A broker is not part of the cluster any more: its requests stay in the sums of the producer.
    pub(crate) fn forget_broker(&self, broker: BrokerId) {
        self.brokers.lock().unwrap_or_else(PoisonError::into_inner).remove(&broker);
    }

    /// A connection was re-authenticated (KIP-368).
    pub(crate) fn add_reauthentication(&self) {
        self.reauthentications.fetch_add(1, Ordering::Relaxed);
    }

    /// A broker showed that it had lost acknowledged records.
    pub(crate) fn add_data_loss(&self) {
        self.data_losses.fetch_add(1, Ordering::Relaxed);
    }

    /// A record was given back to its caller because there was no room for it.
    pub(crate) fn add_buffer_exhausted(&self) {
        self.buffer_exhausted.fetch_add(1, Ordering::Relaxed);
    }

    /// A broker described the cluster.
    pub(crate) fn note_described(&self, now: Instant) {
        *self.described_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Notes the id of this client for the push of metrics (KIP-714).
    pub(crate) fn set_client_instance(&self, id: Option<ClientInstanceId>) {
        *self.client_instance.lock().unwrap_or_else(PoisonError::into_inner) = id;
    }

    pub(crate) fn client_instance(&self) -> Option<ClientInstanceId> {
        *self.client_instance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The metrics at this moment, with those of the topics `known`.
    pub(crate) fn snapshot(&self, client_id: &str, shared: &Shared, known: &[Arc<Topic>]) -> ProducerMetrics {
        let read = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        let now = clock::now();
        let (settled, choices, memory) = (&shared.totals, &shared.choices, &shared.memory);
        let requests = self.requests.counts();
        let described_at = *self.described_at.lock().unwrap_or_else(PoisonError::into_inner);
        ProducerMetrics {
            client_id: client_id.into(),
            records: settled.records(),
            failed: settled.failed(),
            batches: settled.batches(),
            requests: requests.requests,
            responses: requests.latency.count(),
            retries: read(&self.retries),
            retried_records: read(&self.retried_records),
            splits: read(&self.splits),
            sent_batches: read(&self.sent_batches),
            sent_records: read(&self.sent_records),
            sent_bytes: read(&self.sent_bytes),
            batch_bytes_max: read(&self.batch_bytes_max),
            request_bytes_max: requests.request_bytes_max,
            throttle_time: requests.throttle_time,
            throttle_time_max: requests.throttle_time_max,
            throttled_responses: requests.throttled,
            buffer_total_bytes: memory.budget(),
            buffer_free_bytes: memory.free(),
            buffer_exhausted: read(&self.buffer_exhausted),
            waiting_callers: memory.waiting(),
            bytes: requests.bytes,
            connections: requests.connections,
            open_connections: requests.open,
            in_flight_requests: requests.in_flight,
            reauthentications: read(&self.reauthentications),
            data_losses: read(&self.data_losses),
            metadata_age: described_at.map(|at| now.saturating_duration_since(at)),
            compressed_batches: read(&self.compressed),
            skipped_batches: read(&self.not_compressed),
            codec_failures: read(&self.codec_failures),
            plain_bytes: read(&self.plain_bytes),
            compressed_bytes: read(&self.compressed_bytes),
            compression_time: Duration::from_nanos(read(&self.compression_nanos)),
            partition_switches: read(&choices.switches),
            partition_exclusions: read(&choices.exclusions),
            queue_time: settled.queue.histogram(),
            wire_time: settled.wire.histogram(),
            total_time: settled.total.histogram(),
            request_latency: requests.latency,
            largest_holders: memory.largest_holders(now, HOLDERS_MAX).into_iter().map(Into::into).collect(),
            topics: parts::topics_of(known, TOPICS_MAX),
            brokers: self.brokers(),
        }
    }

    fn brokers(&self) -> Vec<BrokerMetrics> {
        let brokers = self.brokers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        brokers.into_iter().map(|(id, counters)| BrokerMetrics::new(id, counters.counts())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_beyond_the_bound_count_among_the_sums_alone() {
        let metrics = Metrics::default();
        let brokers = i32::try_from(BROKERS_MAX).unwrap() + 5;
        (0..brokers).for_each(|id| metrics.recorder(Some(BrokerId(id))).add_requests(1));
        assert_eq!((metrics.brokers().len(), metrics.requests.counts().requests), (BROKERS_MAX, 1_005));
        metrics.forget_broker(BrokerId(0));
        metrics.recorder(Some(BrokerId(brokers))).add_requests(1);
        assert!(metrics.brokers().iter().any(|broker| broker.id() == brokers));
    }

    #[test]
    fn broker_whose_task_ends_leaves_the_gauges() {
        let metrics = Metrics::default();
        let mut gauges = [1, 2].map(|id| BrokerGauges::new(metrics.recorder(Some(BrokerId(id)))));
        gauges.iter_mut().for_each(|gauges| gauges.set(3, true));
        gauges[0].set(1, true);
        let counts = metrics.requests.counts();
        assert_eq!((counts.in_flight, counts.open), (4, 2));
        drop(gauges);
        let counts = metrics.requests.counts();
        assert_eq!((counts.in_flight, counts.open), (0, 0));
    }
}
