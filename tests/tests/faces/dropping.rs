//! Futures that are dropped at each point where they wait: nothing is lost, nothing is sent twice. The clock is paused.

use std::time::Duration;

use milena_fake::{Brokers, Cluster};
use milena_tests::{ClusterHarness, Name, Tag, assert_in_order, at_every_wait, drop_at, tags, within};
use tokio::time::sleep;

const MS: Duration = Duration::from_millis(1);

#[tokio::test(start_paused = true)]
async fn ready_that_is_dropped_leaves_the_producer_connecting() {
    let ended = at_every_wait(async |waits| {
        let harness = harness().await;
        harness.network().name("kafka", Name::Nobody);
        let producer = harness.producer().bootstrap_servers("kafka:9092").build_lazy().unwrap();
        let start = async {
            sleep(1_000 * MS).await;
            harness.network().name("kafka", Name::AnyBroker);
        };
        let (ready, ()) = tokio::join!(drop_at(waits, producer.ready()), start);
        within(producer.ready()).await.unwrap();
        within(producer.send(Tag { sender: 0, number: 0 }.record("t"))).await.unwrap();
        assert_in_order(&harness, "t");
        ready.is_some()
    })
    .await;
    assert!(ended > 1, "it waited {ended} times");
}

#[tokio::test(start_paused = true)]
async fn send_that_is_dropped_while_the_cluster_is_looked_for_is_written_once_or_not_at_all() {
    at_every_wait(async |waits| {
        let harness = harness().await;
        harness.link_delay(Brokers::All, 3 * MS);
        let producer = harness.producer().build_lazy().unwrap();
        let sent = drop_at(waits, producer.send(Tag { sender: 0, number: 0 }.record("t"))).await;
        within(producer.send(Tag { sender: 1, number: 0 }.record("t"))).await.unwrap();
        within(producer.close()).await.unwrap();
        assert_in_order(&harness, "t");
        let written = tags(&harness, "t").concat().iter().filter(|tag| tag.sender == 0).count();
        assert!(written == 1 || sent.is_none() && written == 0, "{written}");
        sent.is_some()
    })
    .await;
}

/// So that tasks of a runtime with several workers can await it.
#[tokio::test(start_paused = true)]
async fn ready_can_be_awaited_by_a_spawned_task() {
    let harness = harness().await;
    let producer = harness.producer().build_lazy().unwrap();
    within(tokio::spawn(async move { producer.ready().await })).await.unwrap().unwrap();
}

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await
}
