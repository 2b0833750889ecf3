//! The counters of a producer: added up by its driver, read by its callers.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use milena_sender::accumulator::Shared;
use milena_sender::partition_sender::Counters;

/// The counters of one producer.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    requests: AtomicU64,
    retries: AtomicU64,
    splits: AtomicU64,
    throttle_millis: AtomicU64,
    bytes: AtomicU64,
    connections: AtomicU64,
    reauthentications: AtomicU64,
    data_losses: AtomicU64,
    compressed: AtomicU64,
    not_compressed: AtomicU64,
    codec_failures: AtomicU64,
    plain_bytes: AtomicU64,
    compressed_bytes: AtomicU64,
    compression_nanos: AtomicU64,
}

impl Metrics {
    /// Adds what a broker sender has done.
    pub(crate) fn add(&self, counters: Counters) {
        // The others are among the totals, which are counted before deliveries complete.
        let Counters { records: _, failed: _, batches: _, requests, retries, splits, compression } = counters;
        let pairs = [
            (&self.requests, requests),
            (&self.retries, retries),
            (&self.splits, splits),
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
    }

    /// Adds what was written to a connection.
    pub(crate) fn add_bytes(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A broker throttled the client: it waits before the next Produce request.
    pub(crate) fn add_throttle(&self, pause: Duration) {
        let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        self.throttle_millis.fetch_add(millis, Ordering::Relaxed);
    }

    /// One more connection was opened.
    pub(crate) fn add_connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    /// A connection was re-authenticated (KIP-368).
    pub(crate) fn add_reauthentication(&self) {
        self.reauthentications.fetch_add(1, Ordering::Relaxed);
    }

    /// A broker showed that it had lost acknowledged records.
    pub(crate) fn add_data_loss(&self) {
        self.data_losses.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn snapshot(&self, shared: &Shared) -> ProducerMetrics {
        let read = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        let (settled, choices, memory) = (&shared.totals, &shared.choices, &shared.memory);
        ProducerMetrics {
            records: settled.records(),
            failed: settled.failed(),
            batches: settled.batches(),
            requests: read(&self.requests),
            retries: read(&self.retries),
            splits: read(&self.splits),
            throttle_time: Duration::from_millis(read(&self.throttle_millis)),
            buffer_total_bytes: memory.budget(),
            buffer_free_bytes: memory.free(),
            bytes: read(&self.bytes),
            connections: read(&self.connections),
            reauthentications: read(&self.reauthentications),
            data_losses: read(&self.data_losses),
            compressed_batches: read(&self.compressed),
            skipped_batches: read(&self.not_compressed),
            codec_failures: read(&self.codec_failures),
            plain_bytes: read(&self.plain_bytes),
            compressed_bytes: read(&self.compressed_bytes),
            compression_time: Duration::from_nanos(read(&self.compression_nanos)),
            partition_switches: read(&choices.switches),
            partition_exclusions: read(&choices.exclusions),
        }
    }
}

/// The metrics of a producer since it was built.
///
/// ```no_run
/// # async fn example() -> Result<(), milena::ConnectError> {
/// let producer = milena::Producer::connect("localhost:9092").await?;
/// let metrics = producer.metrics();
/// println!("{} records in {} requests", metrics.records, metrics.requests);
/// # producer.close().await.ok();
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProducerMetrics {
    /// Records that were delivered.
    pub records: u64,
    /// Records that failed after they were accepted.
    pub failed: u64,
    /// Batches that were delivered or failed.
    pub batches: u64,
    /// Produce requests that were sent.
    pub requests: u64,
    /// Batches that were sent once more.
    pub retries: u64,
    /// Batches that a broker found too large, and that went in smaller ones (Java's `batch-split-total`).
    pub splits: u64,
    /// The sum of the throttle times that brokers returned because the client was over its quota (KIP-219; Java's
    /// `produce-throttle-time`).
    pub throttle_time: Duration,
    /// `buffer.memory` (Java's `buffer-total-bytes`).
    pub buffer_total_bytes: usize,
    /// Bytes of it that hold no records at this moment (Java's `buffer-available-bytes`).
    pub buffer_free_bytes: usize,
    /// Bytes of Produce requests that were written to connections.
    pub bytes: u64,
    /// Connections to brokers that were opened.
    pub connections: u64,
    /// How many times a connection was re-authenticated while in use (KIP-368).
    pub reauthentications: u64,
    /// How many times a broker showed that it had lost records of a partition that were acknowledged. The log has an
    /// error for each, with the offsets as far as they are known.
    pub data_losses: u64,
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
        (self.plain_bytes > 0).then(|| self.compressed_bytes as f64 / self.plain_bytes as f64)
    }
}
