//! The counters of `metrics()` after an eventful run.

use std::time::Duration;

use futures_util::future::{join, join_all};
use milena::{Compression, Producer, Record};
use milena_fake::{ApiKey, Cluster, ErrorCode, TopicConfig};
use milena_tests::{ClusterHarness, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);
const RECORDS: u64 = 100;

#[tokio::test(start_paused = true)]
async fn metrics_count_batches_splits_retries_and_bytes() {
    let config = TopicConfig { max_message_bytes: 20_000, ..TopicConfig::default() };
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic_with("t", 1, config)).await;
    let builder = harness.producer().batch_size(400_000).linger(Duration::from_millis(20));
    let producer = builder.build().await.unwrap();
    producer.topic("t").await.unwrap();
    harness.on(ApiKey::PRODUCE).times(1).error(ErrorCode::NOT_ENOUGH_REPLICAS);

    send(&producer, RECORDS).await;

    let metrics = producer.metrics();
    assert_eq!((metrics.records, metrics.failed), (RECORDS, 0));
    assert_eq!(metrics.retries, 1, "one batch lacked replicas: {metrics:?}");
    assert!(metrics.batches >= 5, "100 kB went in batches of at most 20 kB: {metrics:?}");
    assert!((1..metrics.batches).contains(&metrics.splits), "{metrics:?}");
    assert!(metrics.requests > metrics.batches && metrics.bytes > 300_000, "{metrics:?}");
    assert_eq!(metrics.compression_ratio(), None);
}

#[tokio::test(start_paused = true)]
async fn metrics_have_the_free_bytes_of_the_budget() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.producer().buffer_memory(4 << 20).build().await.unwrap();
    producer.topic("t").await.unwrap();
    let hold = harness.on(ApiKey::PRODUCE).always().hold();
    let look = async {
        sleep(SECOND).await;
        let metrics = producer.metrics();
        hold.release();
        metrics
    };
    let ((), held) = join(send(&producer, RECORDS), look).await;
    let after = producer.metrics();
    assert_eq!(held.buffer_total_bytes, 4 << 20);
    assert!(held.buffer_free_bytes <= held.buffer_total_bytes - 100_000, "{held:?}");
    assert_eq!(after.buffer_free_bytes, after.buffer_total_bytes);
}

#[tokio::test(start_paused = true)]
async fn metrics_have_the_throttle_time_of_brokers() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.connect().await;
    harness.throttle(1, 3 * SECOND);
    within(producer.send(("t", "first"))).await.unwrap();
    within(producer.send(("t", "second"))).await.unwrap();
    assert_eq!(producer.metrics().throttle_time, 6 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn metrics_have_the_compression_ratio() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.producer().compression(Compression::Lz4).build().await.unwrap();
    send(&producer, RECORDS).await;
    let metrics = producer.metrics();
    assert!(metrics.compression_ratio().is_some_and(|ratio| ratio < 0.1), "{metrics:?}");
    assert!(metrics.compressed_batches > 0 && metrics.plain_bytes > 100_000, "{metrics:?}");
}

/// Sends so many records of 1 000 bytes at once.
async fn send(producer: &Producer, records: u64) {
    let value = "v".repeat(1_000);
    let sending = (0..records).map(|_| producer.send(Record::to("t").value(value.clone())));
    assert!(within(join_all(sending)).await.iter().all(Result::is_ok));
}
