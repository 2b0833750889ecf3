//! [`ProducerMetrics`]: the metrics of a producer at one moment.

use std::sync::Arc;
use std::time::Duration;

use milena_sender::sync::LatencyHistogram;

use super::parts::{BrokerMetrics, BudgetHolder, TopicMetrics, ratio, since};

/// The metrics of a producer since it was built.
///
/// Sums only grow; gauges (bytes of the budget, connections, requests in flight) are those of the moment. Everything that a
/// completed delivery implies is counted before the delivery completes: its record, its batch, its times, its requests.
///
/// ```no_run
/// # async fn example() -> Result<(), milena::ConnectError> {
/// let producer = milena::Producer::connect("localhost:9092").await?;
/// let metrics = producer.metrics();
/// println!("{} records in {} requests", metrics.records, metrics.requests);
/// println!("99 % of all batches were delivered within {:?}", metrics.total_time.quantile(0.99));
/// # producer.close().await.ok();
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProducerMetrics {
    pub(super) client_id: Arc<str>,
    /// Records that were delivered.
    pub records: u64,
    /// Records that failed after they were accepted.
    pub failed: u64,
    /// Batches that were delivered or failed.
    pub batches: u64,
    /// Produce requests that were sent.
    pub requests: u64,
    /// Responses to Produce requests.
    pub responses: u64,
    /// Batches that were sent once more.
    pub retries: u64,
    /// Records that were sent once more (Java's `record-retry-total`).
    pub retried_records: u64,
    /// Batches that a broker found too large, and that went in smaller ones (Java's `batch-split-total`).
    pub splits: u64,
    /// Batches that were put into requests, once for each attempt.
    pub sent_batches: u64,
    /// Records that were put into requests, once for each attempt (Java's `record-send-total`).
    pub sent_records: u64,
    /// Bytes of batches that were put into requests, once for each attempt.
    pub sent_bytes: u64,
    /// Bytes of the largest batch (Java's `batch-size-max`).
    pub batch_bytes_max: u64,
    /// Bytes of the largest Produce request (Java's `request-size-max`).
    pub request_bytes_max: u64,
    /// The sum of the throttle times that brokers returned because the client was over its quota (KIP-219; Java's
    /// `produce-throttle-time`).
    pub throttle_time: Duration,
    /// The longest of them (Java's `produce-throttle-time-max`).
    pub throttle_time_max: Duration,
    /// Responses with a throttle time.
    pub throttled_responses: u64,
    /// `buffer.memory` (Java's `buffer-total-bytes`).
    pub buffer_total_bytes: usize,
    /// Bytes of it that hold no records at this moment (Java's `buffer-available-bytes`).
    pub buffer_free_bytes: usize,
    /// Records that were given back to their callers because there was no room for them (Java's `buffer-exhausted-total`).
    pub buffer_exhausted: u64,
    /// Callers that wait for room at this moment (Java's `waiting-threads`).
    pub waiting_callers: usize,
    /// Bytes of Produce requests that were written to connections.
    pub bytes: u64,
    /// Connections to brokers that were opened.
    pub connections: u64,
    /// Connections to brokers that are open at this moment.
    pub open_connections: u64,
    /// Produce requests whose response is awaited at this moment (Java's `requests-in-flight`).
    pub in_flight_requests: u64,
    /// How many times a connection was re-authenticated while in use (KIP-368).
    pub reauthentications: u64,
    /// How many times a broker showed that it had lost records of a partition that were acknowledged. The log has an
    /// error for each, with the offsets as far as they are known.
    pub data_losses: u64,
    /// The time since a broker described the cluster last (Java's `metadata-age`).
    pub metadata_age: Option<Duration>,
    /// Batches that were compressed.
    pub compressed_batches: u64,
    /// Batches of compressed topics that no codec was given, because those before them did not become smaller.
    pub skipped_batches: u64,
    /// Batches that went as they are because their codec failed.
    pub codec_failures: u64,
    /// Bytes of the records of compressed topics, before compression.
    pub plain_bytes: u64,
    /// Bytes of the same records on the wire.
    pub compressed_bytes: u64,
    /// Time that codecs took, over all threads.
    pub compression_time: Duration,
    /// How many times records without a key went on to the next partition, after `batch.size` bytes.
    pub partition_switches: u64,
    /// How many times such a partition was passed over because nothing of it was acknowledged within
    /// `partitioner.availability.timeout.ms`.
    pub partition_exclusions: u64,
    /// From the first record of a batch to its first request, by batch (Java's `record-queue-time`).
    pub queue_time: LatencyHistogram,
    /// From the last request with a batch to the outcome of the batch.
    pub wire_time: LatencyHistogram,
    /// From the first record of a batch to the outcome of the batch.
    pub total_time: LatencyHistogram,
    /// From the hand-over of a Produce request to the connection until its response (Java's `request-latency`).
    pub request_latency: LatencyHistogram,
    /// The partitions that hold the most of `buffer.memory` at this moment, the largest first, eight at most.
    pub largest_holders: Vec<BudgetHolder>,
    pub(super) topics: Vec<TopicMetrics>,
    pub(super) brokers: Vec<BrokerMetrics>,
}

