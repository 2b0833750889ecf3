//! Which partition a record goes to.

use std::time::Duration;

use milena::{ErrorKind, Partitioner, Persisted, Record};
use milena_fake::Cluster;
use milena_tests::{ClusterHarness, Tag};

async fn harness() -> ClusterHarness {
    ClusterHarness::on_sockets(Cluster::builder().topic("t", 6)).await
}

fn records_in(harness: &ClusterHarness) -> Vec<usize> {
    (0..6).map(|partition| harness.log("t", partition).len()).collect()
}

#[tokio::test]
async fn records_of_one_key_stay_together_and_go_where_java_sends_them() {
    let harness = harness().await;
    let producer = harness.connect().await;
    let keys = (0..80).map(|number| format!("user-{}", number % 40));
    let outcomes = producer.send_all(keys.clone().map(|key| ("t", key, "v"))).await;
    for (key, outcome) in keys.zip(outcomes) {
        // As `BuiltInPartitioner.partitionForKey` has it.
        let java = (murmur2(key.as_bytes()) & 0x7fff_ffff) % 6;
        assert_eq!(i64::from(outcome.unwrap().partition), i64::from(java), "{key}");
    }
    assert!(records_in(&harness).iter().filter(|count| **count > 0).count() >= 5, "40 keys spread");
}

#[tokio::test(start_paused = true)]
async fn records_without_a_key_fill_all_partitions_evenly() {
    // The spread follows how long partitions go without an acknowledgement, which no busy machine changes here.
    let harness = ClusterHarness::in_memory(Cluster::builder().topic("t", 6)).await;
    let producer = harness.connect().await;
    for number in 0..6_000 {
        let value = Tag { sender: 0, number }.value_of(100);
        drop(producer.enqueue(("t", value)).await.unwrap());
    }
    producer.flush().await.unwrap();
    let counts = records_in(&harness);
    assert_eq!(counts.iter().sum::<usize>(), 6_000);
    // A cell moves on after a batch of about 150 records.
    assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
}

#[tokio::test]
async fn a_record_that_names_its_partition_goes_there_whatever_its_key() {
    let harness = harness().await;
    let producer = harness.connect().await;
    for partition in 0..6 {
        let ack = producer.send(Record::to("t").key("k").value("v").partition(partition)).await.unwrap();
        assert_eq!((ack.partition, ack.offset), (partition, 0));
    }
}

#[tokio::test]
async fn missing_partition_is_rejected_with_the_partition_count() {
    let harness = harness().await;
    let producer = harness.producer().max_block(Duration::from_secs(2)).build().await.unwrap();
    for partition in [6, 99, -1] {
        let error = producer.send(Record::to("t").partition(partition)).await.unwrap_err();
        assert_eq!((error.kind(), error.persisted()), (ErrorKind::InvalidPartition, Persisted::No));
        assert_eq!(error.partition(), Some(partition));
        assert!(error.to_string().contains('6'), "{error}");
    }
}

#[tokio::test]
async fn manual_partitioner_requires_a_partition() {
    let harness = harness().await;
    let producer = harness.producer().partitioner(Partitioner::Manual).build().await.unwrap();
    let error = producer.send(("t", "k", "v")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoPartition);
    let ack = producer.send(Record::to("t").key("k").partition(4)).await.unwrap();
    assert_eq!(ack.partition, 4);
}

#[tokio::test]
async fn round_robin_and_random_reach_every_partition() {
    let harness = harness().await;
    let turns = harness.producer().partitioner(Partitioner::RoundRobin).build().await.unwrap();
    for _ in 0..12 {
        turns.send(("t", "k", "v")).await.unwrap();
    }
    assert_eq!(records_in(&harness), [2; 6]);
    let dice = harness.producer().partitioner(Partitioner::Random).build().await.unwrap();
    for outcome in dice.send_all((0..600).map(|_| ("t", "k", "v"))).await {
        outcome.unwrap();
    }
    assert!(records_in(&harness).iter().all(|count| (50..150).contains(count)), "{:?}", records_in(&harness));
}

/// Java's `Utils.murmur2`, written anew so that the partitioner is not its own judge.
fn murmur2(key: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut hash = 0x9747_b28c ^ u32::try_from(key.len()).unwrap();
    let mut words = key.chunks_exact(4);
    for word in &mut words {
        let mut k = u32::from_le_bytes(word.try_into().unwrap()).wrapping_mul(M);
        k = (k ^ (k >> 24)).wrapping_mul(M);
        hash = hash.wrapping_mul(M) ^ k;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0_u32, |tail, byte| tail << 8 | u32::from(*byte));
        hash = (hash ^ tail).wrapping_mul(M);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(M);
    hash ^ (hash >> 15)
}
