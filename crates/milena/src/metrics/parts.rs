//! The metrics of one topic and of one broker, and the largest holders of the budget.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use milena_codec::ids::BrokerId;
use milena_sender::accumulator::Topic;
use milena_sender::sync::{Holder, LatencyHistogram, TopicCounts};

use super::requests::RequestCounts;

/// The metrics of one topic since it is known. A topic without a record for `metadata.max.idle.ms` may be forgotten: then it
/// begins again with 0, and its records stay in the sums of the producer.
///
/// ```
/// # let metrics = milena::ProducerMetrics::default();
/// for topic in metrics.topics() {
///     println!("{}: {} records, {} failed", topic.name(), topic.records, topic.failed);
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicMetrics {
    name: Arc<str>,
    /// Records that were delivered.
    pub records: u64,
    /// Records that failed after they were accepted.
    pub failed: u64,
    /// Records that were put into requests, once for each attempt (Java's `record-send-total`).
    pub sent_records: u64,
    /// Bytes of batches that were put into requests, once for each attempt (Java's `byte-total`).
    pub sent_bytes: u64,
    /// Records that were sent once more (Java's `record-retry-total`).
    pub retried_records: u64,
    /// Bytes of records before compression, where the topic is compressed.
    pub plain_bytes: u64,
    /// Bytes of the same records on the wire.
    pub compressed_bytes: u64,
}

impl TopicMetrics {
    /// The name of the topic.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Compressed bytes by plain ones; none while nothing of the topic was compressed.
    #[must_use]
    pub fn compression_ratio(&self) -> Option<f64> {
        ratio(self.compressed_bytes, self.plain_bytes)
    }

    pub(super) fn since(&self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self.clone() };
        Self {
            name: Arc::clone(&self.name),
            records: since(self.records, before.records),
            failed: since(self.failed, before.failed),
            sent_records: since(self.sent_records, before.sent_records),
            sent_bytes: since(self.sent_bytes, before.sent_bytes),
            retried_records: since(self.retried_records, before.retried_records),
            plain_bytes: since(self.plain_bytes, before.plain_bytes),
            compressed_bytes: since(self.compressed_bytes, before.compressed_bytes),
        }
    }
}

/// The metrics of one broker since it leads partitions of this producer.
///
/// ```
/// # let metrics = milena::ProducerMetrics::default();
/// for broker in metrics.brokers() {
///     println!("broker {}: {:?}", broker.id(), broker.request_latency.quantile(0.99));
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokerMetrics {
    id: BrokerId,
    /// Produce requests that were sent.
    pub requests: u64,
    /// Bytes that were written to its connections.
    pub bytes: u64,
    /// Bytes of the largest Produce request.
    pub request_bytes_max: u64,
    /// Requests whose response is awaited at this moment.
    pub in_flight_requests: u64,
    /// Connections that were opened.
    pub connections: u64,
    /// Whether there is a connection at this moment.
    pub is_connected: bool,
    /// From the hand-over of a request to the connection until its response.
    pub request_latency: LatencyHistogram,
    /// The sum of the throttle times that it returned.
    pub throttle_time: Duration,
    /// The longest of them.
    pub throttle_time_max: Duration,
}

impl BrokerMetrics {
    pub(super) fn new(id: BrokerId, counts: RequestCounts) -> Self {
        Self {
            id,
            requests: counts.requests,
            bytes: counts.bytes,
            request_bytes_max: counts.request_bytes_max,
            in_flight_requests: counts.in_flight,
            connections: counts.connections,
            is_connected: counts.open > 0,
            request_latency: counts.latency,
            throttle_time: counts.throttle_time,
            throttle_time_max: counts.throttle_time_max,
        }
    }

    /// The id of the broker.
    #[must_use]
    pub const fn id(&self) -> i32 {
        self.id.0
    }

    pub(super) fn since(&self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self.clone() };
        Self {
            requests: since(self.requests, before.requests),
            bytes: since(self.bytes, before.bytes),
            connections: since(self.connections, before.connections),
            request_latency: self.request_latency.since(&before.request_latency),
            throttle_time: self.throttle_time.saturating_sub(before.throttle_time),
            ..self.clone()
        }
    }
}

/// A partition that holds much of `buffer.memory`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetHolder {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// Bytes that it holds.
    pub bytes: usize,
    /// For how long nothing of them was acknowledged.
    pub without_progress: Duration,
}

impl From<Holder> for BudgetHolder {
    fn from(holder: Holder) -> Self {
        let Holder { topic, partition, bytes, without_progress } = holder;
        Self { topic, partition: partition.0, bytes, without_progress }
    }
}

/// The metrics of the topics with the most records, at most `most` of them, by name.
pub(super) fn topics_of(known: &[Arc<Topic>], most: usize) -> Vec<TopicMetrics> {
    let mut topics: Vec<TopicMetrics> = known
        .iter()
        .map(|topic| {
            let TopicCounts { records, failed, sent_records, sent_bytes, retried_records, .. } =
                topic.totals().counts();
            let TopicCounts { plain_bytes, wire_bytes, .. } = topic.totals().counts();
            TopicMetrics {
                name: Arc::clone(topic.name()),
                records,
                failed,
                sent_records,
                sent_bytes,
                retried_records,
                plain_bytes,
                compressed_bytes: wire_bytes,
            }
        })
        .collect();
    if topics.len() > most {
        topics.sort_unstable_by_key(|topic| Reverse(topic.records));
        topics.truncate(most);
    }
    topics.sort_unstable_by(|one, other| one.name.cmp(&other.name));
    topics
}

pub(super) fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The difference of a sum. One that is smaller than before began again with 0.
pub(super) const fn since(now: u64, before: u64) -> u64 {
    if now >= before { now - before } else { now }
}
