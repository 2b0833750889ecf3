//! Push of metrics to the cluster (KIP-714; S90): subscription, temporality, codecs, errors, and the last push.

use std::time::Duration;

use milena_codec::compression::{Compression, Decompressor};
use milena_fake::{ApiKey, Cluster, ErrorCode, TelemetryPush, TelemetrySubscription};
use milena_tests::{ClusterHarness, eventually, within};
use tokio::time::sleep;

use crate::otlp::metrics_in;

const MINUTE: Duration = Duration::from_secs(60);
const SENT: &str = "org.apache.kafka.producer.record.send.total{}";

#[tokio::test(start_paused = true)]
async fn cluster_without_a_receiver_gets_no_request() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.connect().await;
    within(producer.send(("t", "v"))).await.unwrap();
    sleep(10 * MINUTE).await;
    producer.close().await.unwrap();
    assert_eq!(requests(&harness, ApiKey::GET_TELEMETRY_SUBSCRIPTIONS), 0);
    assert_eq!(producer.client_instance_id(), None);
    assert!(harness.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn sums_of_delta_temporality_begin_again_with_each_push_and_the_last_one_is_terminating() {
    let harness = subscribed(TelemetrySubscription::default()).await;
    let producer = harness.connect().await;
    within(producer.send(("t", "first"))).await.unwrap();
    eventually(|| harness.telemetry_pushes().len() == 1).await;
    within(producer.send(("t", "second"))).await.unwrap();
    within(producer.send(("t", "third"))).await.unwrap();
    eventually(|| harness.telemetry_pushes().len() == 2).await;
    within(producer.send(("t", "fourth"))).await.unwrap();
    producer.close().await.unwrap();

    let pushes = harness.telemetry_pushes();
    let sums: Vec<f64> = pushes.iter().map(|push| metrics_in(&push.metrics)[SENT].value).collect();
    assert_eq!(sums, [1.0, 2.0, 1.0]);
    let terminating: Vec<bool> = pushes.iter().map(|push| push.terminating).collect();
    assert_eq!(terminating, [false, false, true]);
    assert_eq!(pushes[1].at - pushes[0].at, MINUTE);
    let ends: Vec<_> = pushes.iter().map(|push| times(&metrics_in(&push.metrics)[SENT])).collect();
    assert!(
        ends.windows(2).all(|pair| pair[0].1 == pair[1].0),
        "each begins at the end of the last: {ends:?}"
    );
    assert!(producer.client_instance_id().is_some_and(|id| id.len() == 22));
    assert!(harness.violations().is_empty());
}

#[tokio::test(start_paused = true)]
async fn push_has_the_subscribed_metrics_alone_compressed_by_the_accepted_codec() {
    let harness = subscribed(TelemetrySubscription {
        metrics: vec![
            "org.apache.kafka.producer.node.".into(),
            "org.apache.kafka.producer.topic.byte".into(),
        ],
        delta: false,
        compression: vec![99, 4],
        ..TelemetrySubscription::default()
    })
    .await;
    let producer = harness.connect().await;
    within(producer.send(("t", "v"))).await.unwrap();
    eventually(|| !harness.telemetry_pushes().is_empty()).await;

    let push: &TelemetryPush = &harness.telemetry_pushes()[0];
    assert_eq!(push.compression_type, 4);
    let mut data = Vec::new();
    Decompressor::new().decompress(Compression::Zstd, &push.metrics, 1 << 20, &mut data).unwrap();
    let metrics = metrics_in(&data);
    let bytes = &metrics["org.apache.kafka.producer.topic.byte.total{topic=t}"];
    assert!(bytes.value > 0.0 && bytes.temporality == Some(2), "{metrics:?}");
    let latency = &metrics["org.apache.kafka.producer.node.request.latency.avg{node_id=node-1}"];
    assert_eq!(latency.temporality, None);
    assert!(
        metrics.keys().all(|name| name.contains(".node.") || name.contains(".topic.byte")),
        "{metrics:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn changed_subscription_is_requested_again_and_no_record_is_lost_from_the_sums() {
    let harness = subscribed(TelemetrySubscription::default()).await;
    let producer = harness.connect().await;
    within(producer.send(("t", "v"))).await.unwrap();
    eventually(|| requests(&harness, ApiKey::GET_TELEMETRY_SUBSCRIPTIONS) == 1).await;
    harness
        .change_telemetry(TelemetrySubscription { interval: MINUTE / 2, ..TelemetrySubscription::default() });
    eventually(|| !harness.telemetry_pushes().is_empty()).await;

    let push = &harness.telemetry_pushes()[0];
    assert_eq!((push.subscription_id, metrics_in(&push.metrics)[SENT].value), (2, 1.0));
    assert_eq!(requests(&harness, ApiKey::GET_TELEMETRY_SUBSCRIPTIONS), 2);
}

#[tokio::test(start_paused = true)]
async fn push_stays_within_the_bytes_that_the_broker_takes() {
    let harness =
        subscribed(TelemetrySubscription { bytes_max: 1_000, ..TelemetrySubscription::default() }).await;
    let producer = harness.connect().await;
    within(producer.send(("t", "v"))).await.unwrap();
    eventually(|| !harness.telemetry_pushes().is_empty()).await;
    let push = &harness.telemetry_pushes()[0];
    assert!((500..=1_000).contains(&push.metrics.len()), "{}", push.metrics.len());
}

#[tokio::test(start_paused = true)]
async fn cluster_that_rejects_the_requests_for_good_gets_no_more() {
    let harness = subscribed(TelemetrySubscription::default()).await;
    harness.on(ApiKey::PUSH_TELEMETRY).always().error(ErrorCode::INVALID_REQUEST);
    let producer = harness.connect().await;
    within(producer.send(("t", "v"))).await.unwrap();
    sleep(30 * MINUTE).await;
    producer.close().await.unwrap();
    assert_eq!(requests(&harness, ApiKey::PUSH_TELEMETRY), 1);
}

#[tokio::test(start_paused = true)]
async fn receiver_that_hangs_delays_neither_records_nor_the_end() {
    let harness = subscribed(TelemetrySubscription::default()).await;
    let hold = harness.on(ApiKey::PUSH_TELEMETRY).always().hold();
    let producer = harness.connect().await;
    sleep(2 * MINUTE).await;
    within(producer.send(("t", "v"))).await.unwrap();
    within(producer.close()).await.unwrap();
    drop(hold);
}

#[tokio::test(start_paused = true)]
async fn push_that_is_switched_off_sends_nothing() {
    let harness = subscribed(TelemetrySubscription::default()).await;
    let producer = harness.producer().metrics_push(false).build().await.unwrap();
    within(producer.send(("t", "v"))).await.unwrap();
    sleep(10 * MINUTE).await;
    producer.close().await.unwrap();
    assert_eq!(requests(&harness, ApiKey::GET_TELEMETRY_SUBSCRIPTIONS), 0);
}

async fn subscribed(subscription: TelemetrySubscription) -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).telemetry(subscription)).await
}

fn requests(harness: &ClusterHarness, api: ApiKey) -> usize {
    harness.journal().iter().filter(|entry| entry.api == api).count()
}

/// Start and end of a sum.
fn times(point: &crate::otlp::Point) -> (u64, u64) {
    (point.start_nanos, point.nanos)
}
