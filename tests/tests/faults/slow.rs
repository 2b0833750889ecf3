//! Records without a key beside a broker that is slow, or that hangs: it gets less of them (KIP-794), or none.

use std::time::Duration;

use milena::{Producer, ProducerBuilder, Record};
use milena_fake::{ApiKey, Cluster};
use milena_tests::ClusterHarness;
use tokio::time::sleep;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const RECORDS: u32 = 30_000;

#[tokio::test(start_paused = true)]
async fn slow_broker_gets_less_and_its_share_again_when_it_has_recovered() {
    let harness = harness().await;
    harness.on(ApiKey::PRODUCE).node(1).always().delay(SECOND);
    let producer = harness.connect().await;
    let [slow, others] = shares(&harness, &producer).await;
    assert!(slow * 2 < others, "{slow} beside {others}");
    assert!(producer.metrics().partition_switches > 1_000, "{:?}", producer.metrics());

    harness.clear_hooks();
    sleep(10 * SECOND).await;
    let [recovered, others] = shares(&harness, &producer).await;
    check_even(recovered, others);
}

#[tokio::test(start_paused = true)]
async fn brokers_of_one_speed_get_the_same() {
    for delay in [MILLISECOND, 50 * MILLISECOND, SECOND] {
        let harness = harness().await;
        harness.on(ApiKey::PRODUCE).always().delay(delay);
        let [first, others] = shares(&harness, &harness.connect().await).await;
        check_even(first, others);
    }
}

#[tokio::test(start_paused = true)]
async fn slow_broker_gets_the_same_without_adaptive_partitioning() {
    let harness = harness().await;
    harness.on(ApiKey::PRODUCE).node(1).always().delay(SECOND);
    let producer = with(&harness, "partitioner.adaptive.partitioning.enable", "false").build().await.unwrap();
    let [slow, others] = shares(&harness, &producer).await;
    check_even(slow, others);
}

#[tokio::test(start_paused = true)]
async fn broker_that_hangs_gets_nothing_after_the_availability_timeout() {
    let harness = harness().await;
    let producer = with(&harness, "partitioner.availability.timeout.ms", "500").build().await.unwrap();
    producer.topic("t").await.unwrap();
    harness.on(ApiKey::PRODUCE).node(1).always().silence();
    // Until each of its partitions has something that is not acknowledged.
    assert!(reach_the_first(&harness, &producer).await);
    sleep(SECOND).await;
    assert!(!reach_the_first(&harness, &producer).await);
    assert!(producer.metrics().partition_exclusions > 100, "{:?}", producer.metrics());
}

/// Three brokers, each of which leads two partitions.
async fn harness() -> ClusterHarness {
    ClusterHarness::in_memory(Cluster::builder().topic("t", 6)).await
}

fn with(harness: &ClusterHarness, name: &str, value: &str) -> ProducerBuilder {
    harness.producer().property(name, value).unwrap()
}

fn is_led_by_the_first(harness: &ClusterHarness, partition: i32) -> bool {
    harness.leader("t", partition).is_some_and(|leader| leader.0 == 1)
}

/// Sends a record of 1 000 bytes every millisecond. Returns how many went to the first broker, and to each other one on average.
async fn shares(harness: &ClusterHarness, producer: &Producer) -> [usize; 2] {
    let before = counts(harness);
    for _ in 0..RECORDS {
        drop(producer.enqueue(Record::to("t").value(vec![b'x'; 1_000])).await.unwrap());
        sleep(MILLISECOND).await;
    }
    producer.flush().await.unwrap();
    let [first, others] = counts(harness);
    [first - before[0], (others - before[1]) / 2]
}

/// How many records stand in the log, by whether the first broker leads their partition.
fn counts(harness: &ClusterHarness) -> [usize; 2] {
    let mut counts = [0; 2];
    for partition in 0..6 {
        counts[usize::from(!is_led_by_the_first(harness, partition))] += harness.log("t", partition).len();
    }
    counts
}

/// Sends 3 000 records in three seconds. Returns whether the first broker leads the partition of any.
async fn reach_the_first(harness: &ClusterHarness, producer: &Producer) -> bool {
    let mut reached = false;
    for _ in 0..3_000 {
        let delivery = producer.enqueue(Record::to("t").value(vec![b'x'; 1_000])).await.unwrap();
        reached |= is_led_by_the_first(harness, delivery.partition());
        sleep(MILLISECOND).await;
    }
    reached
}

#[track_caller]
fn check_even(first: usize, others: usize) {
    assert!(first.abs_diff(others) * 10 <= others, "{first} beside {others}");
}
