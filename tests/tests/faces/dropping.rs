//! Futures that are dropped at each point where they wait: nothing is lost, nothing is sent twice. The clock is paused.

use std::time::Duration;

use milena::{Producer, SendError};
use milena_fake::{Brokers, Cluster};
use milena_tests::{
    ClusterHarness, Name, Tag, assert_in_order, at_every_wait, drop_at, eventually, tags, within,
};
use tokio::runtime::Handle;
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

/// Every record that the closure had accepted goes once, also when the scope is dropped while it closes.
#[tokio::test(start_paused = true)]
async fn scope_that_is_dropped_closes_in_the_background() {
    let ended = at_every_wait(async |waits| {
        let harness = harness().await;
        harness.link_delay(Brokers::All, 3 * MS);
        let tasks = Handle::current().metrics().num_alive_tasks();
        let mut accepted = 0;
        let scope = Producer::scope(harness.producer(), async |producer| {
            for number in 0..3 {
                drop(producer.enqueue(Tag { sender: 0, number }.record("t")).await?);
                accepted += 1;
            }
            producer.send(Tag { sender: 1, number: 0 }.record("t")).await?;
            Ok::<_, SendError>(())
        });
        let outcome = drop_at(waits, scope).await;
        // The producer has ended when the last of its tasks has; connections of the fake have tasks, too.
        eventually(|| Handle::current().metrics().num_alive_tasks() <= tasks).await;
        assert_in_order(&harness, "t");
        let written = tags(&harness, "t").concat();
        assert_eq!(written.iter().filter(|tag| tag.sender == 0).count(), accepted, "dropped at wait {waits}");
        outcome.is_some_and(|outcome| outcome.is_ok())
    })
    .await;
    assert!(ended > 3, "it waited {ended} times");
}

async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().brokers(2).topic("t", 2)).await
}
