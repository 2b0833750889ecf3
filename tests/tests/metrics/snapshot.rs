//! Snapshots: times, topics, brokers and gauges, all counted before a delivery completes.

use std::time::Duration;

use futures_util::future::join;
use milena::{JavaGroup, ProducerMetrics, Record};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn delivered_record_is_counted_in_every_metric_that_it_concerns() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.connect().await;
    harness.link_delay(1, SECOND);
    within(producer.send(("t", "v"))).await.unwrap();
    let metrics = producer.metrics();

    let topic = &metrics.topics()[0];
    assert_eq!((topic.name(), topic.records, topic.sent_records), ("t", 1, 1));
    let broker = &metrics.brokers()[0];
    assert_eq!((broker.id(), broker.requests, broker.request_latency.count()), (1, 1, 1));
    assert!(broker.is_connected && broker.in_flight_requests == 0, "{broker:?}");
    for (latency, least) in [
        (&metrics.queue_time, Duration::ZERO),
        (&metrics.wire_time, SECOND),
        (&metrics.total_time, SECOND),
        (&metrics.request_latency, SECOND),
    ] {
        assert_eq!(latency.count(), 1, "{metrics:?}");
        assert!(latency.max() >= least && latency.max() < 3 * SECOND, "{metrics:?}");
        assert!(latency.quantile(0.99).unwrap() <= latency.max(), "{metrics:?}");
    }
    assert_eq!((metrics.sent_batches, metrics.sent_records, metrics.responses), (1, 1, 1));
    assert_eq!(metrics.records_per_request(), Some(1.0));
    assert!(metrics.batch_bytes_max == metrics.sent_bytes && metrics.request_bytes_max > metrics.sent_bytes);
    assert!(metrics.metadata_age.is_some() && metrics.open_connections == 1, "{metrics:?}");
    producer.close().await.unwrap();
    assert_eq!((producer.metrics().open_connections, producer.metrics().in_flight_requests), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn retries_and_failures_are_counted_by_topic() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("a", 1).topic("b", 1)).await;
    let producer = harness.connect().await;
    harness.on(ApiKey::PRODUCE).topic("a").error(ErrorCode::NOT_ENOUGH_REPLICAS);
    harness.on(ApiKey::PRODUCE).topic("b").error(ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let (a, b) = within(join(producer.send(("a", "v")), producer.send(("b", "v")))).await;
    assert!(a.is_ok() && b.is_err());

    let metrics = producer.metrics();
    let [a, b] = metrics.topics() else { panic!("{metrics:?}") };
    assert_eq!((a.records, a.failed, a.sent_records, a.retried_records), (1, 0, 2, 1));
    assert_eq!((b.records, b.failed, b.sent_records, b.retried_records), (0, 1, 1, 0));
    assert_eq!((metrics.retried_records, metrics.error_rate()), (1, Some(0.5)));
    assert_eq!(java(&metrics, JavaGroup::Topic, "record-error-total", "b"), 1.0);
    assert_eq!(java(&metrics, JavaGroup::Topic, "record-retry-total", "a"), 1.0);
    assert_eq!(java(&metrics, JavaGroup::Node, "request-total", "node-1"), metrics.requests as f64);
}

#[tokio::test(start_paused = true)]
async fn full_buffer_shows_its_largest_holder_and_the_callers_that_wait() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.producer().buffer_memory(64 << 10).max_block(SECOND).build().await.unwrap();
    producer.topic("t").await.unwrap();
    let hold = harness.on(ApiKey::PRODUCE).always().hold();
    let filling = async {
        let record = || Record::to("t").value("v".repeat(1_000));
        while let Ok(delivery) = producer.enqueue(record()).await {
            drop(delivery);
        }
    };
    let look = async {
        let mut full = producer.metrics();
        while full.waiting_callers == 0 || full.in_flight_requests == 0 {
            sleep(Duration::from_millis(1)).await;
            full = producer.metrics();
        }
        full
    };
    let ((), full) = within(join(filling, look)).await;
    assert_eq!((&*full.largest_holders[0].topic, full.largest_holders[0].partition), ("t", 0));
    assert!(full.largest_holders[0].bytes > 8 << 10 && full.in_flight_requests > 0, "{full:?}");
    let after = producer.metrics();
    assert_eq!((after.buffer_exhausted, after.waiting_callers), (1, 0));
    hold.release();
    within(producer.flush()).await.unwrap();
    assert_eq!(producer.metrics().largest_holders, []);
}

#[tokio::test(start_paused = true)]
async fn difference_of_two_snapshots_has_the_records_between_them() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.connect().await;
    within(producer.send(("t", "first"))).await.unwrap();
    let before = producer.metrics();
    sleep(SECOND).await;
    within(producer.send(("t", "second"))).await.unwrap();
    within(producer.send(("t", "third"))).await.unwrap();
    let change = producer.metrics().since(&before);
    assert_eq!((change.records, change.requests, change.total_time.count()), (2, 2, 2));
    assert_eq!((change.topics()[0].records, change.brokers()[0].requests), (2, 2));
    assert_eq!(change.buffer_total_bytes, before.buffer_total_bytes, "gauges stay");
}

/// A value by Java's name, of the topic or node.
fn java(metrics: &ProducerMetrics, group: JavaGroup, name: &str, of: &str) -> f64 {
    let mut metrics = metrics.java().into_iter();
    let is_it = |tags: &[(&str, String)]| tags.iter().any(|(_, value)| value == of);
    metrics.find(|one| one.group == group && one.name == name && is_it(&one.tags)).unwrap().value
}