impl ProducerMetrics {
    /// Compressed bytes by plain ones, over all batches of compressed topics (Java's `compression-rate-avg`): 0.25 where
    /// four bytes became one. None before the first such batch.
    ///
    /// ```
    /// # let metrics = milena::ProducerMetrics::default();
    /// if let Some(ratio) = metrics.compression_ratio() {
    ///     println!("records went at {:.0} % of their length", ratio * 100.0);
    /// }
    /// ```
    #[must_use]
    pub fn compression_ratio(&self) -> Option<f64> {
        ratio(self.compressed_bytes, self.plain_bytes)
    }

    /// Bytes of a batch in the mean (Java's `batch-size-avg`); none before the first one was sent.
    #[must_use]
    pub fn batch_bytes_mean(&self) -> Option<f64> {
        ratio(self.sent_bytes, self.sent_batches)
    }

    /// Records of a Produce request in the mean (Java's `records-per-request-avg`); none before the first request.
    #[must_use]
    pub fn records_per_request(&self) -> Option<f64> {
        ratio(self.sent_records, self.requests)
    }

    /// The share of records that failed, from 0 to 1; none before the first outcome.
    #[must_use]
    pub fn error_rate(&self) -> Option<f64> {
        ratio(self.failed, self.records + self.failed)
    }

    /// The metrics of the topics, by name: those with the most records where there are more than 1 000.
    #[must_use]
    pub fn topics(&self) -> &[TopicMetrics] {
        &self.topics
    }

    /// The metrics of the brokers that lead partitions of this producer, by id: of 1 000 at most.
    #[must_use]
    pub fn brokers(&self) -> &[BrokerMetrics] {
        &self.brokers
    }

    /// The change since `before`, earlier metrics of the same producer: sums and histograms are differences, gauges and
    /// largest sizes are those of `self`. So averages of the last minute, or rates:
    ///
    /// ```no_run
    /// # async fn example(producer: milena::Producer) {
    /// # use std::time::Duration;
    /// let before = producer.metrics();
    /// tokio::time::sleep(Duration::from_secs(60)).await;
    /// let minute = producer.metrics().since(&before);
    /// println!("{} records/s, mean latency {:?}", minute.records / 60, minute.total_time.mean());
    /// # }
    /// ```
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let topic = |name: &str| before.topics.iter().find(|topic| topic.name() == name);
        let broker = |id: i32| before.brokers.iter().find(|broker| broker.id() == id);
        Self {
            records: since(self.records, before.records),
            failed: since(self.failed, before.failed),
            batches: since(self.batches, before.batches),
            requests: since(self.requests, before.requests),
            responses: since(self.responses, before.responses),
            retries: since(self.retries, before.retries),
            retried_records: since(self.retried_records, before.retried_records),
            splits: since(self.splits, before.splits),
            sent_batches: since(self.sent_batches, before.sent_batches),
            sent_records: since(self.sent_records, before.sent_records),
            sent_bytes: since(self.sent_bytes, before.sent_bytes),
            throttle_time: self.throttle_time.saturating_sub(before.throttle_time),
            throttled_responses: since(self.throttled_responses, before.throttled_responses),
            buffer_exhausted: since(self.buffer_exhausted, before.buffer_exhausted),
            bytes: since(self.bytes, before.bytes),
            connections: since(self.connections, before.connections),
            reauthentications: since(self.reauthentications, before.reauthentications),
            data_losses: since(self.data_losses, before.data_losses),
            compressed_batches: since(self.compressed_batches, before.compressed_batches),
            skipped_batches: since(self.skipped_batches, before.skipped_batches),
            codec_failures: since(self.codec_failures, before.codec_failures),
            plain_bytes: since(self.plain_bytes, before.plain_bytes),
            compressed_bytes: since(self.compressed_bytes, before.compressed_bytes),
            compression_time: self.compression_time.saturating_sub(before.compression_time),
            partition_switches: since(self.partition_switches, before.partition_switches),
            partition_exclusions: since(self.partition_exclusions, before.partition_exclusions),
            queue_time: self.queue_time.since(&before.queue_time),
            wire_time: self.wire_time.since(&before.wire_time),
            total_time: self.total_time.since(&before.total_time),
            request_latency: self.request_latency.since(&before.request_latency),
            topics: self.topics.iter().map(|now| now.since(topic(now.name()))).collect(),
            brokers: self.brokers.iter().map(|now| now.since(broker(now.id()))).collect(),
            ..self.clone()
        }
    }
}
