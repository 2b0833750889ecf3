//! Connections that were unused for a while.

use std::time::Duration;

use milena::Record;
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, Stopwatch, within};

async fn send(producer: &milena::Producer, value: &str) {
    within(producer.send(Record::to("t").value(value.to_owned()))).await.unwrap();
}

fn probes(harness: &ClusterHarness) -> usize {
    harness.journal().iter().filter(|entry| entry.api == ApiKey::API_VERSIONS).count()
}

#[tokio::test(start_paused = true)]
async fn a_record_after_a_pause_goes_out_once_the_broker_has_given_a_sign_of_life() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
    let producer = harness.connect().await;
    send(&producer, "a").await;
    let before = probes(&harness);
    tokio::time::sleep(Duration::from_secs(60)).await;
    send(&producer, "b").await;
    assert!(probes(&harness) > before);
    assert_eq!(harness.values("t", 0), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_dead_without_a_word_costs_the_next_record_seconds_and_no_retry() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
    let producer = harness.connect().await;
    send(&producer, "a").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    // What is asked on the old connection is never answered; the next one is good.
    harness.on(ApiKey::API_VERSIONS).silence();
    let begin = Stopwatch::start();
    send(&producer, "b").await;
    let took = begin.elapsed();
    assert!(took >= Duration::from_secs(2) && took < Duration::from_secs(3), "{took:?}");
    assert_eq!(harness.values("t", 0), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_nobody_uses_is_closed_and_opened_again_for_a_record() {
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 1)).await;
    let producer = harness.connect().await;
    send(&producer, "a").await;
    let before = producer.metrics().connections;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(producer.metrics().connections, before, "nobody needs one");
    send(&producer, "b").await;
    assert_eq!(producer.metrics().connections, before + 1);
    assert_eq!(harness.values("t", 0), ["a", "b"]);
}
