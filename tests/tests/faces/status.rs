//! The status of a producer, as a health endpoint has it. The clock is paused.

use std::time::Duration;

use milena::{ConnectErrorKind, Record};
use milena_fake::{ApiKey, Cluster, ErrorCode};
use milena_tests::{ClusterHarness, Name, eventually, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn connected_producer_is_ready_and_idle_connections_keep_it_so() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let status = producer.status();
    assert!(status.is_ready() && status.was_reached && !status.is_closed, "{status}");
    assert_eq!((status.brokers_known, status.brokers_connected, status.last_failure), (3, 1, None));
    for partition in 0..3 {
        producer.send(Record::to("t").partition(partition)).await.unwrap();
    }
    let status = producer.status();
    assert_eq!((status.brokers_connected, status.unsettled_batches, status.oldest_unsettled), (3, 0, None));
    sleep(1_000 * SECOND).await;
    let status = producer.status();
    assert!(status.is_ready() && status.brokers_idle == 3, "{status:?}");
    within(producer.close()).await.unwrap();
    let status = producer.status();
    assert_eq!((status.is_closed, status.not_ready()), (true, Some("the producer was closed")));
}

#[tokio::test(start_paused = true)]
async fn producer_without_a_connected_broker_is_not_ready_until_one_is() {
    let harness = harness().await;
    let producer = harness.connect().await;
    for partition in 0..3 {
        producer.send(Record::to("t").partition(partition)).await.unwrap();
    }
    (2..=3).for_each(|broker| harness.kill(broker));
    eventually(|| producer.status().brokers_connected == 1).await;
    assert!(producer.status().is_ready(), "{}", producer.status());
    harness.kill(1);
    eventually(|| !producer.status().is_ready()).await;
    let status = producer.status();
    assert!(status.not_ready().unwrap().starts_with("no broker is connected: broker-"), "{status}");
    let failure = status.last_failure.unwrap();
    assert_eq!(failure.step, ConnectErrorKind::Unreachable);
    assert!(failure.message.contains("broker-") && failure.ago < 10 * SECOND, "{failure:?}");
    (1..=3).for_each(|broker| harness.restart(broker).unwrap());
    eventually(|| producer.status().is_ready()).await;
    assert!(producer.status().last_failure.is_some(), "it stays");
}

#[tokio::test(start_paused = true)]
async fn lazy_producer_is_not_ready_before_its_cluster_is_there() {
    let harness = harness().await;
    harness.network().name("kafka", Name::Nobody);
    let producer = harness.producer().bootstrap_servers("kafka:9092").build_lazy().unwrap();
    assert_eq!(producer.status().not_ready(), Some("the cluster could not be used yet"));
    eventually(|| producer.status().last_failure.is_some()).await;
    let status = producer.status();
    assert!(!status.was_reached && status.brokers_known == 0, "{status:?}");
    assert!(status.not_ready().unwrap().contains("kafka:9092"), "{status}");
    harness.network().name("kafka", Name::AnyBroker);
    within(producer.ready()).await.unwrap();
    eventually(|| producer.status().is_ready()).await;
    assert_eq!(producer.status().brokers_known, 3);
}

#[tokio::test(start_paused = true)]
async fn record_without_an_outcome_for_too_long_makes_the_producer_not_ready() {
    let harness = harness().await;
    let producer = harness.producer().ready_unsettled_max(20 * SECOND).build().await.unwrap();
    producer.send(Record::to("t").partition(0)).await.unwrap();
    harness.on(ApiKey::PRODUCE).topic("t").partition(1).always().error(ErrorCode::NOT_ENOUGH_REPLICAS);
    let stuck = producer.enqueue(Record::to("t").partition(1).value(vec![0; 1_000])).await.unwrap();
    for _ in 0..15 {
        sleep(SECOND).await;
        producer.send(Record::to("t").partition(0)).await.unwrap();
    }
    let status = producer.status();
    assert!(status.is_ready() && status.oldest_unsettled.unwrap() >= 15 * SECOND, "{status:?}");
    sleep(6 * SECOND).await;
    let status = producer.status();
    let reason = status.not_ready().unwrap();
    assert!(reason.starts_with("a record has been without an outcome for 2"), "{reason}");
    assert!(
        reason.contains("topic t, partition 1: ") && reason.contains("NOT_ENOUGH_REPLICAS (19)"),
        "{reason}"
    );
    let holder = &status.holders[0];
    assert_eq!((holder.topic.as_str(), holder.partition), ("t", 1));
    assert!(holder.bytes >= 1_000 && holder.without_progress >= 20 * SECOND, "{holder:?}");
    assert!(status.buffer_held_bytes >= holder.bytes && status.unsettled_batches == 1, "{status:?}");
    drop(stuck);
}

#[tokio::test(start_paused = true)]
async fn partitions_that_hold_the_most_come_first_and_are_few() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("many", 20)).await;
    let _hold = harness.on(ApiKey::PRODUCE).always().hold();
    let producer = harness.producer().close_timeout(SECOND).build().await.unwrap();
    for partition in 0..20 {
        let value = vec![0; if partition == 7 { 100_000 } else { 1_000 }];
        drop(producer.enqueue(Record::to("many").partition(partition).value(value)).await.unwrap());
    }
    let holders = producer.status().holders;
    assert_eq!(holders.len(), milena::ProducerStatus::HOLDERS_MAX);
    assert_eq!(holders[0].partition, 7);
    assert!(holders.is_sorted_by(|one, next| one.bytes >= next.bytes), "{holders:?}");
}

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(3).topic("t", 3)).await
}
