//! Brokers that describe a deleted topic for a while, beside the one that was created anew under its name.

use std::time::Duration;

use milena::{Producer, Record};
use milena_codec::ids::{BrokerId, LeaderEpoch, PartitionId, TopicId};
use milena_codec::message::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use milena_fake::{ApiKey, Cluster};
use milena_tests::{ClusterHarness, within};
use tokio::time::sleep;

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn records_are_in_the_log_once_although_a_broker_describes_the_deleted_topic_now_and_then() {
    let harness =
        ClusterHarness::in_memory(Cluster::builder().brokers(1).topic("t", 1).auto_create(false)).await;
    let old = harness.topic_id("t").unwrap();
    harness.delete_topic("t");
    harness.create_topic("t", 3);
    let producer = harness.producer().metadata_max_age(SECOND).build().await.unwrap();
    let mut sent = Vec::new();
    for round in 0..10 {
        sent.push(send(&producer, format!("record {round}")).await);
        harness.on(ApiKey::METADATA).message(description_of(&harness, old, 1));
        sleep(3 * SECOND).await;
    }
    assert_eq!(harness.values("t", 2), sent);
}

/// Sends to the partition that the deleted topic does not have.
async fn send(producer: &Producer, value: String) -> String {
    within(producer.send(Record::to("t").partition(2).value(value.clone()))).await.unwrap();
    value
}

/// A broker's description of a topic `t`.
fn description_of(harness: &ClusterHarness, topic_id: TopicId, partitions: i32) -> MetadataResponse {
    let (host, port) = harness.address(1).unwrap();
    let broker = MetadataResponseBroker { node_id: BrokerId(1), host, port: port.into(), rack: None };
    let partition = |index| MetadataResponsePartition {
        partition_index: PartitionId(index),
        leader_id: BrokerId(1),
        leader_epoch: LeaderEpoch(0),
        ..Default::default()
    };
    let topic = MetadataResponseTopic {
        name: Some("t".into()),
        topic_id,
        partitions: (0..partitions).map(partition).collect(),
        ..Default::default()
    };
    MetadataResponse {
        brokers: vec![broker],
        controller_id: BrokerId(1),
        topics: vec![topic],
        ..Default::default()
    }
}
