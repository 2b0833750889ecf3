//! A process that was stopped for long: by a laptop's lid, a debugger, a virtual machine that moved.

use std::time::Duration;

use milena_fake::Cluster;
use milena_tests::{ClusterHarness, within};

#[tokio::test(start_paused = true)]
async fn records_that_were_never_sent_survive_a_suspended_process() {
    let harness = ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1)).await;
    let producer = harness.producer().linger(Duration::from_secs(1)).build().await.unwrap();
    let topic = producer.topic("t").await.unwrap();
    let mut deliveries = Vec::new();
    for _ in 0..100 {
        deliveries.push(topic.enqueue(None, Some(b"v")).await.unwrap());
    }
    // No task had its turn meanwhile.
    tokio::time::advance(Duration::from_secs(600)).await;
    for delivery in deliveries {
        within(delivery).await.unwrap();
    }
    assert_eq!(harness.record_count(), 100);
}
